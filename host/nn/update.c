/* update.c - operations on the flat vectors and on batches: thin launches of the kernels that do them. */
#include "nn/update.h"

#include "elb_kernels.h"
#include "math/ranges.h"

#include <math.h>

elbow_status elb_adam(elb_device *dev, elb_view w, elb_view m, elb_view v, elb_view g, elb_view clip, elb_view bad,
                      double rate, double correction1, double correction2)
{
    return launch_adam(dev, elb_block_range(dev, w.cols), w, m, v, g, clip, bad, w.cols, 0.9, 0.999, 1e-8,
                       rate / correction1, 1 / sqrt(correction2));
}

elbow_status elb_add(elb_device *dev, elb_view y, elb_view x)
{
    return launch_add(dev, elb_block_range(dev, y.cols), y, x, y.cols);
}

size_t elb_norm_scratch(size_t count)
{
    return count / ELB_NORM_CHUNK + (count % ELB_NORM_CHUNK != 0);
}

elbow_status elb_guard(elb_device *dev, elb_view bad, elb_view clip, elb_view g, elb_view distortion, elb_view rate,
                       double limit, elb_view scratch, uint32_t step, bool keep)
{
    const elb_range chunks = elb_norm_range(g.cols);
    TRY(launch_squares(dev, chunks, scratch, g, g.cols));
    return launch_guard(dev, (elb_range){1, 1}, bad, clip, elb_cols(scratch, 0, chunks.x), distortion, rate, chunks.x,
                        distortion.cols, step, keep, limit);
}

elbow_status elb_optimum(elb_device *dev, elb_view spread, elb_view next, elb_view sse, elb_view running, double share,
                         double part)
{
    return launch_optimum(dev, (elb_range){1, 1}, spread, next, sse, running, share, part);
}

elbow_status elb_settle(elb_device *dev, elb_view y, elb_view x, elb_view bad)
{
    return launch_settle(dev, (elb_range){1, 1}, y, x, bad, y.cols);
}

elbow_status elb_gather(elb_device *dev, elb_view x, elb_view pixels, bool bytes, elb_view at, elb_view samples,
                        int binarise, uint64_t seed, uint32_t epoch)
{
    const elb_range groups = {x.rows, 1};
    if (bytes) return launch_gather(dev, groups, x, pixels, at, samples, x.cols, x.stride, seed, epoch, binarise);
    return launch_gather_reals(dev, groups, x, pixels, at, samples, x.cols, x.stride, seed, epoch, binarise);
}
