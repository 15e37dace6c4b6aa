/* trainer.h - a run: epochs of steps, what is reported and what is saved. */
#ifndef ELB_TRAINER_H
#define ELB_TRAINER_H

#include "train/measure.h"
#include "train/rule.h"
#include "train/run.h"
#include "train/state.h"
#include "train/step.h"
#include "train/team.h"

typedef struct elb_trainer {
    elb_error *err;
    elb_device *dev;
    elbow_model *model;
    const elbow_data *data;
    elbow_train_options options;
    char fingerprints[ELB_FINGERPRINTS][65]; /* of the recipe */
    uint64_t recipe;                         /* a part of it, as a number */
    uint32_t wish;                           /* see elb_trainer_wish */
    int lock;                                /* on the run's folder; -1: none */

    elb_feed *feed, *measured[2]; /* training; validation and test */
    elb_stepper stepper;
    elb_team *team;   /* NULL: one device does all */
    elb_vectors host; /* host copies for saving; best: parameters of the best epoch */
    float *losses;    /* host copies of losses as they are polled: distortion and rate of an epoch's data */

    elb_state state;
    uint32_t batches;              /* of an epoch */
    uint64_t steps;                /* of the whole run */
    double started, polled, saved; /* clocks */
    elb_step last;                 /* the last step that was done */
    uint64_t kept;                 /* steps of the state that was saved last */
    bool keeps;                    /* there is one */
    double epoch_seconds;          /* this epoch's training so far */
    uint32_t epoch_images;         /* trained in these seconds */
    elbow_metrics validation, test;
    double beta; /* the weight of the last step that was looked at, on the ELBO's scale */
    bool stop;   /* the caller asked */
} elb_trainer;

/* ---- trainer.c ---- */

/* Reads how far the device has come after t->last: losses of finished steps, the guard. Errors: NOT_FINITE. */
elbow_status elb_trainer_poll(elb_trainer *t);
/* Means over the epoch under way, so far. */
elbow_metrics elb_trainer_epoch(const elb_trainer *t);
/* Tells the caller; sets t->stop. */
void elb_trainer_report(elb_trainer *t, bool epoch_ends, double rate);

/* ---- trainer_device.c: one device, or a team ---- */

/* A step; with a team its update may come later. */
elbow_status elb_trainer_step(elb_trainer *t, const elb_step *step);
/* Does what is no step with the first device, once all steps are updated. If the device fails and there is another,
 * that one does it: work may be called again after a failure. */
typedef elbow_status elb_trainer_work(elb_trainer *t);
elbow_status elb_trainer_do(elb_trainer *t, elb_trainer_work *work);
/* The guard's words are made 0. */
elbow_status elb_trainer_forget_bad(elb_trainer *t);
/* Feeds of the splits that are measured, on the device that is the first now. */
elbow_status elb_trainer_open_measured(elb_trainer *t);
void elb_trainer_close_measured(elb_trainer *t);
/* Says after a failure of a device or a disk what is left of the run. */
void elb_trainer_say_what_is_left(elb_trainer *t, elbow_status status);
/* All ranks meet at the same points of a run: see elb_ranks_meet. Rank 0's t->stop becomes that of all. */
elbow_status elb_trainer_meet(elb_trainer *t, elbow_status status);
/* What rank 0 trains comes to all ranks. */
elbow_status elb_trainer_take_from_first(elb_trainer *t);
/* Before a step: what this rank wishes, to look after it at how far the run has come. After it: whether it looks. */
void elb_trainer_wish(elb_trainer *t, bool look);
bool elb_trainer_looks(const elb_trainer *t);

/* ---- keep.c: the run folder ---- */

/* Begins the run folder, or brings t back to what its state says. */
elbow_status elb_trainer_begin(elb_trainer *t);
/* Adds a line to metrics.jsonl for the epoch that has ended. */
elbow_status elb_trainer_log(elb_trainer *t, double rate);
/* Writes the model file and then the state. */
elbow_status elb_trainer_save(elb_trainer *t);
/* The state with its vectors, from the device to the host and back. */
elbow_status elb_trainer_read_state(elb_trainer *t, elb_state *state);
elbow_status elb_trainer_write_state(elb_trainer *t);

/* ---- check.c: before the start ---- */

/* Errors: BAD_DATA, USAGE. What may be meant is remarked on. */
elbow_status elb_trainer_check(const elb_trainer *t);
/* The same of the KL term's weight (check_course.c). Errors: USAGE, MEMORY. */
elbow_status elb_trainer_check_course(const elb_trainer *t);

#endif
