/* model.c - a model's memory, and its passes as a sequence of layers. */
#include "nn/parts.h"

#include "elb_kernels.h"

#include <math.h>
#include <stdlib.h>

/* ---- memory ---- */

static elbow_status make(elb_model *model)
{
    elb_device *dev = model->dev;
    size_t scratch = 1, bytes;
    TRY(elb_model_plan(model, dev->err));
    for (uint32_t i = 0; i < model->count; i++) {
        const size_t needs = elb_dense_scratch(dev, &model->layers[i], model->max_rows);
        if (needs == 0)
            return elb_fail(dev->err, ELBOW_USAGE, "layer %s, %u to %u, is too large: make it narrower",
                            model->layers[i].name, model->layers[i].in, model->layers[i].out);
        if (needs > scratch) scratch = needs;
    }
    if (!elb_model_lay_out(model, scratch) || !elb_times(&bytes, model->at.elements, dev->real_size))
        return elb_fail(dev->err, ELBOW_MEMORY,
                        "the activations of a batch of %u fit no memory: make the batch smaller", model->max_rows);
    TRY(elb_buffer_new(&model->workspace, dev, bytes));
    return elb_buffer_new(&model->clamped, dev, model->max_rows * sizeof(uint32_t));
}

elbow_status elb_model_new(elb_model **out, elb_device *dev, const elbow_recipe *recipe, uint32_t pixels,
                           uint32_t max_rows, bool scheduled)
{
    elb_model *model;
    *out = NULL;
    TRY(elb_new(dev->err, &model, 1, sizeof *model, "a model"));
    model->dev = dev;
    model->recipe = *recipe;
    model->pixels = pixels;
    model->latent = recipe->latent;
    model->max_rows = max_rows;
    model->scheduled = scheduled;
    const elbow_status status = make(model);
    if (status == ELBOW_OK)
        *out = model;
    else
        elb_model_free(model);
    return status;
}

void elb_model_free(elb_model *model)
{
    if (!model) return;
    elb_model_exact(model);
    elb_buffer_free(model->workspace);
    elb_buffer_free(model->clamped);
    free(model);
}

uint64_t elb_model_bytes(size_t *parameters, const elbow_recipe *recipe, uint32_t pixels, uint32_t max_rows,
                         size_t real_size)
{
    elb_error err = {0};
    elb_model model = {.recipe = *recipe, .pixels = pixels, .latent = recipe->latent, .max_rows = max_rows};
    elb_device dev = {.shape = {.width = 16, .tile_vectors = 2}};
    size_t scratch = 1;
    if (elb_model_plan(&model, &err) != ELBOW_OK) return UINT64_MAX;
    for (uint32_t i = 0; i < model.count; i++) {
        const size_t needs = elb_dense_scratch(&dev, &model.layers[i], max_rows);
        if (needs > scratch) scratch = needs;
    }
    *parameters = model.parameters;
    if (!elb_model_lay_out(&model, scratch)) return UINT64_MAX;
    return (uint64_t)model.at.elements * real_size + max_rows * sizeof(uint32_t);
}

const elb_tensor_place *elb_model_tensors(const elb_model *model, uint32_t *count)
{
    *count = model->tensor_count;
    return model->tensors;
}

size_t elb_model_parameters(const elb_model *model)
{
    return model->parameters;
}

uint32_t elb_model_max_rows(const elb_model *model)
{
    return model->max_rows;
}

elb_losses elb_model_losses(const elb_model *model)
{
    const uint32_t rows = model->max_rows;
    return (elb_losses){.distortion = elb_work(model, model->at.distortion, 1, rows),
                        .rate = elb_work(model, model->at.rate, 1, rows),
                        .sse = elb_work(model, model->at.sse, 1, rows),
                        .clamped = elb_matrix(model->clamped, 0, 1, rows),
                        .mu_logvar = elb_output(model, model->code, rows)};
}

/* ---- passes ---- */

static elb_view scratch_of(const elb_model *model)
{
    return elb_work(model, model->at.scratch, 1, model->at.scratch_size);
}

static elb_view latents_at(const elb_model *model, size_t offset, uint32_t rows)
{
    return elb_work(model, offset, rows, model->latent);
}

