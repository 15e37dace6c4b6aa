/* math.h - exp and its relatives with the same bits on every device.
 *
 * Every function is ftz(f(daz(x))): subnormal arguments count as 0, subnormal results are +0, a zero result is +0, a
 * NaN gives a NaN. Only integer operations, + - *, vfma and selections are used, no table and no division, and no value
 * smaller than the smallest normal number can change a result, since some devices flush those and others do not.
 *
 * Largest errors in units of the last place, over all 2^32 arguments, by tools/check_math (sin and cos: over all from 0
 * to 2; division: 2^32 pairs):
 *
 *     exp 0.875   expm1 1.332   log 0.938       log1p 1.162   tanh 0.920    sigmoid 1.480   softplus 1.735
 *     sinpi 0.966   cospi 0.875   reciprocal, square root, division: rightly rounded (0.5)
 */
#ifndef MATH_H
#define MATH_H

#include "language.h"

#ifdef ELB_FLOAT64
#include "math_libm.h"
#else

#define SMALLEST_NORMAL 0x00800000
#define ONE_BITS        0x3f800000

/* Adding this rounds a number below 2^22 to an integer, which then stands in the sum's low bits. */
#define ROUNDER         0x1.8p23f
#define ROUNDER_BITS    0x4b400000

#define LOG2_E          0x1.715476p0f
#define LN2_HIGH        0x1.62e43p-1f
#define LN2_LOW         (-0x1.05c61p-29f)
#define PI_HIGH         0x1.921fb6p1f
#define PI_LOW          (-0x1.777a5cp-24f)

/* Sums and differences of bits wrap: some are of arguments whose results are replaced. */
FUNCTION vint plus_bits(vint a, vint b)
{
    return to_ints(to_uints(a) + to_uints(b));
}

FUNCTION vint minus_bits(vint a, vint b)
{
    return to_ints(to_uints(a) - to_uints(b));
}

/* v 2^n, unchecked: right where v and the result are normal, otherwise bits that the caller replaces. */
FUNCTION vreal scale_bits(vreal v, vint n)
{
    return from_bits(to_ints(to_uints(as_bits(v)) + (to_uints(n) << 23)));
}

/* v 2^n for v in [1/4, 4) and n from -160 to 128: +0 below the smallest normal number, infinite above the largest. */
FUNCTION vreal scale_checked(vreal v, vint n)
{
    const vreal scaled = scale_bits(v, n);
    const vreal risen = choose(MASK(as_bits(scaled) < splat_int(SMALLEST_NORMAL)), splat(0), scaled);
    return choose(MASK(as_bits(risen) > splat_int(REAL_INF_BITS)), from_bits(splat_int(REAL_INF_BITS)), risen);
}

FUNCTION vreal nan_real(void)
{
    return from_bits(splat_int(0x7fc00000));
}

/* Zero and what counts as zero. */
FUNCTION vint is_tiny(vreal v)
{
    return MASK((as_bits(v) & splat_int(REAL_MAX_BITS)) < splat_int(SMALLEST_NORMAL));
}

FUNCTION vint is_infinite(vreal v)
{
    return MASK((as_bits(v) & splat_int(REAL_MAX_BITS)) == splat_int(REAL_INF_BITS));
}

/* The integer nearest to v, |v| < 2^22; *whole is the same as a real. */
FUNCTION vint round_to_int(vreal *whole, vreal v)
{
    const vreal sum = v + splat(ROUNDER);
    *whole = sum - splat(ROUNDER);
    return to_ints(to_uints(as_bits(sum)) - splat_uint(ROUNDER_BITS));
}

/* exp(x) = 2^n (1 + r + tail), |r| <= 0.3467, |x| <= 104: r is rounded, what it lost is in tail. */
FUNCTION vint exp_parts(vreal *r, vreal *tail, vreal x)
{
    vreal whole;
    const vint n = round_to_int(&whole, x * splat(LOG2_E));
    const vreal high = vfma(whole, splat(-LN2_HIGH), x); /* exact */
    const vreal rounded = vfma(whole, splat(-LN2_LOW), high);
    const vreal lost = vfma(whole, splat(-LN2_LOW), high - rounded);
    vreal q = splat(0x1.6a4d5cp-10f);
    q = vfma(q, rounded, splat(0x1.12398ep-7f));
    q = vfma(q, rounded, splat(0x1.5558bp-5f));
    q = vfma(q, rounded, splat(0x1.555492p-3f));
    q = vfma(q, rounded, splat(0x1.fffffcp-2f));
    *r = rounded;
    *tail = vfma(rounded * rounded, q, lost);
    return n;
}

