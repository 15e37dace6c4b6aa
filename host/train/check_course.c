/* check_course.c - what is said of a course of the KL term's weight before a run starts. */
#include "theory/advise.h"
#include "train/schedule.h"
#include "train/trainer.h"

#include <math.h>

static bool has_length(elbow_schedule schedule)
{
    return schedule >= ELBOW_SCHEDULE_LINEAR && schedule <= ELBOW_SCHEDULE_LEAST_RATE;
}

/* Whether a target finds the weight, whatever it begins with. */
static bool finds_weight(elbow_schedule schedule)
{
    return schedule == ELBOW_SCHEDULE_GECO || schedule == ELBOW_SCHEDULE_CONTROL;
}

static elbow_status check_schedule_numbers(const elb_trainer *t)
{
    const elbow_train_options *o = &t->options;
    const bool control = o->schedule == ELBOW_SCHEDULE_CONTROL;
    if (!(o->schedule_epochs >= 0) || !(o->schedule_from >= 0) || !(o->schedule_gain >= 0) ||
        !(o->schedule_pull >= 0) || !(o->free_bits >= 0) || !isfinite(o->schedule_target))
        return elb_fail(t->err, ELBOW_USAGE, "the numbers of a schedule and of free bits must be finite, none below 0");
    if (o->schedule == ELBOW_SCHEDULE_CYCLICAL &&
        (!(o->schedule_cycles >= 1) || !(o->schedule_ratio > 0 && o->schedule_ratio <= 1)))
        return elb_fail(t->err, ELBOW_USAGE,
                        "cyclical needs 1 cycle or more, and a ratio above 0 and at most 1, not %g "
                        "and %g",
                        o->schedule_cycles, o->schedule_ratio);
    if (control && !(o->schedule_target > 0 && o->schedule_most > 0))
        return elb_fail(t->err, ELBOW_USAGE, "control needs a target and a largest weight above 0, not %g and %g",
                        o->schedule_target, o->schedule_most);
    if (o->free_bits > 0 && o->free_bits_group == 0)
        return elb_fail(t->err, ELBOW_USAGE, "free bits need groups of 1 latent or more, not 0");
    if (o->free_bits > 0 && elbow_schedule_watches(o->schedule))
        return elb_fail(
            t->err, ELBOW_USAGE,
            "free bits and a schedule that watches the rate or the distortion would pull against each other: "
            "leave one out (--free-bits goes with constant weights and warm-ups)");
    return ELBOW_OK;
}

/* A network for a range of weights takes no other. */
static elbow_status check_range(const elb_trainer *t)
{
    const elbow_recipe *recipe = &t->model->recipe;
    const double beta = elbow_explain(recipe, t->model->pixels).beta;
    if (!elbow_recipe_has_betas(recipe)) return ELBOW_OK;
    if (t->options.schedule != ELBOW_SCHEDULE_CONSTANT || t->options.free_bits > 0)
        return elb_fail(t->err, ELBOW_USAGE,
                        "a network for betas from %g to %g draws a beta for each image: it takes no schedule and no "
                        "free bits",
                        recipe->beta_low, recipe->beta_high);
    if (recipe->objective == ELBOW_OBJECTIVE_IWAE)
        return elb_fail(t->err, ELBOW_USAGE,
                        "a network for betas from %g to %g is trained by the ELBO: the importance-weighted bound has "
                        "one weight",
                        recipe->beta_low, recipe->beta_high);
    if (recipe->spread == ELBOW_SPREAD_OPTIMAL)
        return elb_fail(t->err, ELBOW_USAGE,
                        "the optimal sigma is one for a whole batch, whose images are here for different betas: fix "
                        "sigma, or let it be learnt");
    if (fabs(beta - 1) > 1e-6)
        return elb_fail(t->err, ELBOW_USAGE,
                        "beta %.6g would have no effect: the network is trained for all from %g to %g", beta,
                        recipe->beta_low, recipe->beta_high);
    return ELBOW_OK;
}

