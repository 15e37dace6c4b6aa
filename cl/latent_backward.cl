/* latent_backward.cl - the way back through latent.cl.
 *
 *     dmu = dz + w mu                    w = scale times the weight of the KL term
 *     dv  = dz spread + w expm1(v) / 2
 *
 * The weight is WEIGHT, built in; or the argument weight; or GIVEN: of row i and latent j it is weights[i weights_row + j
 * weights_col], with weights_col 1 or, for one weight for all latents, 0. It may be negative.
 * dcode (rows, 2 latents): dmu, then dv; code and spread as in latent.cl. Where v is held at an end of [-30, 20] its
 * gradient is 0 unless a step against it leads inwards. One work-group per row; dcode may be code. */
#include "choices.h"
#include "language.h"
#include "math.h"

OPTION(WEIGHT, 1.0f, "CONSTANT: of the KL term, 1/latents included where latents are averaged")
OPTION(WEIGHTING, CONSTANT, "where the weight comes from: CONSTANT, ARGUMENT or GIVEN")

PROGRAM(step)

kernel void latent_backward(global real *dcode, global const real *dz, global const real *code,
                            global const real *spread, global const real *weights, uint latents, uint dcode_row,
                            uint dz_row, uint code_row, uint spread_row, uint weights_row, uint weights_col,
                            real weight, real scale)
{
    const uint row = (uint)get_group_id(0);
    global const real *mu_at = code + (ulong)row * code_row, *v_at = mu_at + latents;
    global real *dmu_at = dcode + (ulong)row * dcode_row, *dv_at = dmu_at + latents;
    global const real *weights_at = weights + (ulong)row * weights_row;
    for (uint t = 0; row_at(t) < latents; t++) {
        const uint j = row_at(t), left = latents - j;
        vreal given = splat(WEIGHTING == ARGUMENT ? weight : (real)WEIGHT);
        if (WEIGHTING == GIVEN) given = weights_col ? load_part(weights_at + j, left) : splat(weights_at[0]);
        const vreal w = zero_below(given * splat(scale), (real)0x1p-100f); /* halved below: it must not become subnormal */
        const vreal mu = load_part(mu_at + j, left), logvar = load_part(v_at + j, left);
        const vreal v = clamp_between(logvar, -30, 20), d = load_part(dz + (ulong)row * dz_row + j, left);
        const vreal slope = load_part(spread + (ulong)row * spread_row + j, left);
        vreal dv = vfma(splat((real)0.5) * w, vexpm1(v), d * slope);
        const vint stuck = (less(logvar, splat(-30)) & less(splat(0), dv)) | (less(splat(20), logvar) & less(dv, splat(0)));
        dv = choose(stuck, splat(0), dv);
        store_part(dmu_at + j, canonical(vfma(w, mu, d)), left);
        store_part(dv_at + j, canonical(dv), left);
    }
}
