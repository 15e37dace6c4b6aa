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

elb_step elb_step_of(const elbow_train_options *options, const elbow_recipe *recipe, uint64_t number, uint32_t batches,
                     double constant)
{
    const uint64_t steps = (uint64_t)batches * options->epochs;
    const double left_out = options->schedule == ELBOW_SCHEDULE_GECO ? constant : 0;
    return (elb_step){.number = number,
                      .epoch = (uint32_t)(number / batches) + 1,
                      .rate = elb_learning_rate(options, number, steps, batches),
                      .weight = elb_kl_weight(options, recipe->weight, number, batches),
                      .target = elb_kl_target(options, number, batches) - left_out};
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
    return elbow_recipe_has_betas(&s->model->recipe);
}

/* One for each latent, as a rule finds them. */
static elb_view weights_of(const elb_stepper *s)
{
    return elb_matrix(s->weights, 0, 1, s->model->recipe.latent);
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
    return elb_buffer_new(&s->losses, dev, (size_t)s->count * ELB_LOSSES * real);
}

elbow_status elb_stepper_open(elb_stepper *s, elbow_model *model, const elbow_train_options *options, uint32_t count)
{
    elb_device *dev = model->context->dev;
    *s = (elb_stepper){.model = model, .options = options, .count = count};
    s->shards = options->shards ? options->shards : elb_auto_shards(options->batch);
    elb_model_weigh(model->net, elb_weight_source_of(&model->recipe, options));
    const uint32_t draws = elb_recipe_draws(&model->recipe);
    const uint32_t together = elb_model_shards_at_once(model->net, s->shards, options->batch, draws);
    TRY(elb_tree_open(&s->gradients, dev, s->shards, together, model->parameters));
    if (elb_rule_of(options) != ELB_NO_RULE || has_optimal_spread(s))
        TRY(elb_tree_open(&s->sums, dev, s->shards, 1, elb_model_sums(model->net)));
    return open_buffers(s, dev);
}

void elb_stepper_close(elb_stepper *s)
{
    elb_tree_close(&s->gradients);
    elb_tree_close(&s->sums);
    elb_buffer *const buffers[] = {s->norm_scratch, s->scalars, s->bad, s->losses, s->control, s->weights, s->stands};
    for (size_t i = 0; i < COUNT(buffers); i++) elb_buffer_free(buffers[i]);
    if (s->model && s->model->net) elb_model_weigh(s->model->net, ELB_BUILT_IN);
}

/* ---- a step ---- */

uint32_t elb_losses_of(const elbow_recipe *recipe)
{
    return recipe->objective == ELBOW_OBJECTIVE_IWAE ? ELB_LOSSES : ELB_BOUND;
}

elb_view elb_stepper_losses(const elb_stepper *s, uint32_t which, uint32_t first, uint32_t rows)
{
    return elb_matrix(s->losses, (size_t)which * s->count + first, 1, rows);
}

elb_view elb_stepper_found(const elb_stepper *s, uint32_t which)
{
    const elb_losses from = elb_model_losses(s->model->net);
    const bool copies = s->model->recipe.objective == ELBOW_OBJECTIVE_IWAE;
    const elb_view found[ELB_LOSSES] = {copies ? from.mean_distortion : from.distortion,
                                        copies ? from.mean_rate : from.rate, from.bound};
    return found[which];
}

static elbow_status keep_losses(elb_stepper *s, uint32_t first, uint32_t rows)
{
    const size_t real = s->model->context->dev->real_size;
    for (uint32_t which = 0; which < elb_losses_of(&s->model->recipe); which++) {
        const elb_view to = elb_stepper_losses(s, which, first, rows), from = elb_stepper_found(s, which);
        TRY(elb_copy(to.buffer, to.offset * real, from.buffer, from.offset * real, rows * real));
    }
    return ELBOW_OK;
}

static elb_batch batch_of(const elb_stepper *s, const elb_step *step)
{
    const elbow_recipe *recipe = &s->model->recipe;
    const uint32_t copies = recipe->objective == ELBOW_OBJECTIVE_IWAE ? recipe->samples : 0;
    return (elb_batch){.purpose = LATENT_NOISE,
                       .draw = copies ? step->epoch * copies : step->epoch,
                       .copies = copies,
                       .weight = step->weight,
                       .weights = weights_of(s),
                       .scale = recipe->batch == ELBOW_MEAN ? 1.0 / step->rows : 1};
}

/* Which weight each row that goes forward is meant for, in a network that serves many. */
static elbow_status condition(elb_stepper *s, const elb_step *step)
{
    const elbow_model *model = s->model;
    elb_device *dev = model->context->dev;
    const uint32_t rows = s->batch.x.rows;
    const double low = log(model->recipe.beta_low), high = log(model->recipe.beta_high);
    const double weight = elb_weight_on_sum(&model->recipe, elbow_weight_for_beta(&model->recipe, model->pixels, 1));
    s->batch.weights = elb_matrix(s->weights, 0, rows, 1);
    s->batch.stands = elb_matrix(s->stands, 0, 1, rows);
    return launch_condition(dev, (elb_range){elb_groups_of(rows, (uint32_t)dev->shape.group), 1}, s->batch.stands,
                            s->batch.weights, s->batch.samples, rows, weight, (low + high) / 2, (high - low) / 2,
                            model->recipe.seed, step->epoch);
}

