/* Rows of the kernels by which one network serves a range of weights. */
#include "math/selftest_rows.h"

#include <math.h>

/* h, with what is special in its last row where the matrix is the largest. */
static elb_view make_inside(elb_trial *trial, const elb_extent *size)
{
    const elb_view h = elb_gapped_reals(trial, size->rows, size->cols, -3, 3);
    if (size->cols > 1) ELB_PLACE(trial, h, 0, 1, 0x1p-40, -0x1p-40, 0x1p40);
    if (trial->size == ELB_ROW_SIZES - 1)
        ELB_PLACE(trial, elb_rows(h, size->rows - 1, 1), INFINITY, -INFINITY, NAN, 3e38, -3e38);
    return h;
}

static elb_view make_gates(elb_trial *trial, const elb_extent *size)
{
    const elb_view gates = elb_trial_reals(trial, 1, 2 * size->cols, -4, 4);
    if (size->cols > 1)
        ELB_PLACE(trial, elb_cols(gates, size->cols, size->cols), 0, 0, 0, 0, -26, -27, -28, -60, -90, 90);
    return gates;
}

static elbow_status run_gate(elb_trial *trial, const void *options)
{
    const elb_extent *size = &elb_row_sizes[trial->size];
    (void)options;
    const elb_view y = elb_gapped_out(trial, size->rows, size->cols), h = make_inside(trial, size);
    const elb_view gates = make_gates(trial, size), t = elb_trial_reals(trial, 1, size->rows, -1, 1);
    return launch_gate(trial->dev, (elb_range){size->rows, 1}, y, h, gates, t, size->cols, y.stride, h.stride,
                       trial->size % 2);
}

const elb_row elb_row_gate = {
    .run = run_gate, .sizes = ELB_ROW_SIZES, .sound = "gates + cols + j", .defect = "gates + j"};

static elbow_status run_gate_backward(elb_trial *trial, const void *options)
{
    const elb_extent *size = &elb_row_sizes[trial->size % ELB_ROW_SIZES];
    const int32_t act = (int32_t)(trial->size / ELB_ROW_SIZES);
    (void)options;
    const elb_view dh = elb_gapped_out(trial, size->rows, size->cols),
                   slopes = elb_gapped_out(trial, size->rows, 2 * size->cols);
    const elb_view dy = elb_gapped_reals(trial, size->rows, size->cols, -1, 1);
    if (size->cols > 1) ELB_PLACE(trial, dy, 0x1p-40, 0x1p-39, 0x1p-40, 1, 1);
    const elb_view h =
        act == ELB_IDENTITY ? make_inside(trial, size) : elb_gapped_reals(trial, size->rows, size->cols, 0, 1);
    const elb_view gates = make_gates(trial, size), t = elb_trial_reals(trial, 1, size->rows, -1, 1);
    return launch_gate_backward(trial->dev, (elb_range){size->rows, 1}, dh, slopes, dy, h, gates, t, size->cols,
                                dh.stride, slopes.stride, dy.stride, h.stride, trial->size % 2, act);
}

const elb_row elb_row_gate_backward = {
    .run = run_gate_backward, .sizes = 5 * ELB_ROW_SIZES, .sound = "vfma(-s, s, s)", .defect = "vfma(-s, s, splat(1))"};

static elbow_status run_condition(elb_trial *trial, const void *options)
{
    static const uint32_t counts[] = {1, 5, 130};
    const uint32_t rows = counts[trial->size], group = (uint32_t)trial->dev->shape.group;
    (void)options;
    const elb_view t = elb_trial_out(trial, 1, rows), weights = elb_trial_out(trial, rows, 1);
    const elb_view sample = elb_trial_uints(trial, rows, 60000);
    return launch_condition(trial->dev, (elb_range){elb_groups_of(rows, group), 1}, t, weights, sample, rows,
                            0x1.111112p-2, 0.25, trial->size ? 3.5 : 50, UINT64_C(0x9ac0ffee12345678), 3);
}

const elb_row elb_row_condition = {
    .run = run_condition, .sizes = 3, .sound = "vfma(splat(half_range), at", .defect = "vfma(splat(half_range), u"};
