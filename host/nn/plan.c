/* plan.c - from a recipe to layers, tensors and the layout of the workspace. */
#include "nn/parts.h"

#include "elb_kernels.h"
#include "math/ranges.h"

#include <math.h>

void elb_add_tensor(elb_model *model, const char *layer, const char *what, uint32_t rows, uint32_t cols, double bound)
{
    elb_tensor_place *tensor = &model->tensors[model->tensor_count++];
    elb_format(tensor->name, sizeof tensor->name, "%s.%s", layer, what);
    tensor->offset = model->parameters;
    tensor->axes = cols ? 2 : 1;
    tensor->shape[0] = rows;
    tensor->shape[1] = cols;
    tensor->bound = bound;
    model->parameters += (size_t)rows * (cols ? cols : 1);
}

static elb_dense *add_layer(elb_model *model, uint32_t in, uint32_t out, int32_t activation)
{
    elb_dense *layer = &model->layers[model->count];
    *layer = (elb_dense){.in = in, .out = out, .w = model->parameters, .activation = activation};
    layer->first = model->count == 0;
    layer->before = layer->first ? ELB_IDENTITY : model->layers[model->count - 1].activation;
    layer->b = layer->w + (size_t)in * out;
    model->count++;
    return layer;
}

static void add_dense(elb_model *model, const char *half, uint32_t number, uint32_t in, uint32_t out,
                      int32_t activation)
{
    const double bound = 1 / sqrt(in);
    elb_dense *layer = add_layer(model, in, out, activation);
    elb_format(layer->name, sizeof layer->name, "%s.%u", half, number);
    elb_add_tensor(model, layer->name, "weight", out, in, bound);
    elb_add_tensor(model, layer->name, "bias", out, 0, bound);
}

/* mu and logvar are one layer of 2 M outputs: their weights lie side by side, then their biases. */
static void add_code(elb_model *model, uint32_t in)
{
    const uint32_t latent = model->latent;
    const double bound = 1 / sqrt(in);
    model->code = model->count;
    elb_format(add_layer(model, in, 2 * latent, ELB_IDENTITY)->name, sizeof model->layers->name, "latent");
    elb_add_tensor(model, "mu", "weight", latent, in, bound);
    elb_add_tensor(model, "logvar", "weight", latent, in, bound);
    elb_add_tensor(model, "mu", "bias", latent, 0, bound);
    elb_add_tensor(model, "logvar", "bias", latent, 0, bound);
}

/* The logarithm of the density's spread, where it is found with the rest. */
static void add_spread(elb_model *model)
{
    const elbow_spread from = model->recipe.spread;
    if (from == ELBOW_SPREAD_FIXED) return;
    model->spreads = from == ELBOW_SPREAD_PIXEL ? model->pixels : 1;
    model->spread_offset = model->parameters;
    elb_add_tensor(model, "decoder", "log_scale", model->spreads, 0, 0);
    model->tensors[model->tensor_count - 1].start = 0.5 * log(model->recipe.sigma2);
}

/* Widths so large that nothing below could overflow 64 bits, or a row of a matrix 32. */
static elbow_status check_recipe(const elb_model *model, elb_error *err, uint32_t hidden)
{
    const uint32_t most = 1u << 24;
    for (uint32_t i = 0; i < hidden; i++)
        if (model->recipe.hidden[i] > most)
            return elb_fail(err, ELBOW_USAGE, "a hidden layer of %u is too wide: at most %u", model->recipe.hidden[i],
                            most);
    if (model->pixels == 0 || model->pixels > most)
        return elb_fail(err, ELBOW_USAGE, "%u pixels per image are not possible: 1 to %u", model->pixels, most);
    if (model->latent == 0 || model->latent > most)
        return elb_fail(err, ELBOW_USAGE, "%u latents are not possible: 1 to %u", model->latent, most);
    if (model->max_rows == 0 || model->max_rows > most)
        return elb_fail(err, ELBOW_USAGE, "a batch of %u is not possible: 1 to %u", model->max_rows, most);
    if (model->max_draws < model->max_rows || model->max_draws > most)
        return elb_fail(err, ELBOW_USAGE, "a batch of %u with %u draws is not possible: at most %u draws in all",
                        model->max_rows, model->max_draws, most);
    const double low = model->recipe.beta_low, high = model->recipe.beta_high;
    if ((low != 0 || high != 0) && !(low > 0 && high > low && isfinite(high)))
        return elb_fail(err, ELBOW_USAGE, "betas from %g to %g are no range: low above 0, high above low", low, high);
    return ELBOW_OK;
}

/* Loops of the kernels that go through a row, or through a batch, and take more turns the more there is: up to 16 for
 * each of a group's vectors (ten are Philox's rounds), one for each row of a batch, each of which may be a draw, and 4
 * for each lane; and for each of a group's vectors of latents one for each copy. */
