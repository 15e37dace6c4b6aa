/* gate_backward.cl - the way back through gate.cl.
 *
 *     dh[i,j] = dy[i,j] s act'(h[i,j])         s = sigmoid(a[j] t[i] + c[j])
 *     da[i,j] = dy[i,j] h[i,j] s (1 - s) t[i]
 *     dc[i,j] = dy[i,j] h[i,j] s (1 - s)
 *
 * act is what h came through (enum activation). slopes (rows, 2 cols): da, then dc, of each row: their sums over the rows
 * are the gates' gradient. dh may be dy. One work-group per row. */
#include "activation.h"
#include "choices.h"
#include "language.h"
#include "math.h"

kernel void gate_backward(global real *dh, global real *slopes, global const real *dy, global const real *h,
                          global const real *gates, global const real *t, uint cols, uint dh_row, uint slopes_row,
                          uint dy_row, uint h_row, uint t_step, int act)
{
    const uint row = (uint)get_group_id(0);
    const vreal at = splat(t[(ulong)row * t_step]);
    global real *da = slopes + (ulong)row * slopes_row, *dc = da + cols;
    for (uint turn = 0; row_at(turn) < cols; turn++) {
        const uint j = row_at(turn), left = cols - j;
        const vreal s = canonical(vsigmoid(vfma(load_part(gates + j, left), at, load_part(gates + cols + j, left))));
        const vreal d = load_part(dy + (ulong)row * dy_row + j, left), x = load_part(h + (ulong)row * h_row + j, left);
        const vreal moved = canonical(canonical(d * x) * canonical(vfma(-s, s, s)));
        store_part(dh + (ulong)row * dh_row + j, canonical(canonical(d * s) * activation_slope(x, act)), left);
        store_part(da + j, canonical(moved * at), left);
        store_part(dc + j, moved, left);
    }
}
