/* fma.h - a b + c rounded once, natively: the instruction where there is one, otherwise software with the same bits.
 *
 * The software, software_fma: in double a product of floats is exact. Its sum with c is rounded to odd (towards zero,
 * then the last bit set if anything was cut off), which leaves what the one right rounding to float needs. An infinity
 * or NaN has a NaN for its error: neither below nor above zero, so nothing is corrected.
 */
#ifndef FMA_H
#define FMA_H

#if WIDTH == 1
typedef double wide_;
typedef int64_t wide_bits_;
#define WIDEN_(v)     ((wide_)(v))
#define NARROW_(v)    ((float)(v))
#define WIDE_MASK_(c) (-(wide_bits_)(c))
#else
typedef double wide_ __attribute__((vector_size(WIDTH * 8)));
typedef int64_t wide_bits_ __attribute__((vector_size(WIDTH * 8)));
#define WIDEN_(v)     __builtin_convertvector(v, wide_)
#define NARROW_(v)    __builtin_convertvector(v, vreal)
#define WIDE_MASK_(c) ((wide_bits_)(c))
#endif

FUNCTION vreal software_fma(vreal a, vreal b, vreal c)
{
    const wide_ product = WIDEN_(a) * WIDEN_(b), addend = WIDEN_(c);
    const wide_ sum = product + addend;
    const wide_ part = sum - product;
    const wide_ error = (product - (sum - part)) + (addend - part);
    const wide_bits_ inexact = WIDE_MASK_(error < 0) | WIDE_MASK_(error > 0);
    const wide_bits_ towards_zero = WIDE_MASK_(error < 0) ^ WIDE_MASK_(sum < 0);
    wide_bits_ bits;
    memcpy(&bits, &sum, sizeof bits);
    bits = (bits + (inexact & towards_zero)) | (inexact & 1);
    wide_ odd;
    memcpy(&odd, &bits, sizeof odd);
    return NARROW_(odd);
}

#undef WIDEN_
#undef NARROW_
#undef WIDE_MASK_

/* The instruction and how many lanes it takes; a wider vector goes through it in parts. */
#if defined(__AVX512F__) && WIDTH == 16
typedef __m512 fma_part_;
#define FMA_LANES_    16
#define FMA_(a, b, c) _mm512_fmadd_ps(a, b, c)
#elif defined(__FMA__) && WIDTH >= 8
typedef __m256 fma_part_;
#define FMA_LANES_    8
#define FMA_(a, b, c) _mm256_fmadd_ps(a, b, c)
#elif defined(__FMA__) && WIDTH == 4
typedef __m128 fma_part_;
#define FMA_LANES_    4
#define FMA_(a, b, c) _mm_fmadd_ps(a, b, c)
#elif defined(__ARM_NEON) && defined(__aarch64__) && WIDTH >= 4
typedef float32x4_t fma_part_;
#define FMA_LANES_    4
#define FMA_(a, b, c) vfmaq_f32(c, a, b)
#elif defined(__FMA__) || defined(__aarch64__)
typedef float fma_part_;
#define FMA_LANES_    1
#define FMA_(a, b, c) __builtin_fmaf(a, b, c)
#endif

FUNCTION vreal vfma(vreal a, vreal b, vreal c)
{
#if !defined(FMA_LANES_)
    return software_fma(a, b, c);
#elif FMA_LANES_ == WIDTH
    return FMA_(a, b, c);
#else
    union {
        vreal all;
        fma_part_ part[WIDTH / FMA_LANES_];
    } x = {a}, y = {b}, z = {c};
    for (int i = 0; i < WIDTH / FMA_LANES_; i++) z.part[i] = FMA_(x.part[i], y.part[i], z.part[i]);
    return z.all;
#endif
}

FUNCTION real rfma(real a, real b, real c)
{
    return __builtin_fmaf(a, b, c);
}

#endif
