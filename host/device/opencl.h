/* opencl.h - what the rest of the library sees of OpenCL; no type of OpenCL's own. Behind it are opencl*.c, or
 * opencl_none.c where the build found no OpenCL headers. */
#ifndef ELB_OPENCL_H
#define ELB_OPENCL_H

#include "device/discover.h"

/* Every OpenCL device into a new array. No library, no platform or a platform that fails is a remark, not a failure.
 * Errors: MEMORY. */
elbow_status elb_opencl_find(elb_error *err, elb_found **found, size_t *count);

/* Compiles and runs a few lines on a device that looks usable, once per driver (the verdict is kept in the cache), and
 * marks it unusable with the reason if that fails. */
void elb_opencl_probe(elb_found *found);

elbow_status elb_opencl_open(elb_device **dev, elb_error *err, const elb_found *found);

/* A device on the caller's cl_context, cl_device_id and in-order cl_command_queue. Each is retained until the device is
 * closed. Errors: USAGE if they do not belong together or the queue is out of order, DEVICE. */
elbow_status elb_opencl_adopt(elb_device **dev, elb_error *err, void *context, void *device, void *queue);

/* The device's own cl_context, cl_device_id and cl_command_queue, borrowed. UNSUPPORTED for a device that is not
 * OpenCL's. */
elbow_status elb_opencl_lend(elb_device *dev, void **context, void **device, void **queue);

/* The cl_mem behind a buffer of an OpenCL device, borrowed; NULL for a native one. */
void *elb_opencl_memory(elb_buffer *buffer);

/* A buffer on the caller's cl_mem, which is retained until the buffer is freed. */
elbow_status elb_opencl_wrap(elb_buffer **buffer, elb_device *dev, void *memory);

#endif
