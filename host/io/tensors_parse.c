/* tensors_parse.c - reading safetensors. Nothing in the file is believed: the header's length, every type, shape and
 * offset are checked against the file's size before a byte of data is handed out. */
#include "io/tensors.h"

#include "base/file.h"
#include "io/json.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = 8, LONGEST_HEADER = 100 * 1000 * 1000 }; /* the format's own limit */

static const char *const type_names[] = {
#define X(name, size) #name,
    ELB_TENSOR_TYPES(X)
#undef X
        NULL};

/* Reads the item of an array of whole numbers by wrapping it as a member, so that one function judges both. */
static elbow_status whole(uint64_t *out, elb_error *err, const cJSON *item, const char *name)
{
    const double value = item->valuedouble;
    if (!cJSON_IsNumber(item) || !(value >= 0 && value <= 9007199254740992.0) || value != (double)(uint64_t)value)
        return elb_fail(err, ELBOW_BAD_FILE, "its %s holds something that is no whole number", name);
    *out = (uint64_t)value;
    return ELBOW_OK;
}

static elbow_status read_shape(elb_tensor *tensor, elb_error *err, const cJSON *entry, size_t *bytes)
{
    const cJSON *shape, *item;
    TRY(elb_json_array(&shape, err, entry, "shape"));
    *bytes = elb_tensor_type_size(tensor->type);
    cJSON_ArrayForEach(item, shape)
    {
        if (tensor->axes == ELB_MAX_AXES)
            return elb_fail(err, ELBOW_BAD_FILE, "it has more than %d axes", ELB_MAX_AXES);
        uint64_t *size = &tensor->shape[tensor->axes++];
        TRY(whole(size, err, item, "shape"));
        if (!elb_times(bytes, *bytes, (size_t)*size)) return elb_fail(err, ELBOW_BAD_FILE, "its shape overflows");
    }
    return ELBOW_OK;
}

static elbow_status read_entry(elb_tensor *tensor, elb_error *err, const cJSON *entry, const char *body, size_t size)
{
    static const char *const fields[] = {"dtype", "shape", "data_offsets", NULL};
    TRY(elb_json_known(err, entry, fields));
    int type;
    TRY(elb_json_choice(&type, err, entry, "dtype", type_names));
    tensor->type = (elb_tensor_type)type;
    TRY(read_shape(tensor, err, entry, &tensor->bytes));
    const cJSON *offsets;
    TRY(elb_json_array(&offsets, err, entry, "data_offsets"));
    if (cJSON_GetArraySize(offsets) != 2) return elb_fail(err, ELBOW_BAD_FILE, "its data_offsets are not two numbers");
    uint64_t begin = 0, end = 0;
    TRY(whole(&begin, err, offsets->child, "data_offsets"));
    TRY(whole(&end, err, offsets->child->next, "data_offsets"));
    if (begin > end || end > size)
        return elb_fail(err, ELBOW_BAD_FILE, "it lies at bytes %" PRIu64 " to %" PRIu64 ", but the file has %zu", begin,
                        end, size);
    if (end - begin != tensor->bytes)
        return elb_fail(err, ELBOW_BAD_FILE, "it has %" PRIu64 " bytes, but its shape needs %zu", end - begin,
                        tensor->bytes);
    tensor->data = body + begin;
    return ELBOW_OK;
}

static int by_place(const void *a, const void *b)
{
    const elb_tensor *x = a, *y = b;
    const char *p = x->data, *q = y->data;
    if (p != q) return p < q ? -1 : 1;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes); /* empty ones first */
}

/* One after the other, without gaps or overlaps, up to the end of the file. */
static elbow_status check_places(elb_tensors *out, elb_error *err, const char *body, size_t size)
{
    const char *at = body;
    for (size_t i = 0; i < out->count; i++) {
        const elb_tensor *tensor = &out->tensor[i];
        if (tensor->data != at)
            return elb_fail(err, ELBOW_BAD_FILE, "tensor %s %s the one before it", tensor->name,
                            (const char *)tensor->data < at ? "overlaps" : "leaves a gap after");
        at += tensor->bytes;
    }
    if (at != body + size)
        return elb_fail(err, ELBOW_BAD_FILE, "%zu bytes follow the last tensor", (size_t)(body + size - at));
    return ELBOW_OK;
}

