#include "theory/diagnose.h"

#include "npz_files.h"

#include <math.h>

static elbow_diagnosis is;

static elbow_recipe loss_of(elbow_likelihood likelihood, elbow_reduction pixels, elbow_reduction latents, double weight)
{
    return (elbow_recipe){.likelihood = likelihood,
                          .sigma2 = likelihood == ELBOW_GAUSSIAN ? 0.5 : 1,
                          .pixels = pixels,
                          .latents = latents,
                          .weight = weight};
}

static void near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-12 + 1e-9 * fabs(expected), "%.17g is not %.17g", value, expected);
}

static bool advised(const char *words)
{
    for (uint32_t i = 0; i < is.advices; i++)
        if (strstr(is.advice[i], words)) return true;
    return false;
}

static void advises(const char *words)
{
    ck_assert_msg(advised(words), "no advice says '%s'; the first is '%s'", words, is.advices ? is.advice[0] : "");
}

/* ---- two data of three pixels and two latents, worked out by hand ---- */

static const float x[6] = {0, 1, 1, 1, 0, 0}, y[6] = {0.25f, 0.5f, 1, 0.75f, 0.5f, 0};
static const float mu[4] = {1, 0, -1, 0.0625f}, logvar[4] = {0, 0, 0, -2};

START_TEST(known_numbers)
{
    const elb_saved saved = {x, y, mu, logvar, 2, 3, 2, false};
    elbow_recipe loss = loss_of(ELBOW_GAUSSIAN, ELBOW_MEAN, ELBOW_MEAN, 0.1);
    WORKS(elb_diagnose(&is, &err, &saved, &loss));
    ck_assert_uint_eq(is.n, 2);
    near(is.weight.beta, 0.1 * 3 / 2);
    near(is.weight.beta_norm, 0.1);
    near(is.weight.sigma2, 0.1 * 3 / 4);
    near(is.sse, (0.0625 + 0.25 + 0.0625 + 0.25) / 2);
    near(is.mse, is.sse / 3);
    near(is.distortion, is.sse + 1.5 * log(M_PI));
    near(is.rate, (0.5 + 0.5 + 0.5 * (0.0625 * 0.0625 + expm1(-2) + 2)) / 2);
    ck_assert_uint_eq(is.active_units, 1); /* variances 1 and 0.03125^2 */
    ck_assert_uint_eq(is.clamped, 0);
    loss.sigma2 = 0.04;
    WORKS(elb_diagnose(&is, &err, &saved, &loss));
    near(is.distortion, is.sse / 0.08 + 1.5 * log(2 * M_PI * 0.04));
}
END_TEST

START_TEST(cross_entropy_of_probabilities_and_logits)
{
    const elb_saved saved = {x, y, mu, logvar, 2, 3, 2, false};
    const elbow_recipe loss = loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_SUM, 1);
    WORKS(elb_diagnose(&is, &err, &saved, &loss));
    near(is.distortion, (-log(0.75) - log(0.5) - log(0.75) - log(0.5)) / 2);
    ck_assert(isnan(is.weight.sigma2));
    ck_assert(!advised("cut at -100"));
    /* The same through logits: log(p / (1 - p)), 40 for certainty. */
    const float logits[6] = {-1.0986123f, 0, 40, 1.0986123f, 0, -40};
    const elb_saved before = {x, logits, mu, logvar, 2, 3, 2, true};
    const double distortion = is.distortion, sse = is.sse;
    WORKS(elb_diagnose(&is, &err, &before, &loss));
    ck_assert(fabs(is.distortion - distortion) < 1e-6);
    ck_assert(fabs(is.sse - sse) < 1e-6);
    ck_assert(!advised("logits"));
    /* What is no probability is seen to be logits. */
    const elb_saved unsaid = {x, logits, mu, logvar, 2, 3, 2, false};
    WORKS(elb_diagnose(&is, &err, &unsaid, &loss));
    ck_assert(fabs(is.distortion - distortion) < 1e-6);
    advises("x_hat reaches from -40 to 40");
    /* And probabilities that were said to be logits. */
    const elb_saved twice = {x, y, mu, logvar, 2, 3, 2, true};
    WORKS(elb_diagnose(&is, &err, &twice, &loss));
    advises("the sigmoid was taken twice");
    const float sure[6] = {1, 1, 1, 1, 0, 0};
    const elb_saved wrong = {x, sure, mu, logvar, 2, 3, 2, false};
    WORKS(elb_diagnose(&is, &err, &wrong, &loss));
    near(is.distortion, 50);
    advises("1 probabilities in x_hat are 0 or 1");
}
END_TEST

