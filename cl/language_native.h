/* language_native.h - language.h's words in C11 with GCC/Clang vectors.
 *
 * Build with -ffp-contract=off (GCC ignores the pragma) and without -ffast-math. WIDTH defaults to what the instruction
 * set likes. -DELB_FLOAT64 makes a real a double: the build in which tests differentiate.
 */
#ifndef LANGUAGE_NATIVE_H
#define LANGUAGE_NATIVE_H

#include <math.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#endif

#ifdef __clang__
#pragma STDC FP_CONTRACT OFF
#endif
/* Vectors are passed between inlined functions only: how a call would pass them is of no concern. */
#pragma GCC diagnostic ignored "-Wpsabi"

#ifndef WIDTH
#if defined(__AVX512F__)
#define WIDTH 16
#elif defined(__AVX2__)
#define WIDTH 8
#else
#define WIDTH 4
#endif
#endif
#ifndef GROUP
#define GROUP 1
#endif

#define FUNCTION static inline __attribute__((always_inline, unused))
#define kernel   static __attribute__((unused))
#define global
#define local
#define constant static const

typedef unsigned char uchar;
typedef unsigned int uint;
typedef unsigned long ulong;
_Static_assert(sizeof(ulong) == 8, "a ulong has 64 bits");

/* A work-group is one work-item; whoever calls a kernel has its coordinates in scope. */
#define get_group_id(d)   (group_[d])
#define get_num_groups(d) (groups_[d])
#define get_local_id(d)   0u
#define group_barrier()   ((void)0)

/* The build has time: its compiler decides. */
#define UNROLL
#define BUILD_QUICKLY
#define BUILD_WELL

#ifdef ELB_FLOAT64
typedef double real;
typedef int64_t int_;
typedef uint64_t uint_;
#define REAL_MAX_BITS 0x7fffffffffffffff
#define REAL_INF_BITS 0x7ff0000000000000
#else
typedef float real;
typedef int32_t int_;
typedef uint32_t uint_;
#define REAL_MAX_BITS 0x7fffffff
#define REAL_INF_BITS 0x7f800000
#endif

#if WIDTH == 1
typedef real vreal;
typedef int_ vint;
typedef uint_ vuint;
#define EACH_LANE(x)     (x)
#define MASK(comparison) (-(vint)(comparison))
#define to_real(i)       ((vreal)(i))
#else
typedef real vreal __attribute__((vector_size(WIDTH * sizeof(real))));
typedef int_ vint __attribute__((vector_size(WIDTH * sizeof(real))));
typedef uint_ vuint __attribute__((vector_size(WIDTH * sizeof(real))));
typedef uchar vuchar_ __attribute__((vector_size(WIDTH)));
#define MASK(comparison) ((vint)(comparison))
#define to_real(i)       __builtin_convertvector(i, vreal)
#if WIDTH == 4
#define EACH_LANE(x)                                                                                                   \
    {                                                                                                                  \
        x, x, x, x                                                                                                     \
    }
#elif WIDTH == 8
#define EACH_LANE(x)                                                                                                   \
    {                                                                                                                  \
        x, x, x, x, x, x, x, x                                                                                         \
    }
#else
#define EACH_LANE(x)                                                                                                   \
    {                                                                                                                  \
        x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x                                                                 \
    }
#endif
#endif
#define to_uints(i) ((vuint)(i))
#define to_ints(u)  ((vint)(u))

FUNCTION vreal splat(real x)
{
    const vreal v = EACH_LANE(x);
    return v;
}

FUNCTION vint splat_int(int_ x)
{
    const vint v = EACH_LANE(x);
    return v;
}

FUNCTION vuint splat_uint(uint_ x)
{
    const vuint v = EACH_LANE(x);
    return v;
}

