/* team_members.c - who belongs to a team: its devices' replicas are made, one is left out, all are taken apart. */
#include "device/native.h"
#include "train/shares.h"
#include "train/team.h"

#include <inttypes.h>
#include <stdlib.h>

/* Seconds after which a device that does not come back counts as hung. Long: the first job builds programs. */
static const double hang_limit = 600;

static double limit_from_environment(void)
{
    const char *text = getenv("ELBOW_HANG_LIMIT");
    char *end = NULL;
    const double seconds = text ? strtod(text, &end) : 0;
    return text && end != text && !*end && seconds > 0 ? seconds : hang_limit;
}

/* ---- replicas ---- */

/* The trainer's own objects, as the first member sees them. */
static elbow_status take_first(elb_member *m, elb_team *team)
{
    m->home = team->model->context;
    m->context.dev = m->home->dev;
    TRY(elb_new(team->err, &m->model, 1, sizeof *m->model, "a team"));
    *m->model = *team->model;
    m->model->context = &m->context;
    m->stepper = *team->stepper;
    m->stepper.model = m->model;
    m->feed = *team->feed;
    return ELBOW_OK;
}

/* A vector of the first device's, by way of the host. */
static elbow_status copy_vector(elb_member *m, elb_view to, elb_view from, float *host)
{
    if (elb_read_reals(host, from) == ELBOW_OK) return elb_write_reals(to, host);
    return elb_fail(&m->context.err, ELBOW_DEVICE, "what it should start with cannot be read: %s",
                    from.buffer->dev->err->text);
}

static elbow_status copy_state(elb_member *m, elb_member *from, float *host)
{
    const elbow_model *mine = m->model, *theirs = from->model;
    float control[ELB_CONTROL];
    TRY(copy_vector(m, elb_flat(mine, mine->w), elb_flat(theirs, theirs->w), host));
    TRY(copy_vector(m, elb_flat(mine, mine->m), elb_flat(theirs, theirs->m), host));
    TRY(copy_vector(m, elb_flat(mine, mine->v), elb_flat(theirs, theirs->v), host));
    TRY(elb_stepper_control(control, &from->stepper));
    return elb_stepper_set_control(&m->stepper, control);
}

elbow_status elb_member_copy(elb_member *m, const elb_team *team, elb_member *from, float *host)
{
    const elbow_model *like = team->model;
    TRY(elb_model_make(&m->model, &m->context, &like->recipe, like->height, like->width, like->channels));
    TRY(elb_model_reserve(m->model, elb_model_max_rows(like->net), elb_model_max_draws(like->net)));
    TRY(elb_feed_new(&m->feed, m->context.dev, team->data, ELBOW_TRAIN, elb_model_max_rows(m->model->net),
                     &like->recipe, elb_feed_limit(m->context.dev)));
    TRY(elb_stepper_open(&m->stepper, m->model, team->stepper->options, team->stepper->count));
    return copy_state(m, from, host);
}

void elb_member_free_copy(elb_member *m)
{
    elb_feed_free(m->feed);
    elb_stepper_close(&m->stepper);
    elbow_model_free(m->model);
}

/* ---- opening ---- */

static elbow_status add_mates(elb_team *team)
{
    elbow_context *context = team->model->context;
    float *host;
    TRY(elb_new(team->err, &host, team->model->parameters, sizeof *host, "the parameters"));
    for (uint32_t i = 0; i < context->mate_count; i++) {
        elbow_context *mate = context->mates[i];
        if (mate->lost) continue;
        elb_member *m = &team->members[team->count++];
        m->home = mate;
        m->context.dev = mate->dev;
        mate->dev->err = &m->context.err;
        if (elb_member_copy(m, team, &team->members[0], host) != ELBOW_OK) elb_team_lose(team, m);
    }
    free(host);
    return ELBOW_OK;
}

static uint32_t ranks_of(const elb_team *team)
{
    return team->world ? elb_world_size(team->world) : 1;
}

/* At first each rank counts as being as quick as another. */
static elbow_status make_ranks(elb_team *team)
{
    const uint32_t count = ranks_of(team);
    TRY(elb_new(team->err, &team->rank_share, count, sizeof *team->rank_share, "a job's ranks"));
    TRY(elb_new(team->err, &team->rank_next, count, sizeof *team->rank_next, "a job's ranks"));
    TRY(elb_new(team->err, &team->rank_speed, count, sizeof *team->rank_speed, "a job's ranks"));
    for (uint32_t r = 0; r < count; r++) team->rank_speed[r] = 1;
    elb_shares(team->rank_share, team->rank_speed, count, team->stepper->shards);
    return ELBOW_OK;
}

