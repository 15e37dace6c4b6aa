/* measure.h - means over data in double on the host, from the numbers that a model gives for each row. Adding goes in
 * the order of the data, so that a mean does not depend on the batches. */
#ifndef ELB_MEASURE_H
#define ELB_MEASURE_H

#include "train/feed.h"
#include "train/model_state.h"

/* Measures all data of a feed with the parameters w. */
elbow_status elb_measure(elbow_metrics *metrics, elbow_model *model, elb_view w, elb_feed *feed, uint32_t count,
                         bool use_mean);

#endif
