/* density_counts.h - counts x = 0, 1, 2, ...: y is the logarithm of the mean mu, of which what is above e^30 counts as
 * that.
 *
 * Terms are distances from the best mu there is, x, so that they stay small where x log mu is large: left out is
 * log x! - x log x + x, which hangs on the data alone. */
#ifndef DENSITY_COUNTS_H
#define DENSITY_COUNTS_H

#define MOST_LOG_RATE 30

/* y - log x and mu - x; for x = 0 the first is 0. */
FUNCTION vreal count_error(vreal *above, vreal y, vreal x)
{
    const vint some = less(splat(0), x);
    *above = choose(some, y - vlog(choose(some, x, splat(1))), splat(0));
    return choose(some, x * vexpm1(*above), vexp(y));
}

/* mu - x - x log(mu / x). */
FUNCTION density poisson(vreal y, vreal x)
{
    density d;
    vreal above;
    const vreal off = count_error(&above, at_most(y, MOST_LOG_RATE), x);
    d.term = vfma(-x, above, off);
    d.slope = d.error = canonical(off);
    d.widen = splat(0);
    return d;
}

/* Var x = mu + mu^2/r, the spread being 1/sqrt(r): a Poisson whose rate is gamma distributed with this coefficient of
 * variation (scVI: Lopez et al. 2018; Gronbech et al. 2020). With z = x + r and S what Stirling's formula leaves over
 * (special.h), log Gamma(r) - log Gamma(z) is made of S(r) - S(z) and logarithms that cancel on paper, not in float32:
 *
 *     z log((mu + r) / z) - x log(mu / x)  +  log(z / r) / 2 + S(r) - S(z)
 *
 * log r is at hand where r itself is beyond float32. */
FUNCTION density negative_binomial(vreal y, vreal x, spread s)
{
    density d;
    vreal above;
    const vreal log_mu = at_most(y, MOST_LOG_RATE);
    const vreal off = canonical(count_error(&above, log_mu, x));
    const vreal r = canonical(s.known ? clamp_between(s.inverse, (real)0x1p-30f, (real)0x1p40f) : s.inverse);
    const vreal log_r = s.known ? vlog(r) : splat(-2) * s.log;
    const vint some = less(splat(0), x);
    const vreal z = x + r, log_z = choose(some, vlog(z), log_r);
    /* log((mu + r) / z): from the quotient (mu - x) / z where that is small, else from logarithms. */
    const vreal share = vdivide(off, z);
    const vreal log_sum = vmax(log_mu, log_r) + vsoftplus(-vabs(log_mu - log_r));
    const vint close = less(splat((real)-0.5), share) & less_equal(share, splat(1));
    const vreal ratio = choose(close, vlog1p(share), log_sum - log_z);
    const vreal spread_ratio = choose(some & less_equal(x, r), vlog1p(vdivide(x, r)), log_z - log_r);
    const vreal stirling = vstirling(r, log_r) - vstirling(z, log_z);
    d.term = vfma(z, ratio, -x * above) + vfma(splat((real)0.5), spread_ratio, stirling);
    d.error = off;
    d.slope = canonical(off * zero_below(vsigmoid(log_r - log_mu), (real)0x1p-80f));
    d.widen = splat(0);
    if (!s.known) {
        const vreal part = choose(some, vdivide(x, z), splat(0));
        const vreal wider = vfma(part - splat(1), vstirling_slope(z, log_z), vstirling_slope(r, log_r));
        d.widen = vfma(splat(2), vfma(-r, ratio, d.slope), part + wider);
    }
    return d;
}

#endif
