/* optimum.cl - the sigma that fits a batch best, and its running value for evaluation.
 *
 *     p[0]    = log sigma,   sigma^2 = sse share, sse[0] summed over the batch, share = 1 / (data pixels)
 *     next[0] = log of the root of the moving average of sigma^2, which takes `part` of this batch's
 *
 * running (1): that of the steps before. sigma is held at e^-6 from below, and the running value stays where sse is not
 * finite; next takes its place when the step is done (settle.cl). Rybkin et al. 2021, eq. 5. One work-item. */
#include "choices.h"
#include "language.h"
#include "math.h"

kernel void optimum(global real *p, global real *next, global const real *sse, global const real *running, real share,
                    real part)
{
    if (item_id() > 0) return;
    const real least = (real)0x1.9c54c4p-18f; /* e^-12 */
    const real mean = sse[0] * share, now = mean < least ? least : mean;
    const real before = rexp(2 * running[0]);
    const real after = rfma(part, now - before, before);
    p[0] = (real)0.5f * rlog(now);
    next[0] = now - now == 0 ? (real)0.5f * rlog(after) : running[0];
}
