/* compare.c - the same work on several devices, in turns. */
#include "train/compare.h"

#include "device/discover.h"
#include "nn/likelihood.h"
#include "train/trainer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* Steps of a turn: enough that waiting for the last does not count, few enough that the devices' turns lie close. */
enum { TURN = 5, WARM_UP = 3, PROFILED = 10 };

/* Made-up images: some dozens of batches. */
enum { IMAGES = 4096 };

typedef struct comparing {
    elbow_comparison *out;
    elb_error *err;
    elb_work work;
    const elbow_compare_options *options;
    elb_lane *lanes;            /* one for each device, and one more for native if it is not among them */
    uint32_t count;             /* of those compared */
    uint32_t native;            /* the lane whose digest the others' must be */
    elbow_device_result hidden; /* of that one more */
    uint32_t turns;
    double done, whole; /* of the work, in steps of all lanes */
} comparing;

elbow_compare_options elbow_compare_default(void)
{
    return (elbow_compare_options){
        .devices = "all", .recipe = elbow_recipe_default(), .train = elbow_train_default(), .steps = 200, .cold = true};
}

/* ---- who takes part ---- */

/* The next id of a list with commas into id; where the list goes on, or NULL at its end. */
static const char *next_id(char id[64], const char *list)
{
    const size_t length = strcspn(list, ",");
    elb_format(id, 64, "%.*s", (int)length, list);
    return list[length] ? list + length + 1 : NULL;
}

static uint32_t count_ids(const char *list)
{
    uint32_t count = 1;
    for (; *list; list++) count += *list == ',';
    return count;
}

static elbow_status add_named(elbow_comparison *out, elb_error *err, const elbow_device_info *infos, size_t count,
                              const char *list)
{
    char id[64];
    TRY(elb_new(err, &out->devices, count_ids(list), sizeof *out->devices, "the devices' results"));
    while (list) {
        list = next_id(id, list);
        elbow_device_result *r = &out->devices[out->count];
        for (size_t i = 0; i < out->count; i++)
            if (strcmp(out->devices[i].device.id, id) == 0)
                return elb_fail(err, ELBOW_USAGE, "device %s is named twice: name each once", id);
        if (strncmp(id, "native:", 7) == 0) r->device = (elbow_device_info){.usable = true}; /* is not listed */
        elb_format(r->device.id, sizeof r->device.id, "%s", id);
        bool known = r->device.usable;
        for (size_t i = 0; i < count; i++)
            if (strcmp(infos[i].id, id) == 0) r->device = infos[i], known = true;
        if (!known)
            return elb_fail(err, ELBOW_NOT_FOUND, "there is no device \"%s\": `elbow devices` lists those there are",
                            id);
        out->count++;
    }
    return ELBOW_OK;
}

static elbow_status add_all(elbow_comparison *out, elb_error *err, const elbow_device_info *infos, size_t count)
{
    TRY(elb_new(err, &out->devices, count, sizeof *out->devices, "the devices' results"));
    for (size_t i = 0; i < count; i++) out->devices[out->count++].device = infos[i];
    return ELBOW_OK;
}

static elbow_status choose_devices(comparing *c)
{
    elbow_device_info *infos;
    size_t count;
    TRY(elb_discover(c->err, &infos, &count));
    c->out->all = strcmp(c->options->devices, "all") == 0;
    const elbow_status status = c->out->all ? add_all(c->out, c->err, infos, count)
                                            : add_named(c->out, c->err, infos, count, c->options->devices);
    free(infos);
    TRY(status);
    c->count = c->native = (uint32_t)c->out->count;
    for (uint32_t i = 0; i < c->count; i++) {
        elbow_device_result *r = &c->out->devices[i];
        if (strcmp(r->device.id, "native") == 0) c->native = i;
        if (!r->device.usable) elb_format(r->reason, sizeof r->reason, "%s", r->device.reason);
    }
    return ELBOW_OK;
}

/* ---- progress ---- */

static elbow_status did(comparing *c, double steps, const char *who, const char *what)
{
    char doing[128];
    c->done += steps;
    if (!c->options->progress) return ELBOW_OK;
    elb_format(doing, sizeof doing, "%s: %s", who, what);
    const double share = c->whole > 0 && c->done < c->whole ? c->done / c->whole : 1;
    if (c->options->progress(c->options->user, doing, share)) return elb_fail(c->err, ELBOW_STOPPED, "stopped");
    return ELBOW_OK;
}

/* ---- the lanes ---- */

static bool is_in(const elb_lane *lane)
{
    return lane->context && !lane->result->reason[0];
}

/* What went wrong on a device is its result: the others go on. */
static void drop(elb_lane *lane)
{
    elb_format(lane->result->reason, sizeof lane->result->reason, "%.500s", elbow_message(lane->context));
    elb_lane_close(lane);
}

/* Opens the lane for good: the first opening may have to build programs, the second finds them. Before both, if that is
 * wanted, once with nothing from any cache. */
