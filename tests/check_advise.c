/* check_advise.c - the arithmetic of advice. On a spectrum whose eigenvalues lie on the points of the curve the linear
 * VAE's own rates make a curve without any error, so that whatever is made of the curve must be the closed form. */
#include "theory/advise.h"

#include "io_files.h"

#include <math.h>

enum { DIRECTIONS = 14, LATENTS = 40, PIXELS = 50 };

/* l_k = 8 / sqrt(2)^k */
static double eigenvalues[DIRECTIONS];
static elb_spectrum made = {.eigenvalues = eigenvalues, .count = DIRECTIONS, .pixels = PIXELS, .entropy = 100};

static elbow_recipe recipe_of(elbow_likelihood likelihood, double sigma2)
{
    return (elbow_recipe){.latent = LATENTS, .likelihood = likelihood, .sigma2 = sigma2, .weight = 1};
}

static void near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-11 * fabs(expected) + 1e-12, "%.17g is not %.17g", value, expected);
}

static void make_spectrum(void)
{
    made.trace = 1;
    for (int k = 0; k < DIRECTIONS; k++) made.trace += eigenvalues[k] = 8 * pow(0.5, 0.5 * k);
}

/* Rates and distortions of the linear VAE at the planned points. */
static elb_curve linear_curve(const elbow_recipe *recipe, double least)
{
    elb_curve curve;
    elb_curve_plan(&curve, least, elb_collapse_of(&made, recipe));
    for (uint32_t i = 0; i < curve.count; i++) {
        const elbow_advice_row row = elb_row_at(&made, NULL, recipe, curve.points[i].beta);
        curve.points[i].rate = row.rate;
        curve.points[i].distortion = row.distortion;
    }
    return curve;
}

START_TEST(points_of_a_curve)
{
    elb_curve curve;
    elb_curve_plan(&curve, 0.9, 8);
    ck_assert_uint_eq(curve.count, 7); /* 8 down to 0.707 */
    near(curve.points[0].beta, 8 * pow(0.5, 3.5));
    near(curve.points[6].beta, 8 * pow(0.5, 0.5));
    elb_curve_plan(&curve, 7.9, 8);
    ck_assert_uint_eq(curve.count, 2);
    elb_curve_plan(&curve, 8 * 0x1p-30, 8);
    ck_assert_uint_eq(curve.count, ELB_MAX_PROBED);
    near(curve.points[0].beta, 8 * 0x1p-30);
    ck_assert(curve.points[ELB_MAX_PROBED - 1].beta < 8);
}
END_TEST

START_TEST(a_linear_curve_gives_the_closed_form)
{
    make_spectrum();
    for (int bernoulli = 0; bernoulli < 2; bernoulli++) {
        const elbow_recipe recipe = recipe_of(bernoulli ? ELBOW_BERNOULLI : ELBOW_GAUSSIAN, bernoulli ? 1 : 0.3);
        const elb_curve curve = linear_curve(&recipe, 0.08);
        for (double beta = 0.11; beta < 60; beta *= 1.1) {
            const elbow_advice_row deep = elb_row_at(&made, &curve, &recipe, beta),
                                   linear = elb_row_at(&made, NULL, &recipe, beta);
            near(deep.rate, linear.rate);
            near(deep.distortion, linear.distortion);
            ck_assert(deep.beta == beta && (bernoulli ? isnan(deep.sigma2) : deep.sigma2 == beta * 0.3));
            ck_assert_uint_le(deep.active_units, linear.active_units);
            ck_assert((deep.active_units > 0) == (linear.rate > 0.005));
        }
        /* The first segment goes on below the curve. */
        const double low = curve.points[0].beta, rate = elb_curve_rate(&curve, low / 2);
        near(rate - elb_curve_rate(&curve, low), elb_curve_rate(&curve, low / 4) - rate);
    }
}
END_TEST

