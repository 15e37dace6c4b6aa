/* check_sweep.c - sweeps: rows are runs like any other, what is done stays done, what is wrong is said. */
#include "train/sweep.h"

#include "io_files.h"
#include "suite.h"
#include "train/model_state.h"
#include "xml_form.h"

#include <math.h>

enum { IMAGES = 200, SIDE = 8, PIXELS = SIDE * SIDE, LATENT = 3 };

static elbow_context *context;
static elbow_data *data;
static unsigned char file[1 << 20];

static elbow_recipe small_recipe(void)
{
    elbow_recipe recipe = elbow_recipe_default();
    memset(recipe.hidden, 0, sizeof recipe.hidden);
    recipe.hidden[0] = 16;
    recipe.latent = LATENT;
    recipe.seed = 3;
    return recipe;
}

static elbow_train_options small_options(void)
{
    elbow_train_options train = elbow_train_default();
    train.epochs = 2;
    train.batch = 50;
    return train;
}

/* Grey spots in every place: images small enough that a sweep of them takes no time, with something to learn. */
static void write_spots(const char *path)
{
    static unsigned char images[32 + IMAGES * PIXELS];
    size_t at = idx_header(images, 0x08, 3, (const uint32_t[]){IMAGES, SIDE, SIDE});
    for (int i = 0; i < IMAGES * PIXELS; i++) {
        const int image = i / PIXELS, x = i % SIDE - image % SIDE, y = i / SIDE % SIDE - image / SIDE % SIDE;
        images[at++] = (unsigned char)(240 >> (x * x + y * y) / 4);
    }
    write_plain(path, images, at);
}

static void open_all(void)
{
    make_folder();
    write_spots(in_folder("spots"));
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
    ck_assert_int_eq(elbow_data_load(&data, context, in_folder("spots"), 0), ELBOW_OK);
}

static void close_all(void)
{
    elbow_data_free(data);
    elbow_close(context);
    remove_folder();
}

/* What the caller of a sweep sees of it. */
typedef struct seen {
    uint32_t stop_in;              /* the run to stop in; 0: none */
    uint64_t stop_at;              /* and the step */
    uint32_t trained, kept, ended; /* bits of the runs */
    bool inside, overlapped;
    double left;
} seen;

static bool see(void *user, const elbow_sweep_progress *progress)
{
    seen *s = user;
    const uint32_t bit = UINT32_C(1) << (progress->run - 1);
    s->overlapped |= s->inside;
    s->inside = true;
    if (progress->training) s->trained |= bit;
    if (progress->row && progress->kept) s->kept |= bit;
    if (progress->row && !progress->kept) s->ended |= bit;
    if (progress->row) ck_assert_double_eq(progress->row->weight.beta, progress->beta);
    s->left = progress->seconds_left;
    s->inside = false;
    return progress->training && progress->run == s->stop_in && progress->training->step >= s->stop_at;
}

/* A sweep into a folder of the test's, with the small recipe unless another is given. */
static elbow_status sweep(elbow_sweep_row *rows, const char *name, const double *betas, uint32_t count, seen *s,
                          const elbow_recipe *recipe)
{
    const elbow_recipe small = small_recipe();
    const elbow_train_options train = small_options();
    const elbow_sweep_options options = {.betas = betas,
                                         .count = count,
                                         .out = in_folder(name),
                                         .command = "elbow sweep <this>",
                                         .progress = s ? see : NULL,
                                         .user = s};
    return elbow_sweep(rows, context, data, recipe ? recipe : &small, &train, &options);
}

#define SWEPT(call)    ck_assert_msg((call) == ELBOW_OK, "%s", elbow_message(context))
#define MESSAGE(words) ck_assert_msg(strstr(elbow_message(context), words), "'%s': %s", words, elbow_message(context))

static size_t read_file(const char *name)
{
    const size_t size = read_plain(file, sizeof file - 1, in_folder(name));
    file[size] = 0;
    return size;
}

static void same_files(const char *a, const char *b)
{
    static unsigned char other[sizeof file];
    const size_t size = read_plain(other, sizeof other, in_folder(a));
    ck_assert_uint_eq(read_file(b), size);
    ck_assert_mem_eq(file, other, size);
}

