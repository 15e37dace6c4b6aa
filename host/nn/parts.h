/* parts.h - what a model is made of: for the files of host/nn alone. */
#ifndef ELB_NN_PARTS_H
#define ELB_NN_PARTS_H

#include "math/providers.h"
#include "nn/dense.h"
#include "nn/model.h"

/* Hidden layers and an output layer, twice. */
#define ELB_MAX_LAYERS  (2 * (ELBOW_MAX_HIDDEN + 1))
#define ELB_MAX_TENSORS (2 * ELB_MAX_LAYERS + 2)

/* Offsets in the workspace, in elements; a number of rows is max_rows. */
typedef struct elb_workspace {
    size_t output[ELB_MAX_LAYERS]; /* (rows, out) of each layer */
    size_t z, spread, dz;          /* (rows, latent) */
    size_t slope[2];               /* (rows, widest): gradients on their way back, by turns */
    size_t distortion, rate, sse;  /* (1, rows) */
    size_t scratch;                /* (1, scratch_size) of the products */
    uint32_t scratch_size;
    size_t elements;
} elb_workspace;

struct elb_model {
    elb_device *dev;
    elbow_recipe recipe;
    uint32_t pixels, latent, max_rows;
    bool scheduled;
    elb_dense layers[ELB_MAX_LAYERS];
    uint32_t count; /* of layers */
    uint32_t code;  /* the layer that gives mu and logvar; the decoder begins behind it */
    elb_tensor_place tensors[ELB_MAX_TENSORS];
    uint32_t tensor_count;
    size_t parameters;
    elb_workspace at;
    elb_buffer *workspace;   /* reals */
    elb_buffer *clamped;     /* (1, rows) of unsigned */
    elb_providers providers; /* of fast maths; none for exact */
};

/* Fills layers and tensors from the recipe. Errors: USAGE. */
elbow_status elb_model_plan(elb_model *model, elb_error *err);
/* Lays out the workspace. scratch: elements that products need. False if it does not fit a size_t. */
bool elb_model_lay_out(elb_model *model, size_t scratch);

/* A matrix of the workspace with so many rows. */
static inline elb_view elb_work(const elb_model *model, size_t offset, uint32_t rows, uint32_t cols)
{
    return elb_matrix(model->workspace, offset, rows, cols);
}

static inline elb_view elb_output(const elb_model *model, uint32_t layer, uint32_t rows)
{
    return elb_work(model, model->at.output[layer], rows, model->layers[layer].out);
}

#endif
