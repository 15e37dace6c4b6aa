#include "nn/likelihood.h"

#include "../cl/choices.h"

#include <math.h>

/* The kernels' enumerators are the public ones'. */
_Static_assert((int)BERNOULLI == (int)ELBOW_BERNOULLI && (int)GAUSSIAN == (int)ELBOW_GAUSSIAN &&
                   (int)LAPLACE == (int)ELBOW_LAPLACE && (int)CONTINUOUS_BERNOULLI == (int)ELBOW_CONTINUOUS_BERNOULLI &&
                   (int)DISCRETISED_LOGISTIC == (int)ELBOW_DISCRETISED_LOGISTIC && (int)POISSON == (int)ELBOW_POISSON &&
                   (int)NEGATIVE_BINOMIAL == (int)ELBOW_NEGATIVE_BINOMIAL,
               "elbow_likelihood follows enum likelihood");
_Static_assert((int)FIXED == (int)ELBOW_SPREAD_FIXED && (int)SHARED == (int)ELBOW_SPREAD_LEARNED &&
                   (int)EACH == (int)ELBOW_SPREAD_PIXEL && (int)OPTIMAL == (int)ELBOW_SPREAD_OPTIMAL,
               "elbow_spread follows enum spread_source");

#define LOG_2PI 1.8378770664093454836
#define LOG_2   0.69314718055994530942

static const elb_density likelihoods[] = {
    [ELBOW_BERNOULLI] = {.title = "Bernoulli", .accepts = ELB_0_TO_1, .link = LOGIT_LINK},
    [ELBOW_GAUSSIAN] = {.title = "Gaussian",
                        .accepts = ELB_ANY_NUMBERS,
                        .link = LOGIT_LINK,
                        .located = true,
                        .optimal = true,
                        .power = 1,
                        .constant = LOG_2PI / 2,
                        .log_scale = true},
    [ELBOW_LAPLACE] = {.title = "Laplace",
                       .accepts = ELB_ANY_NUMBERS,
                       .link = LOGIT_LINK,
                       .located = true,
                       .power = 0.5,
                       .constant = LOG_2,
                       .log_scale = true},
    [ELBOW_CONTINUOUS_BERNOULLI] = {.title = "continuous Bernoulli", .accepts = ELB_0_TO_1, .link = CONTINUOUS_LINK},
    [ELBOW_DISCRETISED_LOGISTIC] =
        {.title = "discretised logistic", .accepts = ELB_8_BITS, .link = LOGIT_LINK, .located = true, .power = 0.5},
    [ELBOW_POISSON] = {.title = "Poisson", .accepts = ELB_COUNTS, .link = LOG_LINK},
    [ELBOW_NEGATIVE_BINOMIAL] = {.title = "negative binomial", .accepts = ELB_COUNTS, .link = LOG_LINK, .power = 1},
};

static const char *const names[] = {
#define X(name, text) text,
    ELBOW_LIKELIHOODS(X)
#undef X
};

_Static_assert(COUNT(names) == COUNT(likelihoods), "a row for each likelihood");

const char *elbow_likelihood_name(elbow_likelihood likelihood)
{
    return (size_t)likelihood < COUNT(names) ? names[likelihood] : "no likelihood";
}

bool elbow_likelihood_has_scale(elbow_likelihood likelihood)
{
    return (size_t)likelihood < COUNT(likelihoods) && likelihoods[likelihood].power > 0;
}

const elb_density *elb_density_of(const elbow_recipe *recipe)
{
    return &likelihoods[recipe->likelihood];
}

elbow_status elb_likelihood_check(elb_error *err, const elbow_recipe *recipe)
{
    if ((size_t)recipe->likelihood >= COUNT(likelihoods))
        return elb_fail(err, ELBOW_USAGE, "there is no likelihood %d: 0 to %zu", (int)recipe->likelihood,
                        COUNT(likelihoods) - 1);
    const elb_density *likelihood = elb_density_of(recipe);
    if (!(likelihood->power > 0)) {
        if (recipe->spread == ELBOW_SPREAD_FIXED) return ELBOW_OK;
        return elb_fail(err, ELBOW_USAGE,
                        "a %s likelihood has no sigma that could be found: gaussian, laplace, logistic and "
                        "negative-binomial have one",
                        likelihood->title);
    }
    if (recipe->spread == ELBOW_SPREAD_OPTIMAL && !likelihood->optimal)
        return elb_fail(err, ELBOW_USAGE,
                        "the best sigma of a batch is known for a Gaussian likelihood only: let the %s one learn it",
                        likelihood->title);
    const float precision = elb_precision_of(recipe);
    if (!(recipe->sigma2 > 0) || !isfinite(precision) || precision < 0x1p-126f)
        return elb_fail(err, ELBOW_USAGE, "sigma^2 %g of a %s likelihood is out of range: about 1e-38 to 1e38",
                        recipe->sigma2, likelihood->title);
    return ELBOW_OK;
}

elbow_output elb_recipe_output(const elbow_recipe *recipe)
{
    if (recipe->output != ELBOW_OUTPUT_AUTO) return recipe->output;
    return recipe->model == ELBOW_LINEAR ? ELBOW_OUTPUT_LINEAR : ELBOW_OUTPUT_SIGMOID;
}

/* The decoder's output is the location itself. */
static bool is_direct(const elbow_recipe *recipe)
{
    return elb_density_of(recipe)->located && elb_recipe_output(recipe) == ELBOW_OUTPUT_LINEAR;
}

int32_t elb_kernel_likelihood(const elbow_recipe *recipe)
{
    return (int32_t)recipe->likelihood;
}

int32_t elb_output_of(const elbow_recipe *recipe)
{
    return is_direct(recipe) ? IDENTITY : SIGMOID;
}

int32_t elb_link_of(const elbow_recipe *recipe)
{
    return is_direct(recipe) ? IDENTITY_LINK : elb_density_of(recipe)->link;
}

int32_t elb_spread_of(const elbow_recipe *recipe)
{
    return (int32_t)recipe->spread;
}

float elb_precision_of(const elbow_recipe *recipe)
{
    const double power = elb_density_of(recipe)->power;
    if (!(power > 0) || recipe->spread != ELBOW_SPREAD_FIXED) return 1;
    return (float)(1 / (power < 1 ? sqrt(recipe->sigma2) : recipe->sigma2));
}

double elb_density_constant(const elbow_recipe *recipe, uint32_t pixels)
{
    const elb_density *likelihood = elb_density_of(recipe);
    const bool left_out = likelihood->log_scale && recipe->spread == ELBOW_SPREAD_FIXED; /* else it is in the kernel */
    return pixels * (likelihood->constant + (left_out ? 0.5 * log(recipe->sigma2) : 0));
}

double elb_count_constant(double x)
{
    if (x <= 0) return 0;
    if (x < 16) {
        double factorial = 1;
        for (double k = 2; k <= x; k++) factorial *= k;
        return log(factorial) - x * log(x) + x;
    }
    const double w = 1 / x, u = w * w; /* Stirling's series: the next term is below 1e-12 */
    return 0.5 * (LOG_2PI + log(x)) + w * (1.0 / 12 - u * (1.0 / 360 - u * (1.0 / 1260 - u / 1680)));
}
