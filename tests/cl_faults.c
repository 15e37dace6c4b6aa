/* cl_faults.c - an OpenCL layer (OPENCL_LAYERS): it lies between the program and the driver, counts calls that may fail
 * and spoils one of them, as ELBOW_FAULT says:
 *   fail:N    the N-th call fails, from 1          hang:N     the N-th call does not return
 *   dead:N    it and all later ones fail           slow:N:MS  from it on each launch takes so many milliseconds more
 *   flip:N    one bit of what the N-th read brings is wrong
 *   nan:N     all that the N-th read of more than 16 bytes brings is not a number
 *   bit:NAME  each time that kernel runs, one bit of the first element that it writes is wrong: a compiler's fault
 *
 * ELBOW_FAULT_REPORT names a file that at exit is told: calls, reads, and objects that were made and not released. */
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl_layer.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cl_icd_dispatch *driver;
static atomic_ulong calls, reads;
static atomic_long alive;

/* Whether ELBOW_FAULT is of that kind; its number. */
static int asked(const char *kind, unsigned long *number)
{
    const char *text = getenv("ELBOW_FAULT");
    const size_t length = strlen(kind);
    if (!text || strncmp(text, kind, length) != 0 || text[length] != ':') return 0;
    *number = strtoul(text + length + 1, NULL, 10);
    return 1;
}

/* Counts a call; the code that it fails with, or CL_SUCCESS. Drivers give one or the other. */
static cl_int fault(void)
{
    static const cl_int codes[] = {CL_OUT_OF_RESOURCES, CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_HOST_MEMORY,
                                   CL_INVALID_COMMAND_QUEUE};
    const unsigned long call = atomic_fetch_add(&calls, 1) + 1;
    unsigned long at;
    if (asked("hang", &at) && call == at)
        for (;;) sleep(1000);
    if ((asked("fail", &at) && call == at) || (asked("dead", &at) && call >= at)) return codes[at % 4];
    return CL_SUCCESS;
}

#define CALL(name, parameters, arguments)                                                                              \
    static cl_int CL_API_CALL my##name parameters                                                                      \
    {                                                                                                                  \
        const cl_int code = fault();                                                                                   \
        return code ? code : driver->cl##name arguments;                                                               \
    }

/* Makes an object; error is the last argument. */
#define MAKE(type, name, parameters, arguments)                                                                        \
    static type CL_API_CALL my##name parameters                                                                        \
    {                                                                                                                  \
        const cl_int code = fault();                                                                                   \
        type made = code ? NULL : driver->cl##name arguments;                                                          \
        if (code && error) *error = code;                                                                              \
        if (made) atomic_fetch_add(&alive, 1);                                                                         \
        return made;                                                                                                   \
    }

/* Retaining and releasing do not fail: they are counted. */
#define COUNTED(type, name, change)                                                                                    \
    static cl_int CL_API_CALL my##name(type object)                                                                    \
    {                                                                                                                  \
        atomic_fetch_add(&alive, change);                                                                              \
        return driver->cl##name(object);                                                                               \
    }

typedef void(CL_CALLBACK notice)(const char *, const void *, size_t, void *);
typedef void(CL_CALLBACK built)(cl_program, void *);

MAKE(cl_context, CreateContext,
     (const cl_context_properties *properties, cl_uint count, const cl_device_id *devices, notice *notify, void *user,
      cl_int *error),
     (properties, count, devices, notify, user, error))
MAKE(cl_command_queue, CreateCommandQueue,
     (cl_context context, cl_device_id device, cl_command_queue_properties properties, cl_int *error),
     (context, device, properties, error))
MAKE(cl_mem, CreateBuffer, (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *error),
     (context, flags, size, host, error))
MAKE(cl_program, CreateProgramWithSource,
     (cl_context context, cl_uint count, const char **texts, const size_t *lengths, cl_int *error),
     (context, count, texts, lengths, error))
MAKE(cl_program, CreateProgramWithBinary,
     (cl_context context, cl_uint count, const cl_device_id *devices, const size_t *lengths,
      const unsigned char **bytes, cl_int *status, cl_int *error),
     (context, count, devices, lengths, bytes, status, error))