/* What users of the field have run into without a word from their code. */
static void warn_of_schedule(const elb_trainer *t)
{
    const elbow_train_options *o = &t->options;
    const elbow_recipe *recipe = &t->model->recipe;
    const double weight = recipe->weight, batches = ceil((double)t->data->info.train / o->batch);
    const bool late = has_length(o->schedule) && o->schedule_epochs > o->epochs;
    const uint64_t last = (uint64_t)batches * o->epochs - 1;
    if (late && o->schedule == ELBOW_SCHEDULE_CYCLICAL)
        elb_remark(
            t->err,
            "the KL schedule takes %g epochs and the training has %u: %.3g of its %g cycles will be run: shorten "
            "it (epochs=%u) or train longer",
            o->schedule_epochs, o->epochs, o->schedule_cycles * o->epochs / o->schedule_epochs, o->schedule_cycles,
            o->epochs);
    else if (late && o->schedule >= ELBOW_SCHEDULE_CAPACITY)
        elb_remark(
            t->err,
            "the KL schedule takes %g epochs and the training has %u: its aim will be %.4g nats at the end, never "
            "%.4g: shorten it (epochs=%u) or train longer",
            o->schedule_epochs, o->epochs, elb_kl_target(o, last, batches), o->schedule_target, (o->epochs + 1) / 2);
    else if (late)
        elb_remark(t->err,
                   "the KL schedule takes %g epochs and the training has %u: the weight will be %.4g at the end, not "
                   "%.4g: shorten it (epochs=%u) or train longer",
                   o->schedule_epochs, o->epochs, elb_kl_weight(o, weight, last, batches), weight, (o->epochs + 1) / 2);
    if (has_length(o->schedule) && o->schedule_epochs <= 0)
        elb_remark(t->err, "a KL schedule of 0 epochs is none: the weight is constant; give epochs=N");
    if (o->free_bits > 0 && weight <= 0)
        elb_remark(t->err, "free bits do nothing at weight 0: the KL term is not in the objective");
    if (o->schedule == ELBOW_SCHEDULE_GECO && weight <= 0)
        elb_remark(t->err, "geco multiplies the first weight, and 0 stays 0: give one above 0, such as --beta 1");
}

/* A weight that was chosen with care, for nothing. */
static void warn_of_found_weight(const elb_trainer *t)
{
    const elbow_train_options *o = &t->options;
    const double beta = elbow_explain(&t->model->recipe, t->model->pixels).beta;
    const bool geco = o->schedule == ELBOW_SCHEDULE_GECO;
    if (!finds_weight(o->schedule) || !(beta > 0) || fabs(beta - 1) <= 1e-6) return;
    elb_remark(
        t->err,
        "%s finds the weight that holds the %s at %g nats: beta %.4g is no more than %s: to train at that, leave "
        "the schedule out",
        geco ? "geco" : "control", geco ? "distortion" : "rate", o->schedule_target, beta,
        geco ? "where it begins" : "the unit of its gain, pull and most");
}

/* The rate that a linear VAE would have at a beta (docs/advise.md): a deep one's is above it, but not far. */
static elbow_status foresee_rate(double *rate, const elb_trainer *t, double beta)
{
    const elb_spectrum *spectrum;
    TRY(elb_glance_at(&spectrum, t->model->context, t->data, &t->model->recipe));
    *rate = elb_row_at(spectrum, NULL, &t->model->recipe, beta).rate;
    return ELBOW_OK;
}

static elbow_status warn_of_free_bits(const elb_trainer *t, double beta)
{
    const elbow_train_options *o = &t->options;
    const uint32_t groups = (t->model->recipe.latent - 1) / o->free_bits_group + 1;
    double rate;
    TRY(foresee_rate(&rate, t, beta));
    if (o->free_bits * groups > 2 * rate + 1)
        elb_remark(
            t->err,
            "free bits of %.4g nats in %u groups let %.4g nats through, and about %.4g are foreseen without them: "
            "the KL term will hardly act: lower --free-bits",
            o->free_bits, groups, o->free_bits * groups, rate);
    return ELBOW_OK;
}

/* So small a weight that the KL term hardly counts. */
static const double least_beta = 1e-3;

