/* gemm.c - the matrix product by elbow's own kernels, gemm.cl, or gemm_local.cl on devices like GPUs; or by a provider,
 * with epilogue.cl behind it. */
#include "math/gemm.h"

#include "elb_kernels.h"
#include "math/provider.h"
#include "math/ranges.h"

size_t elb_gemm_scratch(const elb_device *dev, uint32_t k, uint32_t n)
{
    size_t elements, cols = (size_t)elb_groups_of(n, elb_tile_cols(dev)) * elb_tile_cols(dev);
    return elb_times(&elements, k, cols) ? elements : 0;
}

/* A product with its operands as matrices of any strides: the element (i, p) of op(A) is at i a_row + p a_col. */
typedef struct product {
    elb_view c, a, b, bias, output;
    uint32_t m, n, k;
    uint32_t a_row, a_col, b_row, b_col;
    int32_t activation;
    bool gradient, with_bias;
    elb_segments cut;
} product;

/* Of a matrix too small to keep a device busy each item computes a quarter of what it else would. */
static elb_shape tile_for(const elb_device *dev, uint32_t m, uint32_t n)
{
    elb_shape shape = dev->shape;
    const elb_range groups = elb_gemm_local_range(dev, m, n);
    if ((uint64_t)groups.x * groups.y >= dev->busy_groups) return shape;
    shape.tile_rows = (shape.tile_rows + 1) / 2;
    shape.tile_vectors = (shape.tile_vectors + 1) / 2;
    return shape;
}

/* In as many launches as it takes for a work-item's loops to keep within the device's turns; of segments in one. */
static elbow_status local_launches(elb_device *dev, const product *p)
{
    const bool cut = p->cut.count > 1;
    const struct gemm_local_options options = {
        .activation = p->activation, .gradient = p->gradient, .bias = p->with_bias, .segments = cut};
    const uint32_t turns = elb_gemm_local_turns(dev);
    TRY(elb_check_turns(dev, turns, "tiles of rows", (uint32_t)dev->shape.tile_rows));
    const uint32_t part = dev->most_turns && !cut ? dev->most_turns / turns * ELB_PRODUCT_CHUNK : p->k;
    for (uint32_t from = 0, to; from < p->k; from = to) {
        to = p->k - from < part ? p->k : from + part;
        TRY(launch_gemm_local(dev, &options, elb_gemm_local_range(dev, p->m, p->n), p->c, p->a, p->b, p->bias,
                              p->output, p->m, p->n, p->k, from, to, p->c.stride, p->a_row, p->a_col, p->b_row,
                              p->b_col, p->output.stride, p->cut.count, p->cut.batch, p->cut.shards, p->cut.left_over,
                              p->cut.each));
    }
    return ELBOW_OK;
}

static elbow_status local_product(elb_device *dev, const product *p)
{
    const elb_shape usual = dev->shape;
    TRY(elb_device_reshape(dev, tile_for(dev, p->m, p->n)));
    const elbow_status status = local_launches(dev, p), back = elb_device_reshape(dev, usual);
    return status == ELBOW_OK ? back : status;
}

/* B has to be packed where its columns do not lie side by side or end within a vector. It pays where its rows lie a
 * page or more apart, each a page to look up, and enough rows of C read them. */
static bool must_pack(const elb_device *dev, const product *p)
{
    return p->b_col != 1 || p->n % (uint32_t)dev->shape.width;
}

static bool pays_to_pack(const elb_device *dev, const product *p, elb_view scratch)
{
    const size_t needed = elb_gemm_scratch(dev, p->k, p->n);
    return p->b_row * dev->real_size >= 4096 && p->m >= 64 && needed > 0 && needed <= scratch.cols;
}

/* The terms' turns are one each; the chunks', the segments' and the tile's are the rest. */
static uint64_t register_turns(uint32_t k, uint32_t segments)
{
    return k + k / 16 + UINT64_C(64) + UINT64_C(8) * (segments - 1);
}

