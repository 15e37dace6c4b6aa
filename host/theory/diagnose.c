/* diagnose.c - distortion, rate and active units of saved arrays, in double and one datum at a time (docs/maths.md). */
#include "theory/diagnose.h"

#include <math.h>
#include <stdlib.h>

#define LOWEST_LOG     (-100.0) /* of a probability, as PyTorch's binary_cross_entropy has it */
#define LOWEST_LOGVAR  (-30.0)
#define LARGEST_LOGVAR 20.0
#define ACTIVE         0.01

static bool row_finite(elb_place *where, const char *array, const float *values, size_t row, uint32_t columns)
{
    for (uint32_t j = 0; j < columns; j++) {
        const double value = (double)values[row * columns + j];
        if (isfinite(value)) continue;
        if (!where->array) *where = (elb_place){array, row, j, value};
        return false;
    }
    return true;
}

/* Whether a datum can be measured; notes the first value that stands in the way of any. */
static bool measurable(elb_place *where, const elb_saved *saved, size_t row)
{
    return row_finite(where, "mu", saved->mu, row, saved->latent) &&
           row_finite(where, "logvar", saved->logvar, row, saved->latent) &&
           row_finite(where, "x_hat", saved->x_hat, row, saved->pixels) &&
           row_finite(where, "x", saved->x, row, saved->pixels);
}

static void widen(elb_span *span, double value)
{
    if (value < span->low) span->low = value;
    if (value > span->high) span->high = value;
}

static void find_ranges(elb_findings *found, const elb_saved *saved)
{
    size_t grey = 0, rows = 0, differ = 0;
    found->x = found->x_hat = (elb_span){INFINITY, -INFINITY};
    for (size_t i = 0; i < saved->n; i++) {
        if (!measurable(&found->unreal, saved, i)) continue;
        rows++;
        for (size_t j = 0; j < saved->pixels; j++) {
            const double x = (double)saved->x[i * saved->pixels + j], y = (double)saved->x_hat[i * saved->pixels + j];
            widen(&found->x, x);
            widen(&found->x_hat, y);
            grey += x > 0 && x < 1;
            differ += x != y;
        }
    }
    found->unreal_rows = saved->n - rows;
    found->same = rows && !differ;
    found->grey = rows ? (double)grey / (double)rows / saved->pixels : 0;
}

static double sigmoid(double a)
{
    return a >= 0 ? 1 / (1 + exp(-a)) : exp(a) / (1 + exp(a));
}

/* log(1 + e^a) */
static double softplus(double a)
{
    return a > 0 ? a + log1p(exp(-a)) : log1p(exp(a));
}

/* -log p(x) of one pixel under a Bernoulli of probability p */
static double cross_entropy(double x, double p, uint64_t *cut)
{
    const double yes = p > 0 ? fmax(log(p), LOWEST_LOG) : LOWEST_LOG;
    const double no = p < 1 ? fmax(log1p(-p), LOWEST_LOG) : LOWEST_LOG;
    *cut += (yes <= LOWEST_LOG && x > 0) || (no <= LOWEST_LOG && x < 1);
    return -x * yes - (1 - x) * no;
}

/* The reconstruction term of one datum, constants included; adds to the squared error. */
static double distortion_of(double *sse, elb_findings *found, const elb_saved *saved, const elbow_recipe *loss,
                            size_t row)
{
    const bool bernoulli = loss->likelihood == ELBOW_BERNOULLI;
    double entropy = 0, squares = 0;
    for (size_t j = 0; j < saved->pixels; j++) {
        const double x = (double)saved->x[row * saved->pixels + j], y = (double)saved->x_hat[row * saved->pixels + j];
        const double mean = found->logits ? sigmoid(y) : y;
        squares += (x - mean) * (x - mean);
        if (bernoulli) entropy += found->logits ? softplus(y) - x * y : cross_entropy(x, y, &found->saturated);
    }
    *sse += squares;
    const double variance = loss->sigma2;
    return bernoulli ? entropy : squares / (2 * variance) + 0.5 * saved->pixels * log(2 * M_PI * variance);
}

/* The KL divergence of one datum; carries the latents' means and spreads on (Welford 1962). count: data so far, this
 * one included. */
static double rate_of(elbow_diagnosis *out, elb_findings *found, const elb_saved *saved, size_t row, double count)
{
    double rate = 0;
    for (uint32_t j = 0; j < saved->latent; j++) {
        elb_latent *latent = &found->latent[j];
        const double mu = (double)saved->mu[row * saved->latent + j];
        const double v = (double)saved->logvar[row * saved->latent + j];
        rate += 0.5 * (mu * mu + expm1(v) - v);
        const double step = mu - latent->mean;
        latent->mean += step / count;
        latent->spread += step * (mu - latent->mean);
        latent->variance += (exp(v) - latent->variance) / count;
        if (v >= LOWEST_LOGVAR && v <= LARGEST_LOGVAR) continue;
        if (!out->clamped++) found->clamp = (elb_place){"logvar", row, j, v};
    }
    return rate;
}

void elb_diagnose_measure(elbow_diagnosis *out, elb_findings *found, const elb_saved *saved, const elbow_recipe *loss)
{
    *out = (elbow_diagnosis){.pixels = saved->pixels, .latent = saved->latent};
    find_ranges(found, saved);
    /* A sigmoid's rounding stays far within the margin; logits never do over a whole image. */
    const bool outside = found->x_hat.low < -1e-3 || found->x_hat.high > 1 + 1e-3;
    found->logits_seen = !saved->logits && loss->likelihood == ELBOW_BERNOULLI && outside;
    found->logits = saved->logits || found->logits_seen;
    for (size_t i = 0; i < saved->n; i++) {
        if (!measurable(&(elb_place){0}, saved, i)) continue;
        out->n++;
        out->distortion += distortion_of(&out->sse, found, saved, loss, i);
        out->rate += rate_of(out, found, saved, i, out->n);
    }
    out->distortion /= out->n; /* NAN where there are no data */
    out->rate /= out->n;
    out->sse /= out->n;
    out->mse = out->sse / saved->pixels;
    for (uint32_t j = 0; j < saved->latent; j++) {
        found->latent[j].spread /= out->n;
        found->latent[j].active = found->latent[j].spread > ACTIVE;
        out->active_units += found->latent[j].active;
    }
    out->weight = elbow_explain(loss, saved->pixels);
}

elbow_status elb_diagnose(elbow_diagnosis *out, elb_error *err, const elb_saved *saved, const elbow_recipe *loss)
{
    elb_findings found = {0};
    elbow_recipe sized = *loss;
    sized.latent = saved->latent;
    if (loss->likelihood != ELBOW_BERNOULLI && loss->likelihood != ELBOW_GAUSSIAN)
        return elb_fail(err, ELBOW_USAGE,
                        "a %s likelihood cannot be diagnosed from x_hat alone: bernoulli and gaussian can",
                        elbow_likelihood_name(loss->likelihood));
    TRY(elb_new(err, &found.latent, saved->latent, sizeof *found.latent, "the latents' spreads"));
    elb_diagnose_measure(out, &found, saved, &sized);
    elb_diagnose_advise(out, &found, &sized);
    free(found.latent);
    return ELBOW_OK;
}
