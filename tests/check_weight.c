#include "theory/predict.h"
#include "theory/spectrum.h"

#include "io_files.h"

#include <math.h>

enum { D = 784, M = 20 };

static elbow_recipe recipe_of(elbow_likelihood likelihood, double sigma2, elbow_reduction pixels,
                              elbow_reduction latents, double weight)
{
    return (elbow_recipe){.latent = M,
                          .likelihood = likelihood,
                          .sigma2 = sigma2,
                          .pixels = pixels,
                          .latents = latents,
                          .weight = weight};
}

static void near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-12 * fabs(expected), "%.17g is not %.17g", value, expected);
}

/* The table of docs/weight.md: beta, and sigma^2 for half the squared error and for the whole. */
START_TEST(every_row_of_the_table)
{
    const double w = 0.37;
    const struct {
        elbow_reduction pixels, latents;
        double beta;
    } rows[] = {{ELBOW_SUM, ELBOW_SUM, w},
                {ELBOW_MEAN, ELBOW_SUM, w * D},
                {ELBOW_MEAN, ELBOW_MEAN, w * D / M},
                {ELBOW_SUM, ELBOW_MEAN, w / M}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        elbow_recipe recipe = recipe_of(ELBOW_GAUSSIAN, 1, rows[i].pixels, rows[i].latents, w);
        for (int batch = 0; batch < 2; batch++) {
            recipe.batch = batch ? ELBOW_MEAN : ELBOW_SUM;
            recipe.sigma2 = 1;
            near(elbow_explain(&recipe, D).beta, rows[i].beta);
            near(elbow_explain(&recipe, D).beta_norm, rows[i].beta * M / D);
            near(elbow_explain(&recipe, D).sigma2, rows[i].beta);
            recipe.sigma2 = 0.5;
            near(elbow_explain(&recipe, D).beta, rows[i].beta);
            near(elbow_explain(&recipe, D).sigma2, rows[i].beta / 2);
            near(elbow_weight_for_beta(&recipe, D, rows[i].beta), w);
        }
        recipe.likelihood = ELBOW_BERNOULLI;
        near(elbow_explain(&recipe, D).beta, rows[i].beta);
        ck_assert(isnan(elbow_explain(&recipe, D).sigma2));
    }
}
END_TEST

START_TEST(the_two_well_known_cases)
{
    elbow_recipe recipe = recipe_of(ELBOW_GAUSSIAN, 0.5, ELBOW_MEAN, ELBOW_MEAN, 0.1);
    near(elbow_explain(&recipe, D).beta, 3.92);
    near(elbow_explain(&recipe, D).beta_norm, 0.1);
    near(elbow_explain(&recipe, D).sigma2, 1.96);
    recipe = recipe_of(ELBOW_GAUSSIAN, 0.5, ELBOW_MEAN, ELBOW_SUM, 0.00025);
    near(elbow_explain(&recipe, 12288).beta, 3.072);
    near(elbow_explain(&recipe, 12288).sigma2, 1.536);
}
END_TEST

static const elbow_preset *preset_of(const char *name)
{
    size_t count;
    const elbow_preset *presets = elbow_presets(&count);
    for (size_t i = 0; i < count; i++)
        if (!strcmp(presets[i].name, name)) return &presets[i];
    ck_abort_msg("no preset '%s'", name);
    return NULL;
}

/* The losses of well-known codes: beta, and sigma^2 where R is squared error. */
START_TEST(presets_worked_out)
{
    const struct {
        const char *name;
        double beta, beta_norm, sigma2;
    } rows[] = {
        {"pytorch", 1, 20.0 / 784, NAN},    {"pytorch-vae", 3.072, 0.032, 1.536},    {"keras", 1, 2.0 / 784, NAN},
        {"keras-2", 1, 2.0 / 784, NAN},     {"keras-2-deconv", 0.5, 1.0 / 784, NAN}, {"keras-1", 784, 2, NAN},
        {"beta-vae", 10, 320.0 / 12288, 5}, {"normalised", 3.92, 0.1, 1.96}};
    size_t count;
    elbow_presets(&count);
    ck_assert_uint_eq(count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const elbow_preset *preset = preset_of(rows[i].name);
        const elbow_weight weight = elbow_explain(&preset->recipe, preset->pixels);
        near(weight.beta, rows[i].beta);
        near(weight.beta_norm, rows[i].beta_norm);
        if (isnan(rows[i].sigma2))
            ck_assert(isnan(weight.sigma2));
        else
            near(weight.sigma2, rows[i].sigma2);
        ck_assert(preset->code[0] && preset->source[0] && preset->note[0]);
    }
}
END_TEST