FUNCTION vreal vexp(vreal x)
{
    vreal r, tail;
    const vint n = exp_parts(&r, &tail, clamp_between(x, -104, 89));
    return choose(is_nan(x), x, scale_checked((r + tail) + splat(1), n));
}

FUNCTION vreal vexpm1(vreal x)
{
    vreal r, tail;
    const vint n = exp_parts(&r, &tail, clamp_between(x, -25, 89));
    const vint beyond = MASK(n > splat_int(127)); /* 2^128 is no float: half of it, then twice */
    const vreal power = scale_bits(splat(1), n + beyond);
    const vreal y = vfma(power, tail, vfma(power, r, power - splat(1)));
    return choose(is_nan(x), x, choose(is_tiny(x), splat(0), choose(beyond, y + y, y)));
}

/* k for which u 2^-k lies in [2/3, 4/3). */
FUNCTION vint log_exponent(vreal u)
{
    return minus_bits(as_bits(u), splat_int(0x3f2aaaab)) >> 23;
}

/* k log 2 + log(1 + f + lost), |f| <= 1/3. */
FUNCTION vreal log_sum(vint k, vreal f, vreal lost)
{
    const vreal whole = to_real(k);
    vreal q = splat(-0x1.07c894p-3f);
    q = vfma(q, f, splat(0x1.1e678cp-3f));
    q = vfma(q, f, splat(-0x1.f332f8p-4f));
    q = vfma(q, f, splat(0x1.1ed662p-3f));
    q = vfma(q, f, splat(-0x1.559c44p-3f));
    q = vfma(q, f, splat(0x1.99d044p-3f));
    q = vfma(q, f, splat(-0x1.fffefcp-3f));
    q = vfma(q, f, splat(0x1.555506p-2f));
    q = vfma(q, f, splat(-0.5f));
    const vreal sum = vfma(whole, splat(LN2_HIGH), f);
    const vreal cut = vfma(whole, splat(LN2_HIGH), -sum) + f;
    return sum + (vfma(whole, splat(LN2_LOW), vfma(f * f, q, lost)) + cut);
}

/* log(u + low), u normal and positive, |low| at most about half a last place of u. */
FUNCTION vreal log_parts(vreal u, vreal low)
{
    const vint k = log_exponent(u);
    const vint shown = choose_int(MASK(k > splat_int(64)), splat_int(64), k);
    const vreal scale = scale_bits(splat(1), -shown), exact = scale_bits(u, -k) - splat(1);
    const vreal f = vfma(low, scale, exact);
    return log_sum(k, f, vfma(low, scale, exact - f));
}

/* log's results where log_parts is not meant for: x <= 0 or subnormal, infinite, NaN. */
FUNCTION vreal log_edges(vreal x, vreal y)
{
    const vreal low = choose(is_tiny(x), from_bits(splat_int(-0x00800000)), nan_real());
    y = choose(MASK(as_bits(x) < splat_int(SMALLEST_NORMAL)), low, y);
    return choose(MASK(as_bits(x) >= splat_int(REAL_INF_BITS)), x, y);
}

FUNCTION vreal vlog(vreal x)
{
    const vint k = log_exponent(x);
    return log_edges(x, log_sum(k, scale_bits(x, -k) - splat(1), splat(0)));
}

FUNCTION vreal vlog1p(vreal x)
{
    const vreal u = x + splat(1), part = u - splat(1);
    const vreal low = (splat(1) - (u - part)) + (x - part);
    return choose(is_tiny(x), splat(0), log_edges(u, log_parts(u, low)));
}

/* 1 / m, 1 <= m < 2, rightly rounded. Newton's last step is, for every m but the largest (Markstein's exception), where
 * one unit is wanting. */
FUNCTION vreal reciprocal_mantissa(vreal m)
{
    vreal y = vfma(vfma(splat(0x1.4afd5cp-2f), m, splat(-0x1.745d0ep0f)), m, splat(0x1.0f83dep1f));
    y = vfma(vfma(-m, y, splat(1)), y, y);
    y = vfma(vfma(-m, y, splat(1)), y, y);
    y = vfma(vfma(-m, y, splat(1)), y, y);
    return from_bits(as_bits(y) - MASK(as_bits(m) == splat_int(0x3fffffff)));
}

/* 1 / d to about 22 bits, 1 <= d < 2^60. */
FUNCTION vreal reciprocal_guess(vreal d)
{
    vreal y = from_bits(minus_bits(splat_int(0x7ef311c7), as_bits(d)));
    y = vfma(vfma(-d, y, splat(1)), y, y);
    y = vfma(vfma(-d, y, splat(1)), y, y);
    return vfma(vfma(-d, y, splat(1)), y, y);
}

