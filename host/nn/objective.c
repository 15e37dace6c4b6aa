/* objective.c - the two terms of the objective and what a batch measures: draws from q(z|x), the fused ELBO, the
 * importance-weighted bound, sums. */
#include "nn/parts.h"

#include "elb_kernels.h"
#include "math/ranges.h"

#include <math.h>

static elb_view latents_at(const elb_model *model, size_t offset, uint32_t first, uint32_t rows)
{
    return elb_rows(elb_work(model, offset, first + rows, model->latent), first, rows);
}

elbow_status elb_draw_latents(elb_model *model, const elb_batch *batch)
{
    const uint32_t rows = batch->x.rows, draws = rows * elb_draws(batch);
    const elb_view z = latents_at(model, model->at.z, 0, draws), spread = latents_at(model, model->at.spread, 0, draws),
                   parts = latents_at(model, model->at.parts, 0, draws), code = elb_shown(model, model->code, rows);
    return launch_latent(model->dev, (elb_range){draws, 1}, z, spread, elb_loss(model, 1, draws), parts,
                         elb_matrix(model->clamped, 0, 1, rows), code, batch->samples, model->latent, elb_draws(batch),
                         z.stride, spread.stride, parts.stride, code.stride, model->recipe.seed, batch->purpose,
                         batch->draw, !batch->use_mean, batch->copies > 0);
}

/* The weight of the KL term that a step has, as the recipe writes it. */
static double weight_of(const elb_model *model, const elb_batch *batch)
{
    return model->weighting == ELB_BUILT_IN ? model->recipe.weight : batch->weight;
}

/* What the reconstruction, summed over the pixels, is multiplied by: a mean over them. */
static float rec_weight(const elb_model *model)
{
    return model->recipe.pixels == ELBOW_MEAN ? (float)(1.0 / model->pixels) : 1;
}

/* x *= share, row by row. */
static elbow_status weigh_rows(elb_model *model, elb_view x)
{
    return launch_scale_rows(model->dev, (elb_range){x.rows, 1}, x, elb_work(model, model->at.share, 1, x.rows), x.cols,
                             x.stride);
}

elbow_status elb_model_bound(elb_model *model, const elb_batch *batch)
{
    const uint32_t rows = batch->x.rows, draws = rows * elb_draws(batch);
    /* The bound is one on the ELBO's scale, whatever the reductions: they scale it as a whole. */
    const double beta = elb_weight_on_sum(&model->recipe, weight_of(model, batch)) / (double)rec_weight(model);
    TRY(launch_iwae(model->dev, (elb_range){rows, 1}, elb_bound(model, 0, rows), elb_bound(model, 1, rows),
                    elb_bound(model, 2, rows), elb_work(model, model->at.share, 1, draws), elb_loss(model, 0, draws),
                    elb_loss(model, 1, draws), elb_draws(batch), beta));
    TRY(weigh_rows(model, elb_work(model, model->at.dy, draws, model->pixels)));
    return model->spreads ? weigh_rows(model, elb_work(model, model->at.widen, draws, model->spreads)) : ELBOW_OK;
}

/* The way back through several draws of each datum. */
static elbow_status copies_back(elb_model *model, elb_view dcode, elb_view dz, elb_view code, const elb_batch *batch,
                                uint32_t from)
{
    const uint32_t first = from * batch->copies;
    const elb_view z = latents_at(model, model->at.z, first, dz.rows),
                   spread = latents_at(model, model->at.spread, first, dz.rows),
                   share = elb_cols(elb_work(model, model->at.share, 1, first + dz.rows), first, dz.rows);
    return launch_iwae_backward(model->dev, (elb_range){dcode.rows, 1}, dcode, dz, z, spread, share, code,
                                model->latent, batch->copies, dcode.stride, dz.stride, z.stride, spread.stride,
                                code.stride, elb_weight_on_sum(&model->recipe, weight_of(model, batch)), batch->scale);
}

