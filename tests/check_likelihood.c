/* check_likelihood.c - each density of cl/density.h pixel by pixel against long double, over a wide range: value,
 * slopes in the decoder's output and in the spread, mean; that it sums to 1 with the constants of likelihood.c; and
 * what draw.cl draws, against its distribution function. On each of native's instruction sets. */
#include "kernel_bench.h"
#include "math/selftest.h"
#include "nn/likelihood.h"
#include "suite.h"

#include <stdio.h>

typedef long double wide;

enum { ROWS = 512 };

/* ---- references ---- */

/* A pixel's cost without what the kernel leaves out, its slopes, and how large the parts are that rounding acts on. */
typedef struct truth {
    wide term, slope, widen;
    wide term_size, slope_size, widen_size;
} truth;

static wide softplus(wide a)
{
    return (a > 0 ? a : 0) + log1pl(expl(-fabsl(a)));
}

static wide sigmoid(wide a)
{
    return a < 0 ? expl(a) / (1 + expl(a)) : 1 / (1 + expl(-a));
}

static wide digamma(wide z)
{
    wide sum = 0;
    for (; z < 30; z++) sum -= 1 / z;
    const wide u = 1 / (z * z);
    return sum + logl(z) - 0.5L / z -
           u * (1 / 12.0L - u * (1 / 120.0L - u * (1 / 252.0L - u * (1 / 240.0L - u / 132))));
}

/* The log spread of a parameter; and how much of it, in U, rounding takes. */
static wide clipped(wide p)
{
    return softplus(p + 6) - 6;
}

static wide lost(wide log_spread, bool known)
{
    return known ? 0 : 8 + 2 * fabsl(log_spread);
}

/* As vexp has it. */
static wide inverse_of(wide log_spread, wide power)
{
    const wide inverse = expl(-power * log_spread);
    return inverse < 0x1p-126L ? 0 : inverse;
}

/* location: where the density lies, given the output. */
static truth laplace_truth(wide location, wide x, wide log_b, bool known)
{
    const wide w = inverse_of(log_b, 1), e = location - x, bend = 1 + lost(log_b, known);
    return (truth){.term = fabsl(e) * w + (known ? 0 : log_b),
                   .slope = ((e > 0) - (e < 0)) * w,
                   .widen = 1 - fabsl(e) * w,
                   .term_size = fabsl(e) * w * bend + bend,
                   .slope_size = w * bend,
                   .widen_size = 1 + fabsl(e) * w * bend};
}

static truth gaussian_truth(wide location, wide x, wide log_sigma, bool known)
{
    const wide w = inverse_of(log_sigma, 2), e = location - x, bend = 1 + 2 * lost(log_sigma, known);
    return (truth){.term = e * e * w / 2 + (known ? 0 : log_sigma),
                   .slope = e * w,
                   .widen = 1 - e * e * w,
                   .term_size = e * e * w * bend + (known ? 0 : bend),
                   .slope_size = fabsl(e) * w * bend,
                   .widen_size = 1 + e * e * w * bend};
}

/* -log of y exp(x y) / expm1(y). */
static truth continuous_truth(wide y, wide x)
{
    truth t = {.slope = 0.5L + y / 12 - x};
    const wide log_mean = y > 100 ? y - logl(y) : y == 0 ? 0 : -logl(y / expm1l(y));
    t.term = log_mean - x * y;
    if (fabsl(y) > 1e-3L) t.slope = (y > 0 ? 1 / -expm1l(-y) : expl(y) / expm1l(y)) - 1 / y - x;
    const wide far = y > 0 ? (1 - x) * y : -x * y;
    t.term_size = fabsl(y) < 2 ? fabsl(y) : far + 2 * logl(fabsl(y)) + 1;
    if (fabsl(y) > 100) t.term = far - logl(fabsl(y)); /* the same, where y - x y would cancel */
    if (fabsl(y) > 100) t.slope = y > 0 ? (1 - x) - 1 / y : -1 / y - x;
    t.slope_size = (fabsl(y) < 2 ? 0.5L : y > 0 ? 1 - x : x) + 1 / fmaxl(1, fabsl(y));
    return t;
}