MAKE(cl_kernel, CreateKernel, (cl_program program, const char *name, cl_int *error), (program, name, error))

CALL(BuildProgram,
     (cl_program program, cl_uint count, const cl_device_id *devices, const char *options, built *notify, void *user),
     (program, count, devices, options, notify, user))
CALL(GetProgramInfo, (cl_program program, cl_program_info what, size_t size, void *value, size_t *needs),
     (program, what, size, value, needs))
CALL(EnqueueWriteBuffer,
     (cl_command_queue queue, cl_mem memory, cl_bool wait, size_t at, size_t size, const void *from, cl_uint events,
      const cl_event *list, cl_event *event),
     (queue, memory, wait, at, size, from, events, list, event))
CALL(EnqueueCopyBuffer,
     (cl_command_queue queue, cl_mem from, cl_mem to, size_t from_at, size_t to_at, size_t size, cl_uint events,
      const cl_event *list, cl_event *event),
     (queue, from, to, from_at, to_at, size, events, list, event))
CALL(EnqueueFillBuffer,
     (cl_command_queue queue, cl_mem memory, const void *pattern, size_t pattern_size, size_t at, size_t size,
      cl_uint events, const cl_event *list, cl_event *event),
     (queue, memory, pattern, pattern_size, at, size, events, list, event))
CALL(EnqueueUnmapMemObject,
     (cl_command_queue queue, cl_mem memory, void *pointer, cl_uint events, const cl_event *list, cl_event *event),
     (queue, memory, pointer, events, list, event))
CALL(Flush, (cl_command_queue queue), (queue))

COUNTED(cl_context, RetainContext, 1)
COUNTED(cl_context, ReleaseContext, -1)
COUNTED(cl_command_queue, RetainCommandQueue, 1)
COUNTED(cl_command_queue, ReleaseCommandQueue, -1)
COUNTED(cl_mem, RetainMemObject, 1)
COUNTED(cl_mem, ReleaseMemObject, -1)
COUNTED(cl_program, RetainProgram, 1)
COUNTED(cl_program, ReleaseProgram, -1)
COUNTED(cl_kernel, ReleaseKernel, -1)

/* Fails once it has waited: PoCL's threads would run on while what they use is released. */
static cl_int CL_API_CALL myFinish(cl_command_queue queue)
{
    const cl_int code = fault(), done = driver->clFinish(queue);
    return code ? code : done;
}

static void *CL_API_CALL myEnqueueMapBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, cl_map_flags flags,
                                            size_t at, size_t size, cl_uint events, const cl_event *list,
                                            cl_event *event, cl_int *error)
{
    const cl_int code = fault();
    if (code && error) *error = code;
    return code ? NULL : driver->clEnqueueMapBuffer(queue, memory, wait, flags, at, size, events, list, event, error);
}

/* A view is two arguments, buffer and first element; those of the first one, which is what a kernel writes, as they
 * were set last: arguments are set just before the launch. */
static _Thread_local cl_mem written;
static _Thread_local cl_ulong first_element;

static cl_int CL_API_CALL mySetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value)
{
    const cl_int code = fault();
    if (index == 0 && size == sizeof written) memcpy(&written, value, size);
    if (index == 1 && size == sizeof first_element) memcpy(&first_element, value, size);
    return code ? code : driver->clSetKernelArg(kernel, index, size, value);
}

static int is_spoilt(cl_kernel kernel)
{
    const char *text = getenv("ELBOW_FAULT");
    char name[128] = "";
    if (!text || strncmp(text, "bit:", 4) != 0) return 0;
    return driver->clGetKernelInfo(kernel, CL_KERNEL_FUNCTION_NAME, sizeof name, name, NULL) == CL_SUCCESS &&
           strcmp(name, text + 4) == 0;
}

static cl_int spoil(cl_command_queue queue)
{
    cl_uint element;
    const size_t at = first_element * sizeof element;
    cl_int code = driver->clEnqueueReadBuffer(queue, written, CL_TRUE, at, sizeof element, &element, 0, NULL, NULL);
    element ^= 1;
    if (code == CL_SUCCESS)
        code = driver->clEnqueueWriteBuffer(queue, written, CL_TRUE, at, sizeof element, &element, 0, NULL, NULL);
    return code;
}

