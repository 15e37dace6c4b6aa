#include "train/sweep.h"

#include "base/file.h"
#include "theory/advise.h"
#include "train/model_state.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the pictures that each run gets: few images, as a report shows all runs' pictures side by side. */
enum { SAMPLE_ROWS = 4, PAIRS = 2, COLUMNS = 8 };

/* The folder of the network that serves all rows, where there is one. */
#define NETWORK "network"

elbow_recipe elb_sweep_recipe(const elb_sweep *sweep, uint32_t row)
{
    elbow_recipe recipe = sweep->about.recipe;
    recipe.beta_low = recipe.beta_high = 0;
    recipe.weight = elbow_weight_for_beta(&recipe, sweep->data->info.pixels, sweep->options->betas[row]);
    return recipe;
}

elbow_status elb_sweep_path(char path[ELB_PATH], elb_error *err, const elb_sweep *sweep, uint32_t row, const char *name)
{
    char inner[64];
    elb_format(inner, sizeof inner, *name ? "%s/%s" : "%s", sweep->rows[row].run, name);
    return elb_run_path(path, err, sweep->options->out, inner);
}

/* Where a row's model lies: in the row's folder, or it is the network that serves all. */
static elbow_status model_folder(char path[ELB_PATH], elb_error *err, const elb_sweep *sweep, uint32_t row)
{
    if (sweep->options->once) return elb_run_path(path, err, sweep->options->out, NETWORK);
    return elb_sweep_path(path, err, sweep, row, "");
}

/* ---- what the caller hears: all under the lock ---- */

/* Each remark once. */
static void on_remark(void *user, const char *remark)
{
    elb_sweep *sweep = user;
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *c = remark; *c; c++) hash = (hash ^ (unsigned char)*c) * UINT64_C(1099511628211);
    pthread_mutex_lock(&sweep->lock);
    bool heard = false;
    for (size_t i = 0; i < sweep->heard_count; i++) heard |= sweep->heard[i] == hash;
    if (!heard && sweep->heard_count < COUNT(sweep->heard)) sweep->heard[sweep->heard_count++] = hash;
    if (!heard && sweep->listener) sweep->listener(sweep->listener_user, remark);
    pthread_mutex_unlock(&sweep->lock);
}

/* Seconds that the rest will take, at the speed of what this call has trained so far. */
static double seconds_left(const elb_sweep *sweep, double seconds)
{
    double trained = 0, left = 0;
    for (uint32_t i = 0; i < sweep->options->count; i++) {
        const elb_course *c = &sweep->course[i];
        if (c->begun) trained += c->now - c->first;
        if (!c->ready) left += 1 - c->now;
        if (!c->ready && sweep->options->once) break; /* the rows behind it need no training */
    }
    return trained > 0 ? seconds * left / trained : left > 0 ? (double)NAN : 0;
}

static void tell(elb_sweep *sweep, uint32_t row, const elbow_context *context, const elbow_progress *training,
                 bool kept)
{
    if (!sweep->options->progress) return;
    const double seconds = elb_seconds() - sweep->started;
    elbow_sweep_progress progress = {.run = row + 1,
                                     .runs = sweep->options->count,
                                     .beta = sweep->options->betas[row],
                                     .device = context->dev->info.id,
                                     .training = training,
                                     .row = training ? NULL : &sweep->rows[row],
                                     .kept = kept,
                                     .seconds = seconds,
                                     .seconds_left = seconds_left(sweep, seconds)};
    for (uint32_t i = 0; i < progress.runs; i++) progress.done += sweep->course[i].ready;
    if (sweep->options->progress(sweep->options->user, &progress)) sweep->stop = true;
}

