/* device.c - what every device has in common: checks before its own functions are called. */
#include "device/device.h"

#include <stdlib.h>
#include <string.h>

void elb_device_close(elb_device *dev)
{
    if (!dev) return;
    elb_device_close(dev->reference);
    dev->ops->close(dev);
}

static bool shape_is_possible(elb_shape s)
{
    const bool width = s.width == 1 || s.width == 4 || s.width == 8 || s.width == 16;
    const bool group = s.group >= 1 && s.group <= 64 && (s.group & (s.group - 1)) == 0 && s.group * s.width <= 64;
    return width && group && s.block > 0 && s.block % s.width == 0 && s.tile_rows > 0 && s.tile_vectors > 0;
}

elbow_status elb_device_reshape(elb_device *dev, elb_shape shape)
{
    if (memcmp(&shape, &dev->shape, sizeof shape) == 0) return ELBOW_OK;
    if (strcmp(dev->info.backend, "native") == 0)
        return elb_fail(dev->err, ELBOW_USAGE, "%s: its kernels are compiled for width %d and take no other shape",
                        dev->info.id, dev->shape.width);
    if (!shape_is_possible(shape))
        return elb_fail(
            dev->err, ELBOW_USAGE,
            "%s: no kernel has the shape width %d, group %d, block %d, tile %d x %d: width is 1, 4, 8 or 16, "
            "group a power of two with width x group <= 64, block a multiple of width",
            dev->info.id, shape.width, shape.group, shape.block, shape.tile_rows, shape.tile_vectors);
    dev->shape = shape;
    return ELBOW_OK;
}

elbow_status elb_check_turns(elb_device *dev, uint64_t turns, const char *what, uint32_t size)
{
    if (dev->most_turns == 0 || turns <= dev->most_turns) return ELBOW_OK;
    return elb_fail(
        dev->err, ELBOW_DEVICE,
        "device %s ends loops after %u turns: with %s %u its results would be wrong: choose another device, "
        "such as native, or make this smaller",
        dev->info.id, dev->most_turns, what, size);
}

/* ---- memory ---- */

elbow_status elb_buffer_new(elb_buffer **buffer, elb_device *dev, size_t bytes)
{
    TRY(dev->ops->buffer_new(dev, buffer, bytes));
    dev->bytes_in_use += bytes;
    return ELBOW_OK;
}

void elb_buffer_free(elb_buffer *buffer)
{
    if (!buffer) return;
    buffer->dev->bytes_in_use -= buffer->bytes;
    buffer->dev->ops->buffer_free(buffer);
}

/* Whether [at, at + bytes) lies inside the buffer. */
static elbow_status check_bytes(const elb_buffer *buffer, size_t at, size_t bytes, const char *what)
{
    if (at <= buffer->bytes && bytes <= buffer->bytes - at) return ELBOW_OK;
    return elb_fail(buffer->dev->err, ELBOW_USAGE, "%s: %s of %zu bytes at %zu does not fit a buffer of %zu",
                    buffer->dev->info.id, what, bytes, at, buffer->bytes);
}

elbow_status elb_write(elb_buffer *buffer, size_t at, const void *from, size_t bytes)
{
    TRY(check_bytes(buffer, at, bytes, "a write"));
    return bytes ? buffer->dev->ops->write(buffer->dev, buffer, at, from, bytes) : ELBOW_OK;
}

elbow_status elb_read(void *to, elb_buffer *buffer, size_t at, size_t bytes)
{
    TRY(check_bytes(buffer, at, bytes, "a read"));
    return bytes ? buffer->dev->ops->read(buffer->dev, to, buffer, at, bytes) : ELBOW_OK;
}

elbow_status elb_zero(elb_buffer *buffer, size_t at, size_t bytes)
{
    TRY(check_bytes(buffer, at, bytes, "zeroing"));
    return bytes ? buffer->dev->ops->zero(buffer->dev, buffer, at, bytes) : ELBOW_OK;
}

elbow_status elb_copy(elb_buffer *to, size_t to_at, elb_buffer *from, size_t from_at, size_t bytes)
{
    TRY(check_bytes(to, to_at, bytes, "a copy's target"));
    TRY(check_bytes(from, from_at, bytes, "a copy's source"));
    if (to->dev != from->dev)
        return elb_fail(to->dev->err, ELBOW_USAGE, "a copy from %s to %s goes through the host", from->dev->info.id,
                        to->dev->info.id);
    return bytes ? to->dev->ops->copy(to->dev, to, to_at, from, from_at, bytes) : ELBOW_OK;
}

elbow_status elb_finish(elb_device *dev)
{
    return dev->ops->finish(dev);
}

/* ---- reals ---- */

/* The bytes of a dense view. */
static elbow_status dense_bytes(size_t *at, size_t *bytes, elb_view view)
{
    elb_device *dev = view.buffer->dev;
    size_t count;
    if (view.rows > 1 && view.stride != view.cols)
        return elb_fail(dev->err, ELBOW_USAGE, "%s: a view of stride %u and %u columns is not dense", dev->info.id,
                        view.stride, view.cols);
    if (!elb_times(&count, view.rows, view.cols) || !elb_times(bytes, count, dev->real_size) ||
        !elb_times(at, view.offset, dev->real_size))
        return elb_fail(dev->err, ELBOW_USAGE, "%s: a view of %u x %u reals at %zu is too large", dev->info.id,
                        view.rows, view.cols, view.offset);
    return ELBOW_OK;
}

