/* step.h - one training step on the device: shards forwards and backwards, their gradients combined by the fixed tree,
 * clipping, the guard against what is not finite, Adam. Nothing here waits for the device. */
#ifndef ELB_STEP_H
#define ELB_STEP_H

#include "train/feed.h"
#include "train/model_state.h"

/* A gradient for each level of the binary counter over shards: up to 2^31 of them. */
#define ELB_TREE_LEVELS 32

typedef struct elb_stepper {
    elbow_model *model;
    const elbow_train_options *options;
    uint32_t shards;                       /* S */
    elb_buffer *gradient[ELB_TREE_LEVELS]; /* those in use: log2 S + 1 */
    elb_buffer *norm_scratch, *scalars;    /* scalars: norm^2 and the clip factor */
    elb_buffer *bad;                       /* 3 unsigned: set, count, first step (nn/update.h) */
    elb_buffer *losses;                    /* (2, data of an epoch) distortion and rate of each, in the epoch's order */
    uint32_t count;                        /* data of an epoch */
} elb_stepper;

/* One step's numbers. */
typedef struct elb_step {
    uint64_t number;      /* of the whole run, from 0 */
    uint32_t epoch;       /* from 1 */
    uint32_t first, rows; /* data of the epoch's order */
    double rate;          /* Adam's learning rate */
} elb_step;

/* How many shards --shards auto cuts a batch into: the largest power of two that leaves 16 rows to each, at most 64. */
uint32_t elb_auto_shards(uint32_t batch);

elbow_status elb_stepper_open(elb_stepper *stepper, elbow_model *model, const elbow_train_options *options,
                              uint32_t count);
void elb_stepper_close(elb_stepper *stepper);
elbow_status elb_stepper_run(elb_stepper *stepper, elb_feed *feed, const elb_step *step);

/* Reads the guard's words; they stay set. */
elbow_status elb_stepper_bad(uint32_t bad[3], elb_stepper *stepper);
/* Names what was not finite first in a step that the guard refused, by going through it again. */
elbow_status elb_stepper_diagnose(char name[64], elb_stepper *stepper, elb_feed *feed, const elb_step *step);

#endif
