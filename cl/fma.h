/* fma.h - a b + c rounded once, natively: the instruction where there is one, otherwise software with the same bits. */
#ifndef FMA_H
#define FMA_H

/* In double the product is exact. Its sum with c is rounded to odd (cut towards zero, last bit set if anything was cut
 * off), which leaves room for one right rounding to float. FMA_SOFTWARE(name, wide types, float type): lanes are
 * independent; infinities and NaNs have a NaN as error, which is no correction. */
#if WIDTH == 1
typedef double fma_wide_;
typedef int64_t fma_bits_;
#define FMA_NARROW_(v) ((float)(v))
#define FMA_WIDEN_(v)  ((double)(v))
#define FMA_MASK_(c)   (-(int64_t)(c))
#else
typedef double fma_wide_ __attribute__((vector_size(WIDTH * 8)));
typedef int64_t fma_bits_ __attribute__((vector_size(WIDTH * 8)));
#define FMA_NARROW_(v) __builtin_convertvector(v, vreal)
#define FMA_WIDEN_(v)  __builtin_convertvector(v, fma_wide_)
#define FMA_MASK_(c)   (c)
#endif

FUNCTION float rfma(float a, float b, float c)
{
    return __builtin_fmaf(a, b, c);
}

#if WIDTH == 1
FUNCTION vreal vfma(vreal a, vreal b, vreal c)
{
    return rfma(a, b, c);
}
#else
FUNCTION vreal vfma(vreal a, vreal b, vreal c)
{
    for (int l = 0; l < WIDTH; l++) c[l] = __builtin_fmaf(a[l], b[l], c[l]);
    return c;
}
#endif

#endif
