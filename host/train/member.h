/* member.h - one device of a team: a replica of what is trained, and a thread that does the device's part of each job.
 *
 * Replicas stay the same to the bit: each is updated with the same gradient by the same kernels. So any of them can go
 * on alone, and there is no state that dies with one device. */
#ifndef ELB_MEMBER_H
#define ELB_MEMBER_H

#include "train/step.h"

#include <pthread.h>

/* What a job asks of a member, in this order. */
enum {
    ELB_DO_UPDATE = 1,  /* with the whole gradient of the step before, unless it has done so */
    ELB_DO_FORWARD = 2, /* the member's shards, and sums over their nodes where the batch decides something */
    ELB_DO_BACK = 4,    /* losses, gradients of their nodes */
    ELB_DO_FORGET = 8   /* the guard's words are made 0 */
};

/* Losses of a batch on the host: distortion and rate of each of its data. */
typedef struct elb_host_losses {
    float *of[ELB_LOSSES];
} elb_host_losses;

typedef struct elb_job {
    unsigned duties;
    elb_step step, last;          /* FORWARD and BACK; UPDATE */
    const float *gradient, *sums; /* of the whole batch: UPDATE; BACK, where the batch decides something */
    elb_host_losses losses, old;  /* BACK: where they go; UPDATE: of the whole batch */
} elb_job;

/* Where a member puts what it has summed over a node: memory of the host. */
typedef struct elb_way {
    elb_shards node;
    float *sums, *gradient;
} elb_way;

typedef struct elb_member {
    elbow_context context; /* its device, and where what fails on it is recorded */
    elbow_context *home;   /* who closes the device */
    elbow_model *model;    /* the replica */
    elb_stepper stepper;
    elb_feed *feed;

    elb_shards shards; /* of the job */
    elb_way ways[ELB_MOST_NODES];
    uint32_t way_count;
    uint64_t updated; /* steps whose gradient it has taken */
    uint32_t epoch;   /* that its feed is in */
    bool finite;      /* whether all that it sent is: losses and gradients */
    bool believed;    /* native has confirmed once that what it computes is not finite */
    uint64_t sent;    /* bytes to the host, of sums, gradients and losses ... */
    uint64_t taken;   /* ... and from it, so far */
    double busy;      /* seconds that the last job's passes took ... */
    double sending;   /* ... and of these, those in which what was computed went to the host */
    double speed;     /* shards a second, measured */
    uint32_t share;   /* shards of a batch that it is given */
    bool lost;        /* left out for good */
    bool hung;        /* its thread has not come back: nothing that it may touch is freed */

    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    const elb_job *job;         /* NULL: none under way */
    elbow_status status;        /* of the last job */
    bool started, leave, locks; /* locks: lock and changed are there */
} elb_member;

/* Starts its thread. */
elbow_status elb_member_start(elb_member *member, elb_error *err);
/* Its feed begins an epoch, unless it is in it. */
elbow_status elb_member_enter(elb_member *member, uint32_t epoch);
/* Hands it a job, which it borrows until elb_member_wait says that it is done. */
void elb_member_post(elb_member *member, const elb_job *job);
/* Waits until the job is done, but no longer than so many seconds; false if it is not. */
bool elb_member_wait(elb_member *member, double seconds);
/* Ends its thread. The member must have no job. */
void elb_member_stop(elb_member *member);

#endif
