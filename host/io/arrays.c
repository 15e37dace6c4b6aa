/* arrays.c - data sets that are NumPy's arrays: one in a .npy file, or those of a .npz archive. */
#include "base/file.h"
#include "io/data.h"
#include "io/npz.h"
#include "io/values.h"

#include <stdlib.h>
#include <string.h>

/* PyTorch's (N, C, H, W) read as (N, H, W, C) would train without complaint on scrambled images. */
static bool channels_first(const elb_npy_view *view)
{
    const uint64_t second = view->shape[1], last = view->shape[3];
    return view->axes == 4 && (second == 1 || second == 3) && last != 1 && last != 3 && view->shape[2] > 4;
}

static elbow_status read_sizes(elb_block *block, elb_error *err, const elb_npy_view *view)
{
    char shape[ELB_NPY_SHAPE];
    elb_npy_shape(shape, view->axes, view->shape);
    if (view->axes < 2)
        return elb_fail(err, ELBOW_BAD_DATA,
                        "its shape is %s: it needs a first axis for the data and one to three after it", shape);
    if (!view->count) return elb_fail(err, ELBOW_BAD_DATA, "its shape is %s: there is nothing to learn from", shape);
    if (view->shape[0] > UINT32_MAX || view->count / view->shape[0] > INT32_MAX)
        return elb_fail(err, ELBOW_BAD_DATA, "its shape is %s: too large to be learnt from", shape);
    if (channels_first(view))
        return elb_fail(err, ELBOW_BAD_DATA,
                        "its shape is %s, which looks like channels first: save a.transpose(0, 2, 3, 1)", shape);
    block->flat = view->axes == 2;
    block->size[0] = (uint32_t)view->shape[0];
    block->size[1] = block->flat ? 1 : (uint32_t)view->shape[1];
    block->size[2] = (uint32_t)view->shape[block->flat ? 1 : 2];
    block->size[3] = (uint32_t)view->shape[3];
    return ELBOW_OK;
}

static elbow_status refuse(elb_error *err, const elb_block *block, size_t element, const char *why)
{
    char place[96];
    if (block->flat)
        elb_format(place, sizeof place, "row %zu, column %zu (counted from 0)", element / block->size[2],
                   element % block->size[2]);
    else
        elb_place(place, block->size, element);
    return elb_fail(err, ELBOW_BAD_DATA, "%s is %s: remove or replace it", place, why);
}

static elbow_status to_floats(elb_block *block, elb_error *err, const elb_npy_view *view, size_t total)
{
    float *to;
    TRY(elb_new(err, &to, total, sizeof *to, "the data"));
    block->values = to;
    for (size_t i = 0; i < total; i++) {
        const double value = elb_npy_value(view, i);
        if (elb_unfit(value)) return refuse(err, block, i, elb_unfit(value));
        to[i] = elb_canonical((float)value);
    }
    return ELBOW_OK;
}

/* Bytes stay bytes; a boolean is black or white. */
static elbow_status to_bytes(elb_block *block, elb_error *err, const elb_npy_view *view, size_t total)
{
    uint8_t *to;
    TRY(elb_new(err, &to, total, 1, "the data"));
    block->values = to;
    uint8_t most = 0;
    for (size_t i = 0; i < total; i++) {
        to[i] = view->kind == 'b' ? (uint8_t)(view->body[i] ? 255 : 0) : view->body[i];
        most = to[i] > most ? to[i] : most;
    }
    if (most == 1)
        elb_remark(err, "bytes mean value / 255, and none here is above 1: if they are zeros and ones, save "
                        "a.astype('bool')");
    return ELBOW_OK;
}

/* The first rows of an array as training (which 0) or test images. */
static elbow_status take_array(elbow_data *data, elb_error *err, int which, const elb_npy_view *view, const char *path,
                               uint32_t limit)
{
    elb_block block = {.bytes = view->width == 1 && view->kind != 'i'};
    TRY(read_sizes(&block, err, view));
    if (limit && limit < block.size[0]) block.size[0] = limit;
    const size_t total = (size_t)block.size[0] * (view->count / view->shape[0]);
    const elbow_status status = block.bytes ? to_bytes(&block, err, view, total) : to_floats(&block, err, view, total);
    if (status == ELBOW_OK) return elb_data_take(data, err, which, path, &block);
    free(block.values);
    return status;
}

elbow_status elb_npy_single(elbow_data *data, elb_error *err, const char *path, uint32_t limit)
{
    void *file = NULL;
    size_t size;
    elb_npy_view view;
    TRY(elb_file_read(err, &file, &size, path, SIZE_MAX / 2));
    elbow_status status = elb_npy_look(&view, err, file, size);
    if (status == ELBOW_OK) status = take_array(data, err, 0, &view, path, limit);
    free(file);
    return status == ELBOW_OK ? ELBOW_OK : elb_blame(err, "%s", path);
}

static elbow_status take_member(elbow_data *data, elb_error *err, int which, const elb_npz *npz, const char *name,
                                const char *path, uint32_t limit)
{
    elb_npy_view view;
    void *own = NULL;
    elbow_status status = elb_npz_look(&view, &own, err, npz, name);
    if (status == ELBOW_OK && (status = take_array(data, err, which, &view, path, limit)) != ELBOW_OK)
        elb_blame(err, "'%s'", name);
    free(own);
    return status;
}

/* x_train as Keras has it, x as elbow diagnose does, or the only array there is. */
static elbow_status take_members(elbow_data *data, elb_error *err, const elb_npz *npz, const char *path, uint32_t limit)
{
    const char *train = elb_npz_has(npz, "x_train") ? "x_train" : "x";
    if (npz->count == 1) train = npz->member[0].name;
    TRY(take_member(data, err, 0, npz, train, path, limit));
    return elb_npz_has(npz, "x_test") && strcmp(train, "x_test") != 0
               ? take_member(data, err, 1, npz, "x_test", path, 0)
               : ELBOW_OK;
}

elbow_status elb_npz_single(elbow_data *data, elb_error *err, const char *path, uint32_t limit)
{
    elb_npz npz;
    elbow_status status = elb_npz_read(&npz, err, path);
    if (status == ELBOW_OK && (status = take_members(data, err, &npz, path, limit)) != ELBOW_OK)
        elb_blame(err, "%s", path);
    elb_npz_free(&npz);
    return status;
}
