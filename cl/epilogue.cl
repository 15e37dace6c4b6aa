/* epilogue.cl - what gemm.cl does to its sums, for sums that a library made: in place.
 *
 *     C = act(C + bias)            BIAS, ACTIVATION
 *     C = C * act'(y)              GRADIENT: y (m, n) is what act gave
 *
 * C (m, n), bias (n). One work-item does BLOCK columns of a row; the second dimension of the groups runs over the rows.
 */
#include "activation.h"

OPTION(ACTIVATION, IDENTITY, "act")
OPTION(GRADIENT, 0, "1: multiply by act'(y) instead of applying act")
OPTION(BIAS, 0, "1: add the bias")

kernel void epilogue(global real *c, global const real *bias, global const real *y, uint n, uint c_row, uint y_row)
{
    const uint first = item_id() * BLOCK;
    if (first >= n) return;
    const uint end = n - first < BLOCK ? n : first + BLOCK;
    global real *c_here = c + (ulong)get_group_id(1) * c_row;
    global const real *y_here = y + (ulong)get_group_id(1) * y_row;
    for (uint j = first; j < end; j += WIDTH) {
        const vreal sum = load_part(c_here + j, n - j);
        store_part(c_here + j, finish_product(sum, bias + j, y_here + j, n - j, BIAS, ACTIVATION, GRADIENT), n - j);
    }
}
