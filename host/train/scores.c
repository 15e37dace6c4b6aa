/* scores.c - how well a model's latents take known factors apart. */
#include "train/measure.h"

#include "theory/factors.h"

#include <stdlib.h>
#include <string.h>

/* The factors of a split's images, in its order. */
static void take_factors(uint8_t *factors, const elb_part *part, uint32_t width)
{
    for (uint32_t i = 0; i < part->count; i++)
        memcpy(factors + (size_t)i * width, part->images->factors + (size_t)part->rows[i] * ELB_MAX_FACTORS, width);
}

static elbow_status score(elbow_factor_scores *scores, elb_error *err, const elb_factored *of, uint64_t seed)
{
    scores->factors = of->factor_count;
    TRY(elb_factors_mig(&scores->mig, err, of));
    TRY(elb_factors_beta_vae(&scores->beta_vae, err, of, seed));
    return elb_factors_factor_vae(&scores->factor_vae, err, of, seed);
}

elbow_status elbow_evaluate_factors(elbow_factor_scores *scores, elbow_model *model, elbow_data *data,
                                    elbow_split split)
{
    elb_error *err = elb_begin(model->context);
    const elb_part *part = elb_data_part(data, split);
    const uint32_t latent = model->recipe.latent;
    float *mu = NULL, *logvar = NULL;
    uint8_t *factors = NULL;
    elbow_status status;
    TRY(elb_split_filled(err, data, split));
    if (!data->factors || !part->images->factors)
        return elb_fail(err, ELBOW_BAD_DATA,
                        "%s: the factors of its images are not known, so MIG and the scores of beta-VAE and FactorVAE "
                        "cannot be told: those of shapes are",
                        data->info.name);
    TRY_DONE(elb_new(err, &mu, part->count, latent * sizeof *mu, "the codes"));
    TRY_DONE(elb_new(err, &logvar, part->count, latent * sizeof *logvar, "the codes"));
    TRY_DONE(elb_new(err, &factors, part->count, data->factors, "the factors"));
    TRY_DONE(elbow_encode(mu, logvar, model, data, split, 0, part->count));
    take_factors(factors, part, data->factors);
    const elb_factored of = {mu, factors, part->count, latent, data->factors, data->factor_values};
    status = score(scores, err, &of, model->recipe.seed);
done:
    free(mu);
    free(logvar);
    free(factors);
    return status;
}
