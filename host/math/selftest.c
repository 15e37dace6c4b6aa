#include "math/selftest.h"

#include "device/native.h"
#include "device/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Elements before and after the outputs' own, which no kernel may touch. */
enum { MARGIN = 64 };

/* What an element that nobody has written holds: a quiet NaN that no kernel makes. */
static const uint32_t PATTERN = 0x7fd1e1b0u;

/* splitmix64: inputs need to be varied, not random. */
static uint32_t draw(elb_trial *trial)
{
    uint64_t x = ++trial->drawn * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((x ^ x >> 31) >> 32);
}

/* Memory of count elements with margins, from the host's words (bytes wide elements of size 1 or 4). */
static elb_view place(elb_trial *trial, const void *content, uint32_t rows, uint32_t cols, size_t size)
{
    const elb_view none = {.buffer = NULL};
    if (trial->status != ELBOW_OK) return none;
    const uint32_t i = trial->count;
    const size_t bytes = ((size_t)rows * cols + 2 * MARGIN) * size;
    if (i == ELB_TRIAL_BUFFERS)
        trial->status =
            elb_fail(trial->dev->err, ELBOW_USAGE, "a selftest row has more than %d buffers", ELB_TRIAL_BUFFERS);
    else
        trial->status = elb_buffer_new(&trial->memory[i].buffer, trial->dev, bytes);
    if (trial->status != ELBOW_OK) return none;
    trial->memory[i].bytes = bytes;
    trial->memory[i].compared = trial->memory[i].reals = false;
    trial->count++;
    trial->status = elb_write(trial->memory[i].buffer, 0, content, bytes);
    return elb_matrix(trial->memory[i].buffer, MARGIN, rows, cols);
}

/* Words for a buffer, each given by make. */
static elb_view words(elb_trial *trial, uint32_t rows, uint32_t cols, uint32_t (*make)(elb_trial *, const void *),
                      const void *with)
{
    const elb_view none = {.buffer = NULL};
    const size_t count = (size_t)rows * cols;
    uint32_t *content = NULL;
    if (trial->status == ELBOW_OK)
        trial->status = elb_new(trial->dev->err, &content, count + 2 * MARGIN, sizeof *content, "a selftest's inputs");
    if (trial->status != ELBOW_OK) return none;
    for (size_t i = 0; i < count + 2 * MARGIN; i++)
        content[i] = i < MARGIN || i >= count + MARGIN ? PATTERN : make(trial, with);
    const elb_view view = place(trial, content, rows, cols, sizeof *content);
    free(content);
    return view;
}

static uint32_t real_word(elb_trial *trial, const void *with)
{
    const double *bounds = with;
    const float value = (float)(bounds[0] + (bounds[1] - bounds[0]) * draw(trial) / 4294967296.0);
    const float canonical = fabsf(value) < 0x1p-40f ? 0 : value;
    uint32_t word;
    memcpy(&word, &canonical, sizeof word);
    return word;
}

static uint32_t uint_word(elb_trial *trial, const void *with)
{
    return draw(trial) % *(const uint32_t *)with;
}

static uint32_t pattern_word(elb_trial *trial, const void *with)
{
    (void)trial, (void)with;
    return PATTERN;
}

elb_view elb_trial_reals(elb_trial *trial, uint32_t rows, uint32_t cols, double low, double high)
{
    return words(trial, rows, cols, real_word, (const double[]){low, high});
}

elb_view elb_trial_uints(elb_trial *trial, uint32_t count, uint32_t below)
{
    return words(trial, 1, count, uint_word, &below);
}

elb_view elb_trial_bytes(elb_trial *trial, uint32_t rows, uint32_t cols)
{
    const elb_view none = {.buffer = NULL};
    const size_t count = (size_t)rows * cols + 2 * MARGIN;
    unsigned char *content = NULL;
    if (trial->status == ELBOW_OK) trial->status = elb_new(trial->dev->err, &content, count, 1, "a selftest's inputs");
    if (trial->status != ELBOW_OK) return none;
    for (size_t i = 0; i < count; i++) content[i] = (unsigned char)draw(trial);
    const elb_view view = place(trial, content, rows, cols, 1);
    free(content);
    return view;
}

