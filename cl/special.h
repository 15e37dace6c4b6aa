/* special.h - functions that a few densities need, made as those of math.h are: polynomials on explicit fma, the same
 * bits on every device.
 *
 * Largest errors in units of the last place, over all floats of the range that stands beside each, by tools/check_math;
 * langevin is odd and log_sinhc even, to the bit:
 *
 *     log_sinhc        2.365   2^-60 to 1     langevin         1.796   2^-60 to 1
 *     stirling         2.301   1 to 2^60      stirling_slope   2.361   1 to 2^60
 *                     20.154   2^-126 to 1                    14.622   2^-126 to 1
 *
 * The last two are wide because the step from 1 + z cancels just below 1: by some 2e-7, in terms that are added to
 * others of about 1.
 */
#ifndef SPECIAL_H
#define SPECIAL_H

#include "math.h"

#ifdef ELB_FLOAT64
#include "special_libm.h"
#else

/* log(sinh(v) / v), |v| <= 1; what is below 2^-60 counts as 0. */
FUNCTION vreal vlog_sinhc(vreal v)
{
    const vreal kept = zero_below(v, 0x1p-60f), u = kept * kept;
    vreal q = splat(0x1.3d183ap-19f);
    q = vfma(q, u, splat(-0x1.cb4aeep-16f));
    q = vfma(q, u, splat(0x1.729422p-12f));
    q = vfma(q, u, splat(-0x1.6c193cp-8f));
    return u * vfma(q, u, splat(0x1.555556p-3f));
}

/* Langevin's function, coth(v) - 1/v, |v| <= 1. */
FUNCTION vreal vlangevin(vreal v)
{
    const vreal kept = zero_below(v, 0x1p-60f), u = kept * kept;
    vreal q = splat(0x1.2b50a2p-16f);
    q = vfma(q, u, splat(-0x1.b88feap-13f));
    q = vfma(q, u, splat(0x1.156cbp-9f));
    q = vfma(q, u, splat(-0x1.6c177ap-6f));
    return kept * vfma(q, u, splat(0x1.555556p-2f));
}

/* What Stirling's formula leaves over (Binet's function): log Gamma(z) - (z - 1/2) log z + z - log(2 pi)/2 for z from 0
 * to 2^60; about 1/(12 z). log_z says what z is where that is too small for a float. Below 1 by the step from 1 + z. */
FUNCTION vreal vstirling(vreal z, vreal log_z)
{
    const vint low = less(z, splat(1));
    const vreal w = vreciprocal(choose(low, z + splat(1), z));
    vreal q = splat(-0x1.c3bf44p-17f);
    q = vfma(q, w, splat(0x1.8495ap-13f));
    q = vfma(q, w, splat(-0x1.6df8eep-11f));
    q = vfma(q, w, splat(0x1.1e9d46p-10f));
    q = vfma(q, w, splat(-0x1.200c86p-14f));
    q = vfma(q, w, splat(-0x1.6b115ep-9f));
    q = vfma(q, w, splat(-0x1.6f4ca2p-22f));
    const vreal rest = w * vfma(q, w, splat(0x1.555556p-4f));
    const vreal step = vfma(z + splat(0.5f), vlog1p(z) - log_z, splat(-1));
    return choose(low, rest + step, rest);
}

/* -2 z times its slope: 1 at z = 0, about 1/(6 z) for a large z. */
FUNCTION vreal vstirling_slope(vreal z, vreal log_z)
{
    const vint low = less(z, splat(1));
    const vreal w = vreciprocal(choose(low, z + splat(1), z));
    vreal q = splat(0x1.0e1c44p-11f);
    q = vfma(q, w, splat(-0x1.7f0224p-9f));
    q = vfma(q, w, splat(0x1.950fdep-8f));
    q = vfma(q, w, splat(-0x1.292fbap-8f));
    q = vfma(q, w, splat(-0x1.04d152p-8f));
    q = vfma(q, w, splat(0x1.34efecp-7f));
    q = vfma(q, w, splat(-0x1.264998p-12f));
    q = vfma(q, w, splat(-0x1.10a636p-6f));
    q = vfma(q, w, splat(-0x1.d772bcp-21f));
    const vreal rest = w * vfma(q, w, splat(0x1.555556p-3f));
    const vreal step = vfma(splat(-2) * z, vlog1p(z) - log_z, vfma(z, w, splat(1)));
    return choose(low, vfma(z * w, rest, step), rest);
}

#endif

#endif
