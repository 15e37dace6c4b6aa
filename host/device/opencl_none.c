/* In the place of opencl*.c where the build found no OpenCL headers. */
#include "device/opencl.h"

elbow_status elb_opencl_find(elb_error *err, elb_found **found, size_t *count)
{
    *found = NULL;
    *count = 0;
    elb_remark(err, "this build of elbow has no OpenCL: only the native device is there");
    return ELBOW_OK;
}

void elb_opencl_probe(elb_found *found)
{
    (void)found;
}

static elbow_status unsupported(elb_error *err)
{
    return elb_fail(err, ELBOW_UNSUPPORTED, "this build of elbow has no OpenCL: build it where <CL/cl.h> is installed");
}

elbow_status elb_opencl_open(elb_device **dev, elb_error *err, const elb_found *found)
{
    (void)found;
    *dev = NULL;
    return unsupported(err);
}

elbow_status elb_opencl_adopt(elb_device **dev, elb_error *err, void *context, void *device, void *queue)
{
    (void)context, (void)device, (void)queue;
    *dev = NULL;
    return unsupported(err);
}

elbow_status elb_opencl_lend(elb_device *dev, void **context, void **device, void **queue)
{
    *context = *device = *queue = NULL;
    return unsupported(dev->err);
}

void *elb_opencl_memory(elb_buffer *buffer)
{
    (void)buffer;
    return NULL;
}

elbow_status elb_opencl_wrap(elb_buffer **buffer, elb_device *dev, void *memory)
{
    (void)memory;
    *buffer = NULL;
    return unsupported(dev->err);
}
