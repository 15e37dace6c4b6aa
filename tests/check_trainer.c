/* check_trainer.c - runs: what may change without changing a bit, what must be said, what is kept. */
#include "train/trainer.h"

#include "device/native.h"
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/elbow-trainer-XXXXXX";

typedef struct bench {
    elbow_context *context;
    elbow_data *data;
    elbow_model *model;
} bench;

static elbow_recipe small_recipe(void)
{
    elbow_recipe recipe = elbow_recipe_default();
    memset(recipe.hidden, 0, sizeof recipe.hidden);
    recipe.hidden[0] = 33;
    recipe.latent = 3;
    recipe.seed = 5;
    return recipe;
}

static elbow_train_options small_options(void)
{
    elbow_train_options options = elbow_train_default();
    options.epochs = 2;
    options.batch = 64;
    return options;
}

static bench open_bench(const elbow_recipe *recipe, uint32_t images)
{
    bench b = {0};
    ck_assert_int_eq(elbow_open(&b.context, "native"), ELBOW_OK);
    ck_assert_int_eq(elbow_data_load(&b.data, b.context, "shapes", images), ELBOW_OK);
    ck_assert_int_eq(elbow_model_new(&b.model, b.context, recipe, b.data), ELBOW_OK);
    return b;
}

static void close_bench(bench *b)
{
    elbow_model_free(b->model);
    elbow_data_free(b->data);
    elbow_close(b->context);
}

/* Trains a new model and gives its digest. */
static elbow_status train_new(char digest[65], const elbow_recipe *recipe, const elbow_train_options *options,
                              double validation)
{
    bench b = open_bench(recipe, 300);
    if (validation > 0)
        ck_assert_int_eq(elbow_data_hold_out(b.data, b.context, ELBOW_VALIDATION, validation), ELBOW_OK);
    const elbow_status status = elbow_train(b.model, b.data, options);
    ck_assert_int_eq(elbow_model_digest(b.model, digest), ELBOW_OK);
    close_bench(&b);
    return status;
}

static bool stop_at_once(void *user, const elbow_progress *progress)
{
    (void)user;
    return progress->step >= 3;
}

static bool watch(void *user, const elbow_progress *progress)
{
    *(elbow_progress *)user = *progress;
    return false;
}

START_TEST(a_seed_is_a_digest)
{
    elbow_recipe recipe = small_recipe();
    const elbow_train_options options = small_options();
    char first[65], again[65], other[65];
    ck_assert_int_eq(train_new(first, &recipe, &options, 0), ELBOW_OK);
    ck_assert_int_eq(train_new(again, &recipe, &options, 0), ELBOW_OK);
    recipe.seed++;
    ck_assert_int_eq(train_new(other, &recipe, &options, 0), ELBOW_OK);
    ck_assert_str_eq(first, again);
    ck_assert_str_ne(first, other);
}
END_TEST

START_TEST(training_helps)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    elbow_progress last;
    elbow_metrics before, after;
    bench b = open_bench(&recipe, 300);
    options.epochs = 8;
    options.progress = watch;
    options.user = &last;
    ck_assert_int_eq(elbow_evaluate(&before, b.model, b.data, ELBOW_TEST, false), ELBOW_OK);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    ck_assert_int_eq(elbow_evaluate(&after, b.model, b.data, ELBOW_TEST, false), ELBOW_OK);
    ck_assert_double_gt(after.elbo, before.elbo + 100);
    ck_assert_double_eq(after.elbo, last.test.elbo);
    ck_assert_double_eq(after.elbo, -(after.distortion + after.rate));
    ck_assert_uint_eq(last.epoch, 8);
    ck_assert_uint_eq(last.train.n, 300);
    ck_assert_uint_eq(last.step, 8 * 5);
    close_bench(&b);
}
END_TEST

/* The mean of an epoch is over its data, not over its batches: one batch of 64, four of 59 and so on give close
 * numbers, and the sums of rate and distortion are those of all 300 data. */
START_TEST(a_short_last_batch_counts_as_what_it_is)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    elbow_progress whole, cut;
    bench b = open_bench(&recipe, 300);
    options.epochs = 1;
    options.learning_rate = 1e-30; /* parameters stay: the losses of an epoch do not depend on its batches */
    options.progress = watch;
    options.user = &whole;
    options.batch = 300;
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    options.user = &cut;
    options.batch = 299;
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    ck_assert_double_eq(whole.train.distortion, cut.train.distortion);
    ck_assert_double_eq(whole.train.rate, cut.train.rate);
    close_bench(&b);
}
END_TEST

