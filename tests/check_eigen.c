/* check_eigen.c - eigenvalues by both files, whichever of them the build has taken. */
#include "theory/eigen.h"

/* The file that a build with LAPACK leaves out, under another name. */
#define elb_eigenvalues own_eigenvalues
elbow_status own_eigenvalues(double *eigenvalues, elb_error *err, double *matrix, uint32_t n);
#include "../host/theory/eigen_lapack_none.c"
#undef elb_eigenvalues

#include "io_files.h"

typedef elbow_status solver(double *eigenvalues, elb_error *e, double *matrix, uint32_t n);
static solver *const solvers[] = {elb_eigenvalues, own_eigenvalues};

enum { MOST = 300 };
static double matrix[MOST * MOST], found[MOST];

/* Fills the lower triangle; what lies above must not matter. */
static void fill(uint32_t n, double (*value)(uint32_t i, uint32_t j, uint32_t n))
{
    for (uint32_t i = 0; i < n; i++)
        for (uint32_t j = 0; j < n; j++) matrix[i * n + j] = j <= i ? value(i, j, n) : (double)NAN;
}

static void near(double value, double expected, double scale)
{
    ck_assert_msg(fabs(value - expected) <= 1e-13 * scale, "%.17g is not %.17g", value, expected);
}

static double second_difference(uint32_t i, uint32_t j, uint32_t n)
{
    (void)n;
    return i == j ? 2 : i - j == 1 ? -1 : 0;
}

START_TEST(second_differences)
{
    static const uint32_t sizes[] = {1, 2, 3, 50, MOST};
    for (size_t s = 0; s < COUNT(solvers); s++)
        for (size_t k = 0; k < COUNT(sizes); k++) {
            const uint32_t n = sizes[k];
            fill(n, second_difference);
            WORKS(solvers[s](found, &err, matrix, n));
            for (uint32_t i = 0; i < n; i++) near(found[i], 2 - 2 * cos((n - i) * acos(-1) / (n + 1)), 4);
        }
}
END_TEST

/* All pairs are alike: n ones and zeros but for one. */
static double constant(uint32_t i, uint32_t j, uint32_t n)
{
    (void)i, (void)j, (void)n;
    return 0.25;
}

static double nothing(uint32_t i, uint32_t j, uint32_t n)
{
    (void)i, (void)j, (void)n;
    return 0;
}

START_TEST(few_directions)
{
    for (size_t s = 0; s < COUNT(solvers); s++) {
        fill(200, constant);
        WORKS(solvers[s](found, &err, matrix, 200));
        near(found[0], 50, 50);
        for (int i = 1; i < 200; i++) near(found[i], 0, 50);
        fill(7, nothing);
        WORKS(solvers[s](found, &err, matrix, 7));
        for (int i = 0; i < 7; i++) ck_assert(found[i] == 0);
    }
}
END_TEST

/* A dense matrix whose numbers span eight powers of ten, both ways of graded. */
static double graded(uint32_t i, uint32_t j, uint32_t n)
{
    const double a = pow(10, -8.0 * i / n), b = pow(10, -8.0 * j / n);
    return a * b * (i == j ? 2 : sin(3.0 * i + 7.0 * j) + sin(3.0 * j + 7.0 * i));
}

static double graded_up(uint32_t i, uint32_t j, uint32_t n)
{
    return graded(n - 1 - j, n - 1 - i, n);
}

START_TEST(both_agree_and_keep_trace_and_norm)
{
    double (*const kinds[])(uint32_t, uint32_t, uint32_t) = {graded, graded_up};
    for (size_t k = 0; k < COUNT(kinds); k++) {
        enum { N = 150 };
        double first[N], trace = 0, norm2 = 0;
        fill(N, kinds[k]);
        for (uint32_t i = 0; i < N; i++)
            for (uint32_t j = 0; j <= i; j++) norm2 += (i == j ? 1 : 2) * matrix[i * N + j] * matrix[i * N + j];
        for (uint32_t i = 0; i < N; i++) trace += matrix[i * N + i];
        WORKS(elb_eigenvalues(first, &err, matrix, N));
        fill(N, kinds[k]);
        WORKS(own_eigenvalues(found, &err, matrix, N));
        double sum = 0, squares = 0;
        for (int i = 0; i < N; i++) {
            near(found[i], first[i], sqrt(norm2));
            ck_assert(i == 0 || found[i] <= found[i - 1]);
            sum += found[i], squares += found[i] * found[i];
        }
        near(sum, trace, N * sqrt(norm2));
        near(squares, norm2, N * norm2);
    }
}
END_TEST

START_TEST(what_is_not_finite)
{
    for (size_t s = 0; s < COUNT(solvers); s++) {
        fill(5, second_difference);
        matrix[3 * 5 + 1] = (double)NAN;
        FAILS(solvers[s](found, &err, matrix, 5), BAD_DATA);
    }
}
END_TEST

MAIN(second_differences, few_directions, both_agree_and_keep_trace_and_norm, what_is_not_finite)
