/* scale_rows.cl - each row of a matrix times a number of its own.
 *
 *     x[i,j] *= factor[i]
 *
 * x (rows, cols), factor (rows): canonical, and so is what becomes of x. One work-group per row. */
#include "language.h"

kernel void scale_rows(global real *x, global const real *factor, uint cols, uint x_row)
{
    global real *row = x + (ulong)get_group_id(0) * x_row;
    const vreal by = splat(factor[get_group_id(0)]);
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        store_part(row + j, canonical(load_part(row + j, left) * by), left);
    }
}
