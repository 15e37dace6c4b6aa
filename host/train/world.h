/* world.h - the processes of a job that MPI has started (ranks): each trains the same model with devices of its own. */
#ifndef ELB_WORLD_H
#define ELB_WORLD_H

#include "base/base.h"

typedef struct elb_world elb_world;

/* What each rank tells all others where they meet. */
typedef struct elb_word {
    int32_t status;  /* ELBOW_OK, or that of a failure that ends the job */
    uint32_t wish;   /* rank 0's counts: whether to look, to stop */
    double speed;    /* shards a second */
    uint64_t recipe; /* of recipe and data */
    char why[232];   /* the failure's message */
} elb_word;

/* Joins the job; begins MPI if nobody has. Errors: UNSUPPORTED (a build without MPI), DEVICE. */
elbow_status elb_world_join(elb_world **world, elb_error *err);
/* Ends MPI if elb_world_join has begun it. */
void elb_world_leave(elb_world *world);
uint32_t elb_world_rank(const elb_world *world);
uint32_t elb_world_size(const elb_world *world);

/* All ranks meet here: words[rank] is what each has told. Fails on all of them if one tells of a failure, with its
 * message. */
elbow_status elb_world_meet(elb_word *words, elb_world *world, elb_error *err, const elb_word *mine);

elbow_status elb_world_send(elb_world *world, elb_error *err, const void *from, size_t bytes, uint32_t to_rank);
elbow_status elb_world_receive(elb_world *world, elb_error *err, void *to, size_t bytes, uint32_t from_rank);
/* From rank 0, or another, to all. */
elbow_status elb_world_spread(elb_world *world, elb_error *err, void *bytes, size_t count, uint32_t from_rank);

#endif
