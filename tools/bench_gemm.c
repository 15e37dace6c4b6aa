/* bench_gemm.c - how fast matrix products are: elbow's own on every device, and by every library of fast maths there.
 *
 *     bench_gemm [device ...]          "native", ids of `elbow devices`; nothing: all usable ones
 *
 * GF/s, the median of nine runs of about 20 ms each. OPENBLAS_CORETYPE=SKYLAKEX in the environment keeps an old
 * OpenBLAS from taking a new processor for an old one. Last: one training step of 784-400-20 with 128 data. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "elb_kernels.h"
#include "math/providers.h"
#include "nn/model.h"
#include "nn/update.h"

typedef struct shape {
    const char *what;
    uint32_t m, n, k;
    elb_transpose a, b;
} shape;

static const shape shapes[] = {{"forward  784-400", 128, 400, 784, NO_TRANS, TRANS},
                               {"forward  400-784", 128, 784, 400, NO_TRANS, TRANS},
                               {"forward  400-40 ", 128, 40, 400, NO_TRANS, TRANS},
                               {"dx       784-400", 128, 400, 784, NO_TRANS, NO_TRANS},
                               {"dW       400x784", 400, 784, 128, TRANS, NO_TRANS},
                               {"dW       784x400", 784, 400, 128, TRANS, NO_TRANS},
                               {"square       512", 512, 512, 512, NO_TRANS, NO_TRANS},
                               {"square      1024", 1024, 1024, 1024, NO_TRANS, NO_TRANS}};

typedef struct bench {
    elb_device *dev;
    elb_view c, a, b, scratch;
    const shape *shape;
    const elb_provider *by; /* NULL: elbow's own kernels */
} bench;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void product(const bench *b)
{
    const shape *s = b->shape;
    if (elb_gemm_by(b->by, b->dev, b->c, b->a, s->a, b->b, s->b, NULL, b->scratch)) printf("%s\n", b->dev->err->text);
}

static double median_rate(const bench *b)
{
    double rates[9] = {0}, flops = 2.0 * b->shape->m * b->shape->n * b->shape->k;
    const int times = (int)(2e9 / flops) + 1;
    for (int r = -1; r < 9; r++) {
        const double start = elb_seconds();
        for (int t = 0; t < times; t++) product(b);
        elb_finish(b->dev);
        if (r >= 0) rates[r] = times * flops / (elb_seconds() - start) * 1e-9;
    }
    qsort(rates, 9, sizeof *rates, compare);
    return rates[4];
}

static elb_view random_matrix(elb_device *dev, uint32_t rows, uint32_t cols)
{
    elb_buffer *buffer;
    float *x = malloc((size_t)rows * cols * sizeof *x);
    for (size_t i = 0; x && i < (size_t)rows * cols; i++) x[i] = (float)((i * 2654435761u) >> 8 & 1023) / 1024 - 0.5f;
    if (!x || elb_buffer_new(&buffer, dev, (size_t)rows * cols * sizeof *x)) exit(1);
    elb_write(buffer, 0, x, (size_t)rows * cols * sizeof *x);
    free(x);
    return elb_matrix(buffer, 0, rows, cols);
}

static double rate_on(elb_device *dev, const elb_provider *by, const shape *s)
{
    bench b = {.dev = dev, .by = by, .shape = s};
    b.c = random_matrix(dev, s->m, s->n);
    b.a = s->a ? random_matrix(dev, s->k, s->m) : random_matrix(dev, s->m, s->k);
    b.b = s->b ? random_matrix(dev, s->n, s->k) : random_matrix(dev, s->k, s->n);
    b.scratch = random_matrix(dev, 1, (uint32_t)elb_gemm_scratch(dev, s->k, s->n));
    const double rate = median_rate(&b);
    elb_buffer_free(b.a.buffer), elb_buffer_free(b.b.buffer), elb_buffer_free(b.c.buffer);
    elb_buffer_free(b.scratch.buffer);
    return rate;
}

static double step_time(elb_device *dev)
{
    elb_model *model;
    const elbow_recipe recipe = {.hidden = {400}, .latent = 20, .weight = 1, .sigma2 = 1};
    if (elb_model_new(&model, dev, &recipe, 784, 128, 128)) exit(1);
    const uint32_t count = (uint32_t)elb_model_parameters(model);
    const elb_view w = random_matrix(dev, 1, count), g = random_matrix(dev, 1, count), m = random_matrix(dev, 1, count);
    const elb_view v = random_matrix(dev, 1, count), one = random_matrix(dev, 1, 1024),
                   flag = random_matrix(dev, 1, 128), losses = random_matrix(dev, 1, 128);
    elb_zero(v.buffer, 0, count * sizeof(float));
    elb_zero(m.buffer, 0, count * sizeof(float));
    elb_zero(flag.buffer, 0, 512);
    const elb_batch batch = {
        .x = random_matrix(dev, 128, 784), .samples = flag, .purpose = ELB_LATENT_NOISE, .scale = 1};
    const elb_cut whole = elb_whole(128);
    double times[31] = {0};
    for (int t = -3; t < 31; t++) {
        const double start = elb_seconds();
        if (elb_model_forward(model, w, &batch) || elb_model_backward(model, g, w, &batch, &whole) ||
            elb_guard(dev, flag, elb_cols(one, 0, 2), g, losses, losses, 0, elb_cols(one, 2, 1000), 1, false) ||
            elb_adam(dev, w, m, v, g, elb_cols(one, 0, 1), flag, 1e-6, 1, 1))
            printf("%s\n", dev->err->text);
        elb_finish(dev);
        if (t >= 0) times[t] = elb_seconds() - start;
    }
    qsort(times, 31, sizeof *times, compare);
    elb_model_free(model);
    return times[15];
}

static void print_rates(elb_device *dev, const elb_provider *by)
{
    for (size_t s = 0; s < COUNT(shapes); s++)
        printf("  %s %7.1f GF/s\n", shapes[s].what, rate_on(dev, by, &shapes[s]));
}

static void bench_device(const char *id)
{
    elb_error err = {0};
    elb_device *dev;
    if (elb_device_open(&dev, &err, id)) {
        printf("%s: %s\n", id, err.text);
        return;
    }
    printf("%s, %s %s\n", dev->info.id, dev->info.name, dev->info.version);
    print_rates(dev, NULL);
    printf("  step 784-400-20, 128 data: %.3f ms\n", step_time(dev) * 1e3);
    elb_providers all;
    if (elb_providers_open(&all, dev)) exit(1);
    for (uint32_t p = 0; p < all.count; p++) {
        printf("%s, %s\n", dev->info.id, all.list[p]->name);
        print_rates(dev, all.list[p]);
    }
    elb_providers_close(&all);
    elb_device_close(dev);
}

int main(int count, char **names)
{
    elb_error err = {0};
    elbow_device_info *infos;
    size_t devices = 0;
    for (int i = 1; i < count; i++) bench_device(names[i]);
    if (count == 1 && elb_discover(&err, &infos, &devices) == ELBOW_OK) {
        for (size_t i = 0; i < devices; i++)
            if (infos[i].usable) bench_device(infos[i].id);
        free(infos);
    }
    return 0;
}
