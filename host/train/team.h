/* team.h - several devices that share each training step.
 *
 * A batch's shards are spread over the devices in proportion to their speed. Each device sums the gradients of its
 * shards over nodes of the tree; the nodes go to the host, are added there by the tree, and the whole gradient goes to
 * every device, which updates its own replica of the parameters and of Adam's state. With P parameters and n nodes a
 * device sends 4 n P bytes a step and receives 4 P. The update is done by each device, not once: spreading the
 * parameters instead would move as many bytes, and Adam's state would be lost with the device that has it.
 *
 * A device that fails is left out with a remark; its shards go to the others and the step is done again. Failures are:
 * an error of the driver's, no memory, no answer for a long time, and numbers that are not finite where the native
 * device, asked to do the same shards, gets finite ones. The one that is left works as if there had been no team. */
#ifndef ELB_TEAM_H
#define ELB_TEAM_H

#include "train/round.h"

typedef struct elb_team {
    elb_error *err; /* the context's */
    elbow_model *model;
    elb_stepper *stepper; /* these three are the trainer's: always the first device's */
    elb_feed **feed;
    const elbow_data *data;
    elb_member *members;
    uint32_t count, first; /* first: the member whose device is the context's */
    elb_device *host;      /* the native device: adds what the members send */
    elb_round *now, *before;
    elb_world *world;                 /* ranks of a job; NULL: this process is alone */
    uint32_t *rank_share, *rank_next; /* shards of each rank */
    double *rank_speed;
    uint64_t recipe; /* of what is trained: must be the same on all ranks */
    uint32_t wish;   /* before a step this rank's, after it rank 0's */
    uint64_t steps;  /* that the team has done */
    bool pending;    /* a step's gradient waits for the update: */
    elb_step last;
    const float *gradient;
    float *sums;     /* over the whole batch, of the step under way; NULL: nothing is decided by them */
    bool knows_sums; /* they are of this step */
    bool measured;
    double took;            /* seconds of a step, of late */
    bool warned;            /* that one device would be quicker alone */
    double balanced, tried; /* clocks: when shares were last chosen; when a device without shards was last given one */
    double limit;           /* seconds after which a job counts as hung */
} elb_team;

/* A team of the devices of the model's context, or *team NULL if it has only one and no other ranks. model, stepper and
 * feed are the first device's, with what is to be trained; another's take their place if that device is lost, and the
 * context's device is then another. data: what feed is of. next: number of the step to come. recipe: what is trained,
 * as a number. */
elbow_status elb_team_open(elb_team **team, elbow_model *model, elb_stepper *stepper, elb_feed **feed,
                           const elbow_data *data, uint64_t next, uint64_t recipe);
void elb_team_close(elb_team *team);

/* A step, up to the whole gradient: its update comes with the next step or with elb_team_settle. *wish is rank 0's
 * afterwards. Errors: the last
 * device's, once none is left. */
elbow_status elb_team_step(elb_team *team, uint32_t *wish, const elb_step *step);
/* Sees that all replicas are up to date. forget: and that the guard's words are 0. Errors likewise. */
elbow_status elb_team_settle(elb_team *team, bool forget);
/* Leaves the first device out, which has failed outside of a step with the context's message. False, and the message
 * stays, if there is no other. */
bool elb_team_lose_first(elb_team *team);

/* Devices at work. */
uint32_t elb_team_size(const elb_team *team);

/* ---- team_members.c ---- */

/* Leaves a member out: after a failure, whose message is the member's, or, where it is hung, for that. */
void elb_team_lose(elb_team *team, elb_member *member);
/* Gives a member, whose home has the device, a replica of what another has trained. host: (parameters) for the way. */
elbow_status elb_member_copy(elb_member *member, const elb_team *team, elb_member *from, float *host);
void elb_member_free_copy(elb_member *member);

/* ---- team_judge.c ---- */

/* Leaves out members whose last results are not finite if the native device's are. *done becomes false if one was. */
elbow_status elb_team_judge(elb_team *team, bool *done);

#endif
