/* gemm_clblast_none.c - a build without CLBlast. */
#include "math/provider.h"

elbow_status elb_clblast_open(elb_provider **provider, elb_device *dev)
{
    (void)dev;
    *provider = NULL;
    return ELBOW_OK;
}