/* sinh(h) / (cosh u + cosh h) is the bin's probability, u the distance and h half a bin in units of s. */
static truth logistic_truth(wide location, wide x, wide log_s, bool known)
{
    const wide inverse = inverse_of(log_s, 1), far = 0x1p100L; /* further out counts as there: docs/bits.md */
    const wide u = fmaxl(fminl((x - location) * inverse, far), -far), h = inverse / 510, a = fabsl(u);
    const wide top = fmaxl(a, h);
    const wide bottom = top + logl((expl(a - top) + expl(-a - top) + expl(h - top) + expl(-h - top)) / 2);
    /* sinh h / exp(bottom) and so on, without overflow */
    const wide sinh_u = (u < 0 ? -1 : 1) * (expl(a - bottom) - expl(-a - bottom)) / 2;
    const wide sinh_h = h < 1 ? sinhl(h) * expl(-bottom) : (expl(h - bottom) - expl(-h - bottom)) / 2;
    const wide log_sinh = h < 1e-2L ? logl(h) + h * h / 6 : h + logl(-expm1l(-2 * h) / 2);
    truth t = {.term = bottom - (h > 0 ? log_sinh : -log_s - logl(510)), .slope = -sinh_u * inverse};
    t.widen = -u * sinh_u + (h > 1e-2L ? h / tanhl(h) : 1 + h * h / 3) - h * sinh_h;
    if (x == 0 || x == 1) {
        const wide edge = x == 0 ? u + h : h - u; /* the tail is all that is below it */
        t.term = softplus(-edge);
        t.slope = (x == 0 ? 1 : -1) * sigmoid(-edge) * inverse;
        t.widen = edge * sigmoid(-edge);
    }
    const wide bend = 2 + lost(log_s, known) / 2;
    t.term_size = (a + h + 1) * bend + (x == 0 || x == 1 ? 0 : fabsl(log_s) + 6 + 1 / fmaxl(h, 1e-3L));
    t.term_size = (x == 0 || x == 1) && t.term < 1 ? t.term * (a + h + 1) * bend + U * 0.1L : t.term_size;
    t.slope_size = inverse * bend * (1 + a + h) * fminl(1, a + h);
    t.widen_size = (a + h + 1) * (a + h + 1) * bend;
    return t;
}

/* Its constant, log x! - x log x + x, taken away. */
static wide without_constant(wide minus_log_p, wide x)
{
    return minus_log_p - (lgammal(x + 1) - (x > 0 ? x * logl(x) : 0) + x);
}

static truth poisson_truth(wide y, wide x)
{
    const wide held = fminl(y, 30), mu = expl(held), above = x > 0 ? held - logl(x) : 0;
    const wide own = U * (fabsl(held) + (x > 0 ? logl(x) : 0)); /* what log mu - log x loses */
    return (truth){.term = x > 0 ? mu - x - x * above : mu,
                   .slope = mu - x,
                   .term_size = fabsl(mu - x) * (own / U + 4) + x * fabsl(above),
                   .slope_size = (mu + x) * (own / U + 4)};
}

static truth negative_binomial_truth(wide y, wide x, wide log_r, bool known)
{
    const wide held = fminl(y, 30), mu = expl(held), r = expl(log_r), d = held - log_r;
    const bool gone = log_r < -10000; /* r is 0 even here: log Gamma(r) is -log r */
    wide gammas = 0;
    if (x > 0) gammas = gone ? -log_r - lgammal(x) : lgammal(r) - lgammal(x + r);
    truth t = {.term = gammas + (gone ? 0 : r * softplus(d)) + (x > 0 ? x * softplus(-d) + lgammal(x + 1) : 0)};
    t.term = without_constant(t.term, x);
    t.slope = (mu - x) * sigmoid(-d);
    const wide rest = gone ? 0 : r * (softplus(d) + (x > 0 ? digamma(r) - digamma(x + r) : 0));
    t.widen = gone ? (x > 0 ? 2 : 0) : -2 * (rest + (x - mu) * sigmoid(-d));
    if (gone) t.widen += 2 * (mu - x) * sigmoid(-d);
    const wide z = x + r, log_z = x > 0 ? logl(z) : log_r, above = x > 0 ? held - logl(x) : 0;
    const wide ratio = fmaxl(held, log_r) + softplus(-fabsl(d)) - log_z;
    const wide own = 6 + fabsl(held) + lost(fmaxl(log_r, -90) / 2, known) + fabsl(log_z) * (log_r > -90);
    t.term_size = (x + r) * fabsl(ratio) * own + (x + mu) * own * fminl(1, r) + x * fabsl(above) + 2 +
                  (x > 0 ? fabsl(log_r) : 0) + fabsl(t.slope) * own;
    t.slope_size = (mu + x) * sigmoid(-d) * own;
    t.widen_size = t.slope_size * 2 + 2 * r * fabsl(ratio) * own + 4 + 2 * (mu + x) * fminl(1, r);
    return t;
}

