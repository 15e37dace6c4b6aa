/* device.h - one interface to every device: memory, views and launches. Two implementations: opencl.c and native.c.
 *
 * A device runs launches and copies in the order in which they are given. Nothing blocks but elb_read and elb_finish.
 */
#ifndef ELB_DEVICE_H
#define ELB_DEVICE_H

#include "base/base.h"

typedef struct elb_device elb_device;
typedef struct elb_buffer elb_buffer;
struct elb_kernel;
struct elb_profile;

/* The shapes of a kernel's types and arrays on a device: none of these may change a bit of any result. */
typedef struct elb_shape {
    int32_t width; /* WIDTH: elements of a vreal: 1, 4, 8 or 16 */
    int32_t group; /* GROUP: work-items of a work-group; 1 on CPUs and always on native; a power of two <= 64 for row
                      kernels */
    int32_t block; /* BLOCK: elements that one work-item of an elementwise kernel handles; a multiple of width */
    int32_t tile_rows;    /* TILE_ROWS: rows of C that one work-item of gemm computes */
    int32_t tile_vectors; /* TILE_VECTORS: vectors of C's columns that one work-item of gemm computes */
} elb_shape;

/* A matrix (or, with rows 1, a vector) in a buffer. Borrowed: whoever made the buffer frees it. */
typedef struct elb_view {
    elb_buffer *buffer;
    size_t offset; /* of the first element, in elements */
    uint32_t rows, cols;
    uint32_t stride; /* elements from one row to the next */
} elb_view;

/* How many work-groups to run, in two dimensions. */
typedef struct elb_range {
    uint32_t x, y;
} elb_range;

/* A kernel's argument. bind's launch functions fill these: nobody else does. */
typedef struct elb_value {
    elb_view view; /* of a pointer */
    union {
        uint32_t u;
        int32_t i;
        uint64_t ul;
        double real; /* narrowed to the device's real */
    };
} elb_value;

typedef enum elb_memory {
    ELB_ON_DEVICE, /* the device's own memory */
    ELB_STAGING    /* host memory that the device copies from quickly (pinned) */
} elb_memory;

typedef struct elb_device_ops {
    elbow_status (*buffer_new)(elb_device *dev, elb_buffer **buffer, size_t bytes);
    void (*buffer_free)(elb_buffer *buffer);
    /* Copies host memory to the buffer, at byte offset at. The host memory may be reused on return. */
    elbow_status (*write)(elb_device *dev, elb_buffer *buffer, size_t at, const void *from, size_t bytes);
    /* The same without waiting: from must stay untouched until the ticket is waited for. */
    elbow_status (*write_later)(elb_device *dev, elb_buffer *buffer, size_t at, const void *from, size_t bytes);
    /* Waits for all earlier work, then copies to host memory. */
    elbow_status (*read)(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes);
    /* Starts a copy to host memory that is complete at the next elb_finish (or elb_read). */
    elbow_status (*read_later)(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes);
    elbow_status (*copy)(elb_device *dev, elb_buffer *to, size_t to_at, elb_buffer *from, size_t from_at, size_t bytes);
    elbow_status (*zero)(elb_device *dev, elb_buffer *buffer, size_t at, size_t bytes);
    /* The host's pointer to a buffer's memory, without a copy where the device shares memory; until unmap nothing may
     * be launched on it. */
    elbow_status (*map)(elb_device *dev, void **pointer, elb_buffer *buffer);
    elbow_status (*unmap)(elb_device *dev, elb_buffer *buffer, void *pointer);
    /* Runs a kernel. options points to its typed options (NULL where it has none), values to its arguments in order. */
    elbow_status (*launch)(elb_device *dev, const struct elb_kernel *kernel, const void *options, elb_range groups,
                           const elb_value *values);
    /* Builds a kernel with these options now, so that a launch will not. */
    elbow_status (*prepare)(elb_device *dev, const struct elb_kernel *kernel, const void *options);
    elbow_status (*flush)(elb_device *dev);
    elbow_status (*finish)(elb_device *dev);
    /* From now on, or no more, the times of launches go to dev->profile. Called when nothing is left to do. */
    elbow_status (*keep_times)(elb_device *dev, bool on);
    void (*close)(elb_device *dev);
} elb_device_ops;

/* Says whether a program that was just built computes what it should; a failure refuses it. */
typedef elbow_status elb_verify(elb_device *dev, const struct elb_kernel *kernel, const void *options);

/* What every device has in common; each implementation's struct begins with it. */
struct elb_device {
    const elb_device_ops *ops;
    elb_error *err; /* where failures are recorded: the context's */
    elbow_device_info info;
    size_t real_size;      /* bytes of a real: 4; 8 on the float64 build of the native device that tests use */
    bool shares_memory;    /* map costs no copy */
    bool rounds_division;  /* its compiler promises division and square root rightly rounded: OpenCL demands less */
    bool prefers_local;    /* GPU-like: work-groups with local memory rather than one work-item per group */
    elb_shape shape;       /* of all kernels; see elb_device_reshape */
    uint32_t busy_groups;  /* fewer work-groups leave units of the device without work; 0: not so */
    uint32_t most_turns;   /* after so many turns, of all its loops together, a work-item leaves every loop without a
                              word: see elb_check_turns; 0: it does not */
    uint64_t bytes_in_use; /* of buffers */
    elb_verify *verify;    /* called before a program's first use; NULL: all are trusted */
    elb_device *reference; /* verify's own, which it opens when it needs it; closed with the device */

