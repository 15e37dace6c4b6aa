/* check_compare.c - devices at the same work: figures, agreement, where bits begin to differ, what has changed. */
#include "train/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "device/native.h"
#include "elb_kernels.h"
#include "io/json.h"
#include "own_cache.h"
#include "suite.h"

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, elbow_message(context))

static elbow_context *context;

static void setup(void)
{
    open_own_cache();
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
}

static void teardown(void)
{
    elbow_close(context);
    remove_own_cache();
}

/* Native by two names: its best instruction set and its plainest. */
static const char *two_natives(char list[128])
{
    const elb_native_set *const *set = elb_native_sets;
    while (set[1]) set++;
    elb_format(list, 128, "native,native:%s", (*set)->name);
    return list;
}

static elbow_compare_options small_options(void)
{
    elbow_compare_options options = elbow_compare_default();
    memset(options.recipe.hidden, 0, sizeof options.recipe.hidden);
    options.recipe.hidden[0] = 40;
    options.recipe.latent = 5;
    options.train.batch = 32;
    options.steps = 20;
    options.devices = "native";
    return options;
}

static elbow_comparison *compare(const elbow_compare_options *options)
{
    elbow_comparison *comparison;
    OK(elbow_compare(&comparison, context, NULL, options));
    return comparison;
}

START_TEST(quantiles_are_numpys)
{
    const double x[] = {1, 2, 4, 8, 16};
    ck_assert_double_eq(elb_quantile(x, 5, 0.5), 4);
    ck_assert_double_eq(elb_quantile(x, 5, 0), 1);
    ck_assert_double_eq(elb_quantile(x, 5, 1), 16);
    ck_assert_double_eq_tol(elb_quantile(x, 5, 0.1), 1.4, 1e-12);  /* numpy.quantile(x, 0.1) */
    ck_assert_double_eq_tol(elb_quantile(x, 5, 0.9), 12.8, 1e-12); /* numpy.quantile(x, 0.9) */
    ck_assert_double_eq(elb_quantile(x, 1, 0.9), 1);
    ck_assert_double_eq(elb_quantile(x, 4, 0.5), 3);
}
END_TEST

/* Every figure there, and those that belong together agree. */
START_TEST(figures_agree)
{
    char list[128];
    elbow_compare_options options = small_options();
    options.devices = two_natives(list);
    elbow_comparison *c = compare(&options);
    ck_assert_uint_eq(c->count, 2);
    ck_assert_uint_eq(c->steps, 20);
    for (size_t i = 0; i < c->count; i++) {
        const elbow_device_result *r = &c->devices[i];
        double kernels = 0;
        ck_assert_str_eq(r->reason, "");
        ck_assert(r->p10_ms > 0 && r->p10_ms <= r->median_ms && r->median_ms <= r->p90_ms);
        ck_assert_double_eq_tol(r->images_per_s * r->median_ms, 32e3, 1e-6);
        ck_assert(r->cold_s > 0 && r->cached_s > 0 && r->memory_bytes > 4 * 40 * 784);
        /* gather, pack, gemm, latent, elbo, sum_rows, latent_backward, squares, guard, adam */
        ck_assert_uint_eq(r->kernel_count, 10);
        for (size_t k = 0; k < r->kernel_count; k++) {
            const elbow_kernel_time *kernel = &r->kernels[k];
            kernels += kernel->ms;
            ck_assert_msg(kernel->launches >= 1, "%s: %g launches in a step", kernel->kernel, kernel->launches);
            ck_assert(k == 0 || kernel->ms <= r->kernels[k - 1].ms);
            ck_assert_double_eq_tol(kernel->of_peak_flops * r->peak_flops, kernel->flops, 1e-6 * kernel->flops + 1);
        }
        ck_assert_double_eq_tol(kernels + r->rest_ms, r->profiled_ms, 1e-6 * r->profiled_ms);
        ck_assert_double_gt(kernels, 0.3 * r->profiled_ms);
        ck_assert(r->same_bits);
        ck_assert_str_eq(r->digest, c->digest);
        ck_assert_str_eq(r->difference, "");
    }
    elbow_comparison_free(c);
}
END_TEST

