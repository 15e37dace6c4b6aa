/* compare_difference.c - two devices give other bits: which kernel is the first, in which of its outputs, by how much.
 *
 * The first step runs on both with every launch watched: a hash of each output at first, then, on both again, the
 * elements of the first one whose hashes differ. Launches pair by their number. What is laid out as a device's shape
 * wants it (pack's panels) is left out. */
#include "train/compare.h"

#include "math/cost.h"
#include "math/selftest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* An output of a launch. */
typedef struct output {
    const elb_kernel *kernel;
    uint32_t launch, arg; /* number in the step; which argument */
    uint32_t rows, cols;
    uint64_t hash;
} output;

typedef struct trace {
    elb_profile profile;
    output *outputs;
    uint32_t count, room, launches;
    char options[192];  /* of the wanted output's launch */
    uint32_t wanted;    /* an output whose elements are kept; UINT32_MAX: none */
    uint32_t *elements; /* its */
} trace;

static bool is_laid_out(const elb_kernel *kernel)
{
    return strcmp(kernel->name, "pack") == 0;
}

static elbow_status grow(trace *t, elb_error *err)
{
    if (t->count < t->room) return ELBOW_OK;
    const uint32_t room = t->room ? 2 * t->room : 128;
    output *outputs;
    TRY(elb_new(err, &outputs, room, sizeof *outputs, "the launches of a step"));
    if (t->count) memcpy(outputs, t->outputs, t->count * sizeof *outputs);
    free(t->outputs);
    t->outputs = outputs;
    t->room = room;
    return ELBOW_OK;
}

/* Reads a view row by row into dense words. */
static elbow_status read_words(uint32_t **words, elb_device *dev, elb_view view)
{
    const size_t count = (size_t)view.rows * view.cols, size = sizeof **words;
    TRY(elb_new(dev->err, words, count ? count : 1, size, "a launch's output"));
    elbow_status status = ELBOW_OK;
    for (uint32_t row = 0; row < view.rows && status == ELBOW_OK; row++)
        status = elb_read(*words + (size_t)row * view.cols, view.buffer,
                          (view.offset + (size_t)row * view.stride) * size, view.cols * size);
    if (status == ELBOW_OK) return ELBOW_OK;
    free(*words);
    *words = NULL;
    return status;
}