/* Layers [first, end), from x through their outputs in the workspace. */
static elbow_status run_layers(elb_model *model, elb_view w, elb_view x, uint32_t first, uint32_t end)
{
    for (uint32_t i = first; i < end; i++) {
        const elb_view y = elb_output(model, i, x.rows);
        TRY(elb_dense_forward(model->dev, &model->layers[i], y, w, x, scratch_of(model)));
        x = y;
    }
    return ELBOW_OK;
}

static elbow_status draw_latents(elb_model *model, const elb_batch *batch)
{
    const uint32_t rows = batch->x.rows;
    const struct latent_options options = {.noise = !batch->use_mean};
    const elb_losses losses = elb_model_losses(model);
    const elb_view z = latents_at(model, model->at.z, rows), spread = latents_at(model, model->at.spread, rows);
    const elb_view code = elb_output(model, model->code, rows);
    return launch_latent(model->dev, &options, (elb_range){rows, 1}, z, spread, losses.rate, losses.clamped, code,
                         batch->samples, model->latent, z.stride, spread.stride, code.stride, model->recipe.seed,
                         batch->purpose, batch->draw);
}

/* The gradient of what comes out of the decoder. */
static elb_view last_slope(const elb_model *model, uint32_t rows)
{
    return elb_work(model, model->at.slope[0], rows, model->pixels);
}

/* What makes the mean of p(x|z) of the decoder's output, for elbo.cl and decode_mean.cl. */
static int32_t output_of(const elbow_recipe *recipe)
{
    const bool linear = recipe->likelihood == ELBOW_GAUSSIAN && elb_recipe_output(recipe) == ELBOW_OUTPUT_LINEAR;
    return linear ? ELB_IDENTITY : ELB_SIGMOID;
}

static elbow_status measure(elb_model *model, const elb_batch *batch)
{
    const elbow_recipe *recipe = &model->recipe;
    const uint32_t rows = batch->x.rows;
    const struct elbo_options options = {
        .likelihood = recipe->likelihood == ELBOW_GAUSSIAN ? ELB_GAUSSIAN : ELB_BERNOULLI,
        .output = output_of(recipe),
        .precision = recipe->likelihood == ELBOW_GAUSSIAN ? (float)(1 / recipe->sigma2) : 1,
        .rec_weight = recipe->pixels == ELBOW_MEAN ? (float)(1.0 / model->pixels) : 1};
    const elb_losses losses = elb_model_losses(model);
    const elb_view y = elb_output(model, model->count - 1, rows), dy = last_slope(model, rows);
    return launch_elbo(model->dev, &options, (elb_range){rows, 1}, losses.distortion, losses.sse, dy, y, batch->x,
                       model->pixels, dy.stride, y.stride, batch->x.stride, batch->scale);
}

static elbow_status check_batch(const elb_model *model, const elb_batch *batch)
{
    if (batch->x.rows <= model->max_rows && batch->x.cols == model->pixels && batch->samples.cols >= batch->x.rows)
        return ELBOW_OK;
    return elb_fail(model->dev->err, ELBOW_USAGE, "a batch of %u x %u with %u indices for a model of up to %u x %u",
                    batch->x.rows, batch->x.cols, batch->samples.cols, model->max_rows, model->pixels);
}

elbow_status elb_model_forward(elb_model *model, elb_view w, const elb_batch *batch, bool gradient)
{
    const uint32_t rows = batch->x.rows, decoder = model->code + 1;
    (void)gradient; /* elbo.cl makes it in passing */
    TRY(check_batch(model, batch));
    TRY(run_layers(model, w, batch->x, 0, decoder));
    TRY(draw_latents(model, batch));
    TRY(run_layers(model, w, latents_at(model, model->at.z, rows), decoder, model->count));
    return measure(model, batch);
}

/* From the gradient of the output of layer end - 1, which lies in slope, back to that of the input of layer first. */
static elbow_status run_back(elb_model *model, elb_view *slope, elb_view g, elb_view w, elb_view x, uint32_t first,
                             uint32_t end)
{
    for (uint32_t i = end; i-- > first;) {
        const elb_dense *layer = &model->layers[i];
        const elb_view in = i == first ? x : elb_output(model, i - 1, x.rows);
        const size_t other = slope->offset == model->at.slope[0] ? model->at.slope[1] : model->at.slope[0];
        const elb_view dx = i == model->code + 1 ? latents_at(model, model->at.dz, x.rows)
                            : layer->first       ? *slope
                                                 : elb_work(model, other, x.rows, layer->in);
        TRY(elb_dense_backward(model->dev, layer, dx, g, w, *slope, in, scratch_of(model)));
        *slope = dx;
    }
    return ELBOW_OK;
}

