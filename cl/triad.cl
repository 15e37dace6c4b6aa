/* triad.cl - y = x + scale z over flat vectors: how many bytes a second a device can move at the most (the triad of
 * STREAM, McCalpin 1995).
 *
 * One work-item does BLOCK elements. For the roofline of `elbow compare`. */
#include "language.h"

kernel void triad(global real *y, global const real *x, global const real *z, uint count, real scale)
{
    const uint first = item_id() * BLOCK;
    if (first >= count) return;
    const uint end = count - first < BLOCK ? count : first + BLOCK;
    for (uint e = first; e < end; e += WIDTH)
        store_part(y + e, vfma(splat(scale), load_part(z + e, count - e), load_part(x + e, count - e)), count - e);
}
