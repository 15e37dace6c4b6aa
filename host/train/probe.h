/* probe.h - a small model trained for some seconds while beta rises, to see what rates a deep model of its kind has. */
#ifndef ELB_PROBE_H
#define ELB_PROBE_H

#include "theory/advise.h"

typedef struct elb_probe_plan {
    uint32_t width;        /* hidden layers are no wider */
    uint32_t batch;        /* images of a step */
    uint32_t first, steps; /* steps at the smallest beta, and from each to the next */
    uint32_t measured;     /* images that a point is measured on */
    double rate;           /* Adam's learning rate */
} elb_probe_plan;

/* The usual, and the one of half a second. */
extern const elb_probe_plan elb_probe_usual, elb_probe_short;

typedef bool elb_on_probe(void *user, double done);

/* Fills in rate and distortion of the curve's points. Trains on the native device; the bits depend on the recipe, the
 * plan, the data and the points alone. Points at which nothing finite came out are left out. Errors: STOPPED, MEMORY,
 * USAGE (no such model). */
elbow_status elb_probe(elb_curve *curve, elb_error *err, const elbow_data *data, const elbow_recipe *recipe,
                       const elb_probe_plan *plan, elb_on_probe *progress, void *user);

#endif