static truth truth_of(int likelihood, wide location, wide y, wide x, wide log_spread, bool known)
{
    if (likelihood == ELB_GAUSSIAN) return gaussian_truth(location, x, log_spread, known);
    if (likelihood == ELB_LAPLACE) return laplace_truth(location, x, log_spread, known);
    if (likelihood == ELB_CONTINUOUS_BERNOULLI) return continuous_truth(y, x);
    if (likelihood == ELB_DISCRETISED_LOGISTIC) return logistic_truth(location, x, log_spread, known);
    if (likelihood == ELB_POISSON) return poisson_truth(y, x);
    return negative_binomial_truth(y, x, -2 * log_spread, known);
}

/* ---- pixels ---- */

static bool is_count(int likelihood)
{
    return likelihood == ELB_POISSON || likelihood == ELB_NEGATIVE_BINOMIAL;
}

static bool is_located(int likelihood)
{
    return likelihood == ELB_GAUSSIAN || likelihood == ELB_LAPLACE || likelihood == ELB_DISCRETISED_LOGISTIC;
}

static float draw_y(uint32_t i)
{
    static const float places[] = {0,     -0.0f, 1,     2,      -2,     1.9999999f, -2.0000002f, 88.8f,    -88.8f,
                                   100,   -100,  1e4f,  -1e4f,  1e9f,   -1e9f,      3e38f,       -3e38f,   29.9f,
                                   30.1f, 31,    1e30f, -1e30f, 0.002f, 17,         -17,         0x1p-40f, -0x1p-40f};
    if (i < COUNT(places)) return places[i];
    if (i % 3 == 0) return draw_power(-40, 127);
    return i % 3 == 1 ? draw(-3, 3) : draw(-90, 90);
}

static const float counts[] = {0, 1, 16777216, 17, 2, 0, 3, 0, 5, 100, 1234, 65536};

static float draw_x(int likelihood, uint32_t i)
{
    if (is_count(likelihood)) return i % 3 ? counts[draw_word() % COUNT(counts)] : (float)(draw_word() % 12);
    return i % 4 == 0 ? 0 : i % 4 == 1 ? 1 : (float)(draw_word() % 256) / 255;
}

typedef struct errors {
    double term, slope, widen; /* the largest, in U of the sizes */
} errors;

static void expect(double *largest, const char *what, const struct elbo_options *o, double got, wide wanted, wide size,
                   wide slack, const double at[3])
{
    const double most = 0x1.fffffep127;
    ck_assert_msg(!isnan(got), "%s of likelihood %d at y %.9g, x %.9g, p %.9g is not a number", what,
                  (int)o->likelihood, at[0], at[1], at[2]);
    if (fabsl(wanted) > 0.99 * most) return; /* beyond float32 */
    ck_assert_msg(isfinite(got), "%s of likelihood %d at y %.9g, x %.9g, p %.9g is %g, not %Lg", what,
                  (int)o->likelihood, at[0], at[1], at[2], got, wanted);
    const wide off = fabsl((wide)got - wanted);
    if (off <= slack) return;
    const double share = (double)((off - slack) / ((wide)U * size));
    if (share > *largest) *largest = share;
    ck_assert_msg(share <= 2.5,
                  "%s of likelihood %d (spread %d) at y %.9g, x %.9g, p %.9g is %.9g, not %.9Lg: %.3g U of %Lg", what,
                  (int)o->likelihood, (int)o->spread, at[0], at[1], at[2], got, wanted, share, size);
}

