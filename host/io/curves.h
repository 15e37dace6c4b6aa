/* curves.h - small line charts side by side in one SVG that reads well on light and on dark ground. */
#ifndef ELB_IO_CURVES_H
#define ELB_IO_CURVES_H

#include "base/base.h"

typedef struct elb_series {
    const char *name;    /* in the legend; the same name has the same colour in every panel */
    const double *x, *y; /* (count); points that are not finite are gaps */
    size_t count;
} elb_series;

#define ELB_MAX_SERIES 4

typedef struct elb_panel {
    const char *title;  /* "ELBO" */
    const char *x_name; /* "epoch" */
    const char *y_name; /* "nats per image" */
    elb_series series[ELB_MAX_SERIES];
    size_t count;
} elb_panel;

/* Writes the panels next to each other, whole or not at all; heading may be "". Errors: USAGE (no panels or too many
 * series), IO, MEMORY. */
elbow_status elb_curves_svg(elb_error *err, const char *path, const char *heading, const elb_panel *panels,
                            size_t count);

#endif