START_TEST(x_saved_twice)
{
    const elb_saved saved = {x, x, mu, logvar, 2, 3, 2, false};
    float almost[6];
    memcpy(almost, x, sizeof almost);
    almost[5] = 0x1p-126f;
    const elb_saved other = {x, almost, mu, logvar, 2, 3, 2, false};
    const elbow_likelihood likelihoods[] = {ELBOW_GAUSSIAN, ELBOW_BERNOULLI};
    for (size_t i = 0; i < COUNT(likelihoods); i++) {
        const elbow_recipe loss = loss_of(likelihoods[i], ELBOW_SUM, ELBOW_SUM, 1);
        WORKS(elb_diagnose(&is, &err, &saved, &loss));
        advises("x_hat is x itself, to the bit");
        WORKS(elb_diagnose(&is, &err, &other, &loss));
        ck_assert(!advised("to the bit"));
    }
}
END_TEST

/* ---- what is not finite is left out, and said ---- */

START_TEST(not_finite)
{
    float bad[4], worse[6];
    memcpy(bad, mu, sizeof bad);
    memcpy(worse, y, sizeof worse);
    bad[3] = NAN;
    const elbow_recipe loss = loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 1);
    WORKS(elb_diagnose(&is, &err, &(elb_saved){x, y, bad, logvar, 2, 3, 2, false}, &loss));
    ck_assert_uint_eq(is.n, 1);
    near(is.sse, 0.3125);
    near(is.rate, 0.5);
    advises("1 of the data left out: the first value that is no number is mu[1, 1] = ");
    worse[2] = INFINITY;
    WORKS(elb_diagnose(&is, &err, &(elb_saved){x, worse, bad, logvar, 2, 3, 2, false}, &loss));
    ck_assert_uint_eq(is.n, 0);
    ck_assert(isnan(is.distortion) && isnan(is.rate));
    ck_assert_uint_eq(is.active_units, 0);
    ck_assert_uint_eq(is.advices, 1);
    advises("2 of the data left out, which is all of them: the first value that is no number is x_hat[0, 2] = inf");
}
END_TEST

START_TEST(clamped_and_overflowing)
{
    const float wild[4] = {21, -31, 0, 90};
    const elbow_recipe loss = loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 1);
    WORKS(elb_diagnose(&is, &err, &(elb_saved){x, y, mu, wild, 2, 3, 2, false}, &loss));
    ck_assert_uint_eq(is.clamped, 3);
    advises("3 values of logvar lie outside -30 .. 20, the first is logvar[0, 0] = 21");
    ck_assert(is.rate > 1e38 && isfinite(is.rate));
}
END_TEST

/* ---- a larger model: 200 data of 64 pixels, 4 latents ---- */

enum { N = 200, D = 64, M = 4 };
static float big_x[N * D], big_y[N * D], big_mu[N * M], big_logvar[N * M];
static const elb_saved big = {big_x, big_y, big_mu, big_logvar, N, D, M, false};

/* Pixels are 0 or 1; x_hat is off by `error`; the first `active` latents hold +-0.9 with variance 0.19, so that their
 * codes fill N(0, 1); the rest is the prior. */
static void make(float error, int active)
{
    for (int i = 0; i < N * D; i++) {
        big_x[i] = (float)(i % 3 == 0);
        big_y[i] = big_x[i] > 0 ? 1 - error : error;
    }
    for (int i = 0; i < N * M; i++) {
        const bool on = i % M < active;
        big_mu[i] = on ? ((i / M >> i % M) & 1 ? 0.9f : -0.9f) : 0;
        big_logvar[i] = on ? logf(0.19f) : 0;
    }
}

static void diagnose(elbow_recipe loss)
{
    WORKS(elb_diagnose(&is, &err, &big, &loss));
}

START_TEST(nothing_to_say)
{
    make(0.1f, 4);
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_SUM, 1));
    ck_assert_msg(is.advices == 0, "%s", is.advice[0]);
    ck_assert_uint_eq(is.active_units, 4);
    ck_assert(fabs(is.distortion + 64 * log(0.9)) < 1e-5);
    ck_assert(fabs(is.rate + 2 * log(0.19)) < 1e-5);
    diagnose(loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 0.02)); /* sigma^2 0.01, which is the squared error */
    ck_assert_msg(is.advices == 0, "%s", is.advice[0]);
}
END_TEST

