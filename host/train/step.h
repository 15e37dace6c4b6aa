/* step.h - one training step on the device: the batch forwards, its shards backwards, their gradients combined by the
 * fixed tree, clipping, the guard against what is not finite, Adam. Nothing here waits for the device.
 *
 * elb_stepper_run does all of a step. The functions below it are its parts, for a device that does some of the batch's
 * shards (team.h). */
#ifndef ELB_STEP_H
#define ELB_STEP_H

#include "train/feed.h"
#include "train/model_state.h"
#include "train/tree.h"

/* Numbers that are kept of each datum of an epoch: its distortion and rate, and with IWAE its bound. */
enum { ELB_DISTORTION, ELB_RATE, ELB_BOUND, ELB_LOSSES };

/* What controls the KL term and the density's spread beside the parameters: kept on the device, saved with the state.
 */
enum { ELB_CONTROL = 4 };

/* One step's numbers. */
typedef struct elb_step {
    uint64_t number;      /* of the whole run, from 0 */
    uint32_t epoch;       /* from 1 */
    uint32_t first, rows; /* data of the epoch's order */
    double rate;          /* Adam's learning rate */
    double weight;        /* on K, as the recipe writes it */
    double target;        /* of K or of the distortion without its constants, nats */
} elb_step;

typedef struct elb_stepper {
    elbow_model *model;
    const elbow_train_options *options;
    uint32_t shards;          /* S */
    elb_tree gradients, sums; /* sums: of what the whole batch decides before it goes back; length 0: nothing */
    elb_buffer *norm_scratch, *scalars; /* scalars: the clip factor and norm^2 */
    elb_buffer *bad;                    /* 3 unsigned: set, count, first step (nn/update.h) */
    elb_buffer *losses;                 /* (ELB_LOSSES, data of an epoch), in the epoch's order */
    uint32_t count;                     /* data of an epoch */
    elb_buffer *control;                /* state and next of cl/weigh.cl (ELB_CONTROL each), p and next of optimum.cl */
    elb_buffer *weights;                /* (1, latent) of cl/weigh.cl; or (rows, 1) of cl/condition.cl */
    elb_buffer *stands;                 /* (1, rows) t of cl/condition.cl */
    elb_batch batch;                    /* of the step under way: what went forward ... */
    uint32_t rows;                      /* ... of a batch of so many data */
} elb_stepper;

/* The numbers of a step of a run with so many batches to an epoch, but for which data it takes. constant: what the
 * losses leave out of a distortion. */
elb_step elb_step_of(const elbow_train_options *options, const elbow_recipe *recipe, uint64_t number, uint32_t batches,
                     double constant);

/* How many shards --shards auto cuts a batch into: the largest power of two that leaves 16 rows to each, at most 64. */
uint32_t elb_auto_shards(uint32_t batch);

elbow_status elb_stepper_open(elb_stepper *stepper, elbow_model *model, const elbow_train_options *options,
                              uint32_t count);
void elb_stepper_close(elb_stepper *stepper);
/* How many of a datum's numbers a recipe has: all, or all but the bound. */
uint32_t elb_losses_of(const elbow_recipe *recipe);
elbow_status elb_stepper_run(elb_stepper *stepper, elb_feed *feed, const elb_step *step);

/* The data of some of the step's shards go forward. */
elbow_status elb_stepper_forward(elb_stepper *stepper, elb_feed *feed, const elb_step *step, elb_shards run);
/* Sums what was measured over a node of these shards: into elb_tree_sum_of(&stepper->sums). */
elbow_status elb_stepper_sums(elb_stepper *stepper, elb_shards node);
/* What the sums over the whole batch, which lie there by now, decide. */
elbow_status elb_stepper_decide(elb_stepper *stepper, const elb_step *step);
/* Sums the gradient over a node of the shards that went forward: into elb_tree_sum_of(&stepper->gradients). */
elbow_status elb_stepper_gradient(elb_stepper *stepper, elb_shards node);
/* Clips, guards and updates with the gradient of the whole batch, which lies there by now, as its losses do in
 * elb_stepper_losses. */
elbow_status elb_stepper_update(elb_stepper *stepper, const elb_step *step);

/* What the data that went forward last have of these numbers. */
elb_view elb_stepper_found(const elb_stepper *stepper, uint32_t which);
/* Where losses of data from `first` of the epoch stand. which: ELB_DISTORTION ... */
elb_view elb_stepper_losses(const elb_stepper *stepper, uint32_t which, uint32_t first, uint32_t rows);

/* state of cl/weigh.cl (its fourth number is the weight of the last step) to and from the host. */
elbow_status elb_stepper_control(float state[ELB_CONTROL], elb_stepper *stepper);
elbow_status elb_stepper_set_control(elb_stepper *stepper, const float state[ELB_CONTROL]);

/* Reads the guard's words; they stay set. */
elbow_status elb_stepper_bad(uint32_t bad[3], elb_stepper *stepper);
/* Names what was not finite first in a step that the guard refused, by going through it again. */
elbow_status elb_stepper_diagnose(char name[64], elb_stepper *stepper, elb_feed *feed, const elb_step *step);

#endif
