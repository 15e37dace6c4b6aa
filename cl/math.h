/* math.h - exp and its relatives with the same bits on every device. */
#ifndef MATH_H
#define MATH_H

#include "language.h"

FUNCTION vreal vexp(vreal x);
FUNCTION vreal vexpm1(vreal x);
FUNCTION vreal vlog(vreal x);
FUNCTION vreal vlog1p(vreal x);
FUNCTION vreal vtanh(vreal x);
FUNCTION vreal vsigmoid(vreal x);
FUNCTION vreal vsoftplus(vreal x);
/* sin and cos of pi x, 0 <= x < 2. */
FUNCTION void vsincospi(vreal *sin_pi_x, vreal *cos_pi_x, vreal x);
FUNCTION vreal vreciprocal(vreal x);
FUNCTION vreal vdivide(vreal a, vreal b);
FUNCTION vreal vsqrt(vreal x);

#endif
