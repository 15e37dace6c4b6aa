/* guard.cl - what the gradient of a step is multiplied by so that its norm is at most limit, and a flag for adam.cl to
 * leave the parameters as they are if anything of the step is not finite.
 *
 *     clip[1] = |g|^2 = sum_c chunks[c]                 chunks (chunk_count), of squares.cl
 *     clip[0] = min(1, limit / sqrt(clip[1]))           1 if limit is below 2^-100
 *     flag[0] = 1    if any of distortion, rate (rows each) or clip[1] is infinite or NaN; else 0, or, with keep, what
 *                    it was
 *     flag[1]       counts the calls that found one
 *     flag[2]       the step of the first that did
 *
 * One work-group; the order of "row sums" (docs/bits.md). Pascanu, Mikolov & Bengio 2013. */
#include "language.h"
#include "math.h"

PROGRAM(step)

BUILD_QUICKLY
kernel void guard(global uint *flag, global real *clip, global const real *chunks, global const real *distortion,
                  global const real *rate, uint chunk_count, uint rows, uint step, int keep, real limit)
{
    local real scratch[2 * LANES];
    lanes bad, squares;
    lanes_zero(&bad);
    lanes_zero(&squares);
    for (uint t = 0; row_at(t) < rows; t++) {
        const uint i = row_at(t), left = rows - i;
        const vint wrong = not_finite(load_part(distortion + i, left)) | not_finite(load_part(rate + i, left));
        lanes_add(&bad, choose(wrong, splat(1), splat(0)), t);
    }
    for (uint t = 0; row_at(t) < chunk_count; t++)
        lanes_add(&squares, load_part(chunks + row_at(t), chunk_count - row_at(t)), t);
    lanes_lay(&bad, scratch);
    lanes_lay(&squares, scratch + LANES);
    const real rows_bad = lanes_sum(&bad, scratch), norm2 = lanes_sum(&squares, scratch + LANES);
    if (get_local_id(0) > 0) return;
    const vreal norm = vsqrt(splat(norm2)), most = zero_below(splat(limit), (real)0x1p-100f);
    const vint cut = less(splat(0), most) & less(most, norm), norm_bad = not_finite(splat(norm2));
    clip[0] = first_lane(choose(cut, vdivide(most, norm), splat(1)));
    clip[1] = norm2;
    const int found = rows_bad + first_lane(choose(norm_bad, splat(1), splat(0))) > 0;
    if (found && flag[1] == 0) flag[2] = step;
    flag[1] += found ? 1 : 0;
    flag[0] = found || (keep && flag[0]) ? 1 : 0;
}
BUILD_WELL
