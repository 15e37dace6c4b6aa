/* density.h - what a pixel costs: -log p(x|y) under each likelihood, without the constants that neither y nor the spread
 * enters, and its slopes. Densities of counts are in density_counts.h.
 *
 * Finite y, x and spread give finite terms, but where the result itself is beyond float32. */
#ifndef DENSITY_H
#define DENSITY_H

#include "choices.h"
#include "language.h"
#include "math.h"
#include "special.h"

typedef struct density {
    vreal term;  /* -log p(x|y) */
    vreal error; /* the density's mean minus x, for the squared error: below 2^-40 it counts as 0 */
    vreal slope; /* d term / d y */
    vreal widen; /* d term / d log spread; 0 for a density that has none */
} density;

/* How wide a density is: sigma of a Gaussian, b of Laplace's, s of a logistic, 1/sqrt(r) of a negative binomial. */
typedef struct spread {
    vreal log;     /* its logarithm; 0 where it is fixed */
    vreal inverse; /* 1/sigma^2, 1/b, 1/s, r */
    int known;     /* fixed: log sigma and log b are constants then, which are no part of the term */
} spread;

/* v held at most so large; a NaN stays. */
FUNCTION vreal at_most(vreal v, real most)
{
    return choose(less(splat(most), v), splat(most), v);
}

/* v, or the largest number of its sign where it is beyond float32, so that a factor of 0 makes 0 of it; a NaN stays. */
FUNCTION vreal finite_part(vreal v)
{
    return clamp_between(v, (real)-0x1.fffffep127f, (real)0x1.fffffep127f);
}

/* The spread of this logarithm. Its inverse counts as 0 below 2^-126. */
FUNCTION spread spread_of(int likelihood, vreal log)
{
    spread s;
    const real power = likelihood == LAPLACE || likelihood == DISCRETISED_LOGISTIC ? -1 : -2;
    s.log = at_most(log, (real)0x1p125f);
    s.inverse = vexp(splat(power) * s.log);
    s.known = 0;
    return s;
}

FUNCTION spread fixed_spread(real inverse)
{
    spread s;
    s.log = splat(0);
    s.inverse = splat(inverse);
    s.known = 1;
    return s;
}

/* The location of a density, y or its sigmoid, and the slope in it made one in y. */
FUNCTION vreal location(vreal y, int output)
{
    return output == SIGMOID ? vsigmoid(y) : y;
}

FUNCTION vreal through_location(vreal slope, vreal mean, int output)
{
    return output == SIGMOID ? canonical(finite_part(slope)) * canonical(vfma(-mean, mean, mean)) : slope;
}

/* y is a logit. */
FUNCTION density bernoulli(vreal y, vreal x)
{
    density d;
    d.term = vfma(-x, y, vsoftplus(y));
    d.slope = d.error = canonical(vsigmoid(y) - x);
    d.widen = splat(0);
    return d;
}

/* y is the mean, or what the mean is the sigmoid of (output SIGMOID). An error times 1/sigma^2 below 2^-80 counts as 0: no
 * square is subnormal. */
FUNCTION density gaussian(vreal y, vreal x, int output, spread s)
{
    density d;
    const vreal mean = location(y, output);
    d.error = canonical(finite_part(mean - x));
    d.slope = zero_below(d.error * s.inverse, (real)0x1p-80f);
    d.term = splat((real)0.5) * d.error * d.slope;
    d.widen = splat(0);
    if (!s.known) {
        d.widen = vfma(-d.error, d.slope, splat(1));
        d.term += s.log;
    }
    d.slope = through_location(d.slope, mean, output);
    return d;
}

/* |x - m| / b, m likewise. */
FUNCTION density laplace(vreal y, vreal x, int output, spread s)
{
    density d;
    const vreal mean = location(y, output);
    d.error = canonical(finite_part(mean - x));
    d.term = zero_below(vabs(d.error) * s.inverse, (real)0x1p-80f);
    d.widen = splat(0);
    if (!s.known) {
        d.widen = splat(1) - d.term;
        d.term += s.log;
    }
    const vreal steep = canonical(s.inverse);
    const vreal slope = choose(less(d.error, splat(0)), -steep, steep);
    d.slope = through_location(choose(equal(d.error, splat(0)), splat(0), slope), mean, output);
    return d;
}

/* 1 less the mean of the continuous Bernoulli of logit t >= 2: 1/t - 1/expm1(t). */
FUNCTION vreal continuous_rest(vreal t)
{
    return vreciprocal(t) - vreciprocal(vexpm1(t));
}

/* The mean of the continuous Bernoulli of logit y: 1/(1 - exp(-y)) - 1/y. */
FUNCTION vreal continuous_mean(vreal y)
{
    const vreal size = vabs(y), halved = clamp_between(splat((real)0.5) * y, -1, 1);
    const vreal near = vfma(splat((real)0.5), vlangevin(halved), splat((real)0.5)), rest = continuous_rest(size);
    const vreal far = choose(less(splat(0), y), splat(1) - rest, rest);
    return choose(less(size, splat(2)), near, choose(is_nan(y), y, far));
}

/* Density y exp(x y) / expm1(y) of x in [0, 1] (Loaiza-Ganem & Cunningham 2019, with their lambda the sigmoid of y):
 * log of the mean of exp(y (u - x)) over u from 0 to 1. Near y = 0 that is y (1/2 - x) + log(sinh(y/2) / (y/2)); further
 * out the logarithm of |y| / (1 - exp(-|y|)), and what is left of y. */
