#include "train/trainer.h"

#include "base/file.h"
#include "train/schedule.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Seconds between two looks at how far the device has come. */
static const double POLL_EVERY = 0.1;

static uint32_t rows_of(const elb_trainer *t, uint32_t batch)
{
    const uint32_t count = t->stepper.count, first = batch * t->options.batch;
    return count - first < t->options.batch ? count - first : t->options.batch;
}

static elb_step step_of(const elb_trainer *t, uint64_t number)
{
    const uint32_t batch = (uint32_t)(number % t->batches);
    elb_step step = elb_step_of(&t->options, &t->model->recipe, number, t->batches, elb_feed_constant(t->feed));
    step.first = batch * t->options.batch;
    step.rows = rows_of(t, batch);
    return step;
}

/* Adds to the epoch's sums the losses of data up to `end` of its order that have not been added yet. */
static elbow_status add_losses(elb_trainer *t, uint32_t end)
{
    const uint32_t first = t->state.n, count = end - first;
    double *const sums[ELB_LOSSES] = {&t->state.distortion, &t->state.rate, &t->state.bound};
    for (uint32_t which = 0; which < elb_losses_of(&t->model->recipe) && count; which++) {
        TRY(elb_read_reals(t->losses, elb_stepper_losses(&t->stepper, which, first, count)));
        for (uint32_t i = 0; i < count; i++) *sums[which] += (double)t->losses[i];
    }
    t->state.n = end;
    return ELBOW_OK;
}

/* What to change after a step that was refused. No update lies before the first: what is too large there is what goes
 * in, not what was learnt. */
static elbow_status cure(const elb_trainer *t, uint64_t number)
{
    const elbow_recipe *recipe = &t->model->recipe;
    const elbow_data_info *info = &t->data->info;
    char sigma[48] = "";
    if (number) return elb_cure(t->err, "lower --lr, or set --clip 1; --nonfinite skip leaves such steps out");
    if (elbow_likelihood_has_scale(recipe->likelihood))
        elb_format(sigma, sizeof sigma, ", sigma is %.4g", sqrt(recipe->sigma2));
    return elb_cure(t->err,
                    "it is not --lr, as nothing was updated yet, but the scale: values lie in [%.4g, %.4g]%s, beta is "
                    "%.4g: bring the values to about 0..1%s and beta to about 1",
                    info->minimum, info->maximum, sigma, elbow_explain(recipe, t->model->pixels).beta,
                    sigma[0] ? ", sigma" : "");
}

/* The guard has refused a step: nothing after it has changed a parameter. Goes back to before it and says what it was.
 */
static elbow_status refuse(elb_trainer *t, uint64_t number)
{
    const elb_step step = step_of(t, number);
    char name[64];
    TRY(elb_stepper_diagnose(name, &t->stepper, t->feed, &step));
    TRY(add_losses(t, step.first));
    t->state.step = number;
    t->state.batch = (uint32_t)(number % t->batches);
    if (t->options.out) TRY(elb_trainer_save(t));
    (void)elb_fail(t->err, ELBOW_NOT_FINITE, "step %" PRIu64 " (epoch %u): %s is not finite%s", number + 1, step.epoch,
                   name[0] ? name : "the gradient", t->options.out ? "; the state before it is saved" : "");
    return cure(t, number);
}

/* The weight that a step had, as beta on the ELBO's scale. */
static elbow_status read_beta(elb_trainer *t, const elb_step *step)
{
    elbow_recipe recipe = t->model->recipe;
    float control[ELB_CONTROL];
    const elb_rule rule = elb_rule_of(&t->options);
    recipe.weight = step->weight;
    if (rule != ELB_NO_RULE) {
        TRY(elb_stepper_control(control, &t->stepper));
        /* What the kernel weighs with is on the sum over the latents. */
        recipe.weight = (double)control[ELB_CONTROL - 1] * (recipe.latents == ELBOW_MEAN ? recipe.latent : 1);
    }
    t->beta = elbow_explain(&recipe, t->model->pixels).beta;
    return ELBOW_OK;
}

elbow_status elb_trainer_poll(elb_trainer *t)
{
    const elb_step *last = &t->last;
    uint32_t bad[3];
    TRY(elb_stepper_bad(bad, &t->stepper));
    if (t->options.nonfinite == ELBOW_NONFINITE_STOP && bad[0]) {
        /* The word holds 32 bits of the step's number; the step lies in this epoch. */
        const uint64_t start = last->number - last->number % t->batches;
        return refuse(t, start + (uint32_t)(bad[2] - (uint32_t)start));
    }
    t->polled = elb_seconds();
    TRY(read_beta(t, last));
    TRY(add_losses(t, last->first + last->rows));
    if (bad[1]) TRY(elb_trainer_forget_bad(t));
    t->state.skipped += bad[1];
    return ELBOW_OK;
}