/* Trains a model of this beta by itself. */
static void train_alone(elbow_metrics *metrics, char digest[65], const elbow_recipe *base, double beta)
{
    elbow_recipe recipe = *base;
    elbow_model *model;
    const elbow_train_options train = small_options();
    recipe.weight = elbow_weight_for_beta(&recipe, elbow_data_about(data)->pixels, beta);
    SWEPT(elbow_model_new(&model, context, &recipe, data));
    SWEPT(elbow_train(model, data, &train));
    SWEPT(elbow_evaluate(metrics, model, data, ELBOW_TEST, false));
    SWEPT(elbow_model_digest(model, digest));
    elbow_model_free(model);
}

static void rows_are_runs(const char *name, const elbow_recipe *recipe)
{
    const double betas[] = {0.5, 4};
    elbow_sweep_row rows[2];
    SWEPT(sweep(rows, name, betas, 2, NULL, recipe));
    for (int i = 0; i < 2; i++) {
        char digest[65], path[128];
        elbow_metrics metrics;
        elbow_model *model;
        elbow_forecast forecast;
        elbow_recipe mine = *recipe;
        train_alone(&metrics, digest, recipe, betas[i]);
        ck_assert_str_eq(rows[i].digest, digest);
        ck_assert_double_eq(rows[i].test.elbo, metrics.elbo);
        ck_assert_double_eq(rows[i].test.sse, metrics.sse);
        ck_assert_uint_eq(rows[i].test.active_units, metrics.active_units);
        ck_assert_double_eq(rows[i].weight.beta, betas[i]);
        ck_assert_double_eq_tol(rows[i].weight.beta_norm, betas[i] * LATENT / PIXELS, 1e-12);
        mine.weight = elbow_weight_for_beta(&mine, PIXELS, betas[i]);
        SWEPT(elbow_foresee(&forecast, context, data, &mine));
        ck_assert_double_eq(rows[i].predicted.rate, forecast.rate);
        ck_assert_double_eq(rows[i].predicted.distortion, forecast.distortion);
        elb_format(path, sizeof path, "%s/%s", in_folder(name), rows[i].run);
        SWEPT(elbow_model_load(&model, context, path));
        SWEPT(elbow_model_digest(model, digest));
        ck_assert_str_eq(rows[i].digest, digest);
        elbow_model_free(model);
    }
    ck_assert_str_eq(rows[0].run, "beta-0.5");
    ck_assert_str_eq(rows[1].run, "beta-4");
    ck_assert_str_ne(rows[0].digest, rows[1].digest);
}

START_TEST(a_row_is_a_run_like_any_other)
{
    elbow_recipe recipe = small_recipe();
    rows_are_runs("bernoulli", &recipe);
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.sigma2 = 0.5;
    recipe.pixels = ELBOW_MEAN;
    recipe.latents = ELBOW_MEAN;
    rows_are_runs("gaussian", &recipe);
}
END_TEST

/* Stopped in the middle of the second run, the sweep goes on: the first run is not trained again, and sweep.json ends
 * as that of a sweep that was never stopped. */
START_TEST(a_stopped_sweep_goes_on_to_the_same_file)
{
    const double betas[] = {0.5, 1, 2};
    elbow_sweep_row rows[3], again[3];
    seen first = {.stop_in = 2, .stop_at = 1}, second = {0}, third = {0};
    SWEPT(sweep(rows, "whole", betas, 3, NULL, NULL));
    ck_assert_int_eq(sweep(again, "parts", betas, 3, &first, NULL), ELBOW_STOPPED);
    MESSAGE("stopped in run 2 of 3 (beta 1)");
    ck_assert_uint_eq(first.trained, 3);
    ck_assert_uint_eq(first.ended, 1);
    ck_assert_int_ne(access(in_folder("parts/report.html"), F_OK), 0);
    ck_assert_int_eq(access(in_folder("parts/beta-1/state.safetensors"), F_OK), 0);

    SWEPT(sweep(again, "parts", betas, 3, &second, NULL));
    ck_assert_str_eq(elbow_message(context), "");
    ck_assert_uint_eq(second.kept, 1);
    ck_assert_uint_eq(second.trained & 1, 0);
    ck_assert_uint_eq(second.ended, 6);
    ck_assert_double_eq(second.left, 0);
    for (int i = 0; i < 3; i++) ck_assert_str_eq(rows[i].digest, again[i].digest);
    same_files("whole/sweep.json", "parts/sweep.json");
    same_files("whole/beta-1/model.safetensors", "parts/beta-1/model.safetensors");

    SWEPT(sweep(again, "parts", betas, 3, &third, NULL)); /* and once more: nothing is left to do */
    ck_assert_uint_eq(third.kept, 7);
    ck_assert_uint_eq(third.trained | third.ended, 0);
    ck_assert_double_eq(again[2].predicted.rate, rows[2].predicted.rate);
    ck_assert(isnan(again[2].weight.sigma2));
    same_files("whole/sweep.json", "parts/sweep.json");
}
END_TEST

