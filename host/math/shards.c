#include "math/shards.h"

#include "elb_kernels.h"
#include "math/ranges.h"

elbow_status elb_sum_rows(elb_device *dev, elb_view y, elb_view x, const elb_segments *cut)
{
    return launch_sum_rows(dev, elb_sum_rows_range(dev, x.cols), y, x, x.rows, x.cols, x.stride, cut->count, cut->batch,
                           cut->shards, cut->left_over, cut->each);
}