elbow_metrics elb_trainer_epoch(const elb_trainer *t)
{
    const double n = t->state.n ? t->state.n : 1;
    const double constant = elb_feed_constant(t->feed);
    elbow_metrics m = {.n = t->state.n, .latent = t->model->recipe.latent, .bound = (double)NAN};
    m.distortion = t->state.distortion / n + constant;
    m.rate = t->state.rate / n;
    m.elbo = -(m.distortion + m.rate);
    if (elb_losses_of(&t->model->recipe) > ELB_BOUND) m.bound = -(t->state.bound / n + constant);
    return m;
}

void elb_trainer_report(elb_trainer *t, bool epoch_ends, double rate)
{
    if (!t->options.progress) return;
    const double seconds = t->state.seconds + (elb_seconds() - t->started);
    const double speed = t->epoch_seconds > 0 ? t->epoch_images / t->epoch_seconds : 0;
    const double done = (double)t->state.step / (double)t->steps;
    const elbow_progress progress = {.epoch = t->state.epoch + !epoch_ends,
                                     .epochs = t->options.epochs,
                                     .step = t->state.step,
                                     .steps = t->steps,
                                     .epoch_ends = epoch_ends,
                                     .train = elb_trainer_epoch(t),
                                     .validation = t->validation,
                                     .test = t->test,
                                     .beta = t->beta,
                                     .learning_rate = rate,
                                     .images_per_second = speed,
                                     .seconds = seconds,
                                     .seconds_left = done > 0 ? seconds * (1 - done) / done : 0,
                                     .skipped = t->state.skipped};
    if (t->options.progress(t->options.user, &progress)) t->stop = true;
}

/* After a step, now and then: look, report, save. */
static elbow_status look(elb_trainer *t, const elb_step *step, double *since)
{
    TRY(elb_trainer_do(t, elb_trainer_poll));
    const double now = elb_seconds();
    t->epoch_seconds += now - *since;
    elb_trainer_report(t, false, step->rate);
    TRY(elb_trainer_meet(t, ELBOW_OK));
    const bool save = t->stop || (t->options.save_every > 0 && now - t->saved >= t->options.save_every);
    if (t->options.out && save) TRY(elb_trainer_do(t, elb_trainer_save));
    *since = elb_seconds();
    return ELBOW_OK;
}

static elbow_status train_epoch(elb_trainer *t)
{
    double since = elb_seconds();
    t->epoch_seconds = 0;
    t->epoch_images = 0;
    if (!t->team) TRY(elb_feed_start(t->feed, t->state.epoch + 1));
    while (t->state.batch < t->batches && !t->stop) {
        const elb_step step = step_of(t, t->state.step);
        const double wait =
            t->options.save_every > 0 && t->options.save_every < POLL_EVERY ? t->options.save_every : POLL_EVERY;
        elb_trainer_wish(t, elb_seconds() - t->polled >= wait);
        TRY(elb_trainer_step(t, &step));
        t->state.step++;
        t->state.batch++;
        t->epoch_images += step.rows;
        if (t->state.batch == t->batches || elb_trainer_looks(t)) TRY(look(t, &step, &since));
    }
    return ELBOW_OK;
}

static elbow_status measure_split(elb_trainer *t, elbow_metrics *metrics, elbow_split split)
{
    const uint32_t count = elb_data_part(t->data, split)->count;
    elb_feed *feed = t->measured[split == ELBOW_TEST];
    if (!count) return ELBOW_OK;
    return elb_measure(metrics, t->model, elb_flat(t->model, t->model->w), feed, count, false);
}

static elbow_status measure_splits(elb_trainer *t)
{
    TRY(measure_split(t, &t->validation, ELBOW_VALIDATION));
    return measure_split(t, &t->test, ELBOW_TEST);
}

static elbow_status read_best(elb_trainer *t)
{
    return elb_read_reals(t->host.best, elb_flat(t->model, t->model->w));
}

static elbow_status write_best(elb_trainer *t)
{
    return elb_write_reals(elb_flat(t->model, t->model->w), t->host.best);
}

/* Early stopping: keeps the parameters of the best validation ELBO, and ends the run when it has not improved. */
static elbow_status judge(elb_trainer *t)
{
    if (!t->options.patience) return ELBOW_OK;
    if (t->validation.elbo > t->state.best_elbo) {
        t->state.best_elbo = t->validation.elbo;
        t->state.best_epoch = t->state.epoch;
        return elb_trainer_do(t, read_best);
    }
    if (t->state.epoch - t->state.best_epoch >= t->options.patience) t->state.finished = true;
    return ELBOW_OK;
}

static elbow_status end_epoch(elb_trainer *t)
{
    const double rate = step_of(t, t->state.step - 1).rate;
    TRY(elb_trainer_do(t, measure_splits));
    t->state.epoch++;
    TRY(judge(t));
    elb_trainer_report(t, true, rate);
    TRY(elb_trainer_meet(t, ELBOW_OK));
    if (t->options.out) TRY(elb_trainer_log(t, rate));
    t->state.batch = t->state.n = 0;
    t->state.distortion = t->state.rate = t->state.bound = 0;
    return t->options.out ? elb_trainer_do(t, elb_trainer_save) : ELBOW_OK;
}

