/* weigh.cl - weights of the KL term that follow from what the whole batch measures.
 *
 * sums: of the batch, over its data: the rate of each latent, then the distortion, the rate and the squared error; times
 * share (1 over the number of data) they are means, written with a bar. weights (latents) is what latent_backward.cl takes.
 *
 *   FREE_BITS          weight where the rate of a latent's group is above target, else 0: the objective max(target, K) of
 *                      each group of `group` neighbouring latents (Kingma et al. 2016, appendix C.8)
 *   CAPACITY           weight times the sign of K - target: the objective weight |K - target| (Burgess et al. 2018, eq. 8)
 *   LEAST_RATE         weight where K > target, else 0: the objective weight max(K, target)
 *   TARGET_DISTORTION  weight / lambda: log lambda += gain times the moving average of (R - target), in units of 1 / pull
 *                      and held in [-1, 1]: what is far off early in a run, because nothing is learnt yet, winds up no
 *                      more than as much too little unwinds (after Rezende & Viola 2018, algorithm 1, where lambda
 *                      multiplies the reconstruction)
 *   TARGET_RATE        weight times gain / (1 + exp(target - K)) + integral, held in [0, most], with integral += pull
 *                      (K - target), held there too, so that it does not wind up (Shao et al. 2020, algorithm 1)
 *
 * state and next (4): log lambda or the integral; the moving average, or the other addend; 1 once it has begun; the weight. next takes state's
 * place when the step is done (settle.cl). Sums that are not finite leave the state as it is. One work-item. */
#include "choices.h"
#include "language.h"
#include "math.h"

OPTION(RULE, FREE_BITS, "FREE_BITS, CAPACITY, LEAST_RATE, TARGET_DISTORTION or TARGET_RATE")

FUNCTION real between(real x, real low, real high)
{
    return x < low ? low : x > high ? high : x;
}

FUNCTION int is_finite(real x)
{
    return x - x == 0;
}

kernel void weigh(global real *weights, global real *next, global const real *sums, global const real *state,
                  uint latents, uint group, real share, real weight, real target, real gain, real pull, real most)
{
    if (item_id() > 0) return;
    const real distortion = sums[latents] * share, rate = sums[latents + 1] * share;
    real kept = state[0], average = state[1], begun = state[2], all = weight;
    if (RULE == CAPACITY) all = rate > target ? weight : rate < target ? -weight : 0;
    if (RULE == LEAST_RATE) all = rate > target ? weight : 0;
    if (RULE == TARGET_DISTORTION) {
        const real above = distortion - target;
        if (is_finite(above)) {
            average = begun > 0 ? rfma((real)0.1f, above - average, average) : above;
            kept = between(rfma(gain, between(canonical_real(average * pull), -1, 1), kept), -20, 20);
            begun = 1;
        }
        all = canonical_real(weight * rexp(-kept));
    }
    if (RULE == TARGET_RATE) {
        const real above = rate - target;
        if (is_finite(above)) {
            kept = between(rfma(pull, above, kept), 0, most);
            average = canonical_real(gain * first_lane(vsigmoid(splat(above))));
            begun = 1;
        }
        all = canonical_real(weight * between(average + kept, 0, most));
    }
    next[0] = kept;
    next[1] = average;
    next[2] = begun;
    next[3] = all;
    for (uint first = 0; first < latents; first += group) {
        const uint end = latents - first < group ? latents : first + group;
        real together = 0, w = all;
        if (RULE == FREE_BITS) {
            for (uint j = first; j < end; j++) together += sums[j] * share;
            w = together > target ? weight : 0;
        }
        for (uint j = first; j < end; j++) weights[j] = w;
    }
}
