#include "math/tune.h"

#include "base/random.h"
#include "device/native.h"
#include "device/program.h"
#include "elb_kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- products to be timed ---- */

/* One product: its matrices on the device, and native's result. */
typedef struct trial {
    const elb_product_shape *s;
    elb_buffer *memory[3];
    elb_view a, b, c;
    float *exact;
} trial;

typedef struct trials {
    elb_device *dev;
    trial *list;
    uint32_t count;
    float *got; /* as many as the largest C has */
} trials;

static elb_view matrix_of(elb_buffer *buffer, bool turned, uint32_t rows, uint32_t cols)
{
    return turned ? elb_matrix(buffer, 0, cols, rows) : elb_matrix(buffer, 0, rows, cols);
}

static elbow_status fill(elb_view to, uint32_t number)
{
    const uint32_t count = to.rows * to.cols;
    float *values;
    TRY(elb_new(to.buffer->dev->err, &values, count, sizeof *values, "a trial's matrix"));
    elb_initial_weights(values, count, 1, 0, number);
    const elbow_status status = elb_write_reals(to, values);
    free(values);
    return status;
}

static void close_trial(trial *t)
{
    for (size_t i = 0; i < COUNT(t->memory); i++) elb_buffer_free(t->memory[i]);
    free(t->exact);
    *t = (trial){.s = NULL};
}

static elbow_status open_trial(trial *t, elb_device *dev, const elb_product_shape *s)
{
    const size_t sizes[] = {(size_t)s->m * s->k, (size_t)s->k * s->n, (size_t)s->m * s->n};
    *t = (trial){.s = s};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        if (sizes[i] == 0 || sizes[i] > UINT32_MAX)
            return elb_fail(dev->err, ELBOW_USAGE, "a product of %u x %u by %u x %u cannot be tried", s->m, s->k, s->k,
                            s->n);
        TRY(elb_buffer_new(&t->memory[i], dev, sizes[i] * dev->real_size));
    }
    t->a = matrix_of(t->memory[0], s->trans_a, s->m, s->k);
    t->b = matrix_of(t->memory[1], s->trans_b, s->k, s->n);
    t->c = matrix_of(t->memory[2], false, s->m, s->n);
    TRY(fill(t->a, 0));
    return fill(t->b, 1);
}

static elbow_status compute(const trial *t, elb_device *dev, elb_view scratch)
{
    return elb_gemm(dev, t->c, t->a, t->s->trans_a, t->b, t->s->trans_b, NULL, scratch);
}

/* A vector that a product of this shape may need. */
static elbow_status new_scratch(elb_view *scratch, elb_device *dev, const elb_product_shape *s)
{
    const size_t count = elb_gemm_scratch(dev, s->k, s->n);
    elb_buffer *buffer;
    if (count == 0 || count > UINT32_MAX)
        return elb_fail(dev->err, ELBOW_MEMORY, "a product of %u x %u by %u x %u fits no memory", s->m, s->k, s->k,
                        s->n);
    TRY(elb_buffer_new(&buffer, dev, count * dev->real_size));
    *scratch = elb_matrix(buffer, 0, 1, (uint32_t)count);
    return ELBOW_OK;
}

/* Native's result of the same product. */
static elbow_status compute_exact(trial *t, elb_device *native)
{
    trial here = {.s = NULL};
    elb_view scratch = {.buffer = NULL};
    TRY(elb_new(native->err, &t->exact, (size_t)t->s->m * t->s->n, sizeof *t->exact, "a trial's product"));
    elbow_status status = open_trial(&here, native, t->s);
    if (status == ELBOW_OK) status = new_scratch(&scratch, native, t->s);
    if (status == ELBOW_OK) status = compute(&here, native, scratch);
    if (status == ELBOW_OK) status = elb_read_reals(t->exact, here.c);
    elb_buffer_free(scratch.buffer);
    close_trial(&here);
    return status;
}

static void close_trials(trials *all)
{
    for (uint32_t i = 0; all->list && i < all->count; i++) close_trial(&all->list[i]);
    free(all->list);
    free(all->got);
}

static elbow_status open_trials(trials *all, elb_device *dev, const elb_product_shape *products, uint32_t count)
{
    elb_device *native = NULL;
    size_t largest = 1;
    *all = (trials){.dev = dev, .count = count};
    TRY(elb_new(dev->err, &all->list, count ? count : 1, sizeof *all->list, "the products"));
    elbow_status status = elb_native_open(&native, dev->err, NULL);
    for (uint32_t i = 0; i < count && status == ELBOW_OK; i++) {
        const size_t size = (size_t)products[i].m * products[i].n;
        if (size > largest) largest = size;
        status = open_trial(&all->list[i], dev, &products[i]);
        if (status == ELBOW_OK) status = compute_exact(&all->list[i], native);
    }
    elb_device_close(native);
    if (status == ELBOW_OK) status = elb_new(dev->err, &all->got, largest, sizeof *all->got, "a trial's result");
    return status;
}

