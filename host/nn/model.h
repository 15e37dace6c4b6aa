/* model.h - a variational autoencoder as layers over four flat vectors: what the trainer sees of it. */
#ifndef ELB_MODEL_H
#define ELB_MODEL_H

#include "device/device.h"
#include "math/providers.h"
#include "math/shards.h"
#include "nn/likelihood.h"

/* A named tensor: an offset and a shape in every flat vector. PyTorch's layouts: weights (out, in), biases (out). */
typedef struct elb_tensor_place {
    char name[48]; /* "encoder.0.weight" */
    size_t offset; /* elements */
    uint32_t axes; /* 1 or 2 */
    uint32_t shape[2];
    double bound; /* initial values are uniform in +-bound: 1/sqrt(fan_in); or, where that is 0, ... */
    double start; /* ... all this */
} elb_tensor_place;

/* A model on a device: its layers, its tensors and the workspace for batches of up to max_rows data and
 * max_draws draws of z for all of a batch's data together. It holds no parameters: they are the flat vectors of whoever
 * trains. */
typedef struct elb_model elb_model;

/* max_draws: at least max_rows; more where data are drawn several times. Errors: USAGE (a recipe that makes no model),
 * MEMORY. The recipe is copied. */
elbow_status elb_model_new(elb_model **model, elb_device *dev, const elbow_recipe *recipe, uint32_t pixels,
                           uint32_t max_rows, uint32_t max_draws);
void elb_model_free(elb_model *model);

/* Where the weight of the KL term comes from in elb_model_backward. */
typedef enum elb_weight_source {
    ELB_BUILT_IN, /* the recipe's, part of the kernel: as a new model has it */
    ELB_BY_STEP,  /* the batch's weight, an argument of the launch: a schedule needs no rebuild */
    ELB_BY_MEMORY /* the batch's weights, on the device */
} elb_weight_source;
void elb_model_weigh(elb_model *model, elb_weight_source weighting);

/* Where log beta lies between a recipe's ends, -1 to 1. */
double elb_recipe_stands(const elbow_recipe *recipe, double beta);
/* Where the gates of a model that has some stand from now on: 0, the middle, in a new one. */
elbow_status elb_model_condition(elb_model *model, double stands);

/* Draws of each datum's latents that training takes. */
static inline uint32_t elb_recipe_draws(const elbow_recipe *recipe)
{
    return recipe->objective == ELBOW_OBJECTIVE_IWAE ? recipe->samples : 1;
}

/* What K, summed over the latents, is multiplied by for one datum, where the recipe writes the weight so: a mean over
 * them is part of it. */
static inline double elb_weight_on_sum(const elbow_recipe *recipe, double weight)
{
    return recipe->latents == ELBOW_MEAN ? weight / recipe->latent : weight;
}

/* Fast maths from now on, for batches of so many rows and copies (1 for none): each of the model's products is computed
 * by what elbow tune has kept for it. If nothing is, or anew is not NULL, tries and times what could compute it, and
 * takes the quickest that is right (math/providers.h), if a step as a whole is the quicker for it. Says in a remark who
 * computes what, unless anew. Errors: MEMORY, what a product on the device fails with, and those of anew; the model
 * then stays exact. */
elbow_status elb_model_fast(elb_model *model, uint32_t rows, uint32_t copies, const elb_anew *anew);
/* Those that could compute products of a fast model beside elbow's own kernels. */
const elb_providers *elb_model_providers(const elb_model *model);
/* "of 11 matrix products 2 by OpenBLAS 0.3.21 (SkylakeX), 9 by elbow's own kernels"; returns how many are by others
 * than these. */
uint32_t elb_model_fast_text(char out[512], elb_model *model);
/* Keeps who computes each product now, or, with own, that elbow's own kernels do from now on: who asks for fast maths
 * and such products later has it at once. Errors: IO. */
elbow_status elb_model_fast_keep(elb_model *model, uint32_t rows, uint32_t copies, bool own);
/* Exact maths, as a new model has. */
void elb_model_exact(elb_model *model);

/* The matrix products of a step for batches of so many rows, at most so many of them; returns how many. */
uint32_t elb_model_products(elb_product_shape *products, uint32_t most, const elb_model *model, uint32_t rows);

const elb_tensor_place *elb_model_tensors(const elb_model *model, uint32_t *count);
size_t elb_model_parameters(const elb_model *model);
uint32_t elb_model_max_rows(const elb_model *model);
uint32_t elb_model_max_draws(const elb_model *model);

