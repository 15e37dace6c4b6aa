/* check_elbo.c - the terms of the objective and their gradients, elbo, latent, latent_backward and decode_mean, against
 * libm in double, on each of native's instruction sets (other devices are compared with native by selftest). The bounds
 * follow from those of cl/math.h and from one rounding an operation; U is half a unit in the last place. */
#include "kernel_bench.h"

static const uint32_t widths[] = {1, 7, 64, 65, 203, 1000};

static double sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

/* Logits or means: ordinary, far out, near 0. */
static float draw_output(uint32_t i)
{
    static const float places[] = {0, -0.0f, 100, -100, 88.8f, -88.8f, -45, -47, -50, 17, 0x1p-40f, -0x1p-40f};
    if (i % 5 == 0) return places[draw_word() % COUNT(places)];
    return i % 5 == 1 ? draw_power(-40, 6) : draw(-100, 100) * (i % 5 == 2 ? 0.05f : 1);
}

/* Pixels: black, white, grey. */
static float draw_pixel(uint32_t i)
{
    return i % 3 == 0 ? 0 : i % 3 == 1 ? 1 : (float)(draw_word() % 256) / 255;
}

typedef struct sums {
    double loss, loss_size, sse, sse_bound;
} sums;

static sums bernoulli(const float *y, const float *x, const float *dy, uint32_t cols, double factor)
{
    sums s = {0};
    for (uint32_t j = 0; j < cols; j++) {
        const double a = y[j], p = sigmoid(a), e = p - x[j];
        s.loss += softplus(a) - x[j] * a;
        s.loss_size += softplus(a) + fabs(x[j] * a);
        s.sse += e * e;
        s.sse_bound += 2 * fabs(e) * (3 * U * p + U * fabs(e) + 0x1p-40) + U * e * e;
        near("dy of BERNOULLI", dy[j], e * factor, factor * (3 * U * p + 2 * U * fabs(e)),
             1.000001 * 0x1p-40 * fmax(1, factor));
    }
    return s;
}

/* squashed: the mean is the sigmoid of y, which is within 3 U p of p. */
static sums gaussian(const float *y, const float *x, const float *dy, uint32_t cols, const struct elbo_options *o,
                     double factor)
{
    const bool squashed = o->output == ELB_SIGMOID;
    const double precision = o->precision, scale = precision * factor;
    sums s = {0};
    for (uint32_t j = 0; j < cols; j++) {
        const double p = squashed ? sigmoid(y[j]) : y[j], spread = squashed ? 3 * U * p : 0;
        const double e = p - x[j], d = squashed ? p * (1 - p) : 1, wanted = e * scale * d;
        s.loss += 0.5 * e * e * precision;
        s.loss_size += 0.5 * e * e * precision + precision * fabs(e) * spread / U;
        s.sse += e * e;
        s.sse_bound += 2 * fabs(e) * spread;
        near("dy of GAUSSIAN", dy[j], wanted, scale * (spread * d + fabs(e) * spread) + 6 * U * fabs(wanted),
             1.000001 * 0x1p-40 * (fmax(1, scale) + (squashed ? scale * (d + fabs(e)) : 0)));
    }
    s.sse_bound += 3 * U * s.sse + cols * 0x1p-80;
    return s;
}

