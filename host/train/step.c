#include "train/step.h"

#include "../cl/choices.h"
#include "nn/update.h"
#include "train/schedule.h"

uint32_t elb_auto_shards(uint32_t batch)
{
    uint32_t shards = 1;
    while (shards < 64 && shards * 2 <= batch / 16) shards *= 2;
    return shards;
}

/* Levels that a binary counter over so many shards needs. */
static uint32_t levels(uint32_t shards)
{
    uint32_t count = 1;
    while (count < ELB_TREE_LEVELS && (UINT64_C(1) << (count - 1)) < shards) count++;
    return count;
}

elbow_status elb_stepper_open(elb_stepper *s, elbow_model *model, const elbow_train_options *options, uint32_t count)
{
    elb_device *dev = model->context->dev;
    *s = (elb_stepper){.model = model, .options = options, .count = count};
    s->shards = options->shards ? options->shards : elb_auto_shards(options->batch);
    const size_t real = dev->real_size;
    for (uint32_t level = 0; level < levels(s->shards); level++)
        TRY(elb_buffer_new(&s->gradient[level], dev, model->parameters * real));
    TRY(elb_buffer_new(&s->norm_scratch, dev, elb_norm_scratch(model->parameters) * real));
    TRY(elb_buffer_new(&s->scalars, dev, 2 * real));
    TRY(elb_buffer_new(&s->bad, dev, 3 * sizeof(uint32_t)));
    TRY(elb_zero(s->bad, 0, 3 * sizeof(uint32_t)));
    return elb_buffer_new(&s->losses, dev, (size_t)count * 2 * real);
}

void elb_stepper_close(elb_stepper *s)
{
    for (uint32_t level = 0; level < ELB_TREE_LEVELS; level++) elb_buffer_free(s->gradient[level]);
    elb_buffer_free(s->norm_scratch);
    elb_buffer_free(s->scalars);
    elb_buffer_free(s->bad);
    elb_buffer_free(s->losses);
}

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
                       .weight = s->model->recipe.weight,
                       .scale = s->model->recipe.batch == ELBOW_MEAN ? 1.0 / step->rows : 1};
}

/* The gradient of rows [from, to) of a batch into g; that of no rows is 0. */
static elbow_status run_shard(elb_stepper *s, elb_view g, const elb_batch *whole, uint32_t first, uint32_t from,
                              uint32_t to)
{
    elbow_model *model = s->model;
    if (from == to) return elb_zero(g.buffer, 0, model->parameters * model->context->dev->real_size);
    elb_batch shard = *whole;
    shard.x = elb_rows(whole->x, from, to - from);
    shard.samples = elb_cols(whole->samples, from, to - from);
    const elb_view w = elb_flat(model, model->w);
    TRY(elb_model_forward(model->net, w, &shard, true));
    TRY(keep_losses(s, first + from, to - from));
    return elb_model_backward(model->net, g, w, &shard);
}

/* All shards, their gradients combined by the tree over the shard index into gradient[0]. The tree is a binary counter:
 * level l holds the sum of a finished run of shards, and two runs of the same length are added, left += right. Runs
 * left over at the end (S no power of two) are added from the right, as if the missing shards were 0. */
static elbow_status run_shards(elb_stepper *s, const elb_batch *whole, const elb_step *step)
{
    elbow_model *model = s->model;
    elb_device *dev = model->context->dev;
    uint32_t held = 0;
    for (uint64_t i = 0; i < s->shards; i++) {
        const uint32_t from = (uint32_t)(i * step->rows / s->shards), to = (uint32_t)((i + 1) * step->rows / s->shards);
        TRY(run_shard(s, elb_flat(model, s->gradient[held++]), whole, step->first, from, to));
        for (uint64_t runs = i + 1; runs % 2 == 0; runs /= 2, held--)
            TRY(elb_add(dev, elb_flat(model, s->gradient[held - 2]), elb_flat(model, s->gradient[held - 1])));
    }
    for (; held > 1; held--)
        TRY(elb_add(dev, elb_flat(model, s->gradient[held - 2]), elb_flat(model, s->gradient[held - 1])));
    return ELBOW_OK;
}

elbow_status elb_stepper_run(elb_stepper *s, elb_feed *feed, const elb_step *step)
{
    elbow_model *model = s->model;
    elb_device *dev = model->context->dev;
    elb_batch batch = batch_of(s, step);
    TRY(elb_feed_batch(&batch.x, &batch.samples, feed, step->first, step->rows));
    TRY(run_shards(s, &batch, step));

    const elb_view g = elb_flat(model, s->gradient[0]), norm2 = elb_matrix(s->scalars, 0, 1, 1);
    const elb_view factor = elb_matrix(s->scalars, 1, 1, 1), bad = elb_matrix(s->bad, 0, 1, 3);
    const elb_view scratch = elb_matrix(s->norm_scratch, 0, 1, (uint32_t)elb_norm_scratch(model->parameters));
    TRY(elb_clip(dev, factor, norm2, g, s->options->clip, scratch));
    TRY(elb_guard(dev, bad, losses_at(s, 0, step->first, step->rows), losses_at(s, 1, step->first, step->rows), norm2,
                  step->rows, (uint32_t)step->number, s->options->nonfinite == ELBOW_NONFINITE_STOP));
    return elb_adam(dev, elb_flat(model, model->w), elb_flat(model, model->m), elb_flat(model, model->v), g, factor,
                    bad, step->rate, 1 - elb_power(0.9, step->number + 1), 1 - elb_power(0.999, step->number + 1));
}

elbow_status elb_stepper_bad(uint32_t bad[3], elb_stepper *s)
{
    return elb_read(bad, s->bad, 0, 3 * sizeof *bad);
}

elbow_status elb_stepper_diagnose(char name[64], elb_stepper *s, elb_feed *feed, const elb_step *step)
{
    elb_batch batch = batch_of(s, step);
    TRY(elb_feed_batch(&batch.x, &batch.samples, feed, step->first, step->rows));
    TRY(elb_model_forward(s->model->net, elb_flat(s->model, s->model->w), &batch, true));
    return elb_model_first_bad(name, s->model->net, step->rows);
}
