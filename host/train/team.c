#include "train/team.h"

#include "train/shares.h"
#include "train/team_world.h"

#include <stdlib.h>
#include <string.h>

/* Seconds between two looks at whether the shares still fit the devices, and between two trials of an idle device. */
static const double balance_every = 0.5, try_every = 30;
/* Other shares must make a step so much quicker: less is noise, and changes cost nothing but are no use either. */
static const double worth_it = 0.95;
/* Steps after which the time of one is known. */
static const uint64_t enough_steps = 50;
/* One device alone is named if it would take less than this part of the team's time. */
static const double much_quicker = 0.6;

uint32_t elb_team_size(const elb_team *team)
{
    uint32_t there = 0;
    for (uint32_t i = 0; i < team->count; i++) there += !team->members[i].lost;
    return there;
}

/* ---- jobs ---- */

/* Gives what a hung member may still write to up to it: the step is done again with other memory. */
static elbow_status give_up_round(elb_team *team)
{
    const elb_round *now = team->now;
    return elb_round_new(&team->now, team->host, now->room, now->length[ELB_GRADIENT], now->length[ELB_SUMS],
                         team->stepper->options->batch);
}

/* Where failures on a member's device are recorded: with the member while it is at work, else with the caller. */
static void record_with(elb_team *team, bool members)
{
    for (uint32_t i = 0; i < team->count; i++) {
        elb_member *m = &team->members[i];
        if (!m->lost) m->context.dev->err = members || i != team->first ? &m->context.err : team->err;
    }
}

/* Remarks that members made on their threads are passed on from the caller's. */
static void pass_remarks_on(elb_team *team)
{
    for (uint32_t i = 0; i < team->count; i++) {
        elb_error *err = &team->members[i].context.err;
        if (team->members[i].hung || !err->unheard[0]) continue;
        elb_remark(team->err, "%s", err->unheard);
        err->unheard[0] = 0;
    }
}

/* Has every member do the job, and leaves out who fails. *done: none has. */
static elbow_status do_together(elb_team *team, bool *done, const elb_job *job)
{
    bool hung = false;
    *done = true;
    record_with(team, true);
    for (uint32_t i = 0; i < team->count; i++)
        if (!team->members[i].lost) elb_member_post(&team->members[i], job);
    for (uint32_t i = 0; i < team->count; i++)
        if (!team->members[i].lost) team->members[i].hung = !elb_member_wait(&team->members[i], team->limit);
    record_with(team, false);
    pass_remarks_on(team);
    for (uint32_t i = 0; i < team->count; i++) {
        elb_member *m = &team->members[i];
        if (m->lost || (!m->hung && m->status == ELBOW_OK)) continue;
        hung |= m->hung;
        *done = false;
        elb_team_lose(team, m);
    }
    if (hung) TRY(give_up_round(team));
    return elb_team_size(team) ? ELBOW_OK : team->err->status;
}

elbow_status elb_team_settle(elb_team *team, bool forget)
{
    if (!team->pending && !forget) return ELBOW_OK;
    for (bool done = false; !done;) {
        elb_job *job = &team->now->job;
        *job = (elb_job){.duties = (team->pending ? ELB_DO_UPDATE : 0) | (forget ? ELB_DO_FORGET : 0),
                         .last = team->last,
                         .gradient = team->gradient,
                         .old = team->before->losses};
        TRY(do_together(team, &done, job));
    }
    team->pending = false;
    return ELBOW_OK;
}

bool elb_team_lose_first(elb_team *team)
{
    elb_member *first = &team->members[team->first];
    if (elb_team_size(team) < 2) return false;
    first->context.err = *team->err;
    elb_team_lose(team, first);
    return true;
}

/* ---- shares ---- */

/* Gives a device without shards one of those of the device that has most: it may have become quicker. */
static void try_idle(uint32_t *counts, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t most = 0;
        if (counts[i]) continue;
        for (uint32_t j = 1; j < count; j++)
            if (counts[j] > counts[most]) most = j;
        if (counts[most] < 2) return;
        counts[most]--;
        counts[i]++;
    }
}

/* Chooses each member's share anew, if that is worth it or a member has gone. */
static void choose_shares(elb_team *team)
{
    elb_member *there[ELB_MOST_MATES + 1];
    uint32_t now[ELB_MOST_MATES + 1], then[ELB_MOST_MATES + 1], count = 0, given = 0;
    double speed[ELB_MOST_MATES + 1] = {0};
    for (uint32_t i = 0; i < team->count; i++) {
        elb_member *m = &team->members[i];
        if (m->lost) continue;
        there[count] = m;
        speed[count] = m->speed;
        given += now[count++] = m->share;
    }
    const elb_shards run = elb_team_run(team);
    elb_shares(then, speed, count, run.end - run.first);
    const double clock = elb_seconds();
    if (clock - team->tried > try_every) {
        try_idle(then, count);
        team->tried = clock;
    } else if (given == run.end - run.first &&
               elb_shares_time(then, speed, count) > worth_it * elb_shares_time(now, speed, count)) {
        return;
    }
    for (uint32_t i = 0; i < count; i++) there[i]->share = then[i];
}

/* The seconds that a member would take for a step of its own: without the update, but with the others at work beside
 * it. */
static double seconds_alone(const elb_team *team, const elb_member *m)
{
    return (m->busy - m->sending) * team->stepper->shards / m->share;
}