/* A column of pixels, one to a row, all under one spread: p, or the option's precision. */
static void try_pixels(errors *e, const struct elbo_options *o, float p)
{
    clear();
    const elb_view loss = take(1, ROWS), sse = take(1, ROWS), dy = take(ROWS, 1), widen = take(ROWS, 1),
                   y = take(ROWS, 1), x = take(ROWS, 1), parameter = take(1, 1);
    const bool known = o->spread == ELB_FIXED, squashed = o->output == ELB_SIGMOID;
    *real_of(parameter) = p;
    for (uint32_t i = 0; i < ROWS; i++) real_of(y)[i] = draw_y(i), real_of(x)[i] = draw_x(o->likelihood, i);
    LAUNCH(launch_elbo(dev, o, (elb_range){ROWS, 1}, loss, sse, dy, widen, y, x, parameter, 1, 1, 1, 1, 1, 1, 1));
    const wide power = o->likelihood == ELB_GAUSSIAN || o->likelihood == ELB_NEGATIVE_BINOMIAL ? -0.5L : -1;
    const wide log_spread = known ? power * logl((wide)o->precision) : clipped((wide)p);
    const wide clip = known ? 1 : sigmoid((wide)p + 6);
    for (uint32_t i = 0; i < ROWS; i++) {
        const double at[3] = {(double)real_of(y)[i], (double)real_of(x)[i], known ? (double)o->precision : (double)p};
        const wide out = at[0], location = squashed ? sigmoid(out) : out;
        const truth t = truth_of(o->likelihood, location, out, at[1], log_spread, known);
        const wide through = is_located(o->likelihood) && squashed ? location * (1 - location) : 1;
        /* What the sigmoid's own rounding, and cutting at 2^-40, does. */
        const wide moved = (squashed ? 4 * U * location : 0) + 0x1p-40L, cut = 1.001L * 0x1p-40L;
        const bool moves = is_located(o->likelihood);
        const wide kink = o->likelihood == ELB_LAPLACE && fabsl(location - at[1]) <= moved ? 2 * fabsl(t.slope) : 0;
        const wide steep = o->likelihood == ELB_GAUSSIAN ? expl(-2 * log_spread) : expl(-2 * log_spread) * 0.3L;
        expect(&e->term, "a term", o, (double)real_of(loss)[i], t.term, t.term_size,
               cut + (moves ? moved * (fabsl(t.slope) + steep * moved) : 0), at);
        expect(&e->slope, "dy", o, (double)real_of(dy)[i], t.slope * through,
               t.slope_size * through + (moves ? fabsl(t.slope) * through * 4 : 0),
               cut * (1 + fabsl(t.slope)) + (moves ? moved * steep * through + kink + fabsl(t.slope) * moved : 0) +
                   (o->likelihood == ELB_LAPLACE && fabsl(t.slope) < 0x1p-39L ? fabsl(t.slope) : 0),
               at);
        if (known || fabsl(t.widen) > 3e38L) continue; /* beyond float32 before p's soft clip makes it small */
        const wide distance = fabsl(location - at[1]) + 0.01L;
        expect(&e->widen, "widen", o, (double)real_of(widen)[i], t.widen * clip,
               (t.widen_size + fabsl(t.widen) * 6) * clip,
               cut * (2 + fabsl(t.widen)) + (moves ? 4 * clip * moved * (fabsl(t.slope) + steep * distance) : 0), at);
    }
}

static const float spreads[] = {-1e30f, -100, -9, -6, -4, -1, 0,  0.5f, 1,    3,
                                8,      12,   20, 30, 43, 44, 50, 90,   1e4f, 1e30f};

START_TEST(densities_against_long_double)
{
    if (!open_set(_i)) return;
    for (int likelihood = ELB_GAUSSIAN; likelihood <= ELB_NEGATIVE_BINOMIAL; likelihood++) {
        const bool located = is_located(likelihood), scaled = located || likelihood == ELB_NEGATIVE_BINOMIAL;
        static const float precisions[] = {1, 0.37f, 100, 1e4f, 1e-3f, 1e-5f};
        errors e = {0};
        for (int direct = 0; direct <= located; direct++) {
            struct elbo_options o = ELBO_DEFAULTS;
            o.likelihood = likelihood;
            o.output = direct ? ELB_IDENTITY : ELB_SIGMOID;
            for (size_t i = 0; i < (scaled ? COUNT(precisions) : 1); i++) {
                o.precision = precisions[i];
                try_pixels(&e, &o, 0);
            }
            o.precision = 1;
            for (int source = ELB_SHARED; scaled && source <= ELB_EACH; source++)
                for (size_t i = 0; i < COUNT(spreads); i++) {
                    o.spread = source;
                    try_pixels(&e, &o, spreads[i]);
                }
        }
        if (getenv("CHECK_VERBOSE"))
            printf("%s, likelihood %d: term %.2f, slope %.2f, widen %.2f U\n", dev->info.id, likelihood, e.term,
                   e.slope, e.widen);
    }
    close_set();
}
END_TEST

/* Extremes of every input at once: what cannot be represented may be infinite, nothing may be NaN, and no slope in p is
 * where softly clipping p has none. */
