/* bench_step.c - the time of one training step of the 784-400-20 MLP on devices, and from start to the first step.
 *
 *     bench_step [--steps N] [--rounds N] [--first | --kernels | --team] [--batch N] [--shards S] [--free-bits]
 *                [--left] DEVICE...
 *
 * --batch, --shards and --free-bits (of 0.1 nat, so that the batch as a whole decides) hold for the devices named
 * behind them; with --left a team loses all but its first device first. The devices take turns, round by round, so that
 * a drift of the machine's speed favours none. A figure is the time of a run of STEPS steps, waited for at its end,
 * divided by STEPS: median, 10th and 90th percentile over the rounds, in milliseconds. --first instead prints the
 * seconds from the program's start to the end of the first step on one device;
 * --kernels prints what each launch of a step takes when the device is waited for before and after it; --team what each
 * device of a team, such as native,pocl:0, holds and moves, and fails if that is not what docs/scaling.md says.
 * Made-up images of 28x28; Bernoulli, Adam, exact maths. */
#include "nn/update.h"
#include "train/team.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PIXELS = 784, IMAGES = 4096, MOST_DEVICES = 8, MOST_ROUNDS = 1000, MOST_LAUNCHES = 256 };

typedef struct lane {
    elbow_context *context;
    elbow_data *data;
    elbow_model *model;
    elb_feed *feed;
    elb_stepper stepper;
    elb_team *team; /* NULL: one device */
    elbow_train_options options;
    uint64_t number;
    double ms[MOST_ROUNDS];
} lane;

typedef struct setting {
    uint32_t steps, rounds, batch, shards; /* of the lanes to come */
    bool first, kernels, team, left, free_bits;
} setting;

static void must(elbow_status status, const lane *l)
{
    if (status == ELBOW_OK) return;
    fprintf(stderr, "bench_step: %s\n", elbow_message(l->context));
    exit(EXIT_FAILURE);
}

/* Leaves one device of a team. */
static void lose_mates(lane *l)
{
    for (uint32_t i = 1; i < l->team->count; i++) {
        elb_member *m = &l->team->members[i];
        (void)elb_fail(&m->context.err, ELBOW_DEVICE, "%s is taken away", m->context.dev->info.id);
        elb_team_lose(l->team, m);
    }
}

static void open_lane(lane *l, const char *device, const setting *s)
{
    const elbow_recipe recipe = elbow_recipe_default();
    l->options = elbow_train_default();
    l->options.batch = s->batch;
    l->options.shards = s->shards;
    l->options.free_bits = s->free_bits ? 0.1 : 0;
    float *images = malloc(sizeof *images * IMAGES * PIXELS);
    if (!images) exit(EXIT_FAILURE);
    for (uint32_t i = 0; i < IMAGES * PIXELS; i++) images[i] = (float)(i * 2654435761u >> 24) / 255;
    must(elbow_open(&l->context, device), l);
    must(elbow_data_from_floats(&l->data, l->context, 28, 28, 1, images, IMAGES, NULL, 0), l);
    must(elbow_model_new(&l->model, l->context, &recipe, l->data), l);
    must(elb_model_reserve(l->model, s->batch, s->batch), l);
    must(elb_feed_new(&l->feed, l->context->dev, l->data, ELBOW_TRAIN, elb_model_max_rows(l->model->net), &recipe,
                      UINT64_MAX),
         l);
    must(elb_stepper_open(&l->stepper, l->model, &l->options, IMAGES), l);
    must(elb_feed_start(l->feed, 1), l);
    must(elb_team_open(&l->team, l->model, &l->stepper, &l->feed, l->data, 0, 0), l);
    if (l->team && s->left) lose_mates(l);
    free(images);
}

static void close_lane(lane *l)
{
    elb_team_close(l->team);
    elb_feed_free(l->feed);
    elb_stepper_close(&l->stepper);
    elbow_model_free(l->model);
    elbow_data_free(l->data);
    elbow_close(l->context);
}

