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

static double course(const elbow_train_options *options, double epoch, double progress)
{
    switch (options->rate) {
    case ELBOW_RATE_CONSTANT:
        return 1;
    case ELBOW_RATE_STEP:
        return elb_power(options->rate_factor, (uint64_t)(epoch / options->rate_every));
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
