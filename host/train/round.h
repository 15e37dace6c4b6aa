/* round.h - what the members of a team send to the host in one step, and where it is added. */
#ifndef ELB_ROUND_H
#define ELB_ROUND_H

#include "train/member.h"

/* What is summed over nodes. */
enum { ELB_SUMS, ELB_GRADIENT, ELB_VECTORS };

/* One step's numbers on the host. A team has two by turns: the gradient of one is still read while the next is made. */
typedef struct elb_round {
    elb_job job;
    elb_device *host;                 /* the native device: it adds */
    uint32_t room, count;             /* nodes that there is room for; of this step so far */
    uint32_t length[ELB_VECTORS];     /* 0: there are none */
    elb_shards *nodes;                /* in their order */
    elb_buffer **vector[ELB_VECTORS]; /* by node; made when first needed */
    elb_host_losses losses;
} elb_round;

elbow_status elb_round_new(elb_round **round, elb_device *host, uint32_t room, uint32_t parameters, uint32_t sums,
                           uint32_t batch);
void elb_round_free(elb_round *round);

/* Makes a way for one more node. Errors: MEMORY. */
elbow_status elb_round_way(elb_way *way, elb_round *round, elb_shards node);
/* One of a node's vectors, and its memory on the host. */
elb_node elb_round_node(const elb_round *round, int which, uint32_t i);
elbow_status elb_node_memory(float **memory, const elb_node *node);

#endif
