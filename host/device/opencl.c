/* A device of OpenCL's: opening, lending, closing. Its memory is in opencl_memory.c, its programs in opencl_program.c.
 */
#include "device/opencl_internal.h"
#include "device/program.h"

#include <stdlib.h>
#include <string.h>

static elbow_status flush(elb_device *dev)
{
    elb_opencl *own = elb_opencl_of(dev);
    const cl_int code = own->cl.Flush(own->queue);
    return code == CL_SUCCESS ? ELBOW_OK : elb_cl_fail(dev->err, dev->info.id, "clFlush", NULL, code);
}

static void close_device(elb_device *dev)
{
    elb_opencl *own = elb_opencl_of(dev);
    if (own->queue) own->cl.Finish(own->queue);
    dev->profile = NULL; /* whoever recorded may be gone */
    elb_cl_keep_times(dev, false);
    elb_cl_free_instances(own);
    if (own->queue) own->cl.ReleaseCommandQueue(own->queue);
    if (own->context) own->cl.ReleaseContext(own->context);
    free(own->stage);
    free(own);
}

static const elb_device_ops opencl_ops = {
    .buffer_new = elb_cl_buffer_new,
    .buffer_free = elb_cl_buffer_free,
    .write = elb_cl_write,
    .write_later = elb_cl_write_later,
    .read = elb_cl_read,
    .read_later = elb_cl_read_later,
    .copy = elb_cl_copy,
    .zero = elb_cl_zero,
    .map = elb_cl_map,
    .unmap = elb_cl_unmap,
    .launch = elb_cl_launch,
    .prepare = elb_cl_prepare,
    .flush = flush,
    .finish = elb_cl_finish,
    .keep_times = elb_cl_keep_times,
    .close = close_device,
};

/* A device without context and queue: whoever gives it these can close it at any point. */
static elbow_status new_device(elb_opencl **out, elb_error *err, const elb_cl *cl, const elb_found *found)
{
    elb_opencl *own;
    TRY(elb_new(err, &own, 1, sizeof *own, "a device"));
    own->base = (elb_device){.ops = &opencl_ops, .err = err, .info = found->info, .real_size = sizeof(float)};
    own->cl = *cl;
    own->device = found->handle;
    const elbow_status status = elb_new(err, &own->stage, 1, ELB_STAGE_BYTES, "a device's stage");
    if (status != ELBOW_OK) {
        free(own);
        return status;
    }
    cl_ulong most = 0;
    size_t group = 1;
    cl_uint width = 0;
    cl_bool unified = CL_FALSE;
    cl_device_fp_config precision = 0;
    cl->GetDeviceInfo(own->device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof most, &most, NULL);
    cl->GetDeviceInfo(own->device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof group, &group, NULL);
    cl->GetDeviceInfo(own->device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof width, &width, NULL);
    cl->GetDeviceInfo(own->device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof unified, &unified, NULL);
    cl->GetDeviceInfo(own->device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof precision, &precision, NULL);
    const bool gpu_like = found->gpu || elb_quirk_gpu_like(found->info.platform, found->info.name);
    own->most_in_one = most;
    own->host_memory = !found->gpu || unified;
    own->base.shares_memory = own->host_memory;
    own->base.rounds_division = precision & CL_FP_CORRECTLY_ROUNDED_DIVIDE_SQRT;
    own->base.prefers_local = gpu_like;
    own->base.shape = own->base.standard = elb_quirk_shape(gpu_like, width, group);
    own->base.busy_groups = elb_quirk_busy_groups(found->gpu, found->info.compute_units);
    own->base.most_turns = elb_quirk_most_turns(found->info.name);
    *out = own;
    return ELBOW_OK;
}

/* clCreateCommandQueue is of 1.2 and with every later version too. */
static elbow_status make_queue(elb_opencl *own, cl_platform_id platform)
{
    const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};
    elb_error *err = own->base.err;
    const char *id = own->base.info.id;
    cl_int code = CL_SUCCESS;
    own->context = own->cl.CreateContext(properties, 1, &own->device, NULL, NULL, &code);
    if (code != CL_SUCCESS) return elb_cl_fail(err, id, "clCreateContext", NULL, code);
    own->queue = own->cl.CreateCommandQueue(own->context, own->device, 0, &code);
    return code == CL_SUCCESS ? ELBOW_OK : elb_cl_fail(err, id, "clCreateCommandQueue", NULL, code);
}

elbow_status elb_opencl_open(elb_device **dev, elb_error *err, const elb_found *found)
{
    *dev = NULL;
    elb_cl cl;
    TRY(elb_cl_load(&cl, err));
    elb_opencl *own;
    TRY(new_device(&own, err, &cl, found));
    const elbow_status status = make_queue(own, found->platform);
    if (status != ELBOW_OK) {
        close_device(&own->base);
        return status;
    }
    *dev = &own->base;
    return ELBOW_OK;
}

/* ---- lending and borrowing ---- */

static elbow_status check_queue(elb_error *err, const elb_cl *cl, cl_context context, cl_device_id device,
                                cl_command_queue queue)
{
    cl_context its_context = NULL;
    cl_device_id its_device = NULL;
    cl_command_queue_properties properties = 0;
    cl_int code = cl->GetCommandQueueInfo(queue, CL_QUEUE_CONTEXT, sizeof its_context, &its_context, NULL);
    if (code == CL_SUCCESS)
        code = cl->GetCommandQueueInfo(queue, CL_QUEUE_DEVICE, sizeof its_device, &its_device, NULL);
    if (code == CL_SUCCESS)
        code = cl->GetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties, &properties, NULL);
    if (code != CL_SUCCESS) return elb_cl_fail(err, "lent by the caller", "clGetCommandQueueInfo", NULL, code);
    if (its_context != context || its_device != device)
        return elb_fail(err, ELBOW_USAGE, "the command queue belongs to another %s than the one given",
                        its_context != context ? "cl_context" : "cl_device_id");
    if (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE)
        return elb_fail(err, ELBOW_USAGE, "the command queue runs out of order; elbow needs one that runs in order");
    return ELBOW_OK;
}

