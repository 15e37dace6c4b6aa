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

/* ---- whether the data are such as the likelihood is one of ---- */

static elbow_status refuse_outside(const elb_trainer *t)
{
    const elbow_data_info *info = &t->data->info;
    if (info->minimum >= 0 && info->maximum <= 1) return ELBOW_OK;
    return elb_fail(t->err, ELBOW_BAD_DATA,
                    "%s: pixels lie in [%g, %g], a %s likelihood needs 0..1: scale them, or use --likelihood gaussian",
                    info->name, info->minimum, info->maximum, elb_density_of(&t->model->recipe)->title);
}

static elbow_status refuse_reals(const elb_trainer *t)
{
    const elbow_data_info *info = &t->data->info;
    if (!info->bytes)
        return elb_fail(t->err, ELBOW_BAD_DATA,
                        "%s: real numbers, a discretised logistic likelihood is one of bytes: store 0..255 as unsigned "
                        "bytes, or use --likelihood gaussian",
                        info->name);
    if (t->model->recipe.binarise == ELBOW_BINARISE_NONE) return ELBOW_OK;
    return elb_fail(t->err, ELBOW_USAGE,
                    "a discretised logistic likelihood is one of 256 levels: --binarise leaves two: use --likelihood "
                    "bernoulli, or leave --binarise out");
}

/* Above 2^24 float32 has no longer every count. */
static const double MOST_COUNT = 16777216;

static elbow_status refuse_no_count(const elb_trainer *t, elbow_split split)
{
    const elb_part *part = elb_data_part(t->data, split);
    const elbow_data_info *info = &t->data->info;
    for (uint32_t i = 0; i < part->count; i++) {
        const float *datum = (const float *)part->images->pixels + (size_t)part->rows[i] * info->pixels;
        for (uint32_t j = 0; j < info->pixels; j++) {
            const double x = (double)datum[j];
            if (x >= 0 && x <= MOST_COUNT && x == floor(x)) continue;
            return elb_fail(t->err, ELBOW_BAD_DATA,
                            "%s: value %u of datum %u is %g, a %s likelihood is one of counts 0, 1, 2, ...: use "
                            "--likelihood gaussian",
                            info->name, j, part->rows[i], x, elb_density_of(&t->model->recipe)->title);
        }
    }
    return ELBOW_OK;
}

static elbow_status refuse_no_counts(const elb_trainer *t)
{
    const elbow_data_info *info = &t->data->info;
    const char *title = elb_density_of(&t->model->recipe)->title;
    if (info->bytes)
        return elb_fail(t->err, ELBOW_BAD_DATA,
                        "%s: bytes, which stand for 0..1, a %s likelihood is one of counts 0, 1, 2, ...: store them as "
                        "real numbers",
                        info->name, title);
    if (t->model->recipe.binarise != ELBOW_BINARISE_NONE)
        return elb_fail(t->err, ELBOW_USAGE, "a %s likelihood is one of counts: leave --binarise out", title);
    TRY(refuse_no_count(t, ELBOW_TRAIN));
    TRY(refuse_no_count(t, ELBOW_VALIDATION));
    return refuse_no_count(t, ELBOW_TEST);
}

static elbow_status check_accepted(const elb_trainer *t)
{
    switch (elb_density_of(&t->model->recipe)->accepts) {
    case ELB_0_TO_1:
        return refuse_outside(t);
    case ELB_8_BITS:
        return refuse_reals(t);
    case ELB_COUNTS:
        return refuse_no_counts(t);
    default:
        return ELBOW_OK;
    }
}

static elbow_status check_data(const elb_trainer *t)
{
    const elbow_recipe *recipe = &t->model->recipe;
    const elbow_data_info *info = &t->data->info;
    const bool outside = info->minimum < 0 || info->maximum > 1;
    TRY(elb_model_fits(t->model, t->data));
    if (!info->train) return elb_fail(t->err, ELBOW_BAD_DATA, "%s: no training images are left", info->name);
    TRY(check_accepted(t));
    if (outside && elb_density_of(recipe)->located && elb_recipe_output(recipe) == ELBOW_OUTPUT_SIGMOID)
        elb_remark(t->err,
                   "%s: pixels lie in [%g, %g], which the sigmoid of the decoder cannot reach: --output linear can",
                   info->name, info->minimum, info->maximum);
    const bool kept = recipe->binarise == ELBOW_BINARISE_NONE;
    if (recipe->likelihood == ELBOW_BERNOULLI && kept && info->grey > SOME_GREY)
        elb_remark(
            t->err,
            "%.0f %% of the pixels are grey: BCE on them is no likelihood (it does not integrate to 1), so ELBOs do "
            "not compare across losses: --likelihood continuous-bernoulli is the likelihood it lacks, --binarise "
            "dynamic makes it exact, gaussian and logistic take grey too",
            100 * info->grey);
    if (recipe->likelihood == ELBOW_CONTINUOUS_BERNOULLI && (!kept || info->grey <= SOME_GREY))
        elb_remark(
            t->err,
            "%s: the pixels are nearly all 0 or 1: a continuous Bernoulli is a density of grey ones, and its ELBO "
            "can grow without end on these: --likelihood bernoulli is the likelihood of 0 and 1",
            info->name);
    return ELBOW_OK;
}

elbow_status elb_trainer_check(const elb_trainer *t)
{
    TRY(check_options(t));
    TRY(check_data(t));
    return elb_trainer_check_course(t);
}