static void try_elbo(uint32_t cols, const struct elbo_options *options, double scale)
{
    enum { ROWS = 3 };
    clear();
    const elb_view loss = take(1, ROWS), sse = take(1, ROWS), dy = take(ROWS, cols + 1), y = take(ROWS, cols + 2),
                   x = take(ROWS, cols);
    for (uint32_t i = 0; i < ROWS * y.cols; i++) real_of(y)[i] = draw_output(i);
    for (uint32_t i = 0; i < ROWS * cols; i++) real_of(x)[i] = draw_pixel(i);
    LAUNCH(launch_elbo(dev, options, (elb_range){ROWS, 1}, loss, sse, dy, dy, y, x, loss, cols, dy.stride, 0, y.stride,
                       x.stride, scale));
    const double factor = (double)(float)scale;
    for (uint32_t i = 0; i < ROWS; i++) {
        const float *row = real_of(y) + i * y.stride, *data = real_of(x) + i * cols,
                    *slope = real_of(dy) + i * dy.stride;
        const sums s = options->likelihood == ELB_GAUSSIAN ? gaussian(row, data, slope, cols, options, factor)
                                                           : bernoulli(row, data, slope, cols, factor);
        near("loss", (double)real_of(loss)[i], s.loss, U * (6 + additions(cols)) * s.loss_size + cols * 0x1p-80,
             0x1p-40);
        near("sse", (double)real_of(sse)[i], s.sse, s.sse_bound + U * additions(cols) * s.sse, 0x1p-40);
        ck_assert(isnan(slope[cols])); /* what lies beyond the row */
    }
}

START_TEST(elbo_against_double)
{
    static const float precisions[] = {1, 0.37f, 2, 1e4f, 1e-3f}, scales[] = {1, 1.0f / 784, 1.0f / 128};
    if (!open_set(_i)) return;
    for (size_t w = 0; w < COUNT(widths); w++)
        for (size_t p = 0; p < COUNT(precisions); p++)
            for (size_t r = 0; r < COUNT(scales); r++)
                for (int kind = 0; kind < 3; kind++) {
                    const struct elbo_options options = {.likelihood = kind ? ELB_GAUSSIAN : ELB_BERNOULLI,
                                                         .output = kind == 2 ? ELB_SIGMOID : ELB_IDENTITY,
                                                         .precision = precisions[p]};
                    try_elbo(widths[w], &options, (double)scales[r]);
                }
    close_set();
}
END_TEST

/* One pixel, one latent: the numbers that the formulas of docs/maths.md give. */
static double one_loss(int likelihood, float precision, double y, double x)
{
    const struct elbo_options options = {.likelihood = likelihood, .precision = precision};
    clear();
    const elb_view loss = take(1, 1), sse = take(1, 1), dy = take(1, 1), out = take(1, 1), datum = take(1, 1);
    *real_of(out) = (float)y;
    *real_of(datum) = (float)x;
    LAUNCH(launch_elbo(dev, &options, (elb_range){1, 1}, loss, sse, dy, dy, out, datum, loss, 1, 1, 1, 1, 1, 1));
    return (double)*real_of(loss);
}

static double one_rate(double mu, double logvar)
{
    const struct latent_options options = {.noise = 0};
    clear();
    const elb_view z = take(1, 1), spread = take(1, 1), kl = take(1, 1), parts = take(1, 1), code = take(1, 2);
    const elb_view clamped = take_words(1), sample = take_words(1);
    real_of(code)[0] = (float)mu;
    real_of(code)[1] = (float)logvar;
    LAUNCH(launch_latent(dev, &options, (elb_range){1, 1}, z, spread, kl, parts, clamped, code, sample, 1, 1, 1, 1, 2,
                         1, 2, 3));
    return (double)*real_of(kl);
}

