/* elbow_cl.h - lends and borrows OpenCL objects: elbow on your context, device and queue, or you on elbow's.
 *
 * Needs no header of OpenCL's and may be included before or after <CL/cl.h>: the three types below are the ones that it
 * declares. All functions follow the law of elbow.h.
 *
 * Who owns what: elbow retains what it is given (clRetainContext, clRetainCommandQueue) and releases it in elbow_close;
 * you release your own references whenever you like. What elbow lends is borrowed: retain what should outlive the
 * elbow_context. */
#ifndef ELBOW_CL_H
#define ELBOW_CL_H

#include "elbow.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct _cl_context *cl_context;
typedef struct _cl_device_id *cl_device_id;
typedef struct _cl_command_queue *cl_command_queue;

/* Opens a context on your OpenCL objects instead of a device's id. The device may be a part of one
 * (clCreateSubDevices); the queue belongs to both and runs in order, and elbow's commands go into it between yours.
 * Call elbow from the thread that uses the queue. The process must hold one OpenCL library: the one that elbow finds at
 * run time (ELBOW_OPENCL_LIBRARY, else the one your program is linked to, else libOpenCL.so.1). Errors: USAGE they do
 * not belong together or the queue runs out of order, DEVICE, WRONG_BITS, UNSUPPORTED by a build without OpenCL, MEMORY
 * (*context NULL). As with elbow_open a context is given even on failure: close it always. */
ELBOW_API elbow_status elbow_open_cl(elbow_context **context, cl_context cl, cl_device_id device,
                                     cl_command_queue queue);

/* The OpenCL objects that a context works on, borrowed. Errors: UNSUPPORTED for the native device. */
ELBOW_API elbow_status elbow_lend_cl(elbow_context *context, cl_context *cl, cl_device_id *device,
                                     cl_command_queue *queue);

#ifdef __cplusplus
}
#endif
#endif