static bool on_training(void *user, const elbow_progress *training)
{
    elb_worker *w = user;
    elb_sweep *sweep = w->sweep;
    elb_course *course = &sweep->course[w->row];
    pthread_mutex_lock(&sweep->lock);
    course->now = training->steps ? (double)training->step / (double)training->steps : 1;
    if (!course->begun && w->resumed) course->first = course->now;
    course->begun = true;
    tell(sweep, w->row, w->context, training, false);
    const bool stop = sweep->stop;
    pthread_mutex_unlock(&sweep->lock);
    return stop;
}

/* The first failure is the sweep's; the other runs stop then, and save. */
static void fail(elb_worker *w, elbow_status status)
{
    elb_sweep *sweep = w->sweep;
    const double beta = sweep->options->betas[w->row];
    pthread_mutex_lock(&sweep->lock);
    if (sweep->status == ELBOW_OK && status == ELBOW_STOPPED)
        elb_format(sweep->failure, sizeof sweep->failure,
                   "stopped in run %u of %u (beta %g); what is done is kept in %s", w->row + 1, sweep->options->count,
                   beta, sweep->options->out);
    else if (sweep->status == ELBOW_OK)
        elb_format(sweep->failure, sizeof sweep->failure, "beta %g on %s: %s", beta, w->context->dev->info.id,
                   w->context->err.text);
    if (sweep->status == ELBOW_OK) sweep->status = status;
    sweep->stop = true;
    pthread_mutex_unlock(&sweep->lock);
}

/* ---- one row ---- */

/* Trains a model in a folder, or brings it back from there and trains it on. */
static elbow_status train_in(elbow_model **model, elb_worker *w, const char *folder, const elbow_recipe *recipe)
{
    const elb_sweep *sweep = w->sweep;
    elbow_train_options options = sweep->about.train;
    options.out = folder;
    options.resume = w->resumed = elb_run_has(folder, "state.safetensors");
    options.progress = on_training;
    options.user = w;
    TRY(elbow_model_new(model, w->context, recipe, sweep->data));
    const elbow_status status = elbow_train(*model, sweep->data, &options);
    if (status == ELBOW_OK) return ELBOW_OK;
    elbow_model_free(*model);
    *model = NULL;
    return status;
}

/* The source of rows that are runs: a model for this beta alone. */
static elbow_status trained(elbow_model **model, elb_worker *w, uint32_t row)
{
    char folder[ELB_PATH];
    const elbow_recipe recipe = elb_sweep_recipe(w->sweep, row);
    TRY(model_folder(folder, &w->context->err, w->sweep, row));
    return train_in(model, w, folder, &recipe);
}

/* The source of rows that one network serves: it is trained for the first that asks, and set to each one's beta. */
static elbow_status conditioned(elbow_model **model, elb_worker *w, uint32_t row)
{
    const elb_sweep *sweep = w->sweep;
    char folder[ELB_PATH];
    TRY(model_folder(folder, &w->context->err, sweep, row));
    if (w->trained)
        TRY(elbow_model_load(model, w->context, folder));
    else
        TRY(train_in(model, w, folder, &sweep->about.recipe));
    w->trained = true;
    const elbow_status status = elbow_model_set_beta(*model, sweep->options->betas[row]);
    if (status == ELBOW_OK) return ELBOW_OK;
    elbow_model_free(*model);
    *model = NULL;
    return status;
}

static elbow_status draw(const elb_sweep *sweep, uint32_t row, elbow_model *model)
{
    elb_error *err = &model->context->err;
    char path[ELB_PATH];
    TRY(elb_sweep_path(path, err, sweep, row, ""));
    TRY(elb_make_folders(err, path));
    TRY(elb_sweep_path(path, err, sweep, row, "samples.png"));
    TRY(elbow_draw_samples(model, path, SAMPLE_ROWS, COLUMNS, sweep->about.recipe.seed));
    TRY(elb_sweep_path(path, err, sweep, row, "reconstructions.png"));
    TRY(elbow_draw_reconstructions(model, sweep->data, path, PAIRS, COLUMNS));
    if (sweep->options->once) return ELBOW_OK; /* its curves are not the row's */
    TRY(elb_sweep_path(path, err, sweep, row, ""));
    return elbow_draw_curves(model->context, path);
}

