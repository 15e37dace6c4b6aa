/* step.h - one training step on the device: the batch forwards, its shards backwards, their gradients combined by the
 * fixed tree, clipping, the guard against what is not finite, Adam. Nothing here waits for the device. */
#ifndef ELB_STEP_H
#define ELB_STEP_H

#include "train/feed.h"
#include "train/model_state.h"

/* A gradient for each level of the binary counter over shards: up to 2^31 of them. */
#define ELB_TREE_LEVELS 32

/* Room for what is summed over the shards by the binary tree: a vector for each level of the counter. */
typedef struct elb_tree {
    elb_buffer *level[ELB_TREE_LEVELS]; /* those in use: log2 S + 1 */
    uint32_t length;
} elb_tree;

/* What controls the KL term and the density's spread beside the parameters: kept on the device, saved with the state.
 */
enum { ELB_CONTROL = 4 };

typedef struct elb_stepper {
    elbow_model *model;
    const elbow_train_options *options;
    uint32_t shards; /* S */
    elb_tree gradients, sums;
    elb_buffer *norm_scratch, *scalars; /* scalars: norm^2 and the clip factor */
    elb_buffer *bad;                    /* 3 unsigned: set, count, first step (nn/update.h) */
    elb_buffer *losses;                 /* (2, data of an epoch) distortion and rate of each, in the epoch's order */
    uint32_t count;                     /* data of an epoch */
    elb_buffer *control;                /* state and next of cl/weigh.cl (ELB_CONTROL each), p and next of optimum.cl */
    elb_buffer *weights;                /* (1, latent) of cl/weigh.cl; or (rows, 1) of cl/condition.cl */
    elb_buffer *stands;                 /* (1, rows) t of cl/condition.cl */
} elb_stepper;

/* One step's numbers. */
typedef struct elb_step {
    uint64_t number;      /* of the whole run, from 0 */
    uint32_t epoch;       /* from 1 */
    uint32_t first, rows; /* data of the epoch's order */
    double rate;          /* Adam's learning rate */
    double weight;        /* on K, as the recipe writes it */
    double target;        /* of K or of the distortion without its constants, nats */
} elb_step;

/* How many shards --shards auto cuts a batch into: the largest power of two that leaves 16 rows to each, at most 64. */
uint32_t elb_auto_shards(uint32_t batch);

elbow_status elb_stepper_open(elb_stepper *stepper, elbow_model *model, const elbow_train_options *options,
                              uint32_t count);
void elb_stepper_close(elb_stepper *stepper);
elbow_status elb_stepper_run(elb_stepper *stepper, elb_feed *feed, const elb_step *step);

/* state of cl/weigh.cl (its fourth number is the weight of the last step) to and from the host. */
elbow_status elb_stepper_control(float state[ELB_CONTROL], elb_stepper *stepper);
elbow_status elb_stepper_set_control(elb_stepper *stepper, const float state[ELB_CONTROL]);

/* Reads the guard's words; they stay set. */
elbow_status elb_stepper_bad(uint32_t bad[3], elb_stepper *stepper);
/* Names what was not finite first in a step that the guard refused, by going through it again. */
elbow_status elb_stepper_diagnose(char name[64], elb_stepper *stepper, elb_feed *feed, const elb_step *step);

#endif
