/* trainer.h - a run: epochs of steps, what is reported and what is saved. */
#ifndef ELB_TRAINER_H
#define ELB_TRAINER_H

#include "train/measure.h"
#include "train/rule.h"
#include "train/run.h"
#include "train/state.h"
#include "train/step.h"

typedef struct elb_trainer {
    elb_error *err;
    elb_device *dev;
    elbow_model *model;
    elbow_data *data;
    elbow_train_options options;
    char fingerprint[65];
    int lock; /* on the run's folder; -1: none */

    elb_feed *feed, *measured[2]; /* training; validation and test */
    elb_stepper stepper;
    elb_buffer *best; /* parameters of the best epoch; NULL without early stopping */
    elb_vectors host; /* host copies for saving */
    float *losses;    /* host copies of losses as they are polled: (batches between polls) */

    elb_state state;
    uint32_t batches;              /* of an epoch */
    uint64_t steps;                /* of the whole run */
    double started, polled, saved; /* clocks */
    double epoch_seconds;          /* this epoch's training so far */
    uint32_t epoch_images;         /* trained in these seconds */
    elbow_metrics validation, test;
    double beta; /* the weight of the last step that was looked at, on the ELBO's scale */
    bool stop;   /* the caller asked */
} elb_trainer;

/* ---- trainer.c ---- */

/* Reads how far the device has come: losses of finished steps, the guard. Errors: NOT_FINITE. */
elbow_status elb_trainer_poll(elb_trainer *t, const elb_step *last);
/* Tells the caller; sets t->stop. */
void elb_trainer_report(elb_trainer *t, bool epoch_ends, double rate);

/* ---- keep.c: the run folder ---- */

/* Begins the run folder, or brings t back to what its state says. */
elbow_status elb_trainer_begin(elb_trainer *t);
/* Adds a line to metrics.jsonl for the epoch that has ended. */
elbow_status elb_trainer_log(elb_trainer *t, double rate);
/* Writes the model file and then the state. */
elbow_status elb_trainer_save(elb_trainer *t);

/* ---- check.c: before the start ---- */

/* Errors: BAD_DATA, USAGE. What may be meant is remarked on. */
elbow_status elb_trainer_check(const elb_trainer *t);
/* The same of the KL term's weight (check_course.c). Errors: USAGE, MEMORY. */
elbow_status elb_trainer_check_course(const elb_trainer *t);

#endif
