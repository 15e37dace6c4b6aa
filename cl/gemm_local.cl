/* gemm_local.cl - the matrix product of gemm.cl, with the same bits, through local memory: for devices like GPUs.
 *
 * C (m, n), A (m, k), B (k, n), bias (n), y (m, n); a[i a_row + p a_col], b[p b_row + j b_col]: transposes need no
 * packing. A group of GROUP items computes GROUP_ROWS x GROUP_COLS of C, an item TILE_ROWS x TILE_COLS of them; DEPTH
 * rows of B and columns of A at a time are shared. A launch adds the terms from ... to - 1 of each sum of k, from a
 * multiple of CHUNK, to what earlier launches left in C; the last one finishes it. With SEGMENTS one launch adds all,
 * and C is the sum alone. What lies outside A or B is taken as +0, which changes no sum: a chain that begins at +0 never
 * is -0. All items of a group reach every barrier; loops have the same bounds for all. */
#include "activation.h"
#include "segments.h"
#include "tile.h"

OPTION(ACTIVATION, IDENTITY, "act")
OPTION(GRADIENT, 0, "1: multiply by act'(y) instead of applying act")
OPTION(BIAS, 0, "1: add the bias")
OPTION(SEGMENTS, 0, "1: the terms are cut as in segments.h; nothing else happens to the sum")

#define DEPTH      16
#define ITEMS_COLS (GROUP < 8 ? GROUP : 8)
#define ITEMS_ROWS (GROUP / ITEMS_COLS)
#define GROUP_ROWS (ITEMS_ROWS * TILE_ROWS)
#define GROUP_COLS (ITEMS_COLS * TILE_COLS)

/* Written out, not loops: turns may be few (elb_device's most_turns). */
#define LOAD_LOCAL(r, v) const vreal b##v = load(b_part + q * GROUP_COLS + v * ITEMS_COLS * WIDTH + item_col);
#define ADD_LOCAL(r, v)  sum[r][v] = vfma(a_value, b##v, sum[r][v]);
#define ADD_ROW(r)                                                                                                     \
    {                                                                                                                  \
        const vreal a_value = splat(a_part[q * GROUP_ROWS + item_row + r]);                                            \
        EACH_VECTOR(ADD_LOCAL, r)                                                                                      \
    }

kernel void gemm_local(global real *c, global const real *a, global const real *b, global const real *bias,
                       global const real *y, uint m, uint n, uint k, uint from, uint to, uint c_row, uint a_row,
                       uint a_col, uint b_row, uint b_col, uint y_row, uint segments, uint batch, uint shards,
                       uint left_over, uint each)
{
    local real a_part[DEPTH * GROUP_ROWS], b_part[DEPTH * GROUP_COLS];
    const uint item = (uint)get_local_id(0);
    const uint group_row = (uint)get_group_id(0) * GROUP_ROWS, group_col = (uint)get_group_id(1) * GROUP_COLS;
    const uint item_row = item / ITEMS_COLS * TILE_ROWS, item_col = item % ITEMS_COLS * WIDTH;
    const uint row = group_row + item_row, col = group_col + item_col;
    const uint parts = SEGMENTS ? segments : 1;
    vreal kept[WAITING][TILE_ROWS][TILE_VECTORS];
    uint begin = from, waiting = 0;
    for (uint s = 0; s < parts; s++) {
        const uint first = begin, stop = SEGMENTS ? segment_end(s, k, segments, batch, shards, left_over, each) : to;
        do {
            const uint end = stop - begin < CHUNK ? stop : begin + CHUNK;
            vreal sum[TILE_ROWS][TILE_VECTORS];
            for (int r = 0; r < TILE_ROWS; r++)
                for (int v = 0; v < TILE_VECTORS; v++) sum[r][v] = splat(0);
            for (uint p = begin; p < end; p += DEPTH) {
                for (uint e = item; e < DEPTH * GROUP_ROWS; e += GROUP) {
                    const uint i = a_col == 1 ? e / DEPTH : e % GROUP_ROWS, q = a_col == 1 ? e % DEPTH : e / GROUP_ROWS;
                    const int inside = group_row + i < m && p + q < end;
                    a_part[q * GROUP_ROWS + i] =
                        inside ? a[(ulong)(group_row + i) * a_row + (ulong)(p + q) * a_col] : (real)0;
                }
                for (uint e = item; e < DEPTH * GROUP_COLS; e += GROUP) {
                    const uint j = b_col == 1 ? e % GROUP_COLS : e / DEPTH, q = b_col == 1 ? e / GROUP_COLS : e % DEPTH;
                    const int inside = group_col + j < n && p + q < end;
                    b_part[q * GROUP_COLS + j] =
                        inside ? b[(ulong)(p + q) * b_row + (ulong)(group_col + j) * b_col] : (real)0;
                }
                group_barrier();
                for (uint q = 0; q < DEPTH; q++) {
                    EACH_VECTOR(LOAD_LOCAL, 0)
                    EACH_ROW(ADD_ROW)
                }
                group_barrier();
            }
            const uint joins = SEGMENTS && end == stop ? segments_joined(s, segments, waiting) : 0;
            for (int r = 0; r < TILE_ROWS; r++)
                for (int v = 0; v < TILE_VECTORS; v++) {
                    const uint i = row + r, j = col + v * ITEMS_COLS * WIDTH;
                    vreal value = sum[r][v];
                    if (SEGMENTS) {
                        if (begin > first) value += kept[waiting][r][v];
                        if (end == stop) value = canonical(value);
                        for (uint w = 0; w < joins; w++) value += kept[waiting - 1 - w][r][v];
                        kept[waiting - joins][r][v] = value;
                    }
                    if (i >= m || j >= n) continue;
                    global real *c_here = c + (ulong)i * c_row + j;
                    if (!SEGMENTS && begin > 0) value += load_part(c_here, n - j);
                    if (!SEGMENTS && end == k)
                        value = finish_product(value, bias + j, y + (ulong)i * y_row + j, n - j, BIAS, ACTIVATION,
                                               GRADIENT);
                    if (!SEGMENTS || (end == stop && s + 1 == parts)) store_part(c_here, value, n - j);
                }
            waiting -= joins;
            begin = end;
        } while (begin < stop);
        waiting++;
    }
}
