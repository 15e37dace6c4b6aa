/* elbo.cl - the reconstruction term of the ELBO and its gradient, in one pass.
 *
 *     loss[i]  = -log p(x_i | y_i)            nats without the density's constants, one per row
 *     sse[i]   = |x_i - mean(y_i)|^2
 *     dy[i,j]  = d loss[i] / d y[i,j] * REC_WEIGHT scale
 *
 * y (rows, cols): the decoder's output: logits for BERNOULLI; for GAUSSIAN the means, or, with OUTPUT SIGMOID, what the
 * means are the sigmoid of.  x (rows, cols): data.
 * dy may be y.  An error mean(y) - x below 2^-40 counts as 0, and so does one times PRECISION below 2^-80: no square is
 * subnormal. One work-group per row; every sum in the order of "row sums" (docs/bits.md); sums are stored canonical.
 * Kingma & Welling 2013, appendix C. */
#include "choices.h"
#include "language.h"
#include "math.h"

OPTION(LIKELIHOOD, BERNOULLI, "p(x|z): BERNOULLI or GAUSSIAN")
OPTION(OUTPUT, SIGMOID, "GAUSSIAN's mean of the decoder's output: SIGMOID or IDENTITY")
OPTION(PRECISION, 1.0f, "1/sigma^2 of GAUSSIAN")
OPTION(REC_WEIGHT, 1.0f, "factor of the gradient: 1/cols where pixels are averaged")

kernel void elbo(global real *loss, global real *sse, global real *dy, global const real *y, global const real *x,
                 uint cols, uint dy_row, uint y_row, uint x_row, real scale)
{
    local real scratch[LANES];
    const uint row = (uint)get_group_id(0);
    const real factor = REC_WEIGHT * scale;
    global real *dy_row_at = dy + (ulong)row * dy_row;
    global const real *y_row_at = y + (ulong)row * y_row, *x_row_at = x + (ulong)row * x_row;
    lanes losses, squares;
    lanes_zero(&losses);
    lanes_zero(&squares);
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        const vreal out = load_part(y_row_at + j, left), datum = load_part(x_row_at + j, left);
        vreal term, slope, error;
        if (LIKELIHOOD == BERNOULLI) {
            term = keep_part(vfma(-datum, out, vsoftplus(out)), left);
            slope = error = canonical(vsigmoid(out) - datum);
        } else {
            const vreal mean = OUTPUT == SIGMOID ? vsigmoid(out) : out;
            error = canonical(mean - datum);
            slope = zero_below(error * splat(PRECISION), (real)0x1p-80f);
            term = keep_part(splat((real)0.5) * error * slope, left);
            if (OUTPUT == SIGMOID) slope = canonical(slope) * canonical(vfma(-mean, mean, mean));
        }
        lanes_add(&losses, term, t);
        lanes_add(&squares, keep_part(error * error, left), t);
        store_part(dy_row_at + j, canonical(slope * splat(factor)), left);
    }
    const real row_loss = lanes_total(&losses, scratch), row_sse = lanes_total(&squares, scratch);
    if (get_local_id(0) == 0) {
        loss[row] = canonical_real(row_loss);
        sse[row] = canonical_real(row_sse);
    }
}
