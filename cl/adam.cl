/* adam.cl - one step of Adam over a flat vector of parameters.
 *
 *     g' = factor[0] g                   |g'| < 2^-57 counts as 0
 *     m  = beta1 m + (1 - beta1) g'      |m| < 2^-100 is stored as 0
 *     v  = beta2 v + (1 - beta2) g'^2    v < 2^-100 is stored as 0
 *     w  = w - rate m / (root sqrt(v) + epsilon)
 *
 * rate = learning rate / (1 - beta1^t) and root = 1 / sqrt(1 - beta2^t), from the host. Nothing changes while flag[0] is
 * not 0 (guard.cl). w is stored canonical. One work-item does BLOCK elements. Kingma & Ba 2015, algorithm 1. */
#include "language.h"
#include "math.h"

PROGRAM(step)

kernel void adam(global real *w, global real *m, global real *v, global const real *g, global const real *factor,
                 global const uint *flag, uint count, real beta1, real beta2, real epsilon, real rate, real root)
{
    const uint first = item_id() * BLOCK, end = count - first < BLOCK ? count : first + BLOCK;
    if (flag[0] || first >= count) return;
    const vreal keep_m = splat(beta1), keep_v = splat(beta2), add_m = splat(1 - beta1), add_v = splat(1 - beta2);
    const real by = factor[0];
    for (uint e = first; e < end; e += WIDTH) {
        const uint left = count - e;
        const vreal slope = zero_below(load_part(g + e, left) * splat(by), (real)0x1p-57f);
        const vreal m_new = vfma(keep_m, load_part(m + e, left), add_m * slope);
        const vreal v_new = vfma(keep_v, load_part(v + e, left), add_v * slope * slope);
        const vreal m_kept = zero_below(m_new, (real)0x1p-100f), v_kept = zero_below(v_new, (real)0x1p-100f);
        const vreal below = vfma(splat(root), vsqrt(v_kept), splat(epsilon));
        const vreal step = vdivide(m_kept, below);
        store_part(m + e, m_kept, left);
        store_part(v + e, v_kept, left);
        store_part(w + e, canonical(vfma(splat(-rate), step, load_part(w + e, left))), left);
    }
}
