/* look_ahead.c - the public functions that look ahead: spectrum, small model, sentences. */
#include "theory/advise.h"

#include "io/curves.h"
#include "train/context.h"
#include "train/probe.h"

#include <math.h>
#include <string.h>

typedef struct telling {
    elbow_on_advice *progress;
    void *user;
    const char *doing;
    double from, to; /* of all the work */
} telling;

static bool tell(void *with, double done)
{
    const telling *t = with;
    return t->progress && t->progress(t->user, t->doing, t->from + done * (t->to - t->from));
}

/* ---- which weights ---- */

/* The smallest weight of the usual rows: a quarter of what is best. */
static double least_beta(const elb_spectrum *s, const elbow_recipe *recipe, double collapse)
{
    const bool fixed = recipe->likelihood == ELBOW_GAUSSIAN && recipe->spread == ELBOW_SPREAD_FIXED;
    const double best = fixed ? elb_learnt_sigma2(s, recipe->latent, 1) / recipe->sigma2 : 1;
    return fmin(fmax(best / 4, collapse * 0x1p-18), collapse / 4);
}

/* Powers of two from `least` to the first where all is lost. */
static uint32_t usual_betas(double *betas, double least, double collapse)
{
    uint32_t count = 0;
    double beta = exp2(floor(log2(least)));
    while (count + 1 < ELBOW_MAX_ADVICE_ROWS && beta < collapse) {
        betas[count++] = beta;
        beta *= 2;
    }
    betas[count++] = beta;
    return count;
}

static elbow_status given_betas(double *betas, uint32_t *count, elb_error *err, const elbow_advise_options *options)
{
    if (options->beta_count == 0 || options->beta_count > ELBOW_MAX_ADVICE_ROWS)
        return elb_fail(err, ELBOW_USAGE, "%u betas: give 1 to %d", options->beta_count, ELBOW_MAX_ADVICE_ROWS);
    for (uint32_t i = 0; i < options->beta_count; i++) {
        const double beta = options->betas[i];
        if (!(beta > 0) || !isfinite(beta)) return elb_fail(err, ELBOW_USAGE, "beta %g: it must be above 0", beta);
        uint32_t at = i;
        for (; at > 0 && betas[at - 1] > beta; at--) betas[at] = betas[at - 1];
        betas[at] = beta;
    }
    *count = options->beta_count;
    return ELBOW_OK;
}

/* Of these nets more latents are foreseen than trained ones use (docs/advise.md). */
static bool is_deep(const elbow_recipe *recipe)
{
    return recipe->model == ELBOW_MLP && recipe->hidden[0] != 0 && recipe->hidden[1] != 0;
}

static const char uses_fewer[] = "so deep a net uses fewer, above all without a warm-up";

/* ---- elbow_advise ---- */

static elbow_status check(elb_error *err, const elbow_data *data, const elbow_recipe *recipe)
{
    if (!elb_is_foreseeable(recipe))
        return elb_fail(err, ELBOW_UNSUPPORTED,
                        "nothing is foreseen of a %s likelihood, of gaussian and bernoulli it is: train to see",
                        elbow_likelihood_name(recipe->likelihood));
    if (recipe->latent == 0) return elb_fail(err, ELBOW_USAGE, "advice for 0 latents: there must be one at least");
    if (recipe->likelihood == ELBOW_GAUSSIAN && !(recipe->sigma2 > 0 && isfinite(recipe->sigma2)))
        return elb_fail(err, ELBOW_USAGE, "a Gaussian's variance of %g: it must be above 0", recipe->sigma2);
    if (recipe->likelihood == ELBOW_BERNOULLI && (data->info.minimum < 0 || data->info.maximum > 1))
        return elb_fail(err, ELBOW_BAD_DATA,
                        "%s has values from %g to %g, and a Bernoulli takes 0 to 1: scale them, or say --likelihood "
                        "gaussian",
                        data->info.name, data->info.minimum, data->info.maximum);
    return ELBOW_OK;
}