static double run_steps(lane *l, uint32_t steps)
{
    const double start = elb_seconds();
    for (uint32_t i = 0; i < steps; i++) {
        const uint32_t first = (uint32_t)(l->number % (IMAGES / l->options.batch)) * l->options.batch;
        const elb_step step = {
            .number = l->number++, .epoch = 1, .first = first, .rows = l->options.batch, .rate = 1e-3};
        uint32_t wish = 0;
        must(l->team ? elb_team_step(l->team, &wish, &step) : elb_stepper_run(&l->stepper, l->feed, &step), l);
    }
    if (l->team) must(elb_team_settle(l->team, false), l);
    must(elb_finish(l->context->dev), l);
    return elb_seconds() - start;
}

/* ---- launch by launch ---- */

/* What a step launches, in its order, and the milliseconds that each launch took in all steps so far. */
typedef struct launches {
    const elb_device_ops *ops; /* the device's own */
    const char *name[MOST_LAUNCHES];
    elb_range groups[MOST_LAUNCHES];
    double ms[MOST_LAUNCHES];
    uint32_t count, next;
} launches;

static launches timed;

static elbow_status note_launch(elb_device *dev, double start, const char *name, elb_range groups)
{
    const elbow_status status = timed.ops->finish(dev);
    if (timed.next == MOST_LAUNCHES) return status;
    timed.name[timed.next] = name;
    timed.groups[timed.next] = groups;
    timed.ms[timed.next++] += 1e3 * (elb_seconds() - start);
    if (timed.count < timed.next) timed.count = timed.next;
    return status;
}

static elbow_status timed_launch(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                                 const elb_value *values)
{
    const double start = elb_seconds();
    const elbow_status status = timed.ops->launch(dev, kernel, options, groups, values);
    return status == ELBOW_OK ? note_launch(dev, start, kernel->name, groups) : status;
}

static elbow_status timed_copy(elb_device *dev, elb_buffer *to, size_t to_at, elb_buffer *from, size_t from_at,
                               size_t bytes)
{
    const double start = elb_seconds();
    const elbow_status status = timed.ops->copy(dev, to, to_at, from, from_at, bytes);
    return status == ELBOW_OK ? note_launch(dev, start, "(a copy)", (elb_range){0, 0}) : status;
}

static void print_launches(lane *l, const char *device, const setting *s)
{
    const uint32_t steps = s->steps * s->rounds;
    double all = 0;
    timed = (launches){.ops = l->context->dev->ops};
    elb_device_ops ops = *timed.ops;
    ops.launch = timed_launch;
    ops.copy = timed_copy;
    l->context->dev->ops = &ops;
    for (uint32_t i = 0; i < steps; i++) {
        timed.next = 0;
        run_steps(l, 1);
    }
    l->context->dev->ops = timed.ops;
    for (uint32_t i = 0; i < timed.count; i++) {
        all += timed.ms[i] / steps;
        printf("%-16s %-16s %4u x %-4u %8.4f ms\n", device, timed.name[i], timed.groups[i].x, timed.groups[i].y,
               timed.ms[i] / steps);
    }
    printf("%-16s %u launches %20.4f ms\n", device, timed.count, all);
}

/* ---- what a team costs (docs/scaling.md) ---- */

/* Bytes that a device holds: workspace; w, m, v and a gradient for each level of the tree over runs of shards that go
 * back together; data, their numbers and losses, a batch. */
static double held_bytes(const lane *l)
{
    size_t parameters;
    uint32_t levels = 1;
    while (ELB_MOST_SEGMENTS << (levels - 1) < l->options.shards) levels++;
    const uint32_t rows = elb_model_max_rows(l->model->net);
    const double workspace = (double)elb_model_bytes(&parameters, &l->model->recipe, PIXELS, rows, rows, sizeof(float));
    return workspace +
           4.0 * ((3.0 + levels) * (double)parameters + (PIXELS + 1.0 + ELB_LOSSES) * IMAGES + (double)rows * PIXELS);
}