START_TEST(betas_may_be_added)
{
    const double one[] = {1}, more[] = {0.25, 1, 3};
    elbow_sweep_row rows[3];
    seen s = {0};
    SWEPT(sweep(rows, "a", one, 1, NULL, NULL));
    SWEPT(sweep(rows, "a", more, 3, &s, NULL));
    ck_assert_uint_eq(s.kept, 2);
    ck_assert_uint_eq(s.ended, 5);
}
END_TEST

/* A row counts while its run is whole: one whose model is another, or whose picture is gone, is made again. */
START_TEST(what_is_not_whole_is_made_again)
{
    const double betas[] = {0.5, 1, 2};
    elbow_sweep_row rows[3], again[3];
    seen s = {0};
    SWEPT(sweep(rows, "a", betas, 3, NULL, NULL));
    const size_t size = read_file("a/beta-1/model.safetensors");
    file[size - 1] ^= 1;
    write_plain(in_folder("a/beta-1/model.safetensors"), file, size);
    ck_assert_int_eq(unlink(in_folder("a/beta-2/samples.png")), 0);
    SWEPT(sweep(again, "a", betas, 3, &s, NULL));
    ck_assert_uint_eq(s.kept, 1);
    ck_assert_uint_eq(s.ended, 6);
    for (int i = 0; i < 3; i++) ck_assert_str_eq(rows[i].digest, again[i].digest);
    ck_assert_int_eq(access(in_folder("a/beta-2/samples.png"), F_OK), 0);
}
END_TEST

/* One network for all weights: trained once, asked for each beta, and kept as runs are. */
START_TEST(one_network_serves_all)
{
    static const double betas[] = {0.25, 1, 8}, zero[] = {0, 1};
    elbow_sweep_row rows[3], again[3];
    seen s = {.stop_in = 0};
    const elbow_recipe recipe = small_recipe();
    elbow_train_options train = small_options();
    elbow_sweep_options options = {
        .betas = betas, .count = COUNT(betas), .once = true, .out = in_folder("once"), .progress = see, .user = &s};
    train.epochs = 20;
    ck_assert_int_eq(elbow_sweep(rows, context, data, &recipe, &train, &options), ELBOW_OK);
    ck_assert_uint_eq(s.trained, 1);
    ck_assert_uint_eq(s.ended, 7);
    elbow_model *model;
    elbow_metrics metrics;
    char network[ELB_PATH], digest[65];
    elb_format(network, sizeof network, "%s/network", options.out);
    ck_assert_int_eq(elbow_model_load(&model, context, network), ELBOW_OK);
    ck_assert_double_eq(elbow_model_beta(model), 1);
    ck_assert_int_eq(elbow_model_digest(model, digest), ELBOW_OK);
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(elbow_model_set_beta(model, betas[i]), ELBOW_OK);
        ck_assert_int_eq(elbow_evaluate(&metrics, model, data, ELBOW_TEST, false), ELBOW_OK);
        ck_assert_double_eq(metrics.rate, rows[i].test.rate);
        ck_assert_double_eq(metrics.elbo, rows[i].test.elbo);
        ck_assert_double_eq(rows[i].weight.beta, betas[i]);
        ck_assert_str_eq(rows[i].digest, digest);
        if (i) ck_assert_double_lt(rows[i].test.rate, rows[i - 1].test.rate);
    }
    ck_assert_int_eq(elbow_model_set_beta(model, 8.01), ELBOW_USAGE);
    ck_assert_int_eq(elbow_model_set_beta(model, (double)NAN), ELBOW_USAGE);
    elbow_model_free(model);

    s = (seen){.stop_in = 0};
    ck_assert_int_eq(elbow_sweep(again, context, data, &recipe, &train, &options), ELBOW_OK);
    ck_assert_uint_eq(s.trained | s.ended, 0);
    ck_assert_uint_eq(s.kept, 7);
    ck_assert_double_eq(again[2].test.rate, rows[2].test.rate);

    options.betas = zero, options.count = 2;
    ck_assert_int_eq(elbow_sweep(again, context, data, &recipe, &train, &options), ELBOW_USAGE);
    options.betas = betas + 1, options.count = 1;
    ck_assert_int_eq(elbow_sweep(again, context, data, &recipe, &train, &options), ELBOW_USAGE);
}
END_TEST

