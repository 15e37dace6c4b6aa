/* check_thresholds.c - "No subnormal number, anywhere" (docs/bits.md): every kernel with arithmetic in it, fed with
 * numbers around 2^-40, 2^-57, 2^-63, 2^-100 and 2^-126 as far as they can reach it, and all rows of selftest. Each
 * launch is done with and without subnormal numbers: the bytes must be the same and none of them subnormal
 * (kernel_bench.h). What may enter a dot product must be canonical and never -0. On native; other devices are compared
 * with it by selftest. */
#include "kernel_bench.h"
#include "math/gemm.h"
#include "math/selftest.h"
#include "nn/update.h"
#include "suite.h"

/* The smallest canonical number, its neighbours above; errors, squares and sigmoids of these are the interesting ones.
 */
static const float canonicals[] = {
    0,
    0,
    0x1p-40f,
    0x1.000002p-40f,
    0x1.8p-40f,
    0x1.fffffep-40f,
    0x1p-39f,
    0x1p-20f,
    1,
    0.25f,
    0.5,
    0x1.fffffep-1f,
    0x1.000002p0f,
    0x1.010102p-8f,
    3,
    17,
    0x1.62e43p-1f,
    1e4f,
};

/* Logits whose sigmoid, or its square, lies around those thresholds; exponents around the ends of logvar. */
static const float logits[] = {27.7f, 28,    39.5f, 43.6f, 43.7f, 44,    45,  47,  50, 51,
                               63,    69.3f, 80,    87.3f, 87.4f, 88.7f, 100, 104, 30, 20};

/* Not canonical: what gradients, moments and sums of squares may be. */
static const float smalls[] = {
    0x1p-40f,        0x1p-41f,         0x1.fffffep-58f, 0x1p-57f,    0x1.000002p-57f, 0x1.fffffep-64f, 0x1p-63f,
    0x1.000002p-63f, 0x1.fffffep-101f, 0x1p-100f,       0x1.4p-100f, 0x1p-99f,        0x1p-114f,       0x1p-126f,
};

#define FILL(view, values, signs, below)                                                                               \
    for (uint32_t i_ = 0; i_ < (view).rows * (view).cols; i_++)                                                        \
    real_of(view)[i_] = pick(values, COUNT(values), signs, below)

/* One of the values, of either sign if signs, and one in three of `smalls` that are at least `below` instead. */
static float pick(const float *values, uint32_t count, bool signs, float below)
{
    float x = values[draw_word() % count];
    if (below > 0 && draw_word() % 3) {
        const float small = smalls[draw_word() % COUNT(smalls)];
        if (small >= below) x = small;
    }
    if (!signs || draw_word() % 2 || x == 0) return x;
    return -x;
}

static void expect_canonical(const char *what, elb_view view)
{
    for (uint32_t i = 0; i < view.rows * view.cols; i++) {
        const float x = real_of(view)[i];
        ck_assert_msg(x == 0 ? !signbit(x) : !(fabsf(x) < 0x1p-40f), "%s on %s is %a", what, dev->info.id, (double)x);
    }
}

enum { ROWS = 400 };

