#include "theory/advise.h"

#include <math.h>

/* Two numbers that were fitted, on MNIST and shapes (docs/advise.md, tools/predictions.py).
 *
 * Latents of a deep model carry more each than those of a linear one: it uses this share of the directions that a
 * linear VAE would at the same rate. */
#define DIRECTIONS_USED 0.6
/* A latent counts as active when its mean varies by 0.01 over the data; of a variance that is 1 in all, that is so many
 * nats. */
#define LEAST_RATE 0.005
/* What the measured model, after its few steps, lies above the optimum: this share stays after full training. */
#define STAYS_UNLEARNT 0.5

/* ---- scales ---- */

/* What a Gaussian's density adds beside the squared error. */
static double constant(uint32_t pixels, double variance)
{
    return 0.5 * pixels * log(2 * M_PI * variance);
}

elb_level elb_level_of(const elb_spectrum *s, const elbow_recipe *recipe)
{
    const double variance = recipe->sigma2, least = constant(s->pixels, variance);
    if (recipe->likelihood != ELBOW_GAUSSIAN) return (elb_level){1, s->entropy, s->grey_entropy};
    return (elb_level){variance, s->trace / (2 * variance) + least, least};
}

bool elb_finds_variance(const elbow_recipe *recipe)
{
    return recipe->likelihood == ELBOW_GAUSSIAN && recipe->spread != ELBOW_SPREAD_FIXED;
}

double elb_collapse_of(const elb_spectrum *s, const elbow_recipe *recipe)
{
    return elb_finds_variance(recipe) ? elb_learnt_collapse(s) : s->eigenvalues[0] / elb_level_of(s, recipe).variance;
}

double elb_fixed_beta(const elb_spectrum *s, const elbow_recipe *recipe, double beta)
{
    return elb_finds_variance(recipe) ? beta * elb_learnt_sigma2(s, recipe->latent, beta) / recipe->sigma2 : beta;
}

bool elb_is_foreseeable(const elbow_recipe *recipe)
{
    return recipe->likelihood == ELBOW_GAUSSIAN || recipe->likelihood == ELBOW_BERNOULLI;
}

elb_spectrum_plan elb_plan_of(const elbow_recipe *recipe)
{
    const uint32_t most = UINT16_MAX, latent = recipe->latent < most ? recipe->latent : most;
    return (elb_spectrum_plan){.pearson = recipe->likelihood != ELBOW_GAUSSIAN,
                               .binarise = recipe->binarise,
                               .count = 2 * latent + 32,
                               .dense = ELB_DENSE_PIXELS};
}

elb_spectrum_plan elb_glance_of(const elbow_recipe *recipe)
{
    elb_spectrum_plan plan = elb_plan_of(recipe);
    plan.images = 2048;
    plan.dense = 256;
    return plan;
}

/* ---- the curve ---- */

void elb_curve_plan(elb_curve *curve, double least, double collapse)
{
    const double octaves = log2(collapse / least);
    const int wanted = (int)ceil(2 * fmax(octaves, 1)), count = wanted < ELB_MAX_PROBED ? wanted : ELB_MAX_PROBED;
    const double step = wanted <= ELB_MAX_PROBED ? 0.5 : octaves / ELB_MAX_PROBED;
    *curve = (elb_curve){.count = (uint32_t)count, .collapse = collapse};
    for (int i = 0; i < count; i++) curve->points[i].beta = collapse * exp2(step * (i - count));
}

/* The point i of a curve that ends with rate 0 at the collapse. */
static elb_probed point(const elb_curve *c, uint32_t i)
{
    return i < c->count ? c->points[i] : (elb_probed){.beta = c->collapse};
}

/* The number of the segment that beta, below the collapse, lies on; the first reaches down to 0. */
static uint32_t segment(const elb_curve *c, double beta)
{
    uint32_t i = 0;
    while (i + 1 < c->count && point(c, i + 1).beta <= beta) i++;
    return i;
}

