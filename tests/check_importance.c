/* check_importance.c - the importance-weighted bound: against log p(x) where that has a closed form, on every device
 * and however many draws fit it at once; and training it. */
#include "train/trainer.h"

#include "device/device.h"
#include "suite.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 3, PIXELS = SIDE * SIDE, IMAGES = 96, LATENT = 2 };

static char folder[] = "/tmp/elbow-importance-XXXXXX";
static float images[IMAGES * PIXELS];

typedef struct bench {
    elbow_context *context;
    elbow_data *data;
    elbow_model *model;
} bench;

#define OK(b, call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, elbow_message((b)->context))

/* Images that two numbers decide, and some noise. */
static void make_images(void)
{
    uint64_t state = 3;
    for (int i = 0; i < IMAGES; i++) {
        double u[2 + PIXELS];
        for (int j = 0; j < 2 + PIXELS; j++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            u[j] = ldexp((double)(state >> 11), -52) - 1;
        }
        for (int j = 0; j < PIXELS; j++)
            images[i * PIXELS + j] =
                (float)(0.5 + 0.3 * u[0] * (j % 3 - 1) + 0.2 * u[1] * (j / 3 - 1) + 0.05 * u[2 + j]);
    }
}

static bench open_bench(const elbow_recipe *recipe, const char *device)
{
    bench b = {0};
    const elbow_status status = elbow_open(&b.context, device);
    ck_assert_msg(status == ELBOW_OK, "%s: %s", device, elbow_message(b.context));
    OK(&b, elbow_data_from_floats(&b.data, b.context, SIDE, SIDE, 1, images, IMAGES, NULL, 0));
    OK(&b, elbow_model_new(&b.model, b.context, recipe, b.data));
    return b;
}

static void close_bench(bench *b)
{
    elbow_model_free(b->model);
    elbow_data_free(b->data);
    elbow_close(b->context);
}

static elbow_recipe linear_recipe(void)
{
    elbow_recipe recipe = elbow_recipe_default();
    recipe.model = ELBOW_LINEAR;
    recipe.hidden[0] = 0;
    recipe.latent = LATENT;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.sigma2 = 0.01;
    recipe.seed = 11;
    return recipe;
}

static elbow_train_options short_training(uint32_t epochs)
{
    elbow_train_options options = elbow_train_default();
    options.epochs = epochs;
    options.batch = 24;
    options.learning_rate = 0.02;
    return options;
}

/* ---- log p(x) of the linear Gaussian model: x from N(b, W W' + sigma^2 I) ---- */

/* Mean over the images; L L' = the covariance. */
static double log_p(bench *b)
{
    float w[(4 * LATENT + LATENT * 4) * PIXELS];
    uint32_t count;
    const elb_tensor_place *places = elb_model_tensors(b->model->net, &count);
    const float *weight = NULL, *bias = NULL;
    ck_assert_uint_le(b->model->parameters, COUNT(w));
    OK(b, elb_read_reals(w, elb_flat(b->model, b->model->w)));
    for (uint32_t t = 0; t < count; t++) {
        if (!strcmp(places[t].name, "decoder.0.weight")) weight = w + places[t].offset;
        if (!strcmp(places[t].name, "decoder.0.bias")) bias = w + places[t].offset;
    }
    double l[PIXELS][PIXELS], determinant = 0, sum = 0;
    for (int i = 0; i < PIXELS; i++)
        for (int j = 0; j <= i; j++) {
            double c = i == j ? b->model->recipe.sigma2 : 0;
            for (int k = 0; k < LATENT; k++) c += (double)weight[i * LATENT + k] * (double)weight[j * LATENT + k];
            for (int k = 0; k < j; k++) c -= l[i][k] * l[j][k];
            l[i][j] = i == j ? sqrt(c) : c / l[j][j];
        }
    for (int i = 0; i < PIXELS; i++) determinant += 2 * log(l[i][i]);
    for (int n = 0; n < IMAGES; n++) {
        double y[PIXELS], square = 0;
        for (int i = 0; i < PIXELS; i++) {
            y[i] = (double)(images[n * PIXELS + i] - bias[i]);
            for (int k = 0; k < i; k++) y[i] -= l[i][k] * y[k];
            y[i] /= l[i][i];
            square += y[i] * y[i];
        }
        sum += -0.5 * (square + determinant + PIXELS * log(2 * acos(-1)));
    }
    return sum / IMAGES;
}