typedef struct work {
    elb_spectrum spectrum;
    elb_curve curve;
    bool deep; /* the curve counts */
} work;

/* From a weight to the collapse, as they are at the recipe's sigma2. */
static void plan_curve(elb_curve *curve, const elb_spectrum *s, const elbow_recipe *recipe, double least)
{
    const double collapse = s->eigenvalues[0] / elb_level_of(s, recipe).variance;
    const double from = elb_fixed_beta(s, recipe, least);
    elb_curve_plan(curve, fmin(fmax(from, collapse * 0x1p-30), collapse / 2), collapse);
}

static elbow_status look(work *w, double *betas, uint32_t *count, elb_error *err, const elbow_data *data,
                         const elbow_recipe *recipe, const elbow_advise_options *options)
{
    telling t = {options->progress, options->user, "covariance", 0, 0.3};
    const elb_spectrum_plan plan = elb_plan_of(recipe);
    if (options->betas) TRY(given_betas(betas, count, err, options));
    TRY(elb_spectrum_find(&w->spectrum, err, data, &plan, tell, &t));
    const double collapse = elb_collapse_of(&w->spectrum, recipe), least = least_beta(&w->spectrum, recipe, collapse);
    if (!options->betas) *count = usual_betas(betas, least, collapse);
    if (recipe->model == ELBOW_LINEAR || !(collapse > 0)) return ELBOW_OK;
    w->deep = true;
    const double own = elbow_explain(recipe, data->info.pixels).beta, lowest = fmin(least, betas[0]);
    plan_curve(&w->curve, &w->spectrum, recipe, own > 0 ? fmin(lowest, own) : lowest);
    t = (telling){options->progress, options->user, "a small model", 0.3, 1};
    return elb_probe(&w->curve, err, data, recipe, &elb_probe_usual, tell, &t);
}

elbow_status elbow_advise(elbow_advice *advice, elbow_context *context, const elbow_data *data,
                          const elbow_recipe *recipe, const elbow_advise_options *options)
{
    const elbow_advise_options usual = {0};
    elb_error *err = elb_begin(context);
    double betas[ELBOW_MAX_ADVICE_ROWS];
    uint32_t count = 0;
    work w = {0};
    *advice = (elbow_advice){0};
    TRY(check(err, data, recipe));
    const elbow_status status = look(&w, betas, &count, err, data, recipe, options ? options : &usual);
    if (status == ELBOW_OK) {
        const elb_curve *curve = w.deep ? &w.curve : NULL;
        for (uint32_t i = 0; i < count; i++) {
            advice->linear[i] = elb_row_at(&w.spectrum, NULL, recipe, betas[i]);
            advice->rows[i] = elb_row_at(&w.spectrum, curve, recipe, betas[i]);
        }
        advice->row_count = count;
        const double own = elbow_explain(recipe, data->info.pixels).beta;
        if (own > 0) advice->own = elb_row_at(&w.spectrum, curve, recipe, own);
        elb_advise_finish(advice, &w.spectrum, curve, recipe);
        if (is_deep(recipe))
            elb_format(advice->caution, sizeof advice->caution,
                       "%s: take these numbers of active latents for upper bounds", uses_fewer);
    }
    elb_spectrum_free(&w.spectrum);
    return status;
}

/* ---- elbow_foresee ---- */

static void sentence(char *out, size_t size, const elbow_forecast *forecast, const elbow_recipe *recipe, double beta)
{
    const bool deep = is_deep(recipe);
    if (!(beta > 0))
        elb_format(out, size,
                   "without a KL term no latent has a reason to be given up, and the rate has no bound (with one, all "
                   "are lost from beta %.4g on)",
                   forecast->collapse_beta);
    else if (!forecast->active)
        elb_format(out, size,
                   "all %u latents are predicted to collapse: beta %.4g is above %.4g, where the data's strongest "
                   "direction is lost; give less weight to the KL term",
                   recipe->latent, beta, forecast->collapse_beta);
    else
        elb_format(out, size,
                   "about %u of %u latents will be active, at a rate of about %.3g nats (beta %.4g; all are lost from "
                   "beta %.4g on)%s%s",
                   forecast->active, recipe->latent, forecast->rate, beta, forecast->collapse_beta, deep ? "; " : "",
                   deep ? uses_fewer : "");
}

