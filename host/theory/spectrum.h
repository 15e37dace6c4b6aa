/* spectrum.h - the eigenvalues of the data's covariance, with its trace. */
#ifndef ELB_THEORY_SPECTRUM_H
#define ELB_THEORY_SPECTRUM_H

#include "base/base.h"
#include "io/data.h"

/* Up to so many pixels all eigenvalues are found; of more only those asked for. */
#define ELB_DENSE_PIXELS 2048

/* How data become the rows whose covariance is looked at, and how much of it is looked at. */
typedef struct elb_spectrum_plan {
    bool pearson;            /* divide by sqrt(max(p (1 - p), 1e-3)), p the pixel's mean: Bernoulli's own scale */
    elbow_binarise binarise; /* as training sees the data; dynamic adds its variance to the diagonal */
    uint32_t images;         /* at most so many, by a fixed choice among the training split; 0: all */
    uint32_t count;          /* eigenvalues to find where there are too many pixels for all */
    uint32_t dense;          /* most pixels for which all are found; at most ELB_DENSE_PIXELS */
} elb_spectrum_plan;

typedef struct elb_spectrum {
    double *eigenvalues; /* (count), falling, none below 0; the rest of them sums up to trace less these */
    uint32_t count;      /* pixels where all were found */
    uint32_t pixels, images;
    double trace;   /* total variance of what was looked at, exact */
    double entropy; /* of pixels as independent Bernoulli variables at their means: -sum p log p + (1-p) log(1-p) */
    double grey_entropy; /* the same of each pixel at its own value, mean over images; 0 where all are 0 or 1 */
} elb_spectrum;

/* Told how far it is, 0 to 1. Returns true to stop. */
typedef bool elb_on_spectrum(void *user, double done);

/* Reads the images in blocks and never holds more than one of them in floats. Bytes are summed without any error; the
 * eigenvalues of all pixels are then exact to about 1e-13 of the largest, of floats to 1e-6. For more pixels subspace
 * iteration finds plan->count of them, the largest to about 1e-6 and the last to 1e-3. The caller frees with
 * elb_spectrum_free, after a failure as well. Errors: MEMORY, STOPPED, BAD_DATA. */
elbow_status elb_spectrum_find(elb_spectrum *spectrum, elb_error *err, const elbow_data *data,
                               const elb_spectrum_plan *plan, elb_on_spectrum *progress, void *user);
void elb_spectrum_free(elb_spectrum *spectrum);

#endif
