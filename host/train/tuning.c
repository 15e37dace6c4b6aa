/* tuning.c - the shape of a device's kernels that trains a model quickest: products first, which costs few programs,
 * then whole steps of the few that are left. */
#include "train/compare.h"

#include "device/native.h"
#include "math/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE = 28,
    IMAGES = 1024,
    MOST_PRODUCTS = 64,
    FINALISTS = 3, /* of the products' search */
    CONTENDERS = 8,
    WARM_UP = 3,
    TURN = 5,
    TURNS = 12,
    FEWEST_TURNS = 3 /* whatever the time: fewer measure nothing */
};

/* What must be left of a step's time for another shape than the standard: less is noise. */
static const double CLEARLY = 0.97;
/* What is so many times as slow as the standard in its first steps cannot win, and would cost the others their turns.
 */
static const double HOPELESS = 3;
/* The products' search has this share of the time. */
static const double SEARCH = 0.5;
/* All that is exact has this share of it if libraries are tried after that. */
static const double EXACT_SHARE = 0.75;

/* One shape in the contest of whole steps. */
typedef struct contender {
    elb_tuned tuned;
    bool fast; /* products by the quickest libraries: other bits are no fault */
    elb_lane lane;
    elbow_device_result result;
    double ms[TURNS], median;
    bool in; /* runs, has native's bits and a chance */
} contender;

typedef struct tuning {
    elbow_tuning *out;
    elb_error *err;
    elb_device *dev;
    const elbow_tune_options *options;
    elb_work work;
    double start, until;
    elb_search search;
    char digest[65]; /* native's after the steps of the warm-up */
} tuning;

elbow_tune_options elbow_tune_default(void)
{
    const elbow_train_options train = elbow_train_default();
    return (elbow_tune_options){.recipe = elbow_recipe_default(),
                                .batch = train.batch,
                                .shards = train.shards,
                                .pixels = SIDE * SIDE,
                                .seconds = 60};
}

static bool is_native(const tuning *t)
{
    return strcmp(t->dev->info.backend, "native") == 0;
}

static bool ask(const tuning *t, const char *doing)
{
    const double done = (elb_seconds() - t->start) / t->options->seconds;
    return t->options->progress && t->options->progress(t->options->user, doing, done < 1 ? done : 1);
}

static elbow_status say(const tuning *t, const char *doing)
{
    return ask(t, doing) ? elb_fail(t->err, ELBOW_STOPPED, "stopped") : ELBOW_OK;
}

/* ---- the products ---- */

static bool on_tried(void *user, const elb_tried *tried)
{
    tuning *t = user;
    char shape[96], doing[160];
    t->out->tried++;
    t->out->wrong += tried->outcome == ELB_WRONG;
    t->out->failed += tried->outcome == ELB_FAILED;
    elb_shape_text(shape, tried->shape);
    if (tried->outcome == ELB_RIGHT)
        elb_format(doing, sizeof doing, "%s: products in %.3f ms", shape, 1e3 * tried->seconds);
    else
        elb_format(doing, sizeof doing, "%s: %s", shape, tried->outcome == ELB_WRONG ? "other bits" : "does not run");
    return ask(t, doing);
}

static elbow_status search_products(tuning *t)
{
    elb_product_shape products[MOST_PRODUCTS];
    const uint32_t rows = t->work.train.batch;
    const elb_shape own = t->dev->shape;
    elb_model *model;
    t->search = (elb_search){.on_tried = on_tried, .user = t};
    TRY(elb_device_reshape(t->dev, t->dev->standard));
    TRY(elb_model_new(&model, t->dev, &t->work.recipe, t->options->pixels, rows, rows));
    const uint32_t count = elb_model_products(products, MOST_PRODUCTS, model, rows);
    elb_model_free(model);
    const elbow_status status =
        elb_tune_products(&t->search, t->dev, products, count, t->start + SEARCH * (t->until - t->start));
    const elbow_status back = elb_device_reshape(t->dev, own);
    TRY(status);
    return t->search.stopped ? elb_fail(t->err, ELBOW_STOPPED, "stopped") : back;
}

/* ---- whole steps ---- */

static elbow_status on_timed(void *user, const elb_product_shape *s, const elb_provider *by, double seconds)
{
    char doing[200];
    elb_format(doing, sizeof doing, "%u x %u by %u x %u, %s: %.3f ms", s->m, s->k, s->k, s->n,
               by ? by->name : "elbow's own", 1e3 * seconds);
    return say(user, doing);
}

/* Opens a contender's own device, of its shape, with a new model, and does the first steps: median is the last one's.
 */
