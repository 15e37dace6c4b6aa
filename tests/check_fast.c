/* check_fast.c - fast maths: every library that is found is as near to the exact product as it says, one that is wrong
 * is refused, and training comes to the same. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "each_device.h"
#include "elb_kernels.h"
#include "math/providers.h"
#include "nn/parts.h"
#include "own_cache.h"
#include "suite.h"

/* The leak checker dies of the libraries' own threads (a fault of its tracer in their thread-local memory). */
__attribute__((visibility("default"))) const char *__asan_default_options(void); // NOLINT
__attribute__((visibility("default"))) const char *__asan_default_options(void)  // NOLINT
{
    return "detect_leaks=0";
}

static char remarks[4096];

static void listen(void *user, const char *text)
{
    (void)user;
    const size_t used = strlen(remarks);
    elb_format(remarks + used, sizeof remarks - used, "%s\n", text);
}

static uint64_t state = 1;

static float draw(void)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (float)((int64_t)(state >> 40) - (1 << 23)) * 0x1p-23f;
}

/* ---- a product on a device, with gaps between rows and before the first ---- */

enum { PAD = 3, BEFORE = 5 };

typedef struct matrix {
    uint32_t rows, stride;
    float *x;
    elb_view view;
} matrix;

static matrix new_matrix(elb_device *dev, uint32_t rows, uint32_t cols)
{
    matrix m = {.rows = rows, .stride = cols + PAD};
    const size_t count = BEFORE + (size_t)rows * m.stride;
    m.x = malloc(count * sizeof *m.x);
    ck_assert_ptr_nonnull(m.x);
    for (size_t i = 0; i < count; i++) m.x[i] = draw();
    ck_assert_int_eq(elb_buffer_new(&m.view.buffer, dev, count * sizeof *m.x), ELBOW_OK);
    ck_assert_int_eq(elb_write(m.view.buffer, 0, m.x, count * sizeof *m.x), ELBOW_OK);
    m.view.offset = BEFORE, m.view.rows = rows, m.view.cols = cols, m.view.stride = m.stride;
    return m;
}

static void free_matrix(matrix *m)
{
    elb_buffer_free(m->view.buffer);
    free(m->x);
}

static double element(const matrix *m, bool turned, uint32_t i, uint32_t j)
{
    return (double)m->x[BEFORE + (turned ? (size_t)j * m->stride + i : (size_t)i * m->stride + j)];
}

/* How far an element may be from the sum in double: one right float sum of k terms, and what the epilogue rounds. */
static void check_element(const elb_product_shape *s, const matrix *a, const matrix *b, const float *bias, float got,
                          uint32_t i, uint32_t j, const char *who)
{
    double sum = (double)bias[j], size = fabs(sum);
    for (uint32_t p = 0; p < s->k; p++) {
        const double term = element(a, s->trans_a, i, p) * element(b, s->trans_b, p, j);
        sum += term;
        size += fabs(term);
    }
    const double want = sum < 0 ? 0 : sum, most = (s->k + 1) * 0x1p-24 * size + 0x1p-40;
    ck_assert_msg(fabs((double)got - want) <= most, "%s, %u x %u x %u %d%d: (%u, %u) is %g, not %g, %g away at most",
                  who, s->m, s->n, s->k, s->trans_a, s->trans_b, i, j, (double)got, want, most);
}

static void check_product(elb_device *dev, const elb_provider *by, const elb_product_shape *s)
{
    matrix a = s->trans_a ? new_matrix(dev, s->k, s->m) : new_matrix(dev, s->m, s->k);
    matrix b = s->trans_b ? new_matrix(dev, s->n, s->k) : new_matrix(dev, s->k, s->n);
    matrix c = new_matrix(dev, s->m, s->n), bias = new_matrix(dev, 1, s->n);
    const size_t count = BEFORE + (size_t)c.rows * c.stride;
    float *got = malloc(count * sizeof *got);
    const elb_epilogue epilogue = {.bias = bias.view, .activation = ELB_RELU};
    ck_assert_ptr_nonnull(got);
    ck_assert_msg(elb_gemm_by(by, dev, c.view, a.view, s->trans_a, b.view, s->trans_b, &epilogue, c.view) == ELBOW_OK,
                  "%s", dev->err->text);
    ck_assert_int_eq(elb_read(got, c.view.buffer, 0, count * sizeof *got), ELBOW_OK);
    for (size_t e = 0; e < count; e++) {
        const size_t i = e < BEFORE ? 0 : (e - BEFORE) / c.stride, j = e < BEFORE ? s->n : (e - BEFORE) % c.stride;
        if (j < s->n)
            check_element(s, &a, &b, bias.x + BEFORE, got[e], (uint32_t)i, (uint32_t)j, by->name);
        else
            ck_assert_msg(got[e] == c.x[e], "%s writes between the rows", by->name);
    }
    free(got);
    free_matrix(&a), free_matrix(&b), free_matrix(&c), free_matrix(&bias);
}

