/* check_model.c - the gradient of the whole model against central differences, in double, for every kind of model; and
 * what a model promises beside: its tensors, shards one by one and together, the weight as option and as argument. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/native.h"
#include "elb_kernels.h"
#include "math/ranges.h"
#include "math/selftest.h"
#include "nn/model.h"
#include "nn/update.h"
#include "suite.h"

extern const elb_native_set elb_native_float64;

enum { PIXELS = 11, ROWS = 5 };

typedef struct bench {
    elb_error err;
    elb_device *dev;
    elb_model *model;
    elbow_recipe recipe;
    uint32_t count;
    elb_buffer *w, *g, *x, *samples, *extra; /* extra: weights, then sums, then the spread and its next,
                                                       then each row's weight and where its gates stand */
    elb_batch batch;
    double *values;
} bench;

static double draw(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return ldexp((double)(*state >> 11), -52) - 1;
}

static elb_view flat(const bench *b, elb_buffer *buffer)
{
    return elb_matrix(buffer, 0, 1, b->count);
}

static void ok(const bench *b, elbow_status status)
{
    ck_assert_msg(status == ELBOW_OK, "%s", b->err.text);
}

/* Every program that a model uses is among those of `elbow selftest`. */
static const elb_device_ops *plain_ops;
static elb_device_ops watched_ops;

static elbow_status launch_watched(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                                   const elb_value *values)
{
    char text[192];
    elb_options_text(text, sizeof text, kernel, options);
    ck_assert_msg(elb_options_sensible(kernel, options), "selftest leaves out %s [%s]", kernel->name, text);
    return plain_ops->launch(dev, kernel, options, groups, values);
}

static elb_view weights_of(const bench *b)
{
    return elb_matrix(b->extra, 0, 1, b->recipe.latent);
}

static elb_view sums_of(const bench *b)
{
    return elb_matrix(b->extra, b->recipe.latent, 1, b->recipe.latent + 3);
}

static elb_view spread_of(const bench *b, uint32_t which)
{
    return elb_matrix(b->extra, 2 * b->recipe.latent + 3 + which, 1, 1);
}

/* Draws for each row: 0 for the ELBO's one, whose rate is no draw's. */
static uint32_t copies_of(const elbow_recipe *recipe)
{
    return recipe->objective == ELBOW_OBJECTIVE_IWAE ? recipe->samples : 0;
}

/* u in (0, 1) as data that the likelihood is one of. */
static double datum(const elbow_recipe *recipe, double u)
{
    switch (elb_density_of(recipe)->accepts) {
    case ELB_8_BITS:
        return u < 0.1 ? 0 : u > 0.9 ? 1 : rint(255 * u) / 255; /* some lie at the ends */
    case ELB_COUNTS:
        return u < 0.3 ? 0 : rint(9 * u);
    default:
        return u;
    }
}

/* A weight and a stand for each row, as a step draws them for a network that serves a range. */
static const double row_weight[ROWS] = {0.1, 1, 0.7, 4, 2.5}, row_stands[ROWS] = {-1, 0, -0.25, 0.875, 0.5};

static void condition_rows(bench *b)
{
    const uint32_t first = 2 * b->recipe.latent + 5;
    b->batch.weights = elb_matrix(b->extra, first, ROWS, 1);
    b->batch.stands = elb_matrix(b->extra, first + ROWS, 1, ROWS);
    ok(b, elb_write_doubles(b->batch.weights, row_weight));
    ok(b, elb_write_doubles(b->batch.stands, row_stands));
    elb_model_weigh(b->model, ELB_BY_MEMORY);
}

