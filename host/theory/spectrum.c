/* spectrum.c - two passes over the data: the pixels' means and variances, then the covariance, whole or applied to a
 * narrow basis (subspace iteration). */
#include "theory/spectrum.h"

#include "math/gram.h"
#include "theory/eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Sixteen vectors more than asked for make the last ones converge: an eigenvalue's error falls by (l_m / l_k)^2 a
 * round. */
enum { EXTRA = 16, ROUNDS = 6 };
#define LEAST_VARIANCE 1e-3 /* of a pixel under a Bernoulli: one that is never white would weigh without bound */

typedef struct work {
    const elbow_data *data;
    const elb_spectrum_plan *plan;
    elb_spectrum *out;
    elb_error *err;
    elb_on_spectrum *progress;
    void *user;
    double unit;                   /* of a row's numbers: 1/255 where they are bytes */
    double *first, *second, *grey; /* (pixels) means of x - offset, of its square, and of x (1 - x) */
    float *offset;                 /* (pixels) what is taken from x before it is summed; 0 for bytes */
    float *datum;                  /* (pixels) */
} work;

/* ---- reading the data ---- */

/* One image from each of n equal stretches, by a fixed hash: an even stride would meet whatever order the set has
 * (every twelfth image of MNIST's training set is not like the rest). */
static uint32_t chosen(size_t i, size_t n, uint32_t count)
{
    const size_t first = i * count / n, next = (i + 1) * count / n;
    return n == count ? (uint32_t)i : (uint32_t)(first + elb_index_hash(i) % (next - first));
}

/* An image as it is summed: whole numbers where it is stored in bytes. */
static void read_row(float *row, const work *w, size_t i)
{
    const elb_part *part = &w->data->part[ELBOW_TRAIN];
    const size_t pixels = w->out->pixels, at = part->rows[chosen(i, w->out->images, part->count)] * pixels;
    if (w->data->info.bytes) {
        const uint8_t *image = (const uint8_t *)part->images->pixels + at;
        for (size_t j = 0; j < pixels; j++) row[j] = (float)image[j];
    } else {
        const float *image = (const float *)part->images->pixels + at;
        for (size_t j = 0; j < pixels; j++) row[j] = image[j];
    }
    if (w->plan->binarise == ELBOW_BINARISE_THRESHOLD)
        for (size_t j = 0; j < pixels; j++) row[j] = (double)row[j] * w->unit > 0.5 ? (float)(1 / w->unit) : 0;
    for (size_t j = 0; j < pixels; j++) row[j] -= w->offset[j];
}

static elbow_status tell(const work *w, double done)
{
    if (!w->progress || !w->progress(w->user, done)) return ELBOW_OK;
    return elb_fail(w->err, ELBOW_STOPPED, "stopped while the covariance of %s was summed", w->data->info.name);
}

/* Floats lose no digits of a small variance when about their mean is taken off first. */
static void choose_offset(work *w)
{
    const size_t pixels = w->out->pixels;
    enum { LOOKED_AT = 256 };
    const size_t n = w->out->images < LOOKED_AT ? w->out->images : LOOKED_AT;
    if (w->data->info.bytes) return;
    for (size_t i = 0; i < n; i++) {
        read_row(w->datum, w, i * w->out->images / n);
        for (size_t j = 0; j < pixels; j++) w->first[j] += (double)w->datum[j] / (double)n;
    }
    for (size_t j = 0; j < pixels; j++) w->offset[j] = (float)w->first[j], w->first[j] = 0;
}

static double mean_of(const work *w, size_t j)
{
    return (w->first[j] + (double)w->offset[j]) * w->unit;
}

static double variance_of(const work *w, size_t j)
{
    return fmax(w->second[j] - w->first[j] * w->first[j], 0) * w->unit * w->unit;
}

/* 1, or 1 over the standard deviation that a Bernoulli of that mean has. */
static double scale_of(const work *w, size_t j)
{
    const double p = mean_of(w, j);
    return w->plan->pearson ? 1 / sqrt(fmax(p * (1 - p), LEAST_VARIANCE)) : 1;
}

/* What binarising anew each time adds to a pixel's variance. */
static double noise_of(const work *w, size_t j)
{
    return w->plan->binarise == ELBOW_BINARISE_DYNAMIC ? fmax(w->grey[j], 0) : 0;
}

static double entropy_of(double p)
{
    if (p <= 0 || p >= 1) return 0;
    return -(p * log(p) + (1 - p) * log1p(-p)); /* cppcheck-suppress invalidFunctionArg ; p is above 0 here */
}

/* Bytes take 256 values: their entropies are looked up. */
static double grey_entropy(const work *w, const double *known, const float *row)
{
    double sum = 0;
    if (w->plan->binarise != ELBOW_BINARISE_NONE) return 0;
    for (size_t j = 0; j < w->out->pixels; j++)
        sum += w->data->info.bytes ? known[(int)row[j]] : entropy_of((double)row[j] + (double)w->offset[j]);
    return sum;
}

