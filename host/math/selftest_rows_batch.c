/* Rows of the kernels that go through a batch row by row: data, latent variables, losses and sums. */
#include "math/selftest_rows.h"

#include <math.h>

static const uint64_t SEED = UINT64_C(0x9ac0ffee12345678);

/* A group for each row. */
static elb_range each_row(const elb_extent *size)
{
    return (elb_range){size->rows, 1};
}

/* The largest size's last row: special values go there, so that they spoil no other row's sums. */
static bool has_special_row(const elb_extent *size)
{
    return size == &elb_row_sizes[ELB_ROW_SIZES - 1];
}

static elb_view last_row(elb_view view)
{
    return elb_rows(view, view.rows - 1, 1);
}

/* Draws of each datum: in one size all rows are draws of one. */
static uint32_t copies_of(const elb_extent *size)
{
    return size == &elb_row_sizes[1] ? size->rows : 1;
}

/* ---- data: each size with each thing that may become of grey ---- */

#define GREYS 3

static elbow_status run_gather(elb_trial *trial, const void *options)
{
    const elb_extent *size = &elb_row_sizes[trial->size / GREYS];
    (void)options;
    const elb_view x = elb_gapped_out(trial, size->rows, size->cols), data = elb_trial_bytes(trial, 11, size->cols);
    const elb_view at = elb_trial_uints(trial, size->rows, 11), sample = elb_trial_uints(trial, size->rows, 60000);
    return launch_gather(trial->dev, each_row(size), x, data, at, sample, size->cols, x.stride, SEED, 5,
                         (int32_t)(trial->size % GREYS));
}

/* x / 255 by its reciprocal is another number for some x. */
const elb_row elb_row_gather = {.run = run_gather,
                                .sizes = GREYS * ELB_ROW_SIZES,
                                .sound = "vdivide(load_bytes_part(from + j, left), splat(255))",
                                .defect = "load_bytes_part(from + j, left) * splat(1.0f / 255)"};

static elbow_status run_gather_reals(elb_trial *trial, const void *options)
{
    const elb_extent *size = &elb_row_sizes[trial->size / GREYS];
    (void)options;
    const elb_view x = elb_gapped_out(trial, size->rows, size->cols);
    const elb_view data = elb_trial_reals(trial, 11, size->cols, 0, 1);
    const elb_view at = elb_trial_uints(trial, size->rows, 11), sample = elb_trial_uints(trial, size->rows, 60000);
    elb_trial_set_uint(trial, at, 0, 0);
    ELB_PLACE(trial, elb_rows(data, 0, 1), 0x1.fffffep-41, 0.5, 0x1.fffffep-2, 0, 1, 0x1p-40, -0x1p-41, -0x1p40);
    return launch_gather_reals(trial->dev, each_row(size), x, data, at, sample, size->cols, x.stride, SEED, 5,
                               (int32_t)(trial->size % GREYS));
}

const elb_row elb_row_gather_reals = {
    .run = run_gather_reals, .sizes = GREYS * ELB_ROW_SIZES, .sound = "canonical(binarise(", .defect = "(binarise("};

/* ---- latent variables ---- */

/* mu and log sigma^2 side by side, some of the latter beyond their ends. */
static elb_view make_code(elb_trial *trial, const elb_extent *size)
{
    const uint32_t latents = size->cols;
    const elb_view code = elb_gapped_reals(trial, size->rows, 2 * latents, -3, 3), row = last_row(code);
    if (size->cols > 1) {
        ELB_PLACE(trial, elb_cols(code, latents, latents), -31, 21, -30, 20, -0x1.e00002p4, 0x1.400002p4, 0, 0x1p-40,
                  -29.5);
        ELB_PLACE(trial, code, 0x1p-40, 0, -0x1.000002p-40, 1e4, 0x1.8p-39);
    }
    if (has_special_row(size)) {
        ELB_PLACE(trial, row, 0, INFINITY, -INFINITY, NAN, 0, 0, 0);
        ELB_PLACE(trial, elb_cols(row, latents, latents), 0, 0, 0, 0, INFINITY, -INFINITY, NAN);
    }
    return code;
}

