#include "io/axis.h"

#include <math.h>

enum { STEPS = 5, DECADES = 8 };

static void add_tick(elb_axis *axis, double value)
{
    if (axis->ticks < ELB_MAX_TICKS) axis->tick[axis->ticks++] = value;
}

/* Round steps of 1, 2 or 5 times a power of ten around what the data span; whole: steps of at least one. */
static elb_axis linear(double low, double high, bool whole)
{
    if (high - low <= 1e-9 * fmax(fabs(high), fabs(low)) || high == low) {
        const double room = fmax(fabs(high) * 0.05, whole ? 1 : 1e-3);
        low -= whole ? 0 : room, high += room;
    }
    const double raw = (high - low) / STEPS, power = pow(10, floor(log10(raw)));
    const double lead = raw / power;
    double step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    if (whole && step < 1) step = 1;
    const int decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
    elb_axis axis = {.low = whole ? low : floor(low / step + 1e-9) * step,
                     .high = whole ? high : ceil(high / step - 1e-9) * step,
                     .decimals = decimals > 9 ? 9 : decimals};
    const double first = ceil(axis.low / step - 1e-6);
    for (int i = 0; (first + i) * step <= axis.high + step / 1e6 && i < ELB_MAX_TICKS; i++)
        add_tick(&axis, fabs(first + i) < 0.5 ? 0 : (first + i) * step);
    return axis;
}

/* Powers of ten; 1, 2 and 5 times these where there are few. */
static elb_axis logarithmic(double low, double high)
{
    static const double leads[] = {1, 2, 5};
    const double from = log10(low), to = log10(high), room = fmax((to - from) * 0.04, 0.05);
    elb_axis axis = {.low = from - room, .high = to + room, .log = true};
    const double decades = axis.high - axis.low;
    const int stride = (int)ceil(decades / DECADES);
    for (int power = (int)floor(axis.low); power <= axis.high; power++) {
        if (power % stride != 0) continue;
        for (size_t i = 0; i < (decades > 2.6 ? 1 : COUNT(leads)); i++) {
            const double tick = leads[i] * pow(10, power), at = log10(tick);
            if (at >= axis.low && at <= axis.high) add_tick(&axis, tick);
        }
    }
    return axis;
}

elb_axis elb_axis_of(double low, double high, elb_scale scale)
{
    if (!(low <= high)) low = scale == ELB_LOG ? 1 : 0, high = scale == ELB_LOG ? 10 : 1;
    return scale == ELB_LOG ? logarithmic(low, high) : linear(low, high, scale == ELB_WHOLE);
}

bool elb_axis_shows(elb_scale scale, double value)
{
    return isfinite(value) && (scale != ELB_LOG || value > 0);
}

double elb_axis_place(const elb_axis *axis, double value, double length)
{
    return ((axis->log ? log10(value) : value) - axis->low) / (axis->high - axis->low) * length;
}

void elb_axis_number(elb_text *out, const elb_axis *axis, double value)
{
    const char *sign = value < 0 ? "\xe2\x88\x92" : "";
    if (axis->log && (value < 1e-4 || value >= 1e5))
        elb_put(out, "%.0fe%d", value / pow(10, floor(log10(value) + 1e-9)), (int)floor(log10(value) + 1e-9));
    else if (axis->log)
        elb_put(out, "%g", value);
    else if (fabs(value) >= 1e7)
        elb_put(out, "%s%.3g", sign, fabs(value));
    else
        elb_put(out, "%s%.*f", sign, axis->decimals, fabs(value));
}
