/* gemm.h - the one seam through which every matrix product goes. */
#ifndef ELB_GEMM_H
#define ELB_GEMM_H

#include "math/shards.h"

typedef struct elb_provider elb_provider; /* math/provider.h */

typedef enum elb_transpose { NO_TRANS, TRANS } elb_transpose;

/* What happens to the product before it is stored. */
typedef struct elb_epilogue {
    elb_view bias;      /* (1, n), added to every row; no buffer: none */
    int32_t activation; /* enum elb_activation: applied to the sum */
    elb_view output;    /* (m, n) what that activation once gave: the product is multiplied by act' there, instead of
                           being put through act; no buffer: not */
} elb_epilogue;

/* Elements of scratch that a product with k rows and n columns of op(B) may take on a device; 0 if they overflow. */
size_t elb_gemm_scratch(const elb_device *dev, uint32_t k, uint32_t n);

/* C = act(op(A) op(B) + bias), or (op(A) op(B)) * act'(output). C (m, n), op(A) (m, k), op(B) (k, n). epilogue may be
 * NULL. scratch: a vector of elb_gemm_scratch elements which the product may overwrite. Numbers that are stored are
 * canonical; each sum has the order of docs/bits.md. Errors: USAGE for shapes that do not fit each other,
 * and for k = 0. */
elbow_status elb_gemm(elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a, elb_view b, elb_transpose trans_b,
                      const elb_epilogue *epilogue, elb_view scratch);

/* C = A^T B, of which no more is made: A (rows, m) and B (rows, n) have a row for each row of a batch, as its shards
 * cut it, and the shards' products are added by their tree. By a provider, or by elbow's own kernels; a provider adds
 * in an order of its own. Errors: as elb_gemm_by's; USAGE for too many shards. */
elbow_status elb_gemm_over_rows(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_view b,
                                const elb_segments *cut, elb_view scratch);
/* Whether a device can sum so many rows of so many shards at once (elb_check_turns), with elb_sum_rows too. */
bool elb_gemm_takes_rows(const elb_device *dev, uint32_t rows, uint32_t segments);

/* elb_gemm by a provider, with the epilogue as a pass of its own: for fast maths. NULL: by elbow's own kernels. Errors:
 * what the provider says as well. */
elbow_status elb_gemm_by(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                         elb_view b, elb_transpose trans_b, const elb_epilogue *epilogue, elb_view scratch);

#endif
