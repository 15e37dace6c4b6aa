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
    return elb_trainer_check_course(t);
}