static elbow_status run_epochs(elb_trainer *t)
{
    if (t->state.step) { /* it goes on: an epoch that ends at once reports the weight that its last step had */
        const elb_step last = step_of(t, t->state.step - 1);
        TRY(read_beta(t, &last));
    }
    while (t->state.epoch < t->options.epochs && !t->state.finished && !t->stop) {
        TRY(train_epoch(t));
        if (t->state.batch == t->batches) TRY(end_epoch(t));
    }
    if (t->stop && t->state.epoch < t->options.epochs && !t->state.finished)
        return elb_fail(t->err, ELBOW_STOPPED, "stopped in epoch %u of %u%s", t->state.epoch + 1, t->options.epochs,
                        t->options.out ? "; the state is saved" : "");
    /* The model that early stopping keeps is the best, not the last. */
    return t->state.best_epoch ? elb_trainer_do(t, write_best) : ELBOW_OK;
}

/* ---- opening ---- */

static elbow_status new_vectors(elb_trainer *t)
{
    const size_t count = t->model->parameters;
    t->host.count = count;
    TRY(elb_new(t->err, &t->host.w, count, sizeof(float), "the parameters"));
    TRY(elb_new(t->err, &t->host.m, count, sizeof(float), "Adam's state"));
    TRY(elb_new(t->err, &t->host.v, count, sizeof(float), "Adam's state"));
    if (!t->options.patience) return ELBOW_OK;
    return elb_new(t->err, &t->host.best, count, sizeof(float), "the best parameters");
}

static elbow_status new_feeds(elb_trainer *t)
{
    TRY(elb_feed_new(&t->feed, t->dev, t->data, ELBOW_TRAIN, elb_model_max_rows(t->model->net), &t->model->recipe,
                     elb_feed_limit(t->dev)));
    return elb_trainer_open_measured(t);
}

static elbow_status open_trainer(elb_trainer *t)
{
    const uint32_t count = elb_data_part(t->data, ELBOW_TRAIN)->count;
    t->batches = (count - 1) / t->options.batch + 1;
    t->steps = (uint64_t)t->batches * t->options.epochs;
    t->state = (elb_state){.best_elbo = -HUGE_VAL};
    elb_run_fingerprints(t->fingerprints, &t->model->recipe, &t->options, t->data);
    memcpy(&t->recipe, t->fingerprints[0], sizeof t->recipe);
    const uint32_t draws = elb_recipe_draws(&t->model->recipe);
    TRY(elb_model_reserve(t->model, t->options.batch, t->options.batch * draws));
    TRY(new_vectors(t));
    TRY(new_feeds(t));
    TRY(elb_stepper_open(&t->stepper, t->model, &t->options, count));
    if (t->options.maths == ELBOW_FAST) TRY(elb_model_fast(t->model->net, t->options.batch, draws, NULL));
    TRY(elb_new(t->err, &t->losses, count, sizeof *t->losses, "an epoch's losses"));
    t->started = t->polled = t->saved = elb_seconds();
    return t->options.out ? elb_trainer_begin(t) : ELBOW_OK;
}

static void close_trainer(elb_trainer *t)
{
    elb_team_close(t->team);
    if (t->model->net) elb_model_exact(t->model->net);
    elb_feed_free(t->feed);
    elb_trainer_close_measured(t);
    elb_stepper_close(&t->stepper);
    free(t->host.w);
    free(t->host.m);
    free(t->host.v);
    free(t->host.best);
    free(t->losses);
    elb_folder_unlock(&t->lock);
}

elbow_status elbow_train(elbow_model *model, elbow_data *data, const elbow_train_options *options)
{
    elb_trainer t = {.err = elb_begin(model->context),
                     .dev = model->context->dev,
                     .model = model,
                     .data = data,
                     .options = *options,
                     .lock = -1};
    elbow_status status = elb_trainer_check(&t);
    if (model->context->world && elb_world_rank(model->context->world) > 0) t.options.out = NULL;
    model->context->parted = false;
    if (status == ELBOW_OK) status = open_trainer(&t);
    status = elb_trainer_meet(&t, status);
    if (status == ELBOW_OK) status = elb_trainer_take_from_first(&t);
    if (status == ELBOW_OK) status = elb_team_open(&t.team, model, &t.stepper, &t.feed, data, t.state.step, t.recipe);
    if (status == ELBOW_OK) {
        status = run_epochs(&t);
        elb_trainer_say_what_is_left(&t, status);
    }
    status = elb_trainer_meet(&t, status); /* a rank that has failed does not leave the others waiting */
    close_trainer(&t);
    return status;
}
