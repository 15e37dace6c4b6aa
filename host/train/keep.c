/* keep.c - the run folder of a run under way: run.json, metrics.jsonl, model.safetensors, state.safetensors. */
#include "base/file.h"
#include "io/json.h"
#include "train/trainer.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- metrics.jsonl ---- */

static void add_metrics(cJSON *to, const elbow_metrics *m)
{
    elb_json_add_uint(to, "n", m->n);
    elb_json_add_number(to, "elbo", m->elbo);
    elb_json_add_number(to, "distortion", m->distortion);
    elb_json_add_number(to, "rate", m->rate);
    elb_json_add_number(to, "sse", m->sse);
    elb_json_add_uint(to, "active_units", m->active_units);
    elb_json_add_uint(to, "clamped", m->clamped);
    if (isfinite(m->bits_per_dim)) elb_json_add_number(to, "bits_per_dim", m->bits_per_dim);
}

static cJSON *epoch_line(const elb_trainer *t, double rate)
{
    const elbow_metrics train = elb_trainer_epoch(t);
    cJSON *line = cJSON_CreateObject();
    elb_json_add_uint(line, "epoch", t->state.epoch);
    elb_json_add_uint(line, "step", t->state.step);
    elb_json_add_number(line, "elbo", train.elbo);
    elb_json_add_number(line, "distortion", train.distortion);
    elb_json_add_number(line, "rate", train.rate);
    if (!isnan(train.bound)) elb_json_add_number(line, "bound", train.bound);
    elb_json_add_number(line, "beta", t->beta);
    elb_json_add_number(line, "learning_rate", rate);
    elb_json_add_uint(line, "skipped", t->state.skipped);
    if (t->validation.n) add_metrics(elb_json_add_object(line, "validation"), &t->validation);
    add_metrics(elb_json_add_object(line, "test"), &t->test);
    elb_json_add_number(line, "seconds", t->state.seconds + (elb_seconds() - t->started));
    elb_json_add_number(line, "images_per_s", t->epoch_seconds > 0 ? t->epoch_images / t->epoch_seconds : 0);
    return line;
}

/* Cuts the file to `keep` bytes, then adds a text. */
static elbow_status rewrite(elb_error *err, const char *path, uint64_t keep, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0) return elb_fail(err, ELBOW_IO, "%s: cannot open: %s", path, strerror(errno));
    elbow_status status = ELBOW_OK;
    struct stat about;
    if (fstat(fd, &about) != 0 || (uint64_t)about.st_size < keep) {
        (void)elb_fail(err, ELBOW_BAD_FILE, "%s is shorter than the state says: it was changed", path);
        status = elb_state_damaged(err);
    } else if (ftruncate(fd, (off_t)keep) != 0 || lseek(fd, 0, SEEK_END) < 0)
        status = elb_fail(err, ELBOW_IO, "%s: cannot cut: %s", path, strerror(errno));
    if (status == ELBOW_OK && !(elb_write_all(fd, text, strlen(text)) && fsync(fd) == 0))
        status = elb_cannot_write(err, path, errno);
    if (close(fd) != 0 && status == ELBOW_OK) status = elb_fail(err, ELBOW_IO, "%s: %s", path, strerror(errno));
    return status;
}

elbow_status elb_trainer_log(elb_trainer *t, double rate)
{
    char path[ELB_PATH], *text = NULL, *line = NULL;
    TRY(elb_run_path(path, t->err, t->options.out, "metrics.jsonl"));
    cJSON *json = epoch_line(t, rate);
    elbow_status status = elb_json_print(&text, t->err, json, false);
    cJSON_Delete(json);
    if (status == ELBOW_OK) status = elb_new(t->err, &line, strlen(text) + 2, 1, "a line of metrics");
    if (status == ELBOW_OK) {
        sprintf(line, "%s\n", text);
        status = rewrite(t->err, path, t->state.metrics_bytes, line);
    }
    if (status == ELBOW_OK) t->state.metrics_bytes += strlen(line);
    free(text);
    free(line);
    return status;
}

/* ---- state and model ---- */

static elbow_status read_vectors(elb_trainer *t)
{
    TRY(elb_read_reals(t->host.w, elb_flat(t->model, t->model->w)));
    TRY(elb_read_reals(t->host.m, elb_flat(t->model, t->model->m)));
    return elb_read_reals(t->host.v, elb_flat(t->model, t->model->v));
}

