#include "train/measure.h"

#include "../cl/choices.h"

#include <math.h>
#include <stdlib.h>

typedef struct sums {
    uint32_t n;
    double distortion, rate, sse;
    uint64_t clamped;
    double *mu, *mu2; /* (latent) sums of mu and its square */
    float *rows;      /* (max_rows, 2 latent) host copies of a batch's numbers */
    uint32_t *clamps; /* (max_rows) */
} sums;

static elbow_status add_column(double *sum, sums *s, elb_view column, uint32_t rows)
{
    TRY(elb_read_reals(s->rows, elb_cols(column, 0, rows)));
    for (uint32_t i = 0; i < rows; i++) *sum += (double)s->rows[i];
    return ELBOW_OK;
}

static elbow_status add_batch(sums *s, const elb_model *net, uint32_t latent, uint32_t rows)
{
    const elb_losses losses = elb_model_losses(net);
    TRY(add_column(&s->distortion, s, losses.distortion, rows));
    TRY(add_column(&s->rate, s, losses.rate, rows));
    TRY(add_column(&s->sse, s, losses.sse, rows));
    TRY(elb_read(s->clamps, losses.clamped.buffer, losses.clamped.offset * sizeof *s->clamps,
                 rows * sizeof *s->clamps));
    TRY(elb_read_reals(s->rows, elb_rows(losses.mu_logvar, 0, rows)));
    for (uint32_t i = 0; i < rows; i++) {
        s->clamped += s->clamps[i];
        for (uint32_t j = 0; j < latent; j++) {
            const double mu = (double)s->rows[(size_t)i * 2 * latent + j];
            s->mu[j] += mu;
            s->mu2[j] += mu * mu;
        }
    }
    s->n += rows;
    return ELBOW_OK;
}

/* Latents whose mean moves with the data: Var mu > 0.01 (Burda et al. 2015, section 5.1). */
static uint32_t active_units(const sums *s, uint32_t latent)
{
    uint32_t active = 0;
    for (uint32_t j = 0; j < latent; j++) {
        const double mean = s->mu[j] / s->n;
        active += s->mu2[j] / s->n - mean * mean > 0.01;
    }
    return active;
}

static elbow_status measure(sums *s, elbow_model *model, elb_view w, elb_feed *feed, uint32_t count, bool use_mean)
{
    const uint32_t step = elb_model_max_rows(model->net);
    TRY(elb_feed_start(feed, 0));
    for (uint32_t first = 0; first < count; first += step) {
        const uint32_t rows = count - first < step ? count - first : step;
        elb_batch batch = {.purpose = EVALUATION_NOISE, .use_mean = use_mean, .scale = 1};
        TRY(elb_feed_batch(&batch.x, &batch.samples, feed, first, rows));
        TRY(elb_model_forward(model->net, w, &batch));
        TRY(add_batch(s, model->net, model->recipe.latent, rows));
    }
    return ELBOW_OK;
}

/* The square of the density's scale, where it has one: the mean over the pixels. */
static elbow_status read_sigma2(double *sigma2, elbow_model *model, elb_view w)
{
    const elbow_recipe *recipe = &model->recipe;
    const elb_view spread = elb_model_spread(model->net, w);
    float *log_sigma;
    *sigma2 = elbow_likelihood_has_scale(recipe->likelihood) ? recipe->sigma2 : (double)NAN;
    if (!spread.cols) return ELBOW_OK;
    TRY(elb_new(&model->context->err, &log_sigma, spread.cols, sizeof *log_sigma, "the decoder's spread"));
    const elbow_status status = elb_read_reals(log_sigma, spread);
    double sum = 0;
    for (uint32_t j = 0; j < spread.cols; j++) {
        const double p = (double)log_sigma[j];
        /* Learnt ones are softly clipped: cl/density.h. */
        sum += exp(2 * (recipe->spread == ELBOW_SPREAD_OPTIMAL ? p : log1p(exp(p + 6)) - 6));
    }
    free(log_sigma);
    *sigma2 = sum / spread.cols;
    return status;
}

elbow_status elb_measure(elbow_metrics *metrics, elbow_model *model, elb_view w, elb_feed *feed, uint32_t count,
                         bool use_mean)
{
    elb_error *err = &model->context->err;
    const uint32_t latent = model->recipe.latent, rows = elb_model_max_rows(model->net);
    sums s = {0};
    elbow_status status;
    TRY_DONE(elb_new(err, &s.mu, latent, sizeof *s.mu, "latent means"));
    TRY_DONE(elb_new(err, &s.mu2, latent, sizeof *s.mu2, "latent means"));
    TRY_DONE(elb_new(err, &s.rows, (size_t)rows * 2 * latent, sizeof *s.rows, "a batch's latents"));
    TRY_DONE(elb_new(err, &s.clamps, rows, sizeof *s.clamps, "a batch's counts"));
    TRY_DONE(measure(&s, model, w, feed, count, use_mean));
    double sigma2;
    TRY_DONE(read_sigma2(&sigma2, model, w));

    const double n = s.n ? s.n : 1;
    *metrics = (elbow_metrics){.n = s.n,
                               .distortion = s.distortion / n + elb_feed_constant(feed),
                               .rate = s.rate / n,
                               .sse = s.sse / n,
                               .mse = s.sse / n / model->pixels,
                               .active_units = active_units(&s, latent),
                               .latent = latent,
                               .clamped = s.clamped,
                               .sigma2 = sigma2,
                               .bound = (double)NAN};
    metrics->elbo = -(metrics->distortion + metrics->rate);
    const bool bits = model->recipe.likelihood == ELBOW_DISCRETISED_LOGISTIC;
    metrics->bits_per_dim = bits ? -metrics->elbo / (model->pixels * log(2)) : (double)NAN;
done:
    free(s.mu);
    free(s.mu2);
    free(s.rows);
    free(s.clamps);
    return status;
}

elbow_status elb_split_filled(elb_error *err, const elbow_data *data, elbow_split split)
{
    if (elb_data_part(data, split)->count) return ELBOW_OK;
    return elb_fail(err, ELBOW_BAD_DATA, "%s has no %s images%s", data->info.name,
                    split == ELBOW_VALIDATION ? "validation"
                    : split == ELBOW_TEST     ? "test"
                                              : "training",
                    split == ELBOW_VALIDATION ? ": a run that was trained with --holdout or --patience has" : "");
}

elbow_status elbow_evaluate(elbow_metrics *metrics, elbow_model *model, elbow_data *data, elbow_split split,
                            bool use_mean)
{
    elb_error *err = elb_begin(model->context);
    elb_device *dev = model->context->dev;
    const elb_part *part = elb_data_part(data, split);
    elb_feed *feed;
    TRY(elb_model_fits(model, data));
    TRY(elb_split_filled(err, data, split));
    TRY(elb_feed_new(&feed, dev, data, split, elb_model_max_rows(model->net), &model->recipe, elb_feed_limit(dev)));
    const elbow_status status = elb_measure(metrics, model, elb_flat(model, model->w), feed, part->count, use_mean);
    elb_feed_free(feed);
    return status;
}