void elb_trial_compare(elb_trial *trial, elb_view view)
{
    for (uint32_t i = 0; i < trial->count; i++)
        if (trial->memory[i].buffer == view.buffer) trial->memory[i].compared = trial->memory[i].reals = true;
}

elb_view elb_trial_work(elb_trial *trial, uint32_t rows, uint32_t cols)
{
    return words(trial, rows, cols, pattern_word, NULL);
}

elb_view elb_trial_out(elb_trial *trial, uint32_t rows, uint32_t cols)
{
    const elb_view view = elb_trial_work(trial, rows, cols);
    elb_trial_compare(trial, view);
    return view;
}

elb_view elb_trial_out_uints(elb_trial *trial, uint32_t count)
{
    const elb_view view = elb_trial_out(trial, 1, count);
    if (trial->status == ELBOW_OK) trial->memory[trial->count - 1].reals = false;
    return view;
}

static void set_word(elb_trial *trial, elb_view view, uint32_t at, uint32_t word)
{
    if (trial->status == ELBOW_OK)
        trial->status = elb_write(view.buffer, (view.offset + at) * sizeof word, &word, sizeof word);
}

void elb_trial_set(elb_trial *trial, elb_view view, uint32_t at, double value)
{
    const float narrow = (float)value;
    uint32_t word;
    memcpy(&word, &narrow, sizeof word);
    set_word(trial, view, at, word);
}

void elb_trial_set_uint(elb_trial *trial, elb_view view, uint32_t at, uint32_t value)
{
    set_word(trial, view, at, value);
}

/* ---- comparing ---- */

static void close_trial(elb_trial *trial)
{
    for (uint32_t i = 0; i < trial->count; i++) elb_buffer_free(trial->memory[i].buffer);
    trial->count = 0;
}

/* A float's place on a line on which neighbours are one apart. */
static int64_t place_of(uint32_t word)
{
    return word >> 31 ? -(int64_t)(word & 0x7fffffffu) : (int64_t)word;
}

static bool is_nan(uint32_t word)
{
    return (word & 0x7fffffffu) > 0x7f800000u;
}

uint64_t elb_ulp_apart(uint32_t a, uint32_t b, bool reals)
{
    if (a == b) return 0;
    if (!reals || a == PATTERN || b == PATTERN) return UINT64_MAX;
    if (is_nan(a) && is_nan(b)) return 0;
    if (is_nan(a) || is_nan(b)) return UINT64_MAX;
    const int64_t apart = place_of(a) - place_of(b);
    return apart ? (uint64_t)llabs(apart) : 1; /* +0 and -0 */
}

static elbow_status compare(uint64_t *worst, const elb_trial *a, const elb_trial *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        if (!a->memory[i].compared) continue;
        const size_t bytes = a->memory[i].bytes;
        uint32_t *left = NULL, *right = NULL;
        elbow_status status = elb_new(a->dev->err, &left, bytes, 1, "a selftest's outputs");
        if (status == ELBOW_OK) status = elb_new(a->dev->err, &right, bytes, 1, "a selftest's outputs");
        if (status == ELBOW_OK) status = elb_read(left, a->memory[i].buffer, 0, bytes);
        if (status == ELBOW_OK) status = elb_read(right, b->memory[i].buffer, 0, bytes);
        for (size_t w = 0; status == ELBOW_OK && w < bytes / sizeof *left; w++) {
            const uint64_t apart = elb_ulp_apart(left[w], right[w], a->memory[i].reals);
            if (apart > *worst) *worst = apart;
        }
        free(left);
        free(right);
        TRY(status);
    }
    return ELBOW_OK;
}

static elbow_status run_trial(elb_trial *trial, const elb_row *row, const void *options)
{
    const elbow_status status = row->run(trial, options);
    return trial->status != ELBOW_OK ? trial->status : status;
}

