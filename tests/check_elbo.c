/* check_elbo.c - the terms of the objective and their gradients, elbo, latent, latent_backward, iwae and iwae_backward,
 * and decode_mean, against libm in double, on each of native's instruction sets (other devices are compared with native
 * by selftest). The bounds follow from those of cl/math.h and from one rounding an operation; U is half a unit in the
 * last place. */
#include "kernel_bench.h"
#include "suite.h"

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
                       x.stride, 1, scale));
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
    LAUNCH(launch_elbo(dev, &options, (elb_range){1, 1}, loss, sse, dy, dy, out, datum, loss, 1, 1, 1, 1, 1, 1, 1));
    return (double)*real_of(loss);
}

static double one_rate(double mu, double logvar)
{
    clear();
    const elb_view z = take(1, 1), spread = take(1, 1), kl = take(1, 1), parts = take(1, 1), code = take(1, 2);
    const elb_view clamped = take_words(1), sample = take_words(1);
    real_of(code)[0] = (float)mu;
    real_of(code)[1] = (float)logvar;
    LAUNCH(launch_latent(dev, (elb_range){1, 1}, z, spread, kl, parts, clamped, code, sample, 1, 1, 1, 1, 1, 2, 1, 2, 3,
                         0, 0));
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

/* Two data, each drawn `copies` times; sampled: rates of the draws. */
static void try_latent(uint32_t latents, int noise, int sampled, uint32_t copies)
{
    enum { DATA = 2, TURN = 4 };
    const uint32_t rows = DATA * copies;
    const uint64_t seed = UINT64_C(0x123456789abcdef);
    clear();
    const elb_view z = take(rows, latents), spread = take(rows, latents), kl = take(1, rows),
                   parts = take(rows, latents);
    const elb_view code = make_code(DATA, latents), clamped = take_words(DATA), sample = take_words(DATA);
    for (uint32_t i = 0; i < DATA; i++) word_of(sample)[i] = draw_word() % 60000;
    LAUNCH(launch_latent(dev, (elb_range){rows, 1}, z, spread, kl, parts, clamped, code, sample, latents, copies,
                         latents, latents, latents, 2 * latents, seed, ELB_LATENT_NOISE, TURN, noise, sampled));
    for (uint32_t i = 0; i < rows; i++) {
        double rate = 0, size = 0;
        uint32_t outside = 0;
        const uint32_t datum = i / copies, at = i * latents;
        for (uint32_t j = 0; j < latents; j++) {
            const double mu = (double)real_of(code)[datum * 2 * latents + j];
            const double logvar = (double)real_of(code)[datum * 2 * latents + latents + j];
            const double v = fmin(20, fmax(-30, logvar)), e = expm1(v);
            const double eps = noise ? normal(seed, ELB_LATENT_NOISE, TURN + i % copies, word_of(sample)[datum], j) : 0;
            const double slope = exp(v / 2) * eps, given_z = (double)real_of(z)[at + j];
            outside += logvar < -30 || logvar > 20;
            /* of a draw: of the z that was stored, which is checked by itself; eps is within 8 U */
            const double part = (sampled ? given_z * given_z - eps * eps - v : mu * mu + e - v) / 2;
            const double part_size =
                (sampled ? given_z * given_z + 4 * eps * eps + fabs(v) : mu * mu + fabs(e) + fabs(v)) / 2;
            rate += part;
            size += part_size;
            near("a latent's rate", (double)real_of(parts)[at + j], part, 6 * U * part_size, 1.000001 * 0x1p-40);
            near("z", given_z, mu + slope, 9 * U * fabs(slope) + U * fabs(mu + slope), 1.000001 * 0x1p-40);
            near("spread", (double)real_of(spread)[at + j], slope / 2, 9 * U * fabs(slope / 2), 0);
        }
        near("kl", (double)real_of(kl)[i], rate, U * (5 + additions(latents)) * size, 0x1p-40);
        ck_assert_uint_eq(word_of(clamped)[datum], outside);
    }
}

START_TEST(latent_against_double)
{
    if (!open_set(_i)) return;
    for (size_t w = 0; w < COUNT(widths); w++)
        for (int c = 0; c < 4; c++) try_latent(widths[w], c != 1, c >= 2, c == 3 ? 5 : 1);
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

/* ---- several draws of each datum ---- */

static void try_iwae(uint32_t copies, double beta)
{
    enum { DATA = 3 };
    clear();
    const elb_view bound = take(1, DATA), mean_loss = take(1, DATA), mean_rate = take(1, DATA),
                   share = take(DATA, copies), loss = take(DATA, copies), rate = take(DATA, copies);
    for (uint32_t i = 0; i < DATA * copies; i++) {
        real_of(loss)[i] = i / copies ? draw(90, 110) : draw(0, 3000);
        real_of(rate)[i] = i % 7 ? draw(-3, 30) : draw_power(-40, 3);
    }
    LAUNCH(launch_iwae(dev, (elb_range){DATA, 1}, bound, mean_loss, mean_rate, share, loss, rate, copies, beta));
    for (uint32_t i = 0; i < DATA; i++) {
        const float *l = real_of(loss) + i * copies, *r = real_of(rate) + i * copies;
        double least = HUGE_VAL, sum = 0, losses = 0, rates = 0, sizes = 0, scale = 0, total = 0;
        for (uint32_t k = 0; k < copies; k++) least = fmin(least, l[k] + (double)(float)beta * r[k]);
        for (uint32_t k = 0; k < copies; k++) {
            sum += exp(least - (l[k] + (double)(float)beta * r[k]));
            losses += (double)l[k];
            rates += (double)r[k];
            sizes += fabs((double)r[k]);
        }
        /* an exponent is within three roundings of what it is subtracted from */
        for (uint32_t k = 0; k < copies; k++) {
            const double x = l[k] + (double)(float)beta * r[k], wanted = exp(least - x) / sum;
            const double blur = 3 * U * (fabs(x) + fabs(least)) + 4 * U * fabs(x - least);
            near("a draw's share", (double)real_of(share)[i * copies + k], wanted,
                 (2 * blur + (8 + additions(copies)) * U) * wanted, 0x1.1p-40 * (1 + 1 / sum));
            scale = fmax(scale, wanted * fabs(x));
            total += (double)real_of(share)[i * copies + k];
        }
        near("all shares", total, 1, (8 + additions(copies)) * U + copies * 0x1p-40, 0);
        near("the bound", (double)real_of(bound)[i], least - log(sum / copies),
             3 * U * (fabs(least) + scale) + (10 + additions(copies)) * U + copies * 0x1p-40, 0x1p-40);
        near("the mean loss", (double)real_of(mean_loss)[i], losses / copies,
             (4 + additions(copies)) * U * losses / copies, 0x1p-40);
        near("the mean rate", (double)real_of(mean_rate)[i], rates / copies,
             (4 + additions(copies)) * U * sizes / copies, 0x1p-40);
    }
}

START_TEST(iwae_against_double)
{
    static const double betas[] = {1, 0, 0.37, 4};
    if (!open_set(_i)) return;
    for (size_t w = 0; w < COUNT(widths); w++)
        for (size_t b = 0; b < COUNT(betas); b++) try_iwae(widths[w], betas[b]);
    close_set();
}
END_TEST

/* Numbers that anybody can work out: weights 1/2 and 1/4 beside ones of nothing, each too far off to exponentiate
 * alone. */
START_TEST(known_bounds)
{
    if (!open_set(_i)) return;
    const elb_view bound = take(1, 2), means = take(2, 2), share = take(2, 4), loss = take(2, 4), rate = take(2, 4);
    const double log2 = 0.69314718056;
    for (int i = 0; i < 8; i++) real_of(loss)[i] = i < 4 ? 3e6f : -3000, real_of(rate)[i] = 0;
    real_of(rate)[4] = real_of(rate)[5] = (float)log2;
    real_of(rate)[6] = real_of(rate)[7] = 100;
    LAUNCH(launch_iwae(dev, (elb_range){2, 1}, bound, elb_rows(means, 0, 1), elb_rows(means, 1, 1), share, loss, rate,
                       4, 1));
    near("the bound of equal weights", (double)real_of(bound)[0], 3e6, 0, 0);
    near("of weights 1/2 and 1/2", (double)real_of(bound)[1], -3000 + 2 * log2, 0x1p-12, 0);
    for (int k = 0; k < 4; k++) near("a quarter", (double)real_of(share)[k], 0.25, 0, 0);
    for (int k = 4; k < 8; k++) near("a half, or nothing", (double)real_of(share)[k], k < 6 ? 0.5 : 0, 0, 0);
    close_set();
}
END_TEST

static void try_iwae_backward(uint32_t latents, uint32_t copies)
{
    enum { DATA = 2 };
    const uint32_t draws = DATA * copies;
    const float weight = 0.3f, scale = 1.0f / 96;
    clear();
    const elb_view dcode = take(DATA, 2 * latents), dz = take(draws, latents), z = take(draws, latents),
                   spread = take(draws, latents), share = take(1, draws), code = make_code(DATA, latents);
    for (uint32_t i = 0; i < draws; i++) real_of(share)[i] = i % 3 ? draw(0, 1) : fabsf(draw_power(-40, 0));
    for (uint32_t i = 0; i < draws * latents; i++) {
        real_of(dz)[i] = i % 3 ? draw(-1, 1) : draw_power(-40, 2);
        real_of(z)[i] = i % 5 ? draw(-3, 3) : draw_power(-40, 3);
        real_of(spread)[i] = i % 2 ? draw(-3, 3) : draw_power(-56, 15);
    }
    LAUNCH(launch_iwae_backward(dev, (elb_range){DATA, 1}, dcode, dz, z, spread, share, code, latents, copies,
                                2 * latents, latents, latents, latents, 2 * latents, (double)weight, (double)scale));
    for (uint32_t i = 0; i < DATA; i++)
        for (uint32_t j = 0; j < latents; j++) {
            double dmu = 0, dv = 0, mu_size = 0, v_size = 0, lost = 0;
            for (uint32_t k = i * copies; k < (i + 1) * copies; k++) {
                const double a = (double)(real_of(share)[k] * (weight * scale)),
                             d = (double)real_of(dz)[k * latents + j];
                const double at = (double)real_of(z)[k * latents + j], s = (double)real_of(spread)[k * latents + j];
                dmu += d + a * at;
                dv += (d + a * at) * s - a / 2;
                mu_size += fabs(d) + fabs(a * at);
                v_size += (fabs(d) + fabs(a * at)) * fabs(s) + fabs(a);
                lost += 0x1.1p-40 * (1 + fabs(at)) * (1 + fabs(s)) + 0x1.1p-40 * fabs(d + a * at);
            }
            const double logvar = (double)real_of(code)[i * 2 * latents + latents + j];
            const bool stuck = (logvar < -30 && dv > 0) || (logvar > 20 && dv < 0);
            const float *out = real_of(dcode) + i * 2 * latents;
            near("dmu of draws", (double)out[j], dmu, (3 + copies) * U * mu_size + lost, 0x1.1p-40);
            if (fabs(dv) > (5 + copies) * U * v_size + lost) /* its sign is sure */
                near("dv of draws", (double)out[latents + j], stuck ? 0 : dv, (5 + copies) * U * v_size + lost,
                     0x1.1p-40);
        }
}

START_TEST(iwae_backward_against_double)
{
    static const uint32_t copies[] = {1, 2, 5, 50};
    if (!open_set(_i)) return;
    for (size_t w = 0; w < 5; w++)
        for (size_t c = 0; c < COUNT(copies); c++) try_iwae_backward(widths[w], copies[c]);
    close_set();
}
END_TEST

START_TEST(scale_rows_is_exact)
{
    enum { ROWS = 3, COLS = 203 };
    static const float factors[ROWS] = {0.37f, 0, 0x1p-20f};
    float before[ROWS * COLS];
    if (!open_set(_i)) return;
    /* in place: LAUNCH's second run begins from the same numbers */
    const elb_view x = take(ROWS, COLS), factor = take(1, ROWS);
    for (uint32_t i = 0; i < ROWS * COLS; i++) before[i] = real_of(x)[i] = i % 2 ? draw(-1, 1) : draw_power(-40, 20);
    for (uint32_t i = 0; i < ROWS; i++) real_of(factor)[i] = factors[i];
    LAUNCH(launch_scale_rows(dev, (elb_range){ROWS, 1}, x, factor, COLS, COLS));
    for (uint32_t i = 0; i < ROWS * COLS; i++)
        ck_assert_float_eq(real_of(x)[i], canonical((double)(before[i] * factors[i / COLS])));
    close_set();
}
END_TEST

/* x belongs to several rows of y: as if it had been written out for each. */
START_TEST(copies_of_a_datum)
{
    enum { DATA = 3, COPIES = 4, ROWS = DATA * COPIES, COLS = 67 };
    const struct elbo_options options = {.likelihood = ELB_BERNOULLI, .precision = 1};
    if (!open_set(_i)) return;
    const elb_view loss = take(2, ROWS), sse = take(2, ROWS), dy = take(2 * ROWS, COLS), y = take(ROWS, COLS),
                   x = take(DATA, COLS), written_out = take(ROWS, COLS);
    for (uint32_t i = 0; i < ROWS * COLS; i++) real_of(y)[i] = draw_output(i);
    for (uint32_t i = 0; i < DATA * COLS; i++) real_of(x)[i] = draw_pixel(i);
    for (uint32_t i = 0; i < ROWS; i++)
        memcpy(real_of(written_out) + i * COLS, real_of(x) + i / COPIES * COLS, COLS * sizeof(float));
    LAUNCH(launch_elbo(dev, &options, (elb_range){ROWS, 1}, elb_rows(loss, 0, 1), elb_rows(sse, 0, 1),
                       elb_rows(dy, 0, ROWS), dy, y, x, loss, COLS, COLS, 0, COLS, COLS, COPIES, 1));
    LAUNCH(launch_elbo(dev, &options, (elb_range){ROWS, 1}, elb_rows(loss, 1, 1), elb_rows(sse, 1, 1),
                       elb_rows(dy, ROWS, ROWS), dy, y, written_out, loss, COLS, COLS, 0, COLS, COLS, 1, 1));
    ck_assert_mem_eq(real_of(loss), real_of(loss) + ROWS, ROWS * sizeof(float));
    ck_assert_mem_eq(real_of(dy), real_of(dy) + ROWS * COLS, ROWS * COLS * sizeof(float));
    ck_assert_float_ne(real_of(loss)[0], real_of(loss)[COPIES]);
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
    TCase *cases = tcase_create("elbo");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, elbo_against_double, 0, sets);
    tcase_add_loop_test(cases, known_values, 0, sets);
    tcase_add_loop_test(cases, latent_against_double, 0, sets);
    tcase_add_loop_test(cases, latent_backward_against_double, 0, sets);
    tcase_add_loop_test(cases, gradient_at_the_clamp, 0, sets);
    tcase_add_loop_test(cases, iwae_against_double, 0, sets);
    tcase_add_loop_test(cases, known_bounds, 0, sets);
    tcase_add_loop_test(cases, iwae_backward_against_double, 0, sets);
    tcase_add_loop_test(cases, scale_rows_is_exact, 0, sets);
    tcase_add_loop_test(cases, copies_of_a_datum, 0, sets);
    tcase_add_loop_test(cases, decode_mean_against_double, 0, sets);
    tcase_add_loop_test(cases, finite_stays_finite, 0, sets);
    return run_case("elbo", cases);
}
