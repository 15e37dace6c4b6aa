/* gates.c - gates that move with the weight of the KL term: one network for a range of weights. */
#include "nn/parts.h"

#include "elb_kernels.h"
#include "math/ranges.h"

#include <math.h>

bool elbow_recipe_has_betas(const elbow_recipe *recipe)
{
    return recipe->beta_high > 0;
}

double elb_recipe_stands(const elbow_recipe *recipe, double beta)
{
    const double low = log(recipe->beta_low), high = log(recipe->beta_high);
    return high > low ? (2 * log(beta) - low - high) / (high - low) : 0;
}

static void add(elb_model *model, elb_gates *gates, const char *on, uint32_t size, int32_t before)
{
    *gates = (elb_gates){.size = size, .at = model->parameters, .before = before};
    elb_add_tensor(model, on, "gates", 2, size, 0);
}

/* All begin half open, at every weight. A layer that is fed through gates leaves the slope of what is before them to
 * them. */
void elb_add_gates(elb_model *model)
{
    for (uint32_t i = 0; i + 1 < model->count; i++) {
        add(model, &model->gates[i], model->layers[i].name, model->layers[i].out, model->layers[i].activation);
        model->layers[i + 1].before = ELB_IDENTITY;
    }
    add(model, &model->z_gates, "z", model->latent, ELB_IDENTITY);
}

elbow_status elb_model_condition(elb_model *model, double stands)
{
    const float at = (float)stands;
    return elb_write_reals(elb_matrix(model->condition, 0, 1, 1), &at);
}

static elb_view parameters(const elb_gates *gates, elb_view flat)
{
    return elb_matrix(flat.buffer, flat.offset + gates->at, 1, 2 * gates->size);
}

/* Where the gates stand for rows from `from` on. */
static elb_view stands(const elb_model *model, const elb_batch *batch, uint32_t from, uint32_t rows)
{
    return batch->stands.buffer ? elb_cols(batch->stands, from, rows) : elb_matrix(model->condition, 0, 1, 1);
}

elbow_status elb_gates_forward(elb_model *model, const elb_gates *gates, elb_view w, elb_view h, const elb_batch *batch)
{
    if (!gates->size) return ELBOW_OK;
    const elb_view y = elb_work(model, gates->out, h.rows, gates->size);
    return launch_gate(model->dev, (elb_range){h.rows, 1}, y, h, parameters(gates, w), stands(model, batch, 0, h.rows),
                       gates->size, y.stride, h.stride, batch->stands.buffer != NULL);
}

elbow_status elb_gates_back(elb_model *model, const elb_gates *gates, elb_view g, elb_view w, elb_view slope,
                            elb_view h, const elb_batch *batch, const elb_span *span)
{
    if (!gates->size) return ELBOW_OK;
    const elb_view slopes = elb_work(model, model->at.gate_slopes, slope.rows, 2 * gates->size);
    TRY(launch_gate_backward(model->dev, (elb_range){slope.rows, 1}, slope, slopes, slope, h, parameters(gates, w),
                             stands(model, batch, span->from, slope.rows), gates->size, slope.stride, slopes.stride,
                             slope.stride, h.stride, batch->stands.buffer != NULL, gates->before));
    return elb_sum_rows(model->dev, parameters(gates, g), slopes, &span->cut);
}
