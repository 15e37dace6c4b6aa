#include "math/providers.h"

#include "base/random.h"
#include "device/program.h"
#include "math/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What must be left of the seconds of the quickest so far: less is noise. */
static const double CLEARLY = 0.95;

typedef elbow_status open_provider(elb_provider **provider, elb_device *dev);

elbow_status elb_providers_open(elb_providers *all, elb_device *dev)
{
    static open_provider *const known[] = {elb_openblas_open, elb_onednn_open, elb_clblast_open};
    *all = (elb_providers){.dev = dev};
    for (size_t i = 0; i < COUNT(known); i++) {
        TRY(known[i](&all->list[all->count], dev));
        if (all->list[all->count]) all->count++;
    }
    return ELBOW_OK;
}

void elb_providers_close(elb_providers *all)
{
    for (uint32_t i = 0; i < all->count; i++) free(all->list[i]);
    all->count = 0;
}

char *elb_providers_text(char out[256], const elb_providers *all)
{
    out[0] = 0;
    for (uint32_t i = 0; i < all->count; i++) {
        const size_t used = strlen(out);
        elb_format(out + used, 256 - used, "%s%s", i ? ", " : "", all->list[i]->name);
    }
    return out;
}

bool elb_providers_trust(const elb_providers *all, const elb_provider *provider)
{
    for (uint32_t i = 0; i < all->count; i++)
        if (all->list[i] == provider) return !all->refused[i];
    return provider == NULL;
}

/* ---- a contest: one shape's matrices, and what the exact product of them is ---- */

typedef struct contest {
    elb_device *dev;
    const elb_product_shape *shape;
    elb_buffer *memory[4]; /* weights, activations and gradients do not share buffers in a model either */
    elb_view a, b, c, scratch;
    size_t elements;            /* of C */
    float *exact, *bound, *got; /* (m, n): the product, that of the absolute values, a provider's */
    float *values;              /* of A or B */
} contest;

static elbow_status compute(const contest *t, const elb_provider *by)
{
    return elb_gemm_by(by, t->dev, t->c, t->a, t->shape->trans_a, t->b, t->shape->trans_b, NULL, t->scratch);
}

/* Numbers in (-1, 1), or their absolute values: the same for each number of a matrix. */
static elbow_status fill(const contest *t, elb_view to, uint32_t number, bool absolute)
{
    const uint32_t count = to.rows * to.cols;
    elb_initial_weights(t->values, count, 1, 0, number);
    for (uint32_t i = 0; absolute && i < count; i++) t->values[i] = fabsf(t->values[i]);
    return elb_write_reals(to, t->values);
}

static elbow_status own_product(const contest *t, float *to, bool absolute)
{
    TRY(fill(t, t->a, 0, absolute));
    TRY(fill(t, t->b, 1, absolute));
    TRY(compute(t, NULL));
    return elb_read_reals(to, t->c);
}

static elbow_status open_contest(contest *t, elb_device *dev, const elb_product_shape *s)
{
    const size_t a = (size_t)s->m * s->k, b = (size_t)s->k * s->n, scratch = elb_gemm_scratch(dev, s->k, s->n);
    *t = (contest){.dev = dev, .shape = s, .elements = (size_t)s->m * s->n};
    if (a > UINT32_MAX || b > UINT32_MAX || t->elements > UINT32_MAX || scratch > UINT32_MAX)
        return elb_fail(dev->err, ELBOW_MEMORY, "a trial of %u x %u by %u x %u fits no memory", s->m, s->k, s->k, s->n);
    const size_t sizes[] = {a, b, t->elements, scratch};
    for (size_t i = 0; i < COUNT(sizes); i++) TRY(elb_buffer_new(&t->memory[i], dev, sizes[i] * dev->real_size));
    t->a = s->trans_a ? elb_matrix(t->memory[0], 0, s->k, s->m) : elb_matrix(t->memory[0], 0, s->m, s->k);
    t->b = s->trans_b ? elb_matrix(t->memory[1], 0, s->n, s->k) : elb_matrix(t->memory[1], 0, s->k, s->n);
    t->c = elb_matrix(t->memory[2], 0, s->m, s->n);
    t->scratch = elb_matrix(t->memory[3], 0, 1, (uint32_t)scratch);
    TRY(elb_new(dev->err, &t->values, a > b ? a : b, sizeof(float), "a trial's matrix"));
    TRY(elb_new(dev->err, &t->exact, t->elements, sizeof(float), "a trial's product"));
    TRY(elb_new(dev->err, &t->bound, t->elements, sizeof(float), "a trial's bound"));
    TRY(elb_new(dev->err, &t->got, t->elements, sizeof(float), "a trial's result"));
    TRY(own_product(t, t->bound, true));
    return own_product(t, t->exact, false);
}

static void close_contest(contest *t)
{
    for (size_t i = 0; i < COUNT(t->memory); i++) elb_buffer_free(t->memory[i]);
    free(t->values);
    free(t->exact);
    free(t->bound);
    free(t->got);
}

/* Where a product is further off than it may be; t->elements if nowhere. */
static size_t find_wrong(const contest *t)
{
    size_t i = 0;
    while (i < t->elements) {
        const double most = (double)t->shape->k * 0x1p-23 * (double)t->bound[i] + 0x1p-39;
        if (!(fabs((double)t->got[i] - (double)t->exact[i]) <= most)) break;
        i++;
    }
    return i;
}

