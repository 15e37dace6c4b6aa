/* predict.h - before training: how many latents will carry anything, from the linear VAE's closed form
 * (Lucas et al. 2019, section 4; docs/maths.md). A latent is active while its eigenvalue exceeds t = beta sigma^2. */
#ifndef ELB_THEORY_PREDICT_H
#define ELB_THEORY_PREDICT_H

#include "base/base.h"

/* Active units are counted up to this many latents; more latents than that are taken as that many. */
#define ELB_PREDICTED_LATENTS 64

typedef struct elb_prediction {
    uint32_t active;      /* latents predicted active, of min(recipe's latent, ELB_PREDICTED_LATENTS) */
    double rate;          /* sum over these of log(l_k / t) / 2, nats per datum */
    double threshold;     /* t: beta sigma^2 for a Gaussian, beta for Bernoulli */
    double largest;       /* l_1 of the covariance; for Bernoulli of the Pearson residuals' */
    double collapse_beta; /* every latent is lost from this beta on */
    uint32_t sampled;     /* images looked at */
} elb_prediction;

/* Takes at most about half a second for MNIST. A linear theory: it underrates a deep decoder's rate, but its thresholds
 * are near. Errors: MEMORY; UNSUPPORTED for other likelihoods. */
elbow_status elb_predict(elb_prediction *out, elb_error *err, const elbow_data *data, const elbow_recipe *recipe);

/* "about 12 of 20 latents will be active (beta 1; all are lost from beta 5.12 on)". Into out, cut to size. */
void elb_predict_sentence(char *out, size_t size, const elb_prediction *prediction, const elbow_recipe *recipe,
                          uint32_t pixels);

#endif