FUNCTION density continuous_bernoulli(vreal y, vreal x)
{
    density d;
    const vreal size = vabs(y), halved = clamp_between(splat((real)0.5) * y, -1, 1);
    const vint close = less(size, splat(2)), right = less(splat(0), y);
    const vreal middle = splat((real)0.5) - x, left = choose(right, splat(1) - x, -x);
    const vreal near = vfma(y, middle, vlog_sinhc(halved));
    const vreal far = vfma(left, y, -vlog(vdivide(size, -vexpm1(-size))));
    d.term = choose(close, near, far);
    const vreal rest = continuous_rest(size);
    const vreal near_slope = vfma(splat((real)0.5), vlangevin(halved), middle);
    const vreal far_slope = choose(right, left - rest, left + rest);
    d.slope = d.error = canonical(choose(close, near_slope, choose(is_nan(y), y, far_slope)));
    d.widen = splat(0);
    return d;
}

#define HALF_BIN ((real)0x1.010102p-9f) /* 1/510 */
#define BIN      ((real)0x1.010102p-8f)
#define LOG_255  ((real)0x1.62a41p2f)

/* What bounds a bin, in units of s from the location. */
FUNCTION vreal bin_edge(vreal distance, spread s)
{
    const real far = (real)0x1p100f;
    return zero_below(clamp_between(distance * s.inverse, -far, far), (real)0x1p-60f);
}

/* -log(1 - exp(-w)), w = 1/(255 s) being a bin's width in units of s, and w / expm1(w), its slope in log s. Where w is
 * small it is log 255 + log s + w/2: s may be beyond float32. */
FUNCTION vreal bin_width(vreal *slope, spread s)
{
    const vreal held = s.known ? vmax(s.inverse, splat((real)0x1p-100f)) : s.inverse;
    const vreal w = held * splat(BIN), log_s = s.known ? -vlog(held) : s.log;
    const vint narrow = less(w, splat((real)0x1p-12f));
    *slope = choose(narrow, vfma(splat((real)-0.5), w, splat(1)), vdivide(w, vexpm1(w)));
    return choose(narrow, vfma(splat((real)0.5), w, log_s + splat(LOG_255)), -vlog(-vexpm1(-w)));
}

/* A logistic of location m and scale s, of which x, a multiple of 1/255, stands for the bin of that width around it, and 0
 * and 1 for the tails too (Salimans et al. 2017, eq. 2). With F its distribution function, at a above the bin and b below,
 * F(a) - F(b) = F(a) (1 - F(b)) (1 - exp(b - a)): nothing cancels. */
FUNCTION density discretised_logistic(vreal y, vreal x, int output, spread s)
{
    density d;
    const vreal mean = location(y, output), e = finite_part(mean - x);
    const vint lowest = equal(x, splat(0)), highest = equal(x, splat(1));
    const vreal a = bin_edge(splat(HALF_BIN) - e, s), b = bin_edge(splat(-HALF_BIN) - e, s);
    const vreal over_a = vsoftplus(-a), under_b = vsoftplus(b), beyond_a = vsigmoid(-a), before_b = vsigmoid(b);
    vreal width_slope;
    const vreal width = bin_width(&width_slope, s);
    d.error = canonical(e);
    d.term = choose(lowest, over_a, choose(highest, under_b, over_a + under_b + width));
    const vreal one_half = splat((real)0.5);
    const vreal pull = one_half * (vtanh(one_half * a) + vtanh(one_half * b)); /* beyond_a - before_b without their cancelling */
    const vreal slope = choose(lowest, beyond_a, choose(highest, -before_b, -pull));
    d.slope = through_location(canonical(slope * s.inverse), mean, output);
    d.widen = splat(0);
    if (!s.known) {
        const vreal wider_a = a * beyond_a, wider_b = b * before_b;
        d.widen = choose(lowest, wider_a, choose(highest, -wider_b, wider_a - wider_b + width_slope));
    }
    return d;
}

#include "density_counts.h"

FUNCTION density evaluate(int likelihood, vreal y, vreal x, int output, spread s)
{
    if (likelihood == GAUSSIAN) return gaussian(y, x, output, s);
    if (likelihood == LAPLACE) return laplace(y, x, output, s);
    if (likelihood == CONTINUOUS_BERNOULLI) return continuous_bernoulli(y, x);
    if (likelihood == DISCRETISED_LOGISTIC) return discretised_logistic(y, x, output, s);
    if (likelihood == POISSON) return poisson(y, x);
    if (likelihood == NEGATIVE_BINOMIAL) return negative_binomial(y, x, s);
    return bernoulli(y, x);
}

/* The density's mean; of a discretised logistic the location. */
FUNCTION vreal mean_of(int link, vreal y)
{
    if (link == IDENTITY_LINK) return y;
    if (link == CONTINUOUS_LINK) return continuous_mean(y);
    if (link == LOG_LINK) return vexp(at_most(y, MOST_LOG_RATE));
    return vsigmoid(y);
}

/* A learnt log spread, which cannot fall much below -6: -6 + softplus(p + 6) of the parameter p (Rybkin et al. 2021,
 * section 3.2 of their code's supplement), and its slope, sigmoid(p + 6). */
FUNCTION vreal softly_clipped(vreal p)
{
    return splat(-6) + vsoftplus(p + splat(6));
}

FUNCTION vreal soft_clip_slope(vreal p)
{
    return vsigmoid(p + splat(6));
}

#endif
