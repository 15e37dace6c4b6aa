/* The table of rows, and those of kernels over flat vectors.
 *
 * A kernel K of cl/ is in ELB_EACH_KERNEL, which bind writes, and so needs an elb_row_K: a missing one does not link.
 */
#include "math/selftest_rows.h"

#include <math.h>

#define ELB_DECLARE_ROW(name) extern const elb_row elb_row_##name;
ELB_EACH_KERNEL(ELB_DECLARE_ROW)
#undef ELB_DECLARE_ROW

#define ELB_ROW_ADDRESS(name) &elb_row_##name,
const elb_row *const elb_selftest_rows[] = {ELB_EACH_KERNEL(ELB_ROW_ADDRESS)};
#undef ELB_ROW_ADDRESS

/* ---- adam: the last size has the flag up, and changes nothing ---- */

static elbow_status run_adam(elb_trial *trial, const void *options)
{
    const bool held = trial->size == ELB_FLAT_SIZES;
    (void)options;
    const uint32_t count = held ? 40 : elb_flat_sizes[trial->size];
    const elb_view w = elb_trial_reals(trial, 1, count, -0.5, 0.5), m = elb_trial_reals(trial, 1, count, -0.01, 0.01);
    const elb_view v = elb_trial_reals(trial, 1, count, 0, 1e-4), g = elb_trial_reals(trial, 1, count, -0.1, 0.1);
    const elb_view factor = elb_trial_reals(trial, 1, 1, 0.2, 1), flag = elb_trial_uints(trial, 1, 1);
    elb_trial_compare(trial, w);
    elb_trial_compare(trial, m);
    elb_trial_compare(trial, v);
    elb_trial_set_uint(trial, flag, 0, held);
    if (trial->size == 2) {
        elb_trial_set(trial, factor, 0, 1);
        ELB_PLACE(trial, g, 0, -0.0, 0x1p-57, -0x1.8p-58, 0, 0, 0x1p40, -0x1p-40, 0, 0x1p-30);
        ELB_PLACE(trial, m, 0, 0, 0, 0, 0x1p-100, -0x1.2p-100, 0, 0, 0, 0);
        ELB_PLACE(trial, v, 0, 0, 0, 0, 0x1p-100, 0x1.002p-100, 0, 0, 0x1p80, 0);
        ELB_PLACE(trial, w, 0, -0.0, 0, 0x1p-40, -0x1p-40, 0, 0, 0, 0x1p40, 0);
    }
    const bool usual = trial->size != 1;
    return launch_adam(trial->dev, elb_block_range(trial->dev, count), w, m, v, g, factor, flag, count,
                       usual ? 0.9 : 0.37, usual ? 0.999 : 0.73, usual ? 1e-8 : 0.1, 1e-3, 31.6);
}

const elb_row elb_row_adam = {.run = run_adam,
                              .sizes = ELB_FLAT_SIZES + 1,
                              .sound = "vfma(keep_v, load_part(v + e, left), add_v * slope * slope)",
                              .defect = "(keep_v * load_part(v + e, left) + add_v * slope * slope)"};

/* ---- add ---- */

static elbow_status run_add(elb_trial *trial, const void *options)
{
    (void)options;
    const uint32_t count = elb_flat_sizes[trial->size];
    const elb_view y = elb_trial_reals(trial, 1, count, -1, 1), x = elb_trial_reals(trial, 1, count, -1e3, 1e3);
    elb_trial_compare(trial, y);
    ELB_PLACE(trial, y, 0, 0x1p-40, 0x1p40, 1, 0x1p24, INFINITY, INFINITY, NAN);
    ELB_PLACE(trial, x, 0, -0x1p-40, 0x1p-40, 0x1p-24, 1, 1, -INFINITY, 0);
    return launch_add(trial->dev, elb_block_range(trial->dev, count), y, x, count);
}

const elb_row elb_row_add = {
    .run = run_add, .sizes = ELB_FLAT_SIZES, .sound = "e < end; e += WIDTH", .defect = "e + 1 < end; e += WIDTH"};

/* ---- find_bad ---- */