/* Each size without noise, with it, and with the rates of the draw. */
#define DRAWS 3

static elbow_status run_latent(elb_trial *trial, const void *options)
{
    const uint32_t way = trial->size % DRAWS;
    const elb_extent *size = &elb_row_sizes[trial->size / DRAWS];
    (void)options;
    const elb_view z = elb_gapped_out(trial, size->rows, size->cols),
                   spread = elb_gapped_out(trial, size->rows, size->cols);
    const elb_view kl = elb_trial_out(trial, 1, size->rows), parts = elb_gapped_out(trial, size->rows, size->cols);
    const elb_view clamped = elb_trial_out_uints(trial, size->rows);
    const elb_view code = make_code(trial, size), sample = elb_trial_uints(trial, size->rows, 60000);
    return launch_latent(trial->dev, each_row(size), z, spread, kl, parts, clamped, code, sample, size->cols,
                         copies_of(size), z.stride, spread.stride, parts.stride, code.stride, SEED, ELB_LATENT_NOISE, 3,
                         way > 0, way > 1);
}

/* One digit of Philox. */
const elb_row elb_row_latent = {
    .run = run_latent, .sizes = DRAWS * ELB_ROW_SIZES, .sound = "0xCD9E8D57u", .defect = "0xCD9E8D59u"};

static elbow_status run_latent_backward(elb_trial *trial, const void *options)
{
    const elb_extent *size = &elb_row_sizes[trial->size];
    const elb_view dcode = elb_gapped_out(trial, size->rows, 2 * size->cols);
    const elb_view dz = elb_gapped_reals(trial, size->rows, size->cols, -1, 1), code = make_code(trial, size);
    const elb_view spread = elb_gapped_reals(trial, size->rows, size->cols, -2, 2);
    const elb_view weights = elb_gapped_reals(trial, size->rows, size->cols, -1, 1);
    const bool by_latent = trial->size % 2; /* else one for all latents of a row */
    return launch_latent_backward(trial->dev, options, each_row(size), dcode, dz, code, spread, weights, size->cols,
                                  dcode.stride, dz.stride, code.stride, spread.stride, weights.stride, by_latent, 0.3,
                                  0x1.111112p-3);
}

static bool latent_backward_sensible(const void *options)
{
    const struct latent_backward_options *o = options, standard = LATENT_BACKWARD_DEFAULTS;
    return o->weighting == ELB_CONSTANT || o->weight == standard.weight;
}

const elb_row elb_row_latent_backward = {.run = run_latent_backward,
                                         .sizes = ELB_ROW_SIZES,
                                         .sound = "less(logvar, splat(-30)) & less(splat(0), dv)",
                                         .defect = "less(logvar, splat(-30)) & less(dv, splat(0))",
                                         .sensible = latent_backward_sensible};

/* ---- losses; elbo's last size has errors whose squares would be subnormal, and no others in one row ---- */

/* What a decoder gives: logits, or means. */
static elb_view make_decoded(elb_trial *trial, const elb_extent *size)
{
    const elb_view y = elb_gapped_reals(trial, size->rows, size->cols, -8, 8), row = last_row(y);
    if (size->cols > 1) ELB_PLACE(trial, y, 0, -0.0, 0x1p-40, -0x1p-40, 30, -30, 100, -100, -27.9, 17, 1e-3);
    if (has_special_row(size)) ELB_PLACE(trial, row, INFINITY, -INFINITY, NAN, 0x1p40, -0x1p40, 3e38, -3e38);
    return y;
}