/* ---- one shape ---- */

/* Whether the product has native's bytes; C holds NaN before, so that what is not written shows. */
static elbow_status is_right(bool *right, const trials *all, const trial *t, elb_view scratch)
{
    const size_t count = (size_t)t->s->m * t->s->n;
    *right = false;
    for (size_t i = 0; i < count; i++) all->got[i] = NAN;
    TRY(elb_write_reals(t->c, all->got));
    TRY(compute(t, all->dev, scratch));
    TRY(elb_read_reals(all->got, t->c));
    *right = memcmp(all->got, t->exact, count * sizeof *all->got) == 0;
    return ELBOW_OK;
}

/* Seconds of one product, the best of five runs of a millisecond or so. */
static elbow_status seconds_of(double *seconds, const trials *all, const trial *t, elb_view scratch)
{
    const double work = 2.0 * t->s->m * t->s->n * t->s->k;
    const int times = work < 1e8 ? (int)fmin(1e8 / work, 50) + 1 : 1;
    *seconds = HUGE_VAL;
    for (int run = 0; run < 5; run++) {
        const double start = elb_seconds();
        for (int i = 0; i < times; i++) TRY(compute(t, all->dev, scratch));
        TRY(elb_finish(all->dev));
        *seconds = fmin(*seconds, (elb_seconds() - start) / times);
    }
    return ELBOW_OK;
}

static elbow_status try_products(elb_tried *tried, const trials *all)
{
    double sum = 0;
    tried->outcome = ELB_RIGHT;
    for (uint32_t i = 0; i < all->count && tried->outcome == ELB_RIGHT; i++) {
        elb_view scratch;
        bool right = false;
        double seconds = 0;
        TRY(new_scratch(&scratch, all->dev, all->list[i].s));
        elbow_status status = is_right(&right, all, &all->list[i], scratch);
        if (status == ELBOW_OK && right) status = seconds_of(&seconds, all, &all->list[i], scratch);
        elb_buffer_free(scratch.buffer);
        TRY(status);
        sum += seconds;
        if (!right) tried->outcome = ELB_WRONG;
    }
    if (tried->outcome == ELB_RIGHT) tried->seconds = sum;
    return ELBOW_OK;
}

/* A shape that a device does not build or run is out of the race, and that is all; but its own must work. */
static elbow_status try_shape(elb_search *search, const trials *all, elb_shape shape)
{
    elb_device *dev = all->dev;
    elb_tried *tried = &search->list[search->count];
    *tried = (elb_tried){.shape = shape, .outcome = ELB_FAILED, .seconds = HUGE_VAL};
    elbow_status status = elb_device_reshape(dev, shape);
    if (status == ELBOW_OK) status = try_products(tried, all);
    if (status != ELBOW_OK) {
        if (search->count == 0) return status;
        tried->outcome = ELB_FAILED;
        dev->err->status = ELBOW_OK;
        dev->err->text[0] = 0;
    }
    search->count++;
    if (search->on_tried && search->on_tried(search->user, tried)) search->stopped = true;
    return ELBOW_OK;
}

/* ---- the search ---- */

/* Steps up and down a list of values in order; 0: there is none. */
static int32_t beside(const int32_t *values, size_t count, int32_t value, int step)
{
    for (size_t i = 0; i < count; i++) {
        if (values[i] != value) continue;
        const size_t next = i + (size_t)step;
        return next < count ? values[next] : 0;
    }
    return 0;
}

uint32_t elb_shapes_near(elb_shape near[8], const elb_device *dev, elb_shape shape)
{
    static const int32_t widths[] = {1, 4, 8, 16}, groups[] = {1, 2, 4, 8, 16, 32, 64}, vectors[] = {1, 2, 3, 4};
    static const int32_t rows[] = {1, 2, 4, 6, 8, 10, 12, 14, 16};
    uint32_t count = 0;
    for (int step = -1; step <= 1; step += 2) {
        elb_shape other[4] = {shape, shape, shape, shape};
        other[0].tile_rows = beside(rows, COUNT(rows), shape.tile_rows, step);
        other[1].tile_vectors = beside(vectors, COUNT(vectors), shape.tile_vectors, step);
        other[2].width = beside(widths, COUNT(widths), shape.width, step);
        /* On a processor each work-item of a group runs after the other: groups are for devices like GPUs. */
        other[3].group = dev->prefers_local ? beside(groups, COUNT(groups), shape.group, step) : 0;
        for (size_t i = 0; i < COUNT(other); i++) {
            elb_shape *s = &other[i];
            if (!s->tile_rows || !s->tile_vectors || !s->width || !s->group || s->group * s->width > 64) continue;
            if (s->block % s->width) s->block = s->width;
            near[count++] = *s;
        }
    }
    return count;
}

