/* provider.h - a library that computes matrix products instead of elbow's own kernels: for `--maths fast`. Its sums
 * have an order of their own, so no digest is promised. */
#ifndef ELB_PROVIDER_H
#define ELB_PROVIDER_H

#include "math/gemm.h"

struct elb_provider {
    char name[64]; /* "OpenBLAS 0.3.21 (SkylakeX)" */
    /* C = op(A) op(B), for reals of 4 bytes. elb_gemm_by has checked shapes, views and that numbers fit an int. */
    elbow_status (*gemm)(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                         elb_view b, elb_transpose trans_b);
};

/* Each gives a provider for a device, freed with free(); NULL where the build or the machine lacks the library, or it
 * cannot work on the device. The libraries are looked for at run time, here and not before: who computes exactly does
 * not load them. Errors: MEMORY. */
elbow_status elb_openblas_open(elb_provider **provider, elb_device *dev); /* the processor */
elbow_status elb_onednn_open(elb_provider **provider, elb_device *dev);   /* the processor */
elbow_status elb_clblast_open(elb_provider **provider, elb_device *dev);  /* any OpenCL device */

/* ---- library.c ---- */

typedef struct elb_symbol {
    const char *name;
    void *function; /* the address of a pointer to such a function */
} elb_symbol;

/* Loads a library for good (it may run threads) and fills the pointers. False if it or any of them is not there. */
bool elb_library(const char *file, const elb_symbol *symbols, size_t count);

/* ---- host_product.c ---- */

/* Whether the host can work on the device's memory without a copy, on floats. */
bool elb_shares_floats(const elb_device *dev);

/* A product as BLAS takes it: row-major, the host's pointers, columns of the leading dimensions. */
typedef struct elb_host_product {
    float *c;
    const float *a, *b;
    int m, n, k, c_row, a_row, b_row;
    bool trans_a, trans_b;
    struct {
        elb_buffer *buffer;
        void *pointer;
    } mapped[3];
    uint32_t mapped_count;
} elb_host_product;

/* Between the two nothing may be launched on the buffers. A product that could not be mapped is not unmapped. */
elbow_status elb_host_map(elb_host_product *p, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                          elb_view b, elb_transpose trans_b);
elbow_status elb_host_unmap(elb_host_product *p, elb_device *dev);

#endif
