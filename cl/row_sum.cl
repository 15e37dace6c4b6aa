/* row_sum.cl - the sum of each row of a matrix, such as the losses of a batch.
 *
 *     y[i] = sum_j x[i,j]
 *
 * x (rows, cols), y (rows). One work-group per row; the order of "row sums" (docs/bits.md). */
#include "language.h"

kernel void row_sum(global real *y, global const real *x, uint cols, uint x_row)
{
    local real scratch[LANES];
    global const real *row = x + (ulong)get_group_id(0) * x_row;
    lanes sums;
    lanes_zero(&sums);
    for (uint t = 0; row_at(t) < cols; t++) lanes_add(&sums, load_part(row + row_at(t), cols - row_at(t)), t);
    const real sum = lanes_total(&sums, scratch);
    if (get_local_id(0) == 0) y[get_group_id(0)] = sum;
}