static void start(bench *b, const elbow_recipe *recipe, const elb_native_set *set)
{
    uint64_t state = 7;
    double x[ROWS * PIXELS];
    const uint32_t samples[ROWS] = {3, 1, 4, 15, 9};
    memset(b, 0, sizeof *b);
    b->recipe = *recipe;
    ok(b, elb_native_open_set(&b->dev, &b->err, set));
    plain_ops = b->dev->ops;
    watched_ops = *plain_ops;
    watched_ops.launch = launch_watched;
    b->dev->ops = &watched_ops;
    const uint32_t copies = copies_of(recipe);
    ok(b, elb_model_new(&b->model, b->dev, recipe, PIXELS, ROWS, copies ? ROWS * copies : ROWS));
    b->count = (uint32_t)elb_model_parameters(b->model);
    const size_t size = b->dev->real_size;
    ok(b, elb_buffer_new(&b->w, b->dev, b->count * size));
    ok(b, elb_buffer_new(&b->g, b->dev, b->count * size));
    ok(b, elb_buffer_new(&b->x, b->dev, sizeof x));
    ok(b, elb_buffer_new(&b->samples, b->dev, sizeof samples));
    ok(b, elb_buffer_new(&b->extra, b->dev, (2 * recipe->latent + 5 + 2 * ROWS) * size));
    b->values = malloc(b->count * sizeof *b->values);
    ck_assert_ptr_nonnull(b->values);
    for (uint32_t i = 0; i < b->count; i++) b->values[i] = 0.7 * draw(&state);
    for (int i = 0; i < ROWS * PIXELS; i++) x[i] = datum(recipe, 0.5 + 0.5 * draw(&state));
    ok(b, elb_write_doubles(flat(b, b->w), b->values));
    ok(b, elb_write_doubles(elb_matrix(b->x, 0, ROWS, PIXELS), x));
    ok(b, elb_write(b->samples, 0, samples, sizeof samples));
    b->batch = (elb_batch){.x = elb_matrix(b->x, 0, ROWS, PIXELS),
                           .samples = elb_matrix(b->samples, 0, 1, ROWS),
                           .purpose = ELB_LATENT_NOISE,
                           .draw = 2,
                           .copies = copies,
                           .weight = recipe->weight,
                           .weights = weights_of(b),
                           .scale = recipe->batch == ELBOW_MEAN ? 1.0 / ROWS : 1};
    if (elbow_recipe_has_betas(recipe)) condition_rows(b);
}

static void end(bench *b)
{
    elb_model_free(b->model);
    elb_buffer *const buffers[] = {b->w, b->g, b->x, b->samples, b->extra};
    for (size_t i = 0; i < COUNT(buffers); i++) elb_buffer_free(buffers[i]);
    elb_device_close(b->dev);
    free(b->values);
}

/* The best spread for the batch, as a step finds it. */
static void fit_spread(bench *b)
{
    const elb_view w = flat(b, b->w);
    ok(b, elb_model_sum(b->model, sums_of(b), 0, ROWS));
    b->batch.spread = spread_of(b, 0);
    ok(b, elb_optimum(b->dev, b->batch.spread, spread_of(b, 1), elb_cols(sums_of(b), b->recipe.latent + 2, 1),
                      elb_model_spread(b->model, w), 1.0 / (ROWS * PIXELS), 1));
    ok(b, elb_model_measure(b->model, w, &b->batch));
}

/* The objective, as the recipe's comment in elbow.h has it. */
static double objective(bench *b)
{
    double distortion[ROWS], rate[ROWS], sum = 0;
    const elbow_recipe *r = &b->recipe;
    const double rec = r->pixels == ELBOW_MEAN ? (double)(float)(1.0 / PIXELS) : 1;
    const double kl = (double)(float)(r->latents == ELBOW_MEAN ? r->weight / r->latent : r->weight);
    ok(b, elb_model_forward(b->model, flat(b, b->w), &b->batch));
    if (r->spread == ELBOW_SPREAD_OPTIMAL) fit_spread(b);
    const elb_losses losses = elb_model_losses(b->model);
    if (copies_of(r)) {
        ok(b, elb_model_bound(b->model, &b->batch));
        ok(b, elb_read_doubles(distortion, losses.bound));
        for (int i = 0; i < ROWS; i++) sum += rec * distortion[i];
        return sum * b->batch.scale;
    }
    ok(b, elb_read_doubles(distortion, losses.distortion));
    ok(b, elb_read_doubles(rate, losses.rate));
    const bool by_row = elbow_recipe_has_betas(r);
    for (int i = 0; i < ROWS; i++) sum += rec * distortion[i] + (by_row ? row_weight[i] : kl) * rate[i];
    return sum * b->batch.scale;
}

static double at(bench *b, uint32_t i, double value)
{
    const elb_view one = elb_matrix(b->w, i, 1, 1);
    ok(b, elb_write_doubles(one, &value));
    return objective(b);
}

/* A parameter that the gradient leaves alone: it is found otherwise. */
static bool is_found(const elbow_recipe *recipe, const elb_tensor_place *place)
{
    return recipe->spread == ELBOW_SPREAD_OPTIMAL && !strcmp(place->name, "decoder.log_scale");
}

