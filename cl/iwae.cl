/* iwae.cl - the importance-weighted bound on log p(x) from `copies` draws for each datum, and what each draw counts in its
 * gradient.
 *
 *     log w[k] = -(loss[k] + beta rate[k])                  copies k of one datum
 *     bound[i] = -log (sum_k w[k] / copies)                 nats, to be minimised
 *     share[k] = w[k] / sum w                               d bound = sum_k share[k] d (loss[k] + beta rate[k])
 *     mean_loss[i], mean_rate[i]: over the datum's copies
 *
 * loss, rate and share (data copies): datum i's from i copies on; rate: that of the draw (latent.cl). bound, mean_loss,
 * mean_rate (data). The largest log weight is taken out before any weight is computed; then one below 2^-40 counts as 0,
 * and so does such a beta. One work-group per datum; sums in the order of "row sums" (docs/bits.md). Burda et al. 2015,
 * equations 8 and 14. */
#include "language.h"
#include "math.h"

/* Of WIDTH copies from the k-th on, their end excluded; negative infinity past the end. */
FUNCTION vreal log_weights(global const real *loss, global const real *rate, uint k, uint copies, real beta)
{
    const uint left = copies - k;
    const int held = left < (uint)WIDTH ? (int)left : WIDTH;
    const vreal nothing = -from_bits(splat_int(REAL_INF_BITS));
    const vreal x = -vfma(splat(beta), load_part(rate + k, left), load_part(loss + k, left));
    return choose(MASK(iota() < splat_int(held)), x, nothing);
}

/* The largest lane. */
FUNCTION real lane_most(vreal v)
{
#if WIDTH == 1
    return v;
#else
    real lane[WIDTH];
    store_private(lane, v);
    for (int l = 1; l < WIDTH; l++) lane[0] = lane[0] < lane[l] ? lane[l] : lane[0];
    return lane[0];
#endif
}

kernel void iwae(global real *bound, global real *mean_loss, global real *mean_rate, global real *share,
                 global const real *loss, global const real *rate, uint copies, real beta)
{
    local real scratch[3 * LANES];
    const uint datum = (uint)get_group_id(0);
    const real b = canonical_real(beta), one = rdivide(1, (real)copies);
    global const real *loss_at = loss + (ulong)datum * copies, *rate_at = rate + (ulong)datum * copies;
    global real *share_at = share + (ulong)datum * copies;
    vreal largest = log_weights(loss_at, rate_at, 0, copies, b);
    for (uint k = WIDTH; k < copies; k += WIDTH) largest = vmax(largest, log_weights(loss_at, rate_at, k, copies, b));
    const real most = lane_most(largest);
    lanes weights, losses, rates;
    lanes_zero(&weights);
    lanes_zero(&losses);
    lanes_zero(&rates);
    for (uint t = 0; row_at(t) < copies; t++) {
        const uint k = row_at(t), left = copies - k;
        lanes_add(&weights, canonical(vexp(log_weights(loss_at, rate_at, k, copies, b) - splat(most))), t);
        lanes_add(&losses, load_part(loss_at + k, left), t);
        lanes_add(&rates, load_part(rate_at + k, left), t);
    }
    lanes_lay(&weights, scratch);
    lanes_lay(&losses, scratch + LANES);
    lanes_lay(&rates, scratch + 2 * LANES);
    const real sum = lanes_sum(&weights, scratch), all_loss = lanes_sum(&losses, scratch + LANES),
               all_rate = lanes_sum(&rates, scratch + 2 * LANES);
    for (uint t = 0; row_at(t) < copies; t++) {
        const uint k = row_at(t);
        const vreal weight = canonical(vexp(log_weights(loss_at, rate_at, k, copies, b) - splat(most)));
        store_part(share_at + k, canonical(vdivide(weight, splat(sum))), copies - k);
    }
    if (get_local_id(0) == 0) {
        bound[datum] = canonical_real(-(most + rlog(sum * one)));
        mean_loss[datum] = canonical_real(all_loss * one);
        mean_rate[datum] = canonical_real(all_rate * one);
    }
}
