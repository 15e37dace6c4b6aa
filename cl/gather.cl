/* gather.cl - the images of a batch, out of a data set of bytes.
 *
 *     x[i,j] = data[index[i], j] / 255        then as BINARISE says
 *
 * x (rows, cols), data (n, cols) without gaps, index (rows) below n. One work-group per row. */
#include "binarise.h"
#include "language.h"
#include "math.h"

OPTION(BINARISE, KEEP, "what becomes of grey: KEEP, DYNAMIC or THRESHOLD")

kernel void gather(global real *x, global const uchar *data, global const uint *index, uint cols, uint x_row, ulong seed,
            uint epoch)
{
    const uint row = (uint)get_group_id(0), sample = index[row];
    global const uchar *from = data + (ulong)sample * cols;
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        const vreal v = vdivide(load_bytes_part(from + j, left), splat(255));
        store_part(x + (ulong)row * x_row + j, canonical(binarise(v, BINARISE, seed, epoch, sample, j)), left);
    }
}