static elbow_status try_sizes(uint64_t *worst, elb_device *dev, elb_device *native, const elb_row *row,
                              const elb_kernel *kernel, const void *options)
{
    elbow_status status = ELBOW_OK;
    for (uint32_t size = 0; size < row->sizes && status == ELBOW_OK; size++) {
        elb_trial there = {.dev = dev, .size = size}, here = {.dev = native, .size = size};
        status = run_trial(&there, row, options);
        if (status == ELBOW_OK) status = run_trial(&here, row, options);
        if (status == ELBOW_OK) status = compare(worst, &there, &here);
        close_trial(&there);
        close_trial(&here);
    }
    return status == ELBOW_OK ? ELBOW_OK : elb_blame(dev->err, "selftest of %s", kernel->name);
}

elbow_status elb_selftest_kernel(elbow_verdict *verdict, elb_device *dev, elb_device *native, const elb_kernel *kernel,
                                 const void *options)
{
    *verdict = (elbow_verdict){.result = "same"};
    elb_format(verdict->device, sizeof verdict->device, "%s", dev->info.id);
    elb_format(verdict->kernel, sizeof verdict->kernel, "%s", kernel->name);
    elb_options_text(verdict->options, sizeof verdict->options, kernel, options);
    /* A kernel on trial is not tried once more for being used, and is no part of what is being profiled. */
    elb_verify *const verify = dev->verify;
    struct elb_profile *const profile = dev->profile;
    dev->verify = NULL;
    dev->profile = NULL;
    const elbow_status status =
        try_sizes(&verdict->max_ulp, dev, native, elb_selftest_rows[kernel->index], kernel, options);
    dev->verify = verify;
    dev->profile = profile;
    TRY(status);
    if (verdict->max_ulp)
        elb_format(verdict->result, sizeof verdict->result, verdict->max_ulp <= 4 ? "close" : "wrong");
    return ELBOW_OK;
}

/* ---- at the first use ---- */

/* What is kept of a program that is the same as native's. One that is not is tried again each time: no other process
 * need suffer from a fault that has passed. */
static const char SAME[4] = "same";

static elbow_status wrong_bits(elb_device *dev, const elbow_verdict *verdict)
{
    char apart[48] = "";
    if (verdict->max_ulp != UINT64_MAX)
        elb_format(apart, sizeof apart, " (up to %llu ulp apart)", (unsigned long long)verdict->max_ulp);
    return elb_fail(dev->err, ELBOW_WRONG_BITS,
                    "device %s computes other bits than native with kernel %s%s%s%s%s: its driver cannot be trusted: "
                    "update it, or choose another device, such as native",
                    verdict->device, verdict->kernel, verdict->options[0] ? " [" : "", verdict->options,
                    verdict->options[0] ? "]" : "", apart);
}

static elbow_status verify(elb_device *dev, const elb_kernel *kernel, const void *options)
{
    char known[sizeof SAME];
    elbow_verdict verdict;
    if (elb_verdict_get(known, sizeof known, dev, kernel, options) && memcmp(known, SAME, sizeof SAME) == 0)
        return ELBOW_OK;
    if (!dev->reference) TRY(elb_native_open(&dev->reference, dev->err, NULL));
    TRY(elb_selftest_kernel(&verdict, dev, dev->reference, kernel, options));
    if (strcmp(verdict.result, "same") != 0) return wrong_bits(dev, &verdict);
    elb_verdict_put(dev, kernel, options, SAME, sizeof SAME);
    return ELBOW_OK;
}

void elb_selftest_install(elb_device *dev)
{
    const char *wanted = getenv("ELBOW_VERIFY");
    const bool unwanted = wanted && strcmp(wanted, "off") == 0;
    if (!unwanted && strcmp(dev->info.backend, "native") != 0) dev->verify = verify;
}

/* ---- options ---- */

