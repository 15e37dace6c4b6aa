#include "theory/predict.h"
#include "train/schedule.h"
#include "train/trainer.h"

#include <math.h>

/* How much grey makes BCE a pretence: data sets of strokes have some anti-aliased edge pixels. */
static const double SOME_GREY = 0.01;

static elbow_status check_options(const elb_trainer *t)
{
    const elbow_train_options *o = &t->options;
    if (o->epochs == 0 || o->batch == 0)
        return elb_fail(t->err, ELBOW_USAGE, "epochs and batch must be at least 1, not %u and %u", o->epochs, o->batch);
    if (!(o->learning_rate > 0) || !isfinite(o->learning_rate))
        return elb_fail(t->err, ELBOW_USAGE, "the learning rate must be above 0, not %g", o->learning_rate);
    if (!(o->clip >= 0) || !(o->rate_warmup >= 0) || !(o->save_every >= 0))
        return elb_fail(t->err, ELBOW_USAGE, "clip, warm-up and save-every must not be negative");
    if (o->rate == ELBOW_RATE_STEP && !(o->rate_every > 0))
        return elb_fail(t->err, ELBOW_USAGE, "a learning rate that falls in steps needs a step above 0 epochs, not %g",
                        o->rate_every);
    if (o->rate_warmup > o->epochs)
        elb_remark(t->err,
                   "the warm-up of the learning rate (%g epochs) is longer than the training (%u): it will never be "
                   "reached: shorten it",
                   o->rate_warmup, o->epochs);
    if (o->patience && !elb_data_part(t->data, ELBOW_VALIDATION)->count)
        return elb_fail(t->err, ELBOW_USAGE,
                        "early stopping needs a validation split: hold some training images out (--holdout 0.1)");
    return ELBOW_OK;
}

/* ---- the weight's course ---- */

static bool has_length(elbow_schedule schedule)
{
    return schedule >= ELBOW_SCHEDULE_LINEAR && schedule <= ELBOW_SCHEDULE_LEAST_RATE;
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
    if (o->free_bits > 0 && o->schedule > ELBOW_SCHEDULE_CYCLICAL)
        return elb_fail(
            t->err, ELBOW_USAGE,
            "free bits and a schedule that watches the rate or the distortion would pull against each other: "
            "leave one out (--free-bits goes with constant weights and warm-ups)");
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
    if (late && o->schedule >= ELBOW_SCHEDULE_CAPACITY)
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
    if (o->schedule == ELBOW_SCHEDULE_GECO && recipe->likelihood == ELBOW_BERNOULLI && o->schedule_target <= 0)
        elb_remark(t->err, "a distortion of %g nats is out of reach: a Bernoulli's is above 0: raise target",
                   o->schedule_target);
}

/* A target that a pass over the data shows to be out of reach, by the linear theory: of the distortion, what no latent
 * at all reaches; of the rate, more than the weight's lower end lets through. */
static elbow_status warn_of_target(const elb_trainer *t)
{
    const elbow_train_options *o = &t->options;
    elbow_recipe recipe = t->model->recipe;
    elb_prediction prediction;
    if (o->free_bits > 0) {
        const uint32_t groups = (recipe.latent - 1) / o->free_bits_group + 1;
        TRY(elb_predict(&prediction, t->err, t->data, &recipe));
        if (o->free_bits * groups > 2 * prediction.rate + 1)
            elb_remark(t->err,
                       "free bits of %.4g nats in %u groups let %.4g nats through, and about %.4g are foreseen without "
                       "them: the KL term will hardly act: lower --free-bits",
                       o->free_bits, groups, o->free_bits * groups, prediction.rate);
    }
    if (o->schedule == ELBOW_SCHEDULE_CAPACITY || o->schedule == ELBOW_SCHEDULE_LEAST_RATE) {
        TRY(elb_predict(&prediction, t->err, t->data, &recipe));
        if (prediction.rate > o->schedule_target)
            elb_remark(t->err,
                       "about %.4g nats are foreseen at beta %.4g, more than the %.4g aimed at, and the weight is how "
                       "steeply K is pulled there: give a larger one, such as --beta %.3g",
                       prediction.rate, elbow_explain(&recipe, t->model->pixels).beta, o->schedule_target,
                       10 * prediction.threshold + 10);
    }
    if (o->schedule == ELBOW_SCHEDULE_CONTROL) {
        recipe.weight = elbow_weight_for_beta(&recipe, t->model->pixels, 1e-3);
        TRY(elb_predict(&prediction, t->err, t->data, &recipe));
        if (o->schedule_target > 2 * prediction.rate)
            elb_remark(
                t->err,
                "a rate of %g nats is out of reach: about %.4g are foreseen even at beta 0.001: lower target, or "
                "take more latents",
                o->schedule_target, prediction.rate);
    }
    return ELBOW_OK;
}

static elbow_status check_schedule(const elb_trainer *t)
{
    TRY(check_schedule_numbers(t));
    warn_of_schedule(t);
    return warn_of_target(t);
}

static elbow_status check_data(const elb_trainer *t)
{
    const elbow_recipe *recipe = &t->model->recipe;
    const elbow_data_info *info = &t->data->info;
    TRY(elb_model_fits(t->model, t->data));
    if (!info->train) return elb_fail(t->err, ELBOW_BAD_DATA, "%s: no training images are left", info->name);
    const bool outside = info->minimum < 0 || info->maximum > 1;
    if (recipe->likelihood == ELBOW_GAUSSIAN && outside && elb_recipe_output(recipe) == ELBOW_OUTPUT_SIGMOID)
        elb_remark(t->err,
                   "%s: pixels lie in [%g, %g], which the sigmoid of the decoder cannot reach: --output linear can",
                   info->name, info->minimum, info->maximum);
    if (recipe->likelihood != ELBOW_BERNOULLI) return ELBOW_OK;
    if (outside)
        return elb_fail(
            t->err, ELBOW_BAD_DATA,
            "%s: pixels lie in [%g, %g], a Bernoulli likelihood needs 0..1: scale them, or use --likelihood "
            "gaussian",
            info->name, info->minimum, info->maximum);
    if (recipe->binarise == ELBOW_BINARISE_NONE && info->grey > SOME_GREY)
        elb_remark(
            t->err,
            "%.0f %% of the pixels are grey: BCE on them is no likelihood (it does not integrate to 1), so ELBOs do "
            "not compare across losses: --binarise dynamic makes it exact, --likelihood gaussian takes grey",
            100 * info->grey);
    return ELBOW_OK;
}

elbow_status elb_trainer_check(const elb_trainer *t)
{
    TRY(check_options(t));
    TRY(check_data(t));
    return check_schedule(t);
}
