#include "train/round.h"

#include <stdlib.h>

static elbow_status make(elb_round *r, uint32_t batch)
{
    elb_error *err = r->host->err;
    TRY(elb_new(err, &r->nodes, r->room, sizeof *r->nodes, "a step's nodes"));
    for (int which = 0; which < ELB_VECTORS; which++)
        TRY(elb_new(err, &r->vector[which], r->room, sizeof *r->vector[which], "a step's vectors"));
    for (int which = 0; which < ELB_LOSSES; which++)
        TRY(elb_new(err, &r->losses.of[which], batch, sizeof(float), "a batch's losses"));
    return ELBOW_OK;
}

elbow_status elb_round_new(elb_round **out, elb_device *host, uint32_t room, uint32_t parameters, uint32_t sums,
                           uint32_t batch)
{
    elb_round *r;
    *out = NULL;
    TRY(elb_new(host->err, &r, 1, sizeof *r, "a team's step"));
    r->host = host;
    r->room = room;
    r->length[ELB_GRADIENT] = parameters;
    r->length[ELB_SUMS] = sums;
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
    for (int which = 0; which < ELB_VECTORS; which++) {
        for (uint32_t i = 0; r->vector[which] && i < r->room; i++) elb_buffer_free(r->vector[which][i]);
        free(r->vector[which]);
    }
    free(r->nodes);
    for (int which = 0; which < ELB_LOSSES; which++) free(r->losses.of[which]);
    free(r);
}

elb_node elb_round_node(const elb_round *r, int which, uint32_t i)
{
    return (elb_node){r->nodes[i], elb_matrix(r->vector[which][i], 0, 1, r->length[which])};
}

/* The native device's buffers are the host's own memory: they stay mapped. */
elbow_status elb_node_memory(float **memory, const elb_node *node)
{
    elb_device *host = node->sum.buffer->dev;
    void *mapped;
    TRY(host->ops->map(host, &mapped, node->sum.buffer));
    *memory = mapped;
    return ELBOW_OK;
}

elbow_status elb_round_way(elb_way *way, elb_round *r, elb_shards node)
{
    const uint32_t i = r->count;
    float **const memory[ELB_VECTORS] = {[ELB_SUMS] = &way->sums, [ELB_GRADIENT] = &way->gradient};
    way->node = r->nodes[i] = node;
    for (int which = 0; which < ELB_VECTORS; which++) {
        *memory[which] = NULL;
        if (!r->length[which]) continue;
        if (!r->vector[which][i]) TRY(elb_buffer_new(&r->vector[which][i], r->host, r->length[which] * sizeof(float)));
        const elb_node made = elb_round_node(r, which, i);
        TRY(elb_node_memory(memory[which], &made));
    }
    r->count++;
    return ELBOW_OK;
}