static elbow_status run_find_bad(elb_trial *trial, const void *options)
{
    static const double bad[ELB_FLAT_SIZES] = {NAN, 0, INFINITY, -INFINITY};
    (void)options;
    const uint32_t count = elb_flat_sizes[trial->size];
    const elb_view at = elb_trial_out_uints(trial, 1), x = elb_trial_reals(trial, 1, count, -3e38, 3e38);
    if (bad[trial->size] != 0) {
        elb_trial_set(trial, x, count / 3, bad[trial->size]);
        elb_trial_set(trial, x, count - 1, bad[trial->size]);
    }
    return launch_find_bad(trial->dev, (elb_range){1, 1}, at, x, count);
}

const elb_row elb_row_find_bad = {
    .run = run_find_bad, .sizes = ELB_FLAT_SIZES, .sound = "e < count && found == 0xffffffffu", .defect = "e < count"};

/* ---- guard: what is not finite, what the flag was, and norms at both sides of their limits ---- */

typedef struct guarded {
    double distortion, rate, norm2, limit;
    uint32_t rows, chunks, flag, count;
    int32_t keep;
} guarded;

static const guarded guarded_cases[] = {{1, 1, 7, 1, 1, 1, 1, 0, 0},
                                        {NAN, 1, 7, 0, 64, 1, 0, 0, 0},
                                        {1, -INFINITY, 0, 1, 65, 1, 0, 2, 0},
                                        {1, 1, INFINITY, 1, 203, 131, 0, 0, 1},
                                        {3e38, 3e38, 3e38, 0.1, 131, 1, 0, 0, 1},
                                        {0, 0, 0.3, 1, 131, 1, 1, 1, 1},
                                        {0, 0, 1, 1, 2, 1, 0, 0, 0},
                                        {0, 0, 0x1p-114, 0x1p-60, 2, 1, 0, 0, 0},
                                        {1, 1, NAN, 1, 17, 65, 0, 0, 0},
                                        {1, 1, 1, 0.5, 17, 1009, 0, 0, 0}};

static elbow_status run_guard(elb_trial *trial, const void *options)
{
    const guarded *of = &guarded_cases[trial->size];
    (void)options;
    const elb_view distortion = elb_trial_reals(trial, 1, of->rows, 0, 500);
    const elb_view rate = elb_trial_reals(trial, 1, of->rows, 0, 50),
                   chunks = elb_trial_reals(trial, 1, of->chunks, 0, 1);
    const elb_view flag = elb_trial_out_uints(trial, 3), clip = elb_trial_out(trial, 1, 2);
    elb_trial_set(trial, distortion, of->rows - 1, of->distortion);
    elb_trial_set(trial, rate, of->rows - 1, of->rate);
    elb_trial_set(trial, chunks, of->chunks - 1, of->norm2);
    elb_trial_set_uint(trial, flag, 0, of->flag);
    elb_trial_set_uint(trial, flag, 1, of->count);
    elb_trial_set_uint(trial, flag, 2, 3);
    return launch_guard(trial->dev, (elb_range){1, 1}, flag, clip, chunks, distortion, rate, of->chunks, of->rows, 17,
                        of->keep, of->limit);
}

const elb_row elb_row_guard = {
    .run = run_guard, .sizes = COUNT(guarded_cases), .sound = "(keep && flag[0])", .defect = "keep"};

/* ---- squares: the last size has nothing but what is too small to be squared, and one that is not ---- */

static elbow_status run_squares(elb_trial *trial, const void *options)
{
    (void)options;
    const bool tiny = trial->size == ELB_FLAT_SIZES;
    const uint32_t count = tiny ? 100 : elb_flat_sizes[trial->size];
    const elb_range chunks = elb_norm_range(count);
    const elb_view y = elb_trial_out(trial, 1, chunks.x);
    const elb_view x = elb_trial_reals(trial, 1, count, tiny ? 0 : -2, tiny ? 0 : 2);
    if (tiny) ELB_PLACE(trial, x, 0x1.8p-58, -0x1.fffffep-58, 0x1p-57, -0x1.4p-57);
    return launch_squares(trial->dev, chunks, y, x, count);
}

const elb_row elb_row_squares = {
    .run = run_squares, .sizes = ELB_FLAT_SIZES + 1, .sound = "(real)0x1p-57f", .defect = "(real)0x1p-58f"};
