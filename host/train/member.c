#include "train/member.h"

#include <string.h>
#include <time.h>

/* ---- its part of a job ---- */

static elbow_status send(elb_member *m, float *to, elb_view from)
{
    TRY(elb_finish(m->context.dev)); /* what is still being computed is not yet sending */
    const double start = elb_seconds();
    m->sent += from.cols * sizeof *to;
    TRY(elb_read_reals(to, from));
    m->sending += elb_seconds() - start;
    return ELBOW_OK;
}

static elbow_status take(elb_member *m, elb_view to, const float *from)
{
    m->taken += to.cols * sizeof *from;
    return elb_write_reals(to, from);
}

static elbow_status update(elb_member *m, const elb_job *job)
{
    elb_stepper *s = &m->stepper;
    if (m->updated > job->last.number) return ELBOW_OK; /* the job is being done again */
    TRY(take(m, elb_tree_sum_of(&s->gradients), job->gradient));
    for (uint32_t which = 0; which < elb_losses_of(&m->model->recipe); which++)
        TRY(take(m, elb_stepper_losses(s, which, job->last.first, job->last.rows), job->old.of[which]));
    TRY(elb_stepper_update(s, &job->last));
    m->updated = job->last.number + 1;
    return ELBOW_OK;
}

elbow_status elb_member_enter(elb_member *m, uint32_t epoch)
{
    if (m->epoch == epoch) return ELBOW_OK;
    TRY(elb_feed_start(m->feed, epoch));
    m->epoch = epoch;
    return ELBOW_OK;
}

static elbow_status forward(elb_member *m, const elb_job *job)
{
    elb_stepper *s = &m->stepper;
    TRY(elb_member_enter(m, job->step.epoch));
    TRY(elb_stepper_forward(s, m->feed, &job->step, m->shards));
    for (uint32_t i = 0; i < m->way_count && s->sums.length; i++) {
        TRY(elb_stepper_sums(s, m->ways[i].node));
        TRY(send(m, m->ways[i].sums, elb_tree_sum_of(&s->sums)));
    }
    return ELBOW_OK;
}

/* Compares bits: comparing floats would not be vectorised. */
static bool all_finite(const float *x, size_t count)
{
    uint32_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        bad |= (bits & 0x7f800000u) == 0x7f800000u;
    }
    return !bad;
}

static elbow_status read_losses(elb_member *m, const elb_job *job)
{
    const uint32_t before = elb_shard_start(m->shards.first, m->stepper.shards, job->step.rows);
    const uint32_t rows = m->stepper.batch.x.rows;
    for (uint32_t which = 0; which < elb_losses_of(&m->model->recipe); which++) {
        TRY(send(m, job->losses.of[which] + before, elb_cols(elb_stepper_found(&m->stepper, which), 0, rows)));
        m->finite &= all_finite(job->losses.of[which] + before, rows);
    }
    return ELBOW_OK;
}

static elbow_status back(elb_member *m, const elb_job *job)
{
    elb_stepper *s = &m->stepper;
    if (s->sums.length) {
        TRY(take(m, elb_tree_sum_of(&s->sums), job->sums));
        TRY(elb_stepper_decide(s, &job->step));
    }
    m->finite = true;
    for (uint32_t i = 0; i < m->way_count; i++) {
        TRY(elb_stepper_gradient(s, m->ways[i].node));
        TRY(send(m, m->ways[i].gradient, elb_tree_sum_of(&s->gradients)));
        m->finite &= all_finite(m->ways[i].gradient, s->gradients.length);
    }
    TRY(read_losses(m, job));
    return elb_finish(m->context.dev); /* with no shard nothing has waited yet: a failure must show in its own job */
}

static elbow_status do_job(elb_member *m, const elb_job *job)
{
    if (job->duties & ELB_DO_UPDATE) TRY(update(m, job));
    if (job->duties & ELB_DO_FORGET) TRY(elb_zero(m->stepper.bad, 0, m->stepper.bad->bytes));
    if (job->duties & ELB_DO_FORWARD) m->busy = m->sending = 0;
    const double start = elb_seconds();
    if (job->duties & ELB_DO_FORWARD) TRY(forward(m, job));
    if (job->duties & ELB_DO_BACK) TRY(back(m, job));
    if (!(job->duties & ELB_DO_BACK)) TRY(elb_finish(m->context.dev));
    m->busy += elb_seconds() - start;
    return ELBOW_OK;
}

/* ---- its thread ---- */

static void *serve(void *with)
{
    elb_member *m = with;
    pthread_mutex_lock(&m->lock);
    for (;;) {
        while (!m->job && !m->leave) pthread_cond_wait(&m->changed, &m->lock);
        if (m->leave) break;
        const elb_job *job = m->job;
        pthread_mutex_unlock(&m->lock);
        const elbow_status status = do_job(m, job);
        pthread_mutex_lock(&m->lock);
        m->status = status;
        m->job = NULL;
        pthread_cond_broadcast(&m->changed);
    }
    pthread_mutex_unlock(&m->lock);
    return NULL;
}

/* A condition whose waits end by the clock that only goes forward. */
static bool make_locks(elb_member *m)
{
    pthread_condattr_t attributes;
    if (pthread_condattr_init(&attributes) != 0) return false;
    bool made = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 &&
                pthread_cond_init(&m->changed, &attributes) == 0;
    pthread_condattr_destroy(&attributes);
    if (made && pthread_mutex_init(&m->lock, NULL) != 0) {
        pthread_cond_destroy(&m->changed);
        made = false;
    }
    return m->locks = made;
}

elbow_status elb_member_start(elb_member *m, elb_error *err)
{
    if (make_locks(m) && pthread_create(&m->thread, NULL, serve, m) == 0) {
        m->started = true;
        return ELBOW_OK;
    }
    return elb_fail(err, ELBOW_MEMORY, "no thread for device %s: the system allows no more", m->context.dev->info.id);
}

void elb_member_post(elb_member *m, const elb_job *job)
{
    pthread_mutex_lock(&m->lock);
    m->job = job;
    pthread_cond_broadcast(&m->changed);
    pthread_mutex_unlock(&m->lock);
}

bool elb_member_wait(elb_member *m, double seconds)
{
    struct timespec end;
    clock_gettime(CLOCK_MONOTONIC, &end);
    const long long nanoseconds = end.tv_nsec + (long long)(seconds * 1e9);
    end.tv_sec += (time_t)(nanoseconds / 1000000000);
    end.tv_nsec = (long)(nanoseconds % 1000000000);
    pthread_mutex_lock(&m->lock);
    int code = 0;
    while (m->job && code == 0) code = pthread_cond_timedwait(&m->changed, &m->lock, &end);
    const bool done = !m->job;
    pthread_mutex_unlock(&m->lock);
    return done;
}

void elb_member_stop(elb_member *m)
{
    if (m->started) {
        pthread_mutex_lock(&m->lock);
        m->leave = true;
        pthread_cond_broadcast(&m->changed);
        pthread_mutex_unlock(&m->lock);
        pthread_join(m->thread, NULL);
    }
    if (m->locks) {
        pthread_cond_destroy(&m->changed);
        pthread_mutex_destroy(&m->lock);
    }
    m->started = m->locks = false;
}
