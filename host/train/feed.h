/* feed.h - batches of a data set on the device.
 *
 * A data set that fits lives on the device and a batch is gathered there by index. One that does not is cut into chunks
 * of many batches in the epoch's order: the host collects the next chunk while the device works on this one, and copies
 * it into the other of two buffers. */
#ifndef ELB_FEED_H
#define ELB_FEED_H

#include "device/device.h"
#include "io/data.h"

typedef struct elb_feed elb_feed;

/* A feed of one split in batches of up to max_rows. resident_limit: bytes of pixels that may live on the device; more
 * is streamed. The data must outlive the feed. */
elbow_status elb_feed_new(elb_feed **feed, elb_device *dev, const elbow_data *data, elbow_split split,
                          uint32_t max_rows, const elbow_recipe *recipe, uint64_t resident_limit);
void elb_feed_free(elb_feed *feed);

/* Sets the order of the epoch's data: the seed's shuffle of that epoch (from 1), or the split's own order for epoch 0.
 */
elbow_status elb_feed_start(elb_feed *feed, uint32_t epoch);

/* Gathers data [first, first + rows) of the order: *x (rows, pixels) and *samples (1, rows), borrowed until the next
 * call. Batches come in any order where the data are resident, else upwards. */
elbow_status elb_feed_batch(elb_view *x, elb_view *samples, elb_feed *feed, uint32_t first, uint32_t rows);

/* What the kernels leave out of the distortion of a datum: the density's constant, and for counts the mean over the
 * feed's data of what hangs on them alone. Nats. */
double elb_feed_constant(const elb_feed *feed);

/* What the library takes for resident_limit on a device: half of its memory. */
uint64_t elb_feed_limit(const elb_device *dev);

#endif
