#include "device/opencl_api.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The name of the first function that the library lacks, or NULL. */
static const char *fill(elb_cl *cl, void *library)
{
    void *function;
    /* A function's address passes through memory: ISO C has no cast for it. */
#define X(name)                                                                                                        \
    function = dlsym(library, "cl" #name);                                                                             \
    if (!function) return "cl" #name;                                                                                  \
    memcpy(&cl->name, &function, sizeof function);
    ELB_CL_FUNCTIONS(X)
#undef X
    return NULL;
}

elbow_status elb_cl_load(elb_cl *cl, elb_error *err)
{
    const char *named = getenv("ELBOW_OPENCL_LIBRARY");
    const bool chosen = named && named[0];
    if (!chosen && !fill(cl, RTLD_DEFAULT)) return ELBOW_OK;
    const char *name = chosen ? named : "libOpenCL.so.1";
    void *library = dlopen(name, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        const char *why = dlerror();
        return elb_fail(err, ELBOW_NOT_FOUND, "no OpenCL library: %s", why ? why : name);
    }
    const char *missing = fill(cl, library);
    dlclose(library); /* gives back the handle only: RTLD_NODELETE */
    if (missing) return elb_fail(err, ELBOW_NOT_FOUND, "the OpenCL library %s has no %s", name, missing);
    return ELBOW_OK;
}

const char *elb_cl_error_name(cl_int code)
{
    static const struct {
        cl_int code;
        const char *name;
    } names[] = {
#define N(name) {name, #name}
        N(CL_SUCCESS),
        N(CL_DEVICE_NOT_FOUND),
        N(CL_DEVICE_NOT_AVAILABLE),
        N(CL_COMPILER_NOT_AVAILABLE),
        N(CL_MEM_OBJECT_ALLOCATION_FAILURE),
        N(CL_OUT_OF_RESOURCES),
        N(CL_OUT_OF_HOST_MEMORY),
        N(CL_PROFILING_INFO_NOT_AVAILABLE),
        N(CL_MEM_COPY_OVERLAP),
        N(CL_IMAGE_FORMAT_MISMATCH),
        N(CL_IMAGE_FORMAT_NOT_SUPPORTED),
        N(CL_BUILD_PROGRAM_FAILURE),
        N(CL_MAP_FAILURE),
        N(CL_MISALIGNED_SUB_BUFFER_OFFSET),
        N(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
        N(CL_COMPILE_PROGRAM_FAILURE),
        N(CL_LINKER_NOT_AVAILABLE),
        N(CL_LINK_PROGRAM_FAILURE),
        N(CL_DEVICE_PARTITION_FAILED),
        N(CL_KERNEL_ARG_INFO_NOT_AVAILABLE),
        N(CL_INVALID_VALUE),
        N(CL_INVALID_DEVICE_TYPE),
        N(CL_INVALID_PLATFORM),
        N(CL_INVALID_DEVICE),
        N(CL_INVALID_CONTEXT),
        N(CL_INVALID_QUEUE_PROPERTIES),
        N(CL_INVALID_COMMAND_QUEUE),
        N(CL_INVALID_HOST_PTR),
        N(CL_INVALID_MEM_OBJECT),
        N(CL_INVALID_IMAGE_FORMAT_DESCRIPTOR),
        N(CL_INVALID_IMAGE_SIZE),
        N(CL_INVALID_SAMPLER),
        N(CL_INVALID_BINARY),
        N(CL_INVALID_BUILD_OPTIONS),
        N(CL_INVALID_PROGRAM),
        N(CL_INVALID_PROGRAM_EXECUTABLE),
        N(CL_INVALID_KERNEL_NAME),
        N(CL_INVALID_KERNEL_DEFINITION),
        N(CL_INVALID_KERNEL),
        N(CL_INVALID_ARG_INDEX),
        N(CL_INVALID_ARG_VALUE),
        N(CL_INVALID_ARG_SIZE),
        N(CL_INVALID_KERNEL_ARGS),
        N(CL_INVALID_WORK_DIMENSION),
        N(CL_INVALID_WORK_GROUP_SIZE),
        N(CL_INVALID_WORK_ITEM_SIZE),
        N(CL_INVALID_GLOBAL_OFFSET),
        N(CL_INVALID_EVENT_WAIT_LIST),
        N(CL_INVALID_EVENT),
        N(CL_INVALID_OPERATION),
        N(CL_INVALID_BUFFER_SIZE),
        N(CL_INVALID_GLOBAL_WORK_SIZE),
        N(CL_INVALID_PROPERTY),
        N(CL_INVALID_COMPILER_OPTIONS),
        N(CL_INVALID_LINKER_OPTIONS),
        N(CL_INVALID_DEVICE_PARTITION_COUNT),
#undef N
        {-1001, "CL_PLATFORM_NOT_FOUND_KHR"}, /* the loader's, defined in an extension's header */
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].code == code) return names[i].name;
    return "an unknown error";
}

elbow_status elb_cl_fail(elb_error *err, const char *id, const char *call, const char *about, cl_int code)
{
    const bool memory = code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_HOST_MEMORY;
    return elb_fail(err, memory ? ELBOW_MEMORY : ELBOW_DEVICE, "device %s: %s%s%s%s: %s (%d)", id, call,
                    about ? " (" : "", about ? about : "", about ? ")" : "", elb_cl_error_name(code), code);
}
