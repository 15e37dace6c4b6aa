#include "theory/linear.h"

#include <math.h>

static uint32_t usable(const elb_spectrum *s, uint32_t latent)
{
    return latent < s->count ? latent : s->count;
}

elb_linear elb_linear_at(const elb_spectrum *s, uint32_t latent, double t)
{
    elb_linear is = {.sse = s->trace};
    for (uint32_t k = 0; k < usable(s, latent) && s->eigenvalues[k] > t; k++) {
        is.active++;
        is.rate += 0.5 * log(s->eigenvalues[k] / t);
        is.sse -= s->eigenvalues[k] - t;
    }
    return is;
}

double elb_learnt_sigma2(const elb_spectrum *s, uint32_t latent, double beta)
{
    /* D s less the right side is negative at 0 and convex, so the root that is not 0 is the only one. */
    double low = 0, high = s->trace / s->pixels;
    for (int i = 0; i < 200 && high - low > 1e-15 * high; i++) {
        const double middle = 0.5 * (low + high);
        if (s->pixels * middle < elb_linear_at(s, latent, beta * middle).sse)
            low = middle;
        else
            high = middle;
    }
    return high;
}

double elb_learnt_collapse(const elb_spectrum *s)
{
    return s->trace > 0 ? s->pixels * s->eigenvalues[0] / s->trace : 0;
}

double elb_directions_at_rate(const elb_spectrum *s, double rate)
{
    double sum = 0; /* of log l_j over the first k */
    if (!(rate > 0)) return 0;
    for (uint32_t k = 0; k < s->count && s->eigenvalues[k] > 0; k++) {
        const double here = log(s->eigenvalues[k]);
        /* With exactly k directions, at the t where the next one, l_k, enters. */
        const double enters = 0.5 * (sum - k * here);
        if (enters >= rate && k > 0) {
            const double before = 0.5 * (sum - k * log(s->eigenvalues[k - 1]));
            return enters > before ? k - 1 + (rate - before) / (enters - before) : k;
        }
        sum += here;
    }
    return s->count;
}