START_TEST(known_values)
{
    if (!open_set(_i)) return;
    near("log 2", one_loss(ELB_BERNOULLI, 1, 0, 0.25), 0.69314718056, 1e-7, 0);
    near("log 4/3", one_loss(ELB_BERNOULLI, 1, 1.0986122887, 1), 0.28768207245, 1e-7, 0);
    near("log 4", one_loss(ELB_BERNOULLI, 1, 1.0986122887, 0), 1.3862943611, 2e-7, 0);
    near("Bernoulli, 100 off", one_loss(ELB_BERNOULLI, 1, -100, 1), 100, 0, 0);
    near("Bernoulli, sure and right", one_loss(ELB_BERNOULLI, 1, 100, 1), 0, 0, 0);
    near("half-sse", one_loss(ELB_GAUSSIAN, 1, 3, 1), 2, 0, 0);
    near("sse", one_loss(ELB_GAUSSIAN, 2, 3, 1), 4, 0, 0);
    near("sigma 2", one_loss(ELB_GAUSSIAN, 0.25f, 0, 1), 0.125, 0, 0);
    near("the smallest loss that is stored", one_loss(ELB_GAUSSIAN, 2, 0x1p-20, 0), 0x1p-40, 0, 0);
    near("a smaller one", one_loss(ELB_GAUSSIAN, 2, 0x1.fffffep-21, 0), 0, 0, 0);
    near("KL of the prior", one_rate(0, 0), 0, 0, 0);
    near("KL, mu 1", one_rate(1, 0), 0.5, 0, 0);
    near("KL, sigma 2", one_rate(0, 1.3862943611), 0.80685281944, 3e-7, 0);
    near("KL, sigma 1/2, mu -2", one_rate(-2, -1.3862943611), 2.3181471806, 3e-7, 0);
    near("KL, v nearly 0", one_rate(0, 1e-3), 2.5004167e-7, 1e-10, 0);
    near("KL, clamped below", one_rate(0, -40), 14.5, 1e-6, 0);
    near("KL, clamped above", one_rate(0, 1000), (exp(20) - 21) / 2, 32, 0);
    close_set();
}
END_TEST

/* ---- latents ---- */

static float draw_logvar(uint32_t i)
{
    static const float places[] = {-30, 20, -30.000002f, 20.000002f, 0, 0x1p-40f, -0x1p-40f, -40, 30};
    if (i % 4 == 0) return places[draw_word() % COUNT(places)];
    return i % 4 == 1 ? draw_power(-40, 4) : draw(-40, 30);
}

static elb_view make_code(uint32_t rows, uint32_t latents)
{
    const elb_view code = take(rows, 2 * latents);
    for (uint32_t i = 0; i < rows * 2 * latents; i++)
        real_of(code)[i] = i % (2 * latents) >= latents ? draw_logvar(i) : i % 2 ? draw_power(-40, 8) : draw(-50, 50);
    return code;
}

static void try_latent(uint32_t latents, int noise)
{
    enum { ROWS = 3, TURN = 4 };
    const uint64_t seed = UINT64_C(0x123456789abcdef);
    const struct latent_options options = {.noise = noise};
    clear();
    const elb_view z = take(ROWS, latents), spread = take(ROWS, latents), kl = take(1, ROWS),
                   parts = take(ROWS, latents);
    const elb_view code = make_code(ROWS, latents), clamped = take_words(ROWS), sample = take_words(ROWS);
    for (uint32_t i = 0; i < ROWS; i++) word_of(sample)[i] = draw_word() % 60000;
    LAUNCH(launch_latent(dev, &options, (elb_range){ROWS, 1}, z, spread, kl, parts, clamped, code, sample, latents,
                         latents, latents, latents, 2 * latents, seed, ELB_LATENT_NOISE, TURN));
    for (uint32_t i = 0; i < ROWS; i++) {
        double rate = 0, size = 0;
        uint32_t outside = 0;
        for (uint32_t j = 0; j < latents; j++) {
            const double mu = (double)real_of(code)[i * 2 * latents + j];
            const double logvar = (double)real_of(code)[i * 2 * latents + latents + j];
            const double v = fmin(20, fmax(-30, logvar)), e = expm1(v);
            const double eps = noise ? normal(seed, ELB_LATENT_NOISE, TURN, word_of(sample)[i], j) : 0;
            const double slope = exp(v / 2) * eps;
            outside += logvar < -30 || logvar > 20;
            rate += (mu * mu + e - v) / 2;
            size += (mu * mu + fabs(e) + fabs(v)) / 2;
            const double part = (mu * mu + e - v) / 2, part_size = (mu * mu + fabs(e) + fabs(v)) / 2;
            near("a latent's rate", (double)real_of(parts)[i * latents + j], part, 6 * U * part_size,
                 1.000001 * 0x1p-40);
            near("z", (double)real_of(z)[i * latents + j], mu + slope, 9 * U * fabs(slope) + U * fabs(mu + slope),
                 1.000001 * 0x1p-40);
            near("spread", (double)real_of(spread)[i * latents + j], slope / 2, 9 * U * fabs(slope / 2), 0);
        }
        near("kl", (double)real_of(kl)[i], rate, U * (5 + additions(latents)) * size, 0x1p-40);
        ck_assert_uint_eq(word_of(clamped)[i], outside);
    }
}

