/* model_fast.c - a model's products by whatever computes each of them quickest. */
#include "nn/parts.h"

#include "../cl/choices.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The products of a layer, in the order of elb_dense's by. rows: of a batch. */
static elb_product_shape shape_of(const elb_dense *layer, uint32_t which, uint32_t rows)
{
    if (which == ELB_FORWARD) return (elb_product_shape){rows, layer->out, layer->in, NO_TRANS, TRANS};
    if (which == ELB_WEIGHTS) return (elb_product_shape){layer->out, layer->in, rows, TRANS, NO_TRANS};
    return (elb_product_shape){rows, layer->in, layer->out, NO_TRANS, NO_TRANS};
}

/* The first layer has no product on its way back. */
static uint32_t products_of(const elb_dense *layer)
{
    return layer->first ? ELB_BACKWARD : ELB_PRODUCTS;
}

/* An earlier layer of the same shape, whose choices hold for this one as well. */
static const elb_dense *twin_of(const elb_model *model, uint32_t i, uint32_t which, uint32_t copies)
{
    for (uint32_t j = 0; j < i; j++) {
        const elb_dense *other = &model->layers[j];
        const bool as_many_rows = copies == 1 || (i > model->code) == (j > model->code);
        if (as_many_rows && other->in == model->layers[i].in && other->out == model->layers[i].out &&
            which < products_of(other))
            return other;
    }
    return NULL;
}

/* The same of layer i: what follows the code has a row for each draw. */
static elb_product_shape shape_in(const elb_model *model, uint32_t i, uint32_t which, uint32_t rows, uint32_t copies)
{
    return shape_of(&model->layers[i], which, i > model->code ? rows * copies : rows);
}

static elbow_status choose(elb_model *model, uint32_t rows, uint32_t copies)
{
    for (uint32_t i = 0; i < model->count; i++)
        for (uint32_t which = 0; which < products_of(&model->layers[i]); which++) {
            elb_dense *layer = &model->layers[i];
            const elb_dense *twin = twin_of(model, i, which, copies);
            const elb_product_shape shape = shape_in(model, i, which, rows, copies);
            if (twin)
                layer->by[which] = twin->by[which];
            else
                TRY(elb_providers_choose(&layer->by[which], &model->providers, &shape));
        }
    return ELBOW_OK;
}

static uint32_t products_in(const elb_model *model)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->count; i++) count += products_of(&model->layers[i]);
    return count;
}

/* How many products one provider, or none, computes; those of one that was refused later are taken from it. */
static uint32_t count_of(elb_model *model, const elb_provider *provider)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->count; i++)
        for (uint32_t which = 0; which < products_of(&model->layers[i]); which++) {
            const elb_provider **by = &model->layers[i].by[which];
            if (!elb_providers_trust(&model->providers, *by)) *by = NULL;
            count += *by == provider;
        }
    return count;
}

const elb_providers *elb_model_providers(const elb_model *model)
{
    return &model->providers;
}

uint32_t elb_model_fast_text(char out[512], elb_model *model)
{
    const elb_providers *all = &model->providers;
    elb_format(out, 512, "of %u matrix products", products_in(model));
    for (uint32_t p = 0, named = 0; p <= all->count; p++) {
        const uint32_t count = count_of(model, p < all->count ? all->list[p] : NULL);
        const size_t used = strlen(out);
        if (count)
            elb_format(out + used, 512 - used, "%s %u by %s", named++ ? "," : "", count,
                       p < all->count ? all->list[p]->name : "elbow's own kernels");
    }
    return products_in(model) - count_of(model, NULL);
}

static void say(elb_model *model)
{
    char text[512];
    (void)elb_model_fast_text(text, model);
    if (model->providers.count)
        elb_remark(model->dev->err, "maths fast: %s", text);
    else
        elb_remark(model->dev->err,
                   "maths fast: no library for the matrix products of %s is found: elbow's own kernels compute them",
                   model->dev->info.id);
}

uint32_t elb_model_products(elb_product_shape *products, uint32_t most, const elb_model *model, uint32_t rows)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < model->count; i++)
        for (uint32_t which = 0; which < products_of(&model->layers[i]) && count < most; which++)
            products[count++] = shape_of(&model->layers[i], which, rows);
    return count;
}

/* ---- the proof: a step as a whole ---- */

typedef struct rehearsal {
    elb_buffer *w, *g, *x, *samples;
    uint32_t rows, copies;
} rehearsal;

