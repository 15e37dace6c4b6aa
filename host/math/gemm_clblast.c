/* gemm_clblast.c - products by CLBlast, on the queue and the memory of an OpenCL device: the one file above
 * host/device that knows OpenCL. */
#include "math/provider.h"

#include <clblast_c.h>
#include <stdlib.h>
#include <string.h>

#include "device/opencl.h"

typedef struct clblast {
    elb_provider provider;
    __typeof__(&CLBlastSgemm) sgemm;
    cl_command_queue queue; /* the device's */
} clblast;

static CLBlastTranspose transpose_of(elb_transpose trans)
{
    return trans == TRANS ? CLBlastTransposeYes : CLBlastTransposeNo;
}

/* CLBlast's cache of programs is shared by all threads and not safe for them: elbow calls it from one. */
static elbow_status gemm(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                         elb_view b, elb_transpose trans_b)
{
    const clblast *own = (const clblast *)provider;
    cl_command_queue queue = own->queue;
    const uint32_t k = trans_a ? a.rows : a.cols;
    const CLBlastStatusCode code =
        own->sgemm(CLBlastLayoutRowMajor, transpose_of(trans_a), transpose_of(trans_b), c.rows, c.cols, k, 1,
                   elb_opencl_memory(a.buffer), a.offset, a.stride, elb_opencl_memory(b.buffer), b.offset, b.stride, 0,
                   elb_opencl_memory(c.buffer), c.offset, c.stride, &queue, NULL);
    if (code == CLBlastSuccess) return ELBOW_OK;
    return elb_fail(dev->err, ELBOW_DEVICE, "device %s: CLBlastSgemm of %u x %u x %u: status %d", dev->info.id, c.rows,
                    c.cols, k, (int)code);
}

elbow_status elb_clblast_open(elb_provider **provider, elb_device *dev)
{
    clblast *own;
    void *context, *device, *queue;
    *provider = NULL;
    if (strcmp(dev->info.backend, "opencl") != 0 || dev->real_size != sizeof(float)) return ELBOW_OK;
    /* CLBlast calls libOpenCL.so.1, which knows nothing of the objects of a library that was named instead. */
    if (getenv("ELBOW_OPENCL_LIBRARY")) return ELBOW_OK;
    TRY(elb_opencl_lend(dev, &context, &device, &queue));
    TRY(elb_new(dev->err, &own, 1, sizeof *own, "CLBlast"));
    const elb_symbol symbols[] = {{"CLBlastSgemm", &own->sgemm}};
    if (!elb_library("libclblast.so.1", symbols, COUNT(symbols))) {
        free(own);
        return ELBOW_OK;
    }
    own->provider.gemm = gemm;
    own->queue = queue;
    elb_format(own->provider.name, sizeof own->provider.name, "CLBlast");
    elb_remark(dev->err, "CLBlast builds its own programs for %s at its first products: that takes seconds",
               dev->info.name);
    *provider = &own->provider;
    return ELBOW_OK;
}
