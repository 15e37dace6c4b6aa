/* Rows of the kernels for several draws of each datum: the importance-weighted bound and the way back through it. */
#include "math/selftest_rows.h"

#include <math.h>

/* Loss and rate of each draw, those of a datum side by side; the largest size's last datum has what is not finite. */
static elbow_status run_iwae(elb_trial *trial, const void *options)
{
    (void)options;
    const elb_extent *size = &elb_row_sizes[trial->size]; /* data, copies */
    const elb_view bound = elb_trial_out(trial, 1, size->rows), mean_loss = elb_trial_out(trial, 1, size->rows),
                   mean_rate = elb_trial_out(trial, 1, size->rows),
                   share = elb_trial_out(trial, size->rows, size->cols);
    const elb_view loss = elb_trial_reals(trial, size->rows, size->cols, 80, 120),
                   rate = elb_trial_reals(trial, size->rows, size->cols, -5, 40);
    if (size->cols > 1) ELB_PLACE(trial, loss, 3e38, 60, INFINITY, 87, 87.7, 0, 0x1p-40);
    if (trial->size == ELB_ROW_SIZES - 1) {
        ELB_PLACE(trial, elb_rows(loss, size->rows - 1, 1), NAN);
        ELB_PLACE(trial, elb_rows(loss, size->rows - 2, 1), -INFINITY);
    }
    return launch_iwae(trial->dev, (elb_range){size->rows, 1}, bound, mean_loss, mean_rate, share, loss, rate,
                       size->cols, trial->size == 1 ? 1 : 0.37);
}

/* A quotient by its divisor's reciprocal is another number now and then. */
const elb_row elb_row_iwae = {.run = run_iwae,
                              .sizes = ELB_ROW_SIZES,
                              .sound = "vdivide(weight, splat(sum))",
                              .defect = "weight * splat(rdivide(1, sum))"};

static elbow_status run_scale_rows(elb_trial *trial, const void *options)
{
    (void)options;
    const elb_extent *size = &elb_row_sizes[trial->size];
    const elb_view x = elb_gapped_reals(trial, size->rows, size->cols, -1, 1),
                   factor = elb_trial_reals(trial, 1, size->rows, 0, 1);
    elb_trial_compare(trial, x);
    ELB_PLACE(trial, x, 0x1p-40, -0x1p-40, 0x1.8p-39, 0x1p40, INFINITY, NAN, -0x1p-30);
    if (size->rows > 2) ELB_PLACE(trial, factor, 0x1p-11, 0, 1);
    return launch_scale_rows(trial->dev, (elb_range){size->rows, 1}, x, factor, size->cols, x.stride);
}

const elb_row elb_row_scale_rows = {.run = run_scale_rows,
                                    .sizes = ELB_ROW_SIZES,
                                    .sound = "canonical(load_part(row + j, left) * by)",
                                    .defect = "load_part(row + j, left) * by"};

static elbow_status run_iwae_backward(elb_trial *trial, const void *options)
{
    (void)options;
    const elb_extent *size = &elb_row_sizes[trial->size];
    const uint32_t copies = 1 + 2 * trial->size, draws = size->rows * copies, latents = size->cols;
    const elb_view dcode = elb_gapped_out(trial, size->rows, 2 * latents);
    const elb_view dz = elb_gapped_reals(trial, draws, latents, -1, 1),
                   z = elb_gapped_reals(trial, draws, latents, -3, 3),
                   spread = elb_gapped_reals(trial, draws, latents, -2, 2),
                   share = elb_trial_reals(trial, 1, draws, 0, 1),
                   code = elb_gapped_reals(trial, size->rows, 2 * latents, -3, 3);
    if (latents > 1) {
        ELB_PLACE(trial, elb_cols(code, latents, latents), -31, -31, 21, 21, -30, 20, 0, NAN);
        ELB_PLACE(trial, dz, 0x1p-40, -0x1p-40, 0, 0x1p40, INFINITY);
        ELB_PLACE(trial, spread, 0x1p-41, -0x1.fffffep-41, 0x1p-56, 1e4);
    }
    return launch_iwae_backward(trial->dev, (elb_range){size->rows, 1}, dcode, dz, z, spread, share, code, latents,
                                copies, dcode.stride, dz.stride, z.stride, spread.stride, code.stride, 0.3,
                                0x1.111112p-3);
}

const elb_row elb_row_iwae_backward = {.run = run_iwae_backward,
                                       .sizes = ELB_ROW_SIZES,
                                       .sound = "less(v, splat(-30)) & less(splat(0), dv)",
                                       .defect = "less(v, splat(-30)) & less(dv, splat(0))"};