static elbow_status open_contender(contender *c, tuning *t)
{
    const elb_anew anew = {.on_timed = on_timed, .user = t};
    char id[80];
    double building;
    elb_format(id, sizeof id, c->tuned.set[0] ? "%s:%s" : "%s", t->dev->info.id, c->tuned.set);
    c->lane.result = &c->result;
    TRY(elbow_open(&c->lane.context, id));
    c->lane.context->dev->verify = NULL; /* the digest is compared with native's */
    if (!c->tuned.set[0]) TRY(elb_device_reshape(c->lane.context->dev, c->tuned.shape));
    TRY(elb_lane_restart(&c->lane, &t->work));
    if (c->fast) TRY(elb_model_fast(c->lane.model->net, t->work.train.batch, 1, &anew));
    TRY(elb_lane_run(&c->lane, &building, &t->work, WARM_UP - 1));
    return elb_lane_run(&c->lane, &c->median, &t->work, 1);
}

/* Lets a contender in that runs and then has the bits expected. */
static void admit(contender *c, tuning *t, const char *expected)
{
    char digest[65];
    c->in = c->in && elbow_model_digest(c->lane.model, digest) == ELBOW_OK;
    if (!c->in) {
        t->out->failed++;
        return;
    }
    c->in = c->fast || strcmp(digest, expected) == 0;
    t->out->wrong += !c->in;
}

static elbow_status take_turns(contender *list, uint32_t count, uint32_t *turns, const tuning *t)
{
    double untimed;
    for (*turns = 0; *turns < TURNS; ++*turns) {
        if (*turns >= FEWEST_TURNS && elb_seconds() >= t->until) break;
        TRY(say(t, "training with the quickest"));
        for (uint32_t i = 0; i < count; i++) {
            contender *c = &list[(*turns + i) % count];
            if (!c->in) continue;
            elbow_status status = elb_lane_run(&c->lane, &untimed, &t->work, 1);
            if (status == ELBOW_OK) status = elb_lane_run(&c->lane, &c->ms[*turns], &t->work, TURN);
            c->in = status == ELBOW_OK;
            t->out->failed += !c->in;
        }
    }
    return ELBOW_OK;
}

/* Native's digest after the steps of the warm-up, once. */
static elbow_status find_digest(tuning *t)
{
    elbow_device_result result = {.reason = ""};
    elb_lane native = {.result = &result};
    double ms;
    if (t->digest[0]) return ELBOW_OK;
    elbow_status status = elb_lane_open(&native, &ms, &t->work, t->err, "native", false);
    if (status == ELBOW_OK) status = elb_lane_run(&native, &ms, &t->work, WARM_UP - 1); /* opening did one */
    if (status == ELBOW_OK) status = elbow_model_digest(native.model, t->digest);
    if (status != ELBOW_OK) elb_fail(t->err, status, "native: %.600s", elbow_message(native.context));
    elb_lane_close(&native);
    return status;
}

/* Opens all, the first, which is the standard, in any case and the second whatever the time; returns how many. */
static elbow_status open_all(contender *list, uint32_t *count, tuning *t)
{
    char shape[96], doing[160];
    for (uint32_t i = 0; i < *count; i++) {
        contender *c = &list[i];
        if (i > 1 && elb_seconds() >= t->until) *count = i;
        if (i == *count) break;
        elb_format(doing, sizeof doing, "%s: %s",
                   c->tuned.set[0] ? c->tuned.set : elb_shape_text(shape, c->tuned.shape),
                   c->fast ? "libraries for its products" : "building");
        TRY(say(t, doing));
        const elbow_status status = open_contender(c, t);
        if (status == ELBOW_STOPPED) return status;
        c->in = status == ELBOW_OK;
        admit(c, t, t->digest);
        c->in = c->in && c->median <= HOPELESS * list[0].median;
    }
    return ELBOW_OK;
}

static elbow_status standard_failed(const tuning *t, const elb_lane *lane)
{
    const char *why = lane->context ? elbow_message(lane->context) : "";
    return elb_fail(t->err, ELBOW_WRONG_BITS, "device %s does not train as native does at its standard shape: %.500s",
                    t->dev->info.id, why[0] ? why : "its bits differ: elbow selftest names the kernel");
}

/* Medians, and once more the bits: after all turns they are the standard's. */
static elbow_status judge(contender *list, uint32_t count, uint32_t turns, tuning *t)
{
    char standard[65];
    if (!list[0].in) return standard_failed(t, &list[0].lane);
    if (elbow_model_digest(list[0].lane.model, standard) != ELBOW_OK) return standard_failed(t, &list[0].lane);
    for (uint32_t i = 0; i < count; i++) {
        contender *c = &list[i];
        if (!c->in) continue;
        elb_sort(c->ms, turns);
        c->median = elb_quantile(c->ms, turns, 0.5);
        admit(c, t, standard);
    }
    return ELBOW_OK;
}

