/* Rows of the kernels that decide from what a whole batch measures: weights of the KL term, the density's spread. */
#include "math/selftest_rows.h"

#include <math.h>

static elbow_status run_weigh(elb_trial *trial, const void *options)
{
    static const uint32_t latents[] = {1, 5, 37, 64, 20};
    const uint32_t count = latents[trial->size];
    const elb_view weights = elb_trial_out(trial, 1, count), next = elb_trial_out(trial, 1, 4);
    const elb_view sums = elb_trial_reals(trial, 1, count + 3, 0, 90), state = elb_trial_reals(trial, 1, 4, 0, 1);
    if (trial->size == 3) ELB_PLACE(trial, elb_cols(sums, count, 2), INFINITY, NAN); /* neither is learnt from */
    if (trial->size == 4) ELB_PLACE(trial, elb_cols(sums, count, 2), 2, -300);
    if (trial->size == 1) ELB_PLACE(trial, state, 19.5, 40, 0, 0);
    return launch_weigh(trial->dev, options, (elb_range){1, 1}, weights, next, sums, state, count, count % 7 + 1,
                        0x1.111112p-5, 1.5, trial->size == 2 ? 0x1p-20 : 1.25, 0.01, 0x1.4p-9, 4);
}

const elb_row elb_row_weigh = {.run = run_weigh,
                               .sizes = 5,
                               .sound = "rate > target ? weight : rate < target",
                               .defect = "rate < target ? weight : rate < target"};

static elbow_status run_optimum(elb_trial *trial, const void *options)
{
    const elb_view p = elb_trial_out(trial, 1, 1), next = elb_trial_out(trial, 1, 1);
    const elb_view sse = elb_trial_reals(trial, 1, 1, 0, 900), running = elb_trial_reals(trial, 1, 1, -6, 1);
    static const double special[] = {INFINITY, NAN, 0x1p-40, 0};
    (void)options;
    if (trial->size < COUNT(special)) elb_trial_set(trial, sse, 0, special[trial->size]);
    return launch_optimum(trial->dev, (elb_range){1, 1}, p, next, sse, running, 0x1.4e5e0ap-17, 0.01);
}

const elb_row elb_row_optimum = {
    .run = run_optimum, .sizes = 6, .sound = "now - before, before", .defect = "now, before"};

static elbow_status run_settle(elb_trial *trial, const void *options)
{
    const elb_view y = elb_trial_reals(trial, 1, 4, 0, 1), x = elb_trial_reals(trial, 1, 4, 1, 2);
    const elb_view flag = elb_trial_uints(trial, 1, 2);
    (void)options;
    elb_trial_compare(trial, y);
    elb_trial_set(trial, x, 2, 0x1p-41);
    elb_trial_set_uint(trial, flag, 0, trial->size);
    return launch_settle(trial->dev, (elb_range){1, 1}, y, x, flag, 4);
}

const elb_row elb_row_settle = {.run = run_settle, .sizes = 2, .sound = "|| flag[0]", .defect = ""};