/* One launch over ROWS rows: y and x at the thresholds, and half of the rows where the error nearly vanishes. */
static void try_elbo(const struct elbo_options *options, uint32_t cols, bool signed_x)
{
    static const float counts[] = {0, 0, 1, 2, 3, 17, 1e4f, 0x1p24f};
    static const float parameters[] = {0, -6, -20, -1e30f, 1e30f, 44, 60, 90, 20, 3, 0x1p-40f, 28};
    const bool count = options->likelihood == ELB_POISSON || options->likelihood == ELB_NEGATIVE_BINOMIAL;
    const bool direct = options->output == ELB_IDENTITY;
    clear();
    const elb_view loss = take(1, ROWS), sse = take(1, ROWS), dy = take(ROWS, cols), widen = take(ROWS, cols),
                   y = take(ROWS, cols), x = take(ROWS, cols), p = take(1, cols);
    FILL(y, canonicals, true, 0);
    FILL(p, parameters, false, 0);
    if (count)
        FILL(x, counts, false, 0);
    else
        FILL(x, canonicals, signed_x && direct, 0);
    for (uint32_t i = 0; i < ROWS * cols; i++) { /* pixels of images lie in 0..1 */
        if (!direct && !count && real_of(x)[i] > 1) real_of(x)[i] = 1;
        if (options->spread == ELB_OPTIMAL && real_of(p)[i % cols] < -6) real_of(p)[i % cols] = -6;
    }
    for (uint32_t i = 0; i < ROWS / 2 * cols; i++) {
        real_of(y)[i] = direct ? real_of(x)[i] : pick(logits, COUNT(logits), true, 0);
        if (direct && i % 2) real_of(y)[i] *= 1 + 0x1p-23f;
        if (!direct && !count) real_of(x)[i] = real_of(y)[i] > 0;
        if (count && i % 2) real_of(y)[i] = real_of(x)[i] > 0 ? logf(real_of(x)[i]) : real_of(y)[i];
    }
    LAUNCH(launch_elbo(dev, options, (elb_range){ROWS, 1}, loss, sse, dy, widen, y, x, p, cols, cols, cols, cols, cols,
                       1, 1.0 / 784 / 128));
    expect_canonical("loss", loss);
    expect_canonical("sse", sse);
    expect_canonical("dy", dy);
    if (options->spread == ELB_EACH) expect_canonical("widen", widen);
}

START_TEST(elbo)
{
    static const float precisions[] = {1, 0.37f, 1e10f, 1e-12f, 1e-20f, 1e-30f, 1e-40f};
    if (!open_set(_i)) return;
    for (uint32_t cols = 1; cols < 20; cols += 12)
        for (int likelihood = 0; likelihood <= ELB_NEGATIVE_BINOMIAL; likelihood++)
            for (int output = 0; output < 2; output++)
                for (int source = 0; source <= ELB_OPTIMAL; source++)
                    for (size_t round = 0; round < (source ? 2 : COUNT(precisions)); round++) {
                        const struct elbo_options options = {.likelihood = likelihood,
                                                             .output = output ? ELB_SIGMOID : ELB_IDENTITY,
                                                             .spread = source,
                                                             .precision = source ? 1 : precisions[round]};
                        if (elb_options_sensible(&elb_kernel_elbo, &options)) try_elbo(&options, cols, round % 2);
                    }
    close_set();
}
END_TEST

START_TEST(optimum)
{
    static const float sums[] = {0, 0x1p-40f, 0x1p-126f, 1e-20f, 1, 1e30f, INFINITY, NAN};
    if (!open_set(_i)) return;
    for (size_t i = 0; i < COUNT(sums); i++)
        for (float running = -80; running < 80; running += 7.5f) {
            clear();
            const elb_view p = take(1, 1), next = take(1, 1), sse = take(1, 1), before = take(1, 1);
            *real_of(sse) = sums[i], *real_of(before) = running;
            LAUNCH(elb_optimum(dev, p, next, sse, before, 1e-6, i % 2 ? 0.01 : 1));
            ck_assert(isnan(sums[i]) || *real_of(p) >= -6.0001f);
        }
    close_set();
}
END_TEST

START_TEST(draw_and_mean)
{
    enum { COLS = 203 };
    if (!open_set(_i)) return;
    for (int likelihood = 0; likelihood <= ELB_NEGATIVE_BINOMIAL; likelihood++)
        for (int link = 0; link <= ELB_LOG_LINK; link++) {
            const struct draw_options options = {.likelihood = likelihood};
            const struct decode_mean_options mean = {.link = link};
            clear();
            const elb_view x = take(7, COLS), y = take(7, COLS), p = take(1, COLS);
            FILL(y, canonicals, true, 0);
            FILL(p, canonicals, true, 0);
            for (uint32_t i = 0; i < 7 * COLS; i += 3) real_of(y)[i] = pick(logits, COUNT(logits), true, 0);
            for (int source = 0; source <= ELB_OPTIMAL; source++) {
                LAUNCH(launch_draw(dev, &options, (elb_range){7, 1}, x, y, p, COLS, COLS, COLS, link, source,
                                   source % 2 ? 3 : -45, 5, 1));
                expect_canonical("a pixel drawn", x);
            }
            LAUNCH(launch_decode_mean(dev, &mean, (elb_range){7, 1}, x, y, COLS, COLS, COLS));
        }
    close_set();
}
END_TEST

