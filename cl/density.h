/* density.h - what a pixel costs: -log p(x|y) under each likelihood, without the constants that neither y nor the spread
 * enters, and its slopes. */
#ifndef DENSITY_H
#define DENSITY_H

#include "choices.h"
#include "language.h"
#include "math.h"

typedef struct density {
    vreal term;  /* -log p(x|y) */
    vreal error; /* the density's mean minus x, for the squared error: below 2^-40 it counts as 0 */
    vreal slope; /* d term / d y */
    vreal widen; /* d term / d log spread; 0 for a density that has none */
} density;

/* How wide a density is. */
typedef struct spread {
    vreal log;     /* log sigma; 0 where it is fixed: a constant then, which is no part of the term */
    vreal inverse; /* 1/sigma^2 */
    int known;     /* fixed */
} spread;

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
    const vreal mean = output == SIGMOID ? vsigmoid(y) : y;
    d.error = canonical(mean - x);
    d.slope = zero_below(d.error * s.inverse, (real)0x1p-80f);
    d.term = splat((real)0.5) * d.error * d.slope;
    d.widen = splat(0);
    if (!s.known) {
        d.widen = vfma(-d.error, d.slope, splat(1));
        d.term += s.log;
    }
    if (output == SIGMOID) d.slope = canonical(d.slope) * canonical(vfma(-mean, mean, mean));
    return d;
}

FUNCTION density evaluate(int likelihood, vreal y, vreal x, int output, spread s)
{
    if (likelihood == GAUSSIAN) return gaussian(y, x, output, s);
    return bernoulli(y, x);
}

/* A learnt log sigma, which cannot fall much below -6: -6 + softplus(p + 6) of the parameter p (Rybkin et al. 2021,
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