static void measure_pixels(work *w)
{
    const size_t pixels = w->out->pixels, n = w->out->images;
    double known[256];
    for (int value = 0; value < 256; value++) known[value] = entropy_of(value / 255.0);
    for (size_t i = 0; i < n; i++) {
        read_row(w->datum, w, i);
        for (size_t j = 0; j < pixels; j++) {
            const double x = (double)w->datum[j], value = (x + (double)w->offset[j]) * w->unit;
            w->first[j] += x;
            w->second[j] += x * x;
            w->grey[j] += value * (1 - value);
        }
        w->out->grey_entropy += grey_entropy(w, known, w->datum) / (double)n;
    }
    for (size_t j = 0; j < pixels; j++) {
        w->first[j] /= (double)n, w->second[j] /= (double)n, w->grey[j] /= (double)n;
        const double p = mean_of(w, j), scale = scale_of(w, j);
        w->out->trace += (variance_of(w, j) + noise_of(w, j)) * scale * scale;
        w->out->entropy += entropy_of(p);
    }
}

/* ---- all eigenvalues ---- */

static elbow_status sum_products(double *sum, elb_gram *gram, const work *w)
{
    const size_t pixels = w->out->pixels, n = w->out->images;
    for (size_t first = 0; first < n; first += ELB_GRAM_ROWS) {
        const size_t rows = n - first < ELB_GRAM_ROWS ? n - first : ELB_GRAM_ROWS;
        for (size_t i = 0; i < rows; i++) read_row(elb_gram_rows(gram) + i * pixels, w, first + i);
        TRY(elb_gram_add(sum, gram, (uint32_t)rows));
        TRY(tell(w, (double)(first + rows) / (double)n));
    }
    return ELBOW_OK;
}

static void make_covariance(double *sum, const work *w)
{
    const size_t pixels = w->out->pixels;
    const double n = w->out->images, unit2 = w->unit * w->unit;
    for (size_t i = 0; i < pixels; i++)
        for (size_t j = 0; j <= i; j++) {
            double *at = sum + i * pixels + j;
            *at = (*at / n - w->first[i] * w->first[j]) * unit2;
            if (i == j) *at += noise_of(w, i);
            *at *= scale_of(w, i) * scale_of(w, j);
        }
}

static elbow_status find_all(work *w)
{
    const uint32_t pixels = w->out->pixels;
    elb_gram *gram = NULL;
    double *sum = NULL;
    elbow_status status;
    w->out->count = pixels;
    TRY_DONE(elb_new(w->err, &w->out->eigenvalues, pixels, sizeof(double), "eigenvalues"));
    TRY_DONE(elb_new(w->err, &sum, pixels, pixels * sizeof *sum, "the covariance"));
    TRY_DONE(elb_gram_new(&gram, w->err, pixels, 0));
    TRY_DONE(sum_products(sum, gram, w));
    make_covariance(sum, w);
    TRY_DONE(elb_eigenvalues(w->out->eigenvalues, w->err, sum, pixels));
done:
    elb_gram_free(gram);
    free(sum);
    return status;
}

/* ---- the largest ones ---- */

typedef struct subspace {
    elb_gram *gram;
    uint32_t vectors;
    double *q, *z, *small; /* (pixels, vectors): the basis, and the covariance times it; (vectors, vectors) */
} subspace;

/* z = covariance q */
static elbow_status apply(subspace *s, const work *w, int round)
{
    const size_t pixels = w->out->pixels, n = w->out->images;
    memset(s->z, 0, pixels * s->vectors * sizeof *s->z);
    TRY(elb_gram_set(s->gram, s->q));
    for (size_t first = 0; first < n; first += ELB_GRAM_ROWS) {
        const size_t rows = n - first < ELB_GRAM_ROWS ? n - first : ELB_GRAM_ROWS;
        for (size_t i = 0; i < rows; i++) {
            float *row = elb_gram_rows(s->gram) + i * pixels;
            read_row(row, w, first + i);
            for (size_t j = 0; j < pixels; j++)
                row[j] = (float)(((double)row[j] - w->first[j]) * w->unit * scale_of(w, j));
        }
        TRY(elb_gram_add(s->z, s->gram, (uint32_t)rows));
        TRY(tell(w, (round + (double)(first + rows) / (double)n) / ROUNDS));
    }
    for (size_t j = 0; j < pixels; j++)
        for (size_t k = 0; k < s->vectors; k++) {
            double *at = s->z + j * s->vectors + k;
            *at = *at / (double)n + noise_of(w, j) * scale_of(w, j) * scale_of(w, j) * s->q[j * s->vectors + k];
        }
    return ELBOW_OK;
}

static double dot(const subspace *s, size_t pixels, const double *a, size_t column_a, const double *b, size_t column_b)
{
    double sum = 0;
    for (size_t j = 0; j < pixels; j++) sum += a[j * s->vectors + column_a] * b[j * s->vectors + column_b];
    return sum;
}