/* What a forward pass needs beside the parameters. */
typedef struct elb_batch {
    elb_view x;       /* (rows, pixels), canonical; rows <= max_rows */
    elb_view samples; /* (1, rows) of unsigned: index of each row in its data set, for the noise */
    uint32_t purpose; /* LATENT_NOISE, EVALUATION_NOISE or IMPORTANCE of cl/choices.h */
    uint32_t draw;    /* epoch, or number of the draw, or of the first of the copies */
    uint32_t copies;  /* z is drawn so often for each row, with the rates of the draws; 0: once, with their mean */
    bool use_mean;    /* z = mu */
    double weight;    /* BY_STEP: on K, as the recipe writes it */
    elb_view weights; /* BY_MEMORY: (rows or 1, latent or 1), on K summed over the latents */
    elb_view
        stands; /* (1, rows) where a model's gates stand for each row; no buffer: where elb_model_condition has them */
    elb_view spread; /* (1, 1) log sigma, in the place of the parameter's (ELBOW_SPREAD_OPTIMAL); no buffer: not */
    double scale;    /* of all gradients: 1 or 1 / (data in the whole batch) */
    uint32_t before; /* rows of the whole batch before these, where several devices share it */
} elb_batch;

/* Encoder, latent, decoder and the fused ELBO with its own gradients. w: the parameters (1, parameters). Rows do not
 * know of each other: a batch may go forward as a whole and backward in parts. */
elbow_status elb_model_forward(elb_model *model, elb_view w, const elb_batch *batch);

/* The fused ELBO once more, for a batch that went forward, now with another spread. */
elbow_status elb_model_measure(elb_model *model, elb_view w, const elb_batch *batch);

/* For a batch with copies that went forward, before it goes back: makes of its losses the importance-weighted bound and
 * of their gradients the bound's (cl/iwae.cl). */
elbow_status elb_model_bound(elb_model *model, const elb_batch *batch);

/* Shards of a whole batch of so many rows that is cut into `of`. */
typedef struct elb_cut {
    elb_shards shards; /* a node of their tree (docs/bits.md, "Shards"), no larger than elb_model_shards_at_once */
    uint32_t of, rows;
} elb_cut;

/* A batch that is not cut. */
static inline elb_cut elb_whole(uint32_t rows)
{
    return (elb_cut){{0, 1}, 1, rows};
}

/* The gradient of a part of what went forward, with respect to all parameters, into g (1, parameters): overwritten; 0
 * for no rows. Each row goes back once. Errors: USAGE for rows that did not go forward, and for too many shards. */
elbow_status elb_model_backward(elb_model *model, elb_view g, elb_view w, const elb_batch *batch, const elb_cut *part);

/* How many shards of a batch of up to so many rows, with so many draws each, may go back together: a power of two, up
 * to ELB_MOST_SEGMENTS. */
uint32_t elb_model_shards_at_once(const elb_model *model, uint32_t shards, uint32_t rows, uint32_t draws);

/* Sums over rows [from, to) of the batch that went forward without copies, into sums (1, elb_model_sums): each latent's
 * rate, then the distortion, the rate, the squared error. */
elbow_status elb_model_sum(elb_model *model, elb_view sums, uint32_t from, uint32_t to);
uint32_t elb_model_sums(const elb_model *model);

/* The parameters of the density's spread; cols 0 where it is fixed. */
elb_view elb_model_spread(const elb_model *model, elb_view w);

/* Of the last forward pass, valid until the next. One number per row, or, with copies, per draw: a row's lie side by
 * side; and one per row from elb_model_bound. */
typedef struct elb_losses {
    elb_view distortion;                 /* (1, max_draws) nats without the density's constants */
    elb_view rate;                       /* (1, max_draws) nats */
    elb_view sse;                        /* (1, max_draws) squared error of the decoder's mean */
    elb_view clamped;                    /* (1, max_rows) of unsigned: values of logvar outside [-30, 20] */
    elb_view mu_logvar;                  /* (max_rows, 2 latent) */
    elb_view bound;                      /* (1, max_rows) nats without the density's constants: to be minimised */
    elb_view mean_distortion, mean_rate; /* (1, max_rows) over the copies */
} elb_losses;
elb_losses elb_model_losses(const elb_model *model);

/* Means of p(x|z) for z (rows, latent), into y (rows, pixels). rows <= max_draws. */
elbow_status elb_model_decode(elb_model *model, elb_view y, elb_view w, elb_view z);

/* One draw from p(x|z) for each z instead; number: of the first row among those drawn with this seed. */
elbow_status elb_model_draw(elb_model *model, elb_view y, elb_view w, elb_view z, uint64_t seed, uint32_t number);

/* Name of the first layer whose output of the batch that went forward is not finite ("encoder.0", "latent 3",
 * "decoder.1"); "" if all are. Reads everything back: for diagnosis after a failure. */
elbow_status elb_model_first_bad(char name[64], elb_model *model, const elb_batch *batch);

/* Bytes of device memory that elb_model_new takes, and how many parameters the model has. UINT64_MAX if there is no
 * such model. */
uint64_t elb_model_bytes(size_t *parameters, const elbow_recipe *recipe, uint32_t pixels, uint32_t max_rows,
                         uint32_t max_draws, size_t real_size);

#endif