START_TEST(variance_that_does_not_fit)
{
    make(0.1f, 4);
    diagnose(loss_of(ELBOW_GAUSSIAN, ELBOW_MEAN, ELBOW_MEAN, 0.1)); /* beta 1.6, sigma^2 0.8, and it is 0.01 */
    ck_assert_uint_eq(is.advices, 1);
    advises("sigma^2 0.8 about x_hat, and they vary by 0.01");
    advises("weighs 80 times too much. Sigma^2 0.01 is beta 0.02, the weight 0.00125 ");
    diagnose(loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 0.002));
    advises("weighs 10 times too little");
    diagnose(loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 0));
    advises("the KL term does not weigh at all");
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_MEAN, 12)); /* beta 3 */
    advises("beta 1, and yours is 3: fewer");
    advises("The weight 4, ");
}
END_TEST

START_TEST(collapse_and_dead_latents)
{
    make(0.1f, 0);
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_MEAN, ELBOW_SUM, 0.5));
    ck_assert_uint_eq(is.active_units, 0);
    near(is.rate, 0);
    advises("Beta 32 weighs it 32 times more than the ELBO does; the weight 0.01562,");
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_SUM, 1));
    advises("though beta is only 1. Raise the weight from 0");
    ck_assert(!advised("dead"));
    make(0.1f, 2);
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_SUM, 1));
    ck_assert_uint_eq(is.advices, 1);
    advises("2 of 4 latents are dead, their mu the same for all data: 2, 3. ");
}
END_TEST

START_TEST(slips_of_reduction)
{
    make(0.1f, 4);
    const struct {
        elbow_reduction pixels, latents;
        double weight;
        const char *words;
    } rows[] = {{ELBOW_MEAN, ELBOW_SUM, 1, "Beta 64 is the number of pixels"},
                {ELBOW_MEAN, ELBOW_MEAN, 1, "Beta 16 is pixels / latents"},
                {ELBOW_SUM, ELBOW_SUM, 1.0 / D, "Beta 0.01562 is 1 / pixels"},
                {ELBOW_SUM, ELBOW_MEAN, 1, "Beta 0.25 is 1 / latents"},
                {ELBOW_SUM, ELBOW_SUM, 1.0 / D / N, "is 1 / (data * pixels)"},
                {ELBOW_SUM, ELBOW_SUM, 1.0 / N, "Beta 0.005 is 1 / data"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        diagnose(loss_of(ELBOW_BERNOULLI, rows[i].pixels, rows[i].latents, rows[i].weight));
        ck_assert_uint_eq(is.advices, 1);
        advises(rows[i].words);
    }
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_MEAN, ELBOW_SUM, 1.0 / D)); /* which is beta 1 */
    ck_assert_uint_eq(is.advices, 0);
}
END_TEST

START_TEST(scales_and_codes)
{
    make(0.1f, 4);
    for (int i = 0; i < N * D; i++) big_x[i] *= 255, big_y[i] *= 255;
    diagnose(loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 2 * 0.01 * 255 * 255));
    ck_assert_uint_eq(is.advices, 1);
    advises("x reaches from 0 to 255: sigma^2 650.3 is on that scale, and for x brought to 0 .. 1 it is 0.01.");
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_SUM, 1));
    advises("x reaches from 0 to 255, and cross-entropy is a likelihood within 0 .. 1 only: train on (x - 0) / 255");
    make(0.1f, 4);
    for (int i = 0; i < N * D; i++) big_y[i] = big_x[i] > 0 ? 8 : -8;
    diagnose(loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 1));
    advises("if it comes before the decoder's sigmoid");
    make(0.1f, 4);
    for (int i = 0; i < N * M; i++) big_mu[i] *= i % M == 1 ? 4 : 1;
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_SUM, 1));
    ck_assert_uint_eq(is.advices, 1);
    advises("E z^2 of latent 1 over all data is 13.1, not 1 (outside 1/2 .. 2: 1 of 4 active latents)");
    make(0.1f, 4);
    for (int i = 0; i < N * D; i++) big_x[i] = big_x[i] * 0.5f + 0.25f;
    diagnose(loss_of(ELBOW_BERNOULLI, ELBOW_SUM, ELBOW_SUM, 1));
    ck_assert_uint_eq(is.advices, 1);
    advises("x is grey (100 %");
}
END_TEST

/* ---- the file ---- */

static unsigned char bytes[1 << 14], npy[8192];