static void check_gradient(const elbow_recipe *recipe, bool use_mean)
{
    bench b;
    uint32_t tensors;
    start(&b, recipe, &elb_native_float64);
    b.batch.use_mean = use_mean;
    const elb_cut whole = elb_whole(ROWS);
    double *g = malloc(b.count * sizeof *g), largest = 0;
    ck_assert_ptr_nonnull(g);
    objective(&b);
    ok(&b, elb_model_backward(b.model, flat(&b, b.g), flat(&b, b.w), &b.batch, &whole));
    ok(&b, elb_read_doubles(g, flat(&b, b.g)));
    for (uint32_t i = 0; i < b.count; i++) largest = fmax(largest, fabs(g[i]));
    ck_assert_double_gt(largest, 1e-3);
    const elb_tensor_place *places = elb_model_tensors(b.model, &tensors);
    for (uint32_t t = 0; t < tensors; t++) {
        const uint32_t size = places[t].shape[0] * (places[t].axes == 2 ? places[t].shape[1] : 1);
        for (uint32_t e = 0; e < size; e += size / 7 + 1) {
            const uint32_t i = (uint32_t)places[t].offset + e;
            const double h = 1e-5, up = at(&b, i, b.values[i] + h), down = at(&b, i, b.values[i] - h);
            const double slope = is_found(recipe, &places[t]) ? 0 : (up - down) / (2 * h);
            at(&b, i, b.values[i]);
            ck_assert_msg(fabs(slope - g[i]) <= 1e-6 * fmax(largest, 1e-2),
                          "%s[%u]: gradient %.10g, differences %.10g (largest %g; model %d, likelihood %d, spread %d, "
                          "pixels %d, latents %d, batch %d, activation %d, hidden %u %u)",
                          places[t].name, e, g[i], slope, largest, (int)recipe->model, (int)recipe->likelihood,
                          (int)recipe->spread, (int)recipe->pixels, (int)recipe->latents, (int)recipe->batch,
                          (int)recipe->activation, recipe->hidden[0], recipe->hidden[1]);
        }
    }
    free(g);
    end(&b);
}

static elbow_recipe small(void)
{
    return (elbow_recipe){.hidden = {9, 6}, .latent = 3, .sigma2 = 0.4, .weight = 1.5, .seed = 5};
}

START_TEST(gradients)
{
    for (int c = 0; c < 2 * 2 * 2 * 2 * 4 * 2; c++) {
        elbow_recipe r = small();
        r.likelihood = c & 1 ? ELBOW_GAUSSIAN : ELBOW_BERNOULLI;
        r.pixels = c & 2 ? ELBOW_MEAN : ELBOW_SUM;
        r.latents = c & 4 ? ELBOW_MEAN : ELBOW_SUM;
        r.batch = c & 8 ? ELBOW_MEAN : ELBOW_SUM;
        r.activation = (elbow_activation)(c >> 4 & 3);
        r.output = c >> 6 ? ELBOW_OUTPUT_SIGMOID : ELBOW_OUTPUT_LINEAR;
        for (int depth = 0; depth < 3; depth++) {
            elbow_recipe deep = r;
            if (depth == 0) deep.model = ELBOW_LINEAR;
            if (depth == 1) deep.hidden[1] = 0;
            check_gradient(&deep, c % 3 == 0);
        }
    }
}
END_TEST

/* Every likelihood with every source of its spread and every reduction. */
START_TEST(gradients_of_likelihoods)
{
    uint32_t tried = 0;
    for (int c = 0; c < 7 * 4 * 2 * 2 * 2; c++) {
        elbow_recipe r = small();
        elb_error unheard = {0};
        r.likelihood = (elbow_likelihood)(c % 7);
        r.spread = (elbow_spread)(c / 7 % 4);
        r.output = c / 28 % 2 ? ELBOW_OUTPUT_SIGMOID : ELBOW_OUTPUT_LINEAR;
        r.pixels = c / 56 % 2 ? ELBOW_MEAN : ELBOW_SUM;
        r.batch = c / 112 ? ELBOW_MEAN : ELBOW_SUM;
        if (elb_likelihood_check(&unheard, &r) != ELBOW_OK) continue;
        check_gradient(&r, false);
        tried++;
    }
    ck_assert_uint_eq(tried, 8 * (3 + 4 + 3 * 3));
}
END_TEST

