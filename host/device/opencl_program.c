/* Building kernels, keeping what was built in memory and on disk, and running them. */
#include "device/opencl_internal.h"
#include "device/program.h"

#include <stdlib.h>
#include <string.h>

static elbow_status fail(elb_opencl *own, const char *call, const elb_kernel *kernel, cl_int code)
{
    return elb_cl_fail(own->base.err, own->base.info.id, call, kernel->name, code);
}

/* ---- building ---- */

/* The first line of a compiler's log that speaks of an error, else its first line. */
static void first_error(char *out, size_t size, const char *log)
{
    const char *line = strstr(log, "error");
    if (!line) line = log + strspn(log, " \n\r\t");
    while (line > log && line[-1] != '\n') line--;
    elb_format(out, size, "%.*s", (int)strcspn(line, "\r\n"), line);
}

static elbow_status build_failed(elb_opencl *own, const elb_kernel *kernel, cl_program program, cl_int code,
                                 const char *build_options)
{
    char line[400] = "its compiler says nothing";
    size_t size = 0;
    char *log = NULL;
    own->cl.GetProgramBuildInfo(program, own->device, CL_PROGRAM_BUILD_LOG, 0, NULL, &size);
    if (size > 1 && (log = calloc(1, size + 1)) != NULL) {
        own->cl.GetProgramBuildInfo(program, own->device, CL_PROGRAM_BUILD_LOG, size, log, NULL);
        first_error(line, sizeof line, log);
        free(log);
    }
    return elb_fail(own->base.err, ELBOW_DEVICE, "device %s does not build kernel %s (%s): %s [%.200s]",
                    own->base.info.id, kernel->name, elb_cl_error_name(code), line, build_options);
}

/* Makes the instance's program and kernel from a built binary; false if the driver does not want it. */
static bool from_binary(elb_opencl *own, elb_instance *instance, const elb_kernel *kernel, const char *build_options,
                        const elb_cache_key *key)
{
    void *bytes;
    size_t size;
    if (!elb_cache_get(&bytes, &size, key)) return false;
    const unsigned char *binary = bytes;
    cl_int verdict = CL_SUCCESS, code = CL_SUCCESS;
    cl_program program =
        own->cl.CreateProgramWithBinary(own->context, 1, &own->device, &size, &binary, &verdict, &code);
    free(bytes);
    if (code == CL_SUCCESS && verdict == CL_SUCCESS)
        code = own->cl.BuildProgram(program, 1, &own->device, build_options, NULL, NULL);
    cl_kernel made = NULL;
    if (code == CL_SUCCESS && verdict == CL_SUCCESS) made = own->cl.CreateKernel(program, kernel->name, &code);
    if (!made) {
        if (program) own->cl.ReleaseProgram(program);
        return false;
    }
    instance->program = program;
    instance->kernel = made;
    return true;
}

static elbow_status from_source(elb_opencl *own, elb_instance *instance, const elb_kernel *kernel, const char *source,
                                const char *build_options)
{
    cl_int code = CL_SUCCESS;
    cl_program program = own->cl.CreateProgramWithSource(own->context, 1, &source, NULL, &code);
    if (code != CL_SUCCESS) return fail(own, "clCreateProgramWithSource", kernel, code);
    elbow_status status = ELBOW_OK;
    code = own->cl.BuildProgram(program, 1, &own->device, build_options, NULL, NULL);
    if (code != CL_SUCCESS)
        status = build_failed(own, kernel, program, code, build_options);
    else {
        instance->kernel = own->cl.CreateKernel(program, kernel->name, &code);
        if (code != CL_SUCCESS) status = fail(own, "clCreateKernel", kernel, code);
    }
    if (status != ELBOW_OK)
        own->cl.ReleaseProgram(program);
    else
        instance->program = program;
    return status;
}

/* Puts the built program into the cache. What cannot be kept is built again next time: a remark, once. */
static void keep_locked(elb_opencl *own, cl_program program, const elb_cache_key *key)
{
    cl_uint devices = 0;
    size_t size = 0;
    own->cl.GetProgramInfo(program, CL_PROGRAM_NUM_DEVICES, sizeof devices, &devices, NULL);
    /* A context of several devices, such as a caller may lend, has a binary of each: not ours to sort out. */
    if (devices != 1) return;
    if (own->cl.GetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof size, &size, NULL) != CL_SUCCESS || !size)
        return;
    unsigned char *binary = calloc(1, size);
    if (!binary) return;
    elb_error why = {0};
    elbow_status status = ELBOW_OK;
    if (own->cl.GetProgramInfo(program, CL_PROGRAM_BINARIES, sizeof binary, &binary, NULL) == CL_SUCCESS)
        status = elb_cache_put(&why, key, binary, size);
    free(binary);
    if (status == ELBOW_OK || own->cache_failed) return;
    own->cache_failed = true;
    elb_remark(own->base.err, "built programs are not kept for the next start: %s", why.text);
}

