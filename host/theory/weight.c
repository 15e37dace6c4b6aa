/* weight.c - what a weight on the KL term means: the conversions of docs/weight.md.
 *
 * The objective a R + w b K, with a = 1/D where R is a mean over the pixels and b = 1/M where K is a mean over the
 * latents, has the optima of R + (w b / a) K: that factor is beta on the ELBO's scale. With R = SSE / (2 s) it also has
 * those of the plain ELBO at variance s beta. One number in two readings, never to be multiplied. A mean over the batch
 * scales both terms alike and changes nothing here. */
#include "base/base.h"

#include <math.h>

/* b / a */
static double factor(const elbow_recipe *recipe, uint32_t pixels)
{
    double value = 1;
    if (recipe->pixels == ELBOW_MEAN) value *= (double)pixels;
    if (recipe->latents == ELBOW_MEAN) value /= (double)recipe->latent;
    return value;
}

elbow_weight elbow_explain(const elbow_recipe *recipe, uint32_t pixels)
{
    const double beta = recipe->weight * factor(recipe, pixels);
    const bool known = recipe->likelihood == ELBOW_GAUSSIAN && recipe->spread == ELBOW_SPREAD_FIXED;
    return (elbow_weight){.beta = beta,
                          .beta_norm = beta * (double)recipe->latent / (double)pixels,
                          .sigma2 = known ? recipe->sigma2 * beta : (double)NAN};
}

double elbow_weight_for_beta(const elbow_recipe *recipe, uint32_t pixels, double beta)
{
    return beta / factor(recipe, pixels);
}

/* found: the density's scale is, in training. */
static void effect(char *out, size_t size, const elbow_weight *means, bool found)
{
    const double beta = means->beta;
    const bool gaussian = isfinite(means->sigma2);
    char same[96] = "";
    if (found) elb_format(same, sizeof same, ", whose scale of p(x|z) is found in training");
    if (gaussian)
        elb_format(same, sizeof same,
                   "; this loss has the same optimum as the plain ELBO with decoder variance sigma^2 %.4g",
                   means->sigma2);
    if (beta == 0)
        elb_format(out, size, "no KL term at all, an autoencoder whose latents need not match the prior");
    else if (fabs(beta - 1) < 1e-9 && gaussian)
        elb_format(out, size, "the plain ELBO with decoder variance sigma^2 %.4g", means->sigma2);
    else if (fabs(beta - 1) < 1e-9)
        elb_format(out, size, "the plain ELBO%s", same);
    else if (beta > 1)
        elb_format(out, size, "the KL term weighs %.4g times more than in the ELBO%s", beta, same);
    else
        elb_format(out, size, "the KL term weighs %.4g times less than in the ELBO%s", 1 / beta, same);
}

void elbow_weight_sentence(char *out, size_t size, const elbow_recipe *recipe, uint32_t pixels)
{
    const elbow_weight means = elbow_explain(recipe, pixels);
    char what[256], written[96] = "";
    effect(what, sizeof what, &means, recipe->spread != ELBOW_SPREAD_FIXED);
    if (recipe->pixels != ELBOW_SUM || recipe->latents != ELBOW_SUM)
        elb_format(written, sizeof written, "weight %.4g with the pixels' %s and the latents' %s is ", recipe->weight,
                   recipe->pixels == ELBOW_MEAN ? "mean" : "sum", recipe->latents == ELBOW_MEAN ? "mean" : "sum");
    elb_format(out, size, "%sbeta %.4g on the ELBO's scale (beta_norm %.3g): %s", written, means.beta, means.beta_norm,
               what);
}
