/* sample.cl - kernels for the tests of bind and of the native device. */
#include "choices.h"
#include "language.h"

OPTION(ACTIVATION, IDENTITY, "what y becomes: IDENTITY or RELU")
OPTION(POWER, 1.5f, "the factor of x")
OPTION(TWICE, 0, "1: twice")

/* No option here: helpers take them as arguments. */
FUNCTION vreal scaled(vreal x, real by)
{
    return x * splat(by);
}

/* y = POWER scale x, n elements, BLOCK to an item; ids[item] = item + shift + seed + bytes[item]. */
kernel void sample(global real *y, global uint *ids, global const real *x, global const uchar *bytes, uint n,
                   int shift, ulong seed, real scale)
{
    const uint first = item_id() * BLOCK;
    for (uint i = first; i < n && i < first + BLOCK; i += WIDTH) {
        vreal v = scaled(load_part(x + i, n - i), scale * POWER);
        if (TWICE) v = v + v;
        if (ACTIVATION == RELU) v = choose(less(splat(0), v), v, splat(0));
        store_part(y + i, v, n - i);
    }
    ids[item_id()] = item_id() + (uint)shift + (uint)seed + bytes[item_id()];
}

/* One real argument, one integer. */
kernel void sample_one(global real *restrict y, uint n)
{
    if (item_id() == 0) y[0] = POWER * (real)n;
}