/* The keys of the document are those that scripts read, in their order. */
START_TEST(json_is_as_promised)
{
    static const char *const keys[] = {"id", "name", "images_per_s", "step_ms", "breakdown", "digest", "same_bits"};
    static const char *const times[] = {"median", "p10", "p90"};
    const elbow_compare_options options = small_options();
    elbow_comparison *c = compare(&options);
    cJSON *root = cJSON_Parse(c->json);
    ck_assert_ptr_nonnull(root);
    ck_assert_str_eq(root->child->string, "work");
    ck_assert_str_eq(root->child->next->string, "devices");
    ck_assert_ptr_null(root->child->next->next);
    const cJSON *item = root->child->next->child->child;
    for (size_t i = 0; i < COUNT(keys); i++, item = item->next) ck_assert_str_eq(item->string, keys[i]);
    ck_assert_ptr_null(item);
    item = cJSON_GetObjectItem(root->child->next->child, "step_ms")->child;
    for (size_t i = 0; i < COUNT(times); i++, item = item->next) ck_assert_str_eq(item->string, times[i]);
    ck_assert_ptr_null(item);
    cJSON_Delete(root);
    elbow_comparison_free(c);
}
END_TEST

START_TEST(what_is_saved_is_read_again)
{
    char path[96];
    const elbow_compare_options options = small_options();
    elbow_comparison *c = compare(&options), *again, *none;
    elb_format(path, sizeof path, "%s/saved.json", folder);
    OK(elbow_comparison_save(c, context, path));
    OK(elbow_comparison_load(&again, context, path));
    ck_assert_str_eq(again->json, c->json);
    ck_assert_uint_eq(again->devices[0].kernel_count, c->devices[0].kernel_count);
    ck_assert_double_eq(again->devices[0].p90_ms, c->devices[0].p90_ms);
    elbow_comparison_free(again);
    ck_assert_int_eq(elbow_comparison_load(&none, context, folder), ELBOW_BAD_FILE);
    OK(elb_file_write(&context->err, path, "{\"work\":{}}", 11));
    ck_assert_int_eq(elbow_comparison_load(&none, context, path), ELBOW_BAD_FILE);
    ck_assert_ptr_nonnull(strstr(elbow_message(context), "bits_version"));
    elbow_comparison_free(c);
}
END_TEST

/* One seed is one digest whoever trains, and another seed is another. */
START_TEST(the_digest_is_the_works)
{
    elbow_compare_options options = small_options();
    elbow_comparison *first = compare(&options), *again = compare(&options);
    options.recipe.seed++;
    elbow_comparison *other = compare(&options);
    ck_assert_str_eq(first->digest, again->digest);
    ck_assert_str_ne(first->digest, other->digest);
    elbow_comparison_free(first);
    elbow_comparison_free(again);
    elbow_comparison_free(other);
}
END_TEST

/* ---- what may be compared ---- */

static bool uses(const elbow_device_result *r, const char *kernel)
{
    for (size_t k = 0; k < r->kernel_count; k++)
        if (strcmp(r->kernels[k].kernel, kernel) == 0) return true;
    return false;
}

/* Whatever train takes: the made-up images are such as the likelihood is one of, and the kernels are those of the
 * recipe. */
START_TEST(each_recipe_is_compared)
{
    char list[128];
    elbow_compare_options options[5];
    for (size_t i = 0; i < COUNT(options); i++) {
        options[i] = small_options();
        options[i].steps = 3;
        options[i].cold = false;
        options[i].train.batch = 8;
        options[i].devices = i < 2 ? two_natives(list) : "native";
    }
    options[0].recipe.likelihood = ELBOW_NEGATIVE_BINOMIAL;
    options[1].recipe.likelihood = ELBOW_DISCRETISED_LOGISTIC;
    options[1].recipe.spread = ELBOW_SPREAD_PIXEL;
    options[2].recipe.objective = ELBOW_OBJECTIVE_IWAE;
    options[2].recipe.samples = 3;
    options[3].recipe.beta_low = 0.1, options[3].recipe.beta_high = 10;
    options[4].train.free_bits = 0.5;
    static const char *const kernels[] = {"elbo", "elbo", "iwae_backward", "condition", "weigh"};
    char digests[COUNT(options)][65];
    for (size_t i = 0; i < COUNT(options); i++) {
        elbow_comparison *c = compare(&options[i]);
        for (size_t d = 0; d < c->count; d++) {
            const elbow_device_result *r = &c->devices[d];
            ck_assert_msg(!r->reason[0] && r->same_bits, "recipe %zu on %s: %s", i, r->device.id, r->reason);
            ck_assert_msg(uses(r, kernels[i]), "recipe %zu on %s: no kernel %s", i, r->device.id, kernels[i]);
        }
        memcpy(digests[i], c->digest, sizeof digests[i]);
        for (size_t before = 0; before < i; before++) ck_assert_str_ne(digests[before], digests[i]);
        elbow_comparison_free(c);
    }
}
END_TEST

