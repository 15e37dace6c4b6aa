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
         "term weighs 3.92 times more than in the ELBO; this loss has the same optimum as the plain ELBO with decoder "
         "variance "
         "sigma^2 1.96");
    says(recipe_of(ELBOW_BERNOULLI, 1, ELBOW_SUM, ELBOW_SUM, 0.25),
         "beta 0.25 on the ELBO's scale (beta_norm 0.00638): the KL term weighs 4 times less than in the ELBO");
    says(recipe_of(ELBOW_BERNOULLI, 1, ELBOW_SUM, ELBOW_SUM, 0),
         "beta 0 on the ELBO's scale (beta_norm 0): no KL term at all, an autoencoder whose latents need not match the "
         "prior");
}
END_TEST

START_TEST(a_scale_that_is_found)
{
    elbow_recipe recipe = recipe_of(ELBOW_GAUSSIAN, 1, ELBOW_SUM, ELBOW_SUM, 4);
    near(elbow_explain(&recipe, D).sigma2, 4);
    for (int spread = ELBOW_SPREAD_LEARNED; spread <= ELBOW_SPREAD_OPTIMAL; spread++) {
        recipe.spread = (elbow_spread)spread;
        ck_assert(isnan(elbow_explain(&recipe, D).sigma2));
        says(recipe,
             "beta 4 on the ELBO's scale (beta_norm 0.102): the KL term weighs 4 times more than in the ELBO, whose "
             "scale of p(x|z) is found in training");
    }
}
END_TEST

MAIN(every_row_of_the_table, the_two_well_known_cases, presets_worked_out, sentences, a_scale_that_is_found)
