/* settle.cl - what a step has found out takes effect, unless the step was refused (guard.cl).
 *
 *     y[i] = x[i] while flag[0] is 0
 *
 * A few numbers: one work-item. */
#include "language.h"

kernel void settle(global real *y, global const real *x, global const uint *flag, uint count)
{
    if (item_id() > 0 || flag[0]) return;
    for (uint i = 0; i < count; i++) y[i] = canonical_real(x[i]);
}
