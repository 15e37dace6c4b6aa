/* Rows of what only fast maths launches. */
#include "math/selftest_rows.h"

#include <math.h>

/* ---- epilogue: the last size's columns are more than a block ---- */

#define EPILOGUE_SIZES (ELB_ROW_SIZES + 1)

static elbow_status run_epilogue(elb_trial *trial, const void *options)
{
    const bool wide = trial->size == ELB_ROW_SIZES;
    const elb_extent extent = wide ? (elb_extent){2, 2051} : elb_row_sizes[trial->size];
    const elb_view c = elb_gapped_reals(trial, extent.rows, extent.cols, -1.5, 1.5);
    const elb_view y = elb_gapped_reals(trial, extent.rows, extent.cols, -0.25, 1);
    const elb_view bias = elb_trial_reals(trial, 1, extent.cols, -0.5, 0.5);
    elb_trial_compare(trial, c);
    ELB_PLACE(trial, bias, 0, 0, -1, 0, 0x1p-40, 0);
    ELB_PLACE(trial, c, 0x1p-41, -0.0, 1, NAN, -0x1.8p-40, -0x1p-40, INFINITY, -100);
    ELB_PLACE(trial, y, 0, 1, 0x1p-40);
    return launch_epilogue(trial->dev, options, elb_matrix_range(trial->dev, extent.rows, extent.cols), c, bias, y,
                           extent.cols, c.stride, y.stride);
}

static bool epilogue_sensible(const void *options)
{
    const struct epilogue_options *o = options;
    return elb_product_sensible(o->activation, o->gradient, o->bias);
}

const elb_row elb_row_epilogue = {.run = run_epilogue,
                                  .sizes = EPILOGUE_SIZES,
                                  .sound = "c_here + j, finish_product(sum, bias + j",
                                  .defect = "c_here + j, finish_product(sum, bias",
                                  .sensible = epilogue_sensible};
