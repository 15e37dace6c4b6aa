/* providers.h - which library computes a product quickest on a device, and whether what it computes is right. */
#ifndef ELB_PROVIDERS_H
#define ELB_PROVIDERS_H

#include "math/provider.h"

#define ELB_MAX_PROVIDERS 4

typedef struct elb_product_shape {
    uint32_t m, n, k;
    elb_transpose trans_a, trans_b;
} elb_product_shape;

/* For who wants every choice measured, whatever elbow tune has kept. on_timed is told what each product takes by whom
 * (NULL: elbow's own kernels), may be NULL, and ends the choice with what it returns if that is not OK. */
typedef struct elb_anew {
    elbow_status (*on_timed)(void *user, const elb_product_shape *shape, const elb_provider *by, double seconds);
    void *user;
} elb_anew;

/* What a device's products can be computed by beside elbow's own kernels. Owns the providers. */
typedef struct elb_providers {
    elb_device *dev;
    elb_provider *list[ELB_MAX_PROVIDERS];
    bool refused[ELB_MAX_PROVIDERS]; /* computed something wrong, or failed: not asked again */
    uint32_t count;
    const elb_anew *anew; /* NULL: what elbow tune has kept is taken */
    bool measured;        /* a choice was timed: none was kept for it */
} elb_providers;

/* Those that the build and the machine have for a device; none is no failure. Errors: MEMORY. */
elbow_status elb_providers_open(elb_providers *all, elb_device *dev);
void elb_providers_close(elb_providers *all);
/* "OpenBLAS 0.3.21 (SkylakeX), oneDNN 2.6.3"; returns out. */
char *elb_providers_text(char out[256], const elb_providers *all);

/* Whose product elbow tune has kept for this shape, these kernels, driver and libraries is tried alone, if anybody's;
 * otherwise tries every provider on dense random matrices of this shape. One whose product is further from the exact
 * one than two right sums of k terms can be from each other,
 *
 *     |C - exact| <= k 2^-23 |op(A)| |op(B)| + 2^-39        (Higham 2002, section 3.1, twice; canonical numbers)
 *
 * is refused, with a remark. Of the others and elbow's own kernels, timed as they would take turns in a step, the
 * quickest is *best; NULL: the own ones.
 * Errors: MEMORY, what the own kernels fail with, and what anew->on_timed returns. */
elbow_status elb_providers_choose(const elb_provider **best, elb_providers *all, const elb_product_shape *shape);

/* Keeps who computes such products from now on; NULL: elbow's own kernels. Errors: IO. */
elbow_status elb_providers_keep(const elb_providers *all, const elb_product_shape *shape, const elb_provider *best);

/* False for a provider that has been refused since it was chosen. */
bool elb_providers_trust(const elb_providers *all, const elb_provider *provider);

#endif
