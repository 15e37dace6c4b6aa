#include "train/step.h"

#include "../cl/choices.h"
#include "nn/update.h"
#include "train/rule.h"
#include "train/schedule.h"

#include "elb_kernels.h"
#include "math/ranges.h"

#include <math.h>

uint32_t elb_auto_shards(uint32_t batch)
{
    uint32_t shards = 1;
    while (shards < 64 && shards * 2 <= batch / 16) shards *= 2;
    return shards;
}

/* ---- the tree over shards ---- */

/* Levels that a binary counter over so many shards needs. */
static uint32_t levels(uint32_t shards)
{
    uint32_t count = 1;
    while (count < ELB_TREE_LEVELS && (UINT64_C(1) << (count - 1)) < shards) count++;
    return count;
}

static elbow_status open_tree(elb_tree *tree, elb_device *dev, uint32_t shards, uint32_t length)
{
    tree->length = length;
    for (uint32_t level = 0; level < levels(shards); level++)
        TRY(elb_buffer_new(&tree->level[level], dev, length * dev->real_size));
    return ELBOW_OK;
}

static void close_tree(elb_tree *tree)
{
    for (uint32_t level = 0; level < ELB_TREE_LEVELS; level++) elb_buffer_free(tree->level[level]);
}

static elb_view level_of(const elb_tree *tree, uint32_t level)
{
    return elb_matrix(tree->level[level], 0, 1, tree->length);
}

/* Makes a shard's vector: of rows [from, to) of a batch that went forward. */
typedef elbow_status make_vector(elb_stepper *s, elb_view into, const elb_batch *batch, uint32_t from, uint32_t to);

/* The vectors of all shards of a batch, combined by the tree over the shard index into level 0. The tree is a binary
 * counter: level l holds the sum of a finished run of shards, and two runs of the same length are added, left += right.
 * Runs left over at the end (S no power of two) are added from the right, as if the missing shards were 0. */
static elbow_status combine(elb_stepper *s, const elb_tree *tree, make_vector *make, const elb_batch *batch)
{
    elb_device *dev = s->model->context->dev;
    const uint64_t rows = batch->x.rows;
    uint32_t held = 0;
    for (uint64_t i = 0; i < s->shards; i++) {
        const uint32_t from = (uint32_t)(i * rows / s->shards), to = (uint32_t)((i + 1) * rows / s->shards);
        TRY(make(s, level_of(tree, held++), batch, from, to));
        for (uint64_t runs = i + 1; runs % 2 == 0; runs /= 2, held--)
            TRY(elb_add(dev, level_of(tree, held - 2), level_of(tree, held - 1)));
    }
    for (; held > 1; held--) TRY(elb_add(dev, level_of(tree, held - 2), level_of(tree, held - 1)));
    return ELBOW_OK;
}

static elbow_status shard_gradient(elb_stepper *s, elb_view g, const elb_batch *batch, uint32_t from, uint32_t to)
{
    return elb_model_backward(s->model->net, g, elb_flat(s->model, s->model->w), batch, from, to);
}

static elbow_status shard_sums(elb_stepper *s, elb_view sums, const elb_batch *batch, uint32_t from, uint32_t to)
{
    (void)batch;
    return elb_model_sum(s->model->net, sums, from, to);
}

/* ---- opening ---- */

/* In the buffer `control`. */
static elb_view control_at(const elb_stepper *s, uint32_t first, uint32_t count)
{
    return elb_matrix(s->control, first, 1, count);
}

static elb_view state_of(const elb_stepper *s)
{
    return control_at(s, 0, ELB_CONTROL);
}

static elb_view next_state(const elb_stepper *s)
{
    return control_at(s, ELB_CONTROL, ELB_CONTROL);
}

static elb_view spread_now(const elb_stepper *s)
{
    return control_at(s, 2 * ELB_CONTROL, 1);
}

static elb_view next_spread(const elb_stepper *s)
{
    return control_at(s, 2 * ELB_CONTROL + 1, 1);
}

static bool is_conditioned(const elb_stepper *s)
{
    return elb_recipe_conditioned(&s->model->recipe);
}

/* One for each latent, or for each row of a batch. */
static elb_view weights_of(const elb_stepper *s, uint32_t rows)
{
    return is_conditioned(s) ? elb_matrix(s->weights, 0, rows, 1)
                             : elb_matrix(s->weights, 0, 1, s->model->recipe.latent);
}

static bool has_optimal_spread(const elb_stepper *s)
{
    return s->model->recipe.spread == ELBOW_SPREAD_OPTIMAL;
}