/* The weight's warm-up is that of train: from 0, so that without the KL term's pull other parameters come of it. */
START_TEST(a_schedule_is_followed)
{
    elbow_compare_options options = small_options();
    elbow_comparison *constant = compare(&options);
    options.train.schedule = ELBOW_SCHEDULE_LINEAR;
    elbow_comparison *rising = compare(&options);
    options.train.schedule_from = 1;
    elbow_comparison *level = compare(&options);
    ck_assert_str_ne(rising->digest, constant->digest);
    ck_assert_str_eq(level->digest, constant->digest);
    elbow_comparison_free(constant);
    elbow_comparison_free(rising);
    elbow_comparison_free(level);
}
END_TEST

START_TEST(what_train_refuses_is_refused)
{
    elbow_comparison *c;
    elbow_compare_options options = small_options();
    options.recipe.likelihood = ELBOW_DISCRETISED_LOGISTIC;
    options.recipe.binarise = ELBOW_BINARISE_THRESHOLD;
    ck_assert_int_eq(elbow_compare(&c, context, NULL, &options), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(elbow_message(context), "256 levels"));
    ck_assert_ptr_null(c);
    options = small_options();
    options.train.batch = 0;
    ck_assert_int_eq(elbow_compare(&c, context, NULL, &options), ELBOW_USAGE);
    options = small_options();
    options.recipe.likelihood = ELBOW_POISSON;
    elbow_data *bytes;
    OK(elb_data_made_up(&bytes, &context->err, 28, 28, 64, false));
    ck_assert_int_eq(elbow_compare(&c, context, bytes, &options), ELBOW_BAD_DATA);
    ck_assert_ptr_nonnull(strstr(elbow_message(context), "counts 0, 1, 2"));
    elb_data_free(bytes);
}
END_TEST

/* ---- a device whose kernel is broken ---- */

enum { MOST_KERNELS = 64 };

static elb_native_function *sound;

/* One bit of the second element of elbo's gradient, in the group of the first row. */
static void broken_elbo(const void *options, const elb_value *values, void *const *pointers, elb_range groups,
                        uint32_t first, uint32_t last)
{
    uint32_t word;
    sound(options, values, pointers, groups, first, last);
    if (first > 0) return;
    memcpy(&word, (const char *)pointers[2] + 4, sizeof word);
    word ^= 1;
    memcpy((char *)pointers[2] + 4, &word, sizeof word);
}

static elb_lane broken_lane(elbow_device_result *result)
{
    static elb_native_function *functions[MOST_KERNELS];
    static elb_native_set set;
    size_t count = 0, elbo = 0;
    while (elb_kernels[count]) {
        if (strcmp(elb_kernels[count]->name, "elbo") == 0) elbo = count;
        count++;
    }
    ck_assert_uint_le(count, MOST_KERNELS);
    elb_lane lane = {.result = result};
    const elb_native_set *const *last = elb_native_sets;
    while (last[1]) last++;
    memcpy(functions, (*last)->functions, count * sizeof *functions);
    sound = functions[elbo];
    functions[elbo] = broken_elbo;
    set = **last;
    set.functions = functions;
    lane.context = calloc(1, sizeof *lane.context);
    ck_assert_ptr_nonnull(lane.context);
    ck_assert_int_eq(elb_native_open_set(&lane.context->dev, &lane.context->err, &set), ELBOW_OK);
    return lane;
}

static elb_work small_work(const elbow_data *data)
{
    const elbow_compare_options options = small_options();
    elb_work work = {.recipe = options.recipe, .train = elbow_train_default(), .data = data};
    work.train.batch = options.train.batch;
    return work;
}