static elbow_status open_rehearsal(rehearsal *r, elb_model *model, uint32_t rows, uint32_t copies)
{
    elb_device *dev = model->dev;
    const uint32_t count = (uint32_t)model->parameters;
    float *w;
    *r = (rehearsal){.rows = rows, .copies = copies};
    TRY(elb_buffer_new(&r->w, dev, count * dev->real_size));
    TRY(elb_buffer_new(&r->g, dev, count * dev->real_size));
    TRY(elb_buffer_new(&r->x, dev, (size_t)rows * model->pixels * dev->real_size));
    TRY(elb_buffer_new(&r->samples, dev, rows * sizeof(uint32_t)));
    TRY(elb_zero(r->x, 0, r->x->bytes));
    TRY(elb_zero(r->samples, 0, r->samples->bytes));
    TRY(elb_new(dev->err, &w, count, sizeof *w, "a rehearsal's weights"));
    elb_initial_weights(w, count, 0.01f, 0, 0);
    const elbow_status status = elb_write_reals(elb_matrix(r->w, 0, 1, count), w);
    free(w);
    return status;
}

static void close_rehearsal(rehearsal *r)
{
    elb_buffer_free(r->w);
    elb_buffer_free(r->g);
    elb_buffer_free(r->x);
    elb_buffer_free(r->samples);
}

/* Seconds of four batches there and back, the best of five runs after one that only warms up. */
static elbow_status rehearse(double *seconds, elb_model *model, const rehearsal *r)
{
    const uint32_t count = (uint32_t)model->parameters;
    const elb_view w = elb_matrix(r->w, 0, 1, count), g = elb_matrix(r->g, 0, 1, count);
    const elb_cut whole = elb_whole(r->rows);
    const elb_batch batch = {.x = elb_matrix(r->x, 0, r->rows, model->pixels),
                             .samples = elb_matrix(r->samples, 0, 1, r->rows),
                             .purpose = LATENT_NOISE,
                             .copies = r->copies > 1 ? r->copies : 0,
                             .scale = 1};
    *seconds = HUGE_VAL;
    for (int run = 0; run < 6; run++) {
        const double start = elb_seconds();
        for (int turn = 0; turn < 4; turn++) {
            TRY(elb_model_forward(model, w, &batch));
            if (batch.copies) TRY(elb_model_bound(model, &batch));
            TRY(elb_model_backward(model, g, w, &batch, &whole));
        }
        TRY(elb_finish(model->dev));
        if (run > 0) *seconds = fmin(*seconds, elb_seconds() - start);
    }
    return ELBOW_OK;
}

/* Products one by one do not show what a step loses when the device waits for the host: as a whole it must be quicker
 * than by elbow's own kernels alone, or these compute all of it. */
static elbow_status compare(elb_model *model, const rehearsal *r)
{
    const elb_provider *kept[ELB_MAX_LAYERS][ELB_PRODUCTS];
    double fast, own;
    TRY(rehearse(&fast, model, r));
    for (uint32_t i = 0; i < model->count; i++) {
        memcpy(kept[i], model->layers[i].by, sizeof kept[i]);
        memset(model->layers[i].by, 0, sizeof kept[i]);
    }
    TRY(rehearse(&own, model, r));
    if (fast < own)
        for (uint32_t i = 0; i < model->count; i++) memcpy(model->layers[i].by, kept[i], sizeof kept[i]);
    return ELBOW_OK;
}

static elbow_status prove(elb_model *model, uint32_t rows, uint32_t copies)
{
    rehearsal r;
    if (count_of(model, NULL) == products_in(model)) return ELBOW_OK;
    elbow_status status = open_rehearsal(&r, model, rows, copies);
    if (status == ELBOW_OK) status = compare(model, &r);
    close_rehearsal(&r);
    return status;
}

elbow_status elb_model_fast(elb_model *model, uint32_t rows, uint32_t copies, const elb_anew *anew)
{
    elb_model_exact(model);
    elbow_status status = elb_providers_open(&model->providers, model->dev);
    model->providers.anew = anew;
    if (status == ELBOW_OK) status = choose(model, rows, copies);
    model->providers.anew = NULL;
    if (status == ELBOW_OK && model->providers.measured) status = prove(model, rows, copies);
    if (status != ELBOW_OK)
        elb_model_exact(model);
    else if (!anew)
        say(model);
    return status;
}

elbow_status elb_model_fast_keep(elb_model *model, uint32_t rows, uint32_t copies, bool own)
{
    for (uint32_t i = 0; i < model->count; i++)
        for (uint32_t which = 0; which < products_of(&model->layers[i]); which++) {
            const elb_product_shape shape = shape_in(model, i, which, rows, copies);
            if (own) model->layers[i].by[which] = NULL;
            TRY(elb_providers_keep(&model->providers, &shape, model->layers[i].by[which]));
        }
    return ELBOW_OK;
}

void elb_model_exact(elb_model *model)
{
    for (uint32_t i = 0; i < model->count; i++) memset(model->layers[i].by, 0, sizeof model->layers[i].by);
    elb_providers_close(&model->providers);
}
