/* context.h - what is behind the public API's opaque types. */
#ifndef ELB_CONTEXT_H
#define ELB_CONTEXT_H

#include "device/device.h"
#include "train/glance.h"
#include "train/world.h"

#define ELB_MOST_MATES 63

struct elbow_context {
    elb_error err;
    elb_device *dev;                      /* NULL if elbow_open failed */
    elbow_device_info unknown;            /* what elbow_device gives then */
    elbow_context *mates[ELB_MOST_MATES]; /* the team's other devices, each with a context that is closed with this */
    uint32_t mate_count;
    uint32_t share;    /* shards that the device had in the last step */
    elb_world *world;  /* the ranks of a job that it belongs to; NULL: none */
    elb_word *words;   /* what each told when they last met */
    elb_glance glance; /* at the data, for what is foreseen */
    bool parted;       /* a failure has ended a training on all ranks */
    bool lost;         /* of a mate: its device has failed and is used no more */
    bool hung;         /* ... and may still be at work: it cannot be closed */
};

/* What every device gets once it is open: its programs are checked at their first use, and the shape that elbow tune
 * has kept for it applies. */
void elb_make_ready(elbow_context *context);

/* Begins a public call: forgets the last message. */
static inline elb_error *elb_begin(elbow_context *context)
{
    context->err.status = ELBOW_OK;
    context->err.text[0] = 0;
    return &context->err;
}

#endif
