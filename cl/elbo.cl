/* elbo.cl - the reconstruction term of the ELBO and its gradient, in one pass.
 *
 *     loss[i]    = -log p(x_i | y_i)            nats without the density's constants (density.h), one per row
 *     sse[i]     = |x_i - mean(y_i)|^2
 *     dy[i,j]    = d loss[i] / d y[i,j] * scale
 *     widen[i,j] = d loss[i] / d p[j] * scale                  EACH: p (cols), one for each pixel
 *     widen[i]   = the same, summed over the row               SHARED: p (1), one for all
 *
 * y (rows, cols): the decoder's output: logits for BERNOULLI and CONTINUOUS_BERNOULLI, logarithms of the mean for POISSON
 * and NEGATIVE_BINOMIAL; for the others the locations, or, with OUTPUT SIGMOID, what these are the sigmoid of.  x (rows /
 * copies, cols): data, of which row i is i / copies.  p: the parameters of the log spread, softly clipped; OPTIMAL: p (1) is the log spread itself; FIXED: not
 * read, nor is widen written.
 * dy may be y. One work-group per row; every sum in the order of "row sums" (docs/bits.md); sums are stored canonical.
 * Kingma & Welling 2013, appendix C; Rybkin et al. 2021 for the learnt and the optimal sigma. */
#include "choices.h"
#include "density.h"
#include "language.h"
#include "math.h"

OPTION(LIKELIHOOD, BERNOULLI, "p(x|z)")
OPTION(OUTPUT, SIGMOID, "the location of GAUSSIAN, LAPLACE, DISCRETISED_LOGISTIC of the decoder's output: SIGMOID or IDENTITY")
OPTION(SPREAD, FIXED, "where the density's spread comes from: FIXED, SHARED, EACH or OPTIMAL")
OPTION(PRECISION, 1.0f, "FIXED: 1/sigma^2 of GAUSSIAN, 1/b of LAPLACE, 1/s of DISCRETISED_LOGISTIC, r of NEGATIVE_BINOMIAL")

PROGRAM(step)

kernel void elbo(global real *loss, global real *sse, global real *dy, global real *widen, global const real *y,
                 global const real *x, global const real *p, uint cols, uint dy_row, uint widen_row, uint y_row,
                 uint x_row, uint copies, real scale)
{
    local real scratch[3 * LANES];
    const uint row = (uint)get_group_id(0);
    global real *dy_row_at = dy + (ulong)row * dy_row, *widen_row_at = widen + (ulong)row * widen_row;
    global const real *y_row_at = y + (ulong)row * y_row, *x_row_at = x + (ulong)(row / copies) * x_row;
    lanes losses, squares, widths;
    lanes_zero(&losses);
    lanes_zero(&squares);
    lanes_zero(&widths);
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        spread s = fixed_spread(PRECISION);
        vreal clip_slope = splat(1);
        if (SPREAD != FIXED) {
            const vreal parameter = SPREAD == EACH ? load_part(p + j, left) : splat(p[0]);
            s = spread_of(LIKELIHOOD, SPREAD == OPTIMAL ? parameter : softly_clipped(parameter));
            clip_slope = canonical(soft_clip_slope(parameter));
        }
        const density d = evaluate(LIKELIHOOD, load_part(y_row_at + j, left), load_part(x_row_at + j, left), OUTPUT, s);
        lanes_add(&losses, keep_part(d.term, left), t);
        lanes_add(&squares, keep_part(d.error * d.error, left), t);
        store_part(dy_row_at + j, canonical(d.slope * splat(scale)), left);
        const vreal widen_p = canonical(finite_part(d.widen)) * clip_slope;
        if (SPREAD == EACH) store_part(widen_row_at + j, canonical(widen_p * splat(scale)), left);
        if (SPREAD == SHARED) lanes_add(&widths, keep_part(widen_p, left), t);
    }
    lanes_lay(&losses, scratch);
    lanes_lay(&squares, scratch + LANES);
    lanes_lay(&widths, scratch + 2 * LANES);
    const real row_loss = lanes_sum(&losses, scratch), row_sse = lanes_sum(&squares, scratch + LANES);
    const real row_widen = SPREAD == SHARED ? lanes_sum(&widths, scratch + 2 * LANES) : 0;
    if (get_local_id(0) == 0) {
        loss[row] = canonical_real(row_loss);
        sse[row] = canonical_real(row_sse);
        if (SPREAD == SHARED) widen_row_at[0] = canonical_real(row_widen * scale);
    }
}
