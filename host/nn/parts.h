/* parts.h - what a model is made of: for the files of host/nn alone. */
#ifndef ELB_NN_PARTS_H
#define ELB_NN_PARTS_H

#include "math/providers.h"
#include "nn/dense.h"
#include "nn/model.h"

/* Hidden layers and an output layer, twice. */
#define ELB_MAX_LAYERS  (2 * (ELBOW_MAX_HIDDEN + 1))
#define ELB_MAX_TENSORS (3 * ELB_MAX_LAYERS + 4)

/* Gates on one layer's outputs or on z (cl/gate.cl). */
typedef struct elb_gates {
    uint32_t size;  /* 0: none */
    size_t at;      /* where a begins in the flat vectors; c follows */
    size_t out;     /* (rows, size) of the workspace: what passes */
    int32_t before; /* the activation of what they stand on */
} elb_gates;

/* Offsets in the workspace, in elements; rows are max_rows, draws max_draws. */
typedef struct elb_workspace {
    size_t output[ELB_MAX_LAYERS]; /* (rows, out) of each layer; of the decoder's (draws, out) */
    size_t z, spread, parts, dz;   /* (draws, latent); parts: the rate of each latent */
    size_t dy;                     /* (draws, pixels): the gradient of what comes out of the decoder */
    size_t widen;                  /* (draws, parameters of the density's spread): their gradient */
    size_t slope[2];               /* (draws, widest inside): gradients on their way back, by turns */
    size_t gate_slopes;            /* (draws, 2 widest gated): gradients of gates, row by row */
    size_t losses, loss_stride;    /* (3, draws): distortion, rate, squared error */
    size_t bounds, bound_stride;   /* (3, rows): of copies: the bound, their mean distortion and rate */
    size_t share;                  /* (1, draws): of copies: what each counts in the bound's gradient */
    size_t scratch;                /* (1, scratch_size) of the products */
    uint32_t scratch_size;
    size_t elements;
} elb_workspace;

struct elb_model {
    elb_device *dev;
    elbow_recipe recipe;
    uint32_t pixels, latent, max_rows, max_draws;
    elb_weight_source weighting;
    elb_dense layers[ELB_MAX_LAYERS];
    uint32_t count; /* of layers */
    uint32_t code;  /* the layer that gives mu and logvar; the decoder begins behind it */
    elb_tensor_place tensors[ELB_MAX_TENSORS];
    uint32_t tensor_count;
    size_t parameters;
    uint32_t spreads;                /* parameters of the density's spread: 0, 1 or pixels */
    size_t spread_offset;            /* where they begin in the flat vectors */
    elb_gates gates[ELB_MAX_LAYERS]; /* behind each layer but the last */
    elb_gates z_gates;
    elb_workspace at;
    elb_buffer *workspace;   /* reals */
    elb_buffer *clamped;     /* (1, rows) of unsigned */
    elb_buffer *condition;   /* (1, 1): where the gates stand for a batch that says nothing of it */
    elb_providers providers; /* of fast maths; none for exact */
};

/* Fills layers and tensors from the recipe. Errors: USAGE. */
elbow_status elb_model_plan(elb_model *model, elb_error *err);
/* Adds a tensor to the flat vectors: (rows, cols), or (rows) with cols 0. */
void elb_add_tensor(elb_model *model, const char *layer, const char *what, uint32_t rows, uint32_t cols, double bound);
/* Lays out the workspace. scratch: elements that products need. False if it does not fit a size_t. */
bool elb_model_lay_out(elb_model *model, size_t scratch);

/* A matrix of the workspace with so many rows. */
static inline elb_view elb_work(const elb_model *model, size_t offset, uint32_t rows, uint32_t cols)
{
    return elb_matrix(model->workspace, offset, rows, cols);
}

/* Distortion (0), rate (1) or squared error (2) of each row. */
static inline elb_view elb_loss(const elb_model *model, int which, uint32_t rows)
{
    return elb_work(model, model->at.losses + (size_t)which * model->at.loss_stride, 1, rows);
}

/* The bound (0) of each row, or the mean distortion (1) or rate (2) of its copies. */
static inline elb_view elb_bound(const elb_model *model, int which, uint32_t rows)
{
    return elb_work(model, model->at.bounds + (size_t)which * model->at.bound_stride, 1, rows);
}

/* Draws for each row of a batch. */
static inline uint32_t elb_draws(const elb_batch *batch)
{
    return batch->copies ? batch->copies : 1;
}

/* Rows that a layer has at most: the decoder's are draws. */
static inline uint32_t elb_layer_rows(const elb_model *model, uint32_t layer)
{
    return layer > model->code ? model->max_draws : model->max_rows;
}
/* What a layer computes. */
static inline elb_view elb_output(const elb_model *model, uint32_t layer, uint32_t rows)
{
    return elb_work(model, model->at.output[layer], rows, model->layers[layer].out);
}

/* What a layer passes on: its output, or what its gates let through. */
static inline elb_view elb_shown(const elb_model *model, uint32_t layer, uint32_t rows)
{
    const bool gated = model->gates[layer].size > 0;
    return elb_work(model, gated ? model->gates[layer].out : model->at.output[layer], rows, model->layers[layer].out);
}

/* What goes back together: rows [from, to) of those that went forward, or their draws, as shards cut them. */
typedef struct elb_span {
    uint32_t from, to;
    elb_segments cut;
} elb_span;

/* ---- gates.c ---- */

/* Gates behind every layer but the last and on z, where the recipe asks for a range of weights. */
void elb_add_gates(elb_model *model);
/* What passes gates that stand on h, of all the batch's rows. */
elbow_status elb_gates_forward(elb_model *model, const elb_gates *gates, elb_view w, elb_view h,
                               const elb_batch *batch);
/* The way back through them, of a span's rows of h: slope becomes the gradient before h's activation,
 * and that of the gates goes into g. */
elbow_status elb_gates_back(elb_model *model, const elb_gates *gates, elb_view g, elb_view w, elb_view slope,
                            elb_view h, const elb_batch *batch, const elb_span *span);

/* ---- objective.c ---- */

/* Rates and z of a batch whose code lies in the workspace. */
elbow_status elb_draw_latents(elb_model *model, const elb_batch *batch);
/* The way back through them, of rows [from, to) of the batch: dcode (rows, 2 latent) from dz (rows draws, latent). */
elbow_status elb_latents_back(elb_model *model, elb_view dcode, elb_view dz, const elb_batch *batch, uint32_t from);
/* The gradient of the spread's parameters over a span of draws, into g. */
elbow_status elb_spread_back(elb_model *model, elb_view g, const elb_span *draws);

#endif