static elbow_status check_turns(const elb_model *model)
{
    elb_device *dev = model->dev;
    const uint32_t vectors = (uint32_t)(dev->shape.group * dev->shape.width);
    const uint64_t copies = elb_groups_of(model->max_draws, model->max_rows);
    const uint64_t over_rows = model->max_draws + UINT64_C(256), sums = elb_sum_rows_turns(dev, model->max_draws, 1);
    TRY(elb_check_turns(dev, sums > over_rows ? sums : over_rows,
                        copies > 1 ? "as many draws for a batch as" : "a batch of", model->max_draws));
    TRY(elb_check_turns(dev, elb_groups_of(model->latent, vectors) * copies, "as many latents, drawn often, as",
                        model->latent));
    for (uint32_t i = 0; i < model->count; i++)
        TRY(elb_check_turns(dev, model->layers[i].out / vectors * UINT64_C(16) + 256, "a layer of",
                            model->layers[i].out));
    return ELBOW_OK;
}

/* Before any memory is asked for, of which a model that cannot be may need more than there is. */
static elbow_status check_parameters(const elb_model *model, elb_error *err)
{
    char has[32], most[32];
    if (model->parameters <= INT32_MAX) return ELBOW_OK;
    return elb_fail(err, ELBOW_USAGE, "a model of %s parameters is too large: at most %s: make it narrower",
                    elb_count_text(has, model->parameters), elb_count_text(most, INT32_MAX));
}

elbow_status elb_model_plan(elb_model *model, elb_error *err)
{
    const elbow_recipe *recipe = &model->recipe;
    const int32_t activation = (int32_t)recipe->activation - ELBOW_RELU + ELB_RELU;
    uint32_t hidden = 0;
    if (recipe->model == ELBOW_MLP)
        while (hidden < ELBOW_MAX_HIDDEN && recipe->hidden[hidden]) hidden++;
    TRY(elb_likelihood_check(err, recipe));
    TRY(check_recipe(model, err, hidden));
    uint32_t width = model->pixels;
    for (uint32_t i = 0; i < hidden; width = recipe->hidden[i++])
        add_dense(model, "encoder", i, width, recipe->hidden[i], activation);
    add_code(model, width);
    width = model->latent;
    for (uint32_t i = 0; i < hidden; width = recipe->hidden[hidden - 1 - i++])
        add_dense(model, "decoder", i, width, recipe->hidden[hidden - 1 - i], activation);
    add_dense(model, "decoder", hidden, width, model->pixels, ELB_IDENTITY);
    model->layers[model->code + 1].before = ELB_IDENTITY;
    add_spread(model);
    if (elbow_recipe_has_betas(recipe)) elb_add_gates(model);
    TRY(check_parameters(model, err));
    return model->dev ? check_turns(model) : ELBOW_OK;
}

/* Takes rows x cols elements, beginning at a multiple of 64, from the workspace. */
static bool take(size_t *offset, elb_workspace *at, size_t rows, size_t cols)
{
    size_t size;
    *offset = at->elements;
    if (!elb_times(&size, rows, cols) || size > SIZE_MAX / 64 - at->elements) return false;
    at->elements += (size + 63) / 64 * 64;
    return true;
}

/* What passes gates, and room for their gradients. */
static bool take_gates(elb_model *model)
{
    elb_workspace *at = &model->at;
    uint32_t widest = model->z_gates.size;
    bool fits = take(&model->z_gates.out, at, model->max_draws, widest);
    for (uint32_t i = 0; i < model->count; i++) {
        elb_gates *gates = &model->gates[i];
        fits = fits && take(&gates->out, at, elb_layer_rows(model, i), gates->size);
        if (gates->size > widest) widest = gates->size;
    }
    return fits && take(&at->gate_slopes, at, model->max_draws, 2 * (size_t)widest);
}

bool elb_model_lay_out(elb_model *model, size_t scratch)
{
    elb_workspace *at = &model->at;
    const size_t rows = model->max_rows, draws = model->max_draws;
    uint32_t widest = model->latent;
    bool fits = scratch <= UINT32_MAX;
    for (uint32_t i = 0; i < model->count; i++) {
        const uint32_t out = model->layers[i].out;
        fits = fits && take(&at->output[i], at, elb_layer_rows(model, i), out);
        if (out > widest && i + 1 < model->count) widest = out;
    }
    size_t *const latents[] = {&at->z, &at->spread, &at->parts, &at->dz};
    for (size_t i = 0; i < COUNT(latents); i++) fits = fits && take(latents[i], at, draws, model->latent);
    fits = fits && take(&at->dy, at, draws, model->pixels) && take(&at->widen, at, draws, model->spreads);
    at->loss_stride = (draws + 63) / 64 * 64;
    at->bound_stride = (rows + 63) / 64 * 64;
    fits = fits && take(&at->losses, at, 3, at->loss_stride) && take(&at->bounds, at, 3, at->bound_stride) &&
           take(&at->share, at, 1, draws);
    for (size_t i = 0; i < COUNT(at->slope); i++) fits = fits && take(&at->slope[i], at, draws, widest);
    at->scratch_size = (uint32_t)scratch;
    return fits && take_gates(model) && take(&at->scratch, at, 1, scratch);
}
