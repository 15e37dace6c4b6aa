/* factors.h - how well latents take factors of variation apart, where these are known: three scores of codes (count,
 * latent) and factors (count, factors), each 0 to 1. */
#ifndef ELB_THEORY_FACTORS_H
#define ELB_THEORY_FACTORS_H

#include "base/base.h"

typedef struct elb_factored {
    const float *codes;     /* (count, latent): mu */
    const uint8_t *factors; /* (count, factor_count): values from 0 on */
    uint32_t count, latent, factor_count;
    const uint32_t *values; /* (factor_count): how many values each takes */
} elb_factored;

/* The mutual information gap (Chen et al. 2018, equation 6): mean over the factors of (I of the latent that knows most
 * about it - I of the next one) / H of the factor. A latent's values are counted in 20 equal bins of its range, as
 * Locatello et al. 2019 do. *mig is 0 where no factor varies. Errors: MEMORY. */
elbow_status elb_factors_mig(double *mig, elb_error *err, const elb_factored *of);

/* FactorVAE's score (Kim & Mnih 2018, section 4): a factor is fixed and 64 images drawn; the latent whose variance,
 * relative to its variance over all, is the smallest votes for it. The majority vote of 800 such draws classifies 800
 * others: *score is the share that is right. Latents of a variance below 0.01 have no vote; 0 where there is no other.
 * Chance: 1 / factors. Errors: MEMORY. */
elbow_status elb_factors_factor_vae(double *score, elb_error *err, const elb_factored *of, uint64_t seed);

/* beta-VAE's score (Higgins et al. 2017, section 3): a factor is fixed within each of 64 pairs of images; a linear
 * classifier tells which from the means of |difference of the codes|. *score is its accuracy on 400 draws, after 800
 * to learn from. Chance: 1 / factors. Errors: MEMORY. */
elbow_status elb_factors_beta_vae(double *score, elb_error *err, const elb_factored *of, uint64_t seed);

#endif
