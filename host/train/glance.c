#include "train/glance.h"

#include "io/data.h"
#include "theory/advise.h"
#include "train/context.h"

#include <string.h>

static bool has_plan(const elb_glance *g, const elb_spectrum_plan *plan)
{
    return g->plan.pearson == plan->pearson && g->plan.binarise == plan->binarise && g->plan.images == plan->images &&
           g->plan.count == plan->count && g->plan.dense == plan->dense;
}

/* Which images are held out follows from the shares. */
static bool has_images(const elb_glance *g, const elbow_data *data)
{
    bool same = strcmp(g->sha256, data->info.sha256) == 0 && g->images == data->part[ELBOW_TRAIN].count;
    for (size_t i = 0; i < COUNT(g->held_out); i++) same = same && g->held_out[i] == data->held_out[i];
    return same;
}

elbow_status elb_glance_at(const elb_spectrum **spectrum, elbow_context *context, const elbow_data *data,
                           const elbow_recipe *recipe)
{
    elb_glance *g = &context->glance;
    const elb_spectrum_plan plan = elb_glance_of(recipe);
    *spectrum = &g->spectrum;
    if (g->spectrum.eigenvalues && has_plan(g, &plan) && has_images(g, data)) return ELBOW_OK;
    elb_spectrum_free(&g->spectrum);
    const elbow_status status = elb_spectrum_find(&g->spectrum, &context->err, data, &plan, NULL, NULL);
    if (status != ELBOW_OK) elb_spectrum_free(&g->spectrum); /* half a spectrum is none */
    g->plan = plan;
    g->images = data->part[ELBOW_TRAIN].count;
    memcpy(g->sha256, data->info.sha256, sizeof g->sha256);
    memcpy(g->held_out, data->held_out, sizeof g->held_out);
    return status;
}