/* Gram-Schmidt, each column twice. What is left of a column that depends on the others is 0. */
static void orthonormalise(subspace *s, size_t pixels)
{
    const size_t m = s->vectors;
    for (size_t k = 0; k < m; k++) {
        const double before = sqrt(dot(s, pixels, s->q, k, s->q, k));
        for (int again = 0; again < 2; again++)
            for (size_t i = 0; i < k; i++) {
                const double part = dot(s, pixels, s->q, i, s->q, k);
                for (size_t j = 0; j < pixels; j++) s->q[j * m + k] -= part * s->q[j * m + i];
            }
        const double length = sqrt(dot(s, pixels, s->q, k, s->q, k));
        const double scale = length > 1e-6 * before && length > 0 ? 1 / length : 0;
        for (size_t j = 0; j < pixels; j++) s->q[j * m + k] *= scale;
    }
}

static elbow_status iterate(subspace *s, const work *w)
{
    const size_t pixels = w->out->pixels, m = s->vectors;
    for (size_t i = 0; i < pixels * m; i++) s->q[i] = (double)(elb_index_hash(i) >> 11) * 0x1p-53 - 0.5;
    for (int round = 0; round < ROUNDS; round++) {
        orthonormalise(s, pixels);
        TRY(apply(s, w, round));
        if (round + 1 < ROUNDS) memcpy(s->q, s->z, pixels * m * sizeof *s->q);
    }
    /* Rayleigh and Ritz: the eigenvalues of q' covariance q. */
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) s->small[i * m + j] = dot(s, pixels, s->q, i, s->z, j);
    return ELBOW_OK;
}

static elbow_status find_largest(work *w)
{
    const size_t pixels = w->out->pixels;
    subspace s = {.vectors = w->plan->count + EXTRA};
    elbow_status status;
    w->out->count = w->plan->count;
    if (w->out->count > pixels) w->out->count = (uint32_t)pixels;
    if (s.vectors > pixels) s.vectors = (uint32_t)pixels;
    TRY_DONE(elb_new(w->err, &w->out->eigenvalues, s.vectors, sizeof(double), "eigenvalues"));
    TRY_DONE(elb_new(w->err, &s.q, pixels, s.vectors * sizeof *s.q, "a basis"));
    TRY_DONE(elb_new(w->err, &s.z, pixels, s.vectors * sizeof *s.z, "a basis"));
    TRY_DONE(elb_new(w->err, &s.small, s.vectors, s.vectors * sizeof *s.small, "a small matrix"));
    TRY_DONE(elb_gram_new(&s.gram, w->err, (uint32_t)pixels, s.vectors));
    TRY_DONE(iterate(&s, w));
    TRY_DONE(elb_eigenvalues(w->out->eigenvalues, w->err, s.small, s.vectors));
done:
    elb_gram_free(s.gram);
    free(s.q);
    free(s.z);
    free(s.small);
    return status;
}

/* ---- both ---- */

static elbow_status find(work *w)
{
    const uint32_t pixels = w->out->pixels;
    TRY(elb_new(w->err, &w->first, pixels, sizeof *w->first, "the pixels' means"));
    TRY(elb_new(w->err, &w->second, pixels, sizeof *w->second, "the pixels' variances"));
    TRY(elb_new(w->err, &w->grey, pixels, sizeof *w->grey, "the pixels' variances"));
    TRY(elb_new(w->err, &w->offset, pixels, sizeof *w->offset, "the pixels' means"));
    TRY(elb_new(w->err, &w->datum, pixels, sizeof *w->datum, "an image"));
    choose_offset(w);
    measure_pixels(w);
    const bool all = pixels <= ELB_DENSE_PIXELS && pixels <= w->plan->dense;
    TRY(all ? find_all(w) : find_largest(w));
    for (uint32_t k = 0; k < w->out->count; k++) w->out->eigenvalues[k] = fmax(w->out->eigenvalues[k], 0);
    return ELBOW_OK;
}

elbow_status elb_spectrum_find(elb_spectrum *out, elb_error *err, const elbow_data *data, const elb_spectrum_plan *plan,
                               elb_on_spectrum *progress, void *user)
{
    const uint32_t train = data->part[ELBOW_TRAIN].count;
    work w = {data, plan, out, err, progress, user, data->info.bytes ? 1.0 / 255 : 1, NULL, NULL, NULL, NULL, NULL};
    *out = (elb_spectrum){.pixels = data->info.pixels,
                          .images = plan->images && plan->images < train ? plan->images : train};
    const elbow_status status = find(&w);
    free(w.first);
    free(w.second);
    free(w.grey);
    free(w.offset);
    free(w.datum);
    return status;
}

void elb_spectrum_free(elb_spectrum *spectrum)
{
    free(spectrum->eigenvalues);
    spectrum->eigenvalues = NULL;
}