/* Of segment i, or beyond its ends. */
static double line(const elb_curve *c, uint32_t i, double beta)
{
    const elb_probed low = point(c, i), high = point(c, i + 1);
    return low.rate + (high.rate - low.rate) * log(beta / low.beta) / log(high.beta / low.beta);
}

double elb_curve_rate(const elb_curve *c, double beta)
{
    if (!c->count || beta >= c->collapse) return 0;
    return fmax(line(c, segment(c, beta), beta), 0);
}

/* Of a rate that is straight over log beta from (a, at a) to (b, at b). */
static double area(double a, double at_a, double b, double at_b)
{
    return b > a ? b * at_b - a * at_a - (at_b - at_a) * (b - a) / log(b / a) : 0;
}

double elb_curve_objective(const elb_curve *c, double silence, double beta)
{
    double sum = 0, from = beta;
    if (!c->count || beta >= c->collapse) return silence;
    for (uint32_t i = segment(c, beta); i < c->count; i++) {
        const double to = point(c, i + 1).beta;
        sum += area(from, line(c, i, from), to, point(c, i + 1).rate);
        from = to;
    }
    return silence - sum;
}

/* The distortion of optimal training: no less than the likelihood allows, whatever error the rates have. */
static double optimum(const elb_curve *c, const elb_level *level, double beta)
{
    const double objective = elb_curve_objective(c, level->silence, beta);
    return fmax(objective - beta * elb_curve_rate(c, beta), level->least);
}

/* How far the measured model lay above that at a point of the curve; 0 at the collapse. */
static double excess_at(const elb_curve *c, const elb_level *level, uint32_t i)
{
    return i < c->count ? fmax(c->points[i].distortion - optimum(c, level, c->points[i].beta), 0) : 0;
}

static double excess(const elb_curve *c, const elb_level *level, double beta)
{
    if (!c->count || beta >= c->collapse) return 0;
    const uint32_t i = segment(c, beta);
    const double low = excess_at(c, level, i), high = excess_at(c, level, i + 1);
    const double way = log(beta / point(c, i).beta) / log(point(c, i + 1).beta / point(c, i).beta);
    return low + (high - low) * fmax(way, 0);
}

/* ---- rows ---- */

static elbow_advice_row linear_row(const elb_spectrum *s, const elbow_recipe *recipe, double beta)
{
    const elb_level level = elb_level_of(s, recipe);
    const elb_linear is = elb_linear_at(s, recipe->latent, beta * level.variance);
    return (elbow_advice_row){.active_units = is.active,
                              .rate = is.rate,
                              .distortion = level.silence - (s->trace - is.sse) / (2 * level.variance)};
}

static elbow_advice_row deep_row(const elb_spectrum *s, const elb_curve *curve, const elbow_recipe *recipe, double beta)
{
    const elb_level level = elb_level_of(s, recipe);
    const double rate = elb_curve_rate(curve, beta);
    const double directions = fmax(DIRECTIONS_USED * elb_directions_at_rate(s, rate), rate > LEAST_RATE);
    return (elbow_advice_row){.active_units = (uint32_t)lround(fmin(directions, recipe->latent)),
                              .rate = rate,
                              .distortion =
                                  optimum(curve, &level, beta) + STAYS_UNLEARNT * excess(curve, &level, beta)};
}

/* At the recipe's sigma2, whatever its spread. */
static elbow_advice_row fixed_row(const elb_spectrum *s, const elb_curve *curve, const elbow_recipe *recipe,
                                  double beta)
{
    elbow_advice_row row = curve ? deep_row(s, curve, recipe, beta) : linear_row(s, recipe, beta);
    row.beta = beta;
    row.sigma2 = recipe->likelihood == ELBOW_GAUSSIAN ? beta * recipe->sigma2 : (double)NAN;
    return row;
}

static double sse_of(const elbow_advice_row *row, const elbow_recipe *recipe, uint32_t pixels)
{
    return 2 * recipe->sigma2 * (row->distortion - constant(pixels, recipe->sigma2));
}

