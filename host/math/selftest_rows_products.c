/* Rows of the matrix products, and of pack, which lays out their B. */
#include "math/selftest_rows.h"

#include <stdlib.h>
#include <string.h>

/* ---- panels: the layout of B depends on the device's shape, and so they are made and undone on the host ---- */

/* Where row p and column j of B stand in its panels. */
static size_t panel_place(const elb_device *dev, uint32_t k, uint32_t p, uint32_t j)
{
    const size_t cols = elb_tile_cols(dev);
    return (j / cols * k + p) * cols + j % cols;
}

static uint32_t panel_elements(const elb_device *dev, uint32_t k, uint32_t n)
{
    return elb_groups_of(n, elb_tile_cols(dev)) * elb_tile_cols(dev) * k;
}

/* The panels of a dense B. */
static elb_view panels_of(elb_trial *trial, elb_view b)
{
    elb_device *dev = trial->dev;
    const uint32_t elements = panel_elements(dev, b.rows, b.cols);
    const elb_view panels = elb_trial_work(trial, 1, elements);
    float *dense = NULL, *laid = NULL;
    if (trial->status == ELBOW_OK)
        trial->status = elb_new(dev->err, &dense, (size_t)b.rows * b.cols, sizeof *dense, "a selftest's matrix");
    if (trial->status == ELBOW_OK)
        trial->status = elb_new(dev->err, &laid, elements, sizeof *laid, "a selftest's panels");
    if (trial->status == ELBOW_OK) trial->status = elb_read_reals(dense, b);
    if (trial->status == ELBOW_OK) {
        for (uint32_t p = 0; p < b.rows; p++)
            for (uint32_t j = 0; j < b.cols; j++) laid[panel_place(dev, b.rows, p, j)] = dense[(size_t)p * b.cols + j];
        trial->status = elb_write_reals(panels, laid);
    }
    free(dense);
    free(laid);
    return panels;
}

/* ---- products ---- */

/* k beyond one chunk and two, ragged tiles, several groups on devices of any shape. */
typedef struct product_size {
    uint32_t m, n, k;
    bool turned; /* A's transpose is given; B in panels, or its transpose */
} product_size;

#define PRODUCT_SIZES 6
static const product_size product_sizes[PRODUCT_SIZES] = {{1, 1, 1, false},     {9, 37, 17, true},
                                                          {5, 33, 1025, false}, {3, 18, 2050, true},
                                                          {70, 67, 31, false},  {261, 5, 3, true}};

/* Sums that shards cut: ragged segments, empty ones, several terms to a row, chunks within segments, all that may wait
 * at once; and the last for sums at both sides of 2^-40. */
typedef struct product_cut {
    uint32_t m, n;
    elb_shards run;
    uint32_t shards, batch, each;
} product_cut;

#define PRODUCT_CUTS 6
static const product_cut product_cuts[PRODUCT_CUTS] = {{9, 37, {0, 11}, 11, 27, 1}, {3, 18, {4, 8}, 11, 6, 3},
                                                       {2, 17, {0, 2}, 2, 2100, 1}, {13, 5, {0, 64}, 100, 110, 1},
                                                       {5, 35, {8, 11}, 11, 27, 1}, {1, 2, {0, 2}, 2, 2, 1}};

static elb_segments segments_of(const product_cut *cut)
{
    return elb_segments_of(cut->run, cut->shards, cut->batch, cut->each);
}

static product_size size_of(uint32_t number)
{
    const product_cut *cut = &product_cuts[number];
    const uint32_t rows = elb_shard_start(cut->run.end, cut->shards, cut->batch) -
                          elb_shard_start(cut->run.first, cut->shards, cut->batch);
    return (product_size){cut->m, cut->n, rows * cut->each, number % 2 == 0};
}

typedef struct product_views {
    elb_view c, a, bias, y;
    uint32_t a_row, a_col;
} product_views;