FUNCTION vint iota(void)
{
#if WIDTH == 1
    return 0;
#elif WIDTH == 4
    return (vint){0, 1, 2, 3};
#elif WIDTH == 8
    return (vint){0, 1, 2, 3, 4, 5, 6, 7};
#else
    return (vint){0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
#endif
}

/* ---- bits ---- */

FUNCTION vint as_bits(vreal v)
{
    vint i;
    memcpy(&i, &v, sizeof i);
    return i;
}

FUNCTION vreal from_bits(vint i)
{
    vreal v;
    memcpy(&v, &i, sizeof v);
    return v;
}

FUNCTION vreal choose(vint mask, vreal a, vreal b)
{
#if WIDTH == 1
    return mask ? a : b;
#else
    return (vreal)((mask & (vint)a) | (~mask & (vint)b));
#endif
}

FUNCTION vint choose_int(vint mask, vint a, vint b)
{
    return (mask & a) | (~mask & b);
}

FUNCTION vuint choose_uint(vint mask, vuint a, vuint b)
{
    return (to_uints(mask) & a) | (~to_uints(mask) & b);
}

FUNCTION real first_lane(vreal v)
{
#if WIDTH == 1
    return v;
#else
    return v[0];
#endif
}

/* ---- two vectors' lanes by turns: a0 b0 a1 b1 … of their lower and of their upper halves ---- */

#if WIDTH == 1
#define SHUFFLE_(a, b, at) ((void)(b), (a))
#elif WIDTH == 4
#define SHUFFLE_(a, b, at) __builtin_shufflevector(a, b, at, 4 + at, 1 + at, 5 + at)
#elif WIDTH == 8
#define SHUFFLE_(a, b, at) __builtin_shufflevector(a, b, at, 8 + at, 1 + at, 9 + at, 2 + at, 10 + at, 3 + at, 11 + at)
#else
#define SHUFFLE_(a, b, at)                                                                                             \
    __builtin_shufflevector(a, b, at, 16 + at, 1 + at, 17 + at, 2 + at, 18 + at, 3 + at, 19 + at, 4 + at, 20 + at,     \
                            5 + at, 21 + at, 6 + at, 22 + at, 7 + at, 23 + at)
#endif

FUNCTION vreal interleave_low(vreal a, vreal b)
{
    return SHUFFLE_(a, b, 0);
}

FUNCTION vreal interleave_high(vreal a, vreal b)
{
    return SHUFFLE_(a, b, WIDTH / 2);
}

/* ---- memory, at the alignment of an element ---- */

FUNCTION vreal load(const real *p)
{
    vreal v;
    memcpy(&v, p, sizeof v);
    return v;
}

FUNCTION void store(real *p, vreal v)
{
    memcpy(p, &v, sizeof v);
}

#define store_private(p, v) store(p, v)

/* The sum of a vector's lanes, its upper half added to its lower one and so on: the last steps of "row sums". */
FUNCTION real lane_tree(vreal v)
{
    real lane[WIDTH];
    store(lane, v);
    for (int step = WIDTH / 2; step > 0; step /= 2)
        for (int l = 0; l < step; l++) lane[l] += lane[l + step];
    return lane[0];
}

/* The ends of rows are rare: out of line, so that they cost the loops nothing. */
static __attribute__((noinline, unused)) void copy_part_(real *to, const real *from, uint n)
{
    for (uint i = 0; i < n; i++) to[i] = from[i];
}

/* The first n of WIDTH reals, +0 in the other lanes; n >= WIDTH reads all. */
FUNCTION vreal load_part(const real *p, uint n)
{
    if (__builtin_expect(n >= WIDTH, 1)) return load(p);
    real lane[WIDTH] = {0};
    copy_part_(lane, p, n);
    return load(lane);
}

FUNCTION void store_part(real *p, vreal v, uint n)
{
    if (__builtin_expect(n >= WIDTH, 1)) {
        store(p, v);
    } else {
        real lane[WIDTH];
        store(lane, v);
        copy_part_(p, lane, n);
    }
}

/* The processor's division and square root: rightly rounded, as IEEE 754 demands. -DELB_SOFTWARE_DIVISION does without,
 * as OpenCL does: tests hold the two against each other. */
#if !defined(ELB_SOFTWARE_DIVISION) && !defined(ELB_FLOAT64)
#define IEEE_DIVISION

FUNCTION vreal ieee_divide(vreal a, vreal b)
{
    return a / b;
}

FUNCTION vreal ieee_root(vreal x)
{
    real lane[WIDTH];
    store(lane, x);
    for (int i = 0; i < WIDTH; i++) lane[i] = __builtin_sqrtf(lane[i]);
    return load(lane);
}
#endif

/* Bytes as reals 0 to 255. */
FUNCTION vreal load_bytes(const uchar *p)
{
#if WIDTH == 1
    return (real)*p;
#else
    vuchar_ bytes;
    memcpy(&bytes, p, sizeof bytes);
    return __builtin_convertvector(__builtin_convertvector(bytes, vint), vreal);
#endif
}

FUNCTION vreal load_bytes_part(const uchar *p, uint n)
{
    if (__builtin_expect(n >= WIDTH, 1)) return load_bytes(p);
    uchar lane[WIDTH] = {0};
    memcpy(lane, p, n < WIDTH ? n : WIDTH);
    return load_bytes(lane);
}

/* ---- a b + c, rounded once ---- */

#ifdef ELB_FLOAT64

FUNCTION real rfma(real a, real b, real c)
{
    return fma(a, b, c);
}

FUNCTION vreal vfma(vreal a, vreal b, vreal c)
{
#if WIDTH == 1
    return fma(a, b, c);
#else
    for (int l = 0; l < WIDTH; l++) c[l] = fma(a[l], b[l], c[l]);
    return c;
#endif
}

#else
#include "fma.h"
#endif

/* ---- the words of a 64-bit product of lanes below 2^32 ---- */

#ifdef ELB_FLOAT64

FUNCTION vuint multiply_high(vuint a, vuint b)
{
    return (a * b) >> 32;
}

FUNCTION vuint multiply_low(vuint a, vuint b)
{
    return (a * b) & splat_uint(0xffffffffu);
}

#else

FUNCTION vuint multiply_high(vuint a, vuint b)
{
#if WIDTH == 1
    return (vuint)(((uint64_t)a * b) >> 32);
#else
    typedef uint64_t wide __attribute__((vector_size(WIDTH * 8)));
    return __builtin_convertvector((__builtin_convertvector(a, wide) * __builtin_convertvector(b, wide)) >> 32, vuint);
#endif
}

FUNCTION vuint multiply_low(vuint a, vuint b)
{
    return a * b;
}

#endif

#endif
