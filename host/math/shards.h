/* shards.h - the rows of a batch as its shards cut them (docs/bits.md, "Shards"), and sums over rows that follow. */
#ifndef ELB_SHARDS_H
#define ELB_SHARDS_H

#include "device/device.h"

/* Shards whose terms one launch sums at most: WAITING in cl/segments.h is log2 of it, and one. */
#define ELB_MOST_SEGMENTS 64u

/* Shards [first, end) of a batch. */
typedef struct elb_shards {
    uint32_t first, end;
} elb_shards;

/* Rows of a batch of so many before those of a shard: it holds [elb_shard_start(i), elb_shard_start(i + 1)). */
static inline uint32_t elb_shard_start(uint32_t shard, uint32_t shards, uint32_t rows)
{
    return (uint32_t)((uint64_t)shard * rows / shards);
}

/* How a sum's terms are cut: the arguments of cl/segments.h. */
typedef struct elb_segments {
    uint32_t count; /* 1: not at all, and the rest is not read; at most ELB_MOST_SEGMENTS */
    uint32_t batch, shards, left_over, each;
} elb_segments;

static inline elb_segments elb_one_segment(void)
{
    return (elb_segments){.count = 1, .shards = 1};
}

/* The rows of some shards, of `shards` that a batch of so many rows is cut into, each row being `each` terms. */
static inline elb_segments elb_segments_of(elb_shards run, uint32_t shards, uint32_t batch, uint32_t each)
{
    return (elb_segments){.count = run.end - run.first,
                          .batch = batch,
                          .shards = shards,
                          .left_over = (uint32_t)((uint64_t)run.first * batch % shards),
                          .each = each};
}

/* y (1, cols) = the sum of x's rows. */
elbow_status elb_sum_rows(elb_device *dev, elb_view y, elb_view x, const elb_segments *cut);

#endif
