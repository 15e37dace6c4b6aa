#include "io/npy.h"

#include "base/file.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGNED = 64, MAGIC = 6 };
static const unsigned char magic[MAGIC] = {0x93, 'N', 'U', 'M', 'P', 'Y'};

elbow_status elb_npy_write(elb_error *err, const char *path, const float *values, uint32_t axes, const uint64_t *shape)
{
    char text[256];
    elb_format(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    size_t bytes = sizeof(float);
    for (uint32_t i = 0; i < axes; i++) {
        const size_t at = strlen(text);
        elb_format(text + at, sizeof text - at, "%" PRIu64 "%s", shape[i], i + 1 < axes ? ", " : axes == 1 ? "," : "");
        if (!elb_times(&bytes, bytes, (size_t)shape[i]))
            return elb_fail(err, ELBOW_USAGE, "%s: the shape overflows", path);
    }
    size_t length = strlen(text);
    elb_format(text + length, sizeof text - length, "), }");
    length = strlen(text);
    /* Blanks and a newline so that the data start at a multiple of 64. */
    const size_t start = (MAGIC + 4 + length + 1 + ALIGNED - 1) / ALIGNED * ALIGNED, header = start - MAGIC - 4;
    unsigned char *file = NULL;
    TRY(elb_new(err, &file, start + bytes, 1, path));
    memcpy(file, magic, MAGIC);
    file[6] = 1, file[7] = 0, file[8] = (unsigned char)header, file[9] = (unsigned char)(header >> 8);
    memset(file + MAGIC + 4, ' ', header);
    memcpy(file + MAGIC + 4, text, length);
    file[start - 1] = '\n';
    if (bytes) memcpy(file + start, values, bytes);
    const elbow_status status = elb_file_write(err, path, file, start + bytes);
    free(file);
    return status;
}

/* The text after 'key': in the header's dictionary, blanks skipped; NULL if there is none. */
static const char *after(const char *text, const char *key)
{
    const char *at = strstr(text, key);
    if (!at) return NULL;
    at += strlen(key);
    while (*at == ' ' || *at == ':') at++;
    return at;
}

static elbow_status read_shape(elb_npy *out, elb_error *err, const char *at)
{
    for (int i = 0; i < ELB_NPY_AXES; i++) out->shape[i] = 1;
    out->count = 1;
    if (!at || *at++ != '(') return elb_fail(err, ELBOW_BAD_FILE, "its header has no shape");
    for (;;) {
        while (*at == ' ' || *at == ',') at++;
        if (*at == ')') return ELBOW_OK;
        if (!isdigit((unsigned char)*at)) return elb_fail(err, ELBOW_BAD_FILE, "its shape is no list of whole numbers");
        if (out->axes == ELB_NPY_AXES) return elb_fail(err, ELBOW_BAD_FILE, "it has more than %d axes", ELB_NPY_AXES);
        char *end;
        const uint64_t size = strtoull(at, &end, 10);
        at = end;
        out->shape[out->axes++] = size;
        if (!elb_times(&out->count, out->count, (size_t)size))
            return elb_fail(err, ELBOW_BAD_FILE, "its shape overflows");
    }
}

static elbow_status read_values(elb_npy *out, elb_error *err, const char *type, const unsigned char *body, size_t size)
{
    const size_t width = !strncmp(type, "'<f4'", 5)   ? 4
                         : !strncmp(type, "'<f8'", 5) ? 8
                         : !strncmp(type, "'|u1'", 5) ? 1
                                                      : 0;
    if (!width)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "its type %.*s is not read; convert it: numpy.save(path, a.astype('float32'))",
                        (int)strcspn(type, ","), type);
    size_t bytes;
    if (!elb_times(&bytes, out->count, width) || bytes != size)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "it holds %zu bytes of data, but its shape needs %zu values of %zu bytes: copy it again", size,
                        out->count, width);
    TRY(elb_new(err, &out->values, out->count, sizeof(float), "an array"));
    for (size_t i = 0; i < out->count; i++) {
        double wide;
        if (width == 4)
            memcpy(&out->values[i], body + 4 * i, 4);
        else if (width == 1)
            out->values[i] = (float)body[i];
        else {
            memcpy(&wide, body + 8 * i, 8);
            const bool over = wide > 0x1.fffffep127 || wide < -0x1.fffffep127;
            out->values[i] = !over ? (float)wide : wide > 0 ? __builtin_inff() : -__builtin_inff();
        }
    }
    return ELBOW_OK;
}

elbow_status elb_npy_parse(elb_npy *out, elb_error *err, const void *file, size_t size)
{
    memset(out, 0, sizeof *out);
    const unsigned char *raw = file;
    if (size < 12 || memcmp(raw, magic, MAGIC)) return elb_fail(err, ELBOW_BAD_FILE, "it is no .npy file");
    if (raw[6] < 1 || raw[6] > 3) return elb_fail(err, ELBOW_BAD_FILE, "its format version %u is not known", raw[6]);
    const size_t start = raw[6] == 1 ? 10 : 12;
    size_t header = (size_t)(raw[8] | raw[9] << 8);
    if (raw[6] > 1) header |= (size_t)raw[10] << 16 | (size_t)raw[11] << 24;
    if (header > size - start) return elb_fail(err, ELBOW_BAD_FILE, "it ends inside its header: copy it again");
    char *text = NULL;
    TRY(elb_new(err, &text, header + 1, 1, "a header"));
    memcpy(text, raw + start, header);
    const char *type = after(text, "'descr'"), *order = after(text, "'fortran_order'");
    elbow_status status;
    TRY_DONE(read_shape(out, err, after(text, "'shape'")));
    if (!type || !order)
        status = elb_fail(err, ELBOW_BAD_FILE, "its header lacks 'descr' or 'fortran_order'");
    else if (strncmp(order, "False", 5) && out->axes > 1)
        status = elb_fail(err, ELBOW_BAD_FILE, "it is in Fortran order: save numpy.ascontiguousarray(a)");
    else
        status = read_values(out, err, type, raw + start + header, size - start - header);
done:
    free(text);
    return status;
}

elbow_status elb_npy_read(elb_npy *out, elb_error *err, const char *path)
{
    memset(out, 0, sizeof *out);
    void *file = NULL;
    size_t size;
    TRY(elb_file_read(err, &file, &size, path, SIZE_MAX / 2));
    const elbow_status status = elb_npy_parse(out, err, file, size);
    free(file);
    return status == ELBOW_OK ? ELBOW_OK : elb_blame(err, "%s", path);
}
