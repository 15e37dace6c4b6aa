/* condition.cl - which weight of the KL term each datum of a batch is meant for: log beta even between two ends.
 *
 *     t[i]       = 2 u - 1                         u even in (0, 1), by Philox (cl/random.h)
 *     weights[i] = weight exp(middle + half t[i])
 *
 * weight is that for beta = 1; middle and half say where log beta lies. sample[i]: the row's index in the data set, which
 * with draw and seed says which u it gets. One work-item per row. */
#include "language.h"
#include "math.h"
#include "random.h"

kernel void condition(global real *t, global real *weights, global const uint *sample, uint rows, real weight,
                      real middle, real half_range, ulong seed, uint draw)
{
    const uint i = item_id();
    if (i >= rows) return;
    const vreal u = uniforms(seed, CONDITION, draw, sample[i], 0);
    const vreal at = canonical(u + u - splat(1));
    t[i] = first_lane(at);
    weights[i] = first_lane(canonical(splat(weight) * vexp(vfma(splat(half_range), at, splat(middle)))));
}
