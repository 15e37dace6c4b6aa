/* linear.h - the linear VAE, solved exactly, on a spectrum (Lucas et al. 2019, section 4; docs/advise.md). All of it
 * depends on t = beta sigma^2 alone: a latent is active while its eigenvalue exceeds t. */
#ifndef ELB_THEORY_LINEAR_H
#define ELB_THEORY_LINEAR_H

#include "theory/spectrum.h"

typedef struct elb_linear {
    uint32_t active; /* latents */
    double rate;     /* nats per datum: sum of log(l_k / t) / 2 over these */
    double sse;      /* squared error: t for each of these, and l_k for every other direction */
} elb_linear;

/* With so many latents, at t >= 0. At 0 the rate is infinite. */
elb_linear elb_linear_at(const elb_spectrum *spectrum, uint32_t latent, double t);

/* The variance that is optimal at a beta, where it is learnt: the root of
 *     D s = sum over k <= M of min(beta s, l_k) + sum over k > M of l_k.
 * 0 where M latents leave no error. */
double elb_learnt_sigma2(const elb_spectrum *spectrum, uint32_t latent, double beta);
/* The beta from which on a model that learns its variance collapses: D l_1 / trace. */
double elb_learnt_collapse(const elb_spectrum *spectrum);

/* How many directions a linear VAE with as many latents as it likes uses at the rate it is given; a fraction counts how
 * far the next one is. More than the spectrum has: all of them. */
double elb_directions_at_rate(const elb_spectrum *spectrum, double rate);

#endif