/* A shard's gradient is its own sum: S changes bits, but little else. */
START_TEST(shards_are_part_of_the_recipe)
{
    const elbow_recipe recipe = small_recipe();
    static const uint32_t shards[] = {1, 2, 3, 7, 64, 100};
    double elbo[COUNT(shards)];
    for (size_t i = 0; i < COUNT(shards); i++) {
        elbow_train_options options = small_options();
        elbow_progress last;
        bench b = open_bench(&recipe, 300);
        options.shards = shards[i];
        options.progress = watch;
        options.user = &last;
        ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
        elbo[i] = last.test.elbo;
        close_bench(&b);
        ck_assert_double_eq_tol(elbo[i], elbo[0], 0.05);
    }
}
END_TEST

START_TEST(auto_shards_come_from_the_batch)
{
    static const uint32_t cases[][2] = {{1, 1},   {16, 1},    {31, 1},    {32, 2},
                                        {128, 8}, {1000, 32}, {1024, 64}, {9999, 64}};
    for (size_t i = 0; i < COUNT(cases); i++) ck_assert_uint_eq(elb_auto_shards(cases[i][0]), cases[i][1]);
}
END_TEST

/* The feed gives the same batches whether the data live on the device or come in chunks. */
START_TEST(streaming_gives_the_same_data)
{
    const elbow_recipe recipe = small_recipe();
    bench b = open_bench(&recipe, 500);
    elb_device *dev = b.context->dev;
    elb_feed *resident, *streamed;
    float *one, *other;
    const uint32_t pixels = elbow_data_about(b.data)->pixels;
    ck_assert_int_eq(elb_feed_new(&resident, dev, b.data, ELBOW_TRAIN, 64, &recipe, UINT64_MAX), ELBOW_OK);
    ck_assert_int_eq(elb_feed_new(&streamed, dev, b.data, ELBOW_TRAIN, 64, &recipe, 0), ELBOW_OK);
    ck_assert_int_eq(elb_new(dev->err, &one, 64 * pixels, sizeof *one, "a batch"), ELBOW_OK);
    ck_assert_int_eq(elb_new(dev->err, &other, 64 * pixels, sizeof *other, "a batch"), ELBOW_OK);
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        ck_assert_int_eq(elb_feed_start(resident, epoch), ELBOW_OK);
        ck_assert_int_eq(elb_feed_start(streamed, epoch), ELBOW_OK);
        for (uint32_t first = 0; first < 500; first += 64) {
            const uint32_t rows = 500 - first < 64 ? 500 - first : 64;
            elb_view x, y, samples;
            ck_assert_int_eq(elb_feed_batch(&x, &samples, resident, first, rows), ELBOW_OK);
            ck_assert_int_eq(elb_feed_batch(&y, &samples, streamed, first, rows), ELBOW_OK);
            ck_assert_int_eq(elb_read_reals(one, x), ELBOW_OK);
            ck_assert_int_eq(elb_read_reals(other, y), ELBOW_OK);
            ck_assert_mem_eq(one, other, (size_t)rows * pixels * sizeof *one);
        }
    }
    free(one);
    free(other);
    elb_feed_free(resident);
    elb_feed_free(streamed);
    close_bench(&b);
}
END_TEST

START_TEST(a_stopped_run_goes_on_to_the_same_digest)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    char whole[65], resumed[65], out[256];
    snprintf(out, sizeof out, "%s/stopped", folder);
    options.patience = 5;
    options.clip = 1;
    ck_assert_int_eq(train_new(whole, &recipe, &options, 0.2), ELBOW_OK);
    options.out = out;
    options.progress = stop_at_once;
    options.save_every = 1e-9;
    ck_assert_int_eq(train_new(resumed, &recipe, &options, 0.2), ELBOW_STOPPED);
    ck_assert_str_ne(whole, resumed);
    options.progress = NULL;
    options.resume = true;
    ck_assert_int_eq(train_new(resumed, &recipe, &options, 0.2), ELBOW_OK);
    ck_assert_str_eq(whole, resumed);
    ck_assert_int_eq(train_new(resumed, &recipe, &options, 0.2), ELBOW_OK); /* after a normal end, too */
    ck_assert_str_eq(whole, resumed);
}
END_TEST

