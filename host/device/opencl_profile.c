/* The times of launches, from the events of a queue that keeps them. */
#include "device/opencl_internal.h"
#include "device/profile.h"

#include <stdlib.h>

/* More launches than this are not left waiting to be asked for their times. */
enum { MOST_WAITING = 4096 };

/* A launch whose time is yet to be asked for. */
struct elb_timed {
    cl_event event;
    uint32_t entry;
};

static elbow_status add_time(elb_opencl *own, const elb_timed *launch)
{
    cl_ulong start = 0, end = 0;
    cl_int code = own->cl.GetEventProfilingInfo(launch->event, CL_PROFILING_COMMAND_START, sizeof start, &start, NULL);
    if (code == CL_SUCCESS)
        code = own->cl.GetEventProfilingInfo(launch->event, CL_PROFILING_COMMAND_END, sizeof end, &end, NULL);
    if (code != CL_SUCCESS) return elb_cl_fail(own->base.err, own->base.info.id, "clGetEventProfilingInfo", NULL, code);
    /* A clock that runs backwards has been seen: it tells nothing. */
    if (end > start && own->base.profile)
        own->base.profile->entries[launch->entry].seconds += (double)(end - start) * 1e-9;
    return ELBOW_OK;
}

/* Asks all launches for their times; they have ended. */
static elbow_status collect(elb_opencl *own)
{
    elbow_status status = ELBOW_OK;
    for (uint32_t i = 0; i < own->timed_count; i++) {
        if (status == ELBOW_OK) status = add_time(own, &own->timed[i]);
        own->cl.ReleaseEvent(own->timed[i].event);
    }
    own->timed_count = 0;
    return status;
}

elbow_status elb_cl_time_launch(elb_opencl *own, cl_event event, const elb_kernel *kernel, const void *options,
                                const elb_value *values)
{
    uint32_t entry = 0;
    elbow_status status = ELBOW_OK;
    if (own->timed_count == MOST_WAITING) {
        status = elb_cl_finish(&own->base);
        const elbow_status collected = collect(own);
        if (status == ELBOW_OK) status = collected;
    }
    if (status == ELBOW_OK) status = elb_profile_launch(&entry, &own->base, kernel, options, values);
    if (status != ELBOW_OK) {
        own->cl.ReleaseEvent(event);
        return status;
    }
    own->timed[own->timed_count++] = (elb_timed){event, entry};
    return ELBOW_OK;
}

/* The queue that keeps times takes the place of the device's own, which is put aside: both run in order and neither has
 * work left when they change places. */
static elbow_status begin(elb_opencl *own)
{
    cl_int code = CL_SUCCESS;
    TRY(elb_new(own->base.err, &own->timed, MOST_WAITING, sizeof *own->timed, "the times of launches"));
    cl_command_queue queue = own->cl.CreateCommandQueue(own->context, own->device, CL_QUEUE_PROFILING_ENABLE, &code);
    if (code != CL_SUCCESS) {
        free(own->timed);
        own->timed = NULL;
        return elb_cl_fail(own->base.err, own->base.info.id, "clCreateCommandQueue", "with times", code);
    }
    own->queue_aside = own->queue;
    own->queue = queue;
    return ELBOW_OK;
}

static elbow_status end(elb_opencl *own)
{
    if (!own->queue_aside) return ELBOW_OK;
    const elbow_status status = collect(own);
    own->cl.ReleaseCommandQueue(own->queue);
    own->queue = own->queue_aside;
    own->queue_aside = NULL;
    free(own->timed);
    own->timed = NULL;
    return status;
}

elbow_status elb_cl_keep_times(elb_device *dev, bool on)
{
    return on ? begin(elb_opencl_of(dev)) : end(elb_opencl_of(dev));
}