static void try_extremes(const struct elbo_options *o)
{
    static const float ends[] = {0, 1, 0x1p-40f, 255, 1e10f, 1e30f, 0x1.fffffep127f};
    enum { ENDS = COUNT(ends), COLS = 2 * ENDS };
    clear();
    const elb_view loss = take(1, COLS * COLS), sse = take(1, COLS * COLS), dy = take(COLS * COLS, COLS),
                   widen = take(COLS * COLS, COLS), y = take(COLS * COLS, COLS), x = take(COLS * COLS, COLS),
                   p = take(1, COLS);
    for (uint32_t j = 0; j < COLS; j++) real_of(p)[j] = j < ENDS ? ends[j] : -ends[j - ENDS];
    for (uint32_t i = 0; i < COLS * COLS; i++)
        for (uint32_t j = 0; j < COLS; j++) {
            real_of(y)[i * COLS + j] = real_of(p)[i % COLS];
            const uint32_t which = i / COLS;
            const float other = is_count(o->likelihood) ? counts[which % 4] : (float)(which % 3) / 2;
            real_of(x)[i * COLS + j] = is_located(o->likelihood) ? real_of(p)[which] : other;
        }
    LAUNCH(launch_elbo(dev, o, (elb_range){COLS * COLS, 1}, loss, sse, dy, widen, y, x, p, COLS, COLS, COLS, COLS, COLS,
                       1, 1));
    for (uint32_t i = 0; i < COLS * COLS * COLS; i++) {
        const uint32_t row = i / COLS;
        const double at_y = (double)real_of(y)[i], at_x = (double)real_of(x)[i], at_p = (double)real_of(p)[i % COLS];
        const bool off = isnan(real_of(dy)[i]) || (o->spread == ELB_EACH && isnan(real_of(widen)[i])) ||
                         isnan(real_of(loss)[row]) || isnan(real_of(sse)[row]);
        ck_assert_msg(!off, "likelihood %d (output %d, spread %d, precision %g) at y %g, x %g, p %g gives NaN",
                      (int)o->likelihood, (int)o->output, (int)o->spread, (double)o->precision, at_y, at_x, at_p);
    }
}

START_TEST(extremes_give_no_nan)
{
    static const float precisions[] = {1, 1e-30f, 1e30f};
    if (!open_set(_i)) return;
    for (int likelihood = 0; likelihood <= ELB_NEGATIVE_BINOMIAL; likelihood++)
        for (int output = 0; output <= is_located(likelihood); output++)
            for (int source = ELB_FIXED; source <= ELB_EACH; source++)
                for (size_t i = 0; i < COUNT(precisions); i++) {
                    struct elbo_options o = ELBO_DEFAULTS;
                    o.likelihood = likelihood, o.spread = source;
                    o.output = output ? ELB_IDENTITY : ELB_SIGMOID;
                    if (!source) o.precision = precisions[i];
                    if (elb_options_sensible(&elb_kernel_elbo, &o)) try_extremes(&o);
                }
    close_set();
}
END_TEST

/* ---- it is a density ---- */

/* -log p of x at one output, all constants included, by the kernel and likelihood.c. */
static double cost(const elbow_recipe *recipe, elb_view loss, uint32_t i, double x)
{
    const elb_density *likelihood = elb_density_of(recipe);
    return (double)real_of(loss)[i] + elb_density_constant(recipe, 1) +
           (likelihood->accepts == ELB_COUNTS ? elb_count_constant(x) : 0);
}

/* The sum, or integral, of p over x = first, first + step, ... */
static double total(const elbow_recipe *recipe, float y, float p, double first, double step, uint32_t count, bool ends)
{
    const struct elbo_options o = {.likelihood = elb_kernel_likelihood(recipe),
                                   .output = elb_output_of(recipe),
                                   .spread = elb_spread_of(recipe),
                                   .precision = elb_precision_of(recipe)};
    clear();
    const elb_view loss = take(1, count), sse = take(1, count), dy = take(count, 1), widen = take(count, 1),
                   out = take(1, 1), x = take(count, 1), parameter = take(1, 1);
    *real_of(out) = y, *real_of(parameter) = p;
    for (uint32_t i = 0; i < count; i++) real_of(x)[i] = (float)(first + step * i);
    LAUNCH(launch_elbo(dev, &o, (elb_range){count, 1}, loss, sse, dy, widen, out, x, parameter, 1, 1, 1, 0, 1, 1, 1));
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double share = ends && (i == 0 || i == count - 1) ? 0.5 : 1; /* of the trapezoids at the ends */
        sum += share * exp(-cost(recipe, loss, i, (double)real_of(x)[i]));
    }
    return sum;
}

