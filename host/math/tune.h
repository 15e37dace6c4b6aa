/* tune.h - which shape of a device's kernels computes a model's products quickest, and keeping what was found.
 *
 * No shape may change a bit (docs/bits.md); one that does is broken on that device and cannot win. */
#ifndef ELB_TUNE_H
#define ELB_TUNE_H

#include "math/providers.h"

#define ELB_MOST_SHAPES 96

typedef enum elb_outcome {
    ELB_RIGHT, /* native's bits */
    ELB_WRONG, /* others */
    ELB_FAILED /* does not build, or does not run */
} elb_outcome;

typedef struct elb_tried {
    elb_shape shape;
    elb_outcome outcome;
    double seconds; /* of the products, one after the other; HUGE_VAL unless RIGHT */
} elb_tried;

/* Told after each shape; true: stop. */
typedef bool elb_on_tried(void *user, const elb_tried *tried);

typedef struct elb_search {
    elb_tried list[ELB_MOST_SHAPES]; /* in the order of trying: the device's own shape first */
    uint32_t count;
    elb_on_tried *on_tried; /* may be NULL */
    void *user;
    bool stopped; /* on_tried asked for it */
} elb_search;

/* Times these products on a device whose shape may be changed, beginning with the shape it has and going on from the
 * quickest so far to those next to it, until none of them is quicker, elb_seconds() reaches until, or on_tried stops
 * it. The device's own shape is always tried, and is the device's again at the end. Errors: MEMORY; what native fails
 * with; what the device fails with at its own shape. */
elbow_status elb_tune_products(elb_search *search, elb_device *dev, const elb_product_shape *products, uint32_t count,
                               double until);

/* The shapes next to one: one step up or down in width, group, or tile. Writes at most 8 and returns how many. */
uint32_t elb_shapes_near(elb_shape near[8], const elb_device *dev, elb_shape shape);

/* "width 16, group 1, block 1024, tile 8 x 2" */
char *elb_shape_text(char out[96], elb_shape shape);

/* ---- what is kept ---- */

/* What a device is to be: its kernels' shape; of native, which of its instruction sets. */
typedef struct elb_tuned {
    elb_shape shape;
    char set[16]; /* "avx2"; "" for other devices than native */
} elb_tuned;

/* Keeps it in the cache for this device under this driver, until the kernels change. Errors: IO. */
elbow_status elb_tuned_put(elb_device *dev, const elb_tuned *tuned);
/* False if nothing is kept. */
bool elb_tuned_get(elb_tuned *tuned, const elb_device *dev);
/* False if ELBOW_TUNED=off in the environment does without what is kept. */
bool elb_tuned_is_on(void);
/* The kernel that computes a device's products: what is kept falls with its source. */
const elb_kernel *elb_product_kernel(const elb_device *dev);
/* Makes a device that was just opened what is kept for it; *dev may become another. */
void elb_tuned_apply(elb_device **dev);

#endif