/* At the recipe's sigma2. The octaves that lead to a weight are measured; from there to the collapse the linear VAE's
 * rates, brought to meet the last measured one, do for the distortion's integral. */
static elbow_status short_curve(elb_curve *curve, elb_error *err, const elbow_data *data, const elb_spectrum *s,
                                const elbow_recipe *recipe, double beta)
{
    enum { OCTAVES = 3 };
    const double variance = elb_level_of(s, recipe).variance;
    *curve = (elb_curve){.collapse = s->eigenvalues[0] / variance};
    for (int i = -OCTAVES; i <= 0; i++) curve->points[curve->count++].beta = beta * exp2(i);
    TRY(elb_probe(curve, err, data, recipe, &elb_probe_short, NULL, NULL));
    if (!curve->count) return ELBOW_OK;
    /* So short a training says nothing of what a long one leaves unlearnt. */
    for (uint32_t i = 0; i < curve->count; i++) curve->points[i].distortion = 0;
    const double measured = curve->points[curve->count - 1].rate;
    const double meets = measured / elb_linear_at(s, recipe->latent, beta * variance).rate;
    for (double at = beta * 1.25; at < curve->collapse && curve->count < ELB_MAX_PROBED; at *= 1.25)
        curve->points[curve->count++] =
            (elb_probed){.beta = at, .rate = meets * elb_linear_at(s, recipe->latent, at * variance).rate};
    return ELBOW_OK;
}

/* A variance that is found in training is foreseen as the one that a linear VAE finds: a deep one finds a smaller one,
 * but so short a curve says nothing of how much smaller, only of the rate there. */
static elbow_recipe at_linear_variance(const elb_spectrum *s, const elbow_recipe *recipe, double beta)
{
    elbow_recipe at = *recipe;
    if (!elb_finds_variance(recipe)) return at;
    at.spread = ELBOW_SPREAD_FIXED;
    at.sigma2 = elb_learnt_sigma2(s, recipe->latent, beta);
    return at;
}

static elbow_status foresee(elbow_advice_row *row, const elb_spectrum *s, elb_error *err, const elbow_data *data,
                            const elbow_recipe *recipe, double beta)
{
    enum { MOST_PIXELS = 2048 };
    elb_curve curve = {.count = 0};
    *row = elb_row_at(s, NULL, recipe, beta);
    const elbow_recipe at = at_linear_variance(s, recipe, beta);
    const bool lost = !(beta < elb_collapse_of(s, &at));
    if (recipe->model == ELBOW_LINEAR || data->info.pixels > MOST_PIXELS || lost || !(beta > 0)) return ELBOW_OK;
    TRY(short_curve(&curve, err, data, s, &at, beta));
    if (curve.count) *row = elb_row_at(s, &curve, &at, beta);
    return ELBOW_OK;
}

elbow_status elbow_foresee(elbow_forecast *forecast, elbow_context *context, const elbow_data *data,
                           const elbow_recipe *recipe)
{
    const double beta = elbow_explain(recipe, data->info.pixels).beta;
    elbow_advice_row row = {0};
    const elb_spectrum *spectrum;
    *forecast = (elbow_forecast){0};
    elb_error *err = elb_begin(context);
    TRY(check(err, data, recipe));
    TRY(elb_glance_at(&spectrum, context, data, recipe));
    TRY(foresee(&row, spectrum, err, data, recipe, beta));
    forecast->collapse_beta = elb_collapse_of(spectrum, recipe);
    forecast->active = row.active_units;
    forecast->rate = row.rate;
    forecast->distortion = row.distortion;
    sentence(forecast->sentence, sizeof forecast->sentence, forecast, recipe, beta);
    return ELBOW_OK;
}
