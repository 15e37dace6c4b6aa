#include "theory/factors.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>

enum { BINS = 20, DRAWN = 64, LEARNED = 800, VOTES = 800, TRIED = 400, MOST_FACTORS = 16 };

static const double ACTIVE = 0.01; /* the variance of an active unit (Burda et al. 2015) */

static double code(const elb_factored *of, uint32_t image, uint32_t latent)
{
    return (double)of->codes[(size_t)image * of->latent + latent];
}

static uint32_t value(const elb_factored *of, uint32_t image, uint32_t factor)
{
    return of->factors[(size_t)image * of->factor_count + factor];
}

/* ---- mutual information ---- */

static double plogp(double p)
{
    return p > 0 ? p * log(p) : 0;
}

/* A latent's bin for each image. A constant one has one bin. */
static void bin_latent(uint32_t *bins, const elb_factored *of, uint32_t latent)
{
    double least = HUGE_VAL, most = -HUGE_VAL;
    for (uint32_t i = 0; i < of->count; i++) {
        const double z = code(of, i, latent);
        least = z < least ? z : least;
        most = z > most ? z : most;
    }
    const double scale = most > least ? BINS / (most - least) : 0;
    for (uint32_t i = 0; i < of->count; i++) {
        const double at = (code(of, i, latent) - least) * scale;
        bins[i] = at < BINS - 1 ? (uint32_t)at : BINS - 1;
    }
}

/* I(bin; factor) in nats, and the factor's entropy. joint: BINS x values of the factor. */
static double information(double *entropy, double *joint, const uint32_t *bins, const elb_factored *of, uint32_t factor)
{
    const uint32_t values = of->values[factor];
    double i = 0;
    *entropy = 0;
    for (uint32_t k = 0; k < BINS * values; k++) joint[k] = 0;
    for (uint32_t n = 0; n < of->count; n++) joint[bins[n] * values + value(of, n, factor)] += 1.0 / of->count;
    for (uint32_t b = 0; b < BINS; b++) {
        double p = 0;
        for (uint32_t v = 0; v < values; v++) {
            p += joint[b * values + v];
            i += plogp(joint[b * values + v]);
        }
        i -= plogp(p);
    }
    for (uint32_t v = 0; v < values; v++) {
        double p = 0;
        for (uint32_t b = 0; b < BINS; b++) p += joint[b * values + v];
        *entropy -= plogp(p);
    }
    return i + *entropy;
}

static uint32_t most_values(const elb_factored *of)
{
    uint32_t most = 1;
    for (uint32_t f = 0; f < of->factor_count; f++) most = of->values[f] > most ? of->values[f] : most;
    return most;
}

elbow_status elb_factors_mig(double *mig, elb_error *err, const elb_factored *of)
{
    double first[MOST_FACTORS] = {0}, second[MOST_FACTORS] = {0}, entropy[MOST_FACTORS] = {0}, *joint = NULL, sum = 0;
    uint32_t *bins = NULL, varying = 0;
    elbow_status status;
    TRY_DONE(elb_new(err, &bins, of->count, sizeof *bins, "a latent's bins"));
    TRY_DONE(elb_new(err, &joint, most_values(of), BINS * sizeof *joint, "counts of a factor"));
    for (uint32_t j = 0; j < of->latent; j++) {
        bin_latent(bins, of, j);
        for (uint32_t f = 0; f < of->factor_count; f++) {
            const double i = information(&entropy[f], joint, bins, of, f);
            second[f] = i > first[f] ? first[f] : i > second[f] ? i : second[f];
            first[f] = i > first[f] ? i : first[f];
        }
    }
    for (uint32_t f = 0; f < of->factor_count; f++) {
        if (!(entropy[f] > 1e-12)) continue;
        sum += (first[f] - second[f]) / entropy[f];
        varying++;
    }
    *mig = varying > 0 ? sum / varying : 0;
done:
    free(bins);
    free(joint);
    return status;
}

/* ---- draws with one factor fixed ---- */

/* A stream of numbers of its own. */
typedef struct dice {
    uint64_t seed;
    uint32_t block, left, words[4];
} dice;

static uint32_t roll(dice *of, uint32_t below)
{
    const uint32_t counter[4] = {0x666163u, 0, 0, of->block}; /* "fac": no purpose of a model's */
    if (of->left == 0) {
        elb_philox(of->words, of->seed, counter);
        of->block++;
        of->left = 4;
    }
    return (uint32_t)(((uint64_t)of->words[--of->left] * below) >> 32);
}

/* An image whose factor is that of another: which there is, since the other is one. */
static uint32_t alike(dice *d, const elb_factored *of, uint32_t image, uint32_t factor)
{
    uint32_t other;
    do other = roll(d, of->count);
    while (value(of, other, factor) != value(of, image, factor));
    return other;
}

static void variances(double *variance, const elb_factored *of)
{
    for (uint32_t j = 0; j < of->latent; j++) {
        double mean = 0, square = 0;
        for (uint32_t i = 0; i < of->count; i++) mean += code(of, i, j) / of->count;
        for (uint32_t i = 0; i < of->count; i++) square += pow(code(of, i, j) - mean, 2) / of->count;
        variance[j] = square;
    }
}

/* ---- FactorVAE ---- */