/* FNV-1a over words: to find a difference, not to withstand an attacker. */
static uint64_t hash_words(const uint32_t *words, size_t count)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < count; i++) hash = (hash ^ words[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static elbow_status watch_output(trace *t, elb_device *dev, const elb_kernel *kernel, const void *options, uint32_t arg,
                                 elb_view view)
{
    uint32_t *words;
    TRY(grow(t, dev->err));
    TRY(read_words(&words, dev, view));
    const bool wanted = t->count == t->wanted;
    t->outputs[t->count++] =
        (output){kernel, t->launches, arg, view.rows, view.cols, hash_words(words, (size_t)view.rows * view.cols)};
    if (wanted) {
        elb_options_text(t->options, sizeof t->options, kernel, options);
        t->elements = words;
    } else {
        free(words);
    }
    return ELBOW_OK;
}

static elbow_status watch(void *user, elb_device *dev, const elb_kernel *kernel, const void *options,
                          const elb_value *values)
{
    trace *t = user;
    if (is_laid_out(kernel)) return ELBOW_OK;
    t->launches++;
    for (uint32_t a = 0; a < kernel->arg_count; a++)
        if (kernel->args[a].written && elb_arg_size(dev, kernel->args[a].type) == sizeof(uint32_t))
            TRY(watch_output(t, dev, kernel, options, a, values[a].view));
    return ELBOW_OK;
}

static void free_trace(trace *t)
{
    elb_profile_free(&t->profile);
    free(t->outputs);
    free(t->elements);
    *t = (trace){.wanted = UINT32_MAX};
}

/* The first step, watched. */
static elbow_status trace_step(trace *t, uint32_t wanted, elb_lane *lane, const elb_work *work)
{
    elb_device *dev = lane->context->dev;
    double ms;
    free_trace(t);
    t->wanted = wanted;
    t->profile.watch = watch;
    t->profile.user = t;
    TRY(elb_lane_restart(lane, work));
    TRY(elb_profile_begin(dev, &t->profile, NULL));
    const elbow_status status = elb_lane_run(lane, &ms, work, 1), ended = elb_profile_end(dev);
    return status == ELBOW_OK ? ended : status;
}

/* The first output that differs; UINT32_MAX: none. */
static uint32_t first_difference(const trace *a, const trace *b)
{
    for (uint32_t i = 0; i < a->count && i < b->count; i++) {
        if (a->outputs[i].rows != b->outputs[i].rows || a->outputs[i].cols != b->outputs[i].cols) break;
        if (a->outputs[i].hash != b->outputs[i].hash) return i;
    }
    return UINT32_MAX;
}

static double real_of(uint32_t word)
{
    float real;
    memcpy(&real, &word, sizeof real);
    return (double)real;
}

/* "kernel gemm [BIAS=1], launch 3 of the first step: 5 of the 51,200 elements of its c differ from native's, by up to 2
 * ulp; the first at row 3, column 17: 0x1.8p-3 instead of 0x1.9p-3" */
static void describe(char *out, size_t size, const trace *t, const trace *reference)
{
    const output *o = &t->outputs[t->wanted];
    const size_t count = (size_t)o->rows * o->cols;
    const bool reals = o->kernel->args[o->arg].type == ELB_ARG_REALS;
    size_t differ = 0, first = 0;
    uint64_t worst = 0;
    char all[32], some[32], apart[48] = "";
    for (size_t i = 0; i < count; i++) {
        const uint64_t ulp = elb_ulp_apart(t->elements[i], reference->elements[i], reals);
        if (!ulp) continue;
        if (differ++ == 0) first = i;
        if (ulp > worst) worst = ulp;
    }
    if (worst != UINT64_MAX) elb_format(apart, sizeof apart, " by up to %" PRIu64 " ulp", worst);
    elb_format(
        out, size,
        "kernel %s%s%s%s, launch %u of the first step: %s of the %s elements of its %s differ from native's%s; the "
        "first, at row %zu, column %zu, is %a instead of %a",
        o->kernel->name, t->options[0] ? " [" : "", t->options, t->options[0] ? "]" : "", o->launch,
        elb_count_text(some, differ), elb_count_text(all, count), o->kernel->args[o->arg].name, apart, first / o->cols,
        first % o->cols, real_of(t->elements[first]), real_of(reference->elements[first]));
}

/* Every kernel of a step, at selftest's sizes. */
static elbow_status try_kernels(elb_lane *lane, elb_lane *reference, const trace *t)
{
    elbow_device_result *r = lane->result;
    elb_format(r->difference, sizeof r->difference,
               "the first step and the selftest of its kernels are the same: the difference comes later, or comes and "
               "goes");
    for (uint32_t i = 0; i < t->profile.count; i++) {
        const elb_profile_entry *entry = &t->profile.entries[i];
        elbow_verdict verdict;
        char apart[48] = "";
        TRY(elb_selftest_kernel(&verdict, lane->context->dev, reference->context->dev, entry->kernel, entry->options));
        if (strcmp(verdict.result, "same") == 0) continue;
        if (verdict.max_ulp != UINT64_MAX)
            elb_format(apart, sizeof apart, " by up to %" PRIu64 " ulp", verdict.max_ulp);
        elb_format(r->difference, sizeof r->difference, "kernel %s%s%s%s: its selftest differs from native's%s",
                   verdict.kernel, verdict.options[0] ? " [" : "", verdict.options, verdict.options[0] ? "]" : "",
                   apart);
        return ELBOW_OK;
    }
    return ELBOW_OK;
}

static elbow_status trace_both(trace *here, trace *there, uint32_t wanted, elb_lane *lane, elb_lane *reference,
                               const elb_work *work)
{
    TRY(trace_step(here, wanted, lane, work));
    if (trace_step(there, wanted, reference, work) == ELBOW_OK) return ELBOW_OK;
    return elb_fail(&lane->context->err, ELBOW_DEVICE, "native: %.500s", elbow_message(reference->context));
}

elbow_status elb_lanes_differ(elb_lane *lane, elb_lane *reference, const elb_work *work)
{
    trace here = {.wanted = UINT32_MAX}, there = {.wanted = UINT32_MAX};
    elbow_status status;
    TRY_DONE(trace_both(&here, &there, UINT32_MAX, lane, reference, work));
    const uint32_t first = first_difference(&here, &there);
    if (first == UINT32_MAX) {
        status = try_kernels(lane, reference, &here);
        goto done;
    }
    TRY_DONE(trace_both(&here, &there, first, lane, reference, work));
    if (here.elements && there.elements)
        describe(lane->result->difference, sizeof lane->result->difference, &here, &there);
done:
    free_trace(&here);
    free_trace(&there);
    return status;
}
