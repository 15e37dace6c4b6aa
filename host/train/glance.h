/* glance.h - the spectrum that a glance at the data finds, kept with the context: what is foreseen of a run, whether
 * its aim is within reach, and each row of a sweep ask for the same one. */
#ifndef ELB_GLANCE_H
#define ELB_GLANCE_H

#include "theory/spectrum.h"

typedef struct elb_glance {
    elb_spectrum spectrum;  /* eigenvalues NULL: of nothing yet; else of ... */
    elb_spectrum_plan plan; /* ... what was asked for ... */
    char sha256[65];        /* ... of these images, ... */
    double held_out[3];     /* ... less those of these shares */
    uint32_t images;
} elb_glance;

/* What elb_glance_of the recipe finds; it stays the context's, until it is asked for another. Errors: MEMORY, BAD_DATA.
 */
elbow_status elb_glance_at(const elb_spectrum **spectrum, elbow_context *context, const elbow_data *data,
                           const elbow_recipe *recipe);

#endif
