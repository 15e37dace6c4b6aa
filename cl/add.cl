/* add.cl - y += x over flat vectors: how the gradients of shards are combined.
 *
 * One work-item does BLOCK elements. */
#include "language.h"

kernel void add(global real *y, global const real *x, uint count)
{
    const uint first = item_id() * BLOCK;
    if (first >= count) return;
    const uint end = count - first < BLOCK ? count : first + BLOCK;
    for (uint e = first; e < end; e += WIDTH)
        store_part(y + e, load_part(y + e, count - e) + load_part(x + e, count - e), count - e);
}
