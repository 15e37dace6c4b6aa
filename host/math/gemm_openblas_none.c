/* gemm_openblas_none.c - a build without OpenBLAS. */
#include "math/provider.h"

elbow_status elb_openblas_open(elb_provider **provider, elb_device *dev)
{
    (void)dev;
    *provider = NULL;
    return ELBOW_OK;
}
