/* math_lanes.h - cl/math.h and cl/special.h compiled at one vector width and instruction set, for check_math.c to
 * compare. */
#ifndef MATH_LANES_H
#define MATH_LANES_H

#include <stddef.h>

/* y from n arguments, n a multiple of 16; b and c where there is a second and third. */
typedef void lanes_function(float *y, const float *a, const float *b, const float *c, size_t n);

enum lanes_index {
    LANES_EXP,
    LANES_EXPM1,
    LANES_LOG,
    LANES_LOG1P,
    LANES_TANH,
    LANES_SIGMOID,
    LANES_SOFTPLUS,
    LANES_SINPI,
    LANES_COSPI,
    LANES_RECIPROCAL,
    LANES_SQRT,
    LANES_LOG_SINHC,
    LANES_LANGEVIN,
    LANES_STIRLING,
    LANES_STIRLING_SLOPE,
    LANES_DIVIDE,
    LANES_FMA,
    LANES_SOFTWARE_FMA,
    LANES_CANONICAL,
    LANES_MAX,
    LANES_MIN,
    LANES_ROW_SUM, /* y[0] only; of the first n - 5 elements */
    LANES_NORMALS, /* of element 0, 1, …; arguments unused */
    LANES_UNIFORMS,
    LANES_FUNCTIONS
};

typedef struct math_lanes {
    int width;
    lanes_function *run[LANES_FUNCTIONS];
} math_lanes;

extern const math_lanes lanes_1, lanes_4, lanes_8, lanes_16, lanes_native;

#endif