static elbow_status measure(elbow_sweep_row *out, const elb_sweep *sweep, uint32_t row, elbow_model *model)
{
    const elbow_recipe recipe = elb_sweep_recipe(sweep, row);
    TRY(elbow_evaluate(&out->test, model, sweep->data, ELBOW_TEST, false));
    TRY(elbow_model_digest(model, out->digest));
    if (elb_is_foreseeable(&recipe))
        TRY(elbow_foresee(&out->predicted, model->context, sweep->data, &recipe));
    else
        out->predicted = (elbow_forecast){.rate = NAN, .distortion = NAN, .collapse_beta = NAN};
    return draw(sweep, row, model);
}

/* A row is ready once sweep.json has it. */
static elbow_status commit(elb_worker *w, const elbow_sweep_row *row)
{
    elb_sweep *sweep = w->sweep;
    pthread_mutex_lock(&sweep->lock);
    sweep->rows[w->row] = *row;
    sweep->course[w->row].ready = true;
    sweep->course[w->row].now = 1;
    const elbow_status status = elb_sweep_write(&w->context->err, sweep);
    if (status == ELBOW_OK) tell(sweep, w->row, w->context, NULL, false);
    pthread_mutex_unlock(&sweep->lock);
    return status;
}

static elbow_status make_row(elb_worker *w)
{
    elbow_model *model = NULL;
    elbow_sweep_row row = w->sweep->rows[w->row];
    elbow_status status = w->sweep->source(&model, w, w->row);
    if (status == ELBOW_OK) status = measure(&row, w->sweep, w->row, model);
    if (status == ELBOW_OK) status = commit(w, &row);
    elbow_model_free(model);
    return status;
}

/* ---- all rows, on all devices ---- */

/* The next row that nobody has taken; false if there is none or all are to stop. */
static bool take(elb_worker *w)
{
    elb_sweep *sweep = w->sweep;
    pthread_mutex_lock(&sweep->lock);
    while (sweep->next < sweep->options->count && sweep->course[sweep->next].ready) sweep->next++;
    const bool taken = !sweep->stop && sweep->next < sweep->options->count;
    if (taken) w->row = sweep->next++;
    pthread_mutex_unlock(&sweep->lock);
    return taken;
}

static void *work(void *user)
{
    elb_worker *w = user;
    while (take(w)) {
        const elbow_status status = make_row(w);
        if (status != ELBOW_OK) fail(w, status);
    }
    return NULL;
}

static elbow_status open_workers(elb_worker *workers, elb_sweep *sweep)
{
    for (uint32_t i = 0; i <= sweep->options->device_count; i++) {
        elb_worker *w = &workers[i];
        *w = (elb_worker){.sweep = sweep, .context = i ? NULL : sweep->context};
        if (!i) continue;
        const elbow_status status = elbow_open(&w->context, sweep->options->devices[i - 1]);
        if (!w->context) return elb_fail(&sweep->context->err, ELBOW_MEMORY, "no memory for a context");
        elbow_listen(w->context, on_remark, sweep);
        if (status != ELBOW_OK) return elb_fail(&sweep->context->err, status, "%s", w->context->err.text);
    }
    return ELBOW_OK;
}

/* The caller's thread is the first worker. */
static void run_workers(elb_worker *workers, uint32_t count)
{
    uint32_t started = 1;
    while (started < count && pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0) started++;
    work(&workers[0]); /* and takes what a thread that could not be had would have taken */
    for (uint32_t i = 1; i < started; i++) pthread_join(workers[i].thread, NULL);
}

