/* axis.h - an axis of a chart: what it spans and where its ticks are. */
#ifndef ELB_IO_AXIS_H
#define ELB_IO_AXIS_H

#include "base/text.h"
#include "io/curves.h"

#define ELB_MAX_TICKS 40

typedef struct elb_axis {
    double low, high; /* on a logarithmic axis their log10 */
    bool log;
    double tick[ELB_MAX_TICKS]; /* values */
    size_t ticks;
    int decimals; /* of a tick's number; none on a logarithmic axis */
} elb_axis;

/* The axis that shows values from low to high; not low <= high (nothing to show) gives any. USUAL is not a scale here.
 */
elb_axis elb_axis_of(double low, double high, elb_scale scale);

/* Where a value lies on an axis of this length. */
double elb_axis_place(const elb_axis *axis, double value, double length);

/* Whether there is such a place. */
bool elb_axis_shows(elb_scale scale, double value);

/* A tick's number, with a minus of the right length and no -0. */
void elb_axis_number(elb_text *out, const elb_axis *axis, double value);

#endif
