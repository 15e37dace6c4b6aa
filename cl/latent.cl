/* latent.cl - a draw from q(z|x), and its divergence from the prior.
 *
 *     z      = mu + exp(v/2) eps             eps ~ N(0, I) by Philox (cl/random.h); noise 0: z = mu
 *     spread = d z / d v = exp(v/2) eps / 2  for the way back
 *     kl[i]  = sum_j parts[i,j]
 *     parts[i,j] = 1/2 (mu^2 + expm1(v) - v), the divergence; sampled: 1/2 (z^2 - eps^2 - v), which is
 *                  log q(z|x) - log p(z) of the draw: the divergence is its mean over draws
 *
 * Each datum is drawn `copies` times: row i is datum i / copies, draw + i % copies. code (data, 2 latents): mu, then
 * v = log sigma^2 held in [-30, 20]; clamped (data) counts those that had to be. sample (data): the datum's index in the
 * data set, which with purpose, draw and seed says which noise it gets. One work-group per row. Kingma & Welling 2013,
 * section 2.4 and appendix B; Burda et al. 2015 for several draws. */
#include "language.h"
#include "math.h"
#include "random.h"

PROGRAM(step)

kernel void latent(global real *z, global real *spread, global real *kl, global real *parts, global uint *clamped,
                   global const real *code, global const uint *sample, uint latents, uint copies, uint z_row,
                   uint spread_row, uint parts_row, uint code_row, ulong seed, uint purpose, uint draw,
                   int noise, int sampled)
{
    local real scratch[2 * LANES];
    const uint row = (uint)get_group_id(0), datum = row / copies, copy = row % copies;
    global const real *mu_at = code + (ulong)datum * code_row, *v_at = mu_at + latents;
    lanes rates, outside;
    lanes_zero(&rates);
    lanes_zero(&outside);
    for (uint t = 0; row_at(t) < latents; t++) {
        const uint j = row_at(t), left = latents - j;
        const vreal mu = load_part(mu_at + j, left), logvar = load_part(v_at + j, left);
        const vreal v = clamp_between(logvar, -30, 20);
        vreal eps = splat(0), slope = splat(0);
        if (noise) {
            eps = normals(seed, purpose, draw + copy, sample[datum], j);
            slope = vexp(v * splat((real)0.5)) * eps;
        }
        const vreal drawn = canonical(mu + slope);
        const vreal twice = sampled ? vfma(drawn, drawn, -(eps * eps)) : vfma(mu, mu, vexpm1(v));
        const vreal rate = splat((real)0.5) * (twice - v);
        const vint out = less(logvar, splat(-30)) | less(splat(20), logvar);
        store_part(z + (ulong)row * z_row + j, drawn, left);
        store_part(spread + (ulong)row * spread_row + j, splat((real)0.5) * slope, left);
        store_part(parts + (ulong)row * parts_row + j, canonical(rate), left);
        lanes_add(&rates, keep_part(rate, left), t);
        lanes_add(&outside, choose(out, splat(1), splat(0)), t);
    }
    lanes_lay(&rates, scratch);
    lanes_lay(&outside, scratch + LANES);
    const real row_rate = lanes_sum(&rates, scratch), row_outside = lanes_sum(&outside, scratch + LANES);
    if (get_local_id(0) == 0) {
        kl[row] = canonical_real(row_rate);
        if (copy == 0) clamped[datum] = (uint)row_outside;
    }
}
