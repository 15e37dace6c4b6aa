/* find_bad.cl - the first element of a vector that is not finite: to say where a model broke.
 *
 *     at[0] = min { e : x[e] infinite or NaN }, or 0xffffffff
 *
 * One work-item. */
#include "language.h"

kernel void find_bad(global uint *at, global const real *x, uint count)
{
    if (item_id() > 0) return;
    uint found = 0xffffffffu;
    for (uint e = 0; e < count && found == 0xffffffffu; e++) {
        real flag[WIDTH];
        store_private(flag, choose(not_finite(splat(x[e])), splat(1), splat(0)));
        if (flag[0] > 0) found = e;
    }
    at[0] = found;
}