static void write_file(const char *x_shape, const char *y_shape, const char *mu_shape, const char *logvar_shape)
{
    zip z = {.bytes = bytes, .room = sizeof bytes};
    zip_add(&z, "logvar.npy", npy, npy_bytes(npy, logvar_shape, logvar, 4), true, false);
    zip_add(&z, "mu.npy", npy, npy_bytes(npy, mu_shape, mu, 4), false, false);
    zip_add(&z, "x_hat.npy", npy, npy_bytes(npy, y_shape, y, 6), true, false);
    zip_add(&z, "x.npy", npy, npy_bytes(npy, x_shape, x, 6), false, false);
    zip_end(&z, false);
    write_plain(in_folder("v.npz"), bytes, z.size);
}

START_TEST(from_a_file)
{
    const elbow_recipe loss = loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 1);
    const char *const shapes[][2] = {{"(2, 3)", "(2, 3)"}, {"(2, 1, 3)", "(2, 3)"}, {"(2, 1, 3, 1)", "(2, 3, 1, 1)"}};
    for (size_t i = 0; i < COUNT(shapes); i++) {
        write_file(shapes[i][0], shapes[i][1], "(2, 2)", "(2, 1, 2)");
        WORKS(elb_diagnose_file(&is, &err, in_folder("v.npz"), &loss, false));
        ck_assert_uint_eq(is.pixels, 3);
        ck_assert_uint_eq(is.latent, 2);
        near(is.sse, 0.3125);
        advises("2 data are few to judge by");
    }
}
END_TEST

START_TEST(shapes_that_differ)
{
    const elbow_recipe loss = loss_of(ELBOW_GAUSSIAN, ELBOW_SUM, ELBOW_SUM, 1);
    const char *const rows[][5] = {
        {"(2, 3)", "(3, 2)", "(2, 2)", "(2, 2)", "x is (2, 3) and x_hat is (3, 2): the first axis is the data"},
        {"(2, 3)", "(2, 3)", "(1, 4)", "(2, 2)", "x is (2, 3) and mu is (1, 4)"},
        {"(6)", "(2, 3)", "(2, 2)", "(2, 2)", "x is (6): it needs a first axis"},
        {"(1, 2, 3)", "(1, 3, 2)", "(1, 4)", "(1, 4)", "another order; transpose"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        write_file(rows[i][0], rows[i][1], rows[i][2], rows[i][3]);
        FAILS(elb_diagnose_file(&is, &err, in_folder("v.npz"), &loss, false), BAD_DATA);
        SAYS(rows[i][4]);
        SAYS("v.npz");
    }
    zip z = {.bytes = bytes, .room = sizeof bytes};
    zip_add(&z, "x.npy", npy, npy_bytes(npy, "(2, 3)", x, 6), true, false);
    zip_add(&z, "x_hat.npy", npy, npy_bytes(npy, "(2, 2)", y, 4), true, false);
    zip_add(&z, "mu.npy", npy, npy_bytes(npy, "(2, 2)", mu, 4), true, false);
    zip_end(&z, false);
    write_plain(in_folder("v.npz"), bytes, z.size);
    FAILS(elb_diagnose_file(&is, &err, in_folder("v.npz"), &loss, false), NOT_FOUND);
    SAYS("v.npz: holds no array 'logvar'; it has x, x_hat, mu");
    z = (zip){.bytes = bytes, .room = sizeof bytes};
    zip_add(&z, "x.npy", npy, npy_bytes(npy, "(2, 3)", x, 6), true, false);
    zip_add(&z, "x_hat.npy", npy, npy_bytes(npy, "(2, 2)", y, 4), true, false);
    zip_add(&z, "mu.npy", npy, npy_bytes(npy, "(2, 2)", mu, 4), true, false);
    zip_add(&z, "logvar.npy", npy, npy_bytes(npy, "(2, 1)", logvar, 2), true, false);
    zip_end(&z, false);
    write_plain(in_folder("v.npz"), bytes, z.size);
    FAILS(elb_diagnose_file(&is, &err, in_folder("v.npz"), &loss, false), BAD_DATA);
    SAYS("x is (2, 3) and x_hat is (2, 2): they must hold the same pixels");
}
END_TEST

MAIN(known_numbers, cross_entropy_of_probabilities_and_logits, x_saved_twice, not_finite, clamped_and_overflowing,
     nothing_to_say, variance_that_does_not_fit, collapse_and_dead_latents, slips_of_reduction, scales_and_codes,
     from_a_file, shapes_that_differ)