/* Through memory of the device's own reals, if these are not what the host has. */
static elbow_status write_as(elb_view to, const float *floats, const double *doubles)
{
    elb_device *dev = to.buffer->dev;
    size_t at, bytes;
    TRY(dense_bytes(&at, &bytes, to));
    if (bytes == 0) return ELBOW_OK;
    if (dev->real_size == (floats ? sizeof *floats : sizeof *doubles))
        return elb_write(to.buffer, at, floats ? (const void *)floats : doubles, bytes);
    const size_t count = bytes / dev->real_size;
    void *reals;
    TRY(elb_new(dev->err, &reals, count, dev->real_size, "numbers on their way to a device"));
    for (size_t i = 0; i < count; i++) {
        if (floats)
            ((double *)reals)[i] = (double)floats[i];
        else
            ((float *)reals)[i] = (float)doubles[i];
    }
    const elbow_status status = elb_write(to.buffer, at, reals, bytes);
    free(reals);
    return status;
}

static elbow_status read_as(float *floats, double *doubles, elb_view from)
{
    elb_device *dev = from.buffer->dev;
    size_t at, bytes;
    TRY(dense_bytes(&at, &bytes, from));
    if (bytes == 0) return ELBOW_OK;
    if (dev->real_size == (floats ? sizeof *floats : sizeof *doubles))
        return elb_read(floats ? (void *)floats : doubles, from.buffer, at, bytes);
    const size_t count = bytes / dev->real_size;
    void *reals;
    TRY(elb_new(dev->err, &reals, count, dev->real_size, "numbers on their way from a device"));
    const elbow_status status = elb_read(reals, from.buffer, at, bytes);
    for (size_t i = 0; status == ELBOW_OK && i < count; i++) {
        if (floats)
            floats[i] = (float)((double *)reals)[i];
        else
            doubles[i] = (double)((float *)reals)[i];
    }
    free(reals);
    return status;
}

elbow_status elb_write_reals(elb_view to, const float *from)
{
    return write_as(to, from, NULL);
}

elbow_status elb_read_reals(float *to, elb_view from)
{
    return read_as(to, NULL, from);
}

elbow_status elb_write_doubles(elb_view to, const double *from)
{
    return write_as(to, NULL, from);
}

elbow_status elb_read_doubles(double *to, elb_view from)
{
    return read_as(NULL, to, from);
}

/* ---- launches ---- */

size_t elb_arg_size(const elb_device *dev, elb_arg_type type)
{
    if (type == ELB_ARG_REALS) return dev->real_size;
    if (type == ELB_ARG_UINTS) return sizeof(uint32_t);
    return type == ELB_ARG_BYTES ? 1 : 0;
}

/* offset + (rows - 1) stride + cols, as it is written: saturated. */
static size_t view_end(const elb_view *view)
{
    size_t end;
    if (view->rows == 0 || view->cols == 0) return view->offset;
    const size_t length = (size_t)(view->rows - 1) * view->stride + view->cols;
    return __builtin_add_overflow(view->offset, length, &end) ? SIZE_MAX : end;
}

static elbow_status check_view(elb_device *dev, const elb_kernel *kernel, const elb_arg_info *arg, const elb_view *view)
{
    if (!view->buffer)
        return elb_fail(dev->err, ELBOW_USAGE, "%s: its argument %s has no buffer", kernel->name, arg->name);
    if (view->buffer->dev != dev)
        return elb_fail(dev->err, ELBOW_USAGE, "%s: its argument %s lies on device %s, not on %s", kernel->name,
                        arg->name, view->buffer->dev->info.id, dev->info.id);
    const size_t size = elb_arg_size(dev, arg->type), room = view->buffer->bytes / size, end = view_end(view);
    if (end <= room) return ELBOW_OK;
    return elb_fail(dev->err, ELBOW_USAGE,
                    "%s: its argument %s, %u x %u with stride %u at %zu, ends at element %zu; its buffer has %zu",
                    kernel->name, arg->name, view->rows, view->cols, view->stride, view->offset, end, room);
}

static elbow_status check_choices(elb_device *dev, const elb_kernel *kernel, const void *options)
{
    if (kernel->option_count && !options)
        return elb_fail(dev->err, ELBOW_USAGE, "%s: launched without its options", kernel->name);
    for (uint32_t o = 0; o < kernel->option_count; o++) {
        const elb_option_info *option = &kernel->options[o];
        if (option->type != ELB_CHOICE) continue;
        int32_t value, count = 0;
        memcpy(&value, (const char *)options + option->offset, sizeof value);
        while (option->choices[count]) count++;
        if (value < 0 || value >= count)
            return elb_fail(dev->err, ELBOW_USAGE, "%s: its option %s has no choice %d, only 0 to %d", kernel->name,
                            option->name, value, count - 1);
    }
    return ELBOW_OK;
}

elbow_status elb_launch(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                        const elb_value *values)
{
    TRY(check_choices(dev, kernel, options));
    for (uint32_t a = 0; a < kernel->arg_count; a++)
        if (elb_arg_size(dev, kernel->args[a].type)) TRY(check_view(dev, kernel, &kernel->args[a], &values[a].view));
    if ((uint64_t)groups.x * groups.y > UINT32_MAX)
        return elb_fail(dev->err, ELBOW_USAGE, "%s: %u x %u are more work-groups than fit 32 bits", kernel->name,
                        groups.x, groups.y);
    if (groups.x == 0 || groups.y == 0) return ELBOW_OK;
    return dev->ops->launch(dev, kernel, options, groups, values);
}