/* The bound's: its draws, their weights and the derivative through z, whose rates are those of the draws. */
START_TEST(gradients_of_the_importance_weighted_bound)
{
    static const uint32_t samples[] = {1, 2, 5, 21};
    for (int c = 0; c < 4 * 2 * 2 * 2 * 3; c++) {
        elbow_recipe r = small();
        r.objective = ELBOW_OBJECTIVE_IWAE;
        r.samples = samples[c % 4];
        r.pixels = c / 4 % 2 ? ELBOW_MEAN : ELBOW_SUM;
        r.latents = c / 8 % 2 ? ELBOW_MEAN : ELBOW_SUM;
        r.batch = c / 16 % 2 ? ELBOW_MEAN : ELBOW_SUM;
        r.likelihood = c / 32 ? ELBOW_GAUSSIAN : ELBOW_BERNOULLI;
        r.spread = c / 32 == 2 ? c % 3 ? ELBOW_SPREAD_LEARNED : ELBOW_SPREAD_PIXEL : ELBOW_SPREAD_FIXED;
        check_gradient(&r, false);
    }
}
END_TEST

/* The bound, worked out from what the model says of each draw; and that a row's draws do not depend on its batch. */
START_TEST(bounds_are_those_of_their_draws)
{
    enum { SAMPLES = 7 };
    bench b;
    elbow_recipe r = small();
    double distortion[ROWS * SAMPLES], rate[ROWS * SAMPLES], bound[ROWS], mean[2][ROWS], closed[ROWS], one[SAMPLES];
    r.objective = ELBOW_OBJECTIVE_IWAE;
    r.samples = SAMPLES;
    r.pixels = ELBOW_MEAN;
    start(&b, &r, &elb_native_float64);
    objective(&b);
    const elb_losses losses = elb_model_losses(b.model);
    ok(&b, elb_read_doubles(distortion, losses.distortion));
    ok(&b, elb_read_doubles(rate, losses.rate));
    ok(&b, elb_read_doubles(bound, losses.bound));
    ok(&b, elb_read_doubles(mean[0], losses.mean_distortion));
    ok(&b, elb_read_doubles(mean[1], losses.mean_rate));
    const double beta = r.weight / (double)(float)(1.0 / PIXELS);
    for (int i = 0; i < ROWS; i++) {
        double sum = 0, sums[2] = {0, 0};
        for (int k = i * SAMPLES; k < (i + 1) * SAMPLES; k++) {
            sum += exp(-distortion[k] - beta * rate[k]);
            sums[0] += distortion[k];
            sums[1] += rate[k];
        }
        ck_assert_double_eq_tol(bound[i], -log(sum / SAMPLES), 1e-9 * (1 + fabs(bound[i])));
        ck_assert_double_eq_tol(mean[0][i], sums[0] / SAMPLES, 1e-12 * fabs(sums[0]));
        ck_assert_double_eq_tol(mean[1][i], sums[1] / SAMPLES, 1e-11);
    }
    ck_assert_double_gt(fabs(rate[0] - rate[1]), 1e-6);
    elb_batch alone = b.batch;
    alone.x = elb_rows(alone.x, 3, 1);
    alone.samples = elb_cols(alone.samples, 3, 1);
    alone.draw += 2;
    alone.copies = SAMPLES - 2;
    ok(&b, elb_model_forward(b.model, flat(&b, b.w), &alone));
    ok(&b, elb_read_doubles(one, elb_cols(losses.rate, 0, SAMPLES)));
    ck_assert_mem_eq(one, rate + 3 * SAMPLES + 2, (SAMPLES - 2) * sizeof *one);
    alone = b.batch; /* the mean of many draws' rates is the closed form */
    alone.copies = 0;
    ok(&b, elb_model_forward(b.model, flat(&b, b.w), &alone));
    ok(&b, elb_read_doubles(closed, elb_cols(losses.rate, 0, ROWS)));
    alone.x = elb_rows(alone.x, 0, 1);
    alone.copies = ROWS * SAMPLES;
    double sum = 0, squares = 0;
    const int launches = 300, n = launches * ROWS * SAMPLES;
    for (int i = 0; i < launches; i++) {
        alone.draw = (uint32_t)i * ROWS * SAMPLES;
        ok(&b, elb_model_forward(b.model, flat(&b, b.w), &alone));
        ok(&b, elb_read_doubles(rate, losses.rate));
        for (int k = 0; k < ROWS * SAMPLES; k++) sum += rate[k], squares += rate[k] * rate[k];
    }
    const double error = sqrt((squares / n - sum / n * (sum / n)) / n);
    ck_assert_double_lt(error, 0.1);
    ck_assert_double_eq_tol(sum / n, closed[0], 4 * error);
    end(&b);
}
END_TEST

