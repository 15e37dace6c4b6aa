/* sum_rows.cl - the sum of a matrix over its rows: the gradient of a bias.
 *
 *     y[j] = sum_i x[i,j]
 *
 * x (rows, cols), y (cols). Row i goes to lane i % 64 and the lanes are combined by their tree (docs/bits.md, "row
 * sums"). One work-item sums WIDTH columns. */
#include "language.h"

PROGRAM(step)

kernel void sum_rows(global real *y, global const real *x, uint rows, uint cols, uint x_row)
{
    const uint j = item_id() * WIDTH;
    if (j >= cols) return;
    vreal lane[LANES];
    for (uint l = 0; l < LANES; l++) lane[l] = splat(0);
    for (uint i = 0; i < rows; i++) lane[i % LANES] += load_part(x + (ulong)i * x_row + j, cols - j);
    for (uint step = LANES / 2; step > 0; step /= 2)
        for (uint l = 0; l < step; l++) lane[l] += lane[l + step];
    store_part(y + j, canonical(lane[0]), cols - j);
}