static void sums_to_1(const elbow_recipe *recipe, float y, float p, double first, double step, uint32_t count,
                      bool ends)
{
    const double sum = total(recipe, y, p, first, step, count, ends) * (ends ? step : 1);
    ck_assert_msg(fabs(sum - 1) < 3e-5, "%s at y %g, p %g: p(x) sums to %.7f",
                  elbow_likelihood_name(recipe->likelihood), (double)y, (double)p, sum);
}

START_TEST(they_sum_to_1)
{
    static const float ys[] = {-8, -1, -0.01f, 0, 0.3f, 2.5f, 7};
    if (!open_set(_i)) return;
    for (size_t i = 0; i < COUNT(ys); i++) {
        elbow_recipe r = {.sigma2 = 1};
        r.sigma2 = 0.3;
        for (int found = 0; found < 2; found++) {
            r.spread = found ? ELBOW_SPREAD_PIXEL : ELBOW_SPREAD_FIXED;
            r.likelihood = ELBOW_NEGATIVE_BINOMIAL;
            if (ys[i] < 5) sums_to_1(&r, ys[i], -1, 0, 1, 8000, false);
            r.likelihood = ELBOW_DISCRETISED_LOGISTIC;
            sums_to_1(&r, ys[i], -3, 0, 1.0 / 255, 256, false);
            r.output = ELBOW_OUTPUT_LINEAR;
            sums_to_1(&r, ys[i], 1, 0, 1.0 / 255, 256, false);
            r.likelihood = ELBOW_GAUSSIAN;
            sums_to_1(&r, ys[i], -1, (double)ys[i] - 16, 0x1p-8, 8193, true);
            r.likelihood = ELBOW_LAPLACE;
            sums_to_1(&r, ys[i], -1, (double)ys[i] - 16, 0x1p-8, 8193, true);
            r.output = ELBOW_OUTPUT_AUTO;
        }
        r.spread = ELBOW_SPREAD_FIXED;
        r.likelihood = ELBOW_POISSON;
        sums_to_1(&r, ys[i], 0, 0, 1, 2000, false);
        r.likelihood = ELBOW_CONTINUOUS_BERNOULLI;
        sums_to_1(&r, ys[i], 0, 0, 0x1p-12, 4097, true);
    }
    close_set();
}
END_TEST

START_TEST(constants_of_counts)
{
    (void)_i;
    for (double x = 0; x < 1e7; x = x < 40 ? x + 1 : floor(x * 1.7)) {
        const double wanted = lgamma(x + 1) - (x > 0 ? x * log(x) : 0) + x;
        ck_assert_double_eq_tol(elb_count_constant(x), wanted, 1e-11 + 1e-15 * x * 20);
    }
}
END_TEST

/* ---- means and draws ---- */

static double mean_at(int link, float y)
{
    const struct decode_mean_options o = {.link = link};
    clear();
    const elb_view x = take(1, 1), out = take(1, 1);
    *real_of(out) = y;
    LAUNCH(launch_decode_mean(dev, &o, (elb_range){1, 1}, x, out, 1, 1, 1));
    return (double)*real_of(x);
}

START_TEST(means)
{
    if (!open_set(_i)) return;
    for (uint32_t i = 0; i < 2000; i++) {
        const float y = draw_y(i);
        const wide out = (wide)y, p = sigmoid(out), rate = expl(fminl(out, 30));
        wide lean =
            fabsl(out) < 1e-3L ? 0.5L + out / 12 : (out > 0 ? -1 / expm1l(-out) : expl(out) / expm1l(out)) - 1 / out;
        if (out < -100) lean = -1 / out;
        near("a sigmoid", mean_at(ELB_LOGIT_LINK, y), (double)p, 3 * U * (double)p, 0x1p-126);
        near("itself", mean_at(ELB_IDENTITY_LINK, y), (double)y, 0, 0);
        near("a rate", mean_at(ELB_LOG_LINK, y), (double)rate, 3 * U * (double)rate, 0x1p-126);
        near("a continuous Bernoulli's mean", mean_at(ELB_CONTINUOUS_LINK, y), (double)lean, 8 * U * (double)lean,
             0x1p-126);
    }
    close_set();
}
END_TEST

