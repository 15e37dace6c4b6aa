/* host_product.c - a device's matrices as the host's own memory: for libraries that compute on the processor. */
#include "math/provider.h"

bool elb_shares_floats(const elb_device *dev)
{
    return dev->shares_memory && dev->real_size == sizeof(float);
}

/* The host's pointer to a view. A buffer that holds several of the matrices is mapped once. */
static elbow_status map_view(float **at, elb_host_product *p, elb_device *dev, elb_view view)
{
    uint32_t i = 0;
    while (i < p->mapped_count && p->mapped[i].buffer != view.buffer) i++;
    if (i == p->mapped_count) {
        TRY(dev->ops->map(dev, &p->mapped[i].pointer, view.buffer));
        p->mapped[i].buffer = view.buffer;
        p->mapped_count++;
    }
    *at = (float *)p->mapped[i].pointer + view.offset;
    return ELBOW_OK;
}

static elbow_status map_all(elb_host_product *p, elb_device *dev, elb_view c, elb_view a, elb_view b)
{
    float *at;
    TRY(map_view(&p->c, p, dev, c));
    TRY(map_view(&at, p, dev, a));
    p->a = at;
    TRY(map_view(&at, p, dev, b));
    p->b = at;
    return ELBOW_OK;
}

elbow_status elb_host_map(elb_host_product *p, elb_device *dev, elb_view c, elb_view a, elb_transpose trans_a,
                          elb_view b, elb_transpose trans_b)
{
    *p = (elb_host_product){.m = (int)c.rows,
                            .n = (int)c.cols,
                            .k = (int)(trans_a ? a.rows : a.cols),
                            .c_row = (int)c.stride,
                            .a_row = (int)a.stride,
                            .b_row = (int)b.stride,
                            .trans_a = trans_a == TRANS,
                            .trans_b = trans_b == TRANS};
    const elbow_status status = map_all(p, dev, c, a, b);
    if (status != ELBOW_OK) (void)elb_host_unmap(p, dev);
    return status;
}

elbow_status elb_host_unmap(elb_host_product *p, elb_device *dev)
{
    elbow_status first = ELBOW_OK;
    while (p->mapped_count) {
        p->mapped_count--;
        const elbow_status status =
            dev->ops->unmap(dev, p->mapped[p->mapped_count].buffer, p->mapped[p->mapped_count].pointer);
        if (first == ELBOW_OK) first = status;
    }
    return first;
}
