/* npy.h - NumPy's array files (.npy, format 1.0 out; 1.0, 2.0 and 3.0 in). */
#ifndef ELB_IO_NPY_H
#define ELB_IO_NPY_H

#include "base/base.h"

#define ELB_NPY_AXES 4

typedef struct elb_npy {
    uint32_t axes;
    uint64_t shape[ELB_NPY_AXES]; /* 1 beyond the axes */
    size_t count;                 /* product of the shape */
    float *values;                /* row major */
} elb_npy;

/* Writes a float32 array, row major, whole or not at all. Errors: IO, MEMORY. */
elbow_status elb_npy_write(elb_error *err, const char *path, const float *values, uint32_t axes, const uint64_t *shape);

/* Reads floats (16, 32 or 64 bits), integers or booleans in row-major order into floats: their values, rounded,
 * infinite where float32 ends. Freed with free(out->values). Errors: NOT_FOUND, IO, MEMORY, BAD_FILE. parse: the same
 * from memory. */
elbow_status elb_npy_read(elb_npy *out, elb_error *err, const char *path);
elbow_status elb_npy_parse(elb_npy *out, elb_error *err, const void *file, size_t size);

/* An array where it lies in the bytes of a file. */
typedef struct elb_npy_view {
    uint32_t axes;
    uint64_t shape[ELB_NPY_AXES]; /* 1 beyond the axes */
    size_t count;
    char kind;    /* NumPy's letter: 'f' float, 'i' signed, 'u' unsigned, 'b' boolean */
    size_t width; /* bytes of an element */
    const unsigned char *body;
} elb_npy_view;

/* Reads a header; the body is then whole. Borrows the file's bytes. Errors: BAD_FILE, MEMORY. */
elbow_status elb_npy_look(elb_npy_view *out, elb_error *err, const void *file, size_t size);
double elb_npy_value(const elb_npy_view *view, size_t element);

/* "(128, 28, 28)" of a shape, for messages. Writes into out, returns it. */
#define ELB_NPY_SHAPE 112
char *elb_npy_shape(char out[ELB_NPY_SHAPE], uint32_t axes, const uint64_t *shape);

#endif
