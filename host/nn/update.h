/* update.h - operations on the four flat vectors, and on batches of data: what happens between two passes of a model.
 */
#ifndef ELB_UPDATE_H
#define ELB_UPDATE_H

#include "device/device.h"

/* One step of Adam (Kingma & Ba 2015) over flat vectors of the same length.
 * w -= rate m' / (sqrt(v') + 1e-8), m' and v' divided by 1 - 0.9^t and 1 - 0.999^t (correction1, correction2).
 * clip[0]: the factor that g is multiplied by first. bad (1 unsigned): where not 0 nothing changes. */
elbow_status elb_adam(elb_device *dev, elb_view w, elb_view m, elb_view v, elb_view g, elb_view clip, elb_view bad,
                      double rate, double correction1, double correction2);

/* y += x. */
elbow_status elb_add(elb_device *dev, elb_view y, elb_view x);

/* clip (2 elements) = min(1, limit / |g|), 1 if limit is 0; and |g|^2. bad[0] = 1 where a row's loss or the norm is not
 * finite; bad[1] counts the calls that found one. step is written to bad[2] by the first. keep: bad[0] stays set from
 * an earlier call (stop); otherwise it is made anew (skip). scratch: elb_norm_scratch elements. */
size_t elb_norm_scratch(size_t count);
elbow_status elb_guard(elb_device *dev, elb_view bad, elb_view clip, elb_view g, elb_view distortion, elb_view rate,
                       double limit, elb_view scratch, uint32_t step, bool keep);

/* spread (1) = log of the sigma that fits best, from sse summed over the batch times share; next (1): the running value
 * with part of it (cl/optimum.cl). */
elbow_status elb_optimum(elb_device *dev, elb_view spread, elb_view next, elb_view sse, elb_view running, double share,
                         double part);
/* y = x, a few numbers, while bad[0] is 0. */
elbow_status elb_settle(elb_device *dev, elb_view y, elb_view x, elb_view bad);

/* x (rows, pixels) = rows samples[0], samples[1], ... of pixels, bytes as value / 255, else reals. binarise: enum
 * binarise of cl/choices.h; DYNAMIC draws with (seed, epoch, sample). */
elbow_status elb_gather(elb_device *dev, elb_view x, elb_view pixels, bool bytes, elb_view at, elb_view samples,
                        int binarise, uint64_t seed, uint32_t epoch);

#endif
