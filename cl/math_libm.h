/* math_libm.h - math.h's functions from the C library, lane by lane: for the float64 build, in which tests take
 * differences. */
#ifndef MATH_LIBM_H
#define MATH_LIBM_H

#if WIDTH == 1
#define LANE_(v, l) (v)
#else
#define LANE_(v, l) (v)[l]
#endif

#define FROM_LIBM_(name, expression)                                                                                   \
    FUNCTION vreal name(vreal v)                                                                                       \
    {                                                                                                                  \
        for (int l = 0; l < WIDTH; l++) {                                                                              \
            const double x = LANE_(v, l);                                                                              \
            LANE_(v, l) = (expression);                                                                                \
        }                                                                                                              \
        return v;                                                                                                      \
    }

FROM_LIBM_(vexp, exp(x))
FROM_LIBM_(vexpm1, expm1(x))
FROM_LIBM_(vlog, log(x))
FROM_LIBM_(vlog1p, log1p(x))
FROM_LIBM_(vtanh, tanh(x))
FROM_LIBM_(vsigmoid, x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)))
FROM_LIBM_(vsoftplus, (x > 0 ? x : 0) + log1p(exp(-fabs(x))))
FROM_LIBM_(vreciprocal, 1 / x)
FROM_LIBM_(vsqrt, sqrt(x))

FUNCTION vreal vdivide(vreal a, vreal b)
{
    return a / b;
}

FUNCTION void vsincospi(vreal *sin_pi_x, vreal *cos_pi_x, vreal x)
{
    const double pi = 3.14159265358979323846;
    for (int l = 0; l < WIDTH; l++) {
        LANE_(*sin_pi_x, l) = sin(pi * LANE_(x, l));
        LANE_(*cos_pi_x, l) = cos(pi * LANE_(x, l));
    }
}

#undef FROM_LIBM_
#undef LANE_

#endif
