/* sampling.h - pixels drawn from their densities, by what is drawn from Philox for them: for pictures. */
#ifndef SAMPLING_H
#define SAMPLING_H

#include "density.h"
#include "random.h"

/* Where a vector of pixels lies: its noise is found by that, and by a number for each thing it is for. */
typedef struct pixels_at {
    ulong seed;
    uint sample, first;
} pixels_at;

FUNCTION vreal pixel_uniforms(pixels_at at, uint number)
{
    return uniforms(at.seed, PIXEL_NOISE, number, at.sample, at.first);
}

FUNCTION vreal pixel_normals(pixels_at at, uint number)
{
    return normals(at.seed, PIXEL_NOISE, number, at.sample, at.first);
}

/* The integer nearest to v; numbers too large to have any fraction stay. */
FUNCTION vreal to_whole(vreal v)
{
#ifdef ELB_FLOAT64
    const real rounder = 0x1.8p52, large = 0x1p51;
#else
    const real rounder = 0x1.8p23f, large = 0x1p22f;
#endif
    return choose(less(vabs(v), splat(large)), (v + splat(rounder)) - splat(rounder), v);
}

/* From u by the inverse of the distribution function. */
FUNCTION vreal draw_laplace(vreal mean, vreal u, spread s)
{
    const vreal side = u - splat((real)0.5);
    const vreal far = vlog(splat(1) - vabs(side + side)) * vexp(s.log);
    return choose(less(side, splat(0)), mean + far, mean - far);
}

/* For a logit t >= 0: 1 + log(u + (1 - u) exp(-t)) / t, which nears u where t is small; -t turns x into 1 - x. */
FUNCTION vreal draw_continuous(vreal y, vreal u)
{
    const vreal t = vabs(y), part = (splat(1) - u) * vexpm1(-t);
    const vreal x = choose(less(t, splat((real)0x1p-12f)), u, splat(1) + vdivide(vlog1p(part), t));
    return choose(less(splat(0), y), x, splat(1) - x);
}

FUNCTION vreal draw_logistic(vreal mean, vreal u, spread s)
{
    const vreal x = vfma(vlog(u) - vlog(splat(1) - u), vexp(s.log), mean);
    return vdivide(to_whole(clamp_between(x, 0, 1) * splat(255)), splat(255));
}

/* Above a rate of 64 the normal's quantile with the first term of Cornish and Fisher (1938), which is off by less than
 * 1/100 there; below it the distribution function, summed until u is passed or nothing is left to add. */
FUNCTION vreal draw_poisson(vreal rate, pixels_at at)
{
    const vreal n = pixel_normals(at, 0), u = pixel_uniforms(at, 1);
    const vreal bent = vfma(n, n, splat(-1)) * splat((real)0x1.555556p-3f);
    const vreal large = to_whole(vfma(vsqrt(rate), n, rate + bent)), low = vmin(rate, splat(64));
    vreal part = vexp(-low), sum = part, count = splat(0);
    for (int k = 1; k <= 128; k++) {
        const vreal above = splat((real)k);
        const vint left = less(splat((real)0x1p-27f), part) | less(above, low);
        count = choose(less(sum, u) & left, above, count);
        part = zero_below(part * low * splat(rdivide(1, (real)k)), (real)0x1p-100f);
        sum += part;
    }
    return choose(less(splat(64), rate), vmax(large, splat(0)), count);
}

/* A gamma variate of this shape, its mean the shape: eight tries of Marsaglia and Tsang (2000), of which each takes more
 * than 95 in 100; below a shape of 1 by one of 1 + shape (their section 6). */
FUNCTION vreal draw_gamma(vreal shape, pixels_at at)
{
    const vint low = less(shape, splat(1));
    const vreal d = choose(low, shape + splat(1), shape) - splat((real)0x1.555556p-2f);
    const vreal c = vdivide(splat((real)0x1.555556p-2f), vsqrt(d));
    vreal found = splat(1);
    vint open = less(splat(0), d);
    for (uint k = 0; k < 8; k++) {
        const vreal n = pixel_normals(at, 2 + 2 * k), u = pixel_uniforms(at, 3 + 2 * k);
        const vreal root = vfma(c, n, splat(1)), cube = root * root * root;
        const vreal bound = vfma(d, splat(1) - cube + vlog(cube), splat((real)0.5) * n * n);
        const vint taken = open & less(splat(0), root) & less(vlog(u), bound);
        found = choose(taken, cube, found);
        open &= ~taken;
    }
    const vreal fall = vexp(vdivide(vlog(pixel_uniforms(at, 18)), shape));
    return zero_below(d * found * choose(low, fall, splat(1)), (real)0x1p-100f);
}

/* x from p(x|y); `mean` is the density's (mean_of). */
FUNCTION vreal draw_pixels(int likelihood, vreal y, vreal mean, spread s, pixels_at at)
{
    if (likelihood == POISSON) return draw_poisson(mean, at);
    if (likelihood == NEGATIVE_BINOMIAL) {
        const vreal r = clamp_between(s.inverse, (real)0x1p-30f, (real)0x1p40f);
        return draw_poisson(zero_below(draw_gamma(r, at) * vdivide(mean, r), (real)0x1p-60f), at);
    }
    if (likelihood == GAUSSIAN) return vfma(pixel_normals(at, 0), vexp(s.log), mean);
    const vreal u = pixel_uniforms(at, 0);
    if (likelihood == LAPLACE) return draw_laplace(mean, u, s);
    if (likelihood == CONTINUOUS_BERNOULLI) return draw_continuous(y, u);
    if (likelihood == DISCRETISED_LOGISTIC) return draw_logistic(mean, u, s);
    return choose(less(u, mean), splat(1), splat(0));
}

#endif
