/* providers.h - which library computes a product quickest on a device, and whether what it computes is right. */
#ifndef ELB_PROVIDERS_H
#define ELB_PROVIDERS_H

#include "math/provider.h"

#define ELB_MAX_PROVIDERS 4

/* What a device's products can be computed by beside elbow's own kernels. Owns the providers. */
typedef struct elb_providers {
    elb_device *dev;
    elb_provider *list[ELB_MAX_PROVIDERS];
    bool refused[ELB_MAX_PROVIDERS]; /* computed something wrong, or failed: not asked again */
    uint32_t count;
} elb_providers;

typedef struct elb_product_shape {
    uint32_t m, n, k;
    elb_transpose trans_a, trans_b;
} elb_product_shape;

/* Those that the build and the machine have for a device; none is no failure. Errors: MEMORY. */
elbow_status elb_providers_open(elb_providers *all, elb_device *dev);
void elb_providers_close(elb_providers *all);

/* Tries every provider on dense random matrices of this shape. One whose product is further from the exact one than two
 * right sums of k terms can be from each other,
 *
 *     |C - exact| <= k 2^-23 |op(A)| |op(B)| + 2^-39        (Higham 2002, section 3.1, twice; canonical numbers)
 *
 * is refused, with a remark. Of the others and elbow's own kernels, timed as they would take turns in a step, the
 * quickest is *best; NULL: the own ones.
 * Errors: MEMORY, and what the own kernels fail with. */
elbow_status elb_providers_choose(const elb_provider **best, elb_providers *all, const elb_product_shape *shape);

/* False for a provider that has been refused since it was chosen. */
bool elb_providers_trust(const elb_providers *all, const elb_provider *provider);

#endif
