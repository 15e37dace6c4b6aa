/* eigen.h - eigenvalues of a symmetric matrix: by LAPACK (eigen_lapack.c), or by elbow's own code where the build has
 * none (eigen_lapack_none.c). */
#ifndef ELB_THEORY_EIGEN_H
#define ELB_THEORY_EIGEN_H

#include "base/base.h"

/* Writes all n eigenvalues, falling. matrix (n, n): its lower triangle (row >= column) is read, all of it is
 * overwritten. The error of each is about 1e-14 of the largest. Errors: MEMORY, BAD_DATA (what is not finite). */
elbow_status elb_eigenvalues(double *eigenvalues, elb_error *err, double *matrix, uint32_t n);

#endif