static elbow_status make_rounds(elb_team *team)
{
    const elb_stepper *s = team->stepper;
    const uint64_t most = (team->count + ranks_of(team)) * (uint64_t)ELB_MOST_NODES;
    const uint32_t room = s->shards < most ? s->shards : (uint32_t)most;
    elb_round **const rounds[] = {&team->now, &team->before};
    TRY(elb_native_open(&team->host, team->err, NULL));
    if (s->sums.length) TRY(elb_new(team->err, &team->sums, s->sums.length, sizeof *team->sums, "a batch's sums"));
    for (size_t i = 0; i < COUNT(rounds); i++)
        TRY(elb_round_new(rounds[i], team->host, room, team->model->parameters, s->sums.length, s->options->batch));
    return ELBOW_OK;
}

static elbow_status make(elb_team *team, uint64_t next)
{
    TRY(elb_new(team->err, &team->members, team->model->context->mate_count + 1, sizeof *team->members, "a team"));
    team->limit = limit_from_environment();
    team->count = 1;
    TRY(take_first(&team->members[0], team));
    TRY(add_mates(team));
    TRY(make_ranks(team));
    TRY(make_rounds(team));
    for (uint32_t i = 0; i < team->count; i++) {
        elb_member *m = &team->members[i];
        m->updated = next;
        m->speed = 1;
        if (!m->lost) TRY(elb_member_start(m, team->err));
    }
    return ELBOW_OK;
}

elbow_status elb_team_open(elb_team **out, elbow_model *model, elb_stepper *stepper, elb_feed **feed,
                           const elbow_data *data, uint64_t next, uint64_t recipe)
{
    elb_error *err = &model->context->err;
    elb_team *team;
    uint32_t there = 1;
    *out = NULL;
    for (uint32_t i = 0; i < model->context->mate_count; i++) there += !model->context->mates[i]->lost;
    elb_world *world = model->context->world;
    if (there < 2 && !world) return ELBOW_OK;
    TRY(elb_new(err, &team, 1, sizeof *team, "a team"));
    *team = (elb_team){
        .err = err, .model = model, .stepper = stepper, .feed = feed, .data = data, .world = world, .recipe = recipe};
    const elbow_status status = make(team, next);
    if (status == ELBOW_OK)
        *out = team;
    else
        elb_team_close(team);
    return status;
}

/* ---- leaving one out ---- */

/* Another member's device, with all that it holds, becomes the context's; the lost one's is kept with that member's
 * context, which closes it. */
static void put_first(elb_team *team, uint32_t successor)
{
    elb_member *lost = &team->members[team->first], *m = &team->members[successor];
    elbow_model *model = team->model;
    elbow_context *context = lost->home, *mate = m->home;
    context->dev = m->context.dev;
    context->dev->err = team->err;
    mate->dev = lost->context.dev;
    lost->home = mate;
    m->home = context;
    model->net = m->model->net;
    model->w = m->model->w, model->m = m->model->m, model->v = m->model->v;
    *team->stepper = m->stepper;
    team->stepper->model = model;
    *team->feed = m->feed;
    team->first = successor;
}

void elb_team_lose(elb_team *team, elb_member *m)
{
    const elb_device *dev = m->context.dev;
    uint32_t successor = 0;
    m->lost = true;
    if (m->hung)
        elb_fail(&m->context.err, ELBOW_DEVICE, "device %s: no answer for %g seconds (ELBOW_HANG_LIMIT)", dev->info.id,
                 team->limit);
    if (elb_team_size(team) == 0) {
        m->home->hung = m->hung;
        *team->err = (elb_error){.listener = team->err->listener, .user = team->err->user};
        (void)elb_fail(team->err, m->context.err.status, "%s", m->context.err.text);
        return;
    }
    elb_remark(team->err, "%s is left out from step %" PRIu64 " on, its shards go to the others: %s", dev->info.id,
               team->pending ? team->last.number + 2 : m->updated + 1, m->context.err.text);
    while (team->members[successor].lost) successor++;
    if (m == &team->members[team->first]) put_first(team, successor);
    m->home->lost = true;
    m->home->hung = m->hung;
}

/* ---- closing ---- */

/* Frees what a member has but the first's, which are the trainer's. False if it is still at work. */
static bool take_apart(elb_team *team, uint32_t i)
{
    elb_member *m = &team->members[i];
    if (m->hung) m->hung = !elb_member_wait(m, 0);
    m->home->hung = m->hung;
    if (m->hung) return false;
    elb_member_stop(m);
    m->home->dev->err = &m->home->err;
    if (i == team->first)
        free(m->model);
    else
        elb_member_free_copy(m);
    return true;
}

void elb_team_close(elb_team *team)
{
    if (!team) return;
    bool all = true;
    for (uint32_t i = 0; i < team->count; i++) all &= take_apart(team, i);
    if (!all) return; /* a thread that hangs in a driver may still read and write all this */
    elb_round_free(team->now);
    elb_round_free(team->before);
    if (team->host) elb_device_close(team->host);
    free(team->sums);
    free(team->rank_share);
    free(team->rank_next);
    free(team->rank_speed);
    free(team->members);
    free(team);
}