/* Data such as the likelihood is one of: counts, or pixels. */
static elb_view make_observed(elb_trial *trial, const elb_extent *size, int32_t likelihood)
{
    const bool counts = likelihood == ELB_POISSON || likelihood == ELB_NEGATIVE_BINOMIAL;
    const elb_view x = elb_gapped_reals(trial, size->rows, size->cols, 0, counts ? 20 : 1);
    if (size->cols > 1 && counts) ELB_PLACE(trial, x, 0, 1, 0, 1, 2, 0, 7, 1000, 0x1p24, 0x1p-40);
    if (size->cols > 1 && !counts) ELB_PLACE(trial, x, 0, 1, 0, 1, 1, 0, 1, 0, 0x1p-40, 0.5);
    return x;
}

static elbow_status run_elbo(elb_trial *trial, const void *options)
{
    const struct elbo_options *o = options;
    static const elb_extent pair = {2, 5};
    const bool tiny = trial->size == ELB_ROW_SIZES;
    const elb_extent *size = tiny ? &pair : &elb_row_sizes[trial->size];
    const elb_view loss = elb_trial_out(trial, 1, size->rows), sse = elb_trial_out(trial, 1, size->rows);
    const elb_view dy = elb_gapped_out(trial, size->rows, size->cols),
                   widen = elb_gapped_out(trial, size->rows, size->cols), y = make_decoded(trial, size);
    const elb_view x =
        tiny ? elb_gapped_reals(trial, size->rows, size->cols, 0, 0) : make_observed(trial, size, o->likelihood);
    if (tiny) {
        ELB_PLACE(trial, x, 1, 0, 0x1p-40, 0x1.000002p-40, 0);
        ELB_PLACE(trial, elb_rows(y, 0, 1), 1, 0x1p-40, 0, 0x1p-40, -27.8);
        ELB_PLACE(trial, elb_rows(y, 1, 1), -45, -47, -50, -60, -100);
    }
    const elb_view p = elb_trial_reals(trial, 1, size->cols, -9, 3);
    if (size->cols > 1) ELB_PLACE(trial, p, 0, -6, -100, 25, 0x1p-40, -5.9, 1e30, -1e30, 44, 90);
    return launch_elbo(trial->dev, options, each_row(size), loss, sse, dy, widen, y, x, p, size->cols, dy.stride,
                       widen.stride, y.stride, x.stride, copies_of(size), 0x1.999998p-4);
}

/* SPREAD and PRECISION are for densities that have a scale, and one that is found needs no PRECISION; OPTIMAL is
 * GAUSSIAN's; OUTPUT, SIGMOID or IDENTITY, is for those that have a location. */
static bool elbo_sensible(const void *options)
{
    const struct elbo_options *o = options, standard = ELBO_DEFAULTS;
    const bool located =
        o->likelihood == ELB_GAUSSIAN || o->likelihood == ELB_LAPLACE || o->likelihood == ELB_DISCRETISED_LOGISTIC;
    const bool scaled = located || o->likelihood == ELB_NEGATIVE_BINOMIAL;
    if (!scaled && o->spread != ELB_FIXED) return false;
    if (o->spread == ELB_OPTIMAL && o->likelihood != ELB_GAUSSIAN) return false;
    if ((!scaled || o->spread != ELB_FIXED) && o->precision != standard.precision) return false;
    return o->output == ELB_SIGMOID || (located && o->output == ELB_IDENTITY);
}

/* The last bit of each term. */
const elb_row elb_row_elbo = {.run = run_elbo,
                              .sizes = ELB_ROW_SIZES + 1,
                              .sound = "vfma(-x, y, vsoftplus(y))",
                              .defect = "(vfma(-x, y, vsoftplus(y)) * splat(0x1.000002p0f))",
                              .sensible = elbo_sensible};

static elbow_status run_decode_mean(elb_trial *trial, const void *options)
{
    const elb_extent *size = &elb_row_sizes[trial->size];
    const elb_view x = elb_gapped_out(trial, size->rows, size->cols), y = make_decoded(trial, size);
    return launch_decode_mean(trial->dev, options, each_row(size), x, y, size->cols, x.stride, y.stride);
}