elbow_status elb_latents_back(elb_model *model, elb_view dcode, elb_view dz, const elb_batch *batch, uint32_t from)
{
    static const int32_t weighting[] = {ELB_CONSTANT, ELB_ARGUMENT, ELB_GIVEN};
    const bool built_in = model->weighting == ELB_BUILT_IN, given = model->weighting == ELB_BY_MEMORY;
    const struct latent_backward_options options = {
        .weight = built_in ? (float)elb_weight_on_sum(&model->recipe, model->recipe.weight) : 1,
        .weighting = weighting[model->weighting]};
    const elb_view code = elb_rows(elb_shown(model, model->code, from + dcode.rows), from, dcode.rows);
    if (batch->copies) return copies_back(model, dcode, dz, code, batch, from);
    const elb_view spread = latents_at(model, model->at.spread, from, dz.rows);
    const bool by_row = given && batch->weights.rows > 1;
    const elb_view weights = !given ? code : by_row ? elb_rows(batch->weights, from, dz.rows) : batch->weights;
    return launch_latent_backward(model->dev, &options, (elb_range){dz.rows, 1}, dcode, dz, code, spread, weights,
                                  model->latent, dcode.stride, dz.stride, code.stride, spread.stride,
                                  by_row ? weights.stride : 0, weights.cols > 1,
                                  elb_weight_on_sum(&model->recipe, batch->weight), batch->scale);
}

elb_view elb_model_spread(const elb_model *model, elb_view w)
{
    return elb_matrix(w.buffer, w.offset + model->spread_offset, 1, model->spreads);
}

elbow_status elb_model_measure(elb_model *model, elb_view w, const elb_batch *batch)
{
    const elbow_recipe *recipe = &model->recipe;
    const uint32_t rows = batch->x.rows * elb_draws(batch);
    const bool fixed = recipe->spread == ELBOW_SPREAD_FIXED;
    const float share = rec_weight(model), scale = (float)batch->scale;
    const struct elbo_options options = {.likelihood = elb_kernel_likelihood(recipe),
                                         .output = elb_output_of(recipe),
                                         .spread = elb_spread_of(recipe),
                                         .precision = elb_precision_of(recipe)};
    const elb_view y = elb_output(model, model->count - 1, rows),
                   dy = elb_work(model, model->at.dy, rows, model->pixels);
    const elb_view distortion = elb_loss(model, 0, rows),
                   widen = elb_work(model, model->at.widen, rows, model->spreads);
    const elb_view p = fixed ? distortion : batch->spread.buffer ? batch->spread : elb_model_spread(model, w);
    return launch_elbo(model->dev, &options, (elb_range){rows, 1}, distortion, elb_loss(model, 2, rows), dy,
                       fixed ? dy : widen, y, batch->x, p, model->pixels, dy.stride, widen.stride, y.stride,
                       batch->x.stride, elb_draws(batch), (double)(share * scale));
}

elbow_status elb_model_draw(elb_model *model, elb_view y, elb_view w, elb_view z, uint64_t seed, uint32_t number)
{
    const elbow_recipe *recipe = &model->recipe;
    const struct draw_options options = {.likelihood = elb_kernel_likelihood(recipe)};
    const bool fixed = recipe->spread == ELBOW_SPREAD_FIXED;
    TRY(elb_model_decode(model, y, w, z)); /* what the decoder puts out stays in the workspace */
    const elb_view out = elb_output(model, model->count - 1, z.rows);
    return launch_draw(model->dev, &options, (elb_range){z.rows, 1}, y, out, fixed ? out : elb_model_spread(model, w),
                       y.cols, y.stride, out.stride, elb_link_of(recipe), elb_spread_of(recipe),
                       fixed && elbow_likelihood_has_scale(recipe->likelihood) ? 0.5 * log(recipe->sigma2) : 0, seed,
                       number);
}

elbow_status elb_spread_back(elb_model *model, elb_view g, const elb_span *draws)
{
    const elb_view into = elb_model_spread(model, g);
    const size_t real = model->dev->real_size;
    if (model->recipe.spread == ELBOW_SPREAD_FIXED) return ELBOW_OK;
    if (model->recipe.spread == ELBOW_SPREAD_OPTIMAL)
        return elb_zero(into.buffer, into.offset * real, into.cols * real);
    const elb_view widen = elb_work(model, model->at.widen, draws->to, model->spreads);
    return elb_sum_rows(model->dev, into, elb_rows(widen, draws->from, draws->to - draws->from), &draws->cut);
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
    const elb_segments whole = elb_one_segment();
    TRY(elb_sum_rows(dev, elb_cols(sums, 0, latent), parts, &whole));
    const uint32_t stride = (uint32_t)model->at.loss_stride;
    elb_view losses = elb_work(model, model->at.losses + from, 3, rows);
    losses.stride = stride;
    return launch_row_sum(dev, (elb_range){3, 1}, elb_cols(sums, latent, 3), losses, rows, stride);
}
