/* Buffers of an OpenCL device and what goes in and out of them. */
#include "device/opencl_internal.h"

#include <stdlib.h>
#include <string.h>

/* Buffers from here on are proved to be there before anybody counts on them. */
static const size_t big_bytes = (size_t)16 << 20;

static elbow_status fail(elb_opencl *own, const char *call, cl_int code)
{
    return elb_cl_fail(own->base.err, own->base.info.id, call, NULL, code);
}

static elbow_status no_memory(elb_opencl *own, size_t bytes, const char *call, cl_int code)
{
    char wanted[32], used[32], all[32], one[32];
    return elb_fail(own->base.err, ELBOW_MEMORY,
                    "device %s: out of memory for %s: %s: %s (%d); %s of its %s are in use, the most that it promises "
                    "in one piece is %s",
                    own->base.info.id, elb_bytes_text(wanted, bytes), call, elb_cl_error_name(code), code,
                    elb_bytes_text(used, own->base.bytes_in_use), elb_bytes_text(all, own->base.info.memory_bytes),
                    elb_bytes_text(one, own->most_in_one));
}

/* Zeroes all of a new buffer: results never depend on what lay there before. Success of clCreateBuffer does not mean
 * that there is memory: drivers take it at the first touch. */
static elbow_status touch(elb_opencl *own, cl_mem memory, size_t room, size_t bytes)
{
    const uint32_t zeros[4] = {0};
    cl_int code = own->cl.EnqueueFillBuffer(own->queue, memory, zeros, sizeof zeros, 0, room, 0, NULL, NULL);
    if (code != CL_SUCCESS) return no_memory(own, bytes, "clEnqueueFillBuffer", code);
    if (bytes < big_bytes) return ELBOW_OK;
    code = own->cl.Finish(own->queue);
    return code == CL_SUCCESS ? ELBOW_OK : no_memory(own, bytes, "clFinish", code);
}

elbow_status elb_cl_buffer_new(elb_device *dev, elb_buffer **buffer, size_t bytes)
{
    elb_opencl *own = elb_opencl_of(dev);
    *buffer = NULL;
    if (bytes > SIZE_MAX - 128) return no_memory(own, bytes, "a size that overflows", CL_INVALID_BUFFER_SIZE);
    elb_cl_buffer *made;
    TRY(elb_new(dev->err, &made, 1, sizeof *made, "a buffer"));
    made->base = (elb_buffer){dev, bytes};
    const size_t room = bytes ? (bytes + 63) / 64 * 64 : 64;
    const cl_mem_flags flags = CL_MEM_READ_WRITE | (own->host_memory ? CL_MEM_ALLOC_HOST_PTR : 0);
    cl_int code = CL_SUCCESS;
    made->memory = own->cl.CreateBuffer(own->context, flags, room, NULL, &code);
    elbow_status status =
        code == CL_SUCCESS ? touch(own, made->memory, room, bytes) : no_memory(own, bytes, "clCreateBuffer", code);
    if (status != ELBOW_OK) {
        if (made->memory) own->cl.ReleaseMemObject(made->memory);
        free(made);
        return status;
    }
    *buffer = &made->base;
    return ELBOW_OK;
}

void elb_cl_buffer_free(elb_buffer *buffer)
{
    if (!buffer) return;
    elb_opencl *own = elb_opencl_of(buffer->dev);
    own->cl.ReleaseMemObject(elb_memory_of(buffer)); /* OpenCL waits for what is queued on it */
    free(buffer);
}

elbow_status elb_opencl_wrap(elb_buffer **buffer, elb_device *dev, void *memory)
{
    *buffer = NULL;
    elb_opencl *own = elb_opencl_of(dev);
    if (strcmp(dev->info.backend, "opencl") != 0)
        return elb_fail(dev->err, ELBOW_UNSUPPORTED, "device %s has no OpenCL buffers", dev->info.id);
    cl_context context = NULL;
    size_t bytes = 0;
    cl_int code = own->cl.GetMemObjectInfo(memory, CL_MEM_CONTEXT, sizeof context, &context, NULL);
    if (code == CL_SUCCESS) code = own->cl.GetMemObjectInfo(memory, CL_MEM_SIZE, sizeof bytes, &bytes, NULL);
    if (code != CL_SUCCESS) return fail(own, "clGetMemObjectInfo", code);
    if (context != own->context)
        return elb_fail(dev->err, ELBOW_USAGE, "device %s: a buffer of another cl_context", dev->info.id);
    elb_cl_buffer *made;
    TRY(elb_new(dev->err, &made, 1, sizeof *made, "a buffer"));
    made->base = (elb_buffer){dev, bytes};
    made->memory = memory;
    code = own->cl.RetainMemObject(memory);
    if (code != CL_SUCCESS) {
        free(made);
        return fail(own, "clRetainMemObject", code);
    }
    dev->bytes_in_use += bytes; /* as elb_buffer_new does: elb_buffer_free takes it back */
    *buffer = &made->base;
    return ELBOW_OK;
}