enum { DRAWN = 1 << 14 };

/* The distribution function of what is drawn: P(X <= x). */
static double below(int likelihood, double location, double y, double spread, double x)
{
    const double r = 1 / (spread * spread), mu = exp(y);
    double sum = 0;
    switch (likelihood) {
    case ELB_BERNOULLI:
        return x < 1 ? 1 - location : 1;
    case ELB_GAUSSIAN:
        return 0.5 * erfc(-(x - location) / spread / sqrt(2));
    case ELB_LAPLACE:
        return x < location ? 0.5 * exp((x - location) / spread) : 1 - 0.5 * exp((location - x) / spread);
    case ELB_CONTINUOUS_BERNOULLI:
        return fabs(y) < 1e-6 ? x : expm1(x * y) / expm1(y);
    case ELB_DISCRETISED_LOGISTIC:
        return x >= 1 ? 1 : (double)sigmoid((x + 1 / 510.0 - location) / spread);
    default: /* counts: x as it is, or where the masses below it are spent */
        for (double k = 0; k <= x; k++)
            sum += likelihood == ELB_POISSON
                       ? exp(k * y - mu - lgamma(k + 1))
                       : exp(lgamma(k + r) - lgamma(r) - lgamma(k + 1) - r * log1p(mu / r) - k * log1p(r / mu));
        return sum;
    }
}

