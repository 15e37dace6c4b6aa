#include "train/rule.h"

#include "elb_kernels.h"

elb_rule elb_rule_of(const elbow_train_options *options)
{
    switch (options->schedule) {
    case ELBOW_SCHEDULE_CAPACITY:
        return ELB_CAPACITY + 1;
    case ELBOW_SCHEDULE_LEAST_RATE:
        return ELB_LEAST_RATE + 1;
    case ELBOW_SCHEDULE_GECO:
        return ELB_TARGET_DISTORTION + 1;
    case ELBOW_SCHEDULE_CONTROL:
        return ELB_TARGET_RATE + 1;
    default:
        return options->free_bits > 0 ? ELB_FREE_BITS + 1 : ELB_NO_RULE;
    }
}

elb_weight_source elb_weight_source_of(const elbow_recipe *recipe, const elbow_train_options *options)
{
    if (elbow_recipe_has_betas(recipe) || elb_rule_of(options) != ELB_NO_RULE) return ELB_BY_MEMORY;
    return options->schedule == ELBOW_SCHEDULE_CONSTANT ? ELB_BUILT_IN : ELB_BY_STEP;
}

elbow_status elb_weigh(elb_device *dev, elb_rule rule, const elbow_train_options *options, const elbow_recipe *recipe,
                       uint32_t pixels, double weight, double target, uint32_t rows, elb_view weights, elb_view next,
                       elb_view sums, elb_view state)
{
    const struct weigh_options built = {.rule = (int32_t)rule - 1};
    const bool free_bits = built.rule == ELB_FREE_BITS, geco = built.rule == ELB_TARGET_DISTORTION;
    const uint32_t group =
        free_bits && options->free_bits_group < recipe->latent ? options->free_bits_group : recipe->latent;
    /* GECO's error is in hundredths of a nat per pixel. */
    return launch_weigh(dev, &built, (elb_range){1, 1}, weights, next, sums, state, recipe->latent, group, 1.0 / rows,
                        elb_weight_on_sum(recipe, weight), free_bits ? options->free_bits : target,
                        options->schedule_gain, geco ? 100.0 / pixels : options->schedule_pull, options->schedule_most);
}
