#include "theory/spectrum.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Eight vectors more than asked for make the last ones converge: an eigenvalue's error falls by (l_m / l_k)^2 a round.
 * WORK multiply-adds take about half a second on one core. */
enum { EXTRA = 8, ROUNDS = 7, LANES = 16, MOST_IMAGES = 5000, FEWEST_IMAGES = 1024 };
#define WORK 2e9

typedef struct problem {
    size_t n, pixels, vectors, stride; /* stride: vectors rounded up to LANES */
    float *rows;                       /* (n, pixels), centred and scaled */
    float *diagonal;                   /* (pixels), added to the covariance */
    double *q, *z;                     /* (pixels, stride): the basis, and the covariance times it */
    float *q_float, *z_float;          /* the same, for the long sums */
} problem;

static void free_problem(problem *p)
{
    free(p->rows), free(p->diagonal), free(p->q), free(p->z), free(p->q_float), free(p->z_float);
}

static elbow_status size_problem(problem *p, elb_error *err, const elbow_data *data, uint32_t images, uint32_t count)
{
    const uint32_t train = data->part[ELBOW_TRAIN].count;
    p->pixels = data->info.pixels;
    p->vectors = (size_t)count + EXTRA < p->pixels ? (size_t)count + EXTRA : p->pixels;
    p->stride = (p->vectors + LANES - 1) / LANES * LANES;
    double most = WORK / (2.0 * ROUNDS * (double)p->pixels * (double)p->stride);
    most = most > MOST_IMAGES ? MOST_IMAGES : most < FEWEST_IMAGES ? FEWEST_IMAGES : most;
    if (images) most = images;
    p->n = train < most ? train : (size_t)most;
    TRY(elb_new(err, &p->rows, p->n, p->pixels * sizeof(float), "a sample of the data"));
    TRY(elb_new(err, &p->diagonal, p->pixels, sizeof(float), "the pixels' variances"));
    TRY(elb_new(err, &p->q, p->pixels, p->stride * sizeof(double), "a basis"));
    TRY(elb_new(err, &p->z, p->pixels, p->stride * sizeof(double), "a basis"));
    TRY(elb_new(err, &p->q_float, p->pixels, p->stride * sizeof(float), "a basis"));
    return elb_new(err, &p->z_float, p->pixels, p->stride * sizeof(float), "a basis");
}

/* One image from each of n equal stretches, by a fixed hash: an even stride would meet whatever order the set has
 * (every twelfth image of MNIST's training set is not like the rest). */
static uint32_t chosen(size_t i, size_t n, uint32_t count)
{
    const size_t first = i * count / n, next = (i + 1) * count / n;
    return (uint32_t)(first + elb_index_hash(i) % (next - first));
}

static elbow_status fill_rows(problem *p, elb_error *err, const elbow_data *data, const elb_whitening *how)
{
    double *mean = NULL, *noise = NULL;
    elbow_status status;
    TRY_DONE(elb_new(err, &mean, p->pixels, sizeof *mean, "the pixels' means"));
    TRY_DONE(elb_new(err, &noise, p->pixels, sizeof *noise, "the pixels' variances"));
    for (size_t i = 0; i < p->n; i++) {
        float *row = p->rows + i * p->pixels;
        elb_data_datum(row, data, ELBOW_TRAIN, chosen(i, p->n, data->part[ELBOW_TRAIN].count));
        for (size_t j = 0; j < p->pixels; j++) {
            if (how->binarise == ELBOW_BINARISE_THRESHOLD) row[j] = row[j] > 0.5f;
            mean[j] += (double)row[j] / (double)p->n;
            noise[j] += (double)row[j] * (1 - (double)row[j]) / (double)p->n;
        }
    }
    for (size_t j = 0; j < p->pixels; j++) {
        const double scale = how->pearson ? 1 / sqrt(fmax(mean[j] * (1 - mean[j]), 1e-3)) : 1;
        if (how->binarise == ELBOW_BINARISE_DYNAMIC) p->diagonal[j] = (float)(fmax(noise[j], 0) * scale * scale);
        for (size_t i = 0; i < p->n; i++) {
            float *value = p->rows + i * p->pixels + j;
            *value = (float)(((double)*value - mean[j]) * scale);
        }
    }
done:
    free(mean);
    free(noise);
    return status;
}

/* to += x from, over a number of lanes known to the compiler */
static void add_block(float *restrict to, const float *restrict from, float x)
{
    for (int l = 0; l < LANES; l++) to[l] += x * from[l];
}

