/* language.h - the language of the kernels: one source for OpenCL C 1.2 and for C11 with GCC/Clang vectors.
 *
 * From outside: WIDTH (1, 4, 8, 16), GROUP (work-items of a work-group). A vreal holds WIDTH reals and is a plain real
 * if WIDTH is 1; a vint or vuint has as many integers of the same size. Masks are vints whose lanes are all ones or all
 * zeros, at WIDTH 1 too: they combine by & | ~ and serve choose(). Arithmetic is + - * and vfma: nothing else, and no
 * contraction, so that every compiler gives the same bits.
 */
#ifndef LANGUAGE_H
#define LANGUAGE_H

#ifdef __OPENCL_VERSION__
#include "language_opencl.h"
#else
#include "language_native.h"
#endif

/* This work-item's number along the first dimension. */
#define item_id() ((uint)get_group_id(0) * (uint)GROUP + (uint)get_local_id(0))

/* ---- masks and choices ---- */

FUNCTION vreal vabs(vreal v)
{
    return from_bits(as_bits(v) & splat_int(REAL_MAX_BITS));
}

FUNCTION vint less(vreal a, vreal b)
{
    return MASK(a < b);
}

FUNCTION vint less_equal(vreal a, vreal b)
{
    return MASK(a <= b);
}

/* +0 equals -0; a NaN equals nothing. */
FUNCTION vint equal(vreal a, vreal b)
{
    return MASK(a == b);
}

FUNCTION vint is_nan(vreal v)
{
    return MASK(v != v);
}

/* Infinite or NaN. */
FUNCTION vint not_finite(vreal v)
{
    return MASK((as_bits(v) & splat_int(REAL_MAX_BITS)) >= splat_int(REAL_INF_BITS));
}

/* b where a is NaN; a where only b is. */
FUNCTION vreal vmax(vreal a, vreal b)
{
    return choose(less(b, a) | is_nan(b), a, b);
}

/* b where a is NaN; a where only b is. */
FUNCTION vreal vmin(vreal a, vreal b)
{
    return choose(less(a, b) | is_nan(b), a, b);
}

/* v held between low and high; a NaN stays. */
FUNCTION vreal clamp_between(vreal v, real low, real high)
{
    const vreal risen = choose(less(v, splat(low)), splat(low), v);
    return choose(less(splat(high), risen), splat(high), risen);
}

/* Lanes 0, 1, … n - 1 of v; +0 in the others. n >= WIDTH keeps all. */
FUNCTION vreal keep_part(vreal v, uint n)
{
    const int kept = n < (uint)WIDTH ? (int)n : WIDTH;
    return choose(MASK(iota() < splat_int(kept)), v, splat(0));
}

/* What a number is stored as if a dot product may read it: |v| < 2^-40 becomes +0, so that no product of two such
 * numbers, and no sum of such products, can be subnormal. The float64 build keeps all. */
FUNCTION vreal canonical(vreal v)
{
#ifdef ELB_FLOAT64
    return v;
#else
    return choose(less(vabs(v), splat(0x1p-40f)), splat(0), v);
#endif
}

/* 0 where |v| < least, where less would make a later product subnormal. In the float64 build too. */
FUNCTION vreal zero_below(vreal v, real least)
{
    return choose(less(vabs(v), splat(least)), splat(0), v);
}

FUNCTION real canonical_real(real v)
{
#ifdef ELB_FLOAT64
    return v;
#else
    return v < 0x1p-40f && v > -0x1p-40f ? (real)0 : v;
#endif
}

/* ---- row sums: 64 lanes, lane l adds elements l, l + 64, … upward; then the tree 32, 16, 8, 4, 2, 1 ----
 *
 * The items of a group share a row: item i adds the vectors i, i + GROUP, i + 2 GROUP, …, which it counts 0, 1, 2, …
 *
 *     lanes sums;
 *     lanes_zero(&sums);
 *     for (uint t = 0; row_at(t) < n; t++)
 *         lanes_add(&sums, load_part(x + row_at(t), n - row_at(t)), t);
 *     const real sum = lanes_total(&sums, scratch);
 *
 * What lies past the end of the row is +0 or left out (equal bits: no lane can be -0). WIDTH * GROUP <= 64. All items
 * of the group must reach lanes_total, and all get the sum.
 */
#define LANES       64
#define LANE_SHARES (LANES / (WIDTH * GROUP))

typedef struct lanes {
    vreal share[LANE_SHARES ? LANE_SHARES : 1];
} lanes;

/* The element at which this item's vector t of a row begins. */
#define row_at(t) (((t) * (uint)GROUP + (uint)get_local_id(0)) * (uint)WIDTH)

FUNCTION void lanes_zero(lanes *sums)
{
    UNROLL for (int s = 0; s < LANE_SHARES; s++) sums->share[s] = splat(0);
}

FUNCTION void lanes_add(lanes *sums, vreal v, uint t)
{
#if WIDTH * GROUP >= LANES
    (void)t;
    sums->share[0] += v;
#else
    sums->share[t % (uint)LANE_SHARES] += v;
#endif
}

/* A sum in two parts, for kernels that have several: all lay their lanes first, each in LANES reals of local memory of its
 * own, then all are summed, so that no lanes are alive across a barrier. Where they were, with several to an item, PoCL 3.1
 * gave another sum in about one launch of thousands; why is not known. */
FUNCTION void lanes_lay(const lanes *sums, local real *scratch)
{
#if GROUP == 1
    (void)sums;
    (void)scratch;
#else
    for (int s = 0; s < LANE_SHARES; s++)
        store(scratch + ((uint)s * GROUP + (uint)get_local_id(0)) * WIDTH, sums->share[s]);
#endif
}

FUNCTION real lanes_sum(lanes *sums, local real *scratch)
{
#if GROUP == 1
    (void)scratch;
    UNROLL for (int step = LANE_SHARES / 2; step > 0; step /= 2)
        UNROLL for (int s = 0; s < step; s++) sums->share[s] += sums->share[s + step];
    return lane_tree(sums->share[0]);
#else
    const uint item = (uint)get_local_id(0);
    (void)sums;
    group_barrier();
    for (uint step = LANES / 2; step > 0; step /= 2) {
        for (uint l = item; l < step; l += GROUP) scratch[l] += scratch[l + step];
        group_barrier();
    }
    const real total = scratch[0];
    group_barrier();
    return total;
#endif
}

/* The sum. scratch: LANES reals of local memory, which may be used again at once. */
FUNCTION real lanes_total(lanes *sums, local real *scratch)
{
    lanes_lay(sums, scratch);
    return lanes_sum(sums, scratch);
}

#endif