static elbow_status enqueue_write(elb_opencl *own, elb_buffer *buffer, size_t at, const void *from, size_t bytes)
{
    const cl_int code =
        own->cl.EnqueueWriteBuffer(own->queue, elb_memory_of(buffer), CL_FALSE, at, bytes, from, 0, NULL, NULL);
    return code == CL_SUCCESS ? ELBOW_OK : fail(own, "clEnqueueWriteBuffer", code);
}

/* Small pieces go by way of the stage, so that the host runs on while the queue is busy; large ones, and small ones
 * when the stage is full, wait: for the queue, since Intel's runtime returns from a blocking write while earlier ones
 * have still to be done. */
elbow_status elb_cl_write(elb_device *dev, elb_buffer *buffer, size_t at, const void *from, size_t bytes)
{
    elb_opencl *own = elb_opencl_of(dev);
    if (!bytes) return ELBOW_OK;
    if (bytes > ELB_STAGE_BYTES - own->staged) {
        TRY(enqueue_write(own, buffer, at, from, bytes));
        return elb_cl_finish(dev);
    }
    char *to = own->stage + own->staged;
    memcpy(to, from, bytes);
    TRY(enqueue_write(own, buffer, at, to, bytes));
    own->staged += (bytes + 63) / 64 * 64;
    if (own->staged > ELB_STAGE_BYTES) own->staged = ELB_STAGE_BYTES;
    return ELBOW_OK;
}

elbow_status elb_cl_write_later(elb_device *dev, elb_buffer *buffer, size_t at, const void *from, size_t bytes)
{
    return bytes ? enqueue_write(elb_opencl_of(dev), buffer, at, from, bytes) : ELBOW_OK;
}

static elbow_status enqueue_read(elb_opencl *own, cl_bool wait, void *to, elb_buffer *buffer, size_t at, size_t bytes)
{
    const cl_int code =
        own->cl.EnqueueReadBuffer(own->queue, elb_memory_of(buffer), wait, at, bytes, to, 0, NULL, NULL);
    if (code != CL_SUCCESS) return fail(own, "clEnqueueReadBuffer", code);
    if (wait) own->staged = 0;
    return ELBOW_OK;
}

elbow_status elb_cl_read(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes)
{
    if (!bytes) return elb_cl_finish(dev);
    return enqueue_read(elb_opencl_of(dev), CL_TRUE, to, buffer, at, bytes);
}

elbow_status elb_cl_read_later(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes)
{
    return bytes ? enqueue_read(elb_opencl_of(dev), CL_FALSE, to, buffer, at, bytes) : ELBOW_OK;
}

elbow_status elb_cl_copy(elb_device *dev, elb_buffer *to, size_t to_at, elb_buffer *from, size_t from_at, size_t bytes)
{
    elb_opencl *own = elb_opencl_of(dev);
    if (!bytes) return ELBOW_OK;
    const cl_int code = own->cl.EnqueueCopyBuffer(own->queue, elb_memory_of(from), elb_memory_of(to), from_at, to_at,
                                                  bytes, 0, NULL, NULL);
    return code == CL_SUCCESS ? ELBOW_OK : fail(own, "clEnqueueCopyBuffer", code);
}

elbow_status elb_cl_zero(elb_device *dev, elb_buffer *buffer, size_t at, size_t bytes)
{
    elb_opencl *own = elb_opencl_of(dev);
    if (!bytes) return ELBOW_OK;
    const uint32_t zeros[4] = {0};
    const size_t both = at | bytes, pattern = both % 16 == 0 ? 16 : both % 4 == 0 ? 4 : 1;
    const cl_int code =
        own->cl.EnqueueFillBuffer(own->queue, elb_memory_of(buffer), zeros, pattern, at, bytes, 0, NULL, NULL);
    return code == CL_SUCCESS ? ELBOW_OK : fail(own, "clEnqueueFillBuffer", code);
}

elbow_status elb_cl_map(elb_device *dev, void **pointer, elb_buffer *buffer)
{
    elb_opencl *own = elb_opencl_of(dev);
    cl_int code = CL_SUCCESS;
    *pointer = own->cl.EnqueueMapBuffer(own->queue, elb_memory_of(buffer), CL_TRUE, CL_MAP_READ | CL_MAP_WRITE, 0,
                                        buffer->bytes ? buffer->bytes : 1, 0, NULL, NULL, &code);
    if (code != CL_SUCCESS) return fail(own, "clEnqueueMapBuffer", code);
    own->staged = 0;
    return ELBOW_OK;
}

elbow_status elb_cl_unmap(elb_device *dev, elb_buffer *buffer, void *pointer)
{
    elb_opencl *own = elb_opencl_of(dev);
    const cl_int code = own->cl.EnqueueUnmapMemObject(own->queue, elb_memory_of(buffer), pointer, 0, NULL, NULL);
    return code == CL_SUCCESS ? ELBOW_OK : fail(own, "clEnqueueUnmapMemObject", code);
}

elbow_status elb_cl_finish(elb_device *dev)
{
    elb_opencl *own = elb_opencl_of(dev);
    const cl_int code = own->cl.Finish(own->queue);
    if (code != CL_SUCCESS) return fail(own, "clFinish", code);
    own->staged = 0;
    return ELBOW_OK;
}