START_TEST(another_recipe_is_refused)
{
    const double betas[] = {1};
    elbow_sweep_row rows[1];
    elbow_recipe other = small_recipe();
    elbow_train_options train = small_options();
    SWEPT(sweep(rows, "a", betas, 1, NULL, NULL));
    other.latent = 4;
    ck_assert_int_eq(sweep(rows, "a", betas, 1, NULL, &other), ELBOW_USAGE);
    MESSAGE("\"latent\" 3, not 4");
    MESSAGE("--overwrite");
    other = small_recipe();
    other.weight = 7; /* which a sweep does not look at */
    SWEPT(sweep(rows, "a", betas, 1, NULL, &other));
    train.epochs = 3;
    elbow_sweep_options options = {.betas = betas, .count = 1, .out = in_folder("a")};
    ck_assert_int_eq(elbow_sweep(rows, context, data, &other, &train, &options), ELBOW_USAGE);
    MESSAGE("\"epochs\" 2, not 3");
    options.overwrite = true;
    SWEPT(elbow_sweep(rows, context, data, &other, &train, &options));
    write_plain(in_folder("a/sweep.json"), "{\"bits_version\": 1", 18);
    options.overwrite = false;
    ck_assert_int_eq(elbow_sweep(rows, context, data, &other, &train, &options), ELBOW_BAD_FILE);
    MESSAGE("sweep.json");
}
END_TEST

static void refuse(const double *betas, uint32_t count, const char *words)
{
    elbow_sweep_row rows[ELBOW_MAX_BETAS];
    ck_assert_int_eq(sweep(rows, "none", betas, count, NULL, NULL), ELBOW_USAGE);
    MESSAGE(words);
    ck_assert_int_ne(access(in_folder("none"), F_OK), 0);
}

START_TEST(betas_that_make_no_sense)
{
    double many[ELBOW_MAX_BETAS + 1];
    for (int i = 0; i <= ELBOW_MAX_BETAS; i++) many[i] = i;
    refuse(many, 0, "0 betas");
    refuse(many, ELBOW_MAX_BETAS + 1, "65 betas");
    refuse((double[]){-1, 1}, 2, "beta -1");
    refuse((double[]){1, NAN}, 2, "beta nan");
    refuse((double[]){1, INFINITY}, 2, "beta inf");
    refuse((double[]){2, 1}, 2, "beta 1 comes after 2");
    refuse((double[]){1, 1}, 2, "beta 1 comes after 1");
    refuse((double[]){1, 1.0000001}, 2, "beta-1");
}
END_TEST

START_TEST(devices_take_runs_in_turn)
{
    const double betas[] = {0.5, 1, 2, 4};
    const char *const devices[] = {"native", "native"}, *const nonsense[] = {"nonsense"};
    elbow_sweep_row rows[4], alone[4];
    seen s = {0};
    const elbow_recipe recipe = small_recipe();
    const elbow_train_options train = small_options();
    elbow_sweep_options options = {.betas = betas,
                                   .count = 4,
                                   .out = in_folder("several"),
                                   .devices = devices,
                                   .device_count = 2,
                                   .progress = see,
                                   .user = &s};
    SWEPT(sweep(alone, "alone", betas, 4, NULL, NULL));
    SWEPT(elbow_sweep(rows, context, data, &recipe, &train, &options));
    ck_assert_uint_eq(s.ended, 15);
    ck_assert(!s.overlapped);
    for (int i = 0; i < 4; i++) ck_assert_str_eq(rows[i].digest, alone[i].digest);
    same_files("alone/sweep.json", "several/sweep.json");
    s = (seen){.stop_in = 1, .stop_at = 1};
    options.out = in_folder("stopped");
    ck_assert_int_eq(elbow_sweep(rows, context, data, &recipe, &train, &options), ELBOW_STOPPED);
    options.devices = nonsense;
    options.device_count = 1;
    ck_assert_int_eq(elbow_sweep(rows, context, data, &recipe, &train, &options), ELBOW_NOT_FOUND);
    MESSAGE("nonsense");
}
END_TEST