/* A network for a range of weights goes on to the same digest, whatever cuts the batch into shards says. */
START_TEST(a_range_of_weights_goes_on_too)
{
    elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    char whole[65], resumed[65], ordinary[65], out[256];
    snprintf(out, sizeof out, "%s/range", folder);
    ck_assert_int_eq(train_new(ordinary, &recipe, &options, 0), ELBOW_OK);
    recipe.beta_low = 0.1, recipe.beta_high = 10;
    options.shards = 3;
    ck_assert_int_eq(train_new(whole, &recipe, &options, 0), ELBOW_OK);
    ck_assert_str_ne(whole, ordinary);
    options.out = out;
    options.progress = stop_at_once;
    options.save_every = 1e-9;
    ck_assert_int_eq(train_new(resumed, &recipe, &options, 0), ELBOW_STOPPED);
    options.progress = NULL;
    options.resume = true;
    ck_assert_int_eq(train_new(resumed, &recipe, &options, 0), ELBOW_OK);
    ck_assert_str_eq(whole, resumed);
    recipe.beta_high = 5;
    ck_assert_int_eq(train_new(resumed, &recipe, &options, 0), ELBOW_BAD_FILE);
}
END_TEST

/* Courses that the batch decides have a state of their own, which is saved and comes back; so has the running sigma. */
START_TEST(what_a_batch_decides_goes_on_too)
{
    static const struct {
        elbow_schedule schedule;
        elbow_spread spread;
        double target, free_bits;
    } cases[] = {{ELBOW_SCHEDULE_GECO, ELBOW_SPREAD_FIXED, 100, 0},
                 {ELBOW_SCHEDULE_CONTROL, ELBOW_SPREAD_LEARNED, 4, 0},
                 {ELBOW_SCHEDULE_CAPACITY, ELBOW_SPREAD_OPTIMAL, 6, 0},
                 {ELBOW_SCHEDULE_SIGMOID, ELBOW_SPREAD_OPTIMAL, 0, 0.5},
                 {ELBOW_SCHEDULE_LEAST_RATE, ELBOW_SPREAD_PIXEL, 3, 0}};
    char seen[COUNT(cases)][65];
    for (size_t c = 0; c < COUNT(cases); c++) {
        elbow_recipe recipe = small_recipe();
        elbow_train_options options = small_options();
        char whole[65], resumed[65], other[65], out[256];
        snprintf(out, sizeof out, "%s/decided-%zu", folder, c);
        recipe.likelihood = ELBOW_GAUSSIAN;
        recipe.spread = cases[c].spread;
        options.schedule = cases[c].schedule;
        options.schedule_target = cases[c].target;
        options.schedule_epochs = 1;
        options.free_bits = cases[c].free_bits;
        options.shards = 3;
        ck_assert_int_eq(train_new(whole, &recipe, &options, 0), ELBOW_OK);
        options.out = out;
        options.progress = stop_at_once;
        options.save_every = 1e-9;
        ck_assert_int_eq(train_new(resumed, &recipe, &options, 0), ELBOW_STOPPED);
        options.progress = NULL;
        options.resume = true;
        ck_assert_int_eq(train_new(resumed, &recipe, &options, 0), ELBOW_OK);
        ck_assert_str_eq(whole, resumed);
        options.schedule = ELBOW_SCHEDULE_CONSTANT;
        options.free_bits = 0;
        options.out = NULL;
        options.resume = false;
        ck_assert_int_eq(train_new(other, &recipe, &options, 0), ELBOW_OK);
        ck_assert_str_ne(other, whole); /* the course has an effect */
        memcpy(seen[c], whole, sizeof whole);
        for (size_t before = 0; before < c; before++) ck_assert_str_ne(seen[before], whole);
    }
}
END_TEST

/* The optimal sigma is the variance that the data are left with: while parameters stay, its running value is a mean. */
START_TEST(the_optimal_sigma_is_the_error_per_pixel)
{
    elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    elbow_metrics m;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.spread = ELBOW_SPREAD_OPTIMAL;
    bench b = open_bench(&recipe, 300);
    options.epochs = 4;
    options.learning_rate = 1e-30;
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    ck_assert_int_eq(elbow_evaluate(&m, b.model, b.data, ELBOW_TRAIN, false), ELBOW_OK);
    ck_assert_double_eq_tol(m.sigma2 / m.mse, 1, 0.01);
    const double d = b.data->info.pixels, density = 0.5 * d * log(2 * acos(-1) * m.sigma2) + m.sse / (2 * m.sigma2);
    ck_assert_double_eq_tol(m.distortion / density, 1, 1e-6);
    close_bench(&b);
}
END_TEST

/* GECO finds the weight that holds the distortion, ControlVAE the one that holds the rate; capacity holds the rate too.
 */