static double bound(bench *b, uint32_t samples)
{
    double nll;
    OK(b, elbow_evaluate_iwae(&nll, b->model, b->data, ELBOW_TEST, samples, NULL, NULL));
    return -nll;
}

/* From below, and the closer the more draws: with a posterior that fits, and with one that does not. */
START_TEST(the_bound_rises_to_log_p)
{
    static const uint32_t samples[] = {1, 4, 16, 64, 256, 1024, 5000};
    static const uint32_t epochs[] = {60, 6};
    /* What is left at the end; the standard error of a mean over 96 images is below 0.01 by then. */
    static const double gaps[] = {0.01, 0.2};
    for (size_t e = 0; e < COUNT(epochs); e++) {
        const elbow_recipe recipe = linear_recipe();
        const elbow_train_options options = short_training(epochs[e]);
        bench b = open_bench(&recipe, "native");
        OK(&b, elbow_train(b.model, b.data, &options));
        const double truth = log_p(&b);
        elbow_metrics metrics;
        OK(&b, elbow_evaluate(&metrics, b.model, b.data, ELBOW_TEST, false));
        ck_assert_double_lt(metrics.elbo, truth + 0.05);
        double before = -HUGE_VAL;
        for (size_t k = 0; k < COUNT(samples); k++) {
            const double now = bound(&b, samples[k]);
            ck_assert_msg(now > before - 0.02, "K %u: %g, before %g (log p is %g)", samples[k], now, before, truth);
            ck_assert_double_lt(now, truth + 0.02);
            before = now;
        }
        ck_assert_msg(before > truth - gaps[e], "after %u epochs: %g, log p is %g", epochs[e], before, truth);
        ck_assert_double_gt(before - bound(&b, 1), e ? 0.5 : 0.01);
        close_bench(&b);
    }
}
END_TEST

START_TEST(log_mean_exp_is_safe)
{
    const double x[] = {-1000, -1000, -1000}, y[] = {-3, -1e30, -3}, z[] = {700, 710};
    ck_assert_double_eq(elb_log_mean_exp(x, 3), -1000);
    ck_assert_double_eq_tol(elb_log_mean_exp(y, 3), -3 + log(2.0 / 3), 1e-15);
    ck_assert_double_eq_tol(elb_log_mean_exp(z, 2), 710 + log1p(exp(-10)) - log(2), 1e-12);
}
END_TEST

/* ---- however it is computed ---- */

static elbow_recipe deep_recipe(elbow_likelihood likelihood)
{
    elbow_recipe recipe = elbow_recipe_default();
    recipe.hidden[0] = 13;
    recipe.latent = 5;
    recipe.likelihood = likelihood;
    recipe.binarise = likelihood == ELBOW_BERNOULLI ? ELBOW_BINARISE_DYNAMIC : ELBOW_BINARISE_NONE;
    return recipe;
}

START_TEST(neither_chunks_nor_devices_change_a_bit)
{
    static const uint32_t draws[] = {1, 7, 50, 64, 1024, 4096};
    elbow_device_info *devices;
    size_t count;
    elbow_context *context;
    elbow_open(&context, "native");
    ck_assert_int_eq(elbow_devices(context, &devices, &count), ELBOW_OK);
    for (int likelihood = 0; likelihood < 2; likelihood++) {
        const elbow_recipe recipe = deep_recipe((elbow_likelihood)likelihood);
        double first = 0;
        for (size_t d = 0; d < count; d++) {
            if (!devices[d].usable) continue;
            bench b = open_bench(&recipe, devices[d].id);
            for (size_t i = 0; i < COUNT(draws); i++) {
                double nll;
                OK(&b, elb_measure_iwae(&nll, b.model, b.data, ELBOW_TEST, 50, draws[i], NULL, NULL));
                if (first == 0) first = nll;
                ck_assert_msg(memcmp(&nll, &first, sizeof nll) == 0, "%s, %u draws at once: %.17g, not %.17g",
                              devices[d].id, draws[i], nll, first);
            }
            close_bench(&b);
        }
        ck_assert_double_gt(fabs(first), 1);
    }
    elbow_devices_free(devices);
    elbow_close(context);
}
END_TEST

static bool stop(void *user, uint32_t done, uint32_t n)
{
    *(uint32_t *)user = done;
    return done * 2 >= n;
}

