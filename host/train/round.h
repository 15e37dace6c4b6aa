/* round.h - what the members of a team send to the host in one step, and where it is added. */
#ifndef ELB_ROUND_H
#define ELB_ROUND_H

#include "train/member.h"

/* One step's numbers on the host. A team has two by turns: the gradient of one is still read while the next is made. */
typedef struct elb_round {
    elb_job job;
    elb_device *host;                /* the native device: it adds */
    uint32_t room, count;            /* nodes that there is room for; in use */
    uint32_t parameters, sums;       /* lengths of a vector */
    elb_shards *nodes;               /* in their order */
    elb_buffer **gradient, **sum_of; /* by node; made when first needed */
    elb_host_losses losses;
} elb_round;

elbow_status elb_round_new(elb_round **round, elb_device *host, uint32_t room, uint32_t parameters, uint32_t sums,
                           uint32_t batch);
void elb_round_free(elb_round *round);

/* Makes a way for one more node. Errors: MEMORY. */
elbow_status elb_round_way(elb_way *way, elb_round *round, elb_shards node);
/* Adds what came over all nodes. */
elbow_status elb_round_add_sums(const float **sums, elb_round *round, uint32_t shards);
elbow_status elb_round_add_gradients(const float **gradient, elb_round *round, uint32_t shards);

#endif