START_TEST(latent)
{
    static const double weights[] = {1, 1e-9, 1e-20, 1e-33, 1e-38, 1e-40, 0};
    if (!open_set(_i)) return;
    for (uint32_t latents = 1; latents < 40; latents = 2 * latents + 3)
        for (size_t w = 0; w < COUNT(weights); w++) {
            const struct latent_backward_options options = {.weight = (float)weights[w],
                                                            .weighting = w > 3 ? ELB_ARGUMENT : ELB_CONSTANT};
            clear();
            const elb_view z = take(ROWS, latents), spread = take(ROWS, latents), kl = take(1, ROWS),
                           parts = take(ROWS, latents), code = take(ROWS, 2 * latents), dcode = take(ROWS, 2 * latents),
                           dz = take(ROWS, latents);
            const elb_view clamped = take_words(ROWS), sample = take_words(ROWS);
            FILL(code, canonicals, true, 0x1p-41f); /* a mean that is not canonical: z is */
            FILL(dz, canonicals, true, 0);
            for (uint32_t i = 0; i < ROWS; i++) word_of(sample)[i] = i;
            for (uint32_t i = 0; i < ROWS * latents; i += 3) real_of(code)[i] = pick(logits, COUNT(logits), true, 0);
            for (uint32_t i = 0; i < ROWS; i += 7)
                real_of(code)[i * 2 * latents] = 0x1p120f; /* makes any weight felt */
            LAUNCH(launch_latent(dev, (elb_range){ROWS, 1}, z, spread, kl, parts, clamped, code, sample, latents, 1,
                                 latents, latents, latents, 2 * latents, 1, ELB_LATENT_NOISE, 1, w % 2, w % 4 == 3));
            LAUNCH(launch_latent_backward(dev, &options, (elb_range){ROWS, 1}, dcode, dz, code, spread, dz, latents,
                                          2 * latents, latents, 2 * latents, latents, 0, 0, weights[w], 1.0 / 128));
            expect_canonical("z", z);
            expect_canonical("kl", kl);
            expect_canonical("the rates of latents", parts);
            expect_canonical("dcode", dcode);
        }
    close_set();
}
END_TEST

/* Draws of a datum: weights at both sides of 2^-40, and what they make of gradients of any size. */
START_TEST(draws)
{
    enum { DATA = 40 };
    static const double weights[] = {1, 1e-9, 1e-20, 1e-38, 1e-40, 0};
    static const uint32_t copies[] = {1, 2, 9, 64, 70};
    if (!open_set(_i)) return;
    for (size_t c = 0; c < COUNT(copies); c++)
        for (size_t w = 0; w < COUNT(weights); w++) {
            const uint32_t n = copies[c], latents = 7;
            clear();
            const elb_view bound = take(1, DATA), mean_loss = take(1, DATA), mean_rate = take(1, DATA),
                           share = take(1, DATA * n), loss = take(1, DATA * n), rate = take(1, DATA * n);
            const elb_view dcode = take(DATA, 2 * latents), dz = take(DATA * n, latents), z = take(DATA * n, latents),
                           spread = take(DATA * n, latents), code = take(DATA, 2 * latents);
            FILL(loss, logits, false, 0);
            FILL(rate, canonicals, true, 0);
            FILL(dz, canonicals, true, 0);
            FILL(z, canonicals, true, 0);
            FILL(spread, canonicals, true, 0x1p-57f);
            FILL(code, logits, true, 0);
            for (uint32_t i = 0; i < n; i++) real_of(loss)[i] = 0; /* nothing but what beta makes of the rates */
            LAUNCH(
                launch_iwae(dev, (elb_range){DATA, 1}, bound, mean_loss, mean_rate, share, loss, rate, n, weights[w]));
            expect_canonical("a bound", bound);
            expect_canonical("a mean of losses", mean_loss);
            expect_canonical("a mean of rates", mean_rate);
            expect_canonical("a draw's share", share);
            LAUNCH(launch_scale_rows(dev, (elb_range){DATA * n, 1}, dz, share, latents, latents));
            expect_canonical("a weighed row", dz);
            LAUNCH(launch_iwae_backward(dev, (elb_range){DATA, 1}, dcode, dz, z, spread, share, code, latents, n,
                                        2 * latents, latents, latents, latents, 2 * latents, weights[w], 1.0 / 128));
            expect_canonical("dcode of draws", dcode);
        }
    close_set();
}
END_TEST

