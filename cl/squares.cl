/* squares.cl - sums of squares of a vector's chunks of 1,024 elements: the lower half of its norm.
 *
 *     y[c] = sum_{e in chunk c} x[e]^2         |x[e]| < 2^-57 counts as 0: no square is subnormal
 *
 * One work-group per chunk; the order of "row sums" (docs/bits.md). guard.cl sums y to the squared norm. */
#include "language.h"

PROGRAM(step)

kernel void squares(global real *y, global const real *x, uint count)
{
    local real scratch[LANES];
    const uint first = (uint)get_group_id(0) * 1024, length = count - first < 1024 ? count - first : 1024;
    lanes sums;
    lanes_zero(&sums);
    for (uint t = 0; row_at(t) < length; t++) {
        const vreal v = zero_below(load_part(x + first + row_at(t), length - row_at(t)), (real)0x1p-57f);
        lanes_add(&sums, v * v, t);
    }
    const real sum = lanes_total(&sums, scratch);
    if (get_local_id(0) == 0) y[get_group_id(0)] = sum;
}
