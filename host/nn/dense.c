/* dense.c - a fully connected layer as its mathematics: shape, forward, backward. */
#include "nn/dense.h"

static elb_view weights(const elb_dense *layer, elb_view flat)
{
    return elb_matrix(flat.buffer, flat.offset + layer->w, layer->out, layer->in);
}

static elb_view biases(const elb_dense *layer, elb_view flat)
{
    return elb_matrix(flat.buffer, flat.offset + layer->b, 1, layer->out);
}

size_t elb_dense_scratch(const elb_device *dev, const elb_dense *layer, uint32_t max_rows)
{
    const size_t needs[] = {elb_gemm_scratch(dev, layer->in, layer->out), elb_gemm_scratch(dev, max_rows, layer->in),
                            elb_gemm_scratch(dev, layer->out, layer->in)};
    size_t most = 0;
    for (size_t i = 0; i < COUNT(needs); i++) {
        if (needs[i] == 0 || needs[i] > UINT32_MAX) return 0;
        if (needs[i] > most) most = needs[i];
    }
    return most;
}

/* y = act(x W^T + b) */
elbow_status elb_dense_forward(elb_device *dev, const elb_dense *layer, elb_view y, elb_view w, elb_view x,
                               elb_view scratch)
{
    const elb_epilogue epilogue = {.bias = biases(layer, w), .activation = layer->activation};
    return elb_gemm_by(layer->by[ELB_FORWARD], dev, y, x, NO_TRANS, weights(layer, w), TRANS, &epilogue, scratch);
}

/* dW = dy^T x    db = sum_rows dy    dx = (dy W) * act_in'(x) */
elbow_status elb_dense_backward(elb_device *dev, const elb_dense *layer, elb_view dx, elb_view g, elb_view w,
                                elb_view dy, elb_view x, const elb_segments *cut, elb_view scratch)
{
    TRY(elb_gemm_over_rows(layer->by[ELB_WEIGHTS], dev, weights(layer, g), dy, x, cut, scratch));
    TRY(elb_sum_rows(dev, biases(layer, g), dy, cut));
    if (layer->first) return ELBOW_OK;
    const elb_epilogue epilogue = {.activation = layer->before, .output = x};
    return elb_gemm_by(layer->by[ELB_BACKWARD], dev, dx, dy, NO_TRANS, weights(layer, w), NO_TRANS, &epilogue, scratch);
}