/* a / (d + low) of like precision as its parts; y about 1 / d. */
FUNCTION vreal divide_parts(vreal a, vreal d, vreal low, vreal y)
{
    const vreal q = a * y;
    return vfma(vfma(-low, q, vfma(-d, q, a)), y, q);
}

/* a / m for a and m in [1, 2), rightly rounded. Natively it is the processor's own, which IEEE 754 binds to these bits;
 * OpenCL binds only devices that say so. */
FUNCTION vreal divide_mantissas(vreal a, vreal m)
{
#ifdef IEEE_DIVISION
    return ieee_divide(a, m);
#else
    return divide_parts(a, m, splat(0), reciprocal_mantissa(m));
#endif
}

/* 1 / (1 + exp(-|x|)), times exp(-|x|) where x < 0: the power of two comes last, so that nothing small is rounded. */
FUNCTION vreal vsigmoid(vreal x)
{
    vreal r, tail;
    const vint n = exp_parts(&r, &tail, -vmin(splat(104), vabs(x)));
    const vreal p = (r + tail) + splat(1), e = scale_checked(p, n);
    const vreal d = e + splat(1), low = e - (d - splat(1));
    const vint below = less(x, splat(0));
    const vreal q = divide_parts(choose(below, p, splat(1)), d, low, reciprocal_guess(d));
    return choose(is_nan(x), x, choose(below, scale_checked(q, n), q));
}

/* max(x, 0) + log1p(exp(-|x|)). */
FUNCTION vreal vsoftplus(vreal x)
{
    vreal r, tail;
    const vint n = exp_parts(&r, &tail, -vmin(splat(104), vabs(x)));
    const vreal e = scale_checked((r + tail) + splat(1), n);
    const vreal u = e + splat(1), low = e - (u - splat(1));
    const vreal y = choose(less(splat(0), x), x, splat(0)) + log_parts(u, low);
    return choose(is_nan(x), x, y);
}

/* expm1(2|x|) / (expm1(2|x|) + 2), all sums in two parts. */
FUNCTION vreal vtanh(vreal x)
{
    vreal r, tail;
    const vreal size = vabs(x), held = vmin(splat(10), size);
    const vint n = exp_parts(&r, &tail, held + held);
    const vreal power = scale_bits(splat(1), n);
    const vreal h = vfma(power, r, power - splat(1));
    const vreal e = vfma(power, tail, h), e_low = vfma(power, tail, h - e);
    const vreal d = e + splat(2), part = d - e;
    const vreal d_low = ((e - (d - part)) + (splat(2) - part)) + e_low;
    const vreal y = reciprocal_guess(d), q = e * y;
    const vreal t = vfma(vfma(-d_low, q, vfma(-d, q, e) + e_low), y, q);
    const vreal signed_t = from_bits(as_bits(t) | (as_bits(x) & splat_int(-REAL_MAX_BITS - 1)));
    const vreal y_all = choose(less(size, splat(0x1p-12f)), x, signed_t);
    return choose(is_nan(x), x, choose(is_tiny(x), splat(0), y_all));
}

/* sin and cos of pi x, 0 <= x < 2 (and any |x| < 2^20; NaN for a NaN or an infinity). */
FUNCTION void vsincospi(vreal *sin_pi_x, vreal *cos_pi_x, vreal x)
{
    vreal whole;
    x = choose(is_tiny(x), splat(0), x);
    const vint quarter = round_to_int(&whole, x + x);
    const vreal t = vfma(whole, splat(-0.5f), x), tt = t * t; /* exact: |t| <= 1/4 */
    vreal p = splat(-0x1.2db5c6p-1f);
    p = vfma(p, tt, splat(0x1.465facp1f));
    p = vfma(p, tt, splat(-0x1.4abbbep2f));
    const vreal beyond = vfma(t, splat(PI_LOW), (t * tt) * p);
    const vreal kept = choose(less(vabs(t), splat(0x1p-30f)), splat(0), beyond); /* it might be subnormal */
    const vreal sine = vfma(t, splat(PI_HIGH), kept);
    vreal q = splat(0x1.d4f418p-3f);
    q = vfma(q, tt, splat(-0x1.55b2b2p0f));
    q = vfma(q, tt, splat(0x1.03c1bp2f));
    q = vfma(q, tt, splat(-0x1.3bd3ccp2f));
    const vreal cosine = vfma(q, tt, splat(1));
    const vint odd = MASK((quarter & splat_int(1)) != splat_int(0));
    const vint turned = MASK((quarter & splat_int(2)) != splat_int(0));
    const vint sign = splat_int(-REAL_MAX_BITS - 1);
    const vreal s = from_bits(as_bits(choose(odd, cosine, sine)) ^ (turned & sign));
    const vreal c = from_bits(as_bits(choose(odd, sine, cosine)) ^ ((turned ^ odd) & sign));
    *sin_pi_x = choose(is_tiny(s), splat(0), s);
    *cos_pi_x = choose(is_tiny(c), splat(0), c);
}