    elb_shape standard;          /* the shape that it was opened with */
    struct elb_profile *profile; /* where launches are recorded (device/profile.h); NULL: nowhere */
    bool rebuild; /* programs are built from source, whatever caches hold, and not kept: to time a cold start */
};

/* What every buffer has in common. */
struct elb_buffer {
    elb_device *dev;
    size_t bytes;
};

/* ---- opening (discover.c) ---- */

/* Every device there is; the array is freed with free(). */
elbow_status elb_discover(elb_error *err, elbow_device_info **infos, size_t *count);
/* Opens "auto", "native", "native:avx2" (one instruction set) or an id. err must outlive the device. */
elbow_status elb_device_open(elb_device **dev, elb_error *err, const char *id);
void elb_device_close(elb_device *dev);

/* Gives a device other shapes, for tests and tuning. Errors: USAGE for a shape that its kernels cannot take (the native
 * device takes its own only). Programs are built anew. */
elbow_status elb_device_reshape(elb_device *dev, elb_shape shape);

/* Refuses work whose result would be wrong because a work-item's loops take more turns than the device lets them: "a
 * batch of", 70000. Errors: DEVICE. */
elbow_status elb_check_turns(elb_device *dev, uint64_t turns, const char *what, uint32_t size);

/* ---- memory ---- */

elbow_status elb_buffer_new(elb_buffer **buffer, elb_device *dev, size_t bytes);
void elb_buffer_free(elb_buffer *buffer);
elbow_status elb_write(elb_buffer *buffer, size_t at, const void *from, size_t bytes);
elbow_status elb_read(void *to, elb_buffer *buffer, size_t at, size_t bytes);
elbow_status elb_zero(elb_buffer *buffer, size_t at, size_t bytes);
elbow_status elb_copy(elb_buffer *to, size_t to_at, elb_buffer *from, size_t from_at, size_t bytes);
elbow_status elb_finish(elb_device *dev);

/* Reals to and from host floats whatever the device's real is; offsets and counts in elements of a dense view. */
elbow_status elb_write_reals(elb_view to, const float *from);
elbow_status elb_read_reals(float *to, elb_view from);
/* The same without loss on a float64 device. */
elbow_status elb_write_doubles(elb_view to, const double *from);
elbow_status elb_read_doubles(double *to, elb_view from);

/* ---- views ---- */

/* A dense matrix at an offset of a buffer. */
static inline elb_view elb_matrix(elb_buffer *buffer, size_t offset, uint32_t rows, uint32_t cols)
{
    return (elb_view){buffer, offset, rows, cols, cols};
}

/* Rows [first, first + rows) of a view. */
static inline elb_view elb_rows(elb_view view, uint32_t first, uint32_t rows)
{
    view.offset += (size_t)first * view.stride;
    view.rows = rows;
    return view;
}

/* Columns [first, first + cols) of a view. */
static inline elb_view elb_cols(elb_view view, uint32_t first, uint32_t cols)
{
    view.offset += first;
    view.cols = cols;
    return view;
}

/* ---- what bind writes for each kernel ---- */

typedef enum elb_type { ELB_INT, ELB_REAL, ELB_CHOICE } elb_type;

typedef struct elb_option_info {
    const char *name; /* "LIKELIHOOD": the macro; the field is its lower case */
    elb_type type;
    uint32_t offset;            /* in the options struct; every field has 4 bytes: int32_t or float */
    const char *const *choices; /* names of a CHOICE, ended by NULL */
    double standard;            /* the default */
    const char *help;
} elb_option_info;

typedef enum elb_arg_type {
    ELB_ARG_REALS,
    ELB_ARG_BYTES,
    ELB_ARG_UINTS,
    ELB_ARG_REAL,
    ELB_ARG_UINT,
    ELB_ARG_INT,
    ELB_ARG_ULONG
} elb_arg_type;

typedef struct elb_arg_info {
    const char *name;
    elb_arg_type type;
    bool written; /* a pointer that is not const */
} elb_arg_info;

/* Runs work-groups [first, last) of the flat range (y-major: group = y * groups.x + x). */
typedef void elb_native_function(const void *options, const elb_value *values, void *const *pointers, elb_range groups,
                                 uint32_t first, uint32_t last);

typedef struct elb_kernel {
    const char *name, *file;
    uint32_t index;     /* in elb_kernels */
    const char *source; /* complete OpenCL C: headers flattened, signature rewritten */
    const char *shared; /* the same with other files' kernels, each option being its default; NULL if there is none */
    uint32_t options_size;
    uint32_t option_count;
    const elb_option_info *options;
    uint32_t arg_count;
    const elb_arg_info *args;
} elb_kernel;

#define ELB_MAX_ARGS         24
#define ELB_MAX_OPTIONS_SIZE 128

/* Every kernel, ended by NULL. */
extern const elb_kernel *const elb_kernels[];

/* One instruction set's compiled kernels. */
typedef struct elb_native_set {
    const char *name; /* "baseline", "avx2", "avx512", "neon"; "float64" in the tests */
    size_t real_size;
    elb_shape shape;
    elb_native_function *const *functions; /* by kernel index */
} elb_native_set;

/* Bytes of one element of a pointer argument; 0 for arguments that are no pointers. */
size_t elb_arg_size(const elb_device *dev, elb_arg_type type);

/* Called by bind's launch functions: checks that views lie inside their buffers and dispatches. */
elbow_status elb_launch(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                        const elb_value *values);

#endif
