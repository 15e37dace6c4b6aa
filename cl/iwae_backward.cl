/* iwae_backward.cl - the way back through latent.cl where each datum was drawn `copies` times and its rates are those of the
 * draws: the total derivative through z.
 *
 *     g[k] = dz[k] + a[k] z[k]                          a = share weight scale, of copy k
 *     dmu  = sum_k g[k]
 *     dv   = sum_k (g[k] spread[k] - a[k] / 2)
 *
 * since the rate of a draw is 1/2 sum_j (z^2 - eps^2 - v) with z = mu + exp(v/2) eps. dz (data copies, latents): weighed by
 * share already, as is the decoder's gradient that it comes from; z and spread as latent.cl gives them; share (data
 * copies) from iwae.cl. dcode (data, 2 latents): dmu, then dv. Copies are added upwards; an a, g or spread below 2^-40
 * counts as 0. Where v is held at an end of [-30, 20] its gradient is 0 unless a step against it leads inwards. One
 * work-group per datum. */
#include "language.h"
#include "math.h"

kernel void iwae_backward(global real *dcode, global const real *dz, global const real *z, global const real *spread,
                          global const real *share, global const real *code, uint latents, uint copies, uint dcode_row,
                          uint dz_row, uint z_row, uint spread_row, uint code_row, real weight, real scale)
{
    const uint datum = (uint)get_group_id(0);
    const ulong first = (ulong)datum * copies;
    const real w = canonical_real(weight * scale);
    global const real *v_at = code + (ulong)datum * code_row + latents;
    global real *dmu_at = dcode + (ulong)datum * dcode_row, *dv_at = dmu_at + latents;
    for (uint t = 0; row_at(t) < latents; t++) {
        const uint j = row_at(t), left = latents - j;
        vreal dmu = splat(0), dv = splat(0);
        for (uint k = 0; k < copies; k++) {
            const ulong row = first + k;
            const vreal a = canonical(splat(share[row] * w));
            const vreal g = canonical(vfma(a, load_part(z + row * z_row + j, left), load_part(dz + row * dz_row + j, left)));
            dmu += g;
            dv += vfma(g, canonical(load_part(spread + row * spread_row + j, left)), splat((real)-0.5) * a);
        }
        const vreal v = load_part(v_at + j, left);
        const vint stuck = (less(v, splat(-30)) & less(splat(0), dv)) | (less(splat(20), v) & less(dv, splat(0)));
        store_part(dmu_at + j, canonical(dmu), left);
        store_part(dv_at + j, canonical(choose(stuck, splat(0), dv)), left);
    }
}
