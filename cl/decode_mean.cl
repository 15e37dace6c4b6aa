/* decode_mean.cl - the mean of p(x|z) from the decoder's output: for pictures.
 *
 *     x[i,j] = mean(y[i,j])            LINK (density.h)
 *
 * y, x (rows, cols); x may be y. One work-group per row. */
#include "choices.h"
#include "density.h"
#include "language.h"
#include "math.h"

OPTION(LINK, LOGIT_LINK, "what makes the mean of the decoder's output: LOGIT_LINK, IDENTITY_LINK, CONTINUOUS_LINK, LOG_LINK")

kernel void decode_mean(global real *x, global const real *y, uint cols, uint x_row, uint y_row)
{
    const uint row = (uint)get_group_id(0);
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        store_part(x + (ulong)row * x_row + j, mean_of(LINK, load_part(y + (ulong)row * y_row + j, left)), left);
    }
}
