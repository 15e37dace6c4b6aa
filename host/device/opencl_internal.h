/* opencl_internal.h - what the opencl*.c files share. */
#ifndef ELB_OPENCL_INTERNAL_H
#define ELB_OPENCL_INTERNAL_H

#include "device/cache.h"
#include "device/opencl.h"
#include "device/opencl_api.h"

/* A kernel built with one set of options for one shape. */
typedef struct elb_instance {
    struct elb_instance *next; /* of the same kernel */
    const char *source;        /* the kernel's, by address: selftest's defects are kernels with another */
    elb_shape shape;
    unsigned char options[ELB_MAX_OPTIONS_SIZE];
    cl_program program;
    cl_kernel kernel;
    bool trusted;      /* verify found it good */
    bool to_keep;      /* built from source and not yet in the cache */
    elb_cache_key key; /* of the program, which kernels of the same source and options share */
} elb_instance;

/* A launch that is being timed (opencl_profile.c). */
typedef struct elb_timed elb_timed;

/* Small writes are copied here, so that they need not wait for the queue. */
enum { ELB_STAGE_BYTES = 1 << 20 };

typedef struct elb_opencl {
    elb_device base;
    elb_cl cl;
    cl_context context;
    cl_device_id device;
    cl_command_queue queue;
    bool host_memory;          /* the device works in the host's own memory */
    uint64_t most_in_one;      /* bytes that the driver promises for one buffer */
    elb_instance **instances;  /* by the kernel's index: a list */
    uint32_t instance_kernels; /* length of instances */
    char *stage;
    size_t staged;     /* bytes of the stage that queued writes may still read */
    bool cache_failed; /* said once */

    cl_command_queue queue_aside; /* the device's own, while another keeps times; else NULL */
    elb_timed *timed;             /* launches whose times are yet to be asked for */
    uint32_t timed_count;
} elb_opencl;

typedef struct elb_cl_buffer {
    elb_buffer base;
    cl_mem memory;
} elb_cl_buffer;

static inline elb_opencl *elb_opencl_of(elb_device *dev)
{
    return (elb_opencl *)dev;
}

static inline cl_mem elb_memory_of(elb_buffer *buffer)
{
    return ((elb_cl_buffer *)buffer)->memory;
}

/* ---- opencl_find.c: what devices say of themselves ---- */

/* Everything but the number in the id, which is left as the platform's short name. */
void elb_opencl_describe(elb_found *found, const elb_cl *cl, cl_platform_id platform, cl_device_id device);

/* ---- opencl_quirks.c: what is known of platforms ---- */

/* The short name that ids begin with: "pocl" for "Portable Computing Language". */
void elb_quirk_slug(char *out, size_t size, const char *platform);
/* Does the platform, or this device of it, run on the host's processor, whatever type it reports? */
bool elb_quirk_on_processor(const char *platform, const char *device);
/* Should the device be given GPU-like shapes, though it runs on the processor? */
bool elb_quirk_gpu_like(const char *platform, const char *device);
/* After how many turns it ends a work-item's loops; 0: it does not. */
uint32_t elb_quirk_most_turns(const char *device);
/* Work-groups of a product that keep a GPU busy; 0: few are as good. */
uint32_t elb_quirk_busy_groups(bool gpu, uint32_t units);
/* The shapes of kernels: cpu or GPU-like, the width of float vectors it reports, its largest work-group. */
elb_shape elb_quirk_shape(bool gpu_like, uint32_t native_width, size_t largest_group);

/* ---- opencl_memory.c: the functions of elb_device_ops that concern memory ---- */

elbow_status elb_cl_buffer_new(elb_device *dev, elb_buffer **buffer, size_t bytes);
void elb_cl_buffer_free(elb_buffer *buffer);
elbow_status elb_cl_write(elb_device *dev, elb_buffer *buffer, size_t at, const void *from, size_t bytes);
elbow_status elb_cl_write_later(elb_device *dev, elb_buffer *buffer, size_t at, const void *from, size_t bytes);
elbow_status elb_cl_read(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes);
elbow_status elb_cl_read_later(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes);
elbow_status elb_cl_copy(elb_device *dev, elb_buffer *to, size_t to_at, elb_buffer *from, size_t from_at, size_t bytes);
elbow_status elb_cl_zero(elb_device *dev, elb_buffer *buffer, size_t at, size_t bytes);
elbow_status elb_cl_map(elb_device *dev, void **pointer, elb_buffer *buffer);
elbow_status elb_cl_unmap(elb_device *dev, elb_buffer *buffer, void *pointer);
elbow_status elb_cl_finish(elb_device *dev);

/* ---- opencl_program.c: building and running ---- */

elbow_status elb_cl_launch(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                           const elb_value *values);
elbow_status elb_cl_prepare(elb_device *dev, const elb_kernel *kernel, const void *options);
void elb_cl_free_instances(elb_opencl *own);

/* ---- opencl_profile.c: times of launches ---- */

elbow_status elb_cl_keep_times(elb_device *dev, bool on);
/* Takes the event of a launch whose time is to be recorded. */
elbow_status elb_cl_time_launch(elb_opencl *own, cl_event event, const elb_kernel *kernel, const void *options,
                                const elb_value *values);

#endif
