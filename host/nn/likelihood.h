/* likelihood.h - what there is to know of each likelihood p(x|z) on the host: one row of a table. Its formulas are in
 * cl/density.h. */
#ifndef ELB_LIKELIHOOD_H
#define ELB_LIKELIHOOD_H

#include "base/base.h"

/* The data that a likelihood is one of. */
typedef enum elb_accepts { ELB_ANY_NUMBERS, ELB_0_TO_1, ELB_8_BITS, ELB_COUNTS } elb_accepts;

typedef struct elb_density {
    const char *title; /* "continuous Bernoulli" */
    double power;      /* sigma2^-power is PRECISION of cl/elbo.cl; 0: there is no scale */
    double constant;   /* nats per pixel that the kernel leaves out, and with it, ... */
    elb_accepts accepts;
    int32_t link;   /* enum link of cl/choices.h: from the decoder's output to the mean */
    bool located;   /* elbow_output chooses that: the output itself or its sigmoid */
    bool optimal;   /* the best scale for a batch is known in closed form */
    bool log_scale; /* ... the logarithm of a fixed scale */
} elb_density;

const elb_density *elb_density_of(const elbow_recipe *recipe);

/* Refuses a scale that is out of range, and a source of it that the likelihood does not have. Errors: USAGE. */
elbow_status elb_likelihood_check(elb_error *err, const elbow_recipe *recipe);

/* What a recipe's output is where it says AUTO. */
elbow_output elb_recipe_output(const elbow_recipe *recipe);

/* For the kernels: enum likelihood, SIGMOID or IDENTITY, enum link, enum spread_source of cl/choices.h; and PRECISION.
 */
int32_t elb_kernel_likelihood(const elbow_recipe *recipe);
int32_t elb_output_of(const elbow_recipe *recipe);
int32_t elb_link_of(const elbow_recipe *recipe);
int32_t elb_spread_of(const elbow_recipe *recipe);
float elb_precision_of(const elbow_recipe *recipe);

/* What a density adds to each datum's distortion, which the kernels leave out: D/2 log(2 pi sigma2) for a Gaussian of
 * fixed variance, D/2 log(2 pi) for one of another, ... Nats. Densities of counts leave out elb_count_constant too. */
double elb_density_constant(const elbow_recipe *recipe, uint32_t pixels);

/* log x! - x log x + x of a count x: what hangs on the data alone. */
double elb_count_constant(double x);

#endif
