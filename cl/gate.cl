/* gate.cl - gates on a layer's outputs, which open and close with the weight of the KL term that a datum is meant for.
 *
 *     y[i,j] = h[i,j] sigmoid(a[j] t[i] + c[j])
 *
 * h and y (rows, cols); gates (2 cols): a, then c. t[i t_step] is where row i's log beta lies: -1 at the lowest, 1 at the
 * highest (condition.cl); with t_step 0 all rows have t[0]. One network then serves a whole range of weights (Bae et al.
 * 2023, "Multi-rate VAE", section 4.2). One work-group per row. */
#include "language.h"
#include "math.h"

kernel void gate(global real *y, global const real *h, global const real *gates, global const real *t, uint cols,
                 uint y_row, uint h_row, uint t_step)
{
    const uint row = (uint)get_group_id(0);
    const vreal at = splat(t[(ulong)row * t_step]);
    for (uint turn = 0; row_at(turn) < cols; turn++) {
        const uint j = row_at(turn), left = cols - j;
        const vreal open = vsigmoid(vfma(load_part(gates + j, left), at, load_part(gates + cols + j, left)));
        const vreal shown = canonical(load_part(h + (ulong)row * h_row + j, left)) * canonical(open);
        store_part(y + (ulong)row * y_row + j, canonical(shown), left);
    }
}
