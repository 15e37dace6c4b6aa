/* schedule.h - the numbers of a step that change over a run: the learning rate, Adam's bias corrections, the KL term's
 * weight.
 *
 * All are computed in IEEE double with additions, multiplications and divisions only, so that every host gets the same
 * bits; libm's pow, exp and cos may differ between C libraries. */
#ifndef ELB_SCHEDULE_H
#define ELB_SCHEDULE_H

#include "elbow.h"

/* The learning rate of a step (from 0) of a run of `steps` steps with steps_per_epoch each.
 * Warm-up: rises linearly, reaching the full rate after rate_warmup epochs. STEP: rate_factor^floor(epoch /
 * rate_every). COSINE: from 1 to rate_factor over the whole run (Loshchilov & Hutter 2017, without restarts). */
double elb_learning_rate(const elbow_train_options *options, uint64_t step, uint64_t steps, double steps_per_epoch);

/* The weight of a step on K, as the recipe writes it: `weight` but for warm-ups and cycles. Where the batch decides
 * (train/rule.h) it is what that starts from. */
double elb_kl_weight(const elbow_train_options *options, double weight, uint64_t step, double steps_per_epoch);

/* The target of a step in nats: CAPACITY and LEAST_RATE let it rise. */
double elb_kl_target(const elbow_train_options *options, uint64_t step, double steps_per_epoch);

/* base^exponent by squaring. */
double elb_power(double base, uint64_t exponent);

/* cos(pi x) for x in [0, 1], to about 1e-15. */
double elb_cospi(double x);

/* e^x for |x| <= 64, to about 1e-13 of it. */
double elb_exp(double x);

#endif
