#include "io/npy.h"

#include "base/file.h"

#include <ctype.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
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

static elbow_status read_shape(elb_npy_view *out, elb_error *err, const char *at)
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

/* "'<f4'": the order of bytes, the kind and the width; false for what is not read. */
static bool read_type(elb_npy_view *out, const char *type)
{
    static const char *const known[] = {"f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1"};
    for (size_t i = 0; i < COUNT(known); i++) {
        const char *name = known[i];
        if (type[0] != '\'' || strncmp(type + 2, name, 2) != 0 || type[4] != '\'') continue;
        out->kind = name[0], out->width = (size_t)(name[1] - '0');
        return type[1] == '<' || (type[1] == '|' && out->width == 1);
    }
    return false;
}

static elbow_status check_body(elb_npy_view *out, elb_error *err, const char *type, size_t size)
{
    if (!read_type(out, type))
        return elb_fail(err, ELBOW_BAD_FILE,
                        "its type %.*s is not read; convert it: numpy.save(path, a.astype('float32'))",
                        (int)strcspn(type, ","), type);
    size_t bytes;
    if (!elb_times(&bytes, out->count, out->width) || bytes != size)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "it holds %zu bytes of data, but its shape needs %zu values of %zu bytes: copy it again", size,
                        out->count, out->width);
    return ELBOW_OK;
}

elbow_status elb_npy_look(elb_npy_view *out, elb_error *err, const void *file, size_t size)
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
    out->body = raw + start + header;
    elbow_status status;
    TRY_DONE(read_shape(out, err, after(text, "'shape'")));
    if (!type || !order)
        status = elb_fail(err, ELBOW_BAD_FILE, "its header lacks 'descr' or 'fortran_order'");
    else if (strncmp(order, "False", 5) && out->axes > 1)
        status = elb_fail(err, ELBOW_BAD_FILE, "it is in Fortran order: save numpy.ascontiguousarray(a)");
    else
        status = check_body(out, err, type, size - start - header);
done:
    free(text);
    return status;
}

/* IEEE 754's binary16: 1, 5 and 10 bits. */
static double half_value(const unsigned char *at)
{
    const int bits = at[0] | at[1] << 8, exponent = bits >> 10 & 31, fraction = bits & 1023;
    const double size = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                        : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                       : ldexp(fraction, -24);
    return bits >> 15 ? -size : size;
}

static double float_value(const unsigned char *at, size_t width)
{
    float narrow;
    double wide;
    if (width == 2) return half_value(at);
    if (width == 8) {
        memcpy(&wide, at, sizeof wide);
        return wide;
    }
    memcpy(&narrow, at, sizeof narrow);
    return (double)narrow;
}

double elb_npy_value(const elb_npy_view *view, size_t element)
{
    const unsigned char *at = view->body + element * view->width;
    uint64_t bits = 0;
    if (view->kind == 'f') return float_value(at, view->width);
    for (size_t i = view->width; i-- > 0;) bits = bits << 8 | at[i];
    if (view->kind == 'b') return bits ? 1 : 0;
    if (view->kind == 'u') return (double)bits;
    const uint64_t sign = UINT64_C(1) << (8 * view->width - 1);
    return (double)(int64_t)((bits ^ sign) - sign);
}

char *elb_npy_shape(char out[ELB_NPY_SHAPE], uint32_t axes, const uint64_t *shape)
{
    size_t at = 1;
    elb_format(out, ELB_NPY_SHAPE, "(");
    for (uint32_t i = 0; i < axes; i++) {
        elb_format(out + at, ELB_NPY_SHAPE - at, "%s%" PRIu64, i ? ", " : "", shape[i]);
        at += strlen(out + at);
    }
    elb_format(out + at, ELB_NPY_SHAPE - at, ")");
    return out;
}

elbow_status elb_npy_parse(elb_npy *out, elb_error *err, const void *file, size_t size)
{
    elb_npy_view view;
    memset(out, 0, sizeof *out);
    TRY(elb_npy_look(&view, err, file, size));
    TRY(elb_new(err, &out->values, view.count, sizeof(float), "an array"));
    out->axes = view.axes, out->count = view.count;
    memcpy(out->shape, view.shape, sizeof out->shape);
    for (size_t i = 0; i < view.count; i++) {
        const double value = elb_npy_value(&view, i);
        out->values[i] = fabs(value) <= (double)FLT_MAX || isnan(value) ? (float)value
                         : value > 0                                    ? INFINITY
                                                                        : -INFINITY;
    }
    return ELBOW_OK;
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