START_TEST(the_broken_kernel_is_named)
{
    elbow_data *data;
    elbow_device_result results[2] = {{.reason = ""}};
    double seconds;
    ck_assert_int_eq(elb_data_made_up(&data, &context->err, 28, 28, 100, false), ELBOW_OK);
    const elb_work work = small_work(data);
    elb_lane lane = broken_lane(&results[0]), native = {.result = &results[1]};
    ck_assert_int_eq(elb_lane_open(&native, &seconds, &work, &context->err, "native", false), ELBOW_OK);
    ck_assert_int_eq(elb_lanes_differ(&lane, &native, &work), ELBOW_OK);
    ck_assert_msg(strncmp(results[0].difference, "kernel elbo [LIKELIHOOD=BERNOULLI", 33) == 0, "%s",
                  results[0].difference);
    ck_assert_msg(strstr(results[0].difference, ": 1 of the 25,088 elements of its dy") != NULL, "%s",
                  results[0].difference);
    ck_assert_msg(strstr(results[0].difference, "by up to 1 ulp; the first, at row 0, column 1,") != NULL, "%s",
                  results[0].difference);
    elb_lane_close(&lane);
    elb_lane_close(&native);
    elb_data_free(data);
}
END_TEST

/* Two sound devices have nothing to be named. */
START_TEST(sound_kernels_are_not_named)
{
    elbow_data *data;
    elbow_device_result results[2] = {{.reason = ""}};
    double seconds;
    ck_assert_int_eq(elb_data_made_up(&data, &context->err, 28, 28, 100, false), ELBOW_OK);
    const elb_work work = small_work(data);
    elb_lane lane = {.result = &results[0]}, native = {.result = &results[1]};
    char list[128];
    ck_assert_int_eq(elb_lane_open(&lane, &seconds, &work, &context->err, strchr(two_natives(list), ',') + 1, false),
                     ELBOW_OK);
    ck_assert_int_eq(elb_lane_open(&native, &seconds, &work, &context->err, "native", false), ELBOW_OK);
    ck_assert_int_eq(elb_lanes_differ(&lane, &native, &work), ELBOW_OK);
    ck_assert_ptr_nonnull(strstr(results[0].difference, "the difference comes later"));
    elb_lane_close(&lane);
    elb_lane_close(&native);
    elb_data_free(data);
}
END_TEST

/* ---- against an earlier comparison ---- */

/* A comparison of one device without a device. */
static elbow_comparison made(elbow_device_result *r, double median, const char *digest)
{
    *r = (elbow_device_result){.median_ms = median, .p10_ms = 0.9 * median, .p90_ms = 1.1 * median, .same_bits = true};
    elb_format(r->device.id, sizeof r->device.id, "pocl:0");
    elb_format(r->digest, sizeof r->digest, "%s", digest);
    elbow_comparison c = {.recipe = elbow_recipe_default(), .train = elbow_train_default(), .steps = 100, .images = 5};
    c.all = true;
    c.devices = r;
    c.count = 1;
    return c;
}

static elbow_changes changes_of(const elbow_comparison *now, const elbow_comparison *before)
{
    elbow_changes changes;
    OK(elbow_comparison_against(&changes, context, now, before, 0.05));
    return changes;
}

START_TEST(slower_is_outside_both_spreads)
{
    elbow_device_result a, b;
    elbow_comparison before = made(&a, 10, "d");
    const struct {
        double median;
        uint32_t changes, worse;
    } cases[] = {{10, 0, 0}, {12, 0, 0}, {12.3, 1, 1}, {30, 1, 1}, {8.3, 0, 0}, {8, 1, 0}, {3, 1, 0}};
    for (size_t i = 0; i < COUNT(cases); i++) {
        elbow_comparison now = made(&b, cases[i].median, "d");
        const elbow_changes changes = changes_of(&now, &before);
        ck_assert_msg(changes.count == cases[i].changes && changes.worse == cases[i].worse,
                      "%g ms: %u changes, %u worse", cases[i].median, changes.count, changes.worse);
    }
    /* Narrow spreads: then the margin decides. */
    a.p10_ms = a.p90_ms = 10;
    elbow_comparison now = made(&b, 10.4, "d");
    b.p10_ms = b.p90_ms = 10.4;
    ck_assert_uint_eq(changes_of(&now, &before).count, 0);
    b.p10_ms = b.p90_ms = b.median_ms = 10.6;
    ck_assert_uint_eq(changes_of(&now, &before).worse, 1);
}
END_TEST