/* The contenders train the same steps in turns; those of other bits are out. The first is the standard, which must be
 * in. */
static elbow_status hold(contender *list, uint32_t count, tuning *t)
{
    uint32_t turns = 0;
    elbow_status status = find_digest(t);
    if (status == ELBOW_OK) status = open_all(list, &count, t);
    if (status == ELBOW_OK && !list[0].in) status = standard_failed(t, &list[0].lane);
    if (status == ELBOW_OK) status = take_turns(list, count, &turns, t);
    return status == ELBOW_OK ? judge(list, count, turns, t) : status;
}

static void close_all(contender *list)
{
    for (uint32_t i = 0; i < CONTENDERS; i++) elb_lane_close(&list[i].lane);
}

static elbow_status contest(contender *list, uint32_t count, tuning *t)
{
    const elbow_status status = hold(list, count, t);
    close_all(list);
    return status;
}

static bool is_among(const contender *list, uint32_t count, const elb_tuned *tuned)
{
    for (uint32_t i = 0; i < count; i++)
        if (memcmp(&list[i].tuned, tuned, sizeof *tuned) == 0) return true;
    return false;
}

static void add(contender *list, uint32_t *count, const elb_tuned *tuned)
{
    if (*count == CONTENDERS || is_among(list, *count, tuned)) return;
    list[*count] = (contender){.tuned = *tuned};
    ++*count;
}

static elb_tuned standard_of(const tuning *t)
{
    return (elb_tuned){.shape = t->dev->standard};
}

/* The quickest that were tried and are not among the contenders yet. */
static void add_quickest(contender *list, uint32_t *count, const elb_search *search)
{
    for (int place = 0; place < FINALISTS; place++) {
        const elb_tried *best = NULL;
        for (uint32_t i = 0; i < search->count; i++) {
            const elb_tuned tuned = {.shape = search->list[i].shape};
            if (!isfinite(search->list[i].seconds) || is_among(list, *count, &tuned)) continue;
            if (!best || search->list[i].seconds < best->seconds) best = &search->list[i];
        }
        if (best) add(list, count, &(elb_tuned){.shape = best->shape});
    }
}

/* The quickest of a contest; the first unless another is clearly quicker. */
static const contender *winner(const contender *list, uint32_t count)
{
    const contender *best = &list[0];
    for (uint32_t i = 1; i < count; i++)
        if (list[i].in && list[i].median < (best == list ? CLEARLY : 1) * best->median) best = &list[i];
    return best;
}

/* Other blocks for elementwise kernels, which the products do not care about. */
static void add_blocks(contender *list, uint32_t *count, const tuning *t, const elb_tuned *best)
{
    static const int32_t cpu[] = {256, 1024, 4096, 16384}, gpu[] = {1, 2, 4, 8};
    for (size_t i = 0; i < COUNT(cpu); i++) {
        elb_tuned other = *best;
        other.shape.block = t->dev->prefers_local ? gpu[i] * best->shape.width : cpu[i];
        add(list, count, &other);
    }
}

static elbow_shape shape_of(const elb_tuned *tuned)
{
    elbow_shape shape = {.width = tuned->shape.width,
                         .group = tuned->shape.group,
                         .block = tuned->shape.block,
                         .tile_rows = tuned->shape.tile_rows,
                         .tile_vectors = tuned->shape.tile_vectors};
    memcpy(shape.set, tuned->set, sizeof shape.set);
    return shape;
}

static void take_best(tuning *t, elb_tuned *best, const contender *list, uint32_t count)
{
    const contender *first = winner(list, count);
    *best = first->tuned;
    t->out->standard_ms = list[0].median;
    t->out->best_ms = first->median;
}

/* A device whose kernels are built for it: tiles and the like first, then blocks. */
static elbow_status tune_built(tuning *t, elb_tuned *best, contender *list)
{
    const elb_tuned standard = standard_of(t);
    elb_tuned known;
    uint32_t count = 0;
    TRY(search_products(t));
    add(list, &count, &standard);
    add_quickest(list, &count, &t->search);
    if (elb_tuned_get(&known, t->dev)) add(list, &count, &known);
    TRY(contest(list, count, t));
    take_best(t, best, list, count);
    if (elb_seconds() >= t->until) return ELBOW_OK;
    memset(list, 0, CONTENDERS * sizeof *list);
    count = 0;
    add(list, &count, &standard);
    add(list, &count, best);
    add_blocks(list, &count, t, best);
    t->out->tried += count - (count > 2 ? 2 : count);
    TRY(contest(list, count, t));
    take_best(t, best, list, count);
    return ELBOW_OK;
}