static int by_size(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Kolmogorov and Smirnov: the largest distance between the share of draws up to x and P(X <= x), times the root of
 * their number. Above 1.95 it would lie once in a thousand times; the draws are always the same. */
static void expect_distribution(int likelihood, int link, float y, double spread)
{
    const struct draw_options o = {.likelihood = likelihood};
    clear();
    const elb_view x = take(4, DRAWN / 4), out = take(4, DRAWN / 4), p = take(1, 1);
    *real_of(p) = 0;
    for (uint32_t i = 0; i < DRAWN; i++) real_of(out)[i] = y;
    LAUNCH(launch_draw(dev, &o, (elb_range){4, 1}, x, out, p, DRAWN / 4, DRAWN / 4, DRAWN / 4, link, ELB_FIXED,
                       log(spread), 11, 3));
    float *values = real_of(x);
    qsort(values, DRAWN, sizeof *values, by_size);
    double distance = 0;
    const double location = link == ELB_IDENTITY_LINK ? (double)y : (double)sigmoid((wide)y);
    for (uint32_t i = 0; i < DRAWN; i++) {
        if (i + 1 < DRAWN && values[i + 1] == values[i]) continue; /* the last of equals */
        if (likelihood == ELB_DISCRETISED_LOGISTIC && values[i] * 255 != rintf(values[i] * 255))
            ck_abort_msg("%g is no byte", (double)values[i]);
        if (likelihood == ELB_POISSON || likelihood == ELB_NEGATIVE_BINOMIAL)
            ck_assert_msg(values[i] >= 0 && values[i] == floorf(values[i]), "%g is no count", (double)values[i]);
        const double away = fabs((i + 1.0) / DRAWN - below(likelihood, location, (double)y, spread, (double)values[i]));
        if (away > distance) distance = away;
    }
    ck_assert_msg(distance * sqrt(DRAWN) < 1.95, "draws of likelihood %d at y %g, spread %g are off: %.3f", likelihood,
                  (double)y, spread, distance * sqrt(DRAWN));
}

START_TEST(draws)
{
    if (!open_set(_i)) return;
    static const float ys[] = {-30, -2, 0, 0.7f, 3};
    for (size_t i = 0; i < COUNT(ys); i++) {
        expect_distribution(ELB_BERNOULLI, ELB_LOGIT_LINK, ys[i], 1);
        expect_distribution(ELB_GAUSSIAN, ELB_IDENTITY_LINK, ys[i], 0.3);
        expect_distribution(ELB_LAPLACE, ELB_LOGIT_LINK, ys[i], 0.3);
        expect_distribution(ELB_CONTINUOUS_BERNOULLI, ELB_CONTINUOUS_LINK, ys[i], 1);
        expect_distribution(ELB_DISCRETISED_LOGISTIC, ELB_LOGIT_LINK, ys[i], 0.05);
        expect_distribution(ELB_POISSON, ELB_LOG_LINK, ys[i], 1);
        expect_distribution(ELB_NEGATIVE_BINOMIAL, ELB_LOG_LINK, ys[i], 0.5);
        expect_distribution(ELB_NEGATIVE_BINOMIAL, ELB_LOG_LINK, ys[i], 2); /* r below 1 */
    }
    expect_distribution(ELB_POISSON, ELB_LOG_LINK, 4.15f, 1); /* the last that is summed, and above it */
    expect_distribution(ELB_POISSON, ELB_LOG_LINK, 4.2f, 1);
    expect_distribution(ELB_NEGATIVE_BINOMIAL, ELB_LOG_LINK, 5, 0.3);
    close_set();
}
END_TEST

/* ---- the table ---- */

static void refuses(elbow_likelihood likelihood, elbow_spread spread, double sigma2, const char *says)
{
    elbow_recipe r = {.sigma2 = 1};
    r.likelihood = likelihood, r.spread = spread, r.sigma2 = sigma2;
    err = (elb_error){.status = ELBOW_OK};
    ck_assert_int_eq(elb_likelihood_check(&err, &r), ELBOW_USAGE);
    ck_assert_msg(strstr(err.text, says) != NULL, "'%s' does not say '%s'", err.text, says);
}

START_TEST(what_no_likelihood_has)
{
    (void)_i;
    refuses(ELBOW_BERNOULLI, ELBOW_SPREAD_LEARNED, 1, "a Bernoulli likelihood has no sigma");
    refuses(ELBOW_POISSON, ELBOW_SPREAD_PIXEL, 1, "a Poisson likelihood has no sigma");
    refuses(ELBOW_LAPLACE, ELBOW_SPREAD_OPTIMAL, 1, "for a Gaussian likelihood only");
    refuses(ELBOW_GAUSSIAN, ELBOW_SPREAD_FIXED, 0, "sigma^2 0 of a Gaussian");
    refuses(ELBOW_LAPLACE, ELBOW_SPREAD_FIXED, (double)NAN, "out of range");
    refuses(ELBOW_NEGATIVE_BINOMIAL, ELBOW_SPREAD_LEARNED, -1, "out of range");
    refuses((elbow_likelihood)99, ELBOW_SPREAD_FIXED, 1, "no likelihood 99");
    elbow_recipe r = {.sigma2 = 1};
    for (int likelihood = 0; likelihood <= ELBOW_NEGATIVE_BINOMIAL; likelihood++) {
        r.likelihood = (elbow_likelihood)likelihood;
        ck_assert_int_eq(elb_likelihood_check(&err, &r), ELBOW_OK);
        r.spread = ELBOW_SPREAD_PIXEL;
        ck_assert_int_eq(elb_likelihood_check(&err, &r) == ELBOW_OK, elbow_likelihood_has_scale(r.likelihood));
        r.spread = ELBOW_SPREAD_FIXED;
    }
    ck_assert_str_eq(elbow_likelihood_name(ELBOW_DISCRETISED_LOGISTIC), "logistic");
    ck_assert_str_eq(elbow_likelihood_name((elbow_likelihood)99), "no likelihood");
    r.likelihood = ELBOW_LAPLACE, r.sigma2 = 0.04;
    ck_assert_float_eq_tol(elb_precision_of(&r), 5, 1e-6f);
    ck_assert_double_eq_tol(elb_density_constant(&r, 10), 10 * log(2 * 0.2), 1e-12);
    r.likelihood = ELBOW_GAUSSIAN;
    ck_assert_float_eq_tol(elb_precision_of(&r), 25, 1e-5f);
    r.spread = ELBOW_SPREAD_OPTIMAL;
    ck_assert_float_eq(elb_precision_of(&r), 1);
    ck_assert_double_eq_tol(elb_density_constant(&r, 2), 1.8378770664093453, 1e-12);
}
END_TEST

int main(void)
{
    int sets = 0;
    while (elb_native_sets[sets]) sets++;
    TCase *cases = tcase_create("likelihood");
    tcase_set_timeout(cases, 300);
    tcase_add_loop_test(cases, densities_against_long_double, 0, sets);
    tcase_add_loop_test(cases, extremes_give_no_nan, 0, sets);
    tcase_add_loop_test(cases, they_sum_to_1, 0, sets);
    tcase_add_loop_test(cases, means, 0, sets);
    tcase_add_loop_test(cases, draws, 0, sets);
    tcase_add_test(cases, constants_of_counts);
    tcase_add_test(cases, what_no_likelihood_has);
    return run_case("likelihood", cases);
}
