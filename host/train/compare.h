/* compare.h - the same steps of training on several devices: what compare*.c share. */
#ifndef ELB_COMPARE_H
#define ELB_COMPARE_H

#include "device/profile.h"
#include "train/step.h"

/* What is trained. All lanes do the same steps: their digests compare. */
typedef struct elb_work {
    elbow_recipe recipe;
    elbow_train_options train; /* batch and shards; one epoch's order again and again */
    const elbow_data *data;
} elb_work;

/* One device at work. */
typedef struct elb_lane {
    elbow_device_result *result;
    elbow_context *context; /* NULL: closed */
    elbow_model *model;
    elb_feed *feed;
    elb_stepper stepper;
    uint64_t number; /* of the next step */
    double *ms;      /* of a step, one for each turn */
    uint32_t turns;
} elb_lane;

/* ---- compare.c ---- */

/* The number below which that share of sorted ones lies, between two of them where it falls there (Hyndman and Fan
 * 1996, type 7, as NumPy). */
double elb_quantile(const double *sorted, uint32_t count, double share);

/* ---- compare_lane.c ---- */

/* Opens a device with a new model on it and does the first step; *seconds is what that took. Programs are not verified
 * at their first use: that a device's bits are wrong is a finding here. rebuild: with no program from any cache. What
 * fails is in the lane's context, which is there but for MEMORY. */
elbow_status elb_lane_open(elb_lane *lane, double *seconds, const elb_work *work, elb_error *listener, const char *id,
                           bool rebuild);
/* Back to the model's first step. */
elbow_status elb_lane_restart(elb_lane *lane, const elb_work *work);
/* So many steps, waited for; *ms is what one took. */
elbow_status elb_lane_run(elb_lane *lane, double *ms, const elb_work *work, uint32_t steps);
/* So many steps with their times kept, then the device's peaks: fills the result's figures about kernels. */
elbow_status elb_lane_profile(elb_lane *lane, const elb_work *work, uint32_t steps);
void elb_lane_close(elb_lane *lane);

/* ---- compare_difference.c ---- */

/* Says in lane->result->difference where the lane's bits differ from the reference's first: goes through the first step
 * on both, launch by launch; if that is the same, through the selftest of every kernel that the lane uses. Both lanes
 * start again from their first step. */
elbow_status elb_lanes_differ(elb_lane *lane, elb_lane *reference, const elb_work *work);

/* ---- compare_json.c ---- */

/* Makes comparison->json. */
elbow_status elb_comparison_write(elbow_comparison *comparison, elb_error *err);

#endif
