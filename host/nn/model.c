/* model.c - a model's memory, and its passes as a sequence of layers. */
#include "nn/parts.h"

#include "elb_kernels.h"
#include "math/ranges.h"

#include <math.h>
#include <stdlib.h>

/* ---- memory ---- */

static elbow_status make(elb_model *model)
{
    elb_device *dev = model->dev;
    size_t scratch = 1, bytes;
    TRY(elb_model_plan(model, dev->err));
    for (uint32_t i = 0; i < model->count; i++) {
        const size_t needs = elb_dense_scratch(dev, &model->layers[i], elb_layer_rows(model, i));
        if (needs == 0)
            return elb_fail(dev->err, ELBOW_USAGE, "layer %s, %u to %u, is too large: make it narrower",
                            model->layers[i].name, model->layers[i].in, model->layers[i].out);
        if (needs > scratch) scratch = needs;
    }
    if (!elb_model_lay_out(model, scratch) || !elb_times(&bytes, model->at.elements, dev->real_size))
        return elb_fail(dev->err, ELBOW_MEMORY,
                        "the activations of a batch of %u, with %u draws, fit no memory: make the batch smaller",
                        model->max_rows, model->max_draws);
    TRY(elb_buffer_new(&model->workspace, dev, bytes));
    TRY(elb_buffer_new(&model->clamped, dev, model->max_rows * sizeof(uint32_t)));
    if (!model->z_gates.size) return ELBOW_OK;
    TRY(elb_buffer_new(&model->condition, dev, dev->real_size));
    return elb_model_condition(model, 0);
}

elbow_status elb_model_new(elb_model **out, elb_device *dev, const elbow_recipe *recipe, uint32_t pixels,
                           uint32_t max_rows, uint32_t max_draws)
{
    elb_model *model;
    *out = NULL;
    TRY(elb_new(dev->err, &model, 1, sizeof *model, "a model"));
    model->dev = dev;
    model->recipe = *recipe;
    model->pixels = pixels;
    model->latent = recipe->latent;
    model->max_rows = max_rows;
    model->max_draws = max_draws;
    const elbow_status status = make(model);
    if (status == ELBOW_OK)
        *out = model;
    else
        elb_model_free(model);
    return status;
}

void elb_model_weigh(elb_model *model, elb_weight_source weighting)
{
    model->weighting = weighting;
}

void elb_model_free(elb_model *model)
{
    if (!model) return;
    elb_model_exact(model);
    elb_buffer_free(model->workspace);
    elb_buffer_free(model->clamped);
    elb_buffer_free(model->condition);
    free(model);
}