/* The latent that varies least among images with one factor fixed; variance: over all images. */
static uint32_t vote(dice *d, const elb_factored *of, const double *variance, uint32_t factor)
{
    uint32_t drawn[DRAWN], best = 0;
    double least = HUGE_VAL;
    drawn[0] = roll(d, of->count);
    for (int k = 1; k < DRAWN; k++) drawn[k] = alike(d, of, drawn[0], factor);
    for (uint32_t j = 0; j < of->latent; j++) {
        if (variance[j] < ACTIVE) continue;
        double mean = 0, square = 0;
        for (int k = 0; k < DRAWN; k++) mean += code(of, drawn[k], j) / DRAWN;
        for (int k = 0; k < DRAWN; k++) square += pow(code(of, drawn[k], j) - mean, 2);
        if (square / variance[j] >= least) continue;
        least = square / variance[j];
        best = j;
    }
    return best;
}

elbow_status elb_factors_factor_vae(double *score, elb_error *err, const elb_factored *of, uint64_t seed)
{
    dice d = {.seed = seed};
    double *variance = NULL;
    uint32_t *votes = NULL, active = 0, right = 0;
    elbow_status status;
    TRY_DONE(elb_new(err, &variance, of->latent, sizeof *variance, "the latents' variances"));
    TRY_DONE(elb_new(err, &votes, of->latent, MOST_FACTORS * sizeof *votes, "votes of the latents"));
    variances(variance, of);
    for (uint32_t j = 0; j < of->latent; j++) active += variance[j] >= ACTIVE;
    for (uint32_t n = 0; n < VOTES && active > 0; n++) {
        const uint32_t factor = roll(&d, of->factor_count);
        votes[vote(&d, of, variance, factor) * MOST_FACTORS + factor]++;
    }
    for (uint32_t n = 0; n < VOTES && active > 0; n++) {
        const uint32_t factor = roll(&d, of->factor_count);
        const uint32_t *cast = votes + (size_t)vote(&d, of, variance, factor) * MOST_FACTORS;
        uint32_t elected = 0;
        for (uint32_t f = 1; f < of->factor_count; f++) elected = cast[f] > cast[elected] ? f : elected;
        right += elected == factor;
    }
    *score = (double)right / VOTES;
done:
    free(variance);
    free(votes);
    return status;
}

/* ---- beta-VAE ---- */

/* Means of |difference| over pairs that share a factor, in units of each latent's spread. */
static void feature(double *x, dice *d, const elb_factored *of, const double *variance, uint32_t factor)
{
    for (uint32_t j = 0; j < of->latent; j++) x[j] = 0;
    for (int k = 0; k < DRAWN; k++) {
        const uint32_t a = roll(d, of->count), b = alike(d, of, a, factor);
        for (uint32_t j = 0; j < of->latent; j++)
            if (variance[j] > 0) x[j] += fabs(code(of, a, j) - code(of, b, j)) / sqrt(variance[j]) / DRAWN;
    }
}

/* p = softmax(W (x, 1)); w: (factors, latent + 1). */
static uint32_t classify(double *p, const double *w, const double *x, const elb_factored *of)
{
    uint32_t best = 0;
    double sum = 0;
    for (uint32_t f = 0; f < of->factor_count; f++) {
        const double *row = w + (size_t)f * (of->latent + 1);
        p[f] = row[of->latent];
        for (uint32_t j = 0; j < of->latent; j++) p[f] += row[j] * x[j];
        best = p[f] > p[best] ? f : best;
    }
    const double most = p[best];
    for (uint32_t f = 0; f < of->factor_count; f++) sum += p[f] = exp(p[f] - most);
    for (uint32_t f = 0; f < of->factor_count; f++) p[f] /= sum;
    return best;
}

/* Softmax regression by stochastic gradient, its rate falling over the passes. */
static void learn(double *w, const double *x, const uint32_t *factor, const elb_factored *of)
{
    double p[MOST_FACTORS] = {0};
    for (int pass = 0; pass < 60; pass++) {
        const double rate = 0.5 / (1 + 0.2 * pass);
        for (uint32_t n = 0; n < LEARNED; n++) {
            const double *row = x + (size_t)n * of->latent;
            classify(p, w, row, of);
            for (uint32_t f = 0; f < of->factor_count; f++) {
                const double step = rate * ((f == factor[n]) - p[f]);
                double *of_factor = w + (size_t)f * (of->latent + 1);
                for (uint32_t j = 0; j < of->latent; j++) of_factor[j] += step * row[j];
                of_factor[of->latent] += step;
            }
        }
    }
}

elbow_status elb_factors_beta_vae(double *score, elb_error *err, const elb_factored *of, uint64_t seed)
{
    dice d = {.seed = seed};
    double *variance = NULL, *x = NULL, *w = NULL, p[MOST_FACTORS] = {0};
    uint32_t factor[LEARNED], right = 0;
    elbow_status status;
    TRY_DONE(elb_new(err, &variance, of->latent, sizeof *variance, "the latents' variances"));
    TRY_DONE(elb_new(err, &x, of->latent, LEARNED * sizeof *x, "differences of codes"));
    TRY_DONE(elb_new(err, &w, of->latent + (size_t)1, MOST_FACTORS * sizeof *w, "a classifier"));
    variances(variance, of);
    for (uint32_t n = 0; n < LEARNED; n++) {
        factor[n] = roll(&d, of->factor_count);
        feature(x + (size_t)n * of->latent, &d, of, variance, factor[n]);
    }
    learn(w, x, factor, of);
    for (uint32_t n = 0; n < TRIED; n++) {
        const uint32_t truth = roll(&d, of->factor_count);
        feature(x, &d, of, variance, truth);
        right += classify(p, w, x, of) == truth;
    }
    *score = (double)right / TRIED;
done:
    free(variance);
    free(x);
    free(w);
    return status;
}