static void back(bench *b, double *g, uint32_t first, uint32_t end, uint32_t shards)
{
    const elb_cut cut = {{first, end}, shards, ROWS};
    ok(b, elb_model_backward(b->model, flat(b, b->g), flat(b, b->w), &b->batch, &cut));
    ok(b, elb_read_doubles(g, flat(b, b->g)));
}

/* Two shards have gradients of their own, the second also behind the first: their sum is the whole batch's. */
static void check_halves(bench *b)
{
    static const uint32_t parts[3][3] = {{0, 1, 1}, {0, 1, 2}, {1, 2, 2}};
    double *g[3];
    for (int i = 0; i < 3; i++) {
        g[i] = malloc(b->count * sizeof *g[i]);
        ck_assert_ptr_nonnull(g[i]);
        objective(b);
        if (i == 2) back(b, g[i], 0, 1, 2);
        back(b, g[i], parts[i][0], parts[i][1], parts[i][2]);
    }
    for (uint32_t i = 0; i < b->count; i++)
        ck_assert_double_eq_tol(g[0][i], g[1][i] + g[2][i], 1e-12 * (1 + fabs(g[0][i])));
    for (int i = 0; i < 3; i++) free(g[i]);
}

/* Shards are cut over data, and each has the gradient of its own. */
START_TEST(shards_of_draws)
{
    bench b;
    elbow_recipe r = small();
    r.objective = ELBOW_OBJECTIVE_IWAE;
    r.samples = 3;
    start(&b, &r, &elb_native_float64);
    check_halves(&b);
    elb_batch many = b.batch;
    many.copies++;
    ck_assert_int_eq(elb_model_forward(b.model, flat(&b, b.w), &many), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(b.err.text, "drawn 4 times"));
    end(&b);
}
END_TEST

/* ---- shards that go back together ---- */

/* The gradient of shards [first, end) one by one, added by the tree of docs/bits.md from its root. */
static void add_up(bench *b, double *g, uint32_t first, uint32_t end, uint32_t shards)
{
    uint32_t half = 1;
    if (end - first == 1) {
        back(b, g, first, end, shards);
        return;
    }
    while (2 * half < end - first) half *= 2;
    double *right = malloc(b->count * sizeof *right);
    ck_assert_ptr_nonnull(right);
    add_up(b, g, first, first + half, shards);
    add_up(b, right, first + half, end, shards);
    for (uint32_t i = 0; i < b->count; i++) g[i] += right[i];
    free(right);
}

/* All shards at once have the gradient, to the bit, that they have one by one. */
static void check_together(const elbow_recipe *recipe, uint32_t shards)
{
    bench b;
    start(&b, recipe, &elb_native_float64);
    double *alone = malloc(b.count * sizeof *alone), *together = malloc(b.count * sizeof *together);
    ck_assert(alone && together);
    objective(&b);
    add_up(&b, alone, 0, shards, shards);
    objective(&b);
    back(&b, together, 0, shards, shards);
    for (uint32_t i = 0; i < b.count; i++)
        ck_assert_msg(memcmp(alone + i, together + i, sizeof *alone) == 0,
                      "parameter %u of %u, %u shards: %a together, %a one by one", i, b.count, shards, together[i],
                      alone[i]);
    free(alone);
    free(together);
    end(&b);
}

START_TEST(shards_go_back_together)
{
    static const uint32_t shards[] = {2, 3, 4, 11};
    for (size_t s = 0; s < COUNT(shards); s++) {
        elbow_recipe plain = small(), draws = small(), gates = small(), spread = small();
        draws.objective = ELBOW_OBJECTIVE_IWAE;
        draws.samples = 3;
        gates.beta_low = 0.1, gates.beta_high = 10;
        spread.likelihood = ELBOW_GAUSSIAN, spread.spread = ELBOW_SPREAD_PIXEL;
        const elbow_recipe *const all[] = {&plain, &draws, &gates, &spread};
        for (size_t i = 0; i < COUNT(all); i++) check_together(all[i], shards[s]);
    }
}
END_TEST