START_TEST(latent_against_double)
{
    if (!open_set(_i)) return;
    for (size_t w = 0; w < COUNT(widths); w++)
        for (int noise = 0; noise < 2; noise++) try_latent(widths[w], noise);
    close_set();
}
END_TEST

/* weighting: enum weighting of cl/choices.h; by_latent: weights that differ from latent to latent, else from row to
 * row. */
static void try_latent_backward(uint32_t latents, int weighting, bool by_latent)
{
    enum { ROWS = 3 };
    const float weight = 0.3f, scale = 1.0f / 96;
    const struct latent_backward_options options = {.weight = weighting == ELB_CONSTANT ? weight : 7,
                                                    .weighting = weighting};
    clear();
    const elb_view dcode = take(ROWS, 2 * latents), dz = take(ROWS, latents), spread = take(ROWS, latents);
    const elb_view code = make_code(ROWS, latents), weights = take(ROWS, latents);
    for (uint32_t i = 0; i < ROWS * latents; i++) {
        real_of(weights)[i] = i % 5 ? draw(-1, 1) : 0;
        real_of(dz)[i] = i % 3 ? draw(-1, 1) : draw_power(-40, 2);
        real_of(spread)[i] = i % 2 ? draw(-3, 3) : draw_power(-56, 15);
    }
    LAUNCH(launch_latent_backward(dev, &options, (elb_range){ROWS, 1}, dcode, dz, code, spread, weights, latents,
                                  2 * latents, latents, 2 * latents, latents, latents, by_latent,
                                  weighting == ELB_ARGUMENT ? (double)weight : 7, (double)scale));
    for (uint32_t i = 0; i < ROWS; i++)
        for (uint32_t j = 0; j < latents; j++) {
            const float given = real_of(weights)[i * latents + (by_latent ? j : 0)];
            const double w = (double)((weighting == ELB_GIVEN ? given : weight) * scale);
            const float *in = real_of(code) + i * 2 * latents, *out = real_of(dcode) + i * 2 * latents;
            const double mu = (double)in[j], logvar = (double)in[latents + j], d = (double)real_of(dz)[i * latents + j];
            const double s = (double)real_of(spread)[i * latents + j], e = expm1(fmin(20, fmax(-30, logvar)));
            const double dv = d * s + w * e / 2, size = fabs(d * s) + fabs(w * e / 2);
            const bool stuck = (logvar < -30 && dv > 0) || (logvar > 20 && dv < 0);
            near("dmu", (double)out[j], d + w * mu, U * fabs(d + w * mu), 1.000001 * 0x1p-40);
            near("dv", (double)out[latents + j], stuck ? 0 : dv, 4 * U * size, 1.000001 * 0x1p-40);
        }
}

START_TEST(latent_backward_against_double)
{
    if (!open_set(_i)) return;
    for (size_t w = 0; w < COUNT(widths); w++)
        for (int c = 0; c < 4; c++) try_latent_backward(widths[w], c < 3 ? c : ELB_GIVEN, c == 3);
    close_set();
}
END_TEST

