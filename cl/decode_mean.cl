/* decode_mean.cl - the mean of p(x|z) from the decoder's output: for pictures.
 *
 *     x[i,j] = sigmoid(y[i,j]) or y[i,j]            OUTPUT
 *
 * y, x (rows, cols); x may be y. One work-group per row. */
#include "choices.h"
#include "language.h"
#include "math.h"

OPTION(OUTPUT, SIGMOID, "SIGMOID or IDENTITY of the decoder's output")

kernel void decode_mean(global real *x, global const real *y, uint cols, uint x_row, uint y_row)
{
    const uint row = (uint)get_group_id(0);
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        const vreal out = load_part(y + (ulong)row * y_row + j, left);
        store_part(x + (ulong)row * x_row + j, OUTPUT == SIGMOID ? vsigmoid(out) : out, left);
    }
}