uint64_t elb_model_bytes(size_t *parameters, const elbow_recipe *recipe, uint32_t pixels, uint32_t max_rows,
                         uint32_t max_draws, size_t real_size)
{
    elb_error err = {0};
    elb_model model = {
        .recipe = *recipe, .pixels = pixels, .latent = recipe->latent, .max_rows = max_rows, .max_draws = max_draws};
    elb_device dev = {.shape = {.width = 16, .tile_vectors = 2}};
    size_t scratch = 1;
    if (elb_model_plan(&model, &err) != ELBOW_OK) return UINT64_MAX;
    for (uint32_t i = 0; i < model.count; i++) {
        const size_t needs = elb_dense_scratch(&dev, &model.layers[i], elb_layer_rows(&model, i));
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

uint32_t elb_model_max_draws(const elb_model *model)
{
    return model->max_draws;
}

elb_losses elb_model_losses(const elb_model *model)
{
    const uint32_t rows = model->max_rows, draws = model->max_draws;
    return (elb_losses){.distortion = elb_loss(model, 0, draws),
                        .rate = elb_loss(model, 1, draws),
                        .sse = elb_loss(model, 2, draws),
                        .clamped = elb_matrix(model->clamped, 0, 1, rows),
                        .mu_logvar = elb_shown(model, model->code, rows),
                        .bound = elb_bound(model, 0, rows),
                        .mean_distortion = elb_bound(model, 1, rows),
                        .mean_rate = elb_bound(model, 2, rows)};
}

/* ---- passes ---- */

static elb_view scratch_of(const elb_model *model)
{
    return elb_work(model, model->at.scratch, 1, model->at.scratch_size);
}

static elb_view z_of(const elb_model *model, uint32_t rows)
{
    return elb_work(model, model->at.z, rows, model->latent);
}

/* What the decoder gets of z. */
static elb_view z_shown(const elb_model *model, uint32_t rows)
{
    return elb_work(model, model->z_gates.size ? model->z_gates.out : model->at.z, rows, model->latent);
}

/* Layers [first, end), from x through their outputs in the workspace. */
static elbow_status run_layers(elb_model *model, elb_view w, elb_view x, uint32_t first, uint32_t end,
                               const elb_batch *batch)
{
    for (uint32_t i = first; i < end; i++) {
        const elb_view y = elb_output(model, i, x.rows);
        TRY(elb_dense_forward(model->dev, &model->layers[i], y, w, x, scratch_of(model)));
        TRY(elb_gates_forward(model, &model->gates[i], w, y, batch));
        x = elb_shown(model, i, x.rows);
    }
    return ELBOW_OK;
}

static elbow_status run_decoder(elb_model *model, elb_view w, elb_view z, const elb_batch *batch)
{
    TRY(elb_gates_forward(model, &model->z_gates, w, z, batch));
    return run_layers(model, w, model->z_gates.size ? z_shown(model, z.rows) : z, model->code + 1, model->count, batch);
}

static elbow_status check_batch(const elb_model *model, const elb_batch *batch)
{
    const bool drawn = (uint64_t)batch->x.rows * elb_draws(batch) <= model->max_draws;
    if (drawn && batch->x.rows <= model->max_rows && batch->x.cols == model->pixels &&
        batch->samples.cols >= batch->x.rows)
        return ELBOW_OK;
    return elb_fail(model->dev->err, ELBOW_USAGE,
                    "a batch of %u x %u, drawn %u times, with %u indices for a model of up to %u x %u and %u draws",
                    batch->x.rows, batch->x.cols, elb_draws(batch), batch->samples.cols, model->max_rows, model->pixels,
                    model->max_draws);
}

elbow_status elb_model_forward(elb_model *model, elb_view w, const elb_batch *batch)
{
    TRY(check_batch(model, batch));
    TRY(run_layers(model, w, batch->x, 0, model->code + 1, batch));
    TRY(elb_draw_latents(model, batch));
    TRY(run_decoder(model, w, z_of(model, batch->x.rows * elb_draws(batch)), batch));
    return elb_model_measure(model, w, batch);
}

/* Rows [from, to) of a view that has at least so many. */
static elb_view between(elb_view view, uint32_t from, uint32_t to)
{
    return elb_rows(view, from, to - from);
}

/* From the gradient of the output of layer end - 1, which lies in slope, back to that of the input of layer first, for
 * a span of the batch's rows; x: all of that input. */
static elbow_status run_back(elb_model *model, elb_view *slope, elb_view g, elb_view w, elb_view x, uint32_t first,
                             uint32_t end, const elb_batch *batch, const elb_span *span)
{
    const uint32_t from = span->from, to = span->to;
    for (uint32_t i = end; i-- > first;) {
        const elb_dense *layer = &model->layers[i];
        const elb_view in = between(i == first ? x : elb_shown(model, i - 1, to), from, to);
        const size_t other = slope->offset == model->at.slope[0] ? model->at.slope[1] : model->at.slope[0];
        const elb_view dx = i == model->code + 1 ? elb_work(model, model->at.dz, to - from, model->latent)
                            : layer->first       ? *slope
                                                 : elb_work(model, other, to - from, layer->in);
        TRY(elb_dense_backward(model->dev, layer, dx, g, w, *slope, in, &span->cut, scratch_of(model)));
        *slope = dx;
        if (i > first)
            TRY(elb_gates_back(model, &model->gates[i - 1], g, w, dx, between(elb_output(model, i - 1, to), from, to),
                               batch, span));
    }
    return ELBOW_OK;
}

uint32_t elb_model_shards_at_once(const elb_model *model, uint32_t shards, uint32_t rows, uint32_t draws)
{
    uint32_t together = ELB_MOST_SEGMENTS;
    for (; together > 1; together /= 2) {
        const uint32_t most = elb_groups_of(rows, shards) * together;
        if (elb_gemm_takes_rows(model->dev, (most < rows ? most : rows) * draws, together)) break;
    }
    return together;
}

/* A part's rows among those that went forward, as terms of sums of which a row is `each`. */
static elb_span span_of(const elb_cut *part, const elb_batch *batch, uint32_t each)
{
    const uint32_t from = elb_shard_start(part->shards.first, part->of, part->rows) - batch->before;
    const uint32_t to = elb_shard_start(part->shards.end, part->of, part->rows) - batch->before;
    return (elb_span){from * each, to * each, elb_segments_of(part->shards, part->of, part->rows, each)};
}

static elbow_status check_part(const elb_model *model, const elb_batch *batch, const elb_cut *part)
{
    const uint32_t first = part->shards.first, end = part->shards.end;
    if (first < end && end <= part->of && end - first <= ELB_MOST_SEGMENTS &&
        elb_shard_start(first, part->of, part->rows) >= batch->before &&
        elb_shard_start(end, part->of, part->rows) <= batch->before + batch->x.rows)
        return ELBOW_OK;
    return elb_fail(model->dev->err, ELBOW_USAGE,
                    "shards %u to %u of %u, a batch of %u, go back together, of rows %u to %u: that is no part of them",
                    first, end, part->of, part->rows, batch->before, batch->before + batch->x.rows);
}

elbow_status elb_model_backward(elb_model *model, elb_view g, elb_view w, const elb_batch *batch, const elb_cut *part)
{
    TRY(check_part(model, batch, part));
    const elb_span rows = span_of(part, batch, 1), draws = span_of(part, batch, elb_draws(batch));
    const uint32_t from = draws.from, to = draws.to, decoder = model->code + 1;
    if (from == to)
        return elb_zero(g.buffer, g.offset * model->dev->real_size, model->parameters * model->dev->real_size);
    elb_view slope = between(elb_work(model, model->at.dy, to, model->pixels), from, to);
    TRY(run_back(model, &slope, g, w, z_shown(model, to), decoder, model->count, batch, &draws));
    TRY(elb_gates_back(model, &model->z_gates, g, w, slope, between(z_of(model, to), from, to), batch, &draws));
    const elb_view dcode = elb_work(model, model->at.slope[0], rows.to - rows.from, 2 * model->latent);
    TRY(elb_latents_back(model, dcode, slope, batch, rows.from));
    slope = dcode;
    TRY(elb_gates_back(model, &model->gates[model->code], g, w, slope,
                       between(elb_output(model, model->code, rows.to), rows.from, rows.to), batch, &rows));
    TRY(run_back(model, &slope, g, w, batch->x, 0, decoder, batch, &rows));
    return elb_spread_back(model, g, &draws);
}

elbow_status elb_model_decode(elb_model *model, elb_view y, elb_view w, elb_view z)
{
    if (z.rows > model->max_draws || z.cols != model->latent || y.rows < z.rows || y.cols != model->pixels)
        return elb_fail(model->dev->err, ELBOW_USAGE,
                        "decoding %u x %u into %u x %u: the model has %u latents, %u pixels", z.rows, z.cols, y.rows,
                        y.cols, model->latent, model->pixels);
    const elb_batch as_it_stands = {0};
    TRY(run_decoder(model, w, z, &as_it_stands));
    const struct decode_mean_options options = {.link = elb_link_of(&model->recipe)};
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

elbow_status elb_model_first_bad(char name[64], elb_model *model, const elb_batch *batch)
{
    const uint32_t rows = batch->x.rows, draws = elb_draws(batch);
    name[0] = 0;
    for (uint32_t i = 0; i < model->count; i++) {
        uint32_t at;
        TRY(find_bad(&at, model, elb_output(model, i, i > model->code ? rows * draws : rows)));
        if (at == UINT32_MAX) continue;
        if (i == model->code)
            elb_format(name, 64, "latent %u", at % (2 * model->latent) % model->latent);
        else
            elb_format(name, 64, "%s", model->layers[i].name);
        break;
    }
    return ELBOW_OK;
}