START_TEST(what_does_not_go_back_together)
{
    bench b;
    const elbow_recipe r = small();
    start(&b, &r, &elb_native_float64);
    objective(&b);
    b.batch.before = 5; /* of a batch of 10, of which these are the second half */
    const elb_cut half = {{1, 2}, 2, 10}, other = {{0, 1}, 2, 10}, none = {{1, 1}, 2, 10}, many = {{0, 65}, 100, 10};
    ok(&b, elb_model_backward(b.model, flat(&b, b.g), flat(&b, b.w), &b.batch, &half));
    ck_assert_int_eq(elb_model_backward(b.model, flat(&b, b.g), flat(&b, b.w), &b.batch, &other), ELBOW_USAGE);
    ck_assert_str_eq(b.err.text,
                     "shards 0 to 1 of 2, a batch of 10, go back together, of rows 5 to 10: that is no part "
                     "of them");
    ck_assert_int_eq(elb_model_backward(b.model, flat(&b, b.g), flat(&b, b.w), &b.batch, &none), ELBOW_USAGE);
    b.batch.before = 0;
    ck_assert_int_eq(elb_model_backward(b.model, flat(&b, b.g), flat(&b, b.w), &b.batch, &many), ELBOW_USAGE);
    ck_assert_uint_eq(elb_model_shards_at_once(b.model, 8, 100, 1), 64);
    b.dev->most_turns = (uint32_t)elb_sum_rows_turns(b.dev, 52, 4); /* four shards of 13 rows */
    ck_assert_uint_eq(elb_model_shards_at_once(b.model, 8, 100, 1), 4);
    ck_assert_uint_eq(elb_model_shards_at_once(b.model, 8, 100, 3), 2);
    b.dev->most_turns = 0;
    end(&b);
}
END_TEST

/* One network for a range of weights: gates behind every layer and on z. */
START_TEST(gradients_with_gates)
{
    for (int c = 0; c < 2 * 2 * 4 * 3; c++) {
        elbow_recipe r = small();
        r.beta_low = 0.1, r.beta_high = 10;
        r.likelihood = c & 1 ? ELBOW_GAUSSIAN : ELBOW_BERNOULLI;
        r.batch = c & 2 ? ELBOW_MEAN : ELBOW_SUM;
        r.activation = (elbow_activation)(c >> 2 & 3);
        r.spread = c % 3 == 1 && r.likelihood == ELBOW_GAUSSIAN ? ELBOW_SPREAD_PIXEL : ELBOW_SPREAD_FIXED;
        if (c >> 4 == 0) r.model = ELBOW_LINEAR;
        if (c >> 4 == 1) r.hidden[1] = 0;
        check_gradient(&r, c % 5 == 0);
    }
}
END_TEST

/* A network's gates stand where they were put, unless the batch says where. */
START_TEST(gates_stand)
{
    bench b;
    double with[ROWS], alone[ROWS];
    elbow_recipe r = small();
    r.beta_low = 0.1, r.beta_high = 10;
    ck_assert_double_eq_tol(elb_recipe_stands(&r, 0.1), -1, 1e-12);
    ck_assert_double_eq_tol(elb_recipe_stands(&r, 1), 0, 1e-12);
    ck_assert_double_eq_tol(elb_recipe_stands(&r, 10), 1, 1e-12);
    start(&b, &r, &elb_native_float64);
    objective(&b);
    ok(&b, elb_read_doubles(with, elb_model_losses(b.model).distortion));
    b.batch.stands.buffer = NULL;
    for (int i = 0; i < ROWS; i++) {
        ok(&b, elb_model_condition(b.model, row_stands[i]));
        objective(&b);
        ok(&b, elb_read_doubles(alone, elb_model_losses(b.model).distortion));
        for (int k = 0; k < ROWS; k++) ck_assert((alone[k] == with[k]) == (k == i));
    }
    end(&b);
    for (int bad = 0; bad < 4; bad++) {
        static const double ends[4][2] = {{1, 1}, {0, 1}, {2, 1}, {1, HUGE_VAL}};
        elb_model *model;
        elb_error err = {0};
        elb_device *dev;
        r.beta_low = ends[bad][0], r.beta_high = ends[bad][1];
        ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
        ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, ROWS, ROWS), ELBOW_USAGE);
        ck_assert_ptr_nonnull(strstr(err.text, "are no range"));
        elb_device_close(dev);
    }
}
END_TEST