/* z = covariance q. The float sums run over one image or one stretch of images at a time. */
static void multiply(problem *p)
{
    enum { STRETCH = 256 };
    const size_t size = p->pixels * p->stride;
    for (size_t i = 0; i < size; i++) p->q_float[i] = (float)p->q[i], p->z[i] = 0;
    for (size_t first = 0; first < p->n; first += STRETCH) {
        memset(p->z_float, 0, size * sizeof(float));
        for (size_t i = first; i < p->n && i < first + STRETCH; i++) {
            const float *row = p->rows + i * p->pixels;
            for (size_t block = 0; block < p->stride; block += LANES) {
                float y[LANES] = {0};
                for (size_t j = 0; j < p->pixels; j++) add_block(y, p->q_float + j * p->stride + block, row[j]);
                for (size_t j = 0; j < p->pixels; j++) add_block(p->z_float + j * p->stride + block, y, row[j]);
            }
        }
        for (size_t i = 0; i < size; i++) p->z[i] += (double)p->z_float[i];
    }
    for (size_t j = 0; j < p->pixels; j++)
        for (size_t k = 0; k < p->vectors; k++) {
            const size_t at = j * p->stride + k;
            p->z[at] = p->z[at] / (double)p->n + (double)p->diagonal[j] * p->q[at];
        }
}

static double dot(const problem *p, const double *a, size_t column_a, const double *b, size_t column_b)
{
    double sum = 0;
    for (size_t j = 0; j < p->pixels; j++) sum += a[j * p->stride + column_a] * b[j * p->stride + column_b];
    return sum;
}

/* Gram-Schmidt, each column twice. What is left of a column that depends on the others is 0. */
static void orthonormalise(problem *p)
{
    for (size_t k = 0; k < p->vectors; k++) {
        const double before = sqrt(dot(p, p->q, k, p->q, k));
        for (int again = 0; again < 2; again++)
            for (size_t i = 0; i < k; i++) {
                const double part = dot(p, p->q, i, p->q, k);
                for (size_t j = 0; j < p->pixels; j++) p->q[j * p->stride + k] -= part * p->q[j * p->stride + i];
            }
        const double length = sqrt(dot(p, p->q, k, p->q, k));
        const double scale = length > 1e-6 * before && length > 0 ? 1 / length : 0;
        for (size_t j = 0; j < p->pixels; j++) p->q[j * p->stride + k] *= scale;
    }
}

/* One Jacobi rotation that makes a[i][j] of a symmetric matrix 0. */
static void rotate(double *a, size_t m, size_t i, size_t j)
{
    const double off = a[i * m + j];
    if (off == 0) return;
    const double theta = (a[j * m + j] - a[i * m + i]) / (2 * off);
    const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1)), c = 1 / sqrt(t * t + 1), s = t * c;
    for (size_t k = 0; k < m; k++) {
        const double x = a[k * m + i], y = a[k * m + j];
        a[k * m + i] = c * x - s * y, a[k * m + j] = s * x + c * y;
    }
    for (size_t k = 0; k < m; k++) {
        const double x = a[i * m + k], y = a[j * m + k];
        a[i * m + k] = c * x - s * y, a[j * m + k] = s * x + c * y;
    }
}

static int falling(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

/* The eigenvalues of q' covariance q (Rayleigh, Ritz): z is covariance q. */
static elbow_status ritz(double *eigenvalues, elb_error *err, const problem *p, uint32_t count)
{
    const size_t m = p->vectors;
    double *a = NULL, *found = NULL;
    elbow_status status;
    TRY_DONE(elb_new(err, &a, m, m * sizeof *a, "a small matrix"));
    TRY_DONE(elb_new(err, &found, m, sizeof *found, "eigenvalues"));
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j <= i; j++) a[i * m + j] = a[j * m + i] = dot(p, p->q, i, p->z, j);
    for (int sweep = 0; sweep < 12; sweep++)
        for (size_t i = 0; i < m; i++)
            for (size_t j = i + 1; j < m; j++) rotate(a, m, i, j);
    for (size_t i = 0; i < m; i++) found[i] = fmax(a[i * m + i], 0);
    qsort(found, m, sizeof *found, falling);
    for (size_t i = 0; i < count; i++) eigenvalues[i] = i < m ? found[i] : 0;
done:
    free(a);
    free(found);
    return status;
}

elbow_status elb_spectrum(double *eigenvalues, uint32_t *sampled, elb_error *err, const elbow_data *data,
                          const elb_whitening *how, uint32_t count)
{
    problem p = {0};
    elbow_status status;
    TRY_DONE(size_problem(&p, err, data, how->images, count));
    TRY_DONE(fill_rows(&p, err, data, how));
    for (size_t j = 0; j < p.pixels; j++)
        for (size_t k = 0; k < p.vectors; k++)
            p.q[j * p.stride + k] = (double)(elb_index_hash(j * p.vectors + k) >> 11) * 0x1p-53 - 0.5;
    for (int round = 0; round < ROUNDS; round++) {
        orthonormalise(&p);
        multiply(&p);
        if (round + 1 < ROUNDS) memcpy(p.q, p.z, p.pixels * p.stride * sizeof *p.q);
    }
    status = ritz(eigenvalues, err, &p, count);
    *sampled = (uint32_t)p.n;
done:
    free_problem(&p);
    return status;
}