static elbow_status read_notes(elb_tensors *out, elb_error *err, const cJSON *map)
{
    if (!cJSON_IsObject(map)) return elb_fail(err, ELBOW_BAD_FILE, "__metadata__ is no object");
    TRY(elb_new(err, &out->note, (size_t)cJSON_GetArraySize(map), sizeof *out->note, "the file's notes"));
    const cJSON *item;
    cJSON_ArrayForEach(item, map)
    {
        elb_note *note = &out->note[out->notes];
        if (!cJSON_IsString(item)) return elb_fail(err, ELBOW_BAD_FILE, "__metadata__ %.60s is no text", item->string);
        const size_t length = strlen(item->valuestring);
        TRY(elb_new(err, &note->text, length + 1, 1, "the file's notes"));
        out->notes++;
        memcpy(note->text, item->valuestring, length);
        elb_format(note->key, sizeof note->key, "%s", item->string);
    }
    return ELBOW_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const cJSON *const *)a)->string, (*(const cJSON *const *)b)->string);
}

/* No name twice, in n log n: a file may name very many tensors. */
static elbow_status check_names(elb_error *err, const cJSON *root)
{
    const cJSON **list = NULL, *item;
    size_t count = 0;
    TRY(elb_new(err, &list, (size_t)cJSON_GetArraySize(root), sizeof *list, "the tensors' names"));
    cJSON_ArrayForEach(item, root) list[count++] = item;
    qsort(list, count, sizeof *list, by_name);
    elbow_status status = ELBOW_OK;
    for (size_t i = 1; i < count && status == ELBOW_OK; i++)
        if (!strcmp(list[i]->string, list[i - 1]->string))
            status = elb_fail(err, ELBOW_BAD_FILE, "tensor %.127s is there twice", list[i]->string);
    free(list);
    return status;
}

static elbow_status read_header(elb_tensors *out, elb_error *err, const cJSON *root, const char *body, size_t size)
{
    if (!cJSON_IsObject(root)) return elb_fail(err, ELBOW_BAD_FILE, "the header is no object");
    TRY(check_names(err, root));
    TRY(elb_new(err, &out->tensor, (size_t)cJSON_GetArraySize(root), sizeof *out->tensor, "the list of tensors"));
    const cJSON *item;
    cJSON_ArrayForEach(item, root)
    {
        if (!strcmp(item->string, "__metadata__")) {
            TRY(read_notes(out, err, item));
            continue;
        }
        elb_tensor *tensor = &out->tensor[out->count];
        if (strlen(item->string) > ELB_MAX_TENSOR_NAME)
            return elb_fail(err, ELBOW_BAD_FILE, "the name of tensor %.40s... has more than %d characters",
                            item->string, ELB_MAX_TENSOR_NAME);
        elb_format(tensor->name, sizeof tensor->name, "%s", item->string);
        if (read_entry(tensor, err, item, body, size) != ELBOW_OK) return elb_blame(err, "tensor %s", tensor->name);
        out->count++;
    }
    qsort(out->tensor, out->count, sizeof *out->tensor, by_place);
    return check_places(out, err, body, size);
}

elbow_status elb_tensors_parse(elb_tensors *out, elb_error *err, const void *file, size_t size)
{
    memset(out, 0, sizeof *out);
    const unsigned char *raw = file;
    if (size < HEAD) return elb_fail(err, ELBOW_BAD_FILE, "no safetensors file: it has %zu bytes", size);
    uint64_t header = 0;
    for (int i = 0; i < HEAD; i++) header |= (uint64_t)raw[i] << 8 * i;
    if (header > LONGEST_HEADER)
        return elb_fail(err, ELBOW_BAD_FILE, "no safetensors file: its header would have %" PRIu64 " bytes", header);
    if (header > size - HEAD)
        return elb_fail(err, ELBOW_BAD_FILE, "it ends inside its header (%zu of %" PRIu64 " bytes)", size,
                        header + HEAD);
    const char *text = (const char *)raw + HEAD;
    if (!header || *text != '{')
        return elb_fail(err, ELBOW_BAD_FILE, "no safetensors file: its header is no JSON object");
    cJSON *root = NULL;
    TRY(elb_json_parse(&root, err, text, (size_t)header, "its header"));
    const elbow_status status = read_header(out, err, root, text + header, size - HEAD - (size_t)header);
    cJSON_Delete(root);
    return status;
}

elbow_status elb_tensors_read(elb_tensors *out, elb_error *err, const char *path)
{
    memset(out, 0, sizeof *out);
    void *file = NULL;
    size_t size;
    TRY(elb_file_read(err, &file, &size, path, SIZE_MAX / 2));
    const elbow_status status = elb_tensors_parse(out, err, file, size);
    out->file = file;
    return status == ELBOW_OK ? ELBOW_OK : elb_blame(err, "%s", path);
}