/* Native, and the OpenCL devices of processors: on interpreters and llvmpipe CLBlast takes minutes. */
static void check_device(elb_device *dev)
{
    static const uint32_t sizes[][3] = {{1, 1, 1}, {3, 5, 7}, {16, 33, 1025}, {65, 31, 17}, {13, 100, 128}};
    static const elb_transpose layouts[][2] = {{NO_TRANS, NO_TRANS}, {NO_TRANS, TRANS}, {TRANS, NO_TRANS}};
    elb_providers all;
    if (is_slow(dev)) return;
    ck_assert_int_eq(elb_providers_open(&all, dev), ELBOW_OK);
    printf("%s: %u providers\n", dev->info.id, all.count);
    for (uint32_t p = 0; p < all.count; p++)
        for (size_t s = 0; s < COUNT(sizes); s++)
            for (size_t l = 0; l < COUNT(layouts); l++) {
                const elb_product_shape shape = {sizes[s][0], sizes[s][1], sizes[s][2], layouts[l][0], layouts[l][1]};
                check_product(dev, all.list[p], &shape);
            }
    elb_providers_close(&all);
}

START_TEST(every_provider_is_right)
{
    on_each_device(check_device);
}
END_TEST

/* ---- providers that are none ---- */

typedef struct pretender {
    elb_provider provider;
    double off;         /* what the last element is wrong by, in units of k 2^-23 */
    elbow_status fails; /* instead of computing */
} pretender;

/* The exact product, and then one element of it is not. Instant, so that it would be chosen. */
static elbow_status pretend(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a,
                            elb_transpose trans_a, elb_view b, elb_transpose trans_b)
{
    const pretender *own = (const pretender *)provider;
    const uint32_t k = trans_a ? a.rows : a.cols;
    elb_host_product p;
    if (own->fails) return elb_fail(dev->err, own->fails, "no such luck");
    TRY(elb_host_map(&p, dev, c, a, trans_a, b, trans_b));
    for (int i = 0; i < p.m; i++)
        for (int j = 0; j < p.n; j++) {
            double sum = 0;
            for (int q = 0; q < p.k; q++)
                sum += (double)(p.trans_a ? p.a[q * p.a_row + i] : p.a[i * p.a_row + q]) *
                       (double)(p.trans_b ? p.b[j * p.b_row + q] : p.b[q * p.b_row + j]);
            p.c[i * p.c_row + j] = (float)sum;
        }
    p.c[(p.m - 1) * p.c_row + p.n - 1] += (float)(own->off * k * 0x1p-23);
    return elb_host_unmap(&p, dev);
}

/* Whether a pretender is refused, and what was said. */
static bool refuses(double off, elbow_status fails)
{
    elb_error err = {.listener = listen};
    elb_device *dev;
    const elb_provider *best;
    pretender *own = calloc(1, sizeof *own);
    const elb_product_shape shape = {3, 5, 40, NO_TRANS, TRANS};
    remarks[0] = 0;
    ck_assert_ptr_nonnull(own);
    ck_assert_int_eq(elb_device_open(&dev, &err, "native"), ELBOW_OK);
    *own = (pretender){.provider = {.name = "a pretender", .gemm = pretend}, .off = off, .fails = fails};
    elb_providers all = {.dev = dev, .list = {&own->provider}, .count = 1};
    ck_assert_int_eq(elb_providers_choose(&best, &all, &shape), ELBOW_OK);
    const bool refused = all.refused[0];
    ck_assert(elb_providers_trust(&all, NULL));
    ck_assert_int_eq(elb_providers_trust(&all, &own->provider), !refused);
    if (refused) ck_assert_ptr_null(best);
    elb_providers_close(&all);
    elb_device_close(dev);
    return refused;
}

/* Who is chosen of a right but slow pretender and elbow's own kernels, or a wrong one, and whether that was timed. */
static bool chooses_pretender(bool *measured, double off, const elb_anew *anew)
{
    elb_error err = {.listener = listen};
    elb_device *dev;
    const elb_provider *best;
    pretender *own = calloc(1, sizeof *own);
    const elb_product_shape shape = {3, 5, 40, NO_TRANS, TRANS};
    ck_assert_ptr_nonnull(own);
    ck_assert_int_eq(elb_device_open(&dev, &err, "native"), ELBOW_OK);
    *own = (pretender){.provider = {.name = "a pretender", .gemm = pretend}, .off = off};
    elb_providers all = {.dev = dev, .list = {&own->provider}, .count = 1, .anew = anew};
    ck_assert_int_eq(elb_providers_choose(&best, &all, &shape), ELBOW_OK);
    *measured = all.measured;
    const bool chosen = best == &own->provider;
    ck_assert_int_eq(elb_providers_keep(&all, &shape, chosen ? NULL : &own->provider), ELBOW_OK);
    elb_providers_close(&all);
    elb_device_close(dev);
    return chosen;
}