/* What the measured model lies above the optimum stays in part; never less than the optimum. */
START_TEST(excess_distortion)
{
    make_spectrum();
    const elbow_recipe recipe = recipe_of(ELBOW_BERNOULLI, 1);
    elb_curve curve = linear_curve(&recipe, 0.5);
    const double beta = curve.points[3].beta, closed = elb_row_at(&made, &curve, &recipe, beta).distortion;
    curve.points[3].distortion += 10;
    const double above = elb_row_at(&made, &curve, &recipe, beta).distortion - closed;
    ck_assert(above > 0.5 && above < 9);
    curve.points[3].distortion -= 20;
    near(elb_row_at(&made, &curve, &recipe, beta).distortion, closed);
    /* Nor less than data of that grey cost anyhow. */
    made.grey_entropy = closed + 3;
    near(elb_row_at(&made, &curve, &recipe, beta).distortion, closed + 3);
    made.grey_entropy = 0;
}
END_TEST

/* On the curve of a linear VAE: the closed form of linear.c, and rows of a model that learns its variance. */
START_TEST(learnt_variance)
{
    make_spectrum();
    elbow_recipe recipe = recipe_of(ELBOW_GAUSSIAN, 0.5);
    recipe.latent = 6;
    const elb_curve curve = linear_curve(&recipe, 0.005);
    for (double beta = 0.25; beta < 9; beta *= 2) {
        const double found = elb_found_sigma2(&made, &curve, &recipe, beta);
        ck_assert(fabs(found / elb_learnt_sigma2(&made, 6, beta) - 1) < 1e-9);
        recipe.spread = ELBOW_SPREAD_LEARNED;
        const elbow_advice_row deep = elb_row_at(&made, &curve, &recipe, beta),
                               linear = elb_row_at(&made, NULL, &recipe, beta);
        recipe.spread = ELBOW_SPREAD_FIXED;
        near(linear.sigma2, beta * elb_learnt_sigma2(&made, 6, beta));
        near(linear.rate, elb_linear_at(&made, 6, linear.sigma2).rate);
        near(linear.distortion, PIXELS * 0.5 * (1 + log(2 * acos(-1) * linear.sigma2 / beta)));
        ck_assert(fabs(deep.rate - linear.rate) < 1e-6 && fabs(deep.distortion - linear.distortion) < 1e-6);
    }
    recipe.spread = ELBOW_SPREAD_LEARNED;
    near(elb_collapse_of(&made, &recipe), PIXELS * 8 / made.trace);
    near(elb_fixed_beta(&made, &recipe, 1), elb_learnt_sigma2(&made, 6, 1) / 0.5);
}
END_TEST

START_TEST(what_to_begin_with)
{
    make_spectrum();
    elbow_advice advice = {0};
    elbow_recipe recipe = recipe_of(ELBOW_BERNOULLI, 1);
    elb_advise_finish(&advice, &made, NULL, &recipe);
    ck_assert(advice.start_beta == 1 && advice.optimal_beta == 1 && isnan(advice.optimal_sigma2));
    ck_assert(advice.collapse_beta == 8 && isnan(advice.learnt_collapse));
    ck_assert_ptr_nonnull(strstr(advice.why, "the ELBO itself"));
    /* The same as a weight in a loss that averages both. */
    recipe.pixels = recipe.latents = ELBOW_MEAN;
    elb_advise_finish(&advice, &made, NULL, &recipe);
    near(advice.start_weight, (double)LATENTS / PIXELS);
    /* At beta 1 all is lost: less is recommended. */
    for (int k = 0; k < DIRECTIONS; k++) eigenvalues[k] /= 10;
    made.trace /= 10;
    elb_advise_finish(&advice, &made, NULL, &recipe);
    near(advice.start_beta, 0.1);
    ck_assert_ptr_nonnull(strstr(advice.why, "every latent is lost"));
    make_spectrum();
    recipe = recipe_of(ELBOW_GAUSSIAN, 2);
    recipe.latent = 6;
    elb_advise_finish(&advice, &made, NULL, &recipe);
    near(advice.optimal_sigma2, elb_learnt_sigma2(&made, 6, 1));
    near(advice.optimal_beta, advice.optimal_sigma2 / 2);
    near(advice.start_beta, advice.optimal_beta);
    near(advice.collapse_beta, 4);
    near(advice.learnt_collapse, PIXELS * 8 / made.trace);
}
END_TEST

MAIN(points_of_a_curve, a_linear_curve_gives_the_closed_form, excess_distortion, learnt_variance, what_to_begin_with)
