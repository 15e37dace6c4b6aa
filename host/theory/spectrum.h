/* spectrum.h - the largest eigenvalues of the data's covariance. */
#ifndef ELB_THEORY_SPECTRUM_H
#define ELB_THEORY_SPECTRUM_H

#include "base/base.h"
#include "io/data.h"

/* How data become the rows whose covariance is looked at. */
typedef struct elb_whitening {
    bool pearson;            /* divide by sqrt(max(p (1 - p), 1e-3)), p the pixel's mean: Bernoulli's own scale */
    elbow_binarise binarise; /* as training sees the data; dynamic adds its variance to the diagonal */
    uint32_t images; /* at most so many, by a fixed choice among the training split; 0: what takes half a second */
} elb_whitening;

/* Writes the `count` largest eigenvalues, falling, by subspace iteration from a fixed start; those that do not exist
 * are 0. *sampled: images used. Errors: MEMORY. */
elbow_status elb_spectrum(double *eigenvalues, uint32_t *sampled, elb_error *err, const elbow_data *data,
                          const elb_whitening *how, uint32_t count);

#endif
