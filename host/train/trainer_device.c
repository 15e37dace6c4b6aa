/* trainer_device.c - what a run asks of its devices: one does all, or a team shares the steps and its first device does
 * the rest. */
#include "train/team_world.h"
#include "train/trainer.h"

#include <inttypes.h>

elbow_status elb_trainer_step(elb_trainer *t, const elb_step *step)
{
    t->last = *step;
    if (t->team) return elb_team_step(t->team, &t->wish, step);
    t->model->context->share = t->stepper.shards;
    return elb_stepper_run(&t->stepper, t->feed, step);
}

/* ---- what is no step ---- */

elbow_status elb_trainer_open_measured(elb_trainer *t)
{
    const uint32_t rows = elb_model_max_rows(t->model->net);
    const elbow_recipe *recipe = &t->model->recipe;
    const uint64_t limit = elb_feed_limit(t->dev);
    if (elb_data_part(t->data, ELBOW_VALIDATION)->count)
        TRY(elb_feed_new(&t->measured[0], t->dev, t->data, ELBOW_VALIDATION, rows, recipe, limit));
    return elb_feed_new(&t->measured[1], t->dev, t->data, ELBOW_TEST, rows, recipe, limit);
}

void elb_trainer_close_measured(elb_trainer *t)
{
    for (size_t i = 0; i < COUNT(t->measured); i++) {
        elb_feed_free(t->measured[i]);
        t->measured[i] = NULL;
    }
}

/* Follows the context to another device. */
static elbow_status move(elb_trainer *t)
{
    if (t->dev == t->model->context->dev) return ELBOW_OK;
    elb_trainer_close_measured(t);
    t->dev = t->model->context->dev;
    return elb_trainer_open_measured(t);
}

static bool is_of_device(elbow_status status)
{
    return status == ELBOW_DEVICE || status == ELBOW_MEMORY || status == ELBOW_WRONG_BITS;
}

elbow_status elb_trainer_do(elb_trainer *t, elb_trainer_work *work)
{
    for (;;) {
        if (t->team) TRY(elb_team_settle(t->team, false));
        elbow_status status = move(t);
        if (status == ELBOW_OK) status = work(t);
        if (!is_of_device(status) || !t->team || !elb_team_lose_first(t->team)) return status;
    }
}

elbow_status elb_trainer_forget_bad(elb_trainer *t)
{
    return t->team ? elb_team_settle(t->team, true) : elb_zero(t->stepper.bad, 0, t->stepper.bad->bytes);
}

void elb_trainer_say_what_is_left(elb_trainer *t, elbow_status status)
{
    if (!(is_of_device(status) || status == ELBOW_IO) || !t->options.out) return;
    if (t->keeps)
        elb_cure(t->err, "%s holds the state after step %" PRIu64, t->options.out, t->kept);
    else
        elb_cure(t->err, "nothing was saved yet");
}

/* ---- ranks ---- */

enum { LOOK = 1, STOP = 2 };

elbow_status elb_trainer_meet(elb_trainer *t, elbow_status status)
{
    uint32_t wish = t->stop ? STOP : 0;
    TRY(elb_ranks_meet(t->model->context, &wish, status, 0, t->recipe));
    t->stop = wish & STOP;
    return ELBOW_OK;
}

elbow_status elb_trainer_take_from_first(elb_trainer *t)
{
    elb_world *world = t->model->context->world;
    const size_t bytes = t->model->parameters * sizeof(float);
    float *const vectors[] = {t->host.w, t->host.m, t->host.v, t->host.best};
    if (!world) return ELBOW_OK;
    TRY(elb_trainer_meet(t, elb_trainer_read_state(t, &t->state)));
    TRY(elb_world_spread(world, t->err, &t->state, sizeof t->state, 0));
    for (size_t i = 0; i < COUNT(vectors); i++)
        if (vectors[i]) TRY(elb_world_spread(world, t->err, vectors[i], bytes, 0));
    return elb_trainer_write_state(t);
}

void elb_trainer_wish(elb_trainer *t, bool look)
{
    t->wish = look ? LOOK : 0;
}

bool elb_trainer_looks(const elb_trainer *t)
{
    return t->wish & LOOK;
}