elbow_status elb_stepper_forward(elb_stepper *s, elb_feed *feed, const elb_step *step, elb_shards run)
{
    const uint32_t from = elb_shard_start(run.first, s->shards, step->rows);
    const uint32_t to = elb_shard_start(run.end, s->shards, step->rows);
    s->batch = batch_of(s, step);
    s->batch.before = from;
    s->rows = step->rows;
    if (from == to) return ELBOW_OK;
    TRY(elb_feed_batch(&s->batch.x, &s->batch.samples, feed, step->first + from, to - from));
    if (is_conditioned(s)) TRY(condition(s, step));
    TRY(elb_model_forward(s->model->net, elb_flat(s->model, s->model->w), &s->batch));
    return s->batch.copies ? elb_model_bound(s->model->net, &s->batch) : ELBOW_OK; /* each datum weighs its draws */
}

static elbow_status run_gradient(void *with, elb_view g, elb_shards run)
{
    elb_stepper *s = with;
    const elb_cut part = {run, s->shards, s->rows};
    return elb_model_backward(s->model->net, g, elb_flat(s->model, s->model->w), &s->batch, &part);
}

static elbow_status shard_sums(void *with, elb_view sums, elb_shards one)
{
    elb_stepper *s = with;
    return elb_model_sum(s->model->net, sums, elb_shard_start(one.first, s->shards, s->rows) - s->batch.before,
                         elb_shard_start(one.end, s->shards, s->rows) - s->batch.before);
}

elbow_status elb_stepper_sums(elb_stepper *s, elb_shards node)
{
    return elb_tree_sum(&s->sums, node, shard_sums, s);
}

elbow_status elb_stepper_gradient(elb_stepper *s, elb_shards node)
{
    return elb_tree_sum(&s->gradients, node, run_gradient, s);
}

/* The spread that fits this batch best, and the ELBO with it. */
static elbow_status fit_spread(elb_stepper *s, const elb_step *step)
{
    elbow_model *model = s->model;
    const elb_view w = elb_flat(model, model->w), sums = elb_tree_sum_of(&s->sums),
                   sse = elb_cols(sums, sums.cols - 1, 1);
    const double part = 1.0 / ((double)step->number + 1);
    s->batch.spread = spread_now(s);
    TRY(elb_optimum(model->context->dev, s->batch.spread, next_spread(s), sse, elb_model_spread(model->net, w),
                    1.0 / ((double)step->rows * model->pixels), part > 0.01 ? part : 0.01));
    return s->batch.x.rows ? elb_model_measure(model->net, w, &s->batch) : ELBOW_OK;
}

/* Weights of the KL term, the density's spread. */
elbow_status elb_stepper_decide(elb_stepper *s, const elb_step *step)
{
    const elb_rule rule = elb_rule_of(s->options);
    if (rule != ELB_NO_RULE)
        TRY(elb_weigh(s->model->context->dev, rule, s->options, &s->model->recipe, s->model->pixels, step->weight,
                      step->target, step->rows, weights_of(s), next_state(s), elb_tree_sum_of(&s->sums), state_of(s)));
    return has_optimal_spread(s) ? fit_spread(s, step) : ELBOW_OK;
}

/* What the step has found out beside the gradient takes effect. */
static elbow_status settle(elb_stepper *s, elb_view bad)
{
    elb_device *dev = s->model->context->dev;
    if (elb_rule_of(s->options) != ELB_NO_RULE) TRY(elb_settle(dev, state_of(s), next_state(s), bad));
    if (!has_optimal_spread(s)) return ELBOW_OK;
    return elb_settle(dev, elb_model_spread(s->model->net, elb_flat(s->model, s->model->w)), next_spread(s), bad);
}

elbow_status elb_stepper_update(elb_stepper *s, const elb_step *step)
{
    elbow_model *model = s->model;
    elb_device *dev = model->context->dev;
    const elb_view g = elb_tree_sum_of(&s->gradients);
    const elb_view clip = elb_matrix(s->scalars, 0, 1, 2), bad = elb_matrix(s->bad, 0, 1, 3);
    const elb_view scratch = elb_matrix(s->norm_scratch, 0, 1, (uint32_t)elb_norm_scratch(model->parameters));
    TRY(elb_guard(dev, bad, clip, g, elb_stepper_losses(s, ELB_DISTORTION, step->first, step->rows),
                  elb_stepper_losses(s, ELB_RATE, step->first, step->rows), s->options->clip, scratch,
                  (uint32_t)step->number, s->options->nonfinite == ELBOW_NONFINITE_STOP));
    TRY(elb_adam(dev, elb_flat(model, model->w), elb_flat(model, model->m), elb_flat(model, model->v), g, clip, bad,
                 step->rate, 1 - elb_power(0.9, step->number + 1), 1 - elb_power(0.999, step->number + 1)));
    return settle(s, bad);
}

elbow_status elb_stepper_run(elb_stepper *s, elb_feed *feed, const elb_step *step)
{
    const elb_shards all = {0, s->shards};
    TRY(elb_stepper_forward(s, feed, step, all));
    if (s->sums.length) TRY(elb_stepper_sums(s, all));
    if (s->sums.length) TRY(elb_stepper_decide(s, step));
    TRY(keep_losses(s, step->first, step->rows));
    TRY(elb_stepper_gradient(s, all));
    return elb_stepper_update(s, step);
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
    const elb_shards all = {0, s->shards};
    TRY(elb_stepper_forward(s, feed, step, all));
    return elb_model_first_bad(name, s->model->net, &s->batch);
}