/* Gradients that are sums of shards' are multiples of 2^-63, others are anything: neither may matter. */
START_TEST(update)
{
    static const double limits[] = {0, 1, 1e-20, 1e-30, 1e-37, 1e-40};
    enum { COUNT_W = 3001 };
    if (!open_set(_i)) return;
    for (size_t l = 0; l < COUNT(limits); l++)
        for (int tiny = 0; tiny < 2; tiny++) {
            clear();
            const elb_view w = take(1, COUNT_W), m = take(1, COUNT_W), v = take(1, COUNT_W), g = take(1, COUNT_W),
                           more = take(1, COUNT_W), clip = take(1, 2), loss = take(1, 1),
                           scratch = take(1, (uint32_t)elb_norm_scratch(COUNT_W)), bad = take_words(3);
            FILL(w, canonicals, true, 0);
            FILL(m, canonicals, true, 0x1p-100f);
            FILL(v, canonicals, false, 0x1p-100f);
            FILL(more, canonicals, true, 0x1p-63f);
            if (tiny)
                FILL(g, smalls, true, 0);
            else
                FILL(g, canonicals, true, 0x1p-63f);
            if (!tiny) LAUNCH(elb_add(dev, g, more));
            *real_of(loss) = 1;
            LAUNCH(elb_guard(dev, bad, clip, g, loss, loss, limits[l], scratch, 1, false));
            for (uint32_t t = 1; t < 4; t++) {
                LAUNCH(elb_adam(dev, w, m, v, g, clip, bad, t < 3 ? 1e-3 : 1e-40, 1 - pow(0.9, t), 1 - pow(0.999, t)));
                expect_canonical("w", w);
            }
        }
    close_set();
}
END_TEST

/* What Adam stores and counts at its thresholds, and one unit in the last place below them, to the bit. Both moments
 * decay by half, so that with no gradient half of what was there is stored. */
START_TEST(what_adam_stores)
{
    static const struct {
        float w, m, v, g; /* before; g is halved on the way in */
        float w_new, m_new, v_new;
    } cases[] = {
        {1, 0x1p-99f, 0, 0, 1, 0x1p-100f, 0},
        {1, 0x1.fffffep-100f, 0, 0, 1, 0, 0},
        {1, -0x1p-99f, 0, 0, 1, -0x1p-100f, 0},
        {1, -0x1.fffffep-100f, 0, 0, 1, 0, 0},
        {1, 0x1.000002p-99f, 0, 0, 1, 0x1.000002p-100f, 0},
        {1, 0, 0x1p-99f, 0, 1, 0, 0x1p-100f},
        {1, 0, 0x1.fffffep-100f, 0, 1, 0, 0},
        {1, 0, 0x1.000002p-99f, 0, 1, 0, 0x1.000002p-100f},
        {1, 0, 0x1p-100f, 0x1p-49f, 1, 0x1p-51f, 0x1p-100f}, /* the sum of what was there and a square */
        {1, 0, 0x1.fffffcp-101f, 0x1p-49f, 1, 0x1p-51f, 0},
        {1, 0, 0, 0x1p-56f, 1, 0x1p-58f, 0},
        {1, 0, 0, 0x1.fffffep-57f, 1, 0, 0},
        {1, 0, 0, -0x1p-56f, 1, -0x1p-58f, 0},
        {1, 0, 0, -0x1.fffffep-57f, 1, 0, 0},
        {1, 0, 0, 0x1.000002p-56f, 1, 0x1.000002p-58f, 0},
        {0x1p-40f, 0, 0, 0, 0x1p-40f, 0, 0},
        {0x1.fffffep-41f, 0, 0, 0, 0, 0, 0},
        {-0x1p-40f, 0, 0, 0, -0x1p-40f, 0, 0},
        {-0x1.fffffep-41f, 0, 0, 0, 0, 0, 0},
    };
    const uint32_t n = COUNT(cases);
    if (!open_set(_i)) return;
    const elb_view w = take(1, n), m = take(1, n), v = take(1, n), g = take(1, n), factor = take(1, 1),
                   bad = take_words(1);
    *real_of(factor) = 0.5f;
    for (uint32_t i = 0; i < n; i++) {
        real_of(w)[i] = cases[i].w, real_of(m)[i] = cases[i].m;
        real_of(v)[i] = cases[i].v, real_of(g)[i] = cases[i].g;
    }
    LAUNCH(launch_adam(dev, elb_block_range(dev, n), w, m, v, g, factor, bad, n, 0.5, 0.5, 1, 0x1p-40, 1));
    for (uint32_t i = 0; i < n; i++) {
        const float wanted[] = {cases[i].w_new, cases[i].m_new, cases[i].v_new};
        const float got[] = {real_of(w)[i], real_of(m)[i], real_of(v)[i]};
        ck_assert_msg(memcmp(got, wanted, sizeof got) == 0, "case %u on %s: w %a, m %a, v %a", i, dev->info.id,
                      (double)got[0], (double)got[1], (double)got[2]);
    }
    close_set();
}
END_TEST