static elbow_status open_lane(comparing *c, elb_lane *lane)
{
    const char *id = lane->result->device.id;
    const bool builds = strncmp(id, "native", 6) != 0;
    lane->result->cold_s = NAN;
    if (c->options->cold || !builds) {
        TRY(did(c, 0, id, builds ? "building every program anew" : "opening"));
        TRY(elb_lane_open(lane, &lane->result->cold_s, &c->work, c->err, id, builds));
        elb_lane_close(lane);
    }
    TRY(did(c, 0, id, "opening"));
    for (int time = 0; time < 2; time++) {
        elb_lane_close(lane);
        TRY(elb_lane_open(lane, &lane->result->cached_s, &c->work, c->err, id, false));
    }
    lane->result->device = lane->context->dev->info;
    return elb_new(&lane->context->err, &lane->ms, c->turns, sizeof *lane->ms, "the times of steps");
}

/* A lane's failure is that of its context; one of the comparison itself, such as STOPPED, is passed on. */
static elbow_status judge(comparing *c, elb_lane *lane, elbow_status status)
{
    if (status == ELBOW_OK || c->err->status != ELBOW_OK) return status;
    if (!lane->context) return elb_fail(c->err, status, "no memory for a context");
    drop(lane);
    return ELBOW_OK;
}

static elbow_status open_lanes(comparing *c)
{
    for (uint32_t i = 0; i < c->count; i++) {
        elb_lane *lane = &c->lanes[i];
        if (lane->result->reason[0]) continue;
        TRY(judge(c, lane, open_lane(c, lane)));
    }
    return ELBOW_OK;
}

/* A turn: one step that is not timed, since another device has just used the caches, then the timed ones. */
static elbow_status take_turn(comparing *c, elb_lane *lane)
{
    double untimed;
    TRY(elb_lane_run(lane, &untimed, &c->work, 1));
    TRY(elb_lane_run(lane, &lane->ms[lane->turns], &c->work, c->out->turn));
    lane->turns++;
    return did(c, 1 + c->out->turn, lane->result->device.id, "training");
}

/* Each round begins with another device. */
static elbow_status run_turns(comparing *c)
{
    double untimed;
    for (uint32_t i = 0; i < c->count; i++)
        if (is_in(&c->lanes[i])) TRY(judge(c, &c->lanes[i], elb_lane_run(&c->lanes[i], &untimed, &c->work, WARM_UP)));
    for (uint32_t turn = 0; turn < c->turns; turn++)
        for (uint32_t i = 0; i < c->count; i++) {
            elb_lane *lane = &c->lanes[(turn + i) % c->count];
            if (is_in(lane)) TRY(judge(c, lane, take_turn(c, lane)));
        }
    return ELBOW_OK;
}

/* ---- results ---- */

double elb_quantile(const double *sorted, uint32_t count, double share)
{
    const double at = share * (count - 1);
    const uint32_t low = (uint32_t)at, high = low + 1 < count ? low + 1 : low;
    return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}

static elbow_status summarise(comparing *c, elb_lane *lane)
{
    elbow_device_result *r = lane->result;
    elb_sort(lane->ms, lane->turns);
    r->median_ms = elb_quantile(lane->ms, lane->turns, 0.5);
    r->p10_ms = elb_quantile(lane->ms, lane->turns, 0.1);
    r->p90_ms = elb_quantile(lane->ms, lane->turns, 0.9);
    r->images_per_s = 1e3 * c->out->train.batch / r->median_ms;
    TRY(did(c, PROFILED, r->device.id, "timing its kernels"));
    TRY(elb_lane_profile(lane, &c->work, PROFILED));
    return elbow_model_digest(lane->model, r->digest);
}

/* What all lanes have done by the end. */
static uint32_t all_steps(const comparing *c)
{
    return 1 + WARM_UP + c->turns * (1 + c->out->turn) + PROFILED;
}

/* Native is the reference, whether or not it is compared. */
static elbow_status run_reference(comparing *c)
{
    elb_lane *native = &c->lanes[c->native];
    double ignored;
    if (c->native < c->count && !is_in(native))
        return elb_fail(c->err, ELBOW_DEVICE, "native, which the others are compared with, fails: %s",
                        native->result->reason);
    if (c->native == c->count) {
        TRY(did(c, 0, "native", "the same steps, for its bits"));
        TRY(elb_lane_open(native, &ignored, &c->work, c->err, "native", false));
        TRY(elb_lane_run(native, &ignored, &c->work, all_steps(c) - 1));
        TRY(elbow_model_digest(native->model, native->result->digest));
    }
    memcpy(c->out->digest, native->result->digest, sizeof c->out->digest);
    return ELBOW_OK;
}

static elbow_status compare_bits(comparing *c)
{
    const elbow_status status = run_reference(c);
    if (status != ELBOW_OK)
        return c->err->status != ELBOW_OK ? status
                                          : elb_fail(c->err, status, "%s", elbow_message(c->lanes[c->native].context));
    for (uint32_t i = 0; i < c->count; i++) {
        elb_lane *lane = &c->lanes[i];
        if (!is_in(lane)) continue;
        lane->result->same_bits = strcmp(lane->result->digest, c->out->digest) == 0;
        if (lane->result->same_bits) continue;
        TRY(did(c, 0, lane->result->device.id, "other bits: looking for where they begin"));
        TRY(judge(c, lane, elb_lanes_differ(lane, &c->lanes[c->native], &c->work)));
    }
    return ELBOW_OK;
}

