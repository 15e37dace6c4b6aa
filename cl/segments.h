/* segments.h - a sum over the rows of a batch, as its shards cut it (docs/bits.md, "Shards").
 *
 * Each shard's terms are a segment, summed as if it were alone; the segments' sums are added by the binary tree over the
 * shard's number, which is a binary counter: a run of segments waits until one of its length has come behind it, and
 * what still waits at the end is added from the right. What waits lies in a stack.
 *
 * A kernel takes how many segments there are (1: all k terms are one, and the rest is not read) and what says where they
 * end: the rows of the batch, the shards that it is cut into, what is left over of (first shard) x (rows) / (shards),
 * and the terms that a row stands for. host/math/shards.h makes these. */
#ifndef SEGMENTS_H
#define SEGMENTS_H

/* Sums that wait at once: six of up to 64 segments, and one for the chunks of a segment. */
#define WAITING 7

/* Where segment s of a sum of k terms ends. */
FUNCTION uint segment_end(uint s, uint k, uint segments, uint batch, uint shards, uint left_over, uint each)
{
    return s + 1 == segments ? k : (uint)(((ulong)(s + 1) * batch + left_over) / shards) * each;
}

/* How many of those that wait are added to segment s, the last to come first. */
FUNCTION uint segments_joined(uint s, uint segments, uint waiting)
{
    uint joined = 0;
    if (s + 1 == segments) return waiting;
    for (uint runs = s + 1; runs % 2 == 0; runs /= 2) joined++;
    return joined;
}

#endif