static elbow_status read_control(elb_state *state, elb_trainer *t)
{
    float control[ELB_CONTROL];
    TRY(elb_stepper_control(control, &t->stepper));
    state->control = (double)control[0], state->control_average = (double)control[1];
    state->control_begun = (double)control[2], state->control_weight = (double)control[3];
    return ELBOW_OK;
}

static elbow_status write_control(elb_trainer *t)
{
    const elb_state *s = &t->state;
    const float control[ELB_CONTROL] = {(float)s->control, (float)s->control_average, (float)s->control_begun,
                                        (float)s->control_weight};
    return elb_stepper_set_control(&t->stepper, control);
}

elbow_status elb_trainer_read_state(elb_trainer *t, elb_state *state)
{
    TRY(read_vectors(t));
    return read_control(state, t);
}

static elbow_status write_model(elb_trainer *t)
{
    return elb_parameters_write(t->err, t->options.out, t->model, t->state.best_epoch ? t->host.best : t->host.w);
}

elbow_status elb_trainer_save(elb_trainer *t)
{
    elb_state state = t->state;
    elb_vectors vectors = t->host;
    if (!state.best_epoch) vectors.best = NULL;
    state.seconds += elb_seconds() - t->started;
    TRY(elb_trainer_read_state(t, &state));
    TRY(write_model(t));
    TRY(elb_state_write(t->err, t->options.out, &state, &vectors, t->fingerprints[0]));
    t->saved = elb_seconds();
    t->kept = state.step;
    t->keeps = true;
    return ELBOW_OK;
}

elbow_status elb_trainer_write_state(elb_trainer *t)
{
    TRY(elb_write_reals(elb_flat(t->model, t->model->w), t->host.w));
    TRY(elb_write_reals(elb_flat(t->model, t->model->m), t->host.m));
    TRY(elb_write_reals(elb_flat(t->model, t->model->v), t->host.v));
    return write_control(t);
}

/* Brings t and the folder back to the state: metrics of later epochs go, the model file is written anew. */
static elbow_status go_on(elb_trainer *t)
{
    char path[ELB_PATH];
    bool has_best;
    TRY(elb_state_read(&t->state, &t->host, &has_best, t->err, t->options.out, t->fingerprints));
    if (t->state.batch > t->batches || t->state.n > t->stepper.count) {
        (void)elb_fail(t->err, ELBOW_BAD_FILE, "%s: the state says batch %u of %u: it is damaged", t->options.out,
                       t->state.batch, t->batches);
        return elb_state_damaged(t->err);
    }
    t->kept = t->state.step;
    t->keeps = true;
    TRY(elb_trainer_write_state(t));
    TRY(elb_run_path(path, t->err, t->options.out, "metrics.jsonl"));
    TRY(rewrite(t->err, path, t->state.metrics_bytes, ""));
    return write_model(t);
}

/* Removes the state, so that nobody resumes the run that is overwritten. */
static elbow_status forget(const elb_trainer *t)
{
    char path[ELB_PATH];
    TRY(elb_run_path(path, t->err, t->options.out, "state.safetensors"));
    if (remove(path) == 0 || errno == ENOENT) return ELBOW_OK;
    return elb_fail(t->err, ELBOW_IO, "%s: cannot be removed: %s", path, strerror(errno));
}

elbow_status elb_trainer_begin(elb_trainer *t)
{
    char path[ELB_PATH];
    const char *out = t->options.out;
    TRY(elb_make_folders(t->err, out));
    TRY(elb_folder_lock(&t->lock, t->err, out)); /* another training into it would spoil both */
    const bool there = elb_run_has(out, "state.safetensors"), begun = there && !t->options.overwrite;
    if (there && !begun) TRY(forget(t));
    if (begun && !t->options.resume)
        return elb_fail(t->err, ELBOW_USAGE,
                        "%s holds a run already: --resume goes on with it, or choose another --out", out);
    if (t->options.resume && !begun) elb_remark(t->err, "%s: nothing to resume: starting from the beginning", out);
    if (begun) {
        TRY(go_on(t));
    } else {
        TRY(elb_run_path(path, t->err, out, "metrics.jsonl"));
        TRY(rewrite(t->err, path, 0, ""));
    }
    return elb_run_write(t->err, out, &t->model->recipe, &t->options, t->data, t->model->context);
}
