/* diagnose.h - what a model trained anywhere does, from arrays: sums in diagnose.c, sentences in diagnose_advice.c, the
 * arrays' file in diagnose_file.c. */
#ifndef ELB_THEORY_DIAGNOSE_H
#define ELB_THEORY_DIAGNOSE_H

#include "base/base.h"

/* n data: x and x_hat (n, pixels), mu and logvar (n, latent). */
typedef struct elb_saved {
    const float *x, *x_hat, *mu, *logvar;
    size_t n;
    uint32_t pixels, latent;
    bool logits; /* x_hat comes before the sigmoid */
} elb_saved;

typedef struct elb_span {
    double low, high; /* low > high: of nothing */
} elb_span;

typedef struct elb_place {
    const char *array; /* NULL: nowhere */
    size_t row, column;
    double value;
} elb_place;

/* Of one latent over the data. */
typedef struct elb_latent {
    double mean, spread; /* of mu; spread is its variance over data */
    double variance;     /* mean of exp(logvar) */
    bool active;
} elb_latent;

/* What the sentences are made of, beside the diagnosis itself. */
typedef struct elb_findings {
    elb_latent *latent;
    elb_place unreal;         /* the first value that is not finite ... */
    size_t unreal_rows;       /* ... and the data left out because of such */
    elb_place clamp;          /* the first logvar outside [-30, 20] */
    elb_span x, x_hat;        /* of the data measured, as they are in the file */
    double grey;              /* share of x strictly between 0 and 1 */
    bool same;                /* x_hat is x in every value measured */
    uint64_t saturated;       /* probabilities so wrong that a logarithm was cut at -100 */
    bool logits, logits_seen; /* how x_hat was taken; seen: because of its range, not because it was said */
} elb_findings;

/* Measures and advises. Errors: MEMORY, USAGE (a likelihood other than Bernoulli and Gaussian). */
elbow_status elb_diagnose(elbow_diagnosis *out, elb_error *err, const elb_saved *saved, const elbow_recipe *loss);

/* The sums alone; loss->latent is saved->latent. found is zero but for found->latent: saved->latent zeroed items, the
 * caller's. */
void elb_diagnose_measure(elbow_diagnosis *out, elb_findings *found, const elb_saved *saved, const elbow_recipe *loss);
/* The sentences alone. */
void elb_diagnose_advise(elbow_diagnosis *out, const elb_findings *found, const elbow_recipe *loss);

/* The same from an .npz file with the arrays x, x_hat, mu and logvar. Errors: NOT_FOUND, BAD_FILE, BAD_DATA, IO,
 * MEMORY. */
elbow_status elb_diagnose_file(elbow_diagnosis *out, elb_error *err, const char *path, const elbow_recipe *loss,
                               bool logits);

#endif