static elbow_status open_buffers(elb_stepper *s, elb_device *dev)
{
    const size_t real = dev->real_size;
    TRY(elb_buffer_new(&s->norm_scratch, dev, elb_norm_scratch(s->model->parameters) * real));
    TRY(elb_buffer_new(&s->scalars, dev, 2 * real));
    TRY(elb_buffer_new(&s->bad, dev, 3 * sizeof(uint32_t)));
    TRY(elb_zero(s->bad, 0, 3 * sizeof(uint32_t)));
    TRY(elb_buffer_new(&s->control, dev, (2 * ELB_CONTROL + 2) * real));
    TRY(elb_zero(s->control, 0, s->control->bytes));
    const uint32_t rows = s->options->batch, latent = s->model->recipe.latent;
    TRY(elb_buffer_new(&s->weights, dev, (rows > latent ? rows : latent) * real));
    TRY(elb_buffer_new(&s->stands, dev, rows * real));
    return elb_buffer_new(&s->losses, dev, (size_t)s->count * 2 * real);
}

elbow_status elb_stepper_open(elb_stepper *s, elbow_model *model, const elbow_train_options *options, uint32_t count)
{
    elb_device *dev = model->context->dev;
    *s = (elb_stepper){.model = model, .options = options, .count = count};
    s->shards = options->shards ? options->shards : elb_auto_shards(options->batch);
    elb_model_weigh(model->net, elb_weight_source_of(&model->recipe, options));
    TRY(open_tree(&s->gradients, dev, s->shards, model->parameters));
    if (elb_rule_of(options) != ELB_NO_RULE || has_optimal_spread(s))
        TRY(open_tree(&s->sums, dev, s->shards, elb_model_sums(model->net)));
    return open_buffers(s, dev);
}

void elb_stepper_close(elb_stepper *s)
{
    close_tree(&s->gradients);
    close_tree(&s->sums);
    elb_buffer *const buffers[] = {s->norm_scratch, s->scalars, s->bad, s->losses, s->control, s->weights, s->stands};
    for (size_t i = 0; i < COUNT(buffers); i++) elb_buffer_free(buffers[i]);
    if (s->model && s->model->net) elb_model_weigh(s->model->net, ELB_BUILT_IN);
}

/* ---- a step ---- */

/* Where the losses of data from `first` of the epoch stand. which: 0 distortion, 1 rate. */
static elb_view losses_at(const elb_stepper *s, int which, uint32_t first, uint32_t rows)
{
    return elb_matrix(s->losses, (size_t)which * s->count + first, 1, rows);
}

static elbow_status keep_losses(elb_stepper *s, uint32_t first, uint32_t rows)
{
    const elb_losses from = elb_model_losses(s->model->net);
    const elb_view source[] = {from.distortion, from.rate};
    const size_t real = s->model->context->dev->real_size;
    for (int which = 0; which < 2; which++) {
        const elb_view to = losses_at(s, which, first, rows);
        TRY(elb_copy(to.buffer, to.offset * real, source[which].buffer, source[which].offset * real, rows * real));
    }
    return ELBOW_OK;
}

static elb_batch batch_of(const elb_stepper *s, const elb_step *step)
{
    return (elb_batch){.purpose = LATENT_NOISE,
                       .draw = step->epoch,
                       .weight = step->weight,
                       .weights = weights_of(s, step->rows),
                       .scale = s->model->recipe.batch == ELBOW_MEAN ? 1.0 / step->rows : 1};
}

/* The rows of a batch and, for a network that serves many weights, which weight each is meant for. */
static elbow_status gather(elb_batch *batch, elb_stepper *s, elb_feed *feed, const elb_step *step)
{
    const elbow_model *model = s->model;
    const double low = model->recipe.beta_low, high = model->recipe.beta_high;
    TRY(elb_feed_batch(&batch->x, &batch->samples, feed, step->first, step->rows));
    if (!is_conditioned(s)) return ELBOW_OK;
    batch->stands = elb_matrix(s->stands, 0, 1, step->rows);
    const double weight = elbow_weight_for_beta(&model->recipe, model->pixels, 1);
    const bool mean = model->recipe.latents == ELBOW_MEAN;
    return launch_condition(
        model->context->dev, (elb_range){elb_groups_of(step->rows, (uint32_t)model->context->dev->shape.group), 1},
        batch->stands, batch->weights, batch->samples, step->rows, mean ? weight / model->recipe.latent : weight,
        (log(low) + log(high)) / 2, (log(high) - log(low)) / 2, model->recipe.seed, step->epoch);
}

