/* team_world.h - a team that is spread over the ranks of a job: which shards are this rank's, and how what all ranks
 * have summed is added. Without a job the same functions add what the members have sent. */
#ifndef ELB_TEAM_WORLD_H
#define ELB_TEAM_WORLD_H

#include "train/team.h"

/* Says which shards each rank has: after the first step, and then now and then, by their speeds. */
void elb_team_divide(elb_team *team);
/* The shards of this rank. */
elb_shards elb_team_run(const elb_team *team);

/* Sums over the whole batch, on every rank, of what the members of all have sent (enum of round.h). With gradients
 * every rank has all losses of the batch, too. Errors, on all ranks alike: those of one that has failed. */
elbow_status elb_team_add(const float **sum, elb_team *team, int which);

/* The ranks meet, if there are others: each learns what rank 0 wishes, or fails as one of them has. status: this one's,
 * with the context's message. Once they have parted by a failure none waits for another. */
elbow_status elb_ranks_meet(elbow_context *context, uint32_t *wish, elbow_status status, double speed, uint64_t recipe);

#endif
