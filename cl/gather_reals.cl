/* gather_reals.cl - the images of a batch, out of a data set of numbers.
 *
 *     x[i,j] = data[index[i], j]        then as BINARISE says
 *
 * x (rows, cols), data (n, cols) without gaps, index (rows) below n. One work-group per row. */
#include "binarise.h"
#include "language.h"
#include "math.h"

OPTION(BINARISE, KEEP, "what becomes of grey: KEEP, DYNAMIC or THRESHOLD")

kernel void gather_reals(global real *x, global const real *data, global const uint *index, uint cols, uint x_row, ulong seed,
            uint epoch)
{
    const uint row = (uint)get_group_id(0), sample = index[row];
    global const real *from = data + (ulong)sample * cols;
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        const vreal v = load_part(from + j, left);
        store_part(x + (ulong)row * x_row + j, canonical(binarise(v, BINARISE, seed, epoch, sample, j)), left);
    }
}
