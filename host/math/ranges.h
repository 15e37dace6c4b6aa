/* ranges.h - how many work-groups a launch needs: for the library's own launches and for selftest's. What one work-item
 * or one group of a kernel does stands in the kernel's comment. */
#ifndef ELB_RANGES_H
#define ELB_RANGES_H

#include "device/device.h"

/* docs/bits.md: elements of a norm's chunk. */
#define ELB_NORM_CHUNK 1024
/* Lanes of a sum over rows or over a row: LANES in cl/language.h. */
#define ELB_LANES 64
/* Products of a chunk of a dot product: CHUNK in cl/tile.h. */
#define ELB_PRODUCT_CHUNK 1024

/* count / each, rounded up. */
static inline uint32_t elb_groups_of(uint32_t count, uint32_t each)
{
    return count / each + (count % each != 0);
}

/* One work-item does BLOCK elements of a vector. */
static inline elb_range elb_block_range(const elb_device *dev, uint32_t count)
{
    return (elb_range){elb_groups_of(count, (uint32_t)(dev->shape.block * dev->shape.group)), 1};
}

/* One work-item does BLOCK columns of a row, each row has groups of its own. */
static inline elb_range elb_matrix_range(const elb_device *dev, uint32_t rows, uint32_t cols)
{
    return (elb_range){elb_block_range(dev, cols).x, rows};
}

/* One work-item does WIDTH columns. */
static inline elb_range elb_column_range(const elb_device *dev, uint32_t cols)
{
    return (elb_range){elb_groups_of(cols, (uint32_t)(dev->shape.width * dev->shape.group)), 1};
}

/* sum_rows: items of a group that share a column. */
static inline uint32_t elb_sum_rows_slots(const elb_device *dev)
{
    return dev->shape.group < 8 ? (uint32_t)dev->shape.group : 8;
}

/* sum_rows: a group does WIDTH columns for each item of a slot. */
static inline elb_range elb_sum_rows_range(const elb_device *dev, uint32_t cols)
{
    const uint32_t items = (uint32_t)dev->shape.group / elb_sum_rows_slots(dev);
    return (elb_range){elb_groups_of(cols, (uint32_t)dev->shape.width * items), 1};
}

/* sum_rows: turns of an item's loops, at most: its lanes are set to zero, go round with the rows, and are added. */
static inline uint64_t elb_sum_rows_turns(const elb_device *dev, uint32_t rows, uint32_t segments)
{
    const uint64_t slots = elb_sum_rows_slots(dev), lanes = ELB_LANES / slots;
    return (rows / ELB_LANES + (uint64_t)segments) * (1 + lanes) + segments * (2 * lanes + 2 * slots + 16);
}

/* One work-group does a norm's chunk. */
static inline elb_range elb_norm_range(uint32_t count)
{
    return (elb_range){elb_groups_of(count, ELB_NORM_CHUNK), 1};
}

/* Columns of a work-item's tile of a product, and of a panel. */
static inline uint32_t elb_tile_cols(const elb_device *dev)
{
    return (uint32_t)(dev->shape.tile_vectors * dev->shape.width);
}

/* fma_chain: one work-item does a register tile of elements. */
static inline elb_range elb_chain_range(const elb_device *dev, uint32_t count)
{
    const uint32_t tile = (uint32_t)dev->shape.tile_rows * elb_tile_cols(dev);
    return (elb_range){elb_groups_of(count, tile * (uint32_t)dev->shape.group), 1};
}

/* gemm: C (m, n) */
static inline elb_range elb_gemm_range(const elb_device *dev, uint32_t m, uint32_t n)
{
    const uint32_t tiles = elb_groups_of(m, (uint32_t)dev->shape.tile_rows);
    return (elb_range){elb_groups_of(tiles, (uint32_t)dev->shape.group), elb_groups_of(n, elb_tile_cols(dev))};
}

/* gemm_local: rows (x) and columns (y) of C that a group computes; its items stand in up to 8 columns. */
static inline elb_range elb_gemm_local_tile(const elb_device *dev)
{
    const uint32_t group = (uint32_t)dev->shape.group, items_cols = group < 8 ? group : 8;
    return (elb_range){group / items_cols * (uint32_t)dev->shape.tile_rows, items_cols * elb_tile_cols(dev)};
}

/* gemm_local: C (m, n) */
static inline elb_range elb_gemm_local_range(const elb_device *dev, uint32_t m, uint32_t n)
{
    const elb_range tile = elb_gemm_local_tile(dev);
    return (elb_range){elb_groups_of(m, tile.x), elb_groups_of(n, tile.y)};
}

/* gemm_local: turns of an item's loops for a chunk, at most. A term takes one, a part of one to count it, and the
 * item's share of what the group loads, fetched and put. */
static inline uint32_t elb_gemm_local_turns(const elb_device *dev)
{
    const elb_range tile = elb_gemm_local_tile(dev);
    const uint32_t group = (uint32_t)dev->shape.group;
    return ELB_PRODUCT_CHUNK * (2 + 2 * (elb_groups_of(tile.x, group) + elb_groups_of(tile.y, group)));
}

/* gemm_local with segments: each may end within DEPTH terms, the last of which count as others, and its tile is gone
 * through with what it is added to. */
static inline uint64_t elb_gemm_local_segments_turns(const elb_device *dev, uint32_t terms, uint32_t segments)
{
    const uint32_t depth = 16, tile = (uint32_t)(dev->shape.tile_rows * dev->shape.tile_vectors);
    return (terms + (uint64_t)depth * segments) * (elb_gemm_local_turns(dev) / ELB_PRODUCT_CHUNK) +
           UINT64_C(4) * tile * (segments + terms / ELB_PRODUCT_CHUNK);
}

/* pack: B (k, n) */
static inline elb_range elb_pack_range(const elb_device *dev, uint32_t k, uint32_t n)
{
    const uint32_t rows = (uint32_t)(dev->shape.width * dev->shape.group);
    return (elb_range){elb_groups_of(k, rows), elb_groups_of(n, elb_tile_cols(dev))};
}

#endif