/* What K is multiplied by for one datum: the recipe's weight, with the mean over latents in it. */
static double kl_weight(const elb_model *model, double weight)
{
    return model->recipe.latents == ELBOW_MEAN ? weight / model->latent : weight;
}

static elbow_status latents_back(elb_model *model, elb_view dcode, elb_view dz, const elb_batch *batch)
{
    const uint32_t rows = batch->x.rows;
    const struct latent_backward_options options = {
        .weight = model->scheduled ? 1 : (float)kl_weight(model, model->recipe.weight), .scheduled = model->scheduled};
    const elb_view code = elb_output(model, model->code, rows), spread = latents_at(model, model->at.spread, rows);
    return launch_latent_backward(model->dev, &options, (elb_range){rows, 1}, dcode, dz, code, spread, model->latent,
                                  dcode.stride, dz.stride, code.stride, spread.stride, kl_weight(model, batch->weight),
                                  batch->scale);
}

elbow_status elb_model_backward(elb_model *model, elb_view g, elb_view w, const elb_batch *batch)
{
    const uint32_t rows = batch->x.rows, decoder = model->code + 1;
    if (rows == 0)
        return elb_zero(g.buffer, g.offset * model->dev->real_size, model->parameters * model->dev->real_size);
    elb_view slope = last_slope(model, rows);
    TRY(run_back(model, &slope, g, w, latents_at(model, model->at.z, rows), decoder, model->count));
    const elb_view dcode = elb_work(model, model->at.slope[0], rows, 2 * model->latent);
    TRY(latents_back(model, dcode, slope, batch));
    slope = dcode;
    return run_back(model, &slope, g, w, batch->x, 0, decoder);
}

elbow_status elb_model_decode(elb_model *model, elb_view y, elb_view w, elb_view z)
{
    if (z.rows > model->max_rows || z.cols != model->latent || y.rows < z.rows || y.cols != model->pixels)
        return elb_fail(model->dev->err, ELBOW_USAGE,
                        "decoding %u x %u into %u x %u: the model has %u latents, %u pixels", z.rows, z.cols, y.rows,
                        y.cols, model->latent, model->pixels);
    TRY(run_layers(model, w, z, model->code + 1, model->count));
    const struct decode_mean_options options = {.output = output_of(&model->recipe)};
    const elb_view out = elb_output(model, model->count - 1, z.rows);
    return launch_decode_mean(model->dev, &options, (elb_range){z.rows, 1}, y, out, y.cols, y.stride, out.stride);
}

/* ---- diagnosis ---- */

/* Elements that one launch looks at: its only work-item goes through them one by one, and llvmpipe ends a work-item's
 * loops after 65,535 turns without a word. */
enum { LOOKED_AT = 1 << 15 };

static elbow_status find_bad(uint32_t *at, elb_model *model, elb_view output)
{
    elb_buffer *found;
    const uint32_t count = output.rows * output.cols;
    elbow_status status = elb_buffer_new(&found, model->dev, sizeof *at);
    *at = UINT32_MAX;
    for (uint32_t first = 0; first < count && status == ELBOW_OK && *at == UINT32_MAX; first += LOOKED_AT) {
        const uint32_t part = count - first < LOOKED_AT ? count - first : LOOKED_AT;
        status = launch_find_bad(model->dev, (elb_range){1, 1}, elb_matrix(found, 0, 1, 1),
                                 elb_matrix(output.buffer, output.offset + first, 1, part), part);
        if (status == ELBOW_OK) status = elb_read(at, found, 0, sizeof *at);
        if (status == ELBOW_OK && *at != UINT32_MAX) *at += first;
    }
    elb_buffer_free(found);
    return status;
}

elbow_status elb_model_first_bad(char name[64], elb_model *model, uint32_t rows)
{
    name[0] = 0;
    for (uint32_t i = 0; i < model->count; i++) {
        uint32_t at;
        TRY(find_bad(&at, model, elb_output(model, i, rows)));
        if (at == UINT32_MAX) continue;
        if (i == model->code)
            elb_format(name, 64, "latent %u", at % (2 * model->latent) % model->latent);
        else
            elb_format(name, 64, "%s", model->layers[i].name);
        break;
    }
    return ELBOW_OK;
}
