/* sum_rows.cl - the sum of a matrix over its rows: the gradient of a bias.
 *
 *     y[j] = sum_i x[i,j]
 *
 * x (rows, cols), y (cols). Row i goes to lane i % 64 and the lanes are combined by their tree (docs/bits.md, "row
 * sums"); shards cut the rows into segments (segments.h), each with lanes of its own. A lane that no row reaches is +0
 * and left out, which changes no bit: none is -0. One work-item sums WIDTH columns. */
#include "language.h"
#include "segments.h"

PROGRAM(step)

/* Rows 0, 1, ... rows - 1 of WIDTH columns. lane: room for LANES. */
FUNCTION vreal sum_segment(vreal *lane, global const real *x, uint rows, uint x_row, uint left)
{
    const uint used = rows < LANES ? rows : LANES;
    for (uint l = 0; l < used; l++) lane[l] = splat(0);
    for (uint i = 0; i < rows; i++) lane[i % LANES] += load_part(x + (ulong)i * x_row, left);
    for (uint step = LANES / 2; step > 0; step /= 2)
        for (uint l = 0; l < step && l + step < used; l++) lane[l] += lane[l + step];
    return used > 0 ? canonical(lane[0]) : splat(0);
}

kernel void sum_rows(global real *y, global const real *x, uint rows, uint cols, uint x_row, uint segments, uint batch,
                     uint shards, uint left_over, uint each)
{
    const uint j = item_id() * WIDTH;
    if (j >= cols) return;
    vreal lane[LANES], kept[WAITING];
    uint begin = 0, waiting = 0;
    for (uint s = 0; s < segments; s++) {
        const uint end = segment_end(s, rows, segments, batch, shards, left_over, each);
        vreal sum = sum_segment(lane, x + (ulong)begin * x_row + j, end - begin, x_row, cols - j);
        for (uint joins = segments_joined(s, segments, waiting); joins > 0; joins--) sum += kept[--waiting];
        kept[waiting++] = sum;
        begin = end;
    }
    store_part(y + j, kept[0], cols - j);
}
