/* check_probe.c - what the small model measures where the truth is known. */
#include "train/probe.h"

#include "io_files.h"

#include <math.h>

static elbow_data *data;

static elbow_recipe recipe_of(elbow_model_kind model)
{
    elbow_recipe recipe = elbow_recipe_default();
    recipe.model = model;
    recipe.latent = 6;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.hidden[0] = model == ELBOW_LINEAR ? 0 : 400;
    return recipe;
}

static elb_curve points(void)
{
    return (elb_curve){.points = {{.beta = 0.25}, {.beta = 0.5}, {.beta = 1}, {.beta = 2}}, .count = 4, .collapse = 8};
}

/* A linear VAE's rates are known. One direction and one latent: more take long to turn towards each other. */
START_TEST(a_linear_model_has_the_closed_forms_rates)
{
    enum { IMAGES = 256, PIXELS = 4 };
    const elb_probe_plan plan = {
        .width = 8, .batch = 64, .first = 8000, .steps = 1500, .measured = IMAGES, .rate = 1e-2};
    elbow_recipe recipe = recipe_of(ELBOW_LINEAR);
    elb_curve curve = points();
    float images[IMAGES * PIXELS];
    double mean = 0, square = 0;
    for (int i = 0; i < IMAGES; i++) {
        const double along = sin(i * i); /* in any order */
        for (int j = 0; j < PIXELS; j++) images[i * PIXELS + j] = (float)(0.2 * along);
        mean += along / IMAGES, square += along * along / IMAGES;
    }
    const double largest = 0.04 * PIXELS * (square - mean * mean);
    recipe.sigma2 = 0.01;
    recipe.latent = 1;
    WORKS(elb_data_from_floats(&data, &err, 2, 2, 1, images, IMAGES, NULL, 0));
    WORKS(elb_probe(&curve, &err, data, &recipe, &plan, NULL, NULL));
    ck_assert_uint_eq(curve.count, 4);
    for (uint32_t i = 0; i < curve.count; i++) {
        const elb_probed *p = &curve.points[i];
        const double rate = 0.5 * log(largest / (0.01 * p->beta));
        ck_assert_msg(fabs(p->rate - rate) < 0.05 * rate, "beta %g: rate %g, not %g", p->beta, p->rate, rate);
        ck_assert(i == 0 || p->distortion > p[-1].distortion);
    }
    elb_data_free(data);
}
END_TEST

static bool stop_late(void *user, double done)
{
    *(double *)user = done;
    return done > 0.5;
}

START_TEST(the_same_again_and_stopped)
{
    const elb_probe_plan plan = {.width = 16, .batch = 64, .first = 64, .steps = 32, .measured = 100, .rate = 3e-3};
    const elbow_recipe recipe = recipe_of(ELBOW_MLP);
    elb_curve one = points(), two = points();
    double done = 0;
    WORKS(elb_data_load(&data, &err, "shapes", 50)); /* fewer than a batch */
    WORKS(elb_probe(&one, &err, data, &recipe, &plan, NULL, NULL));
    WORKS(elb_probe(&two, &err, data, &recipe, &plan, NULL, NULL));
    ck_assert_int_eq(memcmp(one.points, two.points, one.count * sizeof *one.points), 0);
    FAILS(elb_probe(&two, &err, data, &recipe, &plan, stop_late, &done), STOPPED);
    ck_assert(done > 0.5 && done < 1);
    elb_curve none = {0};
    WORKS(elb_probe(&none, &err, data, &recipe, &plan, NULL, NULL));
    elb_data_free(data);
}
END_TEST

/* Points where the model has run off are left out, not reported. */
START_TEST(what_is_not_finite_is_left_out)
{
    const elb_probe_plan plan = {.width = 16, .batch = 64, .first = 40, .steps = 20, .measured = 64, .rate = 1e30};
    const elbow_recipe recipe = recipe_of(ELBOW_MLP);
    elb_curve curve = points();
    WORKS(elb_data_load(&data, &err, "shapes", 100));
    WORKS(elb_probe(&curve, &err, data, &recipe, &plan, NULL, NULL));
    for (uint32_t i = 0; i < curve.count; i++) ck_assert(isfinite(curve.points[i].rate));
    ck_assert_uint_lt(curve.count, 4);
    elb_data_free(data);
}
END_TEST

START_TEST(no_such_model)
{
    elbow_recipe recipe = recipe_of(ELBOW_MLP);
    elb_curve curve = points();
    recipe.latent = UINT32_MAX;
    WORKS(elb_data_load(&data, &err, "shapes", 100));
    ck_assert_int_ne(elb_probe(&curve, &err, data, &recipe, &elb_probe_short, NULL, NULL), ELBOW_OK);
    ck_assert(err.text[0]);
    elb_data_free(data);
}
END_TEST

MAIN(a_linear_model_has_the_closed_forms_rates, the_same_again_and_stopped, what_is_not_finite_is_left_out,
     no_such_model)
