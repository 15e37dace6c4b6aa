#include "theory/predict.h"

#include "theory/spectrum.h"

#include <math.h>

elbow_status elb_predict(elb_prediction *out, elb_error *err, const elbow_data *data, const elbow_recipe *recipe)
{
    const bool gaussian = recipe->likelihood == ELBOW_GAUSSIAN;
    const uint32_t latent = recipe->latent < ELB_PREDICTED_LATENTS ? recipe->latent : ELB_PREDICTED_LATENTS;
    const double beta = elbow_explain(recipe, data->info.pixels).beta, sigma2 = gaussian ? recipe->sigma2 : 1;
    double eigenvalues[ELB_PREDICTED_LATENTS];
    if (!gaussian && recipe->likelihood != ELBOW_BERNOULLI)
        return elb_fail(err, ELBOW_UNSUPPORTED,
                        "the linear theory forecasts gaussian and bernoulli likelihoods, not %s: train to see",
                        elbow_likelihood_name(recipe->likelihood));
    *out = (elb_prediction){.threshold = beta * sigma2};
    const elb_whitening how = {.pearson = !gaussian, .binarise = recipe->binarise};
    TRY(elb_spectrum(eigenvalues, &out->sampled, err, data, &how, latent ? latent : 1));
    out->largest = eigenvalues[0];
    out->collapse_beta = eigenvalues[0] / sigma2;
    for (uint32_t k = 0; k < latent; k++) {
        if (!(eigenvalues[k] > out->threshold)) break;
        out->active++;
        out->rate += 0.5 * log(eigenvalues[k] / out->threshold);
    }
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