FUNCTION vreal mantissa(vreal v)
{
    return from_bits((as_bits(v) & splat_int(0x007fffff)) | splat_int(ONE_BITS));
}

/* The exponent's bits, biased. */
FUNCTION vint exponent(vreal v)
{
    return (as_bits(v) >> 23) & splat_int(255);
}

/* a / b, rightly rounded wherever the result is normal. */
FUNCTION vreal vdivide(vreal a, vreal b)
{
    const vint sign = (as_bits(a) ^ as_bits(b)) & splat_int(-REAL_MAX_BITS - 1);
    const vreal q = divide_mantissas(mantissa(a), mantissa(b));
    const vint e = exponent(q) + exponent(a) - exponent(b);
    const vreal inf = from_bits(splat_int(REAL_INF_BITS) | sign);
    vreal y = from_bits((as_bits(q) & splat_int(0x007fffff)) | to_ints(to_uints(e) << 23) | sign);
    const vint zero = is_tiny(a) | is_infinite(b);
    const vint infinite = is_tiny(b) | is_infinite(a);
    y = choose(MASK(e > splat_int(254)) | infinite, inf, y);
    y = choose((MASK(e < splat_int(1)) & ~infinite) | zero, splat(0), y);
    return choose((zero & infinite) | is_nan(a) | is_nan(b), nan_real(), y);
}

/* 1 / x, rightly rounded wherever the result is normal. */
FUNCTION vreal vreciprocal(vreal x)
{
    const vint sign = as_bits(x) & splat_int(-REAL_MAX_BITS - 1);
    const vreal y = reciprocal_mantissa(mantissa(x));
    const vreal scaled =
        from_bits(minus_bits(as_bits(y), (as_bits(x) & splat_int(REAL_INF_BITS)) - splat_int(ONE_BITS)));
    vreal z = from_bits(as_bits(scaled) | sign);
    z = choose(MASK(as_bits(scaled) < splat_int(SMALLEST_NORMAL)), splat(0), z);
    z = choose(is_tiny(x), from_bits(splat_int(REAL_INF_BITS) | sign), z);
    return choose(is_nan(x), x, z);
}

/* The square root, rightly rounded; NaN below zero. */
FUNCTION vreal vsqrt(vreal x)
{
#ifdef IEEE_DIVISION
    return choose(is_tiny(x), splat(0), ieee_root(x));
#else
    const vint shift = minus_bits(as_bits(x), splat_int(ONE_BITS)) & splat_int(-0x01000000); /* an even exponent */
    const vreal m = from_bits(minus_bits(as_bits(x), shift));                                /* in [1, 4) */
    vreal y = vfma(splat(-0x1.381f1ap-6f), m, splat(0x1.8eb744p-3f));
    y = vfma(y, m, splat(-0x1.7a4c32p-1f));
    y = vfma(y, m, splat(0x1.8e6242p0f));
    y = vfma(splat(0.5f) * y, vfma(-(m * y), y, splat(1)), y);
    y = vfma(splat(0.5f) * y, vfma(-(m * y), y, splat(1)), y);
    const vreal s = m * y;
    const vreal root = vfma(vfma(-s, s, m), splat(0.5f) * y, s);
    const vreal scaled = from_bits(plus_bits(as_bits(root), shift >> 1));
    const vreal low = choose(is_tiny(x), splat(0), nan_real());
    const vreal z = choose(MASK(as_bits(x) < splat_int(SMALLEST_NORMAL)), low, scaled);
    return choose(MASK(as_bits(x) >= splat_int(REAL_INF_BITS)), x, z);
#endif
}

#endif

/* ---- one real ---- */

FUNCTION real rexp(real x)
{
    return first_lane(vexp(splat(x)));
}

FUNCTION real rlog(real x)
{
    return first_lane(vlog(splat(x)));
}

FUNCTION real rdivide(real a, real b)
{
    return first_lane(vdivide(splat(a), splat(b)));
}

/* The square root: rsqrt is taken in OpenCL C. */
FUNCTION real rroot(real x)
{
    return first_lane(vsqrt(splat(x)));
}

#endif
