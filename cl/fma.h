/* fma.h - a b + c rounded once, natively: the instruction where there is one, otherwise software with the same bits.
 *
 * The software, software_fma: in double a product of floats is exact. Its sum with c is rounded to odd (towards zero,
 * then the last bit set if anything was cut off), which leaves what the one right rounding to float needs. An infinity
 * or NaN has a NaN for its error: neither below nor above zero, so nothing is corrected.
 */
#ifndef FMA_H
#define FMA_H

#define WIDE_LANES_ (WIDTH == 1 ? 1 : 2)
typedef float narrow_ __attribute__((vector_size(WIDE_LANES_ * 4)));
typedef double wide_ __attribute__((vector_size(WIDE_LANES_ * 8)));
typedef int64_t wide_bits_ __attribute__((vector_size(WIDE_LANES_ * 8)));

/* Two lanes: what SSE2 holds. GCC takes comparisons of longer vectors than the processor's apart, lane by lane. */
FUNCTION narrow_ software_fma_part(narrow_ a, narrow_ b, narrow_ c)
{
    const wide_ product = __builtin_convertvector(a, wide_) * __builtin_convertvector(b, wide_);
    const wide_ addend = __builtin_convertvector(c, wide_);
    const wide_ sum = product + addend;
    const wide_ part = sum - product;
    const wide_ error = (product - (sum - part)) + (addend - part);
    const wide_bits_ below = (wide_bits_)(error < 0), inexact = below | (wide_bits_)(error > 0);
    const wide_bits_ towards_zero = below ^ (wide_bits_)(sum < 0);
    wide_bits_ bits;
    memcpy(&bits, &sum, sizeof bits);
    bits = (bits + (inexact & towards_zero)) | (inexact & 1);
    wide_ odd;
    memcpy(&odd, &bits, sizeof odd);
    return __builtin_convertvector(odd, narrow_);
}

FUNCTION vreal software_fma(vreal a, vreal b, vreal c)
{
    union {
        vreal all;
        narrow_ part[WIDTH / WIDE_LANES_];
    } x = {a}, y = {b}, z = {c};
    for (int i = 0; i < WIDTH / WIDE_LANES_; i++) z.part[i] = software_fma_part(x.part[i], y.part[i], z.part[i]);
    return z.all;
}

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
