/* state.h - state.safetensors: all that resuming needs. The file is the commit of a run: it is replaced in one rename,
 * and the run folder's other files are brought back to it when a run goes on. */
#ifndef ELB_STATE_H
#define ELB_STATE_H

#include "base/base.h"
#include "train/run.h"

/* Where a run stands. */
typedef struct elb_state {
    uint64_t step;                  /* of Adam: finished steps, skipped ones included */
    uint32_t epoch;                 /* finished epochs */
    uint32_t batch;                 /* finished batches of the epoch under way */
    bool finished;                  /* early stopping has ended the run */
    uint64_t skipped;               /* steps without an update because something was not finite */
    uint32_t n;                     /* data of the epoch under way, and the sums of their ... */
    double distortion, rate, bound; /* nats; bound: with IWAE, else 0 */
    uint64_t clamped;               /* values of logvar */
    double best_elbo;               /* of the validation split; -infinity before the first */
    uint32_t best_epoch;            /* that reached it, from 1; 0: none */
    uint64_t metrics_bytes;         /* of metrics.jsonl that belong to this state */
    double seconds;                 /* of training so far */
    double control, control_average, control_begun, control_weight; /* state of cl/weigh.cl */
} elb_state;

/* The four flat vectors' host copies that the file holds; best is NULL without early stopping. */
typedef struct elb_vectors {
    uint64_t count;
    float *w, *m, *v, *best;
} elb_vectors;

/* Writes folder/state.safetensors. fingerprint: of the recipe, 64 digits. */
elbow_status elb_state_write(elb_error *err, const char *folder, const elb_state *state, const elb_vectors *vectors,
                             const char *fingerprint);

/* Reads it into memory that the caller has allocated for count parameters. *has_best says whether it held a best.
 * Its fingerprint must be one of these; "" is none. Errors: NOT_FOUND (nothing to resume), BAD_FILE (damaged, or of
 * another recipe). */
elbow_status elb_state_read(elb_state *state, elb_vectors *vectors, bool *has_best, elb_error *err, const char *folder,
                            char fingerprints[ELB_FINGERPRINTS][65]);
/* Puts behind the message what helps against a damaged run. Returns the message's status. */
elbow_status elb_state_damaged(elb_error *err);

#endif
