/* elbo.cl - the reconstruction term of the ELBO and its gradient, in one pass.
 *
 *     loss[i]    = -log p(x_i | y_i)            nats without the density's constants (density.h), one per row
 *     sse[i]     = |x_i - mean(y_i)|^2
 *     dy[i,j]    = d loss[i] / d y[i,j] * REC_WEIGHT scale
 *     widen[i,j] = d loss[i] / d p[j] * REC_WEIGHT scale       EACH: p (cols), one for each pixel
 *     widen[i]   = the same, summed over the row               SHARED: p (1), one for all
 *
 * y (rows, cols): the decoder's output: logits for BERNOULLI; for GAUSSIAN the means, or, with OUTPUT SIGMOID, what the
 * means are the sigmoid of.  x (rows, cols): data.  p: the parameters of the log sigma, softly clipped; OPTIMAL: p (1) is
 * the log sigma itself; FIXED: not read, nor is widen written.
 * dy may be y. One work-group per row; every sum in the order of "row sums" (docs/bits.md); sums are stored canonical.
 * Kingma & Welling 2013, appendix C; Rybkin et al. 2021 for the learnt and the optimal sigma. */
#include "choices.h"
#include "density.h"
#include "language.h"
#include "math.h"

OPTION(LIKELIHOOD, BERNOULLI, "p(x|z): BERNOULLI or GAUSSIAN")
OPTION(OUTPUT, SIGMOID, "GAUSSIAN's mean of the decoder's output: SIGMOID or IDENTITY")
OPTION(SPREAD, FIXED, "where GAUSSIAN's sigma comes from: FIXED, SHARED, EACH or OPTIMAL")
OPTION(PRECISION, 1.0f, "FIXED: 1/sigma^2 of GAUSSIAN")
OPTION(REC_WEIGHT, 1.0f, "factor of the gradient: 1/cols where pixels are averaged")

kernel void elbo(global real *loss, global real *sse, global real *dy, global real *widen, global const real *y,
                 global const real *x, global const real *p, uint cols, uint dy_row, uint widen_row, uint y_row,
                 uint x_row, real scale)
{
    local real scratch[LANES];
    const uint row = (uint)get_group_id(0);
    const real factor = REC_WEIGHT * scale;
    global real *dy_row_at = dy + (ulong)row * dy_row, *widen_row_at = widen + (ulong)row * widen_row;
    global const real *y_row_at = y + (ulong)row * y_row, *x_row_at = x + (ulong)row * x_row;
    lanes losses, squares, widths;
    lanes_zero(&losses);
    lanes_zero(&squares);
    lanes_zero(&widths);
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        spread s;
        s.log = splat(0);
        s.inverse = splat(PRECISION);
        s.known = SPREAD == FIXED;
        vreal clip_slope = splat(1);
        if (SPREAD != FIXED) {
            const vreal parameter = SPREAD == EACH ? load_part(p + j, left) : splat(p[0]);
            s.log = SPREAD == OPTIMAL ? parameter : softly_clipped(parameter);
            s.inverse = vexp(splat(-2) * s.log);
            clip_slope = soft_clip_slope(parameter);
        }
        const density d = evaluate(LIKELIHOOD, load_part(y_row_at + j, left), load_part(x_row_at + j, left), OUTPUT, s);
        lanes_add(&losses, keep_part(d.term, left), t);
        lanes_add(&squares, keep_part(d.error * d.error, left), t);
        store_part(dy_row_at + j, canonical(d.slope * splat(factor)), left);
        if (SPREAD == EACH) store_part(widen_row_at + j, canonical(d.widen * clip_slope * splat(factor)), left);
        if (SPREAD == SHARED) lanes_add(&widths, keep_part(d.widen * clip_slope, left), t);
    }
    const real row_loss = lanes_total(&losses, scratch), row_sse = lanes_total(&squares, scratch);
    const real row_widen = SPREAD == SHARED ? lanes_total(&widths, scratch) : 0;
    if (get_local_id(0) == 0) {
        loss[row] = canonical_real(row_loss);
        sse[row] = canonical_real(row_sse);
        if (SPREAD == SHARED) widen_row_at[0] = canonical_real(row_widen * factor);
    }
}
