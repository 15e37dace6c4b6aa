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
    if (!(o->rate_growth >= 1))
        return elb_fail(t->err, ELBOW_USAGE, "steps of the learning rate cannot shrink: growth %g must be at least 1",
                        o->rate_growth);
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

/* What the importance-weighted bound cannot be combined with, and what it then is not. */
static elbow_status check_iwae(const elb_trainer *t)
{
    const elbow_recipe *recipe = &t->model->recipe;
    const elbow_train_options *o = &t->options;
    if (recipe->objective != ELBOW_OBJECTIVE_IWAE) return ELBOW_OK;
    if (recipe->samples < 1 || recipe->samples > ELBOW_MAX_SAMPLES)
        return elb_fail(t->err, ELBOW_USAGE, "iwae takes 1 to %d samples, not %u", ELBOW_MAX_SAMPLES, recipe->samples);
    if ((uint64_t)recipe->samples * o->batch > UINT32_MAX || (uint64_t)recipe->samples * o->epochs > UINT32_MAX / 2)
        return elb_fail(t->err, ELBOW_USAGE,
                        "%u samples are too many for batches of %u and %u epochs: their draws cannot be numbered",
                        recipe->samples, o->batch, o->epochs);
    if (recipe->spread == ELBOW_SPREAD_OPTIMAL)
        return elb_fail(t->err, ELBOW_USAGE,
                        "iwae and the optimal sigma: that sigma has a closed form for the ELBO only: let sigma be "
                        "learned, or fix it");
    if (elb_rule_of(o) != ELB_NO_RULE)
        return elb_fail(t->err, ELBOW_USAGE,
                        "iwae has no KL term of its own that free bits, capacity or a target could weigh: leave them "
                        "out, or train the ELBO");
    const double beta = elbow_explain(recipe, t->model->pixels).beta;
    if (fabs(beta - 1) > 1e-6)
        elb_remark(t->err,
                   "iwae at beta %.4g: only at beta 1 is the objective a bound on log p(x); here it is that of the "
                   "weights (p(x|z) (p(z) / q(z|x))^beta)",
                   beta);
    return ELBOW_OK;
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
    TRY(check_iwae(t));
    TRY(check_data(t));
    return elb_trainer_check_course(t);
}