/* The spread that fits this batch best, and the ELBO with it. */
static elbow_status fit_spread(elb_stepper *s, elb_batch *batch, const elb_step *step)
{
    elbow_model *model = s->model;
    const elb_view w = elb_flat(model, model->w), sse = elb_cols(level_of(&s->sums, 0), s->sums.length - 1, 1);
    const double part = 1.0 / ((double)step->number + 1);
    batch->spread = spread_now(s);
    TRY(elb_optimum(model->context->dev, batch->spread, next_spread(s), sse, elb_model_spread(model->net, w),
                    1.0 / ((double)step->rows * model->pixels), part > 0.01 ? part : 0.01));
    return elb_model_measure(model->net, w, batch);
}

/* What the whole batch decides before it goes back: weights of the KL term, the density's spread. */
static elbow_status consult(elb_stepper *s, elb_batch *batch, const elb_step *step)
{
    const elb_rule rule = elb_rule_of(s->options);
    if (!s->sums.length) return ELBOW_OK;
    TRY(combine(s, &s->sums, shard_sums, batch));
    if (rule != ELB_NO_RULE)
        TRY(elb_weigh(s->model->context->dev, rule, s->options, &s->model->recipe, s->model->pixels, step->weight,
                      step->target, step->rows, batch->weights, next_state(s), level_of(&s->sums, 0), state_of(s)));
    return has_optimal_spread(s) ? fit_spread(s, batch, step) : ELBOW_OK;
}

/* What the step has found out beside the gradient takes effect. */
static elbow_status settle(elb_stepper *s, elb_view bad)
{
    elb_device *dev = s->model->context->dev;
    if (elb_rule_of(s->options) != ELB_NO_RULE) TRY(elb_settle(dev, state_of(s), next_state(s), bad));
    if (!has_optimal_spread(s)) return ELBOW_OK;
    return elb_settle(dev, elb_model_spread(s->model->net, elb_flat(s->model, s->model->w)), next_spread(s), bad);
}

static elbow_status update(elb_stepper *s, const elb_step *step)
{
    elbow_model *model = s->model;
    elb_device *dev = model->context->dev;
    const elb_view g = level_of(&s->gradients, 0), norm2 = elb_matrix(s->scalars, 0, 1, 1);
    const elb_view factor = elb_matrix(s->scalars, 1, 1, 1), bad = elb_matrix(s->bad, 0, 1, 3);
    const elb_view scratch = elb_matrix(s->norm_scratch, 0, 1, (uint32_t)elb_norm_scratch(model->parameters));
    TRY(elb_clip(dev, factor, norm2, g, s->options->clip, scratch));
    TRY(elb_guard(dev, bad, losses_at(s, 0, step->first, step->rows), losses_at(s, 1, step->first, step->rows), norm2,
                  step->rows, (uint32_t)step->number, s->options->nonfinite == ELBOW_NONFINITE_STOP));
    TRY(elb_adam(dev, elb_flat(model, model->w), elb_flat(model, model->m), elb_flat(model, model->v), g, factor, bad,
                 step->rate, 1 - elb_power(0.9, step->number + 1), 1 - elb_power(0.999, step->number + 1)));
    return settle(s, bad);
}

elbow_status elb_stepper_run(elb_stepper *s, elb_feed *feed, const elb_step *step)
{
    elb_batch batch = batch_of(s, step);
    TRY(gather(&batch, s, feed, step));
    TRY(elb_model_forward(s->model->net, elb_flat(s->model, s->model->w), &batch));
    TRY(consult(s, &batch, step));
    TRY(keep_losses(s, step->first, step->rows));
    TRY(combine(s, &s->gradients, shard_gradient, &batch));
    return update(s, step);
}

/* ---- what the host asks ---- */

elbow_status elb_stepper_control(float state[ELB_CONTROL], elb_stepper *s)
{
    return elb_read_reals(state, state_of(s));
}

elbow_status elb_stepper_set_control(elb_stepper *s, const float state[ELB_CONTROL])
{
    return elb_write_reals(state_of(s), state);
}

elbow_status elb_stepper_bad(uint32_t bad[3], elb_stepper *s)
{
    return elb_read(bad, s->bad, 0, 3 * sizeof *bad);
}

elbow_status elb_stepper_diagnose(char name[64], elb_stepper *s, elb_feed *feed, const elb_step *step)
{
    elb_batch batch = batch_of(s, step);
    TRY(gather(&batch, s, feed, step));
    TRY(elb_model_forward(s->model->net, elb_flat(s->model, s->model->w), &batch));
    return elb_model_first_bad(name, s->model->net, step->rows);
}
