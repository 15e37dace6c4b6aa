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

/* Reads float32, float64 (rounded) or bytes (as their values) in row-major order. Freed with free(out->values).
 * Errors: NOT_FOUND, IO, MEMORY, BAD_FILE. parse: the same from memory. */
elbow_status elb_npy_read(elb_npy *out, elb_error *err, const char *path);
elbow_status elb_npy_parse(elb_npy *out, elb_error *err, const void *file, size_t size);

#endif