/* What a caller's device is: the one of the list that it is, or "pocl:lent", such as a part of a device is. */
static elbow_status describe_lent(elb_found *out, elb_error *err, const elb_cl *cl, cl_device_id device)
{
    cl_platform_id platform = NULL;
    const cl_int code = cl->GetDeviceInfo(device, CL_DEVICE_PLATFORM, sizeof platform, &platform, NULL);
    if (code != CL_SUCCESS) return elb_cl_fail(err, "lent by the caller", "clGetDeviceInfo", NULL, code);
    elb_opencl_describe(out, cl, platform, device);
    const size_t length = strlen(out->info.id);
    elb_format(out->info.id + length, sizeof out->info.id - length, ":lent");
    elb_found *found;
    size_t count;
    TRY(elb_opencl_find(err, &found, &count));
    for (size_t i = 0; i < count; i++)
        if (found[i].handle == (void *)device) *out = found[i];
    free(found);
    if (!out->info.usable) return elb_fail(err, ELBOW_DEVICE, "device %s: %s", out->info.id, out->info.reason);
    return ELBOW_OK;
}

elbow_status elb_opencl_adopt(elb_device **dev, elb_error *err, void *context, void *device, void *queue)
{
    *dev = NULL;
    if (!context || !device || !queue)
        return elb_fail(err, ELBOW_USAGE,
                        "a cl_context, a cl_device_id and a cl_command_queue are needed; one is NULL");
    elb_cl cl;
    elb_found found = {0};
    TRY(elb_cl_load(&cl, err));
    TRY(check_queue(err, &cl, context, device, queue));
    TRY(describe_lent(&found, err, &cl, device));
    elb_opencl *own;
    TRY(new_device(&own, err, &cl, &found));
    cl_int code = cl.RetainContext(context);
    if (code == CL_SUCCESS) {
        own->context = context;
        code = cl.RetainCommandQueue(queue);
    }
    if (code != CL_SUCCESS) {
        close_device(&own->base);
        return elb_cl_fail(err, found.info.id, "clRetainContext or clRetainCommandQueue", NULL, code);
    }
    own->queue = queue;
    *dev = &own->base;
    return ELBOW_OK;
}

elbow_status elb_opencl_lend(elb_device *dev, void **context, void **device, void **queue)
{
    if (dev->ops != &opencl_ops)
        return elb_fail(dev->err, ELBOW_UNSUPPORTED, "device %s has no OpenCL objects to lend", dev->info.id);
    elb_opencl *own = elb_opencl_of(dev);
    *context = own->context;
    *device = own->device;
    *queue = own->queue;
    return ELBOW_OK;
}

void *elb_opencl_memory(elb_buffer *buffer)
{
    return buffer->dev->ops == &opencl_ops ? elb_memory_of(buffer) : NULL;
}

/* ---- probing ---- */

/* An fma whose result shows whether it rounds once, and a barrier: what all of elbow's kernels stand on. */
static const char *const probe_source = "kernel void probe(global float *y_, ulong y_at) {\n"
                                        "    local float shared[1];\n"
                                        "    shared[0] = fma(1.0f + 0x1p-23f, 1.0f - 0x1p-23f, -1.0f);\n"
                                        "    barrier(CLK_LOCAL_MEM_FENCE);\n"
                                        "    y_[y_at + get_global_id(0)] = shared[0];\n"
                                        "}\n";

static elbow_status run_probe(elb_device *dev)
{
    const elb_arg_info argument = {"y", ELB_ARG_REALS, true};
    const elb_kernel kernel = {.name = "probe", .source = probe_source, .arg_count = 1, .args = &argument};
    elb_value value = {.ul = 0};
    float result[2] = {0};
    dev->shape.group = 1;
    TRY(elb_buffer_new(&value.view.buffer, dev, sizeof result));
    elbow_status status = dev->ops->launch(dev, &kernel, NULL, (elb_range){2, 1}, &value);
    if (status == ELBOW_OK) status = elb_read(result, value.view.buffer, 0, sizeof result);
    elb_buffer_free(value.view.buffer);
    if (status == ELBOW_OK && (result[0] != -0x1p-46f || result[1] != -0x1p-46f))
        return elb_fail(dev->err, ELBOW_WRONG_BITS, "its fma gives %a and %a instead of -0x1p-46", (double)result[0],
                        (double)result[1]);
    return status;
}

void elb_opencl_probe(elb_found *found)
{
    if (!found->info.usable) return;
    elb_cache_key key;
    elb_program_key(&key, "probe", &found->info, probe_source, "");
    void *known;
    size_t size;
    if (elb_cache_get(&known, &size, &key)) {
        free(known);
        return;
    }
    elb_error err = {0};
    elb_device *dev;
    elbow_status status = elb_opencl_open(&dev, &err, found);
    if (status == ELBOW_OK) {
        status = run_probe(dev);
        elb_device_close(dev);
    }
    elb_error unheard = {0};
    if (status == ELBOW_OK) {
        (void)elb_cache_put(&unheard, &key, "usable", 6);
        return;
    }
    found->info.usable = false;
    elb_format(found->info.reason, sizeof found->info.reason, "%.250s", err.text);
}
