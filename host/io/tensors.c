/* tensors.c - writing safetensors, and looking into what was read (tensors_parse.c reads). */
#include "io/tensors.h"

#include "base/file.h"
#include "io/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 8 }; /* bytes of the header's length, and what its end is aligned to */

static const struct {
    const char *name;
    size_t size;
} types[] = {
#define X(name, size) {#name, size},
    ELB_TENSOR_TYPES(X)
#undef X
};

size_t elb_tensor_type_size(elb_tensor_type type)
{
    return types[type].size;
}

elb_tensor elb_tensor_of(const char *name, elb_tensor_type type, uint32_t axes, const uint64_t *shape, const void *data)
{
    elb_tensor tensor = {.type = type, .axes = axes, .bytes = types[type].size, .data = data};
    elb_format(tensor.name, sizeof tensor.name, "%s", name);
    for (uint32_t i = 0; i < axes; i++) {
        tensor.shape[i] = shape[i];
        tensor.bytes *= (size_t)shape[i];
    }
    return tensor;
}

static elbow_status check_names(elb_error *err, const elb_tensor *tensor, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!*tensor[i].name || !strcmp(tensor[i].name, "__metadata__"))
            return elb_fail(err, ELBOW_USAGE, "\"%s\" cannot name a tensor", tensor[i].name);
        for (size_t j = 0; j < i; j++)
            if (!strcmp(tensor[i].name, tensor[j].name))
                return elb_fail(err, ELBOW_USAGE, "two tensors have the name %s", tensor[i].name);
    }
    return ELBOW_OK;
}

/* {"__metadata__":{...},"a":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}} */
static elbow_status header_text(char **text, elb_error *err, const elb_tensor *tensor, size_t count,
                                const elb_note *note, size_t notes)
{
    cJSON *root = cJSON_CreateObject();
    if (notes) {
        cJSON *map = elb_json_add_object(root, "__metadata__");
        for (size_t i = 0; i < notes; i++) elb_json_add_text(map, note[i].key, note[i].text);
    }
    uint64_t at = 0;
    for (size_t i = 0; i < count; i++) {
        cJSON *entry = elb_json_add_object(root, tensor[i].name);
        elb_json_add_text(entry, "dtype", types[tensor[i].type].name);
        cJSON *shape = elb_json_add_array(entry, "shape");
        for (uint32_t j = 0; j < tensor[i].axes; j++) elb_json_add_uint(shape, NULL, tensor[i].shape[j]);
        cJSON *offsets = elb_json_add_array(entry, "data_offsets");
        elb_json_add_uint(offsets, NULL, at);
        elb_json_add_uint(offsets, NULL, at += tensor[i].bytes);
    }
    const elbow_status status = elb_json_print(text, err, root, false);
    cJSON_Delete(root);
    return status;
}

elbow_status elb_tensors_write(elb_error *err, const char *path, const elb_tensor *tensor, size_t count,
                               const elb_note *note, size_t notes)
{
    TRY(check_names(err, tensor, count));
    char *text = NULL;
    unsigned char *file = NULL;
    elbow_status status;
    TRY_DONE(header_text(&text, err, tensor, count, note, notes));
    const size_t length = strlen(text), header = (length + HEAD - 1) / HEAD * HEAD;
    size_t size = HEAD + header;
    for (size_t i = 0; i < count; i++) size += tensor[i].bytes;
    TRY_DONE(elb_new(err, &file, size, 1, path));
    for (int i = 0; i < HEAD; i++) file[i] = (unsigned char)((uint64_t)header >> 8 * i);
    memcpy(file + HEAD, text, length);
    memset(file + HEAD + length, ' ', header - length);
    unsigned char *at = file + HEAD + header;
    for (size_t i = 0; i < count; i++) {
        if (tensor[i].bytes) memcpy(at, tensor[i].data, tensor[i].bytes);
        at += tensor[i].bytes;
    }
    status = elb_file_write(err, path, file, size);
done:
    free(text);
    free(file);
    return status;
}

static void shape_text(char out[96], uint32_t axes, const uint64_t *shape)
{
    elb_format(out, 96, "(");
    for (uint32_t i = 0; i < axes; i++) {
        const size_t at = strlen(out);
        elb_format(out + at, 96 - at, "%s%" PRIu64, i ? ", " : "", shape[i]);
    }
    const size_t at = strlen(out);
    elb_format(out + at, 96 - at, ")");
}

elbow_status elb_tensors_get(const elb_tensor **out, elb_error *err, const elb_tensors *tensors, const char *name,
                             elb_tensor_type type, uint32_t axes, const uint64_t *shape)
{
    *out = NULL;
    for (size_t i = 0; i < tensors->count && !*out; i++)
        if (!strcmp(tensors->tensor[i].name, name)) *out = &tensors->tensor[i];
    if (!*out) return elb_fail(err, ELBOW_BAD_FILE, "there is no tensor %s", name);
    const elb_tensor *is = *out;
    bool same = is->type == type && is->axes == axes;
    for (uint32_t i = 0; same && i < axes; i++) same = is->shape[i] == shape[i];
    if (same) return ELBOW_OK;
    char wanted[96], found[96];
    shape_text(wanted, axes, shape);
    shape_text(found, is->axes, is->shape);
    *out = NULL;
    return elb_fail(err, ELBOW_BAD_FILE, "tensor %s is %s %s, not %s %s", name, types[is->type].name, found,
                    types[type].name, wanted);
}

const char *elb_tensors_note(const elb_tensors *tensors, const char *key)
{
    for (size_t i = 0; i < tensors->notes; i++)
        if (!strcmp(tensors->note[i].key, key)) return tensors->note[i].text;
    return NULL;
}

void elb_tensors_free(elb_tensors *tensors)
{
    for (size_t i = 0; i < tensors->notes; i++) free(tensors->note[i].text);
    free(tensors->note);
    free(tensors->tensor);
    free(tensors->file);
    memset(tensors, 0, sizeof *tensors);
}
