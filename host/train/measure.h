/* measure.h - means over data in double on the host, from the numbers that a model gives for each row. Adding goes in
 * the order of the data, so that a mean does not depend on the batches. */
#ifndef ELB_MEASURE_H
#define ELB_MEASURE_H

#include "train/feed.h"
#include "train/model_state.h"

/* What a density adds to each datum's distortion, which the kernels leave out: D/2 log(2 pi sigma2) for a Gaussian of
 * fixed variance, D/2 log(2 pi) for one of another, 0 for Bernoulli. Nats. */
double elb_density_constant(const elbow_recipe *recipe, uint32_t pixels);

/* Measures all data of a feed with the parameters w. */
elbow_status elb_measure(elbow_metrics *metrics, elbow_model *model, elb_view w, elb_feed *feed, uint32_t count,
                         bool use_mean);

#endif
