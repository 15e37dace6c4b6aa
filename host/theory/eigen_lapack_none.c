/* eigen_lapack_none.c - without LAPACK: Householder's reflections to a tridiagonal matrix, then QL steps with implicit
 * shifts (Golub & Van Loan, Matrix Computations, sections 8.3.1 and 8.3.3). */
#include "theory/eigen.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

typedef struct tridiagonal {
    double *diagonal, *beside; /* (n) each; beside[i] is right of diagonal[i], the last is 0 */
    uint32_t n;
    double nothing; /* what beside the diagonal counts as 0: the last bit of the largest element */
} tridiagonal;

/* p = A v for the leading m x m part of A, of which the lower triangle counts. */
static void multiply(double *p, const double *a, const double *v, uint32_t m, uint32_t n)
{
    for (uint32_t i = 0; i < m; i++) p[i] = 0;
    for (uint32_t i = 0; i < m; i++) {
        const double *row = a + (size_t)i * n;
        double sum = 0;
        for (uint32_t j = 0; j < i; j++) {
            sum += row[j] * v[j];
            p[j] += row[j] * v[i];
        }
        p[i] += sum + row[i] * v[i];
    }
}

/* Makes row m of the leading part (m + 1, m + 1) zero but for its last two elements: A becomes H A H with
 * H = 1 - tau v v'. Row m holds v meanwhile; p is workspace. Returns the element beside the diagonal. */
static double reflect(double *a, double *p, uint32_t m, uint32_t n)
{
    double *v = a + (size_t)m * n, norm2 = 0;
    for (uint32_t j = 0; j + 1 < m; j++) norm2 += v[j] * v[j];
    const double last = v[m - 1];
    if (norm2 == 0) return last;
    const double beside = last > 0 ? -sqrt(norm2 + last * last) : sqrt(norm2 + last * last);
    v[m - 1] = last - beside;
    const double tau = 2 / (norm2 + v[m - 1] * v[m - 1]);
    multiply(p, a, v, m, n);
    double half = 0;
    for (uint32_t j = 0; j < m; j++) half += p[j] * v[j] * tau * tau / 2;
    for (uint32_t j = 0; j < m; j++) p[j] = tau * p[j] - half * v[j];
    for (uint32_t i = 0; i < m; i++)
        for (uint32_t j = 0; j <= i; j++) a[(size_t)i * n + j] -= v[i] * p[j] + p[i] * v[j];
    return beside;
}

static void reduce(tridiagonal *t, double *a, double *p)
{
    const uint32_t n = t->n;
    t->beside[n - 1] = 0;
    for (uint32_t m = n - 1; m > 0; m--) {
        t->beside[m - 1] = reflect(a, p, m, n);
        t->diagonal[m] = a[(size_t)m * n + m];
    }
    t->diagonal[0] = a[0];
    for (uint32_t i = 0; i < n; i++)
        t->nothing = fmax(t->nothing, DBL_EPSILON * fmax(fabs(t->diagonal[i]), fabs(t->beside[i])));
}

/* The first place from `from` on where the matrix falls apart. */
static uint32_t split(const tridiagonal *t, uint32_t from)
{
    uint32_t at = from;
    while (at + 1 < t->n && !(fabs(t->beside[at]) <= t->nothing)) at++;
    return at;
}

/* One QL step on rows first to last: the rotations chase the element that the shift has put outside the band. */
static void step(tridiagonal *t, uint32_t first, uint32_t last)
{
    double *d = t->diagonal, *e = t->beside;
    const double turn = (d[first + 1] - d[first]) / (2 * e[first]), length = hypot(turn, 1);
    double g = d[last] - d[first] + e[first] / (turn + copysign(length, turn)), s = 1, c = 1, moved = 0;
    for (uint32_t i = last; i-- > first;) {
        const double f = s * e[i], b = c * e[i], r = hypot(f, g);
        e[i + 1] = r;
        if (r == 0) { /* it fell apart on the way */
            d[i + 1] -= moved;
            e[last] = 0;
            return;
        }
        s = f / r, c = g / r;
        g = d[i + 1] - moved;
        const double mixed = (d[i] - g) * s + 2 * c * b;
        moved = s * mixed;
        d[i + 1] = g + moved;
        g = c * mixed - b;
    }
    d[first] -= moved;
    e[first] = g;
    e[last] = 0;
}

static elbow_status iterate(tridiagonal *t, elb_error *err)
{
    enum { MOST_STEPS = 60 };
    for (uint32_t first = 0; first < t->n; first++)
        for (int steps = 0;; steps++) {
            const uint32_t last = split(t, first);
            if (last == first) break;
            if (steps == MOST_STEPS || !isfinite(t->diagonal[first]) || !isfinite(t->beside[first]))
                return elb_fail(err, ELBOW_BAD_DATA, "the eigenvalues of a matrix of %u do not converge", t->n);
            step(t, first, last);
        }
    return ELBOW_OK;
}

static int falling(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x < y) - (x > y);
}

elbow_status elb_eigenvalues(double *eigenvalues, elb_error *err, double *matrix, uint32_t n)
{
    tridiagonal t = {.diagonal = eigenvalues, .n = n};
    double *workspace = NULL;
    elbow_status status;
    TRY_DONE(elb_new(err, &t.beside, n, sizeof *t.beside, "a matrix's second diagonal"));
    TRY_DONE(elb_new(err, &workspace, n, sizeof *workspace, "a matrix's workspace"));
    reduce(&t, matrix, workspace);
    TRY_DONE(iterate(&t, err));
    qsort(eigenvalues, n, sizeof *eigenvalues, falling);
done:
    free(t.beside);
    free(workspace);
    return status;
}