START_TEST(what_is_refused)
{
    const elbow_recipe recipe = deep_recipe(ELBOW_BERNOULLI);
    bench b = open_bench(&recipe, "native");
    double nll;
    uint32_t done = 0;
    ck_assert_int_eq(elbow_evaluate_iwae(&nll, b.model, b.data, ELBOW_TEST, 0, NULL, NULL), ELBOW_USAGE);
    ck_assert_int_eq(elbow_evaluate_iwae(&nll, b.model, b.data, ELBOW_TEST, 5001, NULL, NULL), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(elbow_message(b.context), "1 to 5000 samples, not 5001"));
    ck_assert_int_eq(elbow_evaluate_iwae(&nll, b.model, b.data, ELBOW_VALIDATION, 5, NULL, NULL), ELBOW_BAD_DATA);
    ck_assert_int_eq(elbow_evaluate_iwae(&nll, b.model, b.data, ELBOW_TEST, 700, stop, &done), ELBOW_STOPPED);
    ck_assert_uint_eq(done, IMAGES / 2);
    close_bench(&b);
}
END_TEST

/* ---- training it ---- */

static void train_new(char digest[65], const elbow_recipe *recipe, const elbow_train_options *options,
                      elbow_status status)
{
    bench b = open_bench(recipe, "native");
    const elbow_status got = elbow_train(b.model, b.data, options);
    ck_assert_msg(got == status, "%d, not %d: %s", (int)got, (int)status, elbow_message(b.context));
    if (digest) OK(&b, elbow_model_digest(b.model, digest));
    close_bench(&b);
}

static bool watch(void *user, const elbow_progress *progress)
{
    *(elbow_progress *)user = *progress;
    return false;
}

/* With no KL term one draw is one draw: it is the same one, and so is its gradient. */
START_TEST(one_draw_is_the_elbos)
{
    elbow_recipe recipe = deep_recipe(ELBOW_GAUSSIAN);
    const elbow_train_options options = short_training(3);
    char elbo[65], one[65], weighed[65];
    recipe.weight = 0;
    train_new(elbo, &recipe, &options, ELBOW_OK);
    recipe.objective = ELBOW_OBJECTIVE_IWAE;
    recipe.samples = 1;
    train_new(one, &recipe, &options, ELBOW_OK);
    ck_assert_str_eq(elbo, one);
    recipe.weight = 1;
    train_new(weighed, &recipe, &options, ELBOW_OK);
    ck_assert_str_ne(weighed, one);
}
END_TEST

/* The bound that is trained is that of evaluation, the ELBO beside it is looser, and training raises both. */
START_TEST(training_raises_the_bound)
{
    elbow_recipe recipe = deep_recipe(ELBOW_GAUSSIAN);
    elbow_train_options options = short_training(1);
    elbow_progress last;
    recipe.objective = ELBOW_OBJECTIVE_IWAE;
    recipe.samples = 20;
    recipe.sigma2 = 0.1;
    options.progress = watch;
    options.user = &last;
    options.learning_rate = 1e-30; /* parameters stay */
    bench b = open_bench(&recipe, "native");
    OK(&b, elbow_train(b.model, b.data, &options));
    const double start = last.train.bound;
    ck_assert_double_eq_tol(start, bound(&b, 20), 0.05);
    ck_assert_double_gt(start, last.train.elbo + 0.1);
    ck_assert_double_eq_tol(last.train.elbo, last.test.elbo, 0.5);
    ck_assert(isnan(last.test.bound));
    options.learning_rate = 0.01;
    options.epochs = 30;
    OK(&b, elbow_train(b.model, b.data, &options));
    /* One latent pays at this sigma: a linear model's optimum is 0.35 above the start. */
    ck_assert_double_gt(last.train.bound, start + 0.3);
    ck_assert_double_gt(last.train.bound, last.train.elbo);
    close_bench(&b);
}
END_TEST

static bool stop_at_once(void *user, const elbow_progress *progress)
{
    (void)user;
    return progress->step >= 6;
}