START_TEST(targets_are_reached)
{
    static const struct {
        elbow_schedule schedule;
        double target, gain, off;
    } cases[] = {{ELBOW_SCHEDULE_GECO, 130, 0.02, 0.05},
                 {ELBOW_SCHEDULE_CONTROL, 5, 0.01, 0.05},
                 {ELBOW_SCHEDULE_CAPACITY, 5, 0, 0.15}}; /* whose sign changes from step to step */
    for (size_t c = 0; c < COUNT(cases); c++) {
        elbow_recipe recipe = small_recipe();
        elbow_train_options options = small_options();
        elbow_progress last;
        if (cases[c].schedule == ELBOW_SCHEDULE_CAPACITY) recipe.weight = 20; /* the slope of its walls */
        bench b = open_bench(&recipe, 300);
        options.epochs = 150;
        options.learning_rate = 3e-3;
        options.schedule = cases[c].schedule;
        options.schedule_target = cases[c].target;
        options.schedule_gain = cases[c].gain;
        options.schedule_pull = 1e-2;
        options.progress = watch;
        options.user = &last;
        ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
        const double reached = c ? last.train.rate : last.train.distortion;
        ck_assert_msg(fabs(reached - cases[c].target) < cases[c].off * cases[c].target,
                      "course %zu: %g nats, not %g; beta %g", c, reached, cases[c].target, last.beta);
        close_bench(&b);
    }
}
END_TEST

START_TEST(another_recipe_does_not_resume)
{
    const elbow_recipe recipe = small_recipe();
    elbow_recipe other = recipe;
    elbow_train_options options = small_options();
    char out[256];
    snprintf(out, sizeof out, "%s/other", folder);
    options.out = out;
    bench b = open_bench(&recipe, 100);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "--resume"));
    close_bench(&b);
    other.weight = 2;
    b = open_bench(&other, 100);
    options.resume = true;
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_BAD_FILE);
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "another recipe"));
    close_bench(&b);
}
END_TEST

START_TEST(a_model_comes_back_from_its_folder)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    char out[256], digest[65], loaded[65];
    elbow_model *model;
    snprintf(out, sizeof out, "%s/loaded", folder);
    options.out = out;
    bench b = open_bench(&recipe, 100);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    ck_assert_int_eq(elbow_model_digest(b.model, digest), ELBOW_OK);
    ck_assert_int_eq(elbow_model_load(&model, b.context, out), ELBOW_OK);
    ck_assert_int_eq(elbow_model_digest(model, loaded), ELBOW_OK);
    ck_assert_str_eq(digest, loaded);
    ck_assert_uint_eq(elbow_model_recipe(model)->hidden[0], 33);
    elbow_model_free(model);
    close_bench(&b);
}
END_TEST

/* A learning rate that blows up: the run stops before the bad step touches anything, and names the place. */
START_TEST(what_is_not_finite_stops_the_run)
{
    elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    char out[256];
    snprintf(out, sizeof out, "%s/bad", folder);
    recipe.likelihood = ELBOW_GAUSSIAN;
    options.learning_rate = 1e18;
    options.out = out;
    bench b = open_bench(&recipe, 300);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "step 2 "));
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "not finite"));
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "lower --lr"));
    float *w;
    ck_assert_int_eq(elb_new(&b.context->err, &w, b.model->parameters, sizeof *w, "parameters"), ELBOW_OK);
    ck_assert_int_eq(elb_read_reals(w, elb_flat(b.model, b.model->w)), ELBOW_OK);
    for (uint32_t i = 0; i < b.model->parameters; i++) ck_assert(isfinite(w[i]));
    free(w);
    options.nonfinite = ELBOW_NONFINITE_SKIP;
    elbow_progress last;
    options.out = NULL;
    options.progress = watch;
    options.user = &last;
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    ck_assert_uint_gt(last.skipped, 0);
    close_bench(&b);
}
END_TEST

/* No learning rate has acted on a first step: what is said is what went in. */
START_TEST(a_first_step_that_is_not_finite_is_of_the_scale)
{
    elbow_recipe recipe = small_recipe();
    const elbow_train_options options = small_options();
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.sigma2 = 1e-36;
    bench b = open_bench(&recipe, 100);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "step 1 "));
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "in [0, 1], sigma is 1e-18, beta is 1: bring"));
    ck_assert_ptr_null(strstr(elbow_message(b.context), "lower --lr"));
    close_bench(&b);
}
END_TEST

START_TEST(early_stopping_keeps_the_best)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    elbow_progress last;
    elbow_metrics kept;
    bench b = open_bench(&recipe, 60);
    ck_assert_int_eq(elbow_data_hold_out(b.data, b.context, ELBOW_VALIDATION, 0.3), ELBOW_OK);
    options.epochs = 400;
    options.patience = 3;
    options.learning_rate = 0.03;
    options.progress = watch;
    options.user = &last;
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_OK);
    ck_assert_uint_lt(last.epoch, 400);
    ck_assert_int_eq(elbow_evaluate(&kept, b.model, b.data, ELBOW_VALIDATION, false), ELBOW_OK);
    ck_assert_double_gt(kept.elbo, last.validation.elbo);
    close_bench(&b);
}
END_TEST