/* A rate that no latents are foreseen to have; |K - C| would drive them there all the same. */
static elbow_status warn_of_far_rate(const elb_trainer *t)
{
    const elbow_schedule schedule = t->options.schedule;
    double rate;
    TRY(foresee_rate(&rate, t, least_beta));
    if (t->options.schedule_target > 2 * rate)
        elb_remark(t->err,
                   "a rate of %g nats is %s: about %.4g are foreseen even at beta %g: lower %s, or take more latents",
                   t->options.schedule_target,
                   schedule == ELBOW_SCHEDULE_CAPACITY ? "more than these data can use" : "out of reach", rate,
                   least_beta, schedule == ELBOW_SCHEDULE_CONTROL ? "target" : "to=");
    return ELBOW_OK;
}

static elbow_status warn_of_capacity(const elb_trainer *t, double beta)
{
    double rate;
    TRY(warn_of_far_rate(t));
    TRY(foresee_rate(&rate, t, beta));
    if (rate > t->options.schedule_target)
        elb_remark(
            t->err,
            "about %.4g nats are foreseen at beta %.4g, more than the %.4g aimed at, and the weight is how steeply "
            "K is pulled there: give a larger one, such as --beta %.3g",
            rate, beta, t->options.schedule_target, 10 * (beta + 1));
    return ELBOW_OK;
}

/* The distortion of a perfect decoder, and that of one that knows the pixels' means alone. Between them: what a linear
 * VAE leaves with so many latents. A deep one leaves less, but not a fifth of it (docs/advise.md: a third at least). */
static elbow_status warn_of_geco(const elb_trainer *t)
{
    const double target = t->options.schedule_target;
    elbow_recipe recipe = t->model->recipe;
    const elb_spectrum *spectrum;
    TRY(elb_glance_at(&spectrum, t->model->context, t->data, &recipe));
    const bool found = elb_finds_variance(&recipe);
    const double linear = elb_row_at(spectrum, NULL, &recipe, least_beta).distortion;
    const double share = recipe.model == ELBOW_LINEAR ? 1 : 0.2;
    if (found) recipe.sigma2 = spectrum->trace / spectrum->pixels; /* that of a decoder that knows the means alone */
    elb_level level = elb_level_of(spectrum, &recipe);
    if (found) { /* without a bound below: the smaller the error, the smaller the variance */
        level.silence = level.least + 0.5 * spectrum->pixels;
        level.least = -INFINITY;
    }
    if (target <= level.least)
        elb_remark(t->err,
                   "a distortion of %g nats is out of reach: a perfect decoder's is %.4g, and the weight will fall "
                   "to 0: raise target",
                   target, level.least);
    else if (target - level.least < share * (linear - level.least))
        elb_remark(t->err,
                   "a distortion of %g nats is hardly within reach: a linear VAE with %u latents has %.4g even at beta "
                   "%g, and the weight will fall until it counts for nothing: raise target, or take more latents",
                   target, recipe.latent, linear, least_beta);
    else if (target >= level.silence)
        elb_remark(t->err,
                   "a distortion of %g nats is reached without any latent (by the pixels' means alone: %.4g), and "
                   "the weight will rise until all are lost: lower target",
                   target, level.silence);
    return ELBOW_OK;
}

/* A target that a look at the data shows to be out of reach. */
static elbow_status warn_of_target(const elb_trainer *t)
{
    const elbow_train_options *o = &t->options;
    const double beta = elbow_explain(&t->model->recipe, t->model->pixels).beta;
    if (!elb_is_foreseeable(&t->model->recipe)) return ELBOW_OK;
    if (beta > 0 && o->free_bits > 0) return warn_of_free_bits(t, beta);
    if (beta > 0 && (o->schedule == ELBOW_SCHEDULE_CAPACITY || o->schedule == ELBOW_SCHEDULE_LEAST_RATE))
        return warn_of_capacity(t, beta);
    if (beta > 0 && o->schedule == ELBOW_SCHEDULE_GECO) return warn_of_geco(t);
    return o->schedule == ELBOW_SCHEDULE_CONTROL ? warn_of_far_rate(t) : ELBOW_OK;
}

elbow_status elb_trainer_check_course(const elb_trainer *t)
{
    TRY(check_schedule_numbers(t));
    TRY(check_range(t));
    warn_of_schedule(t);
    warn_of_found_weight(t);
    return warn_of_target(t);
}