/* Native's kernels are compiled: it may choose among its instruction sets. */
static elbow_status tune_native(tuning *t, elb_tuned *best, contender *list)
{
    uint32_t count = 0;
    for (const elb_native_set *const *set = elb_native_sets; *set; set++) {
        elb_tuned tuned = {.shape = (*set)->shape};
        if (!elb_cpu_has((*set)->name)) continue;
        elb_format(tuned.set, sizeof tuned.set, "%s", (*set)->name);
        add(list, &count, &tuned);
    }
    t->out->tried = count;
    t->out->standard = shape_of(&list[0].tuned);
    TRY(contest(list, count, t));
    take_best(t, best, list, count);
    return ELBOW_OK;
}

/* ---- libraries, for fast maths ---- */

/* Whole steps tell whether they are quicker than elbow's own kernels at their best: then they are kept, or these. */
static elbow_status keep_quicker(tuning *t, contender *list)
{
    contender *fast = &list[1];
    if (!fast->in) return ELBOW_OK; /* failed: nothing is kept, and trainings choose for themselves */
    elb_model *model = fast->lane.model->net;
    t->out->fast_own_ms = list[0].median;
    (void)elb_providers_text(t->out->libraries, elb_model_providers(model));
    const uint32_t by_libraries = elb_model_fast_text(t->out->fast, model);
    t->out->fast_ms = by_libraries ? fast->median : list[0].median; /* the same kernels are as quick */
    t->out->fast_kept = by_libraries > 0 && winner(list, 2) == fast;
    const elbow_status status = elb_model_fast_keep(model, t->work.train.batch, 1, !t->out->fast_kept);
    return status == ELBOW_OK ? status : elb_fail(t->err, status, "%.500s", elbow_message(fast->lane.context));
}

static elbow_status tune_fast(tuning *t, const elb_tuned *best, contender *list)
{
    memset(list, 0, CONTENDERS * sizeof *list);
    list[0].tuned = list[1].tuned = *best;
    list[1].fast = true;
    t->until = t->start + t->options->seconds;
    elbow_status status = hold(list, 2, t);
    if (status == ELBOW_OK) status = keep_quicker(t, list);
    close_all(list);
    return status;
}

static elbow_status run(tuning *t)
{
    elb_tuned best = standard_of(t);
    contender *list;
    t->out->standard = shape_of(&best);
    TRY(elb_new(t->err, &list, CONTENDERS, sizeof *list, "the shapes in the contest"));
    elbow_status status = is_native(t) ? tune_native(t, &best, list) : tune_built(t, &best, list);
    if (status == ELBOW_OK && t->options->maths == ELBOW_FAST) status = tune_fast(t, &best, list);
    free(list);
    TRY(status);
    t->out->best = shape_of(&best);
    t->out->kept = memcmp(&t->out->best, &t->out->standard, sizeof t->out->best) != 0;
    return elb_tuned_put(t->dev, &best);
}

elbow_status elbow_tune(elbow_tuning *tuned, elbow_context *context, const elbow_tune_options *options)
{
    tuning t = {.out = tuned, .err = elb_begin(context), .dev = context->dev, .options = options};
    elbow_data *data;
    *tuned = (elbow_tuning){.fast_ms = (double)NAN, .fast_own_ms = (double)NAN};
    if (!(options->seconds > 0) || options->batch == 0 || options->pixels == 0 || options->pixels % SIDE)
        return elb_fail(
            t.err, ELBOW_USAGE,
            "tuning needs more than 0 seconds, a batch of 1 or more and pixels in rows of %d, not %g, %u and %u", SIDE,
            options->seconds, options->batch, options->pixels);
    if (strncmp(t.dev->info.id, "native:", 7) == 0)
        return elb_fail(t.err, ELBOW_USAGE, "%s is one instruction set: native chooses among them", t.dev->info.id);
    TRY(elb_data_made_up(&data, t.err, options->pixels / SIDE, SIDE, IMAGES, false));
    t.work = (elb_work){.recipe = options->recipe, .train = elbow_train_default(), .data = data};
    t.work.train.batch = options->batch < IMAGES ? options->batch : IMAGES;
    t.work.train.shards = options->shards;
    t.start = elb_seconds();
    t.until = t.start + (options->maths == ELBOW_FAST ? EXACT_SHARE : 1) * options->seconds;
    const elbow_status status = run(&t);
    tuned->seconds = elb_seconds() - t.start;
    elb_data_free(data);
    return status;
}
