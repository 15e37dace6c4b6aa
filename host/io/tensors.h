/* tensors.h - named arrays in a safetensors file: 8 bytes of header length, a JSON header, the arrays one after the
 * other, little-endian. Any program that reads safetensors reads these. */
#ifndef ELB_IO_TENSORS_H
#define ELB_IO_TENSORS_H

#include "base/base.h"

#define ELB_MAX_AXES        4
#define ELB_MAX_TENSOR_NAME 127

/* Element types by their names in the file, with their sizes in bytes. */
#define ELB_TENSOR_TYPES(X) X(F32, 4) X(F64, 8) X(I32, 4) X(I64, 8) X(U8, 1) X(U32, 4) X(U64, 8)

typedef enum elb_tensor_type {
#define X(name, size) ELB_##name,
    ELB_TENSOR_TYPES(X)
#undef X
} elb_tensor_type;

typedef struct elb_tensor {
    char name[ELB_MAX_TENSOR_NAME + 1];
    elb_tensor_type type;
    uint32_t axes; /* 0: a single value */
    uint64_t shape[ELB_MAX_AXES];
    size_t bytes;     /* of data */
    const void *data; /* little-endian, no padding; read with memcpy: files need not align it */
} elb_tensor;

/* A line of the file's string map "__metadata__". */
typedef struct elb_note {
    char key[64];
    char *text;
} elb_note;

typedef struct elb_tensors {
    elb_tensor *tensor; /* in the order of their bytes */
    size_t count;
    elb_note *note;
    size_t notes;
    void *file; /* what the tensors' data point into */
} elb_tensors;

size_t elb_tensor_type_size(elb_tensor_type type);

/* A tensor over the caller's memory; bytes follow from type and shape. */
elb_tensor elb_tensor_of(const char *name, elb_tensor_type type, uint32_t axes, const uint64_t *shape,
                         const void *data);

/* Writes the tensors in the given order, whole or not at all. text of a note may point anywhere. Errors: IO, MEMORY,
 * USAGE (a name twice, or one that is too long or reserved). */
elbow_status elb_tensors_write(elb_error *err, const char *path, const elb_tensor *tensor, size_t count,
                               const elb_note *note, size_t notes);

/* Reads and checks a whole file. Freed with elb_tensors_free, also after a failure. Errors: NOT_FOUND, IO, MEMORY,
 * BAD_FILE. parse: the same from memory, which stays the caller's and must outlive *out. */
elbow_status elb_tensors_read(elb_tensors *out, elb_error *err, const char *path);
elbow_status elb_tensors_parse(elb_tensors *out, elb_error *err, const void *file, size_t size);
void elb_tensors_free(elb_tensors *tensors);

/* The tensor of that name with that type and shape. Errors: BAD_FILE with what was expected and what is there. */
elbow_status elb_tensors_get(const elb_tensor **out, elb_error *err, const elb_tensors *tensors, const char *name,
                             elb_tensor_type type, uint32_t axes, const uint64_t *shape);
/* A note's text, or NULL. */
const char *elb_tensors_note(const elb_tensors *tensors, const char *key);

#endif
