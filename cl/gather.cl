/* gather.cl - the images of a batch, out of a data set of bytes.
 *
 *     x[i,j] = data[at[i], j] / 255        then as how (enum binarise) says
 *
 * x (rows, cols), data (n, cols) without gaps, at (rows) below n. sample (rows): which data these are, for the random
 * stream; at differs from it where only a part of the data set is on the device. One work-group per row. */
#include "binarise.h"
#include "language.h"
#include "math.h"

PROGRAM(step)

kernel void gather(global real *x, global const uchar *data, global const uint *at, global const uint *sample,
                   uint cols, uint x_row, ulong seed, uint epoch, int how)
{
    const uint row = (uint)get_group_id(0);
    global const uchar *from = data + (ulong)at[row] * cols;
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        const vreal v = vdivide(load_bytes_part(from + j, left), splat(255));
        store_part(x + (ulong)row * x_row + j, canonical(binarise(v, how, seed, epoch, sample[row], j)), left);
    }
}
