/* guard.cl - raises a flag if anything of a step is not finite, so that adam.cl leaves the parameters as they are.
 *
 *     flag[0] = 1    if any of distortion, rate (rows each) or norm2[0] is infinite or NaN; else 0, or, with keep, what
 *                    it was
 *     flag[1]       counts the calls that found one
 *     flag[2]       the step of the first that did
 *
 * One work-group. */
#include "language.h"

kernel void guard(global uint *flag, global const real *distortion, global const real *rate, global const real *norm2,
                  uint rows, uint step, int keep)
{
    local real scratch[LANES];
    lanes bad;
    lanes_zero(&bad);
    for (uint t = 0; row_at(t) < rows; t++) {
        const uint i = row_at(t), left = rows - i;
        const vint wrong = not_finite(load_part(distortion + i, left)) | not_finite(load_part(rate + i, left));
        lanes_add(&bad, choose(wrong, splat(1), splat(0)), t);
    }
    const real rows_bad = lanes_total(&bad, scratch);
    const vreal norm_bad = choose(not_finite(splat(norm2[0])), splat(1), splat(0));
    const int found = rows_bad + lane_tree(norm_bad) > 0;
    if (get_local_id(0) == 0) {
        if (found && flag[1] == 0) flag[2] = step;
        flag[1] += found ? 1 : 0;
        flag[0] = found || (keep && flag[0]) ? 1 : 0;
    }
}
