#include "train/round.h"

#include <stdlib.h>

static elbow_status make(elb_round *r, uint32_t batch)
{
    elb_error *err = r->host->err;
    TRY(elb_new(err, &r->nodes, r->room, sizeof *r->nodes, "a step's nodes"));
    TRY(elb_new(err, &r->gradient, r->room, sizeof *r->gradient, "a step's gradients"));
    TRY(elb_new(err, &r->sum_of, r->room, sizeof *r->sum_of, "a step's sums"));
    TRY(elb_new(err, &r->losses.of[0], batch, sizeof(float), "a batch's losses"));
    return elb_new(err, &r->losses.of[1], batch, sizeof(float), "a batch's losses");
}

elbow_status elb_round_new(elb_round **out, elb_device *host, uint32_t room, uint32_t parameters, uint32_t sums,
                           uint32_t batch)
{
    elb_round *r;
    *out = NULL;
    TRY(elb_new(host->err, &r, 1, sizeof *r, "a team's step"));
    r->host = host;
    r->room = room;
    r->parameters = parameters;
    r->sums = sums;
    const elbow_status status = make(r, batch);
    if (status == ELBOW_OK)
        *out = r;
    else
        elb_round_free(r);
    return status;
}

void elb_round_free(elb_round *r)
{
    if (!r) return;
    for (uint32_t i = 0; i < r->room; i++) {
        if (r->gradient) elb_buffer_free(r->gradient[i]);
        if (r->sum_of) elb_buffer_free(r->sum_of[i]);
    }
    free(r->nodes);
    free(r->gradient);
    free(r->sum_of);
    free(r->losses.of[0]);
    free(r->losses.of[1]);
    free(r);
}

/* The native device's buffers are the host's own memory: they stay mapped. */
static elbow_status host_pointer(float **pointer, elb_buffer **buffer, elb_device *host, uint32_t length)
{
    void *memory;
    if (!*buffer) TRY(elb_buffer_new(buffer, host, length * sizeof(float)));
    TRY(host->ops->map(host, &memory, *buffer));
    *pointer = memory;
    return ELBOW_OK;
}

elbow_status elb_round_way(elb_way *way, elb_round *r, elb_shards node)
{
    const uint32_t i = r->count;
    way->node = r->nodes[i] = node;
    way->sums = NULL;
    TRY(host_pointer(&way->gradient, &r->gradient[i], r->host, r->parameters));
    if (r->sums) TRY(host_pointer(&way->sums, &r->sum_of[i], r->host, r->sums));
    r->count++;
    return ELBOW_OK;
}

static elbow_status add(const float **result, elb_round *r, elb_buffer **vectors, uint32_t length, uint32_t shards)
{
    elb_node *nodes;
    float *sum;
    TRY(elb_new(r->host->err, &nodes, r->count, sizeof *nodes, "a step's nodes"));
    for (uint32_t i = 0; i < r->count; i++) nodes[i] = (elb_node){r->nodes[i], elb_matrix(vectors[i], 0, 1, length)};
    const elbow_status status = elb_nodes_add(nodes, r->count, shards);
    free(nodes);
    TRY(status);
    TRY(host_pointer(&sum, &vectors[0], r->host, length));
    *result = sum;
    return ELBOW_OK;
}

elbow_status elb_round_add_sums(const float **sums, elb_round *r, uint32_t shards)
{
    return add(sums, r, r->sum_of, r->sums, shards);
}

elbow_status elb_round_add_gradients(const float **gradient, elb_round *r, uint32_t shards)
{
    return add(gradient, r, r->gradient, r->parameters, shards);
}