/* PoCL compiles a kernel for its work-group size at the first launch, and what it gives as the binary is fixed when it
 * is first asked for: asked after the launch, the binary holds that code too (4 ms instead of 180 to the first launch
 * of the next process). Being asked it compiles every kernel once more, for any size: so it is asked when the device is
 * closed, where no first step waits for it. */
static void keep_binary(elb_opencl *own, cl_program program, const elb_cache_key *key)
{
    if (!elb_cache_is_on()) return;
    const int lock = elb_cache_lock("build");
    keep_locked(own, program, key);
    elb_cache_unlock(lock);
}

/* An instance of another kernel in the same program; NULL if there is none. */
static const elb_instance *find_sibling(const elb_opencl *own, const elb_cache_key *key)
{
    for (uint32_t i = 0; i < own->instance_kernels; i++)
        for (const elb_instance *at = own->instances[i]; at; at = at->next)
            if (memcmp(&at->key, key, sizeof *key) == 0) return at;
    return NULL;
}

static elbow_status from_sibling(elb_opencl *own, elb_instance *instance, const elb_kernel *kernel,
                                 const elb_instance *sibling)
{
    cl_int code = CL_SUCCESS;
    instance->kernel = own->cl.CreateKernel(sibling->program, kernel->name, &code);
    if (code != CL_SUCCESS) return fail(own, "clCreateKernel", kernel, code);
    code = own->cl.RetainProgram(sibling->program);
    if (code != CL_SUCCESS) return fail(own, "clRetainProgram", kernel, code);
    instance->program = sibling->program;
    return ELBOW_OK;
}

/* As if nothing had ever been built: a macro that no kernel reads makes the options new to the driver's own cache. */
static elbow_status rebuild(elb_opencl *own, elb_instance *instance, const elb_kernel *kernel, const char *source,
                            const char *build_options)
{
    char options[ELB_BUILD_OPTIONS_SIZE + 40];
    elb_format(options, sizeof options, "%s -DREBUILD=%llu", build_options, (unsigned long long)(elb_seconds() * 1e9));
    return from_source(own, instance, kernel, source, options);
}

static elbow_status build(elb_opencl *own, elb_instance *instance, const elb_kernel *kernel, const void *options)
{
    char build_options[ELB_BUILD_OPTIONS_SIZE];
    TRY(elb_build_options(own->base.err, build_options, &own->base, kernel, options));
    elb_cache_key key;
    const char *source = elb_program_source(kernel, options);
    elb_program_key(&key, "program", &own->base.info, source, build_options);
    const elb_instance *sibling = find_sibling(own, &key);
    instance->key = key;
    if (sibling) return from_sibling(own, instance, kernel, sibling);
    if (own->base.rebuild) return rebuild(own, instance, kernel, source, build_options);
    if (from_binary(own, instance, kernel, build_options, &key)) return ELBOW_OK;
    /* One process at a time: PoCL's own cache races, and whoever waited finds the program ready. */
    const int lock = elb_cache_lock("build");
    elbow_status status = ELBOW_OK;
    if (lock < 0 || !from_binary(own, instance, kernel, build_options, &key)) {
        status = from_source(own, instance, kernel, source, build_options);
        instance->to_keep = status == ELBOW_OK;
    }
    elb_cache_unlock(lock);
    return status;
}

/* ---- instances ---- */

static void free_instance(elb_opencl *own, elb_instance *instance)
{
    if (instance->to_keep) keep_binary(own, instance->program, &instance->key);
    if (instance->kernel) own->cl.ReleaseKernel(instance->kernel);
    if (instance->program) own->cl.ReleaseProgram(instance->program);
    free(instance);
}

void elb_cl_free_instances(elb_opencl *own)
{
    for (uint32_t i = 0; i < own->instance_kernels; i++)
        for (elb_instance *at = own->instances[i], *next; at; at = next) {
            next = at->next;
            free_instance(own, at);
        }
    free(own->instances);
}

static elbow_status grow_table(elb_opencl *own, uint32_t index)
{
    if (index < own->instance_kernels) return ELBOW_OK;
    const uint32_t count = (index + 16) / 16 * 16 + 16;
    elb_instance **grown;
    TRY(elb_new(own->base.err, &grown, count, sizeof *grown, "the table of programs"));
    if (own->instances) memcpy(grown, own->instances, own->instance_kernels * sizeof *grown);
    free(own->instances);
    own->instances = grown;
    own->instance_kernels = count;
    return ELBOW_OK;
}

static bool is_instance(const elb_instance *instance, const elb_shape *shape, const elb_kernel *kernel,
                        const void *options)
{
    return instance->source == kernel->source && memcmp(&instance->shape, shape, sizeof *shape) == 0 &&
           (!kernel->options_size || memcmp(instance->options, options, kernel->options_size) == 0);
}

