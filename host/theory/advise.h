/* advise.h - what a VAE will do at each weight, from the data's spectrum and the rates that a small model was measured
 * to have (docs/advise.md). Arithmetic alone: train/probe.c measures. */
#ifndef ELB_THEORY_ADVISE_H
#define ELB_THEORY_ADVISE_H

#include "theory/linear.h"

/* The scale that a likelihood puts on the spectrum: the threshold on eigenvalues is t = beta variance. */
typedef struct elb_level {
    double variance; /* sigma^2; 1 for a Bernoulli, whose residuals are scaled to 1 already */
    double silence;  /* distortion of a decoder that ignores z: the pixels' means */
    double least;    /* distortion of a decoder that knows the data */
} elb_level;

/* What the recipe's likelihood does with a spectrum, at the recipe's sigma2. */
elb_level elb_level_of(const elb_spectrum *spectrum, const elbow_recipe *recipe);
/* Whether there is a theory of this kind: for Bernoulli and Gaussian. The functions below are for those. */
bool elb_is_foreseeable(const elbow_recipe *recipe);
/* The spectrum that a recipe's likelihood needs. count: eigenvalues that can matter for so many latents. */
elb_spectrum_plan elb_plan_of(const elbow_recipe *recipe);
/* The same for a glance before a run: of a sample of the data, within half a second for images like MNIST's. */
elb_spectrum_plan elb_glance_of(const elbow_recipe *recipe);
/* Whether a Gaussian's variance is found in training. */
bool elb_finds_variance(const elbow_recipe *recipe);

/* A measured model. */
typedef struct elb_probed {
    double beta, rate, distortion;
} elb_probed;

#define ELB_MAX_PROBED 40

/* A rate for every beta: through the points, straight over log beta, 0 from `collapse` on. */
typedef struct elb_curve {
    elb_probed points[ELB_MAX_PROBED]; /* beta rises and lies below collapse */
    uint32_t count;
    double collapse;
} elb_curve;

/* The points of a curve that is to be measured from `least` up: half octaves below the collapse. */
void elb_curve_plan(elb_curve *curve, double least, double collapse);
double elb_curve_rate(const elb_curve *curve, double beta);
/* What optimal training reaches: the integral of the rate from beta to the collapse is how far distortion + beta rate
 * lies below silence, since that sum's slope in beta is the rate. */
double elb_curve_objective(const elb_curve *curve, double silence, double beta);

/* What is foreseen at a beta: by the curve, measured at the recipe's sigma2; without one (NULL) by the closed form of
 * the linear VAE. Where the recipe's variance is not fixed it is that which the model would find. */
elbow_advice_row elb_row_at(const elb_spectrum *spectrum, const elb_curve *curve, const elbow_recipe *recipe,
                            double beta);

/* The beta from which on all latents are lost; and the one that the recipe's threshold on eigenvalues has at sigma2
 * where the variance is that which a linear VAE would find. */
double elb_collapse_of(const elb_spectrum *spectrum, const elbow_recipe *recipe);
double elb_fixed_beta(const elb_spectrum *spectrum, const elbow_recipe *recipe, double beta);

/* The variance that a Gaussian model learns at a beta, the same two ways: the root of D s = SSE(t = beta s). */
double elb_found_sigma2(const elb_spectrum *spectrum, const elb_curve *curve, const elbow_recipe *recipe, double beta);

/* Numbers and sentences that do not depend on a row; advice->rows must be there. curve NULL: the linear VAE. */
void elb_advise_finish(elbow_advice *advice, const elb_spectrum *spectrum, const elb_curve *curve,
                       const elbow_recipe *recipe);

#endif
