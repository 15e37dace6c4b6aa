/* sweep.h - a sweep under way, shared by what trains (sweep.c), what is kept in sweep.json (sweep_file.c) and what
 * people look at (sweep_report.c). */
#ifndef ELB_SWEEP_H
#define ELB_SWEEP_H

#include "train/context.h"
#include "train/run.h"

#include <pthread.h>

typedef struct elb_sweep elb_sweep;

/* One device's part in it. */
typedef struct elb_worker {
    elb_sweep *sweep;
    elbow_context *context;
    uint32_t row; /* under way ... */
    bool resumed; /* ... and it goes on from a state */
    bool trained; /* the one network of all rows is ready */
    pthread_t thread;
} elb_worker;

/* Where a row's numbers and pictures come from: gives a new model of that row's beta, ready to be measured. A run of
 * its own is trained for it; one model that knows all betas would be loaded and set to it. */
typedef elbow_status elb_sweep_source(elbow_model **model, elb_worker *worker, uint32_t row);

/* How far a row is, as shares of its training. */
typedef struct elb_course {
    bool begun, ready;
    double first, now; /* when this call took it up; now */
} elb_course;

struct elb_sweep {
    elbow_context *context; /* the caller's: where the sweep's message goes */
    elbow_data *data;
    elbow_run about; /* the recipe, with the weight that is beta 1, and the options and data of every run */
    const elbow_sweep_options *options;
    elb_sweep_source *source;
    elbow_listener *listener; /* the caller's */
    void *listener_user;
    double started; /* clock */

    pthread_mutex_t lock; /* held to touch what follows, and to call the caller */
    elbow_sweep_row *rows;
    elb_course course[ELBOW_MAX_BETAS];
    uint32_t next;       /* the first row that nobody has taken */
    bool stop;           /* the caller asked, or a run has failed */
    elbow_status status; /* of the first failure ... */
    char failure[768];   /* ... and its message */
    uint64_t heard[32];  /* hashes of remarks that were passed on: seven runs make the same ones */
    size_t heard_count;
};

/* The recipe of a row: that of the sweep at the row's beta. */
elbow_recipe elb_sweep_recipe(const elb_sweep *sweep, uint32_t row);
/* path = out/run of the row/name, or without name the run's folder. */
elbow_status elb_sweep_path(char path[ELB_PATH], elb_error *err, const elb_sweep *sweep, uint32_t row,
                            const char *name);

/* ---- sweep_file.c ---- */

/* Writes sweep.json with the rows that are ready. */
elbow_status elb_sweep_write(elb_error *err, const elb_sweep *sweep);
/* Fills the rows that a sweep.json in the folder has, and marks them in found. Errors: USAGE if it is of another
 * recipe, BAD_FILE, IO; no such file is none. */
elbow_status elb_sweep_read(elb_sweep *sweep, bool found[ELBOW_MAX_BETAS], elb_error *err);

/* ---- sweep_report.c ---- */

/* Writes report.html from rows that are all ready. */
elbow_status elb_sweep_report(elb_error *err, const elb_sweep *sweep);

#endif