/* Everything but B. c has gaps between its rows. */
static product_views make_product(elb_trial *trial, const product_size *size)
{
    product_views made = {.c = elb_gapped_out(trial, size->m, size->n)};
    const uint32_t rows = size->turned ? size->k : size->m, cols = size->turned ? size->m : size->k;
    made.a = elb_gapped_reals(trial, rows, cols, -1, 1);
    made.a_row = size->turned ? 1 : made.a.stride;
    made.a_col = size->turned ? made.a.stride : 1;
    made.bias = elb_trial_reals(trial, 1, size->n, -0.5, 0.5);
    made.y = elb_gapped_reals(trial, size->m, size->n, -0.25, 1);
    ELB_PLACE(trial, made.y, 0, 1, 0x1p-40);
    if (size->k > 1000) ELB_PLACE(trial, made.a, 0x1p40, -0x1p40, 0x1p-40, -0x1.000002p-40, 0, 0x1p20);
    return made;
}

/* Row 0 of B, where it makes sums of A's first row that are large, cancel, or lie at both sides of 2^-40. */
static void place_edges(elb_trial *trial, const product_size *size, elb_view b)
{
    if (size->k == 1) {
        elb_trial_set(trial, b, 0, 0x1.fffffep-41 * 0x1p10);
        return;
    }
    if (size->k > 1000) ELB_PLACE(trial, b, 0x1p40, 1, -0x1p-40, 0x1p-40, -0x1p40);
}

/* Of two segments the first sum is too small and becomes 0, or their sum is and stays. */
static void place_segments(elb_trial *trial, elb_view a, elb_view b)
{
    ELB_PLACE(trial, a, 0x1.8p-20, 0x1p-20);
    ELB_PLACE(trial, elb_rows(b, 0, 1), 0x1p-21, 0x1p-20);
    ELB_PLACE(trial, elb_rows(b, 1, 1), 0x1p-20, -0x1p-20);
}

/* What may happen to gemm's sums is in its arguments: every kind of it meets some size, every size three kinds. */
#define PRODUCT_ENDS 20

static elbow_status run_gemm(elb_trial *trial, const void *options)
{
    const bool is_cut = trial->size >= PRODUCT_ENDS;
    const uint32_t number = is_cut ? trial->size - PRODUCT_ENDS : trial->size;
    const product_size size =
        is_cut ? size_of(number) : product_sizes[(number + number / PRODUCT_SIZES) % PRODUCT_SIZES];
    const elb_segments cut = is_cut ? segments_of(&product_cuts[number]) : elb_one_segment();
    const int32_t with_bias = number % 2, gradient = number / 2 % 2, activation = (int32_t)number / 4;
    (void)options;
    const uint32_t m = size.m, n = size.n, k = size.k, cols = elb_tile_cols(trial->dev), even = (n + 15) / 16 * 16;
    const product_views p = make_product(trial, &size);
    elb_view b = elb_trial_reals(trial, k, even, -1, 1);
    place_edges(trial, &size, b);
    if (k == 1) ELB_PLACE(trial, p.a, 0x1p-10);
    if (k == 2) place_segments(trial, p.a, b);
    uint32_t b_row = even, b_panel = cols, b_cols = even;
    if (size.turned) {
        b = panels_of(trial, b);
        b_row = cols, b_panel = k * cols, b_cols = elb_groups_of(even, cols) * cols;
    }
    TRY(trial->status);
    return launch_gemm(trial->dev, elb_gemm_range(trial->dev, m, n), p.c, p.a, b, p.bias, p.y, m, n, k, p.c.stride,
                       p.a_row, p.a_col, b_row, b_panel, b_cols, p.y.stride, with_bias, activation, gradient, cut.count,
                       cut.batch, cut.shards, cut.left_over, cut.each);
}

/* A chunk of another length: another order of the same sum. */
const elb_row elb_row_gemm = {
    .run = run_gemm, .sizes = PRODUCT_ENDS + PRODUCT_CUTS, .sound = "1024u", .defect = "2048u"};

