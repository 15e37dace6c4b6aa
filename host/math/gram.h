/* gram.h - sums over the rows of a long matrix X that comes in blocks: X' X, or X' (X Q) for a narrow Q. The products
 * are computed on the native device, in float; the blocks' sums are added in double. Where X holds whole numbers up to
 * 255 every sum is exact: a block's stay below 2^24. */
#ifndef ELB_GRAM_H
#define ELB_GRAM_H

#include "base/base.h"

/* Rows of a block: 256 * 255^2 < 2^24. */
#define ELB_GRAM_ROWS 256

typedef struct elb_gram elb_gram;

/* For X with so many columns. vectors: columns of Q; 0: for X' X. Errors: MEMORY, USAGE for sizes without a product. */
elbow_status elb_gram_new(elb_gram **gram, elb_error *err, uint32_t cols, uint32_t vectors);
void elb_gram_free(elb_gram *gram);

/* Where the next block's rows are to be written: (ELB_GRAM_ROWS, cols). Borrowed. */
float *elb_gram_rows(elb_gram *gram);
/* Sets Q (cols, vectors). */
elbow_status elb_gram_set(elb_gram *gram, const double *q);

/* Adds the block's first `rows` rows to sum: the lower triangle of X' X (cols, cols), or X' X Q (cols, vectors). */
elbow_status elb_gram_add(double *sum, elb_gram *gram, uint32_t rows);

#endif