static void says(elbow_recipe recipe, const char *expected)
{
    char text[512];
    elbow_weight_sentence(text, sizeof text, &recipe, D);
    ck_assert_str_eq(text, expected);
    char small[12];
    elbow_weight_sentence(small, sizeof small, &recipe, D);
    ck_assert_uint_eq(strlen(small), sizeof small - 1);
}

START_TEST(sentences)
{
    says(recipe_of(ELBOW_BERNOULLI, 1, ELBOW_SUM, ELBOW_SUM, 1),
         "beta 1 on the ELBO's scale (beta_norm 0.0255): the plain ELBO");
    says(recipe_of(ELBOW_GAUSSIAN, 1, ELBOW_SUM, ELBOW_SUM, 1),
         "beta 1 on the ELBO's scale (beta_norm 0.0255): the plain ELBO with decoder variance sigma^2 1");
    says(recipe_of(ELBOW_GAUSSIAN, 0.5, ELBOW_MEAN, ELBOW_MEAN, 0.1),
         "weight 0.1 with the pixels' mean and the latents' mean is beta 3.92 on the ELBO's scale (beta_norm 0.1): the "
         "KL "
         "term weighs 3.92 times more than in the ELBO, which has the same optimum as the plain ELBO with decoder "
         "variance "
         "sigma^2 1.96");
    says(recipe_of(ELBOW_BERNOULLI, 1, ELBOW_SUM, ELBOW_SUM, 0.25),
         "beta 0.25 on the ELBO's scale (beta_norm 0.00638): the KL term weighs 4 times less than in the ELBO");
    says(recipe_of(ELBOW_BERNOULLI, 1, ELBOW_SUM, ELBOW_SUM, 0),
         "beta 0 on the ELBO's scale (beta_norm 0): no KL term at all, an autoencoder whose latents need not match the "
         "prior");
}
END_TEST

/* 64 images of 8 pixels: pixel j is 1/2 +- sqrt(l_j) by the signs of a Walsh function, so that the pixels do not
 * correlate and the covariance is diag(l) exactly. */
static const double made[8] = {0.16, 0.09, 0.04, 0.0225, 0.01, 0.0025, 0.0016, 0.0004};

static elbow_data *walsh(void)
{
    float images[64 * 8];
    for (uint32_t i = 0; i < 64; i++)
        for (uint32_t j = 0; j < 8; j++)
            images[i * 8 + j] = (float)(0.5 + (__builtin_parity(i & (j + 1)) ? -1 : 1) * sqrt(made[j]));
    elbow_data *data;
    WORKS(elb_data_from_floats(&data, &err, 2, 4, 1, images, 64, NULL, 0));
    return data;
}

START_TEST(known_spectrum)
{
    elbow_data *data = walsh();
    double found[10];
    uint32_t sampled;
    WORKS(elb_spectrum(found, &sampled, &err, data, &(elb_whitening){0}, 10));
    ck_assert_uint_eq(sampled, 64);
    for (int k = 0; k < 8; k++)
        ck_assert_msg(fabs(found[k] - made[k]) < 1e-6, "l_%d is %g, not %g", k, found[k], made[k]);
    ck_assert(found[8] == 0 && found[9] == 0);
    /* Every mean is 1/2: the Pearson residuals are twice as large. */
    WORKS(elb_spectrum(found, &sampled, &err, data, &(elb_whitening){.pearson = true}, 3));
    for (int k = 0; k < 3; k++) ck_assert(fabs(found[k] - 4 * made[k]) < 1e-6);
    /* Binarised by a threshold each pixel is 0 or 1 half the time; dynamically, x(1-x) more than before: 1/4 too. */
    WORKS(elb_spectrum(found, &sampled, &err, data, &(elb_whitening){.binarise = ELBOW_BINARISE_THRESHOLD}, 8));
    for (int k = 0; k < 8; k++) ck_assert(fabs(found[k] - 0.25) < 1e-6);
    WORKS(elb_spectrum(found, &sampled, &err, data, &(elb_whitening){.binarise = ELBOW_BINARISE_DYNAMIC}, 8));
    for (int k = 0; k < 8; k++) ck_assert(fabs(found[k] - 0.25) < 1e-6);
    elb_data_free(data);
}
END_TEST