static elbow_status work_all(elb_sweep *sweep)
{
    elb_worker *workers;
    const uint32_t count = sweep->options->device_count + 1;
    TRY(elb_new(&sweep->context->err, &workers, count, sizeof *workers, "the devices' threads"));
    const elbow_status status = open_workers(workers, sweep);
    if (status == ELBOW_OK) run_workers(workers, count);
    for (uint32_t i = 1; i < count; i++) elbow_close(workers[i].context);
    free(workers);
    TRY(status);
    if (sweep->status != ELBOW_OK) return elb_fail(&sweep->context->err, sweep->status, "%s", sweep->failure);
    for (uint32_t i = 0; i < sweep->options->count; i++)
        if (!sweep->course[i].ready)
            return elb_fail(&sweep->context->err, ELBOW_STOPPED,
                            "stopped before run %u of %u; what is done is kept in %s", i + 1, sweep->options->count,
                            sweep->options->out);
    return ELBOW_OK;
}

/* ---- the folder ---- */

static elbow_status check(elb_error *err, const elbow_sweep_options *o)
{
    if (!o->out) return elb_fail(err, ELBOW_USAGE, "a sweep needs a folder to write");
    if (o->once && (o->count < 2 || !(o->betas[0] > 0)))
        return elb_fail(err, ELBOW_USAGE, "one network for all weights needs two betas or more, all above 0");
    if (o->once && o->device_count)
        return elb_fail(err, ELBOW_USAGE, "one network for all weights is trained on one device: name one");
    if (!o->count || o->count > ELBOW_MAX_BETAS)
        return elb_fail(err, ELBOW_USAGE, "%u betas: 1 to %d can be swept", o->count, ELBOW_MAX_BETAS);
    for (uint32_t i = 0; i < o->count; i++) {
        if (!(o->betas[i] >= 0) || !isfinite(o->betas[i]))
            return elb_fail(err, ELBOW_USAGE, "beta %g: a weight is a number, 0 or more", o->betas[i]);
        if (i && !(o->betas[i] > o->betas[i - 1]))
            return elb_fail(err, ELBOW_USAGE, "beta %g comes after %g: each must be above the one before", o->betas[i],
                            o->betas[i - 1]);
    }
    return ELBOW_OK;
}

/* Names the rows' folders and says what their weights are. */
static elbow_status lay_out(elb_sweep *sweep)
{
    const elbow_sweep_options *o = sweep->options;
    for (uint32_t i = 0; i < o->count; i++) {
        const elbow_recipe recipe = elb_sweep_recipe(sweep, i);
        elbow_sweep_row *row = &sweep->rows[i];
        *row = (elbow_sweep_row){.weight = elbow_explain(&recipe, sweep->data->info.pixels)};
        row->weight.beta = o->betas[i]; /* as it was given: there and back rounds */
        elb_format(row->run, sizeof row->run, "beta-%.6g", o->betas[i]);
        if (i && !strcmp(row->run, sweep->rows[i - 1].run))
            return elb_fail(&sweep->context->err, ELBOW_USAGE, "betas %.17g and %.17g are too near: both are %s",
                            o->betas[i - 1], o->betas[i], row->run);
    }
    return ELBOW_OK;
}

static elbow_status forget(elb_error *err, const char *path)
{
    if (remove(path) == 0 || errno == ENOENT || errno == ENOTDIR) return ELBOW_OK;
    return elb_fail(err, ELBOW_IO, "%s: cannot be removed: %s", path, strerror(errno));
}

/* Removes what makes a sweep go on. */
static elbow_status forget_all(elb_sweep *sweep)
{
    elb_error *err = &sweep->context->err;
    char path[ELB_PATH];
    TRY(elb_run_path(path, err, sweep->options->out, "sweep.json"));
    TRY(forget(err, path));
    for (uint32_t i = 0; i < sweep->options->count; i++) {
        TRY(elb_sweep_path(path, err, sweep, i, "state.safetensors"));
        TRY(forget(err, path));
    }
    TRY(elb_run_path(path, err, sweep->options->out, NETWORK "/state.safetensors"));
    TRY(forget(err, path));
    return ELBOW_OK;
}

