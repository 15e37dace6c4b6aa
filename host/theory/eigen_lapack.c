/* eigen_lapack.c - by LAPACK's dsyevd, without eigenvectors. */
#include "theory/eigen.h"

#include <lapacke.h>
#include <math.h>

elbow_status elb_eigenvalues(double *eigenvalues, elb_error *err, double *matrix, uint32_t n)
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++)
            if (!isfinite(matrix[i * n + j]))
                return elb_fail(err, ELBOW_BAD_DATA, "the covariance of values %zu and %zu is %g", i, j,
                                matrix[i * n + j]);
    /* Row by row the lower triangle is what is the upper one column by column: nothing has to be turned. */
    const lapack_int info =
        LAPACKE_dsyevd(LAPACK_COL_MAJOR, 'N', 'U', (lapack_int)n, matrix, (lapack_int)n, eigenvalues);
    if (info < 0) return elb_fail(err, ELBOW_MEMORY, "no memory for the eigenvalues of a matrix of %u", n);
    if (info > 0) return elb_fail(err, ELBOW_BAD_DATA, "the eigenvalues of a matrix of %u do not converge", n);
    for (uint32_t i = 0; i < n / 2; i++) {
        const double small = eigenvalues[i];
        eigenvalues[i] = eigenvalues[n - 1 - i];
        eigenvalues[n - 1 - i] = small;
    }
    return ELBOW_OK;
}
