/* model_state.h - elbow_model: a recipe, its network and the flat vectors w, m, v on a device. */
#ifndef ELB_MODEL_STATE_H
#define ELB_MODEL_STATE_H

#include "io/data.h"
#include "nn/model.h"
#include "train/context.h"

struct elbow_model {
    elbow_context *context;
    elbow_recipe recipe;
    uint32_t height, width, channels, pixels;
    elb_model *net;
    uint32_t parameters;
    elb_buffer *w, *m, *v;
    double beta;   /* that gates stand at; NAN without any */
    uint64_t step; /* of Adam: what elbow_train goes on from within one process */
};

/* A flat vector as a view. */
static inline elb_view elb_flat(const elbow_model *model, elb_buffer *buffer)
{
    return elb_matrix(buffer, 0, 1, model->parameters);
}

/* A model without parameters (zeros) for images of this size. */
elbow_status elb_model_make(elbow_model **model, elbow_context *context, const elbow_recipe *recipe, uint32_t height,
                            uint32_t width, uint32_t channels);

/* Sees that the network takes batches of so many rows, and of so many draws in all. */
elbow_status elb_model_reserve(elbow_model *model, uint32_t rows, uint32_t draws);

/* The parameters in model.safetensors, by their names. */
elbow_status elb_parameters_write(elb_error *err, const char *folder, const elbow_model *model, const float *w);
elbow_status elb_parameters_read(float *w, elb_error *err, const char *folder, const elbow_model *model);

/* SHA-256 of parameters in the order of the model file. */
void elb_parameters_digest(char digest[65], const float *w, size_t count);

/* Errors: BAD_DATA if images of the data are not those the model was made for. */
elbow_status elb_model_fits(const elbow_model *model, const elbow_data *data);

#endif
