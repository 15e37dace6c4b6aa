/* Rows of the two kernels that measure what a device can do at the most. */
#include "math/selftest_rows.h"

/* ---- fma_chain: no element, one and many turns; less than a tile, several ---- */

static elbow_status run_fma_chain(elb_trial *trial, const void *options)
{
    static const uint32_t turns[ELB_FLAT_SIZES] = {1, 0, 7, 1000};
    (void)options;
    const uint32_t count = elb_flat_sizes[trial->size];
    const elb_view y = elb_trial_out(trial, 1, count), x = elb_trial_reals(trial, 1, count, -1, 1);
    TRY(trial->status);
    return launch_fma_chain(trial->dev, elb_chain_range(trial->dev, count), y, x, count, turns[trial->size], 0x1.fcp-1,
                            0x1.5p-4);
}

/* A product rounded before it is added. */
const elb_row elb_row_fma_chain = {run_fma_chain, ELB_FLAT_SIZES, "vfma(c##r##_##v, splat(factor), splat(step))",
                                   "(c##r##_##v * splat(factor) + splat(step))", NULL};

/* ---- triad ---- */

static elbow_status run_triad(elb_trial *trial, const void *options)
{
    (void)options;
    const uint32_t count = elb_flat_sizes[trial->size];
    const elb_view y = elb_trial_out(trial, 1, count), x = elb_trial_reals(trial, 1, count, -1, 1);
    const elb_view z = elb_trial_reals(trial, 1, count, -1, 1);
    TRY(trial->status);
    return launch_triad(trial->dev, elb_block_range(trial->dev, count), y, x, z, count, 0.7);
}

const elb_row elb_row_triad = {run_triad, ELB_FLAT_SIZES, "vfma(splat(scale), load_part(z + e, count - e), load_part",
                               "(splat(scale) * load_part(z + e, count - e) + load_part", NULL};
