/* sum_rows.cl - the sum of a matrix over its rows: the gradient of a bias.
 *
 *     y[j] = sum_i x[i,j]
 *
 * x (rows, cols), y (cols). Row i goes to lane i % 64 and the lanes are combined by their tree (docs/bits.md, "row
 * sums"); shards cut the rows into segments (segments.h), each with lanes of its own. A lane that no row reaches is +0,
 * which changes no bit: none is -0. The items of a group stand in SLOTS rows: those of a column share its lanes, each
 * SLOTS-th of which is theirs, and WIDTH columns of the matrix. So a GPU, which has few columns to share out, waits for
 * an eighth of the reads. All items of a group reach every barrier. */
#include "language.h"
#include "segments.h"

PROGRAM(step)

#define SLOTS      (GROUP < 8 ? GROUP : 8)
#define SLOT_LANES (LANES / SLOTS)
#define SLOT_ITEMS (GROUP / SLOTS)

/* The sum of a power of two of lanes by their tree. */
FUNCTION vreal sum_lanes(vreal *lane, uint lanes)
{
    for (uint step = lanes / 2; step > 0; step /= 2)
        for (uint l = 0; l < step; l++) lane[l] += lane[l + step];
    return lane[0];
}

/* A slot's share of rows 0, 1, ... rows - 1 of WIDTH columns. lane: room for SLOT_LANES. */
FUNCTION vreal sum_slot(vreal *lane, global const real *x, uint slot, uint rows, uint x_row, uint left)
{
    for (uint l = 0; l < SLOT_LANES; l++) lane[l] = splat(0);
    for (uint i = slot; i < rows; i += LANES)
        for (uint l = 0; l < SLOT_LANES; l++)
            if (i + l * SLOTS < rows) lane[l] += load_part(x + (ulong)(i + l * SLOTS) * x_row, left);
    return sum_lanes(lane, SLOT_LANES);
}

/* The slots' sums as the last lanes of the tree. scratch: WIDTH for each item. */
FUNCTION vreal join_slots(vreal own, local real *scratch, uint column)
{
    vreal sum[SLOTS];
    store(scratch + (uint)get_local_id(0) * WIDTH, own);
    group_barrier();
    for (uint s = 0; s < SLOTS; s++) sum[s] = load(scratch + (s * SLOT_ITEMS + column) * WIDTH);
    group_barrier(); /* before the next segment's are stored */
    return canonical(sum_lanes(sum, SLOTS));
}

kernel void sum_rows(global real *y, global const real *x, uint rows, uint cols, uint x_row, uint segments, uint batch,
                     uint shards, uint left_over, uint each)
{
    local real scratch[GROUP * WIDTH];
    const uint slot = (uint)get_local_id(0) / SLOT_ITEMS, column = (uint)get_local_id(0) % SLOT_ITEMS;
    const uint j = ((uint)get_group_id(0) * SLOT_ITEMS + column) * WIDTH;
    const uint left = j < cols ? cols - j : 0;
    vreal lane[SLOT_LANES], kept[WAITING];
    uint begin = 0, waiting = 0;
    for (uint s = 0; s < segments; s++) {
        const uint end = segment_end(s, rows, segments, batch, shards, left_over, each);
        global const real *x_here = x + (ulong)begin * x_row + (left ? j : 0);
        vreal sum = join_slots(sum_slot(lane, x_here, slot, left ? end - begin : 0, x_row, left), scratch, column);
        for (uint joins = segments_joined(s, segments, waiting); joins > 0; joins--) sum += kept[--waiting];
        kept[waiting++] = sum;
        begin = end;
    }
    if (left && slot == 0) store_part(y + j, kept[0], left);
}
