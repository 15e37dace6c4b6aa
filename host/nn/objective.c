/* objective.c - the two terms of the objective and what a batch measures: draws from q(z|x), the fused ELBO, sums. */
#include "nn/parts.h"

#include "elb_kernels.h"
#include "math/ranges.h"

static elb_view latents_at(const elb_model *model, size_t offset, uint32_t first, uint32_t rows)
{
    return elb_rows(elb_work(model, offset, first + rows, model->latent), first, rows);
}

elbow_status elb_draw_latents(elb_model *model, const elb_batch *batch)
{
    const uint32_t rows = batch->x.rows;
    const struct latent_options options = {.noise = !batch->use_mean};
    const elb_view z = latents_at(model, model->at.z, 0, rows), spread = latents_at(model, model->at.spread, 0, rows),
                   parts = latents_at(model, model->at.parts, 0, rows), code = elb_shown(model, model->code, rows);
    return launch_latent(model->dev, &options, (elb_range){rows, 1}, z, spread, elb_loss(model, 1, rows), parts,
                         elb_matrix(model->clamped, 0, 1, rows), code, batch->samples, model->latent, z.stride,
                         spread.stride, parts.stride, code.stride, model->recipe.seed, batch->purpose, batch->draw);
}

/* What K, summed over the latents, is multiplied by for one datum: a mean over them is part of it. */
static double kl_weight(const elb_model *model, double weight)
{
    return model->recipe.latents == ELBOW_MEAN ? weight / model->latent : weight;
}

elbow_status elb_latents_back(elb_model *model, elb_view dcode, elb_view dz, const elb_batch *batch, uint32_t from)
{
    static const int32_t weighting[] = {ELB_CONSTANT, ELB_ARGUMENT, ELB_GIVEN};
    const bool built_in = model->weighting == ELB_BUILT_IN, given = model->weighting == ELB_BY_MEMORY;
    const struct latent_backward_options options = {.weight =
                                                        built_in ? (float)kl_weight(model, model->recipe.weight) : 1,
                                                    .weighting = weighting[model->weighting]};
    const elb_view spread = latents_at(model, model->at.spread, from, dz.rows),
                   code = elb_rows(elb_shown(model, model->code, from + dz.rows), from, dz.rows);
    const bool by_row = given && batch->weights.rows > 1;
    const elb_view weights = !given ? code : by_row ? elb_rows(batch->weights, from, dz.rows) : batch->weights;
    return launch_latent_backward(model->dev, &options, (elb_range){dz.rows, 1}, dcode, dz, code, spread, weights,
                                  model->latent, dcode.stride, dz.stride, code.stride, spread.stride,
                                  by_row ? weights.stride : 0, weights.cols > 1, kl_weight(model, batch->weight),
                                  batch->scale);
}

int32_t elb_output_of(const elbow_recipe *recipe)
{
    const bool linear = recipe->likelihood == ELBOW_GAUSSIAN && elb_recipe_output(recipe) == ELBOW_OUTPUT_LINEAR;
    return linear ? ELB_IDENTITY : ELB_SIGMOID;
}

elb_view elb_model_spread(const elb_model *model, elb_view w)
{
    return elb_matrix(w.buffer, w.offset + model->spread_offset, 1, model->spreads);
}

elbow_status elb_model_measure(elb_model *model, elb_view w, const elb_batch *batch)
{
    static const int32_t source[] = {ELB_FIXED, ELB_SHARED, ELB_EACH, ELB_OPTIMAL};
    const elbow_recipe *recipe = &model->recipe;
    const uint32_t rows = batch->x.rows;
    const bool gaussian = recipe->likelihood == ELBOW_GAUSSIAN, fixed = recipe->spread == ELBOW_SPREAD_FIXED;
    const struct elbo_options options = {.likelihood = gaussian ? ELB_GAUSSIAN : ELB_BERNOULLI,
                                         .output = elb_output_of(recipe),
                                         .spread = source[recipe->spread],
                                         .precision = gaussian && fixed ? (float)(1 / recipe->sigma2) : 1,
                                         .rec_weight = recipe->pixels == ELBOW_MEAN ? (float)(1.0 / model->pixels) : 1};
    const elb_view y = elb_output(model, model->count - 1, rows),
                   dy = elb_work(model, model->at.dy, rows, model->pixels);
    const elb_view distortion = elb_loss(model, 0, rows),
                   widen = elb_work(model, model->at.widen, rows, model->spreads);
    const elb_view p = fixed ? distortion : batch->spread.buffer ? batch->spread : elb_model_spread(model, w);
    return launch_elbo(model->dev, &options, (elb_range){rows, 1}, distortion, elb_loss(model, 2, rows), dy,
                       fixed ? dy : widen, y, batch->x, p, model->pixels, dy.stride, widen.stride, y.stride,
                       batch->x.stride, batch->scale);
}

elbow_status elb_spread_back(elb_model *model, elb_view g, uint32_t from, uint32_t to)
{
    const elb_view into = elb_model_spread(model, g);
    const size_t real = model->dev->real_size;
    if (model->recipe.spread == ELBOW_SPREAD_FIXED) return ELBOW_OK;
    if (model->recipe.spread == ELBOW_SPREAD_OPTIMAL)
        return elb_zero(into.buffer, into.offset * real, into.cols * real);
    const elb_view widen = elb_rows(elb_work(model, model->at.widen, to, model->spreads), from, to - from);
    return launch_sum_rows(model->dev, elb_column_range(model->dev, widen.cols), into, widen, widen.rows, widen.cols,
                           widen.stride);
}

uint32_t elb_model_sums(const elb_model *model)
{
    return model->latent + 3;
}

elbow_status elb_model_sum(elb_model *model, elb_view sums, uint32_t from, uint32_t to)
{
    elb_device *dev = model->dev;
    const uint32_t rows = to - from, latent = model->latent;
    if (rows == 0) return elb_zero(sums.buffer, sums.offset * dev->real_size, elb_model_sums(model) * dev->real_size);
    const elb_view parts = latents_at(model, model->at.parts, from, rows);
    TRY(launch_sum_rows(dev, elb_column_range(dev, latent), elb_cols(sums, 0, latent), parts, rows, latent,
                        parts.stride));
    const uint32_t stride = (uint32_t)model->at.loss_stride;
    elb_view losses = elb_work(model, model->at.losses + from, 3, rows);
    losses.stride = stride;
    return launch_row_sum(dev, (elb_range){3, 1}, elb_cols(sums, latent, 3), losses, rows, stride);
}
