/* measure.h - means over data in double on the host, from the numbers that a model gives for each row. Adding goes in
 * the order of the data, so that a mean does not depend on the batches. */
#ifndef ELB_MEASURE_H
#define ELB_MEASURE_H

#include "train/feed.h"
#include "train/model_state.h"

/* Refuses a split without images, with how to come by some. Errors: BAD_DATA. */
elbow_status elb_split_filled(elb_error *err, const elbow_data *data, elbow_split split);

/* Measures all data of a feed with the parameters w. */
elbow_status elb_measure(elbow_metrics *metrics, elbow_model *model, elb_view w, elb_feed *feed, uint32_t count,
                         bool use_mean);

/* The importance-weighted bound over a split (elbow_evaluate_iwae) with at most so many draws at once, which change no
 * bit of it. */
elbow_status elb_measure_iwae(double *nll, elbow_model *model, elbow_data *data, elbow_split split, uint32_t samples,
                              uint32_t draws, elbow_on_data *progress, void *user);

/* log (1/count sum exp x), its addends in their order. */
double elb_log_mean_exp(const double *x, uint32_t count);

#endif