/* Whether a provider computes the product rightly; C holds NaN before, so that what is not written shows. */
static elbow_status is_right(bool *right, const contest *t, const elb_provider *by)
{
    const elb_product_shape *s = t->shape;
    *right = false;
    for (size_t i = 0; i < t->elements; i++) t->got[i] = NAN;
    TRY(elb_write_reals(t->c, t->got));
    if (compute(t, by) != ELBOW_OK || elb_finish(t->dev) != ELBOW_OK) {
        char why[sizeof t->dev->err->text];
        elb_format(why, sizeof why, "%s", t->dev->err->text);
        elb_remark(t->dev->err, "maths fast: %s fails and is not used: %.600s", by->name, why);
        t->dev->err->status = ELBOW_OK;
        t->dev->err->text[0] = 0;
        return ELBOW_OK;
    }
    TRY(elb_read_reals(t->got, t->c));
    const size_t at = find_wrong(t);
    *right = at == t->elements;
    if (!*right)
        elb_remark(t->dev->err,
                   "maths fast: %s computes %g instead of %g at row %zu, column %zu of a product of %u x %u by %u x "
                   "%u: it is not used",
                   by->name, (double)t->got[at], (double)t->exact[at], at / s->n, at % s->n, s->m, s->k, s->k, s->n);
    return ELBOW_OK;
}

/* Seconds of one product and one by elbow's own kernels behind it, the best of five runs. In a step the two take turns:
 * memory then goes from the device to the host and back, and one pool of threads waits while another works, which may
 * cost more than a quicker product saves. */
static elbow_status seconds_of(double *seconds, const contest *t, const elb_provider *by)
{
    const double work = 2.0 * t->shape->m * t->shape->n * t->shape->k;
    const int times = work < 2e7 ? (int)(2e7 / work) < 50 ? (int)(2e7 / work) + 1 : 50 : 1;
    *seconds = HUGE_VAL;
    for (int run = 0; run < 5; run++) {
        const double start = elb_seconds();
        for (int i = 0; i < times; i++) {
            TRY(compute(t, by));
            TRY(compute(t, NULL));
        }
        TRY(elb_finish(t->dev));
        const double took = (elb_seconds() - start) / times;
        if (took < *seconds) *seconds = took;
    }
    return ELBOW_OK;
}

static elbow_status tell(const elb_anew *anew, const contest *t, const elb_provider *by, double seconds)
{
    return anew && anew->on_timed ? anew->on_timed(anew->user, t->shape, by, seconds) : ELBOW_OK;
}

static elbow_status hold(const elb_provider **best, elb_providers *all, const contest *t)
{
    double least, seconds;
    TRY(seconds_of(&least, t, NULL));
    const double own = least / 2; /* of the two that were timed */
    TRY(tell(all->anew, t, NULL, own));
    for (uint32_t i = 0; i < all->count; i++) {
        bool right;
        if (all->refused[i]) continue;
        TRY(is_right(&right, t, all->list[i]));
        all->refused[i] = !right;
        if (!right) continue;
        TRY(seconds_of(&seconds, t, all->list[i]));
        TRY(tell(all->anew, t, all->list[i], seconds - own));
        if (seconds > CLEARLY * least) continue;
        least = seconds;
        *best = all->list[i];
    }
    return ELBOW_OK;
}

/* ---- what elbow tune keeps ---- */

enum { NAME = sizeof((elb_provider *)NULL)->name };

/* A choice falls with the shape of the kernels that it was measured against and with the libraries there were. */
static void choice_key(elb_cache_key *key, const elb_providers *all, const elb_product_shape *s)
{
    char shape[96], libraries[256], about[512];
    elb_format(about, sizeof about, "%u %u %u %d %d, %s, %s", s->m, s->n, s->k, (int)s->trans_a, (int)s->trans_b,
               elb_shape_text(shape, all->dev->shape), elb_providers_text(libraries, all));
    elb_program_key(key, "product", &all->dev->info, elb_product_kernel(all->dev)->source, about);
}

elbow_status elb_providers_keep(const elb_providers *all, const elb_product_shape *shape, const elb_provider *best)
{
    elb_cache_key key;
    char name[NAME] = "";
    if (best) elb_format(name, sizeof name, "%s", best->name);
    choice_key(&key, all, shape);
    return elb_cache_put(all->dev->err, &key, name, sizeof name);
}

/* The name that is kept, "" for elbow's own kernels; false if none is. */
static bool kept_name(char name[NAME], const elb_providers *all, const elb_product_shape *shape)
{
    elb_cache_key key;
    void *bytes;
    size_t size;
    choice_key(&key, all, shape);
    if (all->anew || !elb_tuned_is_on() || !elb_cache_get(&bytes, &size, &key)) return false;
    const bool known = size == NAME;
    if (known) memcpy(name, bytes, NAME);
    free(bytes);
    name[NAME - 1] = 0;
    return known;
}

/* The provider that is kept, which must still be right. */
static elbow_status take_kept(bool *known, const elb_provider **best, elb_providers *all, const contest *t)
{
    char name[NAME];
    uint32_t i = 0;
    *known = kept_name(name, all, t->shape);
    if (!*known || !name[0]) return ELBOW_OK;
    while (i < all->count && strcmp(all->list[i]->name, name) != 0) i++;
    *known = i < all->count && !all->refused[i];
    if (!*known) return ELBOW_OK;
    TRY(is_right(known, t, all->list[i]));
    all->refused[i] = !*known;
    if (*known) *best = all->list[i];
    return ELBOW_OK;
}

elbow_status elb_providers_choose(const elb_provider **best, elb_providers *all, const elb_product_shape *shape)
{
    contest t;
    bool known = false;
    *best = NULL;
    elbow_status status = open_contest(&t, all->dev, shape);
    if (status == ELBOW_OK) status = take_kept(&known, best, all, &t);
    if (!known) all->measured = true;
    if (status == ELBOW_OK && !known) status = hold(best, all, &t);
    close_contest(&t);
    return status;
}