static cl_int CL_API_CALL myEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint axes,
                                                 const size_t *from, const size_t *global, const size_t *local,
                                                 cl_uint events, const cl_event *list, cl_event *event)
{
    unsigned long at;
    const cl_int code = fault();
    if (asked("slow", &at) && atomic_load(&calls) >= at) {
        const char *milliseconds = strrchr(getenv("ELBOW_FAULT"), ':') + 1;
        usleep((useconds_t)(1000 * strtoul(milliseconds, NULL, 10)));
    }
    if (code) return code;
    const cl_int done = driver->clEnqueueNDRangeKernel(queue, kernel, axes, from, global, local, events, list, event);
    return done == CL_SUCCESS && is_spoilt(kernel) ? spoil(queue) : done;
}

static cl_int CL_API_CALL myEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool wait, size_t at,
                                              size_t size, void *to, cl_uint events, const cl_event *list,
                                              cl_event *event)
{
    unsigned long n;
    const cl_int code = fault();
    if (code) return code;
    const cl_int done = driver->clEnqueueReadBuffer(queue, memory, CL_TRUE, at, size, to, events, list, event);
    const unsigned long read = size > 16 ? atomic_fetch_add(&reads, 1) + 1 : 0;
    (void)wait;
    if (read && asked("flip", &n) && read == n) ((unsigned char *)to)[size / 2] ^= 1;
    if (read && asked("nan", &n) && read == n) memset(to, 0xff, size);
    return done;
}

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info what, size_t size, void *value, size_t *needs)
{
    const cl_layer_api_version version = CL_LAYER_API_VERSION_100;
    if (what != CL_LAYER_API_VERSION) return CL_INVALID_VALUE;
    if (value && size < sizeof version) return CL_INVALID_VALUE;
    if (value) memcpy(value, &version, sizeof version);
    if (needs) *needs = sizeof version;
    return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint count, const cl_icd_dispatch *target, cl_uint *filled,
                                            const cl_icd_dispatch **layer)
{
    static cl_icd_dispatch mine;
    if (!target || !layer || !filled || count < sizeof mine / sizeof mine.clGetPlatformIDs) return CL_INVALID_VALUE;
    driver = target;
    mine = *target;
#define PUT(name) mine.cl##name = my##name;
    PUT(CreateContext)
    PUT(CreateCommandQueue)
    PUT(CreateBuffer)
    PUT(CreateProgramWithSource)
    PUT(CreateProgramWithBinary)
    PUT(CreateKernel)
    PUT(BuildProgram)
    PUT(GetProgramInfo)
    PUT(SetKernelArg)
    PUT(EnqueueWriteBuffer)
    PUT(EnqueueReadBuffer)
    PUT(EnqueueCopyBuffer)
    PUT(EnqueueFillBuffer)
    PUT(EnqueueMapBuffer)
    PUT(EnqueueUnmapMemObject)
    PUT(EnqueueNDRangeKernel)
    PUT(Flush)
    PUT(Finish)
    PUT(RetainContext)
    PUT(ReleaseContext)
    PUT(RetainCommandQueue)
    PUT(ReleaseCommandQueue)
    PUT(RetainMemObject)
    PUT(ReleaseMemObject)
    PUT(RetainProgram)
    PUT(ReleaseProgram)
    PUT(ReleaseKernel)
    *filled = sizeof mine / sizeof mine.clGetPlatformIDs;
    *layer = &mine;
    return CL_SUCCESS;
}

/* For a program that has the layer in it: calls, reads and objects so far, by number. */
unsigned long cl_faults_told(int which);
unsigned long cl_faults_told(int which)
{
    return which == 0 ? atomic_load(&calls) : which == 1 ? atomic_load(&reads) : (unsigned long)atomic_load(&alive);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("ELBOW_FAULT_REPORT");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%lu %lu %ld\n", atomic_load(&calls), atomic_load(&reads), atomic_load(&alive));
    fclose(file);
}
