/* activation.h - what a layer does to its sums, and its derivative told from what came out. */
#ifndef ACTIVATION_H
#define ACTIVATION_H

#include "choices.h"
#include "language.h"
#include "math.h"

/* act(x). A NaN stays. */
FUNCTION vreal activate(vreal x, int activation)
{
    if (activation == RELU) return choose(less(x, splat(0)), splat(0), x);
    if (activation == TANH) return vtanh(x);
    if (activation == SIGMOID) return vsigmoid(x);
    if (activation == SOFTPLUS) return vsoftplus(x);
    return x;
}

/* act'(x), where y = act(x). */
FUNCTION vreal activation_slope(vreal y, int activation)
{
    if (activation == RELU) return choose(less_equal(y, splat(0)), splat(0), splat(1));
    if (activation == TANH) return vfma(-y, y, splat(1));
    if (activation == SIGMOID) return vfma(-y, y, y);
    if (activation == SOFTPLUS) return -vexpm1(-y);
    return splat(1);
}

/* What a dot product becomes: plus a bias, then through the activation; or, for a gradient, times the slope at y. */
FUNCTION vreal finish_product(vreal sum, global const real *bias, global const real *y, uint left, int with_bias,
                              int activation, int gradient)
{
    if (with_bias) sum += load_part(bias, left);
    if (gradient && activation != IDENTITY)
        return canonical(canonical(sum) * activation_slope(load_part(y, left), activation));
    return canonical(activate(sum, activation));
}

#endif
