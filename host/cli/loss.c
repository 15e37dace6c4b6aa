/* loss.c - from the loss as people write it to the recipe's likelihood, and back. */
#include "cli/loss.h"

#include <math.h>

static const double variances[] = {[LOSS_SSE] = 0.5, [LOSS_HALF_SSE] = 1, [LOSS_BCE] = 1};

cli_loss cli_loss_default(void)
{
    cli_loss loss = {.recipe = elbow_recipe_default(), .loss = LOSS_SSE, .sigma = 1};
    loss.recipe.likelihood = ELBOW_GAUSSIAN;
    loss.recipe.sigma2 = variances[LOSS_SSE];
    return loss;
}

void cli_loss_settle(cli_loss *loss, const cli_args *args)
{
    if (cli_given(args, "sigma")) {
        loss->recipe.likelihood = ELBOW_GAUSSIAN;
        loss->recipe.sigma2 = loss->sigma * loss->sigma;
    } else if (cli_given(args, "loss")) {
        loss->recipe.likelihood = loss->loss == LOSS_BCE ? ELBOW_BERNOULLI : ELBOW_GAUSSIAN;
        loss->recipe.sigma2 = variances[loss->loss];
    }
}

char *cli_loss_text(char out[48], const elbow_recipe *recipe)
{
    const double off_sse = fabs(recipe->sigma2 - variances[LOSS_SSE]);
    const double off_half = fabs(recipe->sigma2 - variances[LOSS_HALF_SSE]);
    if (recipe->likelihood == ELBOW_BERNOULLI)
        snprintf(out, 48, "bce");
    else if (recipe->likelihood != ELBOW_GAUSSIAN)
        snprintf(out, 48, "%s", elbow_likelihood_name(recipe->likelihood));
    else if (recipe->spread != ELBOW_SPREAD_FIXED)
        snprintf(out, 48, "gaussian, sigma found in training");
    else if (off_sse < 1e-12 || off_half < 1e-12)
        snprintf(out, 48, off_sse < off_half ? "sse" : "half-sse");
    else
        snprintf(out, 48, "gaussian sigma %.4g", sqrt(recipe->sigma2));
    return out;
}