/* Whether a row of sweep.json still has its model and its pictures. */
static bool is_whole(const elb_sweep *sweep, uint32_t row)
{
    char drawn[ELB_PATH], folder[ELB_PATH], digest[65] = "";
    elb_error *err = &sweep->context->err;
    elbow_model *model = NULL;
    if (elb_sweep_path(drawn, err, sweep, row, "") != ELBOW_OK || !elb_run_has(drawn, "samples.png") ||
        !elb_run_has(drawn, "reconstructions.png"))
        return false;
    const bool loaded = model_folder(folder, err, sweep, row) == ELBOW_OK &&
                        elbow_model_load(&model, sweep->context, folder) == ELBOW_OK &&
                        elbow_model_digest(model, digest) == ELBOW_OK;
    elbow_model_free(model);
    return loaded && !strcmp(digest, sweep->rows[row].digest);
}

/* Takes over what an earlier call has done. */
static elbow_status take_over(elb_sweep *sweep)
{
    bool found[ELBOW_MAX_BETAS] = {false};
    elb_error *err = &sweep->context->err;
    TRY(elb_make_folders(err, sweep->options->out));
    if (sweep->options->overwrite) TRY(forget_all(sweep));
    TRY(elb_sweep_read(sweep, found, err));
    for (uint32_t i = 0; i < sweep->options->count; i++)
        if (found[i] && is_whole(sweep, i)) {
            sweep->course[i].ready = true;
            sweep->course[i].now = 1;
        }
    TRY(elb_sweep_write(err, sweep));
    for (uint32_t i = 0; i < sweep->options->count; i++)
        if (sweep->course[i].ready) tell(sweep, i, sweep->context, NULL, true);
    return ELBOW_OK;
}

static elbow_run about(const elbow_recipe *recipe, const elbow_train_options *train, const elbow_data *data,
                       const elbow_sweep_options *options)
{
    elbow_run run = {.recipe = *recipe,
                     .train = *train,
                     .limit = data->limit,
                     .validation_share = data->held_out[ELBOW_VALIDATION],
                     .test_share = data->held_out[ELBOW_TEST]};
    elb_format(run.source, sizeof run.source, "%s", data->origin);
    elb_format(run.data_sha256, sizeof run.data_sha256, "%s", data->info.sha256);
    run.recipe.weight = elbow_weight_for_beta(recipe, data->info.pixels, 1);
    run.recipe.beta_low = options->once ? options->betas[0] : 0;
    run.recipe.beta_high = options->once ? options->betas[options->count - 1] : 0;
    return run;
}

static elbow_status sweep_all(elb_sweep *sweep)
{
    TRY(lay_out(sweep));
    TRY(take_over(sweep));
    sweep->started = elb_seconds();
    TRY(work_all(sweep));
    return elb_sweep_report(&sweep->context->err, sweep);
}

elbow_status elbow_sweep(elbow_sweep_row *rows, elbow_context *context, elbow_data *data, const elbow_recipe *recipe,
                         const elbow_train_options *train, const elbow_sweep_options *options)
{
    elb_error *err = elb_begin(context);
    TRY(check(err, options));
    elb_sweep sweep = {.context = context,
                       .data = data,
                       .about = about(recipe, train, data, options),
                       .options = options,
                       .source = options->once ? conditioned : trained,
                       .listener = err->listener,
                       .listener_user = err->user,
                       .started = elb_seconds(),
                       .lock = PTHREAD_MUTEX_INITIALIZER,
                       .rows = rows};
    elbow_listen(context, on_remark, &sweep);
    const elbow_status status = sweep_all(&sweep);
    elbow_listen(context, sweep.listener, sweep.listener_user);
    if (status == ELBOW_OK) elb_begin(context); /* what was tried on the way and did not work is no message */
    pthread_mutex_destroy(&sweep.lock);
    return status;
}
