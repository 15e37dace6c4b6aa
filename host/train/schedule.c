#include "train/schedule.h"

double elb_power(double base, uint64_t exponent)
{
    double power = 1;
    for (; exponent; exponent >>= 1, base *= base)
        if (exponent & 1) power *= base;
    return power;
}

/* Taylor's series of cos(pi y) about 0, |y| <= 1/2: the first term left out is below 1e-17. */
static double cospi_small(double y)
{
    const double pi = 3.14159265358979323846, square = (pi * y) * (pi * y);
    double term = 1, sum = 0;
    for (int k = 1; k <= 13; k++) {
        sum += term;
        term *= -square / ((2 * k - 1) * (2 * k));
    }
    return sum;
}

double elb_cospi(double x)
{
    return x <= 0.5 ? cospi_small(x) : -cospi_small(1 - x);
}

/* Taylor's series of exp(x / 64), then six squarings. */
double elb_exp(double x)
{
    if (x < 0) return 1 / elb_exp(-x);
    const double y = x / 64;
    double term = 1, sum = 0;
    for (int k = 1; k <= 20; k++) {
        sum += term;
        term *= y / k;
    }
    return elb_power(sum, 64);
}

/* Steps that have been taken by an epoch: the first ends after rate_every epochs, each is rate_growth times as long as
 * the one before. */
static uint64_t steps_taken(const elbow_train_options *options, double epoch)
{
    if (!(options->rate_growth > 1)) return (uint64_t)(epoch / options->rate_every);
    uint64_t taken = 0;
    double length = options->rate_every;
    for (double end = length; epoch >= end; end += length) {
        length *= options->rate_growth;
        taken++;
    }
    return taken;
}

static double course(const elbow_train_options *options, double epoch, double progress)
{
    switch (options->rate) {
    case ELBOW_RATE_CONSTANT:
        return 1;
    case ELBOW_RATE_STEP:
        return elb_power(options->rate_factor, steps_taken(options, epoch));
    case ELBOW_RATE_COSINE:
        return options->rate_factor + (1 - options->rate_factor) * 0.5 * (1 + elb_cospi(progress));
    }
    return 1;
}

double elb_learning_rate(const elbow_train_options *options, uint64_t step, uint64_t steps, double steps_per_epoch)
{
    const double epoch = (double)step / steps_per_epoch;
    const double warmup = options->rate_warmup * steps_per_epoch;
    const double rise = (double)step + 1 < warmup ? ((double)step + 1) / warmup : 1;
    return options->learning_rate * rise * course(options, epoch, (double)step / (double)steps);
}

/* ---- the KL term ---- */

/* A logistic curve through (0, 0), (1/2, 1/2) and (1, 1), ten units long (Bowman et al. 2016, figure 2). */
static double sigmoid_rise(double x)
{
    const double low = 1 / (1 + elb_exp(5)), at = 1 / (1 + elb_exp(5 - 10 * x));
    return (at - low) / (1 - 2 * low);
}

/* How far a rise has come, 0 to 1, when a share x of its time has gone. */
static double rise(elbow_schedule schedule, double x)
{
    if (schedule == ELBOW_SCHEDULE_SIGMOID) return sigmoid_rise(x);
    if (schedule == ELBOW_SCHEDULE_COSINE) return 0.5 * (1 - elb_cospi(x));
    return x;
}

/* The share of the schedule's time that has gone by a step, at most 1. */
static double gone(const elbow_train_options *options, uint64_t step, double steps_per_epoch)
{
    const double length = options->schedule_epochs * steps_per_epoch;
    return (double)step < length ? (double)step / length : 1;
}

/* The share of the present cycle's rise that has gone, at most 1; after the last cycle 1. */
static double gone_of_cycle(const elbow_train_options *options, double x)
{
    const double cycles = x * options->schedule_cycles, within = cycles - (double)(uint64_t)cycles;
    return x < 1 && within < options->schedule_ratio ? within / options->schedule_ratio : 1;
}

double elb_kl_weight(const elbow_train_options *options, double weight, uint64_t step, double steps_per_epoch)
{
    double x = gone(options, step, steps_per_epoch);
    switch (options->schedule) {
    case ELBOW_SCHEDULE_CYCLICAL:
        x = gone_of_cycle(options, x);
        break;
    case ELBOW_SCHEDULE_LINEAR:
    case ELBOW_SCHEDULE_SIGMOID:
    case ELBOW_SCHEDULE_COSINE:
        break;
    default:
        return weight;
    }
    const double from = options->schedule_from;
    return weight * (from + (1 - from) * rise(options->schedule, x));
}

bool elbow_schedule_watches(elbow_schedule schedule)
{
    return schedule > ELBOW_SCHEDULE_CYCLICAL;
}

double elb_kl_target(const elbow_train_options *options, uint64_t step, double steps_per_epoch)
{
    const double from = options->schedule_from, to = options->schedule_target;
    if (options->schedule != ELBOW_SCHEDULE_CAPACITY && options->schedule != ELBOW_SCHEDULE_LEAST_RATE) return to;
    return from + (to - from) * gone(options, step, steps_per_epoch);
}
