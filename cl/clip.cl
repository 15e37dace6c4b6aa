/* clip.cl - what a gradient is multiplied by so that its norm is at most limit.
 *
 *     factor[0] = min(1, limit / sqrt(norm2[0]))
 *
 * 1 if limit is below 2^-100. Pascanu, Mikolov & Bengio 2013. One work-item. */
#include "language.h"
#include "math.h"

kernel void clip(global real *factor, global const real *norm2, real limit)
{
    if (item_id() > 0) return;
    const vreal norm = vsqrt(splat(norm2[0])), most = zero_below(splat(limit), (real)0x1p-100f);
    const vint cut = less(splat(0), most) & less(most, norm);
    store_part(factor, choose(cut, vdivide(most, norm), splat(1)), 1);
}