static void describe_work(comparing *c)
{
    elbow_comparison *out = c->out;
    const elbow_data_info *info = &c->work.data->info;
    struct utsname host;
    out->recipe = c->work.recipe;
    out->train = c->work.train;
    if (out->train.batch > info->train) out->train.batch = info->train;
    if (!out->train.shards) out->train.shards = elb_auto_shards(c->work.train.batch);
    if (c->options->command) elb_format(out->command, sizeof out->command, "%s", c->options->command);
    out->turn = c->options->steps < TURN ? c->options->steps : TURN;
    c->turns = (c->options->steps - 1) / out->turn + 1;
    out->steps = c->turns * out->turn;
    memcpy(out->data, info->name, sizeof out->data);
    memcpy(out->sha256, info->sha256, sizeof out->sha256);
    out->height = info->height, out->width = info->width, out->channels = info->channels;
    out->images = info->train;
    elb_format(out->version, sizeof out->version, "%s", elbow_version());
    if (uname(&host) == 0)
        elb_format(out->host, sizeof out->host, "%s %s %s", host.sysname, host.release, host.machine);
}

static elbow_status check_options(elb_error *err, const elbow_compare_options *o)
{
    if (!o->devices || !o->devices[0]) return elb_fail(err, ELBOW_USAGE, "no devices are named to compare");
    if (o->steps == 0) return elb_fail(err, ELBOW_USAGE, "steps must be at least 1, not 0");
    return ELBOW_OK;
}

/* What training refuses. What it remarks on beside that is of the model that would come of it, and is not said. */
static elbow_status check_work(comparing *c, elbow_context *context)
{
    elb_error unheard = {0};
    elb_trainer t = {.err = &unheard, .data = c->work.data, .options = c->work.train};
    TRY(elbow_model_new(&t.model, context, &c->work.recipe, c->work.data));
    const elbow_status status = elb_trainer_check(&t);
    elbow_model_free(t.model);
    return status == ELBOW_OK ? status : elb_fail(c->err, status, "%s", unheard.text);
}

static elbow_status run(comparing *c, elbow_context *context)
{
    TRY(check_work(c, context));
    TRY(choose_devices(c));
    TRY(elb_new(c->err, &c->lanes, c->count + 1, sizeof *c->lanes, "the devices"));
    for (uint32_t i = 0; i < c->count; i++) c->lanes[i].result = &c->out->devices[i];
    c->lanes[c->count].result = &c->hidden;
    describe_work(c);
    c->whole = (double)c->count * (c->turns * (1 + c->out->turn) + PROFILED);
    TRY(open_lanes(c));
    TRY(run_turns(c));
    for (uint32_t i = 0; i < c->count; i++)
        if (is_in(&c->lanes[i])) TRY(judge(c, &c->lanes[i], summarise(c, &c->lanes[i])));
    TRY(compare_bits(c));
    return elb_comparison_write(c->out, c->err);
}

static void close_comparing(comparing *c)
{
    for (uint32_t i = 0; c->lanes && i <= c->count; i++) elb_lane_close(&c->lanes[i]);
    free(c->lanes);
    free(c->hidden.kernels);
}

elbow_status elbow_compare(elbow_comparison **comparison, elbow_context *context, const elbow_data *data,
                           const elbow_compare_options *options)
{
    comparing c = {.err = elb_begin(context), .options = options};
    elbow_data *made_up = NULL;
    *comparison = NULL;
    TRY(check_options(c.err, options));
    const bool counts = elb_density_of(&options->recipe)->accepts == ELB_COUNTS;
    if (!data) TRY(elb_data_made_up(&made_up, c.err, ELBOW_MADE_UP_SIDE, ELBOW_MADE_UP_SIDE, IMAGES, counts));
    c.work = (elb_work){.recipe = options->recipe, .train = options->train, .data = data ? data : made_up};
    c.work.train.maths = ELBOW_EXACT;
    c.work.train.out = NULL;
    c.work.train.resume = false;
    c.work.train.progress = NULL;
    elbow_status status = elb_new(c.err, &c.out, 1, sizeof *c.out, "a comparison");
    if (status == ELBOW_OK) status = run(&c, context);
    close_comparing(&c);
    elb_data_free(made_up);
    if (status == ELBOW_OK)
        *comparison = c.out;
    else
        elbow_comparison_free(c.out);
    return status;
}

void elbow_comparison_free(elbow_comparison *comparison)
{
    if (!comparison) return;
    for (size_t i = 0; i < comparison->count; i++) free(comparison->devices[i].kernels);
    free(comparison->devices);
    free((void *)(uintptr_t)comparison->json);
    free(comparison);
}