START_TEST(predicted_by_the_threshold)
{
    elbow_data *data = walsh();
    elbow_recipe recipe = recipe_of(ELBOW_GAUSSIAN, 0.02, ELBOW_SUM, ELBOW_SUM, 1);
    elb_prediction is;
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert_uint_eq(is.active, 4);
    ck_assert(fabs(is.collapse_beta - 8) < 1e-3);
    ck_assert(fabs(is.rate - 0.5 * log(8 * 4.5 * 2 * 1.125)) < 1e-3);
    /* Reverse water-filling: the squared error is t for each active latent and what the others would have. */
    double error = 4 * 0.02;
    for (int k = 4; k < 8; k++) error += made[k];
    ck_assert(fabs(is.distortion - error / 0.04 - 4 * log(2 * acos(-1) * 0.02)) < 1e-3);
    recipe.latent = 2;
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert_uint_eq(is.active, 2);
    recipe.weight = 8.01;
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert_uint_eq(is.active, 0);
    ck_assert(is.rate == 0);
    double all = 0;
    for (int k = 0; k < 8; k++) all += made[k];
    ck_assert(fabs(is.distortion - all / 0.04 - 4 * log(2 * acos(-1) * 0.02)) < 1e-3);
    char text[256];
    elb_predict_sentence(text, sizeof text, &is, &recipe, 8);
    ck_assert_str_eq(
        text, "all 2 latents are predicted to collapse: beta 8.01 is above 8, where the data's strongest direction "
              "is lost; give less weight to the KL term");
    recipe.weight = 7.9;
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert_uint_eq(is.active, 1);
    /* Bernoulli: every mean is 1/2, eight bits at rest; the residuals' spectrum is four times the data's. */
    recipe = recipe_of(ELBOW_BERNOULLI, 1, ELBOW_SUM, ELBOW_SUM, 0.2);
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert_uint_eq(is.active, 2);
    ck_assert(fabs(is.distortion - (8 * log(2) - (4 * made[0] - 0.2 + 4 * made[1] - 0.2) / 2)) < 1e-3);
    recipe.weight = 1;
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert(fabs(is.distortion - 8 * log(2)) < 1e-3);
    recipe.binarise = ELBOW_BINARISE_DYNAMIC; /* a pixel of variance 1/4: no latent is worth its nats */
    recipe.likelihood = ELBOW_GAUSSIAN;
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert(fabs(is.distortion - 8 * 0.25 / 2 - 4 * log(2 * acos(-1))) < 1e-3);
    elb_data_free(data);
}
END_TEST

/* A part of the images tells nearly what all of them do, and more latents than are counted do no harm. */
START_TEST(a_sample_is_enough)
{
    elbow_data *data;
    WORKS(elb_data_load(&data, &err, "shapes", 0));
    double all[8], some[8];
    uint32_t sampled;
    WORKS(elb_spectrum(all, &sampled, &err, data, &(elb_whitening){.images = 12000}, 8));
    ck_assert_uint_eq(sampled, 12000);
    WORKS(elb_spectrum(some, &sampled, &err, data, &(elb_whitening){.images = 3000}, 8));
    for (int k = 0; k < 8; k++) ck_assert(fabs(some[k] / all[k] - 1) < 0.06);
    elbow_recipe recipe = recipe_of(ELBOW_BERNOULLI, 1, ELBOW_SUM, ELBOW_SUM, 4);
    recipe.latent = 500;
    elb_prediction is;
    WORKS(elb_predict(&is, &err, data, &recipe));
    ck_assert_uint_gt(is.active, 10);
    ck_assert_uint_le(is.active, ELB_PREDICTED_LATENTS);
    elb_data_free(data);
}
END_TEST

MAIN(every_row_of_the_table, the_two_well_known_cases, presets_worked_out, sentences, known_spectrum,
     predicted_by_the_threshold, a_sample_is_enough)
