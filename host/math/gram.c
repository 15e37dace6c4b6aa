#include "math/gram.h"

#include "device/native.h"
#include "math/gemm.h"

#include <stdlib.h>

/* Columns of X' X that are computed together: what is wasted above the diagonal is half of such a square. */
enum { PANEL = 128 };

struct elb_gram {
    elb_device *dev;
    uint32_t cols, vectors;
    elb_buffer *memory[5];
    elb_view x, q, y, product, scratch; /* (ROWS, cols), (cols, vectors), (ROWS, vectors), see add functions */
    float *rows, *values;               /* host copies of a block, and of a product or Q */
};

enum { X, Q, Y, PRODUCT, SCRATCH };

static elbow_status new_view(elb_view *view, elb_gram *gram, int which, uint32_t rows, uint32_t cols)
{
    size_t elements, bytes;
    if (!elb_times(&elements, rows, cols) || !elb_times(&bytes, elements, gram->dev->real_size))
        return elb_fail(gram->dev->err, ELBOW_MEMORY, "a matrix of %u x %u fits no memory", rows, cols);
    TRY(elb_buffer_new(&gram->memory[which], gram->dev, bytes));
    *view = elb_matrix(gram->memory[which], 0, rows, cols);
    return ELBOW_OK;
}

static elbow_status make(elb_gram *gram, elb_error *err)
{
    TRY(elb_native_open(&gram->dev, err, NULL));
    const elb_device *dev = gram->dev;
    const uint32_t cols = gram->cols, vectors = gram->vectors, wide = vectors ? vectors : cols;
    const size_t needs[] = {elb_gemm_scratch(dev, cols, wide), elb_gemm_scratch(dev, ELB_GRAM_ROWS, wide)};
    const size_t most = needs[0] > needs[1] && vectors ? needs[0] : needs[1];
    const uint32_t tall = vectors || cols < PANEL ? cols : PANEL;
    size_t values = (size_t)tall * wide;
    if (!needs[0] || !needs[1] || most > UINT32_MAX)
        return elb_fail(err, ELBOW_USAGE, "data of %u values are too many for their covariance", cols);
    TRY(new_view(&gram->x, gram, X, ELB_GRAM_ROWS, cols));
    TRY(new_view(&gram->product, gram, PRODUCT, tall, wide));
    TRY(new_view(&gram->scratch, gram, SCRATCH, 1, (uint32_t)most));
    if (vectors) {
        TRY(new_view(&gram->q, gram, Q, cols, vectors));
        TRY(new_view(&gram->y, gram, Y, ELB_GRAM_ROWS, vectors));
    }
    TRY(elb_new(err, &gram->rows, ELB_GRAM_ROWS, cols * sizeof(float), "a block of the data"));
    return elb_new(err, &gram->values, values, sizeof(float), "a block's product");
}

elbow_status elb_gram_new(elb_gram **out, elb_error *err, uint32_t cols, uint32_t vectors)
{
    elb_gram *gram;
    *out = NULL;
    TRY(elb_new(err, &gram, 1, sizeof *gram, "sums over the data"));
    gram->cols = cols;
    gram->vectors = vectors;
    const elbow_status status = make(gram, err);
    if (status == ELBOW_OK)
        *out = gram;
    else
        elb_gram_free(gram);
    return status;
}

void elb_gram_free(elb_gram *gram)
{
    if (!gram) return;
    for (size_t i = 0; i < COUNT(gram->memory); i++) elb_buffer_free(gram->memory[i]);
    elb_device_close(gram->dev);
    free(gram->rows);
    free(gram->values);
    free(gram);
}

float *elb_gram_rows(elb_gram *gram)
{
    return gram->rows;
}

elbow_status elb_gram_set(elb_gram *gram, const double *q)
{
    for (size_t i = 0; i < (size_t)gram->cols * gram->vectors; i++) gram->values[i] = (float)q[i];
    return elb_write_reals(gram->q, gram->values);
}

/* X' (X Q) of the block. */
static elbow_status add_applied(double *sum, elb_gram *gram, elb_view x)
{
    const elb_view y = elb_rows(gram->y, 0, x.rows);
    TRY(elb_gemm(gram->dev, y, x, NO_TRANS, gram->q, NO_TRANS, NULL, gram->scratch));
    TRY(elb_gemm(gram->dev, gram->product, x, TRANS, y, NO_TRANS, NULL, gram->scratch));
    TRY(elb_read_reals(gram->values, gram->product));
    for (size_t i = 0; i < (size_t)gram->cols * gram->vectors; i++) sum[i] += (double)gram->values[i];
    return ELBOW_OK;
}

/* Rows [first, end) of X' X, up to the diagonal's column. */
static elbow_status add_panel(double *sum, elb_gram *gram, elb_view x, uint32_t first, uint32_t end)
{
    const elb_view c = elb_matrix(gram->memory[PRODUCT], 0, end - first, end);
    TRY(elb_gemm(gram->dev, c, elb_cols(x, first, end - first), TRANS, elb_cols(x, 0, end), NO_TRANS, NULL,
                 gram->scratch));
    TRY(elb_read_reals(gram->values, c));
    for (uint32_t i = first; i < end; i++)
        for (uint32_t j = 0; j <= i; j++)
            sum[(size_t)i * gram->cols + j] += (double)gram->values[(size_t)(i - first) * end + j];
    return ELBOW_OK;
}

elbow_status elb_gram_add(double *sum, elb_gram *gram, uint32_t rows)
{
    const elb_view x = elb_rows(gram->x, 0, rows);
    if (rows > ELB_GRAM_ROWS || rows == 0)
        return elb_fail(gram->dev->err, ELBOW_USAGE, "a block of %u rows, not 1 to %d", rows, ELB_GRAM_ROWS);
    TRY(elb_write_reals(x, gram->rows));
    if (gram->vectors) return add_applied(sum, gram, x);
    for (uint32_t first = 0; first < gram->cols; first += PANEL)
        TRY(add_panel(sum, gram, x, first, gram->cols - first < PANEL ? gram->cols : first + PANEL));
    return ELBOW_OK;
}
