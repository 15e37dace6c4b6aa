#include "theory/predict.h"

#include "theory/spectrum.h"

#include <math.h>
#include <stdlib.h>

/* What a datum costs while no latent is active: with the decoder at the pixels' means. */
typedef struct resting {
    double variance; /* the pixels' variances, summed */
    double entropy;  /* -sum of p log p + (1 - p) log(1 - p), p the pixels' means: nats */
} resting;

static double times_log(double p)
{
    return p > 0 ? p * log(p) : 0;
}

static elbow_status at_rest(resting *out, elb_error *err, const elbow_data *data, elbow_binarise binarise)
{
    const uint32_t pixels = data->info.pixels, count = data->part[ELBOW_TRAIN].count;
    double *sum = NULL, *squares = NULL;
    float *row = NULL;
    elbow_status status;
    TRY_DONE(elb_new(err, &sum, pixels, sizeof *sum, "the pixels' means"));
    TRY_DONE(elb_new(err, &squares, pixels, sizeof *squares, "the pixels' variances"));
    TRY_DONE(elb_new(err, &row, pixels, sizeof *row, "an image"));
    for (uint32_t i = 0; i < count; i++) {
        elb_data_datum(row, data, ELBOW_TRAIN, i);
        for (uint32_t j = 0; j < pixels; j++) {
            const double x = binarise == ELBOW_BINARISE_THRESHOLD ? row[j] > 0.5f : (double)row[j];
            sum[j] += x;
            squares[j] += binarise == ELBOW_BINARISE_DYNAMIC ? x : x * x; /* of a pixel drawn to be 0 or 1 */
        }
    }
    *out = (resting){.variance = 0};
    for (uint32_t j = 0; j < pixels; j++) {
        const double p = sum[j] / count;
        out->variance += squares[j] / count - p * p;
        out->entropy -= times_log(p) + times_log(1 - p);
    }
done:
    free(sum);
    free(squares);
    free(row);
    return status;
}

elbow_status elb_predict(elb_prediction *out, elb_error *err, const elbow_data *data, const elbow_recipe *recipe)
{
    const bool gaussian = recipe->likelihood == ELBOW_GAUSSIAN;
    const uint32_t latent = recipe->latent < ELB_PREDICTED_LATENTS ? recipe->latent : ELB_PREDICTED_LATENTS;
    const double beta = elbow_explain(recipe, data->info.pixels).beta, sigma2 = gaussian ? recipe->sigma2 : 1;
    const double pi = acos(-1);
    double eigenvalues[ELB_PREDICTED_LATENTS], won = 0;
    *out = (elb_prediction){.threshold = beta * sigma2};
    const elb_whitening how = {.pearson = !gaussian, .binarise = recipe->binarise};
    TRY(elb_spectrum(eigenvalues, &out->sampled, err, data, &how, latent ? latent : 1));
    out->largest = eigenvalues[0];
    out->collapse_beta = eigenvalues[0] / sigma2;
    for (uint32_t k = 0; k < latent; k++) {
        if (!(eigenvalues[k] > out->threshold)) break;
        out->active++;
        out->rate += 0.5 * log(eigenvalues[k] / out->threshold);
        won += eigenvalues[k] - out->threshold;
    }
    resting rest;
    TRY(at_rest(&rest, err, data, recipe->binarise));
    out->distortion = gaussian ? (rest.variance - won) / (2 * sigma2) + 0.5 * data->info.pixels * log(2 * pi * sigma2)
                               : rest.entropy - won / 2;
    return ELBOW_OK;
}

void elb_predict_sentence(char *out, size_t size, const elb_prediction *prediction, const elbow_recipe *recipe,
                          uint32_t pixels)
{
    const double beta = elbow_explain(recipe, pixels).beta;
    if (!prediction->active)
        elb_format(out, size,
                   "all %u latents are predicted to collapse: beta %.4g is above %.4g, where the data's strongest "
                   "direction is lost; give less weight to the KL term",
                   recipe->latent, beta, prediction->collapse_beta);
    else
        elb_format(out, size, "about %u of %u latents will be active (beta %.4g; all are lost from beta %.4g on)",
                   prediction->active, recipe->latent, beta, prediction->collapse_beta);
}