START_TEST(sums)
{
    if (!open_set(_i)) return;
    for (uint32_t cols = 1; cols < 200; cols = 2 * cols + 3) {
        clear();
        const elb_view y = take(1, 200), sum = take(1, cols), x = take(200, cols);
        FILL(x, canonicals, true, 0);
        for (uint32_t i = 0; i + cols < 200 * cols; i += 3) real_of(x)[i + cols] = -real_of(x)[i];
        LAUNCH(launch_row_sum(dev, (elb_range){200, 1}, y, x, cols, cols));
        LAUNCH(launch_sum_rows(dev, elb_column_range(dev, cols), sum, x, 200, cols, cols, 1, 0, 1, 0, 0));
        expect_canonical("a sum of rows", sum);
    }
    close_set();
}
END_TEST

/* Products of canonical numbers that cancel but for their last bits, through every epilogue. */
START_TEST(products)
{
    enum { M = 13, N = 29 };
    static const uint32_t depths[] = {1, 2, 3, 40, 1030};
    if (!open_set(_i)) return;
    for (size_t d = 0; d < COUNT(depths); d++)
        for (int round = 0; round < 10; round++) {
            const uint32_t k = depths[d];
            clear();
            const elb_view c = take(M, N), a = take(M, k), b = take(k, N), bias = take(1, N), y = take(M, N);
            const elb_view scratch = take(1, (uint32_t)elb_gemm_scratch(dev, k, N));
            FILL(a, canonicals, true, 0);
            FILL(b, canonicals, true, 0);
            FILL(bias, canonicals, true, 0);
            for (uint32_t i = 0; i < M * N; i++) real_of(y)[i] = canonicals[draw_word() % 12];
            for (uint32_t i = 0; i < M * k / 2 * 2; i += 2) real_of(a)[i + 1] = -real_of(a)[i];
            elb_epilogue epilogue = {.activation = round % 5};
            if (round < 5)
                epilogue.bias = bias;
            else
                epilogue.output = y;
            for (int turn = 0; turn < 2; turn++) {
                LAUNCH(elb_gemm(dev, c, a, NO_TRANS, b, NO_TRANS, turn ? &epilogue : NULL, scratch));
                expect_canonical("a product", c);
            }
        }
    close_set();
}
END_TEST

/* What a library's product may be: any normal number. */
START_TEST(epilogues)
{
    enum { N = 203 };
    if (!open_set(_i)) return;
    for (int round = 0; round < 20; round++) {
        const struct epilogue_options options = {
            .activation = round % 5, .gradient = round / 10, .bias = round / 5 % 2};
        clear();
        const elb_view c = take(7, N), bias = take(1, N), y = take(7, N);
        FILL(c, canonicals, true, 0x1p-126f);
        FILL(bias, canonicals, true, 0);
        for (uint32_t i = 0; i < 7 * N; i++) real_of(y)[i] = canonicals[draw_word() % 12];
        /* in place: the second of LAUNCH's runs begins from the same numbers */
        LAUNCH(launch_epilogue(dev, &options, elb_matrix_range(dev, 7, N), c, bias, y, N, N, N));
        expect_canonical("an epilogue's result", c);
    }
    close_set();
}
END_TEST