/* Sums over rows are those of the rows' numbers, and shards' gradients those of their rows. */
START_TEST(sums_and_shards)
{
    bench b;
    const elbow_recipe r = small();
    double sums[6], distortion[ROWS], rate[ROWS], sse[ROWS];
    start(&b, &r, &elb_native_float64);
    objective(&b);
    ok(&b, elb_model_sum(b.model, sums_of(&b), 1, 4));
    ok(&b, elb_read_doubles(sums, sums_of(&b)));
    const elb_losses losses = elb_model_losses(b.model);
    ok(&b, elb_read_doubles(distortion, losses.distortion));
    ok(&b, elb_read_doubles(rate, losses.rate));
    ok(&b, elb_read_doubles(sse, losses.sse));
    ck_assert_double_eq_tol(sums[0] + sums[1] + sums[2], rate[1] + rate[2] + rate[3], 1e-12);
    ck_assert_double_gt(fabs(sums[0] - sums[1]), 1e-6);
    ck_assert_double_eq_tol(sums[3], distortion[1] + distortion[2] + distortion[3], 1e-12);
    ck_assert_double_eq_tol(sums[4], rate[1] + rate[2] + rate[3], 1e-12);
    ck_assert_double_eq_tol(sums[5], sse[1] + sse[2] + sse[3], 1e-12);
    check_halves(&b);
    end(&b);
}
END_TEST

START_TEST(tensors_lie_without_gaps)
{
    static const char *const names[] = {"encoder.0.weight", "encoder.0.bias", "encoder.1.weight", "encoder.1.bias",
                                        "mu.weight",        "logvar.weight",  "mu.bias",          "logvar.bias",
                                        "decoder.0.weight", "decoder.0.bias", "decoder.1.weight", "decoder.1.bias",
                                        "decoder.2.weight", "decoder.2.bias"};
    bench b;
    const elbow_recipe r = small();
    uint32_t count;
    size_t offset = 0;
    start(&b, &r, &elb_native_float64);
    const elb_tensor_place *places = elb_model_tensors(b.model, &count);
    ck_assert_uint_eq(count, COUNT(names));
    for (uint32_t t = 0; t < count; t++) {
        ck_assert_str_eq(places[t].name, names[t]);
        ck_assert_uint_eq(places[t].offset, offset);
        offset += (size_t)places[t].shape[0] * (places[t].axes == 2 ? places[t].shape[1] : 1);
    }
    ck_assert_uint_eq(offset, b.count);
    ck_assert_uint_eq(places[8].shape[0], 6);
    ck_assert_uint_eq(places[8].shape[1], 3);
    ck_assert_double_eq_tol(places[0].bound, 1 / sqrt(11), 1e-15);
    end(&b);
}
END_TEST

/* The same bits whether the weight is built in or given, and whether rows come together or alone. */
START_TEST(weight_and_rows)
{
    const elbow_recipe r = small();
    bench built, given, stored;
    start(&built, &r, &elb_native_float64);
    start(&given, &r, &elb_native_float64);
    start(&stored, &r, &elb_native_float64);
    elb_model_weigh(given.model, ELB_BY_STEP);
    elb_model_weigh(stored.model, ELB_BY_MEMORY);
    ok(&stored, elb_write_doubles(weights_of(&stored), (const double[]){r.weight, r.weight, r.weight}));
    bench *const all[] = {&built, &given, &stored};
    const elb_cut whole = elb_whole(ROWS);
    double *g[3], together[ROWS], alone[ROWS];
    for (int i = 0; i < 3; i++) {
        bench *b = all[i];
        g[i] = malloc(b->count * sizeof *g[i]);
        ck_assert_ptr_nonnull(g[i]);
        objective(b);
        ok(b, elb_model_backward(b->model, flat(b, b->g), flat(b, b->w), &b->batch, &whole));
        ok(b, elb_read_doubles(g[i], flat(b, b->g)));
    }
    ck_assert_int_eq(memcmp(g[0], g[1], built.count * sizeof *g[0]), 0);
    ck_assert_int_eq(memcmp(g[0], g[2], built.count * sizeof *g[0]), 0);
    ok(&built, elb_read_doubles(together, elb_model_losses(built.model).rate));
    for (uint32_t row = 0; row < ROWS; row++) {
        elb_batch one = built.batch;
        one.x = elb_rows(one.x, row, 1);
        one.samples = elb_cols(one.samples, row, 1);
        ok(&built, elb_model_forward(built.model, flat(&built, built.w), &one));
        ok(&built, elb_read_doubles(alone, elb_model_losses(built.model).rate));
        ck_assert_int_eq(memcmp(&alone[0], &together[row], sizeof *alone), 0);
    }
    free(g[0]), free(g[1]), free(g[2]);
    end(&built), end(&given), end(&stored);
}
END_TEST

