/* selftest_rows.h - what the files of rows share: sizes and matrices with gaps. */
#ifndef ELB_SELFTEST_ROWS_H
#define ELB_SELFTEST_ROWS_H

#include "elb_kernels.h"
#include "math/ranges.h"
#include "math/selftest.h"
#include "math/shards.h"

/* Sizes of matrices whose rows are worked on by a group each: one element, one row of lanes, one more, ragged. */
typedef struct elb_extent {
    uint32_t rows, cols;
} elb_extent;

#define ELB_ROW_SIZES 4
static const elb_extent elb_row_sizes[ELB_ROW_SIZES] = {{1, 1}, {3, 64}, {2, 65}, {7, 203}};

/* Sizes of flat vectors: one element, less than a vector, one more than a block, several ragged blocks. */
#define ELB_FLAT_SIZES 4
static const uint32_t elb_flat_sizes[ELB_FLAT_SIZES] = {1, 13, 1025, 5003};

/* What finish_product may be asked for: a gradient takes no bias, and IDENTITY's is the plain product. */
static inline bool elb_product_sensible(int32_t activation, int32_t gradient, int32_t bias)
{
    return !gradient || (!bias && activation != ELB_IDENTITY);
}

/* Matrices whose rows are so many elements further apart than they are long. */
#define ELB_GAP 3

static inline elb_view elb_gapped_reals(elb_trial *trial, uint32_t rows, uint32_t cols, double low, double high)
{
    return elb_cols(elb_trial_reals(trial, rows, cols + ELB_GAP, low, high), 0, cols);
}

static inline elb_view elb_gapped_out(elb_trial *trial, uint32_t rows, uint32_t cols)
{
    return elb_cols(elb_trial_out(trial, rows, cols + ELB_GAP), 0, cols);
}

/* Writes these values over a vector's first elements, as many as it has. */
static inline void elb_place_values(elb_trial *trial, elb_view row, const double *values, uint32_t count)
{
    for (uint32_t i = 0; i < count && i < row.cols; i++) elb_trial_set(trial, row, i, values[i]);
}

#define ELB_PLACE(trial, row, ...)                                                                                     \
    elb_place_values(trial, row, (const double[]){__VA_ARGS__}, COUNT(((const double[]){__VA_ARGS__})))

#endif