static void refuse(const elbow_recipe *recipe, elbow_train_options options, elbow_status status, const char *words)
{
    bench b = open_bench(recipe, 100);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), status);
    ck_assert_msg(strstr(elbow_message(b.context), words) != NULL, "'%s' lacks '%s'", elbow_message(b.context), words);
    close_bench(&b);
}

START_TEST(what_makes_no_sense_is_refused)
{
    const elbow_recipe recipe = small_recipe();
    elbow_train_options options = small_options();
    options.epochs = 0;
    refuse(&recipe, options, ELBOW_USAGE, "epochs");
    options = small_options();
    options.learning_rate = NAN;
    refuse(&recipe, options, ELBOW_USAGE, "learning rate");
    options = small_options();
    options.patience = 2;
    refuse(&recipe, options, ELBOW_USAGE, "--holdout");
    options = small_options();
    options.rate = ELBOW_RATE_STEP;
    options.rate_every = 0;
    refuse(&recipe, options, ELBOW_USAGE, "steps");
    elbow_recipe range = small_recipe();
    range.beta_low = 0.5, range.beta_high = 2;
    options = small_options();
    options.schedule = ELBOW_SCHEDULE_LINEAR;
    refuse(&range, options, ELBOW_USAGE, "no schedule");
    options = small_options();
    range.weight *= 2;
    refuse(&range, options, ELBOW_USAGE, "no effect");
    range = small_recipe();
    range.beta_low = 0.5, range.beta_high = 2;
    range.likelihood = ELBOW_GAUSSIAN, range.spread = ELBOW_SPREAD_OPTIMAL;
    refuse(&range, options, ELBOW_USAGE, "optimal sigma");
}
END_TEST

START_TEST(bernoulli_refuses_what_is_not_between_0_and_1)
{
    const elbow_recipe recipe = small_recipe();
    const elbow_train_options options = small_options();
    const float images[8] = {0, 0.5f, 1, 0.25f, 0, 2, 1, 0};
    bench b = {0};
    ck_assert_int_eq(elbow_open(&b.context, "native"), ELBOW_OK);
    ck_assert_int_eq(elbow_data_from_floats(&b.data, b.context, 2, 2, 1, images, 2, NULL, 0), ELBOW_OK);
    ck_assert_int_eq(elbow_model_new(&b.model, b.context, &recipe, b.data), ELBOW_OK);
    ck_assert_int_eq(elbow_train(b.model, b.data, &options), ELBOW_BAD_DATA);
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "[0, 2]"));
    close_bench(&b);
}
END_TEST

int main(void)
{
    if (!mkdtemp(folder)) return EXIT_FAILURE;
    Suite *suite = suite_create("trainer");
    TCase *tests = add_case(suite, "runs"), *long_ones = add_case(suite, "targets");
    tcase_add_test(tests, a_seed_is_a_digest);
    tcase_add_test(tests, training_helps);
    tcase_add_test(tests, a_range_of_weights_goes_on_too);
    tcase_add_test(tests, a_short_last_batch_counts_as_what_it_is);
    tcase_add_test(tests, shards_are_part_of_the_recipe);
    tcase_add_test(tests, auto_shards_come_from_the_batch);
    tcase_add_test(tests, streaming_gives_the_same_data);
    tcase_add_test(tests, a_stopped_run_goes_on_to_the_same_digest);
    tcase_add_test(tests, what_a_batch_decides_goes_on_too);
    tcase_add_test(tests, the_optimal_sigma_is_the_error_per_pixel);
    tcase_add_test(tests, another_recipe_does_not_resume);
    tcase_add_test(tests, a_model_comes_back_from_its_folder);
    tcase_add_test(tests, what_is_not_finite_stops_the_run);
    tcase_add_test(tests, a_first_step_that_is_not_finite_is_of_the_scale);
    tcase_add_test(tests, early_stopping_keeps_the_best);
    tcase_add_test(tests, what_makes_no_sense_is_refused);
    tcase_add_test(tests, bernoulli_refuses_what_is_not_between_0_and_1);
    tcase_add_test(long_ones, targets_are_reached);
    const int failed = run_all(suite);
    char remove[sizeof folder + 16];
    snprintf(remove, sizeof remove, "rm -rf '%s'", folder);
    if (system(remove) != 0) return EXIT_FAILURE;
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
