#include "train/team_world.h"

#include "train/shares.h"

#include <stdlib.h>
#include <string.h>

/* Steps after which ranks are given other shards, if that makes a step so much quicker. */
enum { DIVIDE_EVERY = 64 };
static const double worth_it = 0.9;

/* ---- ranks ---- */

elbow_status elb_ranks_meet(elbow_context *context, uint32_t *wish, elbow_status status, double speed, uint64_t recipe)
{
    elb_word mine = {.status = (int32_t)status, .wish = *wish, .speed = speed, .recipe = recipe};
    if (!context->world || context->parted) return status;
    if (status != ELBOW_OK) elb_format(mine.why, sizeof mine.why, "%s", context->err.text);
    elbow_status met = elb_world_meet(context->words, context->world, &context->err, &mine);
    *wish = context->words[0].wish;
    for (uint32_t r = 1; r < elb_world_size(context->world) && met == ELBOW_OK; r++)
        if (context->words[r].recipe != context->words[0].recipe)
            met = elb_fail(&context->err, ELBOW_BAD_DATA,
                           "rank %u trains another recipe or other data than rank 0: start all ranks alike", r);
    context->parted = met != ELBOW_OK;
    return met;
}

static uint32_t ranks(const elb_team *team)
{
    return team->world ? elb_world_size(team->world) : 1;
}

static uint32_t rank_of(const elb_team *team)
{
    return team->world ? elb_world_rank(team->world) : 0;
}

/* Shards of a rank: they lie in the order of the ranks. */
static elb_shards run_of(const elb_team *team, uint32_t rank)
{
    uint32_t first = 0;
    for (uint32_t r = 0; r < rank; r++) first += team->rank_share[r];
    return (elb_shards){first, first + team->rank_share[rank]};
}

elb_shards elb_team_run(const elb_team *team)
{
    return run_of(team, rank_of(team));
}

/* All ranks have the same numbers here, and so come to the same shares. */
void elb_team_divide(elb_team *team)
{
    const uint32_t count = ranks(team), shards = team->stepper->shards;
    const elb_word *words = team->model->context->words;
    if (count == 1 || (team->steps != 1 && team->steps % DIVIDE_EVERY != 0)) return;
    for (uint32_t r = 0; r < count; r++) team->rank_speed[r] = words[r].speed > 0 ? words[r].speed : 1;
    elb_shares(team->rank_next, team->rank_speed, count, shards);
    if (elb_shares_time(team->rank_next, team->rank_speed, count) <
        worth_it * elb_shares_time(team->rank_share, team->rank_speed, count))
        memcpy(team->rank_share, team->rank_next, count * sizeof *team->rank_share);
}

/* ---- adding ---- */

/* Rank 0 receives the nodes of the others and adds them all; the others send theirs. */
static elbow_status gather(elb_node *nodes, uint32_t *count, elb_team *team, int which)
{
    elb_round *round = team->now;
    const size_t bytes = round->length[which] * sizeof(float);
    float *memory;
    for (uint32_t i = 0; i < *count && rank_of(team) > 0; i++) {
        TRY(elb_node_memory(&memory, &nodes[i]));
        TRY(elb_world_send(team->world, team->err, memory, bytes, 0));
    }
    for (uint32_t r = 1; r < ranks(team) && rank_of(team) == 0; r++) {
        for (elb_shards left = run_of(team, r); left.first < left.end; left.first = nodes[*count - 1].shards.end) {
            elb_way way;
            TRY(elb_round_way(&way, round, elb_first_node(left, team->stepper->shards)));
            nodes[*count] = elb_round_node(round, which, round->count - 1);
            TRY(elb_node_memory(&memory, &nodes[*count]));
            TRY(elb_world_receive(team->world, team->err, memory, bytes, r));
            ++*count;
        }
    }
    return rank_of(team) == 0 ? elb_nodes_add(nodes, count, team->stepper->shards) : ELBOW_OK;
}

/* Every rank's losses to all. */
static elbow_status spread_losses(elb_team *team)
{
    const uint32_t shards = team->stepper->shards, rows = team->now->job.step.rows;
    for (uint32_t r = 0; r < ranks(team); r++) {
        const elb_shards run = run_of(team, r);
        const uint32_t from = elb_shard_start(run.first, shards, rows), to = elb_shard_start(run.end, shards, rows);
        for (uint32_t which = 0; which < elb_losses_of(&team->model->recipe); which++)
            TRY(elb_world_spread(team->world, team->err, team->now->losses.of[which] + from,
                                 (to - from) * sizeof(float), r));
    }
    return ELBOW_OK;
}

static double speed_of(const elb_team *team)
{
    double speed = 0;
    for (uint32_t i = 0; i < team->count; i++) speed += team->members[i].lost ? 0 : team->members[i].speed;
    return speed;
}

/* Adds this rank's nodes, and then those of all ranks. */
static elbow_status add(const float **sum, elb_team *team, elb_node *nodes, int which)
{
    elb_round *round = team->now;
    const uint32_t own = round->count;
    uint32_t count = own;
    float *memory;
    for (uint32_t i = 0; i < count; i++) nodes[i] = elb_round_node(round, which, i);
    TRY(elb_nodes_add(nodes, &count, team->stepper->shards));
    if (ranks(team) > 1) {
        TRY(elb_ranks_meet(team->model->context, &team->wish, ELBOW_OK, speed_of(team), team->recipe));
        TRY(gather(nodes, &count, team, which));
        if (count == 0) { /* a rank without shards */
            elb_way way;
            TRY(elb_round_way(&way, round, (elb_shards){0, 0}));
            nodes[0] = elb_round_node(round, which, 0);
        }
        round->count = own;
    }
    TRY(elb_node_memory(&memory, &nodes[0]));
    *sum = memory;
    if (ranks(team) == 1) return ELBOW_OK;
    if (which == ELB_GRADIENT) TRY(spread_losses(team));
    return elb_world_spread(team->world, team->err, memory, round->length[which] * sizeof(float), 0);
}

elbow_status elb_team_add(const float **sum, elb_team *team, int which)
{
    elb_node *nodes;
    TRY(elb_new(team->err, &nodes, team->now->room, sizeof *nodes, "a step's nodes"));
    const elbow_status status = add(sum, team, nodes, which);
    free(nodes);
    return status;
}