static elbow_status register_product(elb_device *dev, const product *p, elb_view scratch)
{
    const uint32_t cols = elb_tile_cols(dev), panels = elb_groups_of(p->n, cols);
    TRY(elb_check_turns(dev, register_turns(p->k, p->cut.count), "sums of", p->k));
    elb_view b = p->b;
    uint32_t b_row = p->b_row, b_panel = cols, b_cols = p->n;
    if (must_pack(dev, p) || pays_to_pack(dev, p, scratch)) {
        const size_t needed = elb_gemm_scratch(dev, p->k, p->n);
        if (needed == 0 || needed > UINT32_MAX || needed > scratch.cols)
            return elb_fail(dev->err, ELBOW_USAGE, "a product with B of %u x %u needs a scratch of %zu, not %u", p->k,
                            p->n, needed, scratch.cols);
        const bool transposed = p->b_col != 1;
        b = elb_matrix(scratch.buffer, scratch.offset, 1, (uint32_t)needed);
        TRY(launch_pack(dev, elb_pack_range(dev, p->k, p->n), b, p->b, p->k, p->n, transposed ? p->b_col : p->b_row,
                        transposed));
        b_row = cols, b_panel = p->k * cols, b_cols = panels * cols;
    }
    return launch_gemm(dev, elb_gemm_range(dev, p->m, p->n), p->c, p->a, b, p->bias, p->output, p->m, p->n, p->k,
                       p->c.stride, p->a_row, p->a_col, b_row, b_panel, b_cols, p->output.stride, p->with_bias,
                       p->activation, p->gradient, p->cut.count, p->cut.batch, p->cut.shards, p->cut.left_over,
                       p->cut.each);
}

static elbow_status check_shapes(elb_device *dev, const product *p, uint32_t b_k, uint32_t b_n)
{
    if (p->k != b_k || p->n != b_n)
        return elb_fail(dev->err, ELBOW_USAGE, "a product of %u x %u by %u x %u into %u x %u is none", p->m, p->k, b_k,
                        b_n, p->c.rows, p->c.cols);
    if (p->with_bias && p->bias.cols < p->n)
        return elb_fail(dev->err, ELBOW_USAGE, "a bias of %u elements for %u columns", p->bias.cols, p->n);
    if (p->gradient && (p->output.rows < p->m || p->output.cols < p->n))
        return elb_fail(dev->err, ELBOW_USAGE, "the output of an activation is %u x %u, its gradient %u x %u",
                        p->output.rows, p->output.cols, p->m, p->n);
    return ELBOW_OK;
}

/* Providers are given plain pointers and ints: what elb_launch checks for kernels is checked here. */
static elbow_status check_view(elb_device *dev, elb_view v)
{
    const uint64_t end = v.offset + (uint64_t)(v.rows ? v.rows - 1 : 0) * v.stride + v.cols;
    if (v.stride < v.cols || v.rows > INT32_MAX || v.stride > INT32_MAX || end > v.buffer->bytes / dev->real_size)
        return elb_fail(dev->err, ELBOW_USAGE, "a product with a matrix of %u x %u, stride %u, at %zu of %zu bytes",
                        v.rows, v.cols, v.stride, v.offset, v.buffer->bytes);
    return ELBOW_OK;
}

static elbow_status epilogue_of(elb_device *dev, const product *p)
{
    const struct epilogue_options options = {
        .activation = p->activation, .gradient = p->gradient, .bias = p->with_bias};
    return launch_epilogue(dev, &options, elb_matrix_range(dev, p->m, p->n), p->c, p->bias, p->output, p->n,
                           p->c.stride, p->output.stride);
}

static bool is_local(const elb_device *dev)
{
    return dev->prefers_local && dev->shape.group > 1;
}

