/* math_reference.h - what the functions of cl/math.h and cl/special.h are in double, for tests/check_math.c and
 * tools/check_math.c. */
#ifndef ELB_TEST_MATH_REFERENCE_H
#define ELB_TEST_MATH_REFERENCE_H

#include <math.h>

#define PI_OF_DOUBLE 3.14159265358979323846

/* Quarter turns are taken off first: the difference is exact. */
static inline double true_sinpi(double x)
{
    const double quarter = rint(2 * x), t = PI_OF_DOUBLE * (x - quarter / 2);
    const double s = ((int)quarter & 1) ? cos(t) : sin(t);
    return (int)quarter & 2 ? -s : s;
}

static inline double true_cospi(double x)
{
    const double quarter = rint(2 * x), t = PI_OF_DOUBLE * (x - quarter / 2);
    const double c = ((int)quarter & 1) ? sin(t) : cos(t);
    return ((int)quarter + 1) & 2 ? -c : c;
}

static inline double true_sigmoid(double x)
{
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static inline double true_softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

/* Rounded to float at once, so that a correctly rounded result has error 0. The reciprocal or root of a float rounded
 * to double first rounds to the same float. */
static inline double true_reciprocal(double x)
{
    return (float)(1 / x);
}

static inline double true_sqrt(double x)
{
    return (float)sqrt(x);
}

/* Where the closed forms of these two cancel, the first terms of the series. */
static inline double true_log_sinhc(double x)
{
    const double u = x * x;
    return u < 1e-4 ? u * (1.0 / 6 - u * (1.0 / 180 - u / 2835)) : (double)logl(sinhl(x) / x);
}

static inline double true_langevin(double x)
{
    const double u = x * x;
    return u < 1e-4 ? x * (1.0 / 3 - u * (1.0 / 45 - u * 2 / 945)) : (double)(1 / tanhl(x) - 1 / (long double)x);
}

/* Binet's function by its recurrence from where the series converges at once, and -2 z times its slope. */
static inline double true_stirling(double x)
{
    double steps = 0, z = x;
    for (; z < 16; z++) steps += (z + 0.5) * log1p(1 / z) - 1;
    const double u = 1 / (z * z);
    return steps + (1.0 / 12 - u * (1.0 / 360 - u * (1.0 / 1260 - u * (1.0 / 1680 - u / 1188)))) / z;
}

static inline double true_stirling_slope(double x)
{
    double steps = 0, z = x;
    for (; z < 16; z++) steps += log1p(1 / z) - (z + 0.5) / (z * (z + 1));
    const double u = 1 / (z * z);
    return -2 * x * (steps - u * (1.0 / 12 - u * (1.0 / 120 - u * (1.0 / 252 - u * (1.0 / 240 - u / 132)))));
}

#endif