static elbow_status count_timed(void *user, const elb_product_shape *shape, const elb_provider *by, double seconds)
{
    int *count = user;
    ck_assert(shape->m == 3 && shape->n == 5 && shape->k == 40);
    ck_assert((by == NULL) == (*count == 0));
    ck_assert(by ? isfinite(seconds) : seconds > 0);
    ++*count;
    return ELBOW_OK;
}

/* Each call keeps the other choice. */
START_TEST(what_was_kept_is_taken)
{
    bool measured;
    open_own_cache();
    unsetenv("ELBOW_CACHE");
    unsetenv("ELBOW_TUNED");
    const bool first = chooses_pretender(&measured, 0, NULL);
    ck_assert(measured);
    ck_assert(chooses_pretender(&measured, 0, NULL) == !first && !measured);
    ck_assert(chooses_pretender(&measured, 0, NULL) == first && !measured);
    int timed = 0;
    (void)chooses_pretender(&measured, 0, &(elb_anew){.on_timed = count_timed, .user = &timed});
    ck_assert(measured);
    ck_assert_int_eq(timed, 2); /* elbow's own kernels, and the pretender */
    ck_assert_int_eq(setenv("ELBOW_TUNED", "off", 1), 0);
    (void)chooses_pretender(&measured, 0, NULL);
    ck_assert(measured);
    unsetenv("ELBOW_TUNED");
    /* One that is wrong now is not taken, whatever is kept; who is not wrong is chosen anew. */
    while (chooses_pretender(&measured, 0, NULL)) continue;
    remarks[0] = 0;
    ck_assert(!chooses_pretender(&measured, 40, NULL) && measured);
    ck_assert_ptr_nonnull(strstr(remarks, "maths fast: a pretender computes"));
    remove_own_cache();
}
END_TEST

START_TEST(wrong_ones_are_refused)
{
    ck_assert(!refuses(0, ELBOW_OK));
    ck_assert_str_eq(remarks, "");
    ck_assert(refuses(40, ELBOW_OK)); /* |A||B| is below 40 */
    ck_assert_ptr_nonnull(strstr(remarks, "maths fast: a pretender computes"));
    ck_assert_ptr_nonnull(strstr(remarks, "row 2, column 4 of a product of 3 x 40 by 40 x 5"));
    ck_assert(refuses(NAN, ELBOW_OK));
    ck_assert(refuses(0, ELBOW_DEVICE));
    ck_assert_ptr_nonnull(strstr(remarks, "a pretender fails and is not used: no such luck"));
}
END_TEST

/* A provider is given pointers: matrices that leave their buffers never reach it. */
START_TEST(views_are_checked)
{
    elb_error err = {0};
    elb_device *dev;
    elb_buffer *buffer;
    const pretender own = {.provider = {.name = "a pretender", .gemm = pretend}};
    ck_assert_int_eq(elb_device_open(&dev, &err, "native"), ELBOW_OK);
    ck_assert_int_eq(elb_buffer_new(&buffer, dev, 64 * sizeof(float)), ELBOW_OK);
    ck_assert_int_eq(elb_zero(buffer, 0, 64 * sizeof(float)), ELBOW_OK);
    const elb_view in = elb_matrix(buffer, 0, 4, 4), last = elb_matrix(buffer, 48, 4, 4),
                   out = elb_matrix(buffer, 49, 4, 4);
    const elb_provider *by = &own.provider;
    ck_assert_int_eq(elb_gemm_by(by, dev, last, in, NO_TRANS, in, NO_TRANS, NULL, in), ELBOW_OK);
    ck_assert_int_eq(elb_gemm_by(by, dev, out, in, NO_TRANS, in, NO_TRANS, NULL, in), ELBOW_USAGE);
    ck_assert_int_eq(elb_gemm_by(by, dev, in, out, NO_TRANS, in, NO_TRANS, NULL, in), ELBOW_USAGE);
    ck_assert_int_eq(elb_gemm_by(by, dev, in, in, NO_TRANS, out, NO_TRANS, NULL, in), ELBOW_USAGE);
    elb_buffer_free(buffer);
    elb_device_close(dev);
}
END_TEST

/* ---- models ---- */