/* With a group of one item, such as native's, gemm_local is a product too: it is its own reference. */
static elbow_status run_gemm_local(elb_trial *trial, const void *options)
{
    const bool is_cut = ((const struct gemm_local_options *)options)->segments;
    const product_size size = is_cut ? size_of(trial->size) : product_sizes[trial->size];
    const elb_segments cut = is_cut ? segments_of(&product_cuts[trial->size]) : elb_one_segment();
    const uint32_t m = size.m, n = size.n, k = size.k;
    const product_views p = make_product(trial, &size);
    const elb_view b = elb_gapped_reals(trial, size.turned ? n : k, size.turned ? k : n, -1, 1);
    place_edges(trial, &size, b);
    if (k == 1) ELB_PLACE(trial, p.a, 0x1p-10);
    if (k == 2) place_segments(trial, p.a, b);
    TRY(trial->status);
    const uint32_t ends[] = {k > 2048 && !is_cut ? 1024 : k, k}; /* one in two launches */
    for (uint32_t i = 0, from = 0; i < COUNT(ends) && from < k; from = ends[i++])
        TRY(launch_gemm_local(trial->dev, options, elb_gemm_local_range(trial->dev, m, n), p.c, p.a, b, p.bias, p.y, m,
                              n, k, from, ends[i], p.c.stride, p.a_row, p.a_col, size.turned ? 1 : b.stride,
                              size.turned ? b.stride : 1, p.y.stride, cut.count, cut.batch, cut.shards, cut.left_over,
                              cut.each));
    return ELBOW_OK;
}

static bool gemm_local_sensible(const void *options)
{
    const struct gemm_local_options *o = options;
    if (o->segments) return !o->activation && !o->gradient && !o->bias;
    return elb_product_sensible(o->activation, o->gradient, o->bias);
}

_Static_assert(PRODUCT_SIZES == PRODUCT_CUTS, "gemm_local tries as many sizes as cuts");

const elb_row elb_row_gemm_local = {.run = run_gemm_local,
                                    .sizes = PRODUCT_SIZES,
                                    .sound = "vfma(a_value, b##v, sum[r][v])",
                                    .defect = "a_value * b##v + sum[r][v]",
                                    .sensible = gemm_local_sensible};

/* ---- pack ---- */

/* Panels as the matrix that they hold, and all bits beyond its last column as one word. */
static elbow_status unpack(elb_trial *trial, elb_view out, elb_view beyond, elb_view panels)
{
    elb_device *dev = trial->dev;
    const uint32_t k = out.rows, n = out.cols, end = panels.cols / k;
    float *laid, *dense;
    uint32_t bits = 0, word;
    TRY(elb_new(dev->err, &laid, panels.cols, sizeof *laid, "a selftest's panels"));
    elbow_status status = elb_new(dev->err, &dense, (size_t)k * n, sizeof *dense, "a selftest's matrix");
    if (status == ELBOW_OK) status = elb_read_reals(laid, panels);
    for (uint32_t p = 0; p < k && status == ELBOW_OK; p++)
        for (uint32_t j = 0; j < end; j++) {
            const float *element = &laid[panel_place(dev, k, p, j)];
            memcpy(&word, element, sizeof word);
            if (j < n)
                dense[(size_t)p * n + j] = *element;
            else
                bits |= word;
        }
    if (status == ELBOW_OK) status = elb_write_reals(out, dense);
    elb_trial_set_uint(trial, beyond, 0, bits);
    free(laid);
    free(dense);
    return status;
}

static elbow_status run_pack(elb_trial *trial, const void *options)
{
    static const elb_extent sizes[] = {{1, 1}, {17, 5}, {130, 33}, {9, 131}};
    const uint32_t k = sizes[trial->size / 2].rows, n = sizes[trial->size / 2].cols;
    const bool transposed = trial->size % 2;
    (void)options;
    const elb_view out = elb_trial_out(trial, k, n), beyond = elb_trial_out_uints(trial, 1);
    const elb_view b = elb_gapped_reals(trial, transposed ? n : k, transposed ? k : n, -1, 1);
    const elb_view panels = elb_trial_work(trial, 1, panel_elements(trial->dev, k, n));
    TRY(trial->status);
    TRY(launch_pack(trial->dev, elb_pack_range(trial->dev, k, n), panels, b, k, n, b.stride, transposed));
    return unpack(trial, out, beyond, panels);
}

/* A column too many: it is not +0. */
const elb_row elb_row_pack = {
    .run = run_pack, .sizes = 8, .sound = "first + i < b_rows", .defect = "first + i <= b_rows"};
