/* dense.h - a fully connected layer.
 *
 *     y  = act(x W^T + b)       x (rows, in)   W (out, in)   b (out)   y (rows, out)
 *     dW = dy^T x    db = sum_rows dy    dx = (dy W) * act_in'(x)
 *
 * dy is the gradient before the activation: the layer behind multiplied by its slope already, as this one does for the
 * layer before it. */
#ifndef ELB_DENSE_H
#define ELB_DENSE_H

#include "math/gemm.h"

/* The products of a layer. */
typedef enum elb_dense_product { ELB_FORWARD, ELB_WEIGHTS, ELB_BACKWARD, ELB_PRODUCTS } elb_dense_product;

typedef struct elb_dense {
    char name[32]; /* "encoder.0" */
    uint32_t in, out;
    size_t w, b;                          /* where W and b begin in the flat vectors */
    int32_t activation;                   /* enum elb_activation: act */
    int32_t before;                       /* act_in: the activation that x came through */
    bool first;                           /* nothing before it wants dx */
    const elb_provider *by[ELB_PRODUCTS]; /* who computes each product; NULL, for exact maths: elbow's own kernels */
} elb_dense;

/* Elements of scratch for up to max_rows rows; 0 if they do not fit 32 bits. */
size_t elb_dense_scratch(const elb_device *dev, const elb_dense *layer, uint32_t max_rows);

elbow_status elb_dense_forward(elb_device *dev, const elb_dense *layer, elb_view y, elb_view w, elb_view x,
                               elb_view scratch);
/* cut: the shards whose rows these are. */
elbow_status elb_dense_backward(elb_device *dev, const elb_dense *layer, elb_view dx, elb_view g, elb_view w,
                                elb_view dy, elb_view x, const elb_segments *cut, elb_view scratch);

#endif
