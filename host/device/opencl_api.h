/* opencl_api.h - OpenCL's functions, found at run time: a machine without the library is no failure. */
#ifndef ELB_OPENCL_API_H
#define ELB_OPENCL_API_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#include "base/base.h"

#define ELB_CL_FUNCTIONS(X)                                                                                            \
    X(GetPlatformIDs)                                                                                                  \
    X(GetPlatformInfo)                                                                                                 \
    X(GetDeviceIDs)                                                                                                    \
    X(GetDeviceInfo)                                                                                                   \
    X(CreateContext)                                                                                                   \
    X(RetainContext)                                                                                                   \
    X(ReleaseContext)                                                                                                  \
    X(CreateCommandQueue)                                                                                              \
    X(RetainCommandQueue)                                                                                              \
    X(ReleaseCommandQueue)                                                                                             \
    X(GetCommandQueueInfo)                                                                                             \
    X(CreateBuffer)                                                                                                    \
    X(RetainMemObject)                                                                                                 \
    X(ReleaseMemObject)                                                                                                \
    X(GetMemObjectInfo)                                                                                                \
    X(CreateProgramWithSource)                                                                                         \
    X(CreateProgramWithBinary)                                                                                         \
    X(BuildProgram)                                                                                                    \
    X(GetProgramBuildInfo)                                                                                             \
    X(GetProgramInfo)                                                                                                  \
    X(ReleaseProgram)                                                                                                  \
    X(RetainProgram)                                                                                                   \
    X(CreateKernel)                                                                                                    \
    X(SetKernelArg)                                                                                                    \
    X(ReleaseKernel)                                                                                                   \
    X(EnqueueNDRangeKernel)                                                                                            \
    X(GetEventProfilingInfo)                                                                                           \
    X(ReleaseEvent)                                                                                                    \
    X(EnqueueReadBuffer)                                                                                               \
    X(EnqueueWriteBuffer)                                                                                              \
    X(EnqueueCopyBuffer)                                                                                               \
    X(EnqueueFillBuffer)                                                                                               \
    X(EnqueueMapBuffer)                                                                                                \
    X(EnqueueUnmapMemObject)                                                                                           \
    X(Flush)                                                                                                           \
    X(Finish)

typedef struct elb_cl {
#define X(name) __typeof__(&cl##name) name;
    ELB_CL_FUNCTIONS(X)
#undef X
} elb_cl;

/* Fills the table from the library that ELBOW_OPENCL_LIBRARY in the environment names; without it, from an OpenCL that
 * is in the process already (linked to the program, or put in front of it as Oclgrind does); without that, from
 * libOpenCL.so.1. Errors: NOT_FOUND with the loader's own words. The library stays in the process for good: drivers run
 * threads of their own that would lose their code. */
elbow_status elb_cl_load(elb_cl *cl, elb_error *err);

/* "CL_OUT_OF_RESOURCES"; "an unknown error" for what OpenCL does not define. */
const char *elb_cl_error_name(cl_int code);

/* Records the failure of an OpenCL call: "device pocl:0: clFinish: CL_OUT_OF_RESOURCES (-5)". about adds words to the
 * call's name, such as a kernel's; NULL for none. MEMORY for codes that say so, DEVICE for others. */
elbow_status elb_cl_fail(elb_error *err, const char *id, const char *call, const char *about, cl_int code);

#endif