START_TEST(data)
{
    if (!open_set(_i)) return;
    for (int binarise = 0; binarise < 3; binarise++) {
        clear();
        const elb_view x = take(1, 500), from = take(1, 500), at = take_words(1), sample = take_words(1);
        FILL(from, canonicals, true, 0x1p-126f);
        LAUNCH(launch_gather_reals(dev, (elb_range){1, 1}, x, from, at, sample, 500, 500, 1, 2, binarise));
        expect_canonical("a pixel", x);
    }
    close_set();
}
END_TEST

/* ---- all rows of selftest, with all options: native against itself with subnormal numbers flushed ---- */

static const elb_device_ops *sound_ops;
static elb_device *plain;

static void expect_no_subnormal(const elb_kernel *kernel, elb_view view)
{
    for (uint32_t e = 0; e < view.rows * view.cols; e++) {
        const size_t at = view.offset + (size_t)(e / view.cols) * view.stride + e % view.cols;
        float x;
        OK(elb_read(&x, view.buffer, at * sizeof x, sizeof x));
        ck_assert_msg(fpclassify(x) != FP_SUBNORMAL, "%s stores a subnormal number at %zu", kernel->name, at);
    }
}

static elbow_status launch_flushed(elb_device *flushed, const elb_kernel *kernel, const void *options, elb_range groups,
                                   const elb_value *values)
{
    flush_subnormals(1);
    const elbow_status status = sound_ops->launch(flushed, kernel, options, groups, values);
    flush_subnormals(0);
    for (uint32_t a = 0; a < kernel->arg_count; a++)
        if (kernel->args[a].written && kernel->args[a].type == ELB_ARG_REALS)
            expect_no_subnormal(kernel, values[a].view);
    return status;
}

static elbow_status expect_same(void *user, const elb_kernel *kernel, const void *options)
{
    elbow_verdict verdict;
    OK(elb_selftest_kernel(&verdict, dev, plain, kernel, options));
    ck_assert_msg(strcmp(verdict.result, "same") == 0, "%s: flushing changes %s [%s]: %llu ulp", verdict.device,
                  verdict.kernel, verdict.options, (unsigned long long)verdict.max_ulp);
    ++*(uint32_t *)user;
    return ELBOW_OK;
}

START_TEST(rows_of_selftest)
{
    uint32_t tried = 0;
    if (!open_set(_i)) return;
    OK(elb_native_open(&plain, &err, elb_native_sets[_i]->name));
    sound_ops = dev->ops;
    elb_device_ops ops = *dev->ops;
    ops.launch = launch_flushed;
    dev->ops = &ops;
    for (uint32_t k = 0; elb_kernels[k]; k++) OK(elb_each_options(elb_kernels[k], expect_same, &tried));
    ck_assert_uint_gt(tried, 17);
    dev->ops = sound_ops;
    elb_device_close(plain);
    close_set();
}
END_TEST

int main(void)
{
    int sets = 0;
    while (elb_native_sets[sets]) sets++;
    TCase *cases = tcase_create("thresholds");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, elbo, 0, sets);
    tcase_add_loop_test(cases, optimum, 0, sets);
    tcase_add_loop_test(cases, draw_and_mean, 0, sets);
    tcase_add_loop_test(cases, latent, 0, sets);
    tcase_add_loop_test(cases, draws, 0, sets);
    tcase_add_loop_test(cases, update, 0, sets);
    tcase_add_loop_test(cases, what_adam_stores, 0, sets);
    tcase_add_loop_test(cases, sums, 0, sets);
    tcase_add_loop_test(cases, products, 0, sets);
    tcase_add_loop_test(cases, epilogues, 0, sets);
    tcase_add_loop_test(cases, data, 0, sets);
    tcase_add_loop_test(cases, rows_of_selftest, 0, sets);
    return run_case("thresholds", cases);
}