/* A mean is no operand of a product and stays what it is, be it small. */
const elb_row elb_row_decode_mean = {.run = run_decode_mean,
                                     .sizes = ELB_ROW_SIZES,
                                     .sound = "return vsigmoid(y);",
                                     .defect = "return canonical(vsigmoid(y));"};

/* Each size has another source of the spread. */
static elbow_status run_draw(elb_trial *trial, const void *options)
{
    static const int32_t links[] = {[ELB_CONTINUOUS_BERNOULLI] = ELB_CONTINUOUS_LINK,
                                    [ELB_POISSON] = ELB_LOG_LINK,
                                    [ELB_NEGATIVE_BINOMIAL] = ELB_LOG_LINK};
    const struct draw_options *o = options;
    const elb_extent *size = &elb_row_sizes[trial->size];
    const elb_view x = elb_gapped_out(trial, size->rows, size->cols), y = make_decoded(trial, size);
    const elb_view p = elb_trial_reals(trial, 1, size->cols, -6, 1);
    return launch_draw(trial->dev, options, each_row(size), x, y, p, size->cols, x.stride, y.stride,
                       links[o->likelihood], (int32_t)trial->size, -0.7, SEED, 17);
}

const elb_row elb_row_draw = {.run = run_draw, .sizes = ELB_ROW_SIZES, .sound = "first + row", .defect = "first"};

/* ---- sums ---- */

static elbow_status run_row_sum(elb_trial *trial, const void *options)
{
    (void)options;
    const elb_extent *size = &elb_row_sizes[trial->size];
    const elb_view y = elb_trial_out(trial, 1, size->rows),
                   x = elb_gapped_reals(trial, size->rows, size->cols, -1, 500);
    if (has_special_row(size)) {
        ELB_PLACE(trial, x, 0x1p40, 1, 0x1p-40, -0x1p40);
        ELB_PLACE(trial, last_row(x), INFINITY, 1, -INFINITY);
    }
    return launch_row_sum(trial->dev, each_row(size), y, x, size->cols, x.stride);
}

/* Lanes combined from the left instead of by their tree. */
const elb_row elb_row_row_sum = {
    .run = run_row_sum,
    .sizes = ELB_ROW_SIZES,
    .sound = "sums->share[s] += sums->share[s + step];",
    .defect = "if (step == 1) for (int s = 1; s < LANE_SHARES; s++) sums->share[0] += sums->share[s];"};

static elbow_status run_sum_rows(elb_trial *trial, const void *options)
{
    static const elb_extent sizes[] = {{1, 1}, {2, 5}, {65, 17}, {131, 70}, {2, 5}, {27, 17}, {131, 70}, {6, 3}};
    const elb_segments cuts[] = {elb_one_segment(),
                                 elb_one_segment(),
                                 elb_one_segment(),
                                 elb_one_segment(),
                                 elb_segments_of((elb_shards){0, 2}, 2, 2, 1),
                                 elb_segments_of((elb_shards){0, 11}, 11, 27, 1),
                                 elb_segments_of((elb_shards){0, 2}, 2, 131, 1),
                                 elb_segments_of((elb_shards){4, 8}, 11, 6, 3)};
    (void)options;
    const elb_extent *size = &sizes[trial->size];
    const elb_segments *cut = &cuts[trial->size];
    const elb_view y = elb_trial_out(trial, 1, size->cols), x = elb_gapped_reals(trial, size->rows, size->cols, -1, 1);
    if (size->rows == 2) { /* sums, or shards' sums, at both sides of 2^-40 */
        ELB_PLACE(trial, elb_rows(x, 0, 1), 0x1p-17, 0x1p-16, INFINITY, -0x1p-17);
        ELB_PLACE(trial, elb_rows(x, 1, 1), -0x1.fffffep-18, -0x1.fffffep-17, -INFINITY, 0x1.fffffep-18);
    }
    return elb_sum_rows(trial->dev, y, x, cut);
}

const elb_row elb_row_sum_rows = {.run = run_sum_rows, .sizes = 8, .sound = "i += LANES", .defect = "i += LANES / 2"};
