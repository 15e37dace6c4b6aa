/* gemm_onednn_none.c - a build without oneDNN. */
#include "math/provider.h"

elbow_status elb_onednn_open(elb_provider **provider, elb_device *dev)
{
    (void)dev;
    *provider = NULL;
    return ELBOW_OK;
}