/* The gradient of logvar beyond its ends, of which a step takes the opposite: in if it leads in, else 0. */
START_TEST(gradient_at_the_clamp)
{
    static const struct {
        float logvar, dz, wanted;
    } cases[] = {{-31, 1, 0}, {-31, -1, -1}, {-30, 1, 1}, {21, 1, 1}, {21, -1, 0}, {20, -1, -1}, {0, -1, -1}};
    const struct latent_backward_options options = {.weight = 0};
    if (!open_set(_i)) return;
    const uint32_t n = COUNT(cases);
    const elb_view dcode = take(1, 2 * n), dz = take(1, n), spread = take(1, n), code = take(1, 2 * n);
    for (uint32_t j = 0; j < n; j++) {
        real_of(dz)[j] = cases[j].dz;
        real_of(spread)[j] = 1;
        real_of(code)[j] = 0;
        real_of(code)[n + j] = cases[j].logvar;
    }
    LAUNCH(launch_latent_backward(dev, &options, (elb_range){1, 1}, dcode, dz, code, spread, dz, n, 2 * n, n, 2 * n, n,
                                  0, 0, 0, 1));
    for (uint32_t j = 0; j < n; j++) ck_assert_float_eq(real_of(dcode)[n + j], cases[j].wanted);
    close_set();
}
END_TEST

START_TEST(decode_mean_against_double)
{
    enum { COLS = 997 };
    if (!open_set(_i)) return;
    for (int squashed = 0; squashed < 2; squashed++) {
        const struct decode_mean_options options = {.link = squashed ? ELB_LOGIT_LINK : ELB_IDENTITY_LINK};
        clear();
        const elb_view x = take(1, COLS), y = take(1, COLS);
        for (uint32_t j = 0; j < COLS; j++) real_of(y)[j] = draw_output(j);
        LAUNCH(launch_decode_mean(dev, &options, (elb_range){1, 1}, x, y, COLS, COLS, COLS));
        for (uint32_t j = 0; j < COLS; j++) {
            const double out = (double)real_of(y)[j], wanted = squashed ? sigmoid(out) : out;
            near("mean", (double)real_of(x)[j], wanted, squashed ? 3 * U * wanted : 0, 0x1p-126);
        }
    }
    close_set();
}
END_TEST

/* Any finite input: no infinity and no NaN but where the result itself is beyond float32. */
START_TEST(finite_stays_finite)
{
    const double most = 0x1.fffffep127;
    if (!open_set(_i)) return;
    for (int round = 0; round < 3000; round++) {
        const double y = (double)draw_power(-40, 127), x = round % 2 ? 1 : 0;
        const double bernoulli = one_loss(ELB_BERNOULLI, 1, y, x);
        ck_assert_msg(isfinite(bernoulli), "Bernoulli of %g, %g is %g", y, x, bernoulli);
        if (0.5 * (y - x) * (y - x) < most) ck_assert(isfinite(one_loss(ELB_GAUSSIAN, 1, y, x)));
        const double mu = (double)draw_power(-40, 60), logvar = (double)draw_power(-40, 127);
        ck_assert_msg(isfinite(one_rate(mu, logvar)), "KL of %g, %g", mu, logvar);
        ck_assert_float_eq(reals[0], (float)mu); /* z, without noise */
    }
    close_set();
}
END_TEST

int main(void)
{
    int sets = 0;
    while (elb_native_sets[sets]) sets++;
    Suite *suite = suite_create("elbo");
    TCase *cases = tcase_create("elbo");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, elbo_against_double, 0, sets);
    tcase_add_loop_test(cases, known_values, 0, sets);
    tcase_add_loop_test(cases, latent_against_double, 0, sets);
    tcase_add_loop_test(cases, latent_backward_against_double, 0, sets);
    tcase_add_loop_test(cases, gradient_at_the_clamp, 0, sets);
    tcase_add_loop_test(cases, decode_mean_against_double, 0, sets);
    tcase_add_loop_test(cases, finite_stays_finite, 0, sets);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}