/* The kernel as built with these options for the device's shape; built now if it was not. */
static elbow_status find_instance(elb_opencl *own, elb_instance **out, const elb_kernel *kernel, const void *options)
{
    if (kernel->index < own->instance_kernels)
        for (elb_instance *at = own->instances[kernel->index]; at; at = at->next)
            if (is_instance(at, &own->base.shape, kernel, options)) {
                *out = at;
                return ELBOW_OK;
            }
    if (kernel->options_size > ELB_MAX_OPTIONS_SIZE)
        return elb_fail(own->base.err, ELBOW_USAGE, "kernel %s has %u bytes of options; at most %d are kept",
                        kernel->name, kernel->options_size, ELB_MAX_OPTIONS_SIZE);
    TRY(grow_table(own, kernel->index));
    elb_instance *made;
    TRY(elb_new(own->base.err, &made, 1, sizeof *made, "a program"));
    made->source = kernel->source;
    made->shape = own->base.shape;
    if (kernel->options_size) memcpy(made->options, options, kernel->options_size);
    const elbow_status status = build(own, made, kernel, options);
    if (status != ELBOW_OK) {
        free_instance(own, made);
        return status;
    }
    made->next = own->instances[kernel->index];
    own->instances[kernel->index] = made;
    *out = made;
    return ELBOW_OK;
}

/* The same, and found good at its first use. While verify launches it, it counts as such. */
static elbow_status get_instance(elb_opencl *own, elb_instance **out, const elb_kernel *kernel, const void *options)
{
    TRY(find_instance(own, out, kernel, options));
    elb_instance *instance = *out;
    if (instance->trusted || !own->base.verify) return ELBOW_OK;
    instance->trusted = true;
    const elbow_status status = own->base.verify(&own->base, kernel, options);
    instance->trusted = status == ELBOW_OK;
    return status;
}

elbow_status elb_cl_prepare(elb_device *dev, const elb_kernel *kernel, const void *options)
{
    elb_instance *instance;
    return get_instance(elb_opencl_of(dev), &instance, kernel, options);
}

/* ---- running ---- */

/* A pointer becomes two arguments: the buffer and the element at which the view begins. */
static cl_int set_pointer(const elb_cl *cl, cl_kernel kernel, cl_uint *at, const elb_view *view)
{
    const cl_mem memory = view->buffer ? elb_memory_of(view->buffer) : NULL;
    const cl_ulong offset = view->offset;
    const cl_int code = cl->SetKernelArg(kernel, (*at)++, sizeof memory, &memory);
    return code == CL_SUCCESS ? cl->SetKernelArg(kernel, (*at)++, sizeof offset, &offset) : code;
}

static cl_int set_argument(const elb_cl *cl, cl_kernel kernel, cl_uint *at, elb_arg_type type, const elb_value *value)
{
    if (type == ELB_ARG_REAL) {
        const cl_float real = (cl_float)value->real;
        return cl->SetKernelArg(kernel, (*at)++, sizeof real, &real);
    }
    if (type == ELB_ARG_UINT || type == ELB_ARG_INT)
        return cl->SetKernelArg(kernel, (*at)++, sizeof value->u, &value->u);
    if (type == ELB_ARG_ULONG) return cl->SetKernelArg(kernel, (*at)++, sizeof value->ul, &value->ul);
    return set_pointer(cl, kernel, at, &value->view);
}

elbow_status elb_cl_launch(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                           const elb_value *values)
{
    elb_opencl *own = elb_opencl_of(dev);
    elb_instance *instance = NULL;
    TRY(get_instance(own, &instance, kernel, options));
    cl_uint at = 0;
    for (uint32_t a = 0; a < kernel->arg_count; a++) {
        const cl_int code = set_argument(&own->cl, instance->kernel, &at, kernel->args[a].type, &values[a]);
        if (code != CL_SUCCESS)
            return elb_fail(dev->err, ELBOW_DEVICE, "device %s: clSetKernelArg (%s of %s): %s (%d)", dev->info.id,
                            kernel->args[a].name, kernel->name, elb_cl_error_name(code), code);
    }
    if (!groups.x || !groups.y) return ELBOW_OK;
    const size_t local[2] = {(size_t)dev->shape.group, 1};
    const size_t global[2] = {groups.x * local[0], groups.y};
    cl_event event = NULL;
    const cl_int code = own->cl.EnqueueNDRangeKernel(own->queue, instance->kernel, 2, NULL, global, local, 0, NULL,
                                                     dev->profile ? &event : NULL);
    if (code != CL_SUCCESS) return fail(own, "clEnqueueNDRangeKernel", kernel, code);
    return event ? elb_cl_time_launch(own, event, kernel, options, values) : ELBOW_OK;
}
