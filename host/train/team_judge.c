/* team_judge.c - whether it is the training or a device that gives numbers which are not finite. */
#include "device/native.h"
#include "train/team.h"

#include <stdlib.h>
#include <string.h>

/* A member whose parameters can be trusted more than the suspect's own. */
static elb_member *witness_of(elb_team *team, elb_member *suspect)
{
    for (uint32_t i = 0; i < team->count; i++)
        if (!team->members[i].lost && &team->members[i] != suspect) return &team->members[i];
    return suspect;
}

/* Has the judge do the suspect's part of the step. */
static elbow_status do_part(elb_member *judge, elb_team *team, const elb_member *suspect, elb_round *round)
{
    judge->shards = suspect->shards;
    for (uint32_t i = 0; i < suspect->way_count; i++)
        TRY(elb_round_way(&judge->ways[judge->way_count++], round, suspect->ways[i].node));
    round->job = team->now->job;
    round->job.duties = ELB_DO_FORWARD | ELB_DO_BACK;
    round->job.losses = round->losses;
    TRY(elb_member_start(judge, team->err));
    elb_member_post(judge, &round->job);
    while (!elb_member_wait(judge, team->limit)) continue; /* the native device always comes back */
    return judge->status;
}

static elbow_status try_natively(bool *finite, elb_team *team, elb_member *suspect)
{
    elb_member *judge;
    elb_round *round = NULL;
    float *host = NULL;
    elbow_status status;
    const uint32_t parameters = team->model->parameters;
    *finite = false;
    TRY(elb_new(team->err, &judge, 1, sizeof *judge, "a native replica"));
    TRY_DONE(elb_native_open(&judge->context.dev, &judge->context.err, NULL));
    TRY_DONE(elb_new(team->err, &host, parameters, sizeof *host, "the parameters"));
    TRY_DONE(elb_member_copy(judge, team, witness_of(team, suspect), host));
    TRY_DONE(elb_round_new(&round, team->host, suspect->way_count, parameters, team->now->length[ELB_SUMS],
                           team->stepper->options->batch));
    TRY_DONE(do_part(judge, team, suspect, round));
    *finite = judge->finite;
done:
    elb_member_stop(judge);
    elb_member_free_copy(judge);
    elb_round_free(round);
    if (judge->context.dev) elb_device_close(judge->context.dev);
    free(judge);
    free(host);
    return status;
}

elbow_status elb_team_judge(elb_team *team, bool *done)
{
    for (uint32_t i = 0; i < team->count; i++) {
        elb_member *m = &team->members[i];
        bool finite;
        if (m->lost || m->finite || m->believed || strcmp(m->context.dev->info.backend, "native") == 0) continue;
        /* Without the means to judge the step counts as what it seems to be. */
        if (try_natively(&finite, team, m) != ELBOW_OK || !finite) {
            m->believed = true;
            continue;
        }
        (void)elb_fail(&m->context.err, ELBOW_DEVICE,
                       "device %s: losses or gradients that are not finite, where native's are: run elbow selftest "
                       "--device %s",
                       m->context.dev->info.id, m->context.dev->info.id);
        elb_team_lose(team, m);
        *done = false;
    }
    return elb_team_size(team) ? ELBOW_OK : team->err->status;
}
