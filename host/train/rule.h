/* rule.h - the courses of the KL term's weight that depend on what the batch measures, and on the device: which rule of
 * cl/weigh.cl a run's options ask for, and its launch. */
#ifndef ELB_RULE_H
#define ELB_RULE_H

#include "nn/model.h"

/* ELB_NO_RULE, or enum rule of cl/choices.h plus one. */
typedef uint32_t elb_rule;
#define ELB_NO_RULE 0u

elb_rule elb_rule_of(const elbow_train_options *options);

/* Where a model takes the weight from under these options. */
elb_weight_source elb_weight_source_of(const elbow_recipe *recipe, const elbow_train_options *options);

/* weights (1, latent) and the next state from the sums of a batch of so many rows (elb_model_sum). weight: on K as the
 * recipe writes it; target: nats, of the distortion without the density's constants. */
elbow_status elb_weigh(elb_device *dev, elb_rule rule, const elbow_train_options *options, const elbow_recipe *recipe,
                       uint32_t pixels, double weight, double target, uint32_t rows, elb_view weights, elb_view next,
                       elb_view sums, elb_view state);

#endif