START_TEST(a_slower_kernel_is_named)
{
    elbow_device_result a, b;
    elbow_comparison before = made(&a, 10, "d"), now = made(&b, 20, "d");
    elbow_kernel_time was[2] = {{.kernel = "gemm", .options = "BIAS=1", .ms = 5}, {.kernel = "adam", .ms = 2}};
    elbow_kernel_time is[2] = {{.kernel = "gemm", .options = "BIAS=1", .ms = 14}, {.kernel = "adam", .ms = 3}};
    a.kernels = was, a.kernel_count = 2, b.kernels = is, b.kernel_count = 2;
    const elbow_changes changes = changes_of(&now, &before);
    ck_assert_uint_eq(changes.count, 1);
    ck_assert_msg(strstr(changes.list[0].sentence, "most of it in gemm [BIAS=1]: 14 ms instead of 5") != NULL, "%s",
                  changes.list[0].sentence);
}
END_TEST

START_TEST(bits_failures_and_absence_are_changes)
{
    elbow_device_result a, b;
    elbow_comparison before = made(&a, 10, "d"), now = made(&b, 10, "e");
    elbow_changes changes = changes_of(&now, &before);
    ck_assert_uint_eq(changes.worse, 1);
    ck_assert_ptr_nonnull(strstr(changes.list[0].sentence, "other bits than before"));

    now = made(&b, 10, "d");
    elb_format(b.device.driver, sizeof b.device.driver, "2");
    elb_format(a.device.driver, sizeof a.device.driver, "1");
    changes = changes_of(&now, &before);
    ck_assert_uint_eq(changes.count, 1);
    ck_assert_uint_eq(changes.worse, 0);
    ck_assert_str_eq(changes.list[0].sentence, "another driver: 2 instead of 1");

    before = made(&a, 10, "d");
    now = made(&b, 10, "d");
    elb_format(b.reason, sizeof b.reason, "out of memory");
    changes = changes_of(&now, &before);
    ck_assert_uint_eq(changes.worse, 1);
    ck_assert_str_eq(changes.list[0].sentence, "fails now: out of memory");
    ck_assert_uint_eq(changes_of(&before, &now).worse, 0); /* the other way round it works again */

    now = made(&b, 10, "d");
    elb_format(b.device.id, sizeof b.device.id, "intel:0");
    changes = changes_of(&now, &before);
    ck_assert_uint_eq(changes.count, 2); /* one is new, one is gone */
    ck_assert_uint_eq(changes.worse, 1);
    now.all = false; /* others were not asked for */
    ck_assert_uint_eq(changes_of(&now, &before).worse, 0);
}
END_TEST

START_TEST(other_work_does_not_compare)
{
    elbow_device_result a, b;
    elbow_changes changes;
    elbow_comparison before = made(&a, 10, "d"), now = made(&b, 10, "d");
    before.recipe.latent = 10;
    ck_assert_int_eq(elbow_comparison_against(&changes, context, &now, &before, 0.05), ELBOW_BAD_DATA);
    ck_assert_str_eq(elbow_message(context), "the earlier comparison is of other work: its latent is 10, not 20");
    before = made(&a, 10, "d");
    before.recipe.likelihood = ELBOW_LAPLACE;
    ck_assert_int_eq(elbow_comparison_against(&changes, context, &now, &before, 0.05), ELBOW_BAD_DATA);
    ck_assert_str_eq(elbow_message(context),
                     "the earlier comparison is of other work: its likelihood is \"laplace\", not \"bernoulli\"");
    before = made(&a, 10, "d");
    before.train.batch = 64;
    ck_assert_int_eq(elbow_comparison_against(&changes, context, &now, &before, 0.05), ELBOW_BAD_DATA);
    ck_assert_str_eq(elbow_message(context), "the earlier comparison is of other work: its batch is 64, not 128");
    before = made(&a, 10, "d");
    before.steps = 50;
    ck_assert_int_eq(elbow_comparison_against(&changes, context, &now, &before, 0.05), ELBOW_BAD_DATA);
    ck_assert_str_eq(elbow_message(context), "the earlier comparison is of other work: its steps is 50, not 100");
    before = made(&a, 10, "d");
    elb_format(before.sha256, sizeof before.sha256, "abc");
    ck_assert_int_eq(elbow_comparison_against(&changes, context, &now, &before, 0.05), ELBOW_BAD_DATA);
    before = made(&a, 10, "d");
    ck_assert_int_eq(elbow_comparison_against(&changes, context, &now, &before, -1), ELBOW_USAGE);
}
END_TEST

/* ---- who takes part ---- */