/* Bytes a second of a vector of all parameters on its way: from the device, to it, and added on the host. */
static double speed_of(lane *l, const elb_member *m, elb_view view, bool from_device)
{
    enum { TURNS = 20 };
    float *host = calloc(view.cols, sizeof *host);
    if (!host) exit(EXIT_FAILURE);
    const double start = elb_seconds();
    for (int i = 0; i < TURNS; i++) must(from_device ? elb_read_reals(host, view) : elb_write_reals(view, host), l);
    must(elb_finish(m->context.dev), l);
    const double seconds = elb_seconds() - start;
    free(host);
    return TURNS * 4.0 * view.cols / seconds;
}

static double add_speed(lane *l, uint32_t length)
{
    enum { TURNS = 50 };
    elb_buffer *a, *b;
    must(elb_buffer_new(&a, l->team->host, 4 * (size_t)length), l);
    must(elb_buffer_new(&b, l->team->host, 4 * (size_t)length), l);
    const double start = elb_seconds();
    for (int i = 0; i < TURNS; i++)
        must(elb_add(l->team->host, elb_matrix(a, 0, 1, length), elb_matrix(b, 0, 1, length)), l);
    const double seconds = elb_seconds() - start;
    elb_buffer_free(a);
    elb_buffer_free(b);
    return TURNS * 4.0 * length / seconds;
}

/* Seconds that a job takes of which no member has anything to do. */
static double job_seconds(lane *l)
{
    enum { TURNS = 200 };
    const double start = elb_seconds();
    for (int i = 0; i < TURNS; i++) must(elb_team_settle(l->team, true), l);
    return (elb_seconds() - start) / TURNS;
}

static void print_speeds(lane *l)
{
    for (uint32_t i = 0; i < l->team->count; i++) {
        const elb_member *m = &l->team->members[i];
        const elb_view view = elb_tree_sum_of(&m->stepper.gradients);
        printf("%-16s sends %.2f GB/s, takes %.2f GB/s\n", m->context.dev->info.id, speed_of(l, m, view, true) / 1e9,
               speed_of(l, m, view, false) / 1e9);
    }
    printf("host             adds %.2f GB/s; an empty job %.1f us\n", add_speed(l, l->model->parameters) / 1e9,
           1e6 * job_seconds(l));
}

static void print_team(lane *l)
{
    const double parameters = (double)l->model->parameters;
    if (!l->team) return;
    for (uint32_t i = 0; i < l->team->count; i++) {
        elb_member *m = &l->team->members[i];
        const uint64_t sent = m->sent, taken = m->taken;
        run_steps(l, 1);
        const double share = elb_shard_start(m->shards.end, l->options.shards, l->options.batch) -
                             elb_shard_start(m->shards.first, l->options.shards, l->options.batch);
        const double decide = m->stepper.sums.length ? l->model->recipe.latent + 3 : 0;
        const double sends = 4 * (m->way_count * (parameters + decide) + 2 * share),
                     takes = 4 * (parameters + decide + 2.0 * l->options.batch);
        const double held = held_bytes(l), holds = (double)m->context.dev->bytes_in_use;
        printf("%-16s %2u of %u shards, %u nodes: sends %.0f and takes %.0f bytes a step, holds %.1f MiB\n",
               m->context.dev->info.id, m->share, l->options.shards, m->way_count, sends, takes, holds / 1048576);
        if ((double)(m->sent - sent) == sends && (double)(m->taken - taken) == takes && holds > 0.998 * held &&
            holds < 1.002 * held)
            continue;
        fprintf(stderr, "bench_step: sent %.0f, took %.0f, holds %.0f: the formulas say %.0f, %.0f, %.0f\n",
                (double)(m->sent - sent), (double)(m->taken - taken), holds, sends, takes, held);
        exit(EXIT_FAILURE);
    }
    print_speeds(l);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void print_lane(lane *l, const char *device, const setting *s)
{
    const double flop = 2.0 * l->options.batch * (3.0 * (784 * 400 + 400 * 40 + 20 * 400 + 400 * 784) - 784 * 400);
    qsort(l->ms, s->rounds, sizeof *l->ms, by_size);
    const double median = l->ms[s->rounds / 2];
    printf("%-16s %8.3f ms   (%.3f .. %.3f)   %9.0f images/s   %6.1f GFLOP/s   batch %u in %u\n", device, median,
           l->ms[s->rounds / 10], l->ms[s->rounds * 9 / 10], 1e3 * l->options.batch / median, flop / median / 1e6,
           l->options.batch, l->options.shards);
}

static uint32_t number(const char *text, uint32_t most)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 10);
    if (*end || value < 1 || value > most) {
        fprintf(stderr, "bench_step: '%s': a whole number in 1..%u is expected\n", text, most);
        exit(2);
    }
    return (uint32_t)value;
}

