/* compare_lane.c - one device of a comparison: opening, steps, where their time goes. */
#include "train/compare.h"

#include "device/program.h"
#include "math/cost.h"
#include "math/peaks.h"
#include "math/selftest.h"

#include <stdlib.h>
#include <string.h>

static uint32_t images_of(const elb_work *work)
{
    return elb_data_part(work->data, ELBOW_TRAIN)->count;
}

/* A batch, or all images if they are fewer. */
static uint32_t rows_of(const elb_work *work)
{
    const uint32_t images = images_of(work);
    return images < work->train.batch ? images : work->train.batch;
}

static elbow_status do_step(elb_lane *lane, const elb_work *work)
{
    const uint32_t rows = rows_of(work), batches = images_of(work) / rows;
    const uint64_t whole = (uint64_t)batches * work->train.epochs;
    elb_step step = elb_step_of(&work->train, &work->recipe, lane->number % whole, batches,
                                elb_feed_constant(lane->feed)); /* after a whole run its schedules begin again */
    step.number = lane->number++;
    step.epoch = 1; /* in whose order the feed is */
    step.first = (uint32_t)(step.number % batches) * rows;
    step.rows = rows;
    return elb_stepper_run(&lane->stepper, lane->feed, &step);
}

/* ---- opening ---- */

static void close_model(elb_lane *lane)
{
    elb_feed_free(lane->feed);
    elb_stepper_close(&lane->stepper);
    elbow_model_free(lane->model);
    lane->feed = NULL;
    lane->stepper = (elb_stepper){.model = NULL};
    lane->model = NULL;
}

static elbow_status open_model(elb_lane *lane, const elb_work *work)
{
    elb_device *dev = lane->context->dev;
    const uint32_t rows = rows_of(work);
    lane->number = 0;
    TRY(elbow_model_new(&lane->model, lane->context, &work->recipe, work->data));
    TRY(elb_model_reserve(lane->model, rows, rows * elb_recipe_draws(&work->recipe)));
    TRY(elb_feed_new(&lane->feed, dev, work->data, ELBOW_TRAIN, rows, &work->recipe, elb_feed_limit(dev)));
    TRY(elb_stepper_open(&lane->stepper, lane->model, &work->train, images_of(work)));
    return elb_feed_start(lane->feed, 1);
}

elbow_status elb_lane_open(elb_lane *lane, double *seconds, const elb_work *work, elb_error *listener, const char *id,
                           bool rebuild)
{
    const double start = elb_seconds();
    TRY(elbow_open(&lane->context, id));
    elbow_listen(lane->context, listener->listener, listener->user);
    lane->context->dev->verify = NULL;
    lane->context->dev->rebuild = rebuild;
    TRY(open_model(lane, work));
    TRY(do_step(lane, work));
    TRY(elb_finish(lane->context->dev));
    *seconds = elb_seconds() - start;
    return ELBOW_OK;
}

elbow_status elb_lane_restart(elb_lane *lane, const elb_work *work)
{
    close_model(lane);
    return open_model(lane, work);
}

void elb_lane_close(elb_lane *lane)
{
    close_model(lane);
    elbow_close(lane->context);
    lane->context = NULL;
    free(lane->ms);
    lane->ms = NULL;
}

/* ---- steps ---- */

elbow_status elb_lane_run(elb_lane *lane, double *ms, const elb_work *work, uint32_t steps)
{
    const double start = elb_seconds();
    for (uint32_t i = 0; i < steps; i++) TRY(do_step(lane, work));
    TRY(elb_finish(lane->context->dev));
    *ms = 1e3 * (elb_seconds() - start) / steps;
    return ELBOW_OK;
}

/* ---- where the time goes ---- */

static int dearest_first(const void *a, const void *b)
{
    const double x = ((const elbow_kernel_time *)a)->ms, y = ((const elbow_kernel_time *)b)->ms;
    return (x < y) - (x > y);
}

static void describe_build(char *out, size_t size, elb_device *dev, const elb_profile_entry *entry)
{
    char options[ELB_BUILD_OPTIONS_SIZE];
    elb_error unheard = {0};
    if (strcmp(dev->info.backend, "native") == 0)
        elb_format(out, size, "%s", dev->info.version);
    else if (elb_build_options(&unheard, options, dev, entry->kernel, entry->options) == ELBOW_OK)
        elb_format(out, size, "%s", options);
}

static void describe_entry(elbow_kernel_time *out, elb_device *dev, const elb_profile_entry *entry,
                           const elb_peaks *peaks, uint32_t steps)
{
    const double seconds = entry->seconds > 0 ? entry->seconds : 1e-9;
    const double bytes = peaks->cache_bytes > peaks->memory_bytes ? peaks->cache_bytes : peaks->memory_bytes;
    elb_format(out->kernel, sizeof out->kernel, "%s", entry->kernel->name);
    elb_options_text(out->options, sizeof out->options, entry->kernel, entry->options);
    describe_build(out->build, sizeof out->build, dev, entry);
    out->launches = (double)entry->launches / steps;
    out->ms = 1e3 * entry->seconds / steps;
    out->flops = entry->cost.flops / seconds;
    out->bytes = entry->cost.bytes / seconds;
    out->of_peak_flops = peaks->flops > 0 ? out->flops / peaks->flops : 0;
    out->of_peak_bytes = bytes > 0 ? out->bytes / bytes : 0;
}

static elbow_status describe(elb_lane *lane, const elb_profile *profile, const elb_peaks *peaks, uint32_t steps)
{
    elbow_device_result *r = lane->result;
    double kernels = 0;
    TRY(elb_new(&lane->context->err, &r->kernels, profile->count ? profile->count : 1, sizeof *r->kernels,
                "a device's kernels"));
    r->kernel_count = profile->count;
    for (uint32_t i = 0; i < profile->count; i++) {
        describe_entry(&r->kernels[i], lane->context->dev, &profile->entries[i], peaks, steps);
        kernels += r->kernels[i].ms;
    }
    qsort(r->kernels, r->kernel_count, sizeof *r->kernels, dearest_first);
    r->profiled_ms = 1e3 * profile->seconds / steps;
    r->rest_ms = r->profiled_ms > kernels ? r->profiled_ms - kernels : 0;
    r->peak_flops = peaks->flops;
    r->peak_memory = peaks->memory_bytes;
    r->peak_cache = peaks->cache_bytes;
    return ELBOW_OK;
}

elbow_status elb_lane_profile(elb_lane *lane, const elb_work *work, uint32_t steps)
{
    elb_device *dev = lane->context->dev;
    elb_profile profile = {.entries = NULL};
    elb_peaks peaks = {.flops = 0};
    double ms;
    lane->result->memory_bytes = dev->bytes_in_use;
    elbow_status status = elb_profile_begin(dev, &profile, elb_cost_of);
    if (status == ELBOW_OK) {
        status = elb_lane_run(lane, &ms, work, steps);
        const elbow_status ended = elb_profile_end(dev);
        if (status == ELBOW_OK) status = ended;
    }
    if (status == ELBOW_OK) status = elb_peaks_measure(&peaks, dev);
    if (status == ELBOW_OK) status = describe(lane, &profile, &peaks, steps);
    elb_profile_free(&profile);
    return status;
}
