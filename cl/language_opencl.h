/* language_opencl.h - language.h's words in OpenCL C 1.2. */
#ifndef LANGUAGE_OPENCL_H
#define LANGUAGE_OPENCL_H

#pragma OPENCL FP_CONTRACT OFF

#define FUNCTION static inline

typedef float real;

#define group_barrier() barrier(CLK_LOCAL_MEM_FENCE)

#define REAL_MAX_BITS   0x7fffffff
#define REAL_INF_BITS   0x7f800000

#define JOIN_(a, b)     a##b
#define JOIN(a, b)      JOIN_(a, b)

/* A comparison's result: 1 for scalars, all ones for vectors. */
#if WIDTH == 1
typedef float vreal;
typedef int vint;
typedef uint vuint;
#define MASK(comparison)        (-(int)(comparison))
#define as_bits(v)              as_int(v)
#define from_bits(i)            as_float(i)
#define to_real(i)              convert_float(i)
#define to_uints(i)             as_uint(i)
#define to_ints(u)              as_int(u)
#define iota()                  0
#define choose(mask, a, b)      ((mask) ? (a) : (b))
#define choose_int(mask, a, b)  ((mask) ? (a) : (b))
#define choose_uint(mask, a, b) ((mask) ? (a) : (b))
#define first_lane(v)           (v)
#define load(p)                 (*(p))
#define store(p, v)             (*(p) = (v))
#define load_bytes(p)           convert_float(*(p))
#else
typedef JOIN(float, WIDTH) vreal;
typedef JOIN(int, WIDTH) vint;
typedef JOIN(uint, WIDTH) vuint;
#define MASK(comparison)        (comparison)
#define as_bits(v)              JOIN(as_int, WIDTH)(v)
#define from_bits(i)            JOIN(as_float, WIDTH)(i)
#define to_real(i)              JOIN(convert_float, WIDTH)(i)
#define to_uints(i)             JOIN(as_uint, WIDTH)(i)
#define to_ints(u)              JOIN(as_int, WIDTH)(u)
#define choose(mask, a, b)      select(b, a, mask)
#define choose_int(mask, a, b)  select(b, a, mask)
#define choose_uint(mask, a, b) select(b, a, mask)
#define first_lane(v)           ((v).s0)
#define load_bytes(p)           JOIN(convert_float, WIDTH)(JOIN(vload, WIDTH)(0, p))

/* What vloadN and vstoreN do, as one access: PoCL makes theirs of single elements, which it then takes long to compile
 * (three times as long for gemm.cl). */
typedef vreal vreal_anywhere __attribute__((aligned(4)));
#define ACCESS_IN(space)                                                                                               \
    FUNCTION vreal __attribute__((overloadable)) load(space const real *p)                                             \
    {                                                                                                                  \
        return *(space const vreal_anywhere *)p;                                                                       \
    }                                                                                                                  \
    FUNCTION void __attribute__((overloadable)) store(space real *p, vreal v)                                          \
    {                                                                                                                  \
        *(space vreal_anywhere *)p = v;                                                                                \
    }
ACCESS_IN(global)
ACCESS_IN(local)
ACCESS_IN(private)
#endif
#define store_private(p, v) store(p, v)

#if WIDTH == 4
#define iota() ((int4)(0, 1, 2, 3))
#elif WIDTH == 8
#define iota() ((int8)(0, 1, 2, 3, 4, 5, 6, 7))
#elif WIDTH == 16
#define iota() ((int16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15))
#endif

#define splat(x)      ((vreal)(x))
#define splat_int(x)  ((vint)(x))
#define splat_uint(x) ((vuint)(x))
#define vfma(a, b, c) fma(a, b, c)
#define rfma(a, b, c) fma(a, b, c)

/* The device's own division and square root, where it promises that they are rightly rounded (program.c says so). */
#ifdef IEEE_DIVISION
FUNCTION vreal ieee_divide(vreal a, vreal b)
{
    return a / b;
}

FUNCTION vreal ieee_root(vreal x)
{
    return sqrt(x);
}
#endif

/* The words of a 64-bit product of 32-bit lanes. */
FUNCTION vuint multiply_high(vuint a, vuint b)
{
    return mul_hi(a, b);
}

FUNCTION vuint multiply_low(vuint a, vuint b)
{
    return a * b;
}

/* Two vectors' lanes by turns: a0 b0 a1 b1 … of their lower and of their upper halves. */
FUNCTION vreal interleave_low(vreal a, vreal b)
{
#if WIDTH == 1
    return a;
#else
    vreal v;
    v.even = a.lo;
    v.odd = b.lo;
    return v;
#endif
}

FUNCTION vreal interleave_high(vreal a, vreal b)
{
#if WIDTH == 1
    return a;
#else
    vreal v;
    v.even = a.hi;
    v.odd = b.hi;
    return v;
#endif
}

/* The sum of a vector's lanes, its upper half added to its lower one and so on: the last steps of "row sums". By halves,
 * since PoCL takes 5 ms longer over every loop through memory that does the same. */
FUNCTION real lane_tree(vreal v)
{
#if WIDTH == 1
    return v;
#else
#if WIDTH == 16
    const float8 eight = v.lo + v.hi;
#else
    const vreal eight = v;
#endif
#if WIDTH >= 8
    const float4 four = eight.lo + eight.hi;
#else
    const vreal four = eight;
#endif
    const float2 two = four.lo + four.hi;
    return two.lo + two.hi;
#endif
}

/* A short loop that is written out: left a loop, it takes PoCL longer to compile. */
#define UNROLL _Pragma("unroll")

/* Around a kernel of which a single work-item has next to nothing to do: on CPUs it is compiled as it stands, since to
 * optimise it takes longer than it will ever save (0.05 s on PoCL, at every first step). */
#if GROUP == 1
#define BUILD_QUICKLY _Pragma("clang optimize off")
#define BUILD_WELL    _Pragma("clang optimize on")
#else
#define BUILD_QUICKLY
#define BUILD_WELL
#endif

/* Ends of rows are rare: their loops are kept loops, since most of what compilers would spend their time on is these,
 * unrolled, at every access. PoCL (by a macro of its own) is quicker still if it may not vectorise them either; Intel's
 * compiler, told so, takes three times as long over the whole program. */
#ifdef POCL_DEVICE_ADDRESS_BITS
#define KEEP_LOOP _Pragma("clang loop unroll(disable) vectorize(disable)")
#else
#define KEEP_LOOP _Pragma("unroll 1")
#endif

/* The first n of WIDTH reals, +0 in the other lanes; n >= WIDTH reads all. */
FUNCTION vreal load_part(global const real *p, uint n)
{
    if (n >= WIDTH) return load(p);
    real lane[WIDTH];
    KEEP_LOOP for (uint l = 0; l < WIDTH; l++) lane[l] = l < n ? p[l] : 0;
    return load(lane);
}

FUNCTION void store_part(global real *p, vreal v, uint n)
{
    if (n >= WIDTH) {
        store(p, v);
        return;
    }
    real lane[WIDTH];
    store(lane, v);
    KEEP_LOOP for (uint l = 0; l < n; l++) p[l] = lane[l];
}

/* Bytes as reals 0 to 255. */
FUNCTION vreal load_bytes_part(global const uchar *p, uint n)
{
    if (n >= WIDTH) return load_bytes(p);
    real lane[WIDTH];
    KEEP_LOOP for (uint l = 0; l < WIDTH; l++) lane[l] = l < n ? (real)p[l] : 0;
    return load(lane);
}

#endif