START_TEST(a_stopped_run_goes_on_to_the_same_digest)
{
    elbow_recipe recipe = deep_recipe(ELBOW_BERNOULLI);
    elbow_train_options options = short_training(3);
    char whole[65], resumed[65], out[256];
    recipe.objective = ELBOW_OBJECTIVE_IWAE;
    recipe.samples = 6;
    options.shards = 3;
    options.schedule = ELBOW_SCHEDULE_LINEAR;
    options.schedule_epochs = 2;
    snprintf(out, sizeof out, "%s/stopped", folder);
    train_new(whole, &recipe, &options, ELBOW_OK);
    options.out = out;
    options.progress = stop_at_once;
    options.save_every = 1e-9;
    train_new(resumed, &recipe, &options, ELBOW_STOPPED);
    ck_assert_str_ne(whole, resumed);
    options.progress = NULL;
    options.resume = true;
    train_new(resumed, &recipe, &options, ELBOW_OK);
    ck_assert_str_eq(whole, resumed);
    recipe.samples = 7; /* another recipe */
    train_new(NULL, &recipe, &options, ELBOW_BAD_FILE);
}
END_TEST

static void refuse(elbow_recipe recipe, const elbow_train_options *options, const char *words)
{
    recipe.objective = ELBOW_OBJECTIVE_IWAE;
    bench b = open_bench(&recipe, "native");
    ck_assert_int_eq(elbow_train(b.model, b.data, options), ELBOW_USAGE);
    ck_assert_msg(strstr(elbow_message(b.context), words) != NULL, "'%s' lacks '%s'", elbow_message(b.context), words);
    close_bench(&b);
}

START_TEST(what_does_not_go_with_it_is_refused)
{
    elbow_recipe recipe = deep_recipe(ELBOW_GAUSSIAN);
    elbow_train_options options = short_training(3);
    recipe.samples = 0;
    refuse(recipe, &options, "1 to 5000 samples, not 0");
    recipe.samples = 5;
    recipe.spread = ELBOW_SPREAD_OPTIMAL;
    refuse(recipe, &options, "the optimal sigma");
    recipe.spread = ELBOW_SPREAD_FIXED;
    options.free_bits = 0.5;
    refuse(recipe, &options, "free bits");
    options.free_bits = 0;
    options.schedule = ELBOW_SCHEDULE_CONTROL;
    refuse(recipe, &options, "a target");
    options.schedule = ELBOW_SCHEDULE_CONSTANT;
    options.epochs = 1u << 30;
    refuse(recipe, &options, "5 samples are too many for batches of 24 and 1073741824 epochs");
}
END_TEST

/* Draws take memory: what is foreseen grows with them as the decoder's activations do. */
START_TEST(memory_is_foreseen)
{
    elbow_recipe recipe = deep_recipe(ELBOW_BERNOULLI);
    bench b = open_bench(&recipe, "native");
    const uint64_t without = elbow_model_memory(&recipe, b.data, 300);
    recipe.objective = ELBOW_OBJECTIVE_IWAE;
    recipe.samples = 1;
    ck_assert_uint_eq(elbow_model_memory(&recipe, b.data, 300), without);
    recipe.samples = 101;
    const uint64_t with = elbow_model_memory(&recipe, b.data, 300);
    /* of a draw: z, its spread, rate and gradient; two layers, the last one's gradient, two slopes; three losses, a
     * share */
    const uint64_t draw = (4 * 5 + 13 + 2 * PIXELS + 2 * 13 + 4) * sizeof(float);
    ck_assert_uint_ge(with - without, 100 * 300 * draw);
    /* and what the products pack of them */
    ck_assert_uint_le(with - without, 100 * 300 * draw * 3 / 2);
    recipe.samples = 5000;
    ck_assert_uint_eq(elbow_model_memory(&recipe, b.data, 1u << 30), UINT64_MAX);
    close_bench(&b);
}
END_TEST

int main(void)
{
    if (!mkdtemp(folder)) return EXIT_FAILURE;
    make_images();
    TCase *tests = tcase_create("all");
    tcase_set_timeout(tests, 300);
    tcase_add_test(tests, the_bound_rises_to_log_p);
    tcase_add_test(tests, log_mean_exp_is_safe);
    tcase_add_test(tests, neither_chunks_nor_devices_change_a_bit);
    tcase_add_test(tests, what_is_refused);
    tcase_add_test(tests, one_draw_is_the_elbos);
    tcase_add_test(tests, training_raises_the_bound);
    tcase_add_test(tests, a_stopped_run_goes_on_to_the_same_digest);
    tcase_add_test(tests, what_does_not_go_with_it_is_refused);
    tcase_add_test(tests, memory_is_foreseen);
    const int failed = run_case("importance", tests);
    char remove[sizeof folder + 16];
    snprintf(remove, sizeof remove, "rm -rf '%s'", folder);
    if (system(remove) != 0) return EXIT_FAILURE;
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