START_TEST(where_it_broke)
{
    bench b;
    char name[64];
    const elbow_recipe r = small();
    start(&b, &r, &elb_native_float64);
    objective(&b);
    ok(&b, elb_model_first_bad(name, b.model, &b.batch));
    ck_assert_str_eq(name, "");
    uint32_t count;
    const elb_tensor_place *places = elb_model_tensors(b.model, &count);
    at(&b, (uint32_t)places[11].offset, INFINITY); /* decoder.1.bias */
    ok(&b, elb_model_first_bad(name, b.model, &b.batch));
    ck_assert_str_eq(name, "decoder.1");
    at(&b, (uint32_t)places[7].offset + 1, NAN); /* logvar.bias */
    ok(&b, elb_model_first_bad(name, b.model, &b.batch));
    ck_assert_str_eq(name, "latent 1");
    end(&b);
    const double nothing = NAN; /* in the last datum only */
    start(&b, &r, &elb_native_float64);
    ok(&b, elb_write(b.x, ((ROWS - 1) * PIXELS + 3) * sizeof nothing, &nothing, sizeof nothing));
    objective(&b);
    ok(&b, elb_model_first_bad(name, b.model, &b.batch));
    ck_assert_str_eq(name, "encoder.0");
    end(&b);
}
END_TEST

START_TEST(what_is_no_model)
{
    elb_error err = {0};
    elb_device *dev;
    elb_model *model;
    elbow_recipe r = small();
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    r.latent = 0;
    ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, ROWS, ROWS), ELBOW_USAGE);
    ck_assert_ptr_null(model);
    ck_assert_ptr_nonnull(strstr(err.text, "latents"));
    r.latent = 3;
    ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, 0, 0), ELBOW_USAGE);
    r.hidden[0] = 1 << 24, r.hidden[1] = 1 << 10; /* each is possible, their layer has 2^34 weights */
    ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, ROWS, ROWS), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "too large"));
    r.hidden[0] = UINT32_MAX;
    ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, ROWS, ROWS), ELBOW_USAGE);
    elb_device_close(dev);
}
END_TEST

START_TEST(too_much_for_a_devices_loops)
{
    elb_error err = {0};
    elb_device *dev;
    elb_model *model;
    elbow_recipe r = small();
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    dev->most_turns = 1000;
    ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, 745, 745), ELBOW_DEVICE);
    ck_assert_str_eq(err.text, "device native ends loops after 1000 turns: with a batch of 745 its results would be "
                               "wrong: choose another device, such as native, or make this smaller");
    r.hidden[0] = 47 * (uint32_t)dev->shape.width; /* 16 turns for each of 46 vectors fit, and those for the lanes */
    ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, 744, 744), ELBOW_DEVICE);
    ck_assert_ptr_nonnull(strstr(err.text, "with a layer of"));
    r.hidden[0]--;
    ck_assert_int_eq(elb_model_new(&model, dev, &r, PIXELS, 744, 744), ELBOW_OK);
    elb_model_free(model);
    elb_device_close(dev);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("model");
    tcase_set_timeout(cases, 300);
    tcase_add_test(cases, gradients);
    tcase_add_test(cases, gradients_of_likelihoods);
    tcase_add_test(cases, gradients_of_the_importance_weighted_bound);
    tcase_add_test(cases, bounds_are_those_of_their_draws);
    tcase_add_test(cases, shards_of_draws);
    tcase_add_test(cases, shards_go_back_together);
    tcase_add_test(cases, what_does_not_go_back_together);
    tcase_add_test(cases, gradients_with_gates);
    tcase_add_test(cases, gates_stand);
    tcase_add_test(cases, sums_and_shards);
    tcase_add_test(cases, tensors_lie_without_gaps);
    tcase_add_test(cases, weight_and_rows);
    tcase_add_test(cases, where_it_broke);
    tcase_add_test(cases, what_is_no_model);
    tcase_add_test(cases, too_much_for_a_devices_loops);
    return run_case("model", cases);
}