void elb_options_text(char *out, size_t size, const elb_kernel *kernel, const void *options)
{
    size_t at = 0;
    if (size) out[0] = 0;
    for (uint32_t i = 0; i < kernel->option_count && at < size; i++) {
        const elb_option_info *option = &kernel->options[i];
        const char *field = (const char *)options + option->offset, *gap = i ? " " : "";
        int32_t whole;
        float real;
        memcpy(&whole, field, sizeof whole);
        memcpy(&real, field, sizeof real);
        if (option->type == ELB_CHOICE)
            elb_format(out + at, size - at, "%s%s=%s", gap, option->name, option->choices[whole]);
        else if (option->type == ELB_INT)
            elb_format(out + at, size - at, "%s%s=%d", gap, option->name, (int)whole);
        else
            elb_format(out + at, size - at, "%s%s=%g", gap, option->name, (double)real);
        at += strlen(out + at);
    }
}

/* How many values of an option are tried, and the i-th of them. */
static uint32_t values_of(const elb_option_info *option)
{
    uint32_t count = 0;
    if (option->type != ELB_CHOICE) return 2;
    while (option->choices[count]) count++;
    return count;
}

static void set_option(void *options, const elb_option_info *option, uint32_t i)
{
    const int32_t whole = (int32_t)i;
    const float real = i ? 0.37f : (float)option->standard;
    memcpy((char *)options + option->offset, option->type == ELB_REAL ? (const void *)&real : (const void *)&whole, 4);
}

bool elb_options_sensible(const elb_kernel *kernel, const void *options)
{
    const elb_row *row = elb_selftest_rows[kernel->index];
    return !row->sensible || row->sensible(options);
}

elbow_status elb_each_options(const elb_kernel *kernel, elb_on_options *visit, void *user)
{
    union {
        char bytes[ELB_MAX_OPTIONS_SIZE];
        uint64_t aligned;
    } options = {{0}};
    uint64_t combinations = 1;
    for (uint32_t i = 0; i < kernel->option_count; i++) combinations *= values_of(&kernel->options[i]);
    for (uint64_t c = 0; c < combinations; c++) {
        uint64_t rest = c;
        for (uint32_t i = 0; i < kernel->option_count; i++) {
            const uint32_t values = values_of(&kernel->options[i]);
            set_option(&options, &kernel->options[i], (uint32_t)(rest % values));
            rest /= values;
        }
        if (elb_options_sensible(kernel, &options)) TRY(visit(user, kernel, kernel->option_count ? &options : NULL));
    }
    return ELBOW_OK;
}

/* ---- the whole test ---- */

typedef struct test {
    elb_device *dev, *native;
    elbow_on_verdict *on_verdict;
    void *user;
    uint32_t wrong;
    elbow_verdict first;
} test;

static elbow_status try_options(void *user, const elb_kernel *kernel, const void *options)
{
    test *t = user;
    elbow_verdict verdict;
    TRY(elb_selftest_kernel(&verdict, t->dev, t->native, kernel, options));
    if (strcmp(verdict.result, "same") != 0 && t->wrong++ == 0) t->first = verdict;
    if (t->on_verdict) t->on_verdict(t->user, &verdict);
    return ELBOW_OK;
}

elbow_status elb_selftest(elb_device *dev, elbow_on_verdict *on_verdict, void *user)
{
    test t = {.dev = dev, .on_verdict = on_verdict, .user = user};
    elbow_status status = ELBOW_OK;
    TRY(elb_native_open(&t.native, dev->err, NULL));
    for (uint32_t k = 0; elb_kernels[k] && status == ELBOW_OK; k++)
        status = elb_each_options(elb_kernels[k], try_options, &t);
    elb_device_close(t.native);
    TRY(status);
    if (t.wrong)
        return elb_fail(
            dev->err, ELBOW_WRONG_BITS,
            "%s: %u of its programs compute other bits than native, first %s (%s): the driver is broken for "
            "this use: update it, or choose another device",
            dev->info.id, t.wrong, t.first.kernel, t.first.options);
    return ELBOW_OK;
}