/* Reads the options, and opens each device with those before it. Returns how many. */
static int read_words(setting *s, lane *lanes, const char **device, int count, char **word)
{
    int devices = 0;
    for (int i = 1; i < count; i++) {
        const struct {
            const char *name;
            uint32_t *value, most;
        } numbers[] = {{"--steps", &s->steps, 100000},
                       {"--rounds", &s->rounds, MOST_ROUNDS},
                       {"--batch", &s->batch, IMAGES},
                       {"--shards", &s->shards, IMAGES}};
        const struct {
            const char *name;
            bool *value;
        } flags[] = {{"--first", &s->first},
                     {"--kernels", &s->kernels},
                     {"--team", &s->team},
                     {"--left", &s->left},
                     {"--free-bits", &s->free_bits}};
        bool known = false;
        for (size_t n = 0; n < COUNT(numbers) && !known; n++)
            if ((known = i + 1 < count && !strcmp(word[i], numbers[n].name)))
                *numbers[n].value = number(word[++i], numbers[n].most);
        for (size_t f = 0; f < COUNT(flags) && !known; f++)
            if ((known = !strcmp(word[i], flags[f].name))) *flags[f].value = true;
        if (known) continue;
        if (devices == MOST_DEVICES || word[i][0] == '-') {
            fprintf(stderr, "bench_step: '%s' is not understood; see the head of tools/bench_step.c\n", word[i]);
            exit(2);
        }
        open_lane(&lanes[devices], word[i], s);
        device[devices++] = word[i];
    }
    return devices;
}

int main(int count, char **word)
{
    const double start = elb_seconds();
    setting s = {.steps = 20, .rounds = 20, .batch = 128, .shards = 1};
    static lane lanes[MOST_DEVICES];
    const char *device[MOST_DEVICES];
    const int devices = read_words(&s, lanes, device, count, word);
    if (!devices) return fprintf(stderr, "bench_step: name at least one device\n"), 2;
    for (int d = 0; d < devices; d++) run_steps(&lanes[d], 1);
    if (s.first) {
        printf("%-16s %8.3f s from the start to the end of the first step\n", device[0], elb_seconds() - start);
    } else if (s.team) {
        for (int d = 0; d < devices; d++) print_team(&lanes[d]);
    } else if (s.kernels) {
        for (int d = 0; d < devices; d++) print_launches(&lanes[d], device[d], &s);
    } else {
        for (int d = 0; d < devices; d++) run_steps(&lanes[d], s.steps);
        for (uint32_t round = 0; round < s.rounds; round++)
            for (int d = 0; d < devices; d++) lanes[d].ms[round] = 1e3 * run_steps(&lanes[d], s.steps) / s.steps;
        for (int d = 0; d < devices; d++) print_lane(&lanes[d], device[d], &s);
    }
    for (int d = 0; d < devices; d++) close_lane(&lanes[d]);
    return EXIT_SUCCESS;
}
