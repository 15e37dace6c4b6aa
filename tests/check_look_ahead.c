/* check_look_ahead.c - elbow_advise, elbow_foresee and the picture, as a program calls them. */
#include "train/context.h"
#include "walsh.h"

#include <sys/stat.h>

static elbow_context *context;
static elbow_advice advice;

static elbow_recipe linear_recipe(void)
{
    elbow_recipe recipe = elbow_recipe_default();
    recipe.model = ELBOW_LINEAR;
    recipe.hidden[0] = 0;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.sigma2 = 0.02;
    recipe.latent = 6;
    return recipe;
}

static void open_context(void)
{
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
}

#define GOES(call) ck_assert_msg((call) == ELBOW_OK, "%s", elbow_message(context))
#define REFUSES(call, status, words)                                                                                   \
    do {                                                                                                               \
        ck_assert_int_eq((call), ELBOW_##status);                                                                      \
        ck_assert_msg(strstr(elbow_message(context), words) != NULL, "\"%s\"", elbow_message(context));                \
    } while (0)

START_TEST(linear_advice_is_the_closed_form)
{
    elbow_data *data = walsh();
    const elbow_recipe recipe = linear_recipe();
    const double betas[] = {4, 0.5, 100, 1}; /* in any order */
    open_context();
    GOES(elbow_advise(&advice, context, data, &recipe, &(elbow_advise_options){.betas = betas, .beta_count = 4}));
    ck_assert_uint_eq(advice.row_count, 4);
    ck_assert(advice.rows[0].beta == 0.5 && advice.rows[3].beta == 100);
    const elbow_advice_row *one = &advice.rows[1];
    ck_assert_uint_eq(one->active_units, 4);
    ck_assert(fabs(one->rate - 0.5 * log(8 * 4.5 * 2 * 1.125)) < 1e-5);
    /* Reverse water-filling: the squared error is t for each active latent and what the others would have. */
    double error = 4 * 0.02;
    for (int k = 4; k < 8; k++) error += made[k];
    ck_assert(fabs(one->distortion - error / 0.04 - 4 * log(2 * acos(-1) * 0.02)) < 1e-5);
    ck_assert(advice.own.beta == 1 && advice.own.rate == one->rate);
    ck_assert(fabs(advice.collapse_beta - 8) < 1e-5);
    ck_assert_uint_eq(advice.rows[3].active_units, 0);
    ck_assert_mem_eq(advice.rows, advice.linear, sizeof advice.rows);
    /* Of its own accord: from below the best weight to the first power of two where all is lost. */
    GOES(elbow_advise(&advice, context, data, &recipe, NULL));
    ck_assert(advice.rows[0].beta < advice.optimal_beta);
    ck_assert_uint_gt(advice.rows[advice.row_count - 2].active_units, 0);
    ck_assert_uint_eq(advice.rows[advice.row_count - 1].active_units, 0);
    ck_assert(fabs(advice.optimal_sigma2 - (made[6] + made[7]) / 2) < 1e-6); /* D - K = 2 */
    elb_data_free(data);
    elbow_close(context);
}
END_TEST

typedef struct heard {
    double last;
    int kinds;
    const char *doing;
    double stop_at;
} heard;

static bool listen(void *user, const char *doing, double done)
{
    heard *h = user;
    ck_assert(done >= h->last - 1e-9 && done <= 1);
    h->kinds += !h->doing || strcmp(doing, h->doing) != 0;
    h->doing = doing;
    h->last = done;
    return done > h->stop_at;
}

/* A small deep case: rates fall as beta rises, progress goes from 0 to 1, and it can be stopped. */
START_TEST(deep_advice)
{
    elbow_data *data;
    elbow_recipe recipe = elbow_recipe_default();
    recipe.hidden[0] = 16;
    recipe.latent = 4;
    WORKS(elb_data_load(&data, &err, "shapes", 500));
    open_context();
    heard h = {.stop_at = 2};
    GOES(elbow_advise(&advice, context, data, &recipe, &(elbow_advise_options){.progress = listen, .user = &h}));
    ck_assert(h.kinds == 2 && h.last > 0.9);
    ck_assert_uint_gt(advice.row_count, 4);
    for (uint32_t i = 1; i < advice.row_count; i++) {
        ck_assert(advice.rows[i].rate <= advice.rows[i - 1].rate);
        ck_assert(advice.rows[i].distortion >= advice.rows[i - 1].distortion);
    }
    ck_assert(advice.rows[0].rate > 2 && advice.rows[advice.row_count - 1].rate == 0);
    h = (heard){.stop_at = 0.5};
    REFUSES(elbow_advise(&advice, context, data, &recipe, &(elbow_advise_options){.progress = listen, .user = &h}),
            STOPPED, "small model");
    h = (heard){.stop_at = 0};
    REFUSES(elbow_advise(&advice, context, data, &recipe, &(elbow_advise_options){.progress = listen, .user = &h}),
            STOPPED, "covariance");
    elb_data_free(data);
    elbow_close(context);
}
END_TEST

START_TEST(what_is_refused)
{
    elbow_data *data = walsh();
    const double none[] = {1, 0};
    elbow_recipe recipe = linear_recipe();
    open_context();
    REFUSES(elbow_advise(&advice, context, data, &recipe, &(elbow_advise_options){.betas = none, .beta_count = 2}),
            USAGE, "beta 0");
    REFUSES(elbow_advise(&advice, context, data, &recipe, &(elbow_advise_options){.betas = none, .beta_count = 33}),
            USAGE, "33 betas");
    recipe.sigma2 = 0;
    REFUSES(elbow_advise(&advice, context, data, &recipe, NULL), USAGE, "variance of 0");
    recipe = linear_recipe();
    recipe.latent = 0;
    REFUSES(elbow_advise(&advice, context, data, &recipe, NULL), USAGE, "0 latents");
    elb_data_free(data);
    const float wide[] = {-1, 2, 0, 1};
    WORKS(elb_data_from_floats(&data, &err, 1, 2, 1, wide, 2, NULL, 0));
    recipe = linear_recipe();
    recipe.likelihood = ELBOW_BERNOULLI;
    REFUSES(elbow_advise(&advice, context, data, &recipe, NULL), BAD_DATA, "from -1 to 2");
    elbow_forecast forecast;
    REFUSES(elbow_foresee(&forecast, context, data, &recipe), BAD_DATA, "from -1 to 2");
    advice.row_count = 0;
    REFUSES(elbow_draw_advice(context, folder, &advice), USAGE, "0 rows");
    elb_data_free(data);
    elbow_close(context);
}
END_TEST

START_TEST(a_picture)
{
    elbow_data *data = walsh();
    const elbow_recipe recipe = linear_recipe();
    char path[128];
    struct stat is;
    open_context();
    GOES(elbow_advise(&advice, context, data, &recipe, NULL));
    elb_format(path, sizeof path, "%s/advice.svg", folder);
    GOES(elbow_draw_advice(context, path, &advice));
    ck_assert_int_eq(stat(path, &is), 0);
    ck_assert_int_gt(is.st_size, 4000);
    elb_format(path, sizeof path, "%s/nowhere/advice.svg", folder);
    REFUSES(elbow_draw_advice(context, path, &advice), IO, "nowhere");
    elb_data_free(data);
    elbow_close(context);
}
END_TEST

START_TEST(forecasts)
{
    elbow_data *data = walsh();
    elbow_recipe recipe = linear_recipe();
    elbow_forecast is;
    open_context();
    GOES(elbow_foresee(&is, context, data, &recipe));
    ck_assert_uint_eq(is.active, 4);
    ck_assert(fabs(is.collapse_beta - 8) < 1e-3);
    ck_assert(fabs(is.rate - 0.5 * log(8 * 4.5 * 2 * 1.125)) < 1e-3);
    ck_assert_ptr_nonnull(strstr(is.sentence, "about 4 of 6 latents"));
    for (int mlp = 0; mlp < 2; mlp++) {
        recipe.model = mlp ? ELBOW_MLP : ELBOW_LINEAR;
        recipe.hidden[0] = mlp ? 8 : 0;
        recipe.weight = 8.01;
        GOES(elbow_foresee(&is, context, data, &recipe));
        ck_assert_uint_eq(is.active, 0);
        ck_assert(is.rate == 0);
        ck_assert_str_eq(is.sentence,
                         "all 6 latents are predicted to collapse: beta 8.01 is above 8, where the data's strongest "
                         "direction is lost; give less weight to the KL term");
    }
    recipe.weight = 0.25;
    GOES(elbow_foresee(&is, context, data, &recipe));
    ck_assert(is.active > 0 && is.rate > 0.5 && isfinite(is.distortion));
    ck_assert_ptr_null(strstr(is.sentence, "so deep"));
    recipe.hidden[1] = 8;
    GOES(elbow_foresee(&is, context, data, &recipe));
    ck_assert_ptr_nonnull(strstr(is.sentence, "on); so deep a net uses fewer, above all without a warm-up"));
    const double one[] = {4};
    const elbow_advise_options options = {.betas = one, .beta_count = 1};
    GOES(elbow_advise(&advice, context, data, &recipe, &options));
    ck_assert_ptr_nonnull(
        strstr(advice.caution, "so deep a net uses fewer, above all without a warm-up: take these numbers"));
    recipe.hidden[1] = 0;
    GOES(elbow_advise(&advice, context, data, &recipe, &options));
    ck_assert_str_eq(advice.caution, "");
    recipe.weight = 0;
    GOES(elbow_foresee(&is, context, data, &recipe));
    ck_assert_ptr_nonnull(strstr(is.sentence, "without a KL term"));
    elb_data_free(data);
    elbow_close(context);
}
END_TEST

/* The spectrum is found once for a recipe's scale, and anew for another scale or other rows: what lies in the context
 * is marked to see which. */
START_TEST(one_glance_for_all_that_ask)
{
    elbow_data *data = walsh();
    elbow_recipe recipe = linear_recipe(), other = recipe;
    elbow_forecast first, is;
    other.likelihood = ELBOW_BERNOULLI;
    other.binarise = ELBOW_BINARISE_THRESHOLD;
    open_context();
    GOES(elbow_foresee(&first, context, data, &recipe));
    context->glance.spectrum.eigenvalues[0] *= 4;
    recipe.weight = 0.5; /* no other spectrum */
    GOES(elbow_foresee(&is, context, data, &recipe));
    ck_assert_double_eq(is.collapse_beta, 4 * first.collapse_beta);
    GOES(elbow_foresee(&is, context, data, &other));
    GOES(elbow_foresee(&is, context, data, &recipe));
    ck_assert_double_eq(is.collapse_beta, first.collapse_beta);
    context->glance.spectrum.eigenvalues[0] *= 4;
    GOES(elbow_data_hold_out(data, context, ELBOW_VALIDATION, 0.25));
    GOES(elbow_foresee(&is, context, data, &recipe));
    ck_assert(is.collapse_beta < 2 * first.collapse_beta);
    elb_data_free(data);
    elbow_close(context);
}
END_TEST

/* Of a variance that is found in training a deep model's forecast is that of the linear VAE's variance, which for six
 * of eight latents at beta 1/4 is (0.0016 + 0.0004) / (8 - 6 / 4), wherever the search for it begins. */
START_TEST(forecasts_of_a_found_variance)
{
    elbow_data *data = walsh();
    elbow_recipe recipe = linear_recipe();
    elbow_forecast fixed, found;
    recipe.model = ELBOW_MLP;
    recipe.hidden[0] = 8;
    recipe.weight = 0.25;
    recipe.sigma2 = (made[6] + made[7]) / 6.5;
    open_context();
    GOES(elbow_foresee(&fixed, context, data, &recipe));
    for (elbow_spread spread = ELBOW_SPREAD_LEARNED; spread <= ELBOW_SPREAD_OPTIMAL; spread++) {
        recipe.spread = spread;
        recipe.sigma2 = 1;
        GOES(elbow_foresee(&found, context, data, &recipe));
        ck_assert_msg(fabs(found.rate / fixed.rate - 1) < 0.01, "%g, and %g where sigma is found", fixed.rate,
                      found.rate);
        ck_assert(fabs(found.distortion - fixed.distortion) < 0.05);
        ck_assert(fabs(found.collapse_beta - 8 * 0.16 / 0.327) < 0.02);
    }
    elb_data_free(data);
    elbow_close(context);
}
END_TEST

MAIN(linear_advice_is_the_closed_form, deep_advice, what_is_refused, a_picture, forecasts, one_glance_for_all_that_ask,
     forecasts_of_a_found_variance)