static double elbo_of(elbow_maths maths)
{
    elbow_context *context;
    elbow_data *data;
    elbow_model *model;
    elbow_metrics metrics;
    elbow_recipe recipe = elbow_recipe_default();
    elbow_train_options options = elbow_train_default();
    options.epochs = 3;
    options.batch = 64;
    options.maths = maths;
    remarks[0] = 0;
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
    elbow_listen(context, listen, NULL);
    ck_assert_int_eq(elbow_data_load(&data, context, "shapes", 600), ELBOW_OK);
    ck_assert_int_eq(elbow_model_new(&model, context, &recipe, data), ELBOW_OK);
    ck_assert_msg(elbow_train(model, data, &options) == ELBOW_OK, "%s", elbow_message(context));
    ck_assert_int_eq(elbow_evaluate(&metrics, model, data, ELBOW_TEST, false), ELBOW_OK);
    elbow_model_free(model);
    elbow_data_free(data);
    elbow_close(context);
    return metrics.elbo;
}

START_TEST(training_comes_to_the_same)
{
    const double exact = elbo_of(ELBOW_EXACT);
    ck_assert_ptr_null(strstr(remarks, "maths fast"));
    const double fast = elbo_of(ELBOW_FAST);
    ck_assert_ptr_nonnull(strstr(remarks, "maths fast: "));
    ck_assert_msg(fabs(fast - exact) <= 1, "the ELBO is %g by fast maths, %g by exact", fast, exact);
}
END_TEST

/* Every product of a model by every provider, whatever the quickest is: the whole gradient is near the exact one. */
START_TEST(models_by_each_provider)
{
    elb_error err = {0};
    elb_device *dev;
    elb_model *model;
    elb_providers all;
    const elbow_recipe recipe = {.hidden = {33}, .latent = 3, .weight = 1, .sigma2 = 1};
    ck_assert_int_eq(elb_device_open(&dev, &err, "native"), ELBOW_OK);
    ck_assert_int_eq(elb_model_new(&model, dev, &recipe, 50, 9, 9), ELBOW_OK);
    ck_assert_int_eq(elb_providers_open(&all, dev), ELBOW_OK);
    const uint32_t count = (uint32_t)elb_model_parameters(model);
    matrix w = new_matrix(dev, 1, count), g = new_matrix(dev, 1, count), x = new_matrix(dev, 9, 50);
    float *exact = calloc(count, sizeof *exact), *fast = calloc(count, sizeof *fast);
    elb_buffer *samples;
    ck_assert(exact && fast);
    ck_assert_int_eq(elb_buffer_new(&samples, dev, 9 * sizeof(uint32_t)), ELBOW_OK);
    ck_assert_int_eq(elb_zero(samples, 0, 9 * sizeof(uint32_t)), ELBOW_OK);
    const elb_batch batch = {.x = x.view, .samples = elb_matrix(samples, 0, 1, 9), .scale = 1};
    const elb_cut part = {{0, 3}, 3, 9};
    const elb_view flat_w = elb_matrix(w.view.buffer, BEFORE, 1, count),
                   flat_g = elb_matrix(g.view.buffer, 0, 1, count);
    for (uint32_t p = 0; p <= all.count; p++) {
        for (uint32_t i = 0; i < model->count; i++)
            for (int which = 0; which < ELB_PRODUCTS; which++) model->layers[i].by[which] = p ? all.list[p - 1] : NULL;
        ck_assert_int_eq(elb_model_forward(model, flat_w, &batch), ELBOW_OK);
        ck_assert_int_eq(elb_model_backward(model, flat_g, flat_w, &batch, &part), ELBOW_OK);
        ck_assert_int_eq(elb_read_reals(p ? fast : exact, flat_g), ELBOW_OK);
        double norm = 0, off = 0;
        for (uint32_t e = 0; p && e < count; e++) {
            norm += (double)exact[e] * (double)exact[e];
            off += ((double)fast[e] - (double)exact[e]) * ((double)fast[e] - (double)exact[e]);
        }
        ck_assert_msg(sqrt(off) <= 1e-5 * sqrt(norm), "%s: the gradient is %g off", p ? all.list[p - 1]->name : "",
                      sqrt(off / norm));
    }
    elb_model_free(model);
    elb_providers_close(&all);
    elb_buffer_free(samples);
    free(exact), free(fast);
    free_matrix(&w), free_matrix(&g), free_matrix(&x);
    elb_device_close(dev);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("fast");
    tcase_set_timeout(cases, 600);
    tcase_add_test(cases, every_provider_is_right);
    tcase_add_test(cases, wrong_ones_are_refused);
    tcase_add_test(cases, what_was_kept_is_taken);
    tcase_add_test(cases, views_are_checked);
    tcase_add_test(cases, training_comes_to_the_same);
    tcase_add_test(cases, models_by_each_provider);
    return run_case("fast", cases);
}
