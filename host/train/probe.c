/* probe.c - one model goes through all weights, from the smallest up: it learns to reconstruct where the KL term hardly
 * hinders it, and then gives up what each weight makes too dear. So the steps of all points add up, and latents are
 * given up far sooner than they are found. */
#include "train/probe.h"

#include "train/measure.h"
#include "train/step.h"

#include <math.h>

const elb_probe_plan elb_probe_usual = {
    .width = 256, .batch = 64, .first = 600, .steps = 150, .measured = 2048, .rate = 3e-3};
const elb_probe_plan elb_probe_short = {
    .width = 128, .batch = 64, .first = 300, .steps = 60, .measured = 512, .rate = 3e-3};

enum { WARM_UP = 50, MEASURED_ROWS = 256 };

typedef struct probe {
    elb_curve *curve;
    const elbow_data *data;
    const elb_probe_plan *plan;
    elbow_context *context;
    elbow_model *model;
    elb_feed *feed, *measured;
    elbow_train_options options;
    elb_stepper stepper;
    uint64_t number;    /* of the next step */
    uint32_t epoch, at; /* where in the data it stands */
    uint64_t steps;     /* in all */
    elb_on_probe *progress;
    void *user;
} probe;

static uint32_t images(const probe *p)
{
    return elb_data_part(p->data, ELBOW_TRAIN)->count;
}

static uint32_t rows(const probe *p)
{
    return p->plan->batch < images(p) ? p->plan->batch : images(p);
}

/* The recipe on the ELBO's scale, no wider than the plan says. */
static elbow_recipe small_recipe(const elbow_recipe *recipe, const elb_probe_plan *plan)
{
    elbow_recipe small = *recipe;
    small.pixels = small.latents = ELBOW_SUM;
    small.batch = ELBOW_MEAN;
    small.spread = ELBOW_SPREAD_FIXED; /* a curve over beta at one variance holds those of all others */
    for (int i = 0; i < ELBOW_MAX_HIDDEN && small.hidden[i]; i++)
        if (small.hidden[i] > plan->width) small.hidden[i] = plan->width;
    return small;
}

static elbow_status open_probe(probe *p, const elbow_recipe *recipe)
{
    const elbow_recipe small = small_recipe(recipe, p->plan);
    p->options = elbow_train_default();
    p->options.batch = p->plan->batch;
    p->options.nonfinite = ELBOW_NONFINITE_SKIP;
    p->options.clip = 0;
    TRY(elbow_open(&p->context, "native"));
    elb_device *dev = p->context->dev;
    TRY(elbow_model_new(&p->model, p->context, &small, p->data));
    TRY(elb_model_reserve(p->model, MEASURED_ROWS));
    TRY(elb_feed_new(&p->feed, dev, p->data, ELBOW_TRAIN, rows(p), &small, elb_feed_limit(dev)));
    TRY(elb_feed_new(&p->measured, dev, p->data, ELBOW_TEST, MEASURED_ROWS, &small, elb_feed_limit(dev)));
    TRY(elb_stepper_open(&p->stepper, p->model, &p->options, images(p)));
    elb_model_weigh(p->model->net, ELB_BY_STEP);
    p->epoch = 1;
    return elb_feed_start(p->feed, p->epoch);
}

static void close_probe(probe *p)
{
    elb_feed_free(p->feed);
    elb_feed_free(p->measured);
    elb_stepper_close(&p->stepper);
    elbow_model_free(p->model);
    elbow_close(p->context);
}

static elbow_status step(probe *p, double beta)
{
    const uint32_t count = rows(p);
    if (p->at + count > images(p)) {
        p->at = 0;
        TRY(elb_feed_start(p->feed, ++p->epoch));
    }
    const double warm = fmin((double)(p->number + 1) / WARM_UP, 1);
    const elb_step now = {.number = p->number++,
                          .epoch = p->epoch,
                          .first = p->at,
                          .rows = count,
                          .rate = p->plan->rate * warm,
                          .weight = beta};
    p->at += count;
    return elb_stepper_run(&p->stepper, p->feed, &now);
}

static elbow_status tell(probe *p)
{
    if (!p->progress || !p->progress(p->user, (double)p->number / (double)p->steps)) return ELBOW_OK;
    return elb_fail(&p->context->err, ELBOW_STOPPED, "stopped while the rates of a small model were measured");
}

/* Half of the steps lead to the new weight, the other half stay there. */
static elbow_status go(probe *p, double from, double to, uint32_t steps)
{
    for (uint32_t k = 1; k <= steps; k++) {
        TRY(step(p, from * pow(to / from, fmin(2.0 * k / steps, 1))));
        if (k % 32 == 0) TRY(tell(p));
    }
    return ELBOW_OK;
}

static elbow_status measure(probe *p, elb_probed *point)
{
    const uint32_t there = elb_data_part(p->data, ELBOW_TEST)->count;
    const uint32_t count = p->plan->measured < there ? p->plan->measured : there;
    elbow_metrics is;
    TRY(elb_measure(&is, p->model, elb_flat(p->model, p->model->w), p->measured, count, false));
    point->rate = is.rate;
    point->distortion = is.distortion;
    return ELBOW_OK;
}

static elbow_status go_through(probe *p)
{
    elb_curve *curve = p->curve;
    uint32_t kept = 0;
    double beta = curve->points[0].beta;
    p->steps = p->plan->first + (uint64_t)(curve->count - 1) * p->plan->steps;
    for (uint32_t i = 0; i < curve->count; i++) {
        elb_probed point = {.beta = curve->points[i].beta};
        TRY(go(p, beta, point.beta, i ? p->plan->steps : p->plan->first));
        TRY(measure(p, &point));
        beta = point.beta;
        if (isfinite(point.rate) && isfinite(point.distortion)) curve->points[kept++] = point;
    }
    curve->count = kept;
    return ELBOW_OK;
}

elbow_status elb_probe(elb_curve *curve, elb_error *err, const elbow_data *data, const elbow_recipe *recipe,
                       const elb_probe_plan *plan, elb_on_probe *progress, void *user)
{
    probe p = {.curve = curve, .data = data, .plan = plan, .progress = progress, .user = user};
    elbow_status status = ELBOW_OK;
    if (!curve->count) return ELBOW_OK;
    status = open_probe(&p, recipe);
    if (status == ELBOW_OK) status = go_through(&p);
    if (status != ELBOW_OK) status = elb_fail(err, status, "%s", elbow_message(p.context));
    close_probe(&p);
    return status;
}