double elb_found_sigma2(const elb_spectrum *s, const elb_curve *curve, const elbow_recipe *recipe, double beta)
{
    if (!curve) return elb_learnt_sigma2(s, recipe->latent, beta);
    /* The error that is left falls more slowly than the variance. */
    double low = 1e-4 * s->trace / s->pixels, high = s->trace / s->pixels;
    for (int i = 0; i < 60; i++) {
        const double middle = sqrt(low * high);
        const elbow_advice_row row = fixed_row(s, curve, recipe, beta * middle / recipe->sigma2);
        if (s->pixels * middle < sse_of(&row, recipe, s->pixels))
            low = middle;
        else
            high = middle;
    }
    return high;
}

elbow_advice_row elb_row_at(const elb_spectrum *s, const elb_curve *curve, const elbow_recipe *recipe, double beta)
{
    if (!elb_finds_variance(recipe)) return fixed_row(s, curve, recipe, beta);
    const double found = elb_found_sigma2(s, curve, recipe, beta);
    elbow_advice_row row = fixed_row(s, curve, recipe, beta * found / recipe->sigma2);
    row.beta = beta;
    row.distortion = sse_of(&row, recipe, s->pixels) / (2 * found) + constant(s->pixels, found);
    return row;
}

/* ---- what is best ---- */

static void choose_start(elbow_advice *a, const elb_spectrum *s, const elb_curve *curve, const elbow_recipe *recipe)
{
    const elbow_advice_row row = elb_row_at(s, curve, recipe, a->optimal_beta);
    a->start_beta = a->optimal_beta;
    if (a->largest <= 0) {
        elb_format(a->why, sizeof a->why, "the data do not vary, so no weight gives a latent anything to say");
    } else if (recipe->likelihood == ELBOW_GAUSSIAN) {
        elb_format(
            a->why, sizeof a->why,
            "the decoder's variance then is %.3g, which is the squared error per value that it leaves: the ELBO's "
            "own optimum (%u of %u latents active, rate %.1f nats); a larger beta blurs and gives up latents, a "
            "smaller one spends nats on noise",
            a->optimal_sigma2, row.active_units, a->latent, row.rate);
    } else if (a->optimal_beta < a->collapse_beta) {
        elb_format(a->why, sizeof a->why,
                   "it is the ELBO itself, whose probabilities mean what they say (%u of %u latents active, rate %.1f "
                   "nats); a larger beta gives fewer latents, up to %.3g where none is left, a smaller one sharper "
                   "reconstructions and worse samples",
                   row.active_units, a->latent, row.rate, a->collapse_beta);
    } else {
        a->start_beta = a->collapse_beta / 8;
        elb_format(
            a->why, sizeof a->why,
            "at 1, the ELBO itself, every latent is lost: no direction of the data outweighs its noise there. An "
            "eighth of the beta where the strongest is lost leaves room for some");
    }
}

void elb_advise_finish(elbow_advice *a, const elb_spectrum *s, const elb_curve *curve, const elbow_recipe *recipe)
{
    const bool gaussian = recipe->likelihood == ELBOW_GAUSSIAN;
    a->images = s->images, a->pixels = s->pixels, a->latent = recipe->latent;
    a->variance = s->trace;
    a->largest = s->eigenvalues[0];
    a->learnt_collapse = gaussian ? elb_learnt_collapse(s) : (double)NAN;
    a->collapse_beta = elb_collapse_of(s, recipe);
    a->linear_sigma2 = gaussian ? elb_found_sigma2(s, NULL, recipe, 1) : (double)NAN;
    a->optimal_sigma2 = gaussian ? elb_found_sigma2(s, curve, recipe, 1) : (double)NAN;
    a->optimal_beta = gaussian && !elb_finds_variance(recipe) ? a->optimal_sigma2 / recipe->sigma2 : 1;
    choose_start(a, s, curve, recipe);
    a->start_weight = elbow_weight_for_beta(recipe, s->pixels, a->start_beta);
}
