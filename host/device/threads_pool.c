/* threads_pool.c - work on several threads that nobody waits for.
 *
 * A job is cut into ranges, and whoever is free takes the next, the caller included. The caller waits for ranges that
 * somebody has taken, never for a thread: one that the operating system keeps off its core, or that a fork has left
 * behind, takes nothing and delays nothing. (A barrier, as at the end of an OpenMP loop, waits for every thread: with
 * one of two cores taken by another program a training step was 50 times slower.)
 *
 * The pool is the process's, as OpenMP's is. ELBOW_THREADS, else OMP_NUM_THREADS, says how many; else one for each
 * processor that the process may run on. */
#include "device/native.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Ranges for each thread: enough that a slow core does not keep the others waiting. */
enum { RANGES = 4, MOST_THREADS = 256 };

/* How long an idle worker looks for a new job before it sleeps: longer than the pause between two launches of a
 * training step, shorter than anything that another program would notice. */
enum { LOOKS = 4000 };

static struct {
    pthread_mutex_t busy;     /* held by the caller whose job it is */
    pthread_mutex_t sleeping; /* guards waking */
    pthread_cond_t wake;
    pthread_t worker[MOST_THREADS];
    uint32_t workers;         /* that have been started */
    _Atomic uint32_t threads; /* to use, the caller included; 0: not asked yet */
    _Atomic uint32_t sleepers;
    _Atomic bool stop;
    bool watches_forks;
    _Atomic uint64_t ticket; /* number of the job << 32 | ranges not taken yet */
    _Atomic uint32_t done;   /* ranges finished */
    elb_task *task;          /* these four belong to the job; valid while any of its ranges is unfinished */
    void *with;
    uint32_t count, ranges;
} pool = {.busy = PTHREAD_MUTEX_INITIALIZER, .sleeping = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

static uint32_t threads_from(const char *variable)
{
    const char *text = getenv(variable);
    char *end = NULL;
    const unsigned long value = text ? strtoul(text, &end, 10) : 0;
    return end != text && value <= MOST_THREADS ? (uint32_t)value : 0;
}

static uint32_t threads_wanted(void)
{
    uint32_t wanted = threads_from("ELBOW_THREADS");
    if (!wanted) wanted = threads_from("OMP_NUM_THREADS");
    cpu_set_t set;
    if (!wanted && sched_getaffinity(0, sizeof set, &set) == 0) wanted = (uint32_t)CPU_COUNT(&set);
    return wanted < 1 ? 1 : wanted > MOST_THREADS ? MOST_THREADS : wanted;
}

uint32_t elb_threads(void)
{
    if (!pool.threads) pool.threads = threads_wanted();
    return pool.threads;
}

void elb_set_threads(uint32_t count)
{
    pool.threads = count < 1 ? 1 : count > MOST_THREADS ? MOST_THREADS : count;
}

/* Takes and does ranges of a job until none is left. */
static void take_ranges(uint32_t job)
{
    uint64_t ticket = pool.ticket;
    while (ticket >> 32 == job && (uint32_t)ticket) {
        /* Only who takes a range of this very job may look at its task: until the range is done, nobody replaces it. */
        if (!atomic_compare_exchange_weak(&pool.ticket, &ticket, ticket - 1)) continue;
        const uint64_t count = pool.count, ranges = pool.ranges, range = ranges - (uint32_t)ticket;
        pool.task(pool.with, (uint32_t)(count * range / ranges), (uint32_t)(count * (range + 1) / ranges));
        pool.done++;
        ticket = pool.ticket;
    }
}

/* Waits for a job other than `last`, awake at first; false if there will be none. */
static bool next_job(uint32_t *job, uint32_t last)
{
    for (int look = 0; look < LOOKS; look++) {
        *job = (uint32_t)(pool.ticket >> 32);
        if (*job != last || pool.stop) return !pool.stop;
        relax();
    }
    pthread_mutex_lock(&pool.sleeping);
    pool.sleepers++;
    while ((*job = (uint32_t)(pool.ticket >> 32)) == last && !pool.stop) pthread_cond_wait(&pool.wake, &pool.sleeping);
    pool.sleepers--;
    pthread_mutex_unlock(&pool.sleeping);
    return !pool.stop;
}

static void *work(void *unused)
{
    (void)unused;
    for (uint32_t job = 0; next_job(&job, job);) take_ranges(job);
    return NULL;
}

static void wake_all(void)
{
    pthread_mutex_lock(&pool.sleeping);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.sleeping);
}

/* A fork copies the caller's thread only. */
static void forget_workers(void)
{
    pool.workers = 0;
    pool.sleepers = 0;
}

/* Starts workers that are missing. One that cannot be started is done without. */
static void start_workers(uint32_t wanted)
{
    if (!pool.watches_forks) pool.watches_forks = pthread_atfork(NULL, NULL, forget_workers) == 0;
    while (pool.workers < wanted && pthread_create(&pool.worker[pool.workers], NULL, work, NULL) == 0) pool.workers++;
}

__attribute__((destructor)) static void stop_workers(void)
{
    pool.stop = true;
    wake_all();
    for (uint32_t i = 0; i < pool.workers; i++) pthread_join(pool.worker[i], NULL);
    pool.workers = 0;
}

void elb_parallel(uint32_t count, elb_task *task, void *with)
{
    const uint32_t threads = elb_threads();
    const uint32_t ranges = count / RANGES < threads ? count : threads * RANGES;
    /* A second caller at the same time, or a task that calls, does its work alone. */
    if (threads == 1 || ranges < 2 || pthread_mutex_trylock(&pool.busy) != 0) {
        if (count) task(with, 0, count);
        return;
    }
    start_workers(threads - 1);
    pool.task = task;
    pool.with = with;
    pool.count = count;
    pool.ranges = ranges;
    pool.done = 0;
    const uint32_t job = (uint32_t)(pool.ticket >> 32) + 1;
    pool.ticket = (uint64_t)job << 32 | ranges;
    if (pool.sleepers) wake_all();
    take_ranges(job);
    for (uint32_t waited = 0; pool.done < ranges; waited++)
        if (waited < LOOKS)
            relax();
        else
            sched_yield();
    pthread_mutex_unlock(&pool.busy);
}