START_TEST(devices_are_named_once_and_exist)
{
    elbow_compare_options options = small_options();
    elbow_comparison *c;
    options.devices = "native,no-such:0";
    ck_assert_int_eq(elbow_compare(&c, context, NULL, &options), ELBOW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(elbow_message(context), "no-such:0"));
    ck_assert_ptr_null(c);
    options.devices = "native,native";
    ck_assert_int_eq(elbow_compare(&c, context, NULL, &options), ELBOW_USAGE);
    options.devices = "";
    ck_assert_int_eq(elbow_compare(&c, context, NULL, &options), ELBOW_USAGE);
    options = small_options();
    options.steps = 0;
    ck_assert_int_eq(elbow_compare(&c, context, NULL, &options), ELBOW_USAGE);
}
END_TEST

/* An instruction set that is none: its line says why, and the others have theirs. */
START_TEST(a_device_that_fails_is_a_row)
{
    elbow_compare_options options = small_options();
    options.devices = "native:none,native";
    elbow_comparison *c = compare(&options);
    ck_assert_uint_eq(c->count, 2);
    ck_assert_ptr_nonnull(strstr(c->devices[0].reason, "no such instruction set"));
    ck_assert_str_eq(c->devices[1].reason, "");
    ck_assert_double_gt(c->devices[1].median_ms, 0);
    ck_assert_ptr_nonnull(strstr(c->json, "\"images_per_s\":\tnull"));
    OK(elbow_comparison_report(c, context, folder));
    elbow_comparison_free(c);
}
END_TEST

static bool stop_at_training(void *user, const char *doing, double done)
{
    ck_assert(done >= 0 && done <= 1);
    (*(int *)user)++;
    return strstr(doing, ": training") != NULL;
}

START_TEST(it_may_be_stopped)
{
    elbow_compare_options options = small_options();
    elbow_comparison *c;
    int calls = 0;
    options.progress = stop_at_training;
    options.user = &calls;
    ck_assert_int_eq(elbow_compare(&c, context, NULL, &options), ELBOW_STOPPED);
    ck_assert_ptr_null(c);
    ck_assert_int_gt(calls, 1);
}
END_TEST

/* The page holds what a maker of drivers would ask for. */
START_TEST(the_page_is_complete)
{
    char list[128], path[96];
    void *page;
    size_t size;
    elbow_compare_options options = small_options();
    options.devices = two_natives(list);
    options.command = "elbow compare --hidden 40";
    elbow_comparison *c = compare(&options);
    elb_format(c->devices[1].difference, sizeof c->devices[1].difference, "kernel elbo: 3 ulp");
    OK(elbow_comparison_report(c, context, folder));
    elb_format(path, sizeof path, "%s/report.html", folder);
    OK(elb_file_read(&context->err, &page, &size, path, 1 << 22));
    const char *const words[] = {"Roofline", "kernel elbo: 3 ulp",   c->digest,     c->host,        "gemm", "GFLOP/s",
                                 c->version, "LIKELIHOOD=BERNOULLI", "--hidden 40", "compute units"};
    for (size_t i = 0; i < COUNT(words); i++)
        ck_assert_msg(strstr(page, words[i]) != NULL, "the page does not hold '%s'", words[i]);
    free(page);
    elbow_comparison_free(c);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 240);
    tcase_add_test(all, quantiles_are_numpys);
    tcase_add_test(all, figures_agree);
    tcase_add_test(all, json_is_as_promised);
    tcase_add_test(all, what_is_saved_is_read_again);
    tcase_add_test(all, the_digest_is_the_works);
    tcase_add_test(all, each_recipe_is_compared);
    tcase_add_test(all, a_schedule_is_followed);
    tcase_add_test(all, what_train_refuses_is_refused);
    tcase_add_test(all, the_broken_kernel_is_named);
    tcase_add_test(all, sound_kernels_are_not_named);
    tcase_add_test(all, slower_is_outside_both_spreads);
    tcase_add_test(all, a_slower_kernel_is_named);
    tcase_add_test(all, bits_failures_and_absence_are_changes);
    tcase_add_test(all, other_work_does_not_compare);
    tcase_add_test(all, devices_are_named_once_and_exist);
    tcase_add_test(all, a_device_that_fails_is_a_row);
    tcase_add_test(all, it_may_be_stopped);
    tcase_add_test(all, the_page_is_complete);
    return run_case("compare", all);
}