/* A quick device may wait longer for its team, and for the bus, than the others save it. */
static void warn_of_quicker(elb_team *team)
{
    const elb_member *best = NULL;
    if (team->warned || team->world) return;
    for (uint32_t i = 0; i < team->count; i++) {
        const elb_member *m = &team->members[i];
        if (m->lost || !m->share || m->busy <= m->sending) continue;
        if (!best || seconds_alone(team, m) < seconds_alone(team, best)) best = m;
    }
    if (!best || seconds_alone(team, best) > much_quicker * team->took) return;
    team->warned = true;
    elb_remark(team->err, "the team takes %.2g ms a step, %s alone would take about %.2g: --device %s is quicker here",
               1e3 * team->took, best->context.dev->info.id, 1e3 * seconds_alone(team, best),
               best->context.dev->info.id);
}

/* Says which shards each member has in this step, and where it sends what it sums. */
static elbow_status plan(elb_team *team)
{
    const elb_shards run = elb_team_run(team);
    uint32_t given = 0;
    for (uint32_t i = 0; i < team->count; i++) given += team->members[i].lost ? 0 : team->members[i].share;
    if (given != run.end - run.first || elb_seconds() - team->balanced > balance_every) {
        if (team->steps >= enough_steps) warn_of_quicker(team);
        choose_shares(team);
        team->balanced = elb_seconds();
    }
    uint32_t first = run.first;
    team->now->count = 0;
    for (uint32_t i = 0; i < team->count; i++) {
        elb_member *m = &team->members[i];
        if (m->lost) continue;
        m->home->share = m->share;
        m->shards = (elb_shards){first, first + m->share};
        m->way_count = 0;
        for (elb_shards left = m->shards; left.first < left.end; left.first = m->ways[m->way_count++].node.end)
            TRY(elb_round_way(&m->ways[m->way_count], team->now, elb_first_node(left, team->stepper->shards)));
        first = m->shards.end;
    }
    return ELBOW_OK;
}

/* Learns from the last step how quick each member is. part: of the new measurement. */
static void learn_speeds(elb_team *team, double part)
{
    double sum = 0;
    uint32_t measured = 0;
    for (uint32_t i = 0; i < team->count; i++) {
        elb_member *m = &team->members[i];
        if (m->lost || !m->share || m->busy <= 0) continue;
        m->speed += part * (m->share / m->busy - m->speed);
        sum += m->speed;
        measured++;
    }
    /* Until it has had a shard, a member counts as no better and no worse than the others. */
    for (uint32_t i = 0; i < team->count && measured && part >= 1; i++)
        if (!team->members[i].share) team->members[i].speed = sum / measured;
}

/* ---- steps ---- */

/* Sums over the whole batch. Once a step: other ranks do not know that this one does it again. */
static elbow_status learn_sums(elb_team *team)
{
    const float *sums;
    if (team->knows_sums) return ELBOW_OK;
    TRY(elb_team_add(&sums, team, ELB_SUMS));
    memcpy(team->sums, sums, team->now->length[ELB_SUMS] * sizeof *sums);
    team->knows_sums = true;
    return ELBOW_OK;
}

/* Forwards and backwards on the devices. *done: no device has failed on the way. */
static elbow_status attempt(elb_team *team, bool *done, const elb_step *step)
{
    elb_round *now = team->now;
    const bool decides = now->length[ELB_SUMS] > 0;
    TRY(plan(team));
    now->job = (elb_job){.duties = (team->pending ? ELB_DO_UPDATE : 0) | ELB_DO_FORWARD | (decides ? 0 : ELB_DO_BACK),
                         .step = *step,
                         .last = team->last,
                         .gradient = team->gradient,
                         .losses = now->losses,
                         .old = team->before->losses};
    TRY(do_together(team, done, &now->job));
    if (*done && decides) {
        TRY(learn_sums(team));
        now->job.sums = team->sums;
        now->job.duties = ELB_DO_BACK;
        TRY(do_together(team, done, &now->job));
    }
    return *done ? elb_team_judge(team, done) : ELBOW_OK;
}

static elbow_status attempt_until_done(elb_team *team, const elb_step *step)
{
    team->knows_sums = false;
    for (bool done = false; !done;) TRY(attempt(team, &done, step));
    return ELBOW_OK;
}

/* The first step is done twice for nothing but the time it takes: the first time its programs are built. */
static elbow_status measure(elb_team *team, const elb_step *step)
{
    for (int i = 0; i < 2; i++) TRY(attempt_until_done(team, step));
    learn_speeds(team, 1);
    team->balanced = -balance_every; /* shares are chosen by that at once */
    team->tried = elb_seconds();
    team->measured = true;
    return ELBOW_OK;
}

/* One device without others does a step as it would without a team: nothing goes to the host and back. */
static elbow_status step_alone(elb_team *team, const elb_step *step)
{
    elb_member *m = &team->members[team->first];
    TRY(elb_team_settle(team, false));
    TRY(elb_member_enter(m, step->epoch));
    m->home->share = team->stepper->shards;
    TRY(elb_stepper_run(team->stepper, m->feed, step));
    m->updated = step->number + 1;
    return ELBOW_OK;
}

elbow_status elb_team_step(elb_team *team, uint32_t *wish, const elb_step *step)
{
    if (elb_team_size(team) == 1 && !team->world) return step_alone(team, step);
    team->wish = *wish;
    if (!team->measured) TRY(measure(team, step));
    const double start = elb_seconds();
    TRY(attempt_until_done(team, step));
    learn_speeds(team, 0.1);
    TRY(elb_team_add(&team->gradient, team, ELB_GRADIENT));
    const double took = elb_seconds() - start;
    team->took = team->took > 0 ? team->took + 0.1 * (took - team->took) : took;
    elb_round *made = team->now;
    team->now = team->before;
    team->before = made;
    team->last = *step;
    team->pending = true;
    team->steps++;
    *wish = team->wish;
    elb_team_divide(team);
    return ELBOW_OK;
}