static bool was_tried(const elb_search *search, elb_shape shape)
{
    for (uint32_t i = 0; i < search->count; i++)
        if (memcmp(&search->list[i].shape, &shape, sizeof shape) == 0) return true;
    return false;
}

static const elb_tried *quickest(const elb_search *search)
{
    const elb_tried *best = &search->list[0];
    for (uint32_t i = 1; i < search->count; i++)
        if (search->list[i].seconds < best->seconds) best = &search->list[i];
    return best;
}

static elbow_status climb(elb_search *search, const trials *all, double until)
{
    TRY(try_shape(search, all, all->dev->shape));
    for (bool found = true; found;) {
        elb_shape near[8];
        const elb_tried best = *quickest(search);
        const uint32_t count = elb_shapes_near(near, all->dev, best.shape);
        for (uint32_t i = 0; i < count; i++) {
            if (search->stopped || elb_seconds() >= until || search->count == ELB_MOST_SHAPES) return ELBOW_OK;
            if (!was_tried(search, near[i])) TRY(try_shape(search, all, near[i]));
        }
        found = quickest(search)->seconds < best.seconds;
    }
    return ELBOW_OK;
}

elbow_status elb_tune_products(elb_search *search, elb_device *dev, const elb_product_shape *products, uint32_t count,
                               double until)
{
    const elb_shape own = dev->shape;
    trials all;
    elb_verify *const verify = dev->verify;
    dev->verify = NULL; /* all shapes are compared with native here, on the products themselves */
    elbow_status status = open_trials(&all, dev, products, count);
    if (status == ELBOW_OK) status = climb(search, &all, until);
    close_trials(&all);
    dev->verify = verify;
    const elbow_status back = elb_device_reshape(dev, own);
    return status == ELBOW_OK ? back : status;
}

char *elb_shape_text(char out[96], elb_shape shape)
{
    elb_format(out, 96, "width %d, group %d, block %d, tile %d x %d", shape.width, shape.group, shape.block,
               shape.tile_rows, shape.tile_vectors);
    return out;
}

/* ---- what is kept ---- */

const elb_kernel *elb_product_kernel(const elb_device *dev)
{
    const char *name = dev->prefers_local ? "gemm_local" : "gemm";
    uint32_t k = 0;
    while (elb_kernels[k] && strcmp(elb_kernels[k]->name, name) != 0) k++;
    return elb_kernels[k];
}

bool elb_tuned_is_on(void)
{
    const char *wanted = getenv("ELBOW_TUNED");
    return !wanted || strcmp(wanted, "off") != 0;
}

/* A shape falls with the kernel of products, as a program's verdict falls with its program. */
static void tuned_key(elb_cache_key *key, const elb_device *dev)
{
    elbow_device_info info = dev->info;
    /* Native's version is the instruction set in use, which is what is kept of it. */
    if (strcmp(info.backend, "native") == 0) info.version[0] = 0;
    elb_program_key(key, "tuned", &info, elb_product_kernel(dev)->source, "");
}

elbow_status elb_tuned_put(elb_device *dev, const elb_tuned *tuned)
{
    elb_cache_key key;
    tuned_key(&key, dev);
    return elb_cache_put(dev->err, &key, tuned, sizeof *tuned);
}

bool elb_tuned_get(elb_tuned *tuned, const elb_device *dev)
{
    elb_cache_key key;
    void *bytes;
    size_t size;
    tuned_key(&key, dev);
    if (!elb_cache_get(&bytes, &size, &key)) return false;
    const bool known = size == sizeof *tuned;
    if (known) memcpy(tuned, bytes, sizeof *tuned);
    free(bytes);
    if (known) tuned->set[sizeof tuned->set - 1] = 0;
    return known;
}

/* Another instruction set in native's place, under its name. */
static elbow_status replace_native(elb_device **dev, const char *set)
{
    elb_device *other;
    if (strcmp((*dev)->info.version, set) == 0) return ELBOW_OK;
    TRY(elb_native_open(&other, (*dev)->err, set));
    elb_format(other->info.id, sizeof other->info.id, "native");
    elb_device_close(*dev);
    *dev = other;
    return ELBOW_OK;
}

void elb_tuned_apply(elb_device **dev)
{
    const char *id = (*dev)->info.id;
    elb_error *err = (*dev)->err;
    elb_tuned tuned;
    const bool one_set = strncmp(id, "native:", 7) == 0; /* asked for by name: it is what was meant */
    if (!elb_tuned_is_on() || one_set || !elb_tuned_get(&tuned, *dev)) return;
    const elbow_status status =
        strcmp(id, "native") == 0 ? replace_native(dev, tuned.set) : elb_device_reshape(*dev, tuned.shape);
    if (status == ELBOW_OK) return;
    err->status = ELBOW_OK; /* what this version cannot do is as good as not kept */
    err->text[0] = 0;
}