static elbow_status multiply(const elb_provider *provider, elb_device *dev, const product *p, elb_transpose trans_a,
                             elb_transpose trans_b, elb_view scratch)
{
    if (!provider) return is_local(dev) ? local_product(dev, p) : register_product(dev, p, scratch);
    TRY(check_view(dev, p->c));
    TRY(check_view(dev, p->a));
    TRY(check_view(dev, p->b));
    TRY(provider->gemm(provider, dev, p->c, p->a, trans_a, p->b, trans_b));
    return epilogue_of(dev, p);
}

static elbow_status product_of(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a,
                               elb_transpose trans_a, elb_view b, elb_transpose trans_b, const elb_epilogue *epilogue,
                               elb_segments cut, elb_view scratch)
{
    product p = {.c = c,
                 .a = a,
                 .b = b,
                 .bias = c, /* an argument that is not read needs a buffer all the same */
                 .output = c,
                 .m = c.rows,
                 .n = c.cols,
                 .k = trans_a ? a.rows : a.cols,
                 .a_row = trans_a ? 1 : a.stride,
                 .a_col = trans_a ? a.stride : 1,
                 .b_row = trans_b ? 1 : b.stride,
                 .b_col = trans_b ? b.stride : 1,
                 .cut = cut};
    if (epilogue) {
        p.activation = epilogue->activation;
        p.with_bias = epilogue->bias.buffer != NULL;
        p.gradient = epilogue->output.buffer != NULL && p.activation != ELB_IDENTITY; /* whose slope is 1 */
        if (p.with_bias) p.bias = epilogue->bias;
        if (p.gradient) p.output = epilogue->output;
    }
    if ((trans_a ? a.cols : a.rows) != c.rows)
        return elb_fail(dev->err, ELBOW_USAGE, "a product into %u rows from %u", c.rows, trans_a ? a.cols : a.rows);
    TRY(check_shapes(dev, &p, trans_b ? b.cols : b.rows, trans_b ? b.rows : b.cols));
    if (p.m == 0 || p.n == 0) return ELBOW_OK;
    if (p.k == 0) return elb_fail(dev->err, ELBOW_USAGE, "a product of %u x 0 by 0 x %u has no terms", p.m, p.n);
    return multiply(provider, dev, &p, trans_a, trans_b, scratch);
}

elbow_status elb_gemm(elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a, elb_view b, elb_transpose trans_b,
                      const elb_epilogue *epilogue, elb_view scratch)
{
    return elb_gemm_by(NULL, dev, c, a, trans_a, b, trans_b, epilogue, scratch);
}

bool elb_gemm_takes_rows(const elb_device *dev, uint32_t rows, uint32_t segments)
{
    if (dev->most_turns == 0) return true;
    const uint64_t products =
        is_local(dev) ? elb_gemm_local_segments_turns(dev, rows, segments) : register_turns(rows, segments);
    return elb_sum_rows_turns(dev, rows, segments) <= dev->most_turns && products <= dev->most_turns;
}

elbow_status elb_gemm_by(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                         elb_view b, elb_transpose trans_b, const elb_epilogue *epilogue, elb_view scratch)
{
    return product_of(provider, dev, c, a, trans_a, b, trans_b, epilogue, elb_one_segment(), scratch);
}

elbow_status elb_gemm_over_rows(const elb_provider *provider, elb_device *dev, elb_view c, elb_view a, elb_view b,
                                const elb_segments *cut, elb_view scratch)
{
    if (cut->count < 1 || cut->count > ELB_MOST_SEGMENTS)
        return elb_fail(dev->err, ELBOW_USAGE, "a product over the rows of %u shards: 1 to %u at once", cut->count,
                        ELB_MOST_SEGMENTS);
    if (!provider && cut->count > 1 && !elb_gemm_takes_rows(dev, a.rows, cut->count))
        return elb_check_turns(dev, UINT64_MAX, "shards' rows together", a.rows);
    return product_of(provider, dev, c, a, TRANS, b, NO_TRANS, NULL, *cut, scratch);
}