static void count_remarks(void *user, const char *remark)
{
    *(uint32_t *)user += strstr(remark, "grey") != NULL;
}

START_TEST(a_remark_is_made_once)
{
    const double betas[] = {0.5, 1, 2};
    elbow_sweep_row rows[3];
    uint32_t heard = 0;
    elbow_listen(context, count_remarks, &heard);
    SWEPT(sweep(rows, "a", betas, 3, NULL, NULL));
    ck_assert_uint_eq(heard, 1);
    elbow_metrics metrics;
    char digest[65];
    const elbow_recipe recipe = small_recipe();
    train_alone(&metrics, digest, &recipe, 1); /* the caller's listener hears again */
    ck_assert_uint_eq(heard, 2);
}
END_TEST

START_TEST(a_run_that_fails_ends_the_sweep)
{
    const double betas[] = {1, 2};
    elbow_sweep_row rows[2];
    elbow_recipe recipe = small_recipe();
    elbow_train_options train = small_options();
    const elbow_sweep_options options = {.betas = betas, .count = 2, .out = in_folder("a")};
    recipe.likelihood = ELBOW_GAUSSIAN;
    train.learning_rate = 1e18;
    ck_assert_int_eq(elbow_sweep(rows, context, data, &recipe, &train, &options), ELBOW_NOT_FINITE);
    MESSAGE("beta 1 on native: step 2 ");
}
END_TEST

static size_t count_of(const char *words, const char *part)
{
    size_t count = 0;
    for (const char *at = words; (at = strstr(at, part)); at += strlen(part)) count++;
    return count;
}

#define HAS(words) ck_assert_msg(strstr((char *)file, words) != NULL, "no %s", words)

START_TEST(the_report)
{
    const double betas[] = {0, 1, 5000};
    elbow_sweep_row rows[3];
    const elbow_recipe recipe = small_recipe();
    elbow_train_options train = small_options();
    const elbow_sweep_options options = {
        .betas = betas, .count = 3, .out = in_folder("a"), .command = "elbow sweep <this>"};
    train.epochs = 10;
    SWEPT(elbow_sweep(rows, context, data, &recipe, &train, &options));
    read_file("a/report.html");
    xml_is_well_formed((char *)file, "html");
    ck_assert_uint_eq(count_of((char *)file, "data:image/png;base64,"), 6);
    ck_assert_uint_eq(count_of((char *)file, "<svg"), 3);
    HAS("What the weight of the KL term does: spots");
    HAS("The best ELBO is ");
    HAS("From \xce\xb2 5000 (\xce\xb2_norm 234) on all have collapsed");
    HAS("elbow sweep &lt;this&gt;");
    HAS("/beta-");
    ck_assert_uint_eq(rows[2].test.active_units, 0);
    ck_assert_ptr_null(strstr((char *)file, "nan<"));
    ck_assert_ptr_null(strstr((char *)file, " nan"));
    ck_assert_ptr_null(strstr((char *)file, ">inf<"));
    const elbow_sweep_row *best = rows[0].test.elbo > rows[1].test.elbo ? &rows[0] : &rows[1];
    char words[64];
    elb_format(words, sizeof words, "The best ELBO is %.2f nats, with \xce\xb2 %g", best->test.elbo, best->weight.beta);
    HAS(words);
    static char first[sizeof file];
    memcpy(first, file, sizeof file);
    SWEPT(elbow_sweep(rows, context, data, &recipe, &train, &options)); /* from what sweep.json holds */
    read_file("a/report.html");
    ck_assert_str_eq((char *)file, first);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    const TTest *tests[] = {a_row_is_a_run_like_any_other,
                            a_stopped_sweep_goes_on_to_the_same_file,
                            betas_may_be_added,
                            what_is_not_whole_is_made_again,
                            one_network_serves_all,
                            another_recipe_is_refused,
                            betas_that_make_no_sense,
                            devices_take_runs_in_turn,
                            a_remark_is_made_once,
                            a_run_that_fails_ends_the_sweep,
                            the_report};
    tcase_add_checked_fixture(all, open_all, close_all);
    tcase_set_timeout(all, 300);
    for (size_t i = 0; i < COUNT(tests); i++) tcase_add_test(all, tests[i]);
    return run_case("sweep", all);
}
