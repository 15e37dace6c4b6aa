/* gemm_local.cl - the matrix product of gemm.cl, with the same bits, through local memory: for devices like GPUs.
 *
 * C (m, n), A (m, k), B (k, n), bias (n), y (m, n); a[i a_row + p a_col], b[p b_row + j b_col]: transposes need no
 * packing. A group of GROUP items computes GROUP_ROWS x GROUP_COLS of C, an item TILE_ROWS x TILE_COLS of them; DEPTH
 * rows of B and columns of A at a time, a part, are shared: while the items add the products of one part they have the
 * next one on its way to their registers, since few groups fill a device and none may wait for its memory. Parts go to
 * the two sides of the local memory by turns: what is written to one side was read before the barrier that is between.
 * A launch adds the terms from ... to - 1 of each sum of k, from a multiple of CHUNK, to what earlier launches left in C;
 * the last one finishes it. With SEGMENTS one launch adds all, and C is the sum alone. What lies outside A or B is taken
 * as +0, which changes no sum: a chain that begins at +0 never is -0. All items of a group reach every barrier; loops
 * have the same bounds for all. */
#include "activation.h"
#include "segments.h"
#include "tile.h"

OPTION(ACTIVATION, IDENTITY, "act")
OPTION(GRADIENT, 0, "1: multiply by act'(y) instead of applying act")
OPTION(BIAS, 0, "1: add the bias")
OPTION(SEGMENTS, 0, "1: the terms are cut as in segments.h; nothing else happens to the sum")

#define ITEMS_COLS (GROUP < 8 ? GROUP : 8)
#define ITEMS_ROWS (GROUP / ITEMS_COLS)
#define GROUP_ROWS (ITEMS_ROWS * TILE_ROWS)
#define GROUP_COLS (ITEMS_COLS * TILE_COLS)
/* Larger tiles have shorter parts: registers are few. On an NVIDIA H200 4 x 4 with 8, 2 x 2 with 16 were the quickest
 * of 8, 16, 32 and 64 terms, as far as they were tried. */
#define DEPTH (TILE_ROWS * TILE_COLS > 8 ? 8 : 16)
/* A part's rows in local memory: their beginnings lie in different banks, and at vectors of four. */
#define A_STRIDE ((GROUP_ROWS + 3) / 4 * 4 + 4)
#define B_STRIDE ((GROUP_COLS + 3) / 4 * 4 + 4)
/* Elements of a part that an item loads. */
#define A_SHARE ((DEPTH * GROUP_ROWS + GROUP - 1) / GROUP)
#define B_SHARE ((DEPTH * GROUP_COLS + GROUP - 1) / GROUP)
/* Of a row or column that is not there: no term comes behind it. */
#define NO_TERM 0xffffffffu

/* An item's share of every part, found once: where its elements lie behind the part's first, which of the part's terms
 * they are, and where they go. `lines` rows of A or columns of B, `line` being the first; neighbouring items take
 * neighbours in memory. */
FUNCTION void share_out(ulong *from, uint *term, uint *to, uint share, uint lines, uint stride, uint line, uint line_end,
                        uint line_step, uint term_step)
{
    for (uint s = 0; s < share; s++) {
        const uint e = (uint)get_local_id(0) + s * GROUP;
        const uint l = line_step == 1 ? e % lines : e / DEPTH, q = line_step == 1 ? e / lines : e % DEPTH;
        from[s] = (ulong)(line + l) * line_step + (ulong)q * term_step;
        term[s] = line + l < line_end ? q : NO_TERM;
        to[s] = q * stride + l;
    }
}

/* x begins with the part's first term, of `left`. */
FUNCTION void fetch(real *ahead, global const real *x, const ulong *from, const uint *term, uint share, uint left)
{
    for (uint s = 0; s < share; s++) ahead[s] = term[s] < left ? x[from[s]] : (real)0;
}

FUNCTION void put(local real *part, const real *ahead, const uint *to, uint share, uint lines)
{
    for (uint s = 0; s < share; s++)
        if ((s + 1) * GROUP <= DEPTH * lines || (uint)get_local_id(0) + s * GROUP < DEPTH * lines)
            part[to[s]] = ahead[s];
}

#define LOAD_LOCAL(r, v) const vreal b##v = load(b_here + q * B_STRIDE + item_col + v * WIDTH);
#define ADD_LOCAL(r, v)  sum[r][v] = vfma(a_value, b##v, sum[r][v]);
#define ADD_ROW(r)                                                                                                     \
    {                                                                                                                  \
        const vreal a_value = splat(a_here[q * A_STRIDE + item_row + r]);                                              \
        EACH_VECTOR(ADD_LOCAL, r)                                                                                      \
    }

kernel void gemm_local(global real *c, global const real *a, global const real *b, global const real *bias,
                       global const real *y, uint m, uint n, uint k, uint from, uint to, uint c_row, uint a_row,
                       uint a_col, uint b_row, uint b_col, uint y_row, uint segments, uint batch, uint shards,
                       uint left_over, uint each)
{
    local real a_part[2 * DEPTH * A_STRIDE] __attribute__((aligned(16)));
    local real b_part[2 * DEPTH * B_STRIDE] __attribute__((aligned(16)));
    const uint item = (uint)get_local_id(0);
    const uint group_row = (uint)get_group_id(0) * GROUP_ROWS, group_col = (uint)get_group_id(1) * GROUP_COLS;
    const uint item_row = item / ITEMS_COLS * TILE_ROWS, item_col = item % ITEMS_COLS * TILE_COLS;
    const uint row = group_row + item_row, col = group_col + item_col;
    const uint parts = SEGMENTS ? segments : 1;
    vreal kept[WAITING][TILE_ROWS][TILE_VECTORS];
    real a_ahead[A_SHARE], b_ahead[B_SHARE];
    ulong a_from[A_SHARE], b_from[B_SHARE];
    uint a_term[A_SHARE], b_term[B_SHARE], a_to[A_SHARE], b_to[B_SHARE];
    share_out(a_from, a_term, a_to, A_SHARE, GROUP_ROWS, A_STRIDE, group_row, m, a_row, a_col);
    share_out(b_from, b_term, b_to, B_SHARE, GROUP_COLS, B_STRIDE, group_col, n, b_col, b_row);
    uint begin = from, waiting = 0, side = 0;
    for (uint s = 0; s < parts; s++) {
        const uint first = begin, stop = SEGMENTS ? segment_end(s, k, segments, batch, shards, left_over, each) : to;
        do {
            const uint end = stop - begin < CHUNK ? stop : begin + CHUNK;
            vreal sum[TILE_ROWS][TILE_VECTORS];
            for (int r = 0; r < TILE_ROWS; r++)
                for (int v = 0; v < TILE_VECTORS; v++) sum[r][v] = splat(0);
            fetch(a_ahead, a + (ulong)begin * a_col, a_from, a_term, A_SHARE, end - begin);
            fetch(b_ahead, b + (ulong)begin * b_row, b_from, b_term, B_SHARE, end - begin);
            for (uint p = begin; p < end; p += DEPTH) {
                local real *a_here = a_part + side * DEPTH * A_STRIDE, *b_here = b_part + side * DEPTH * B_STRIDE;
                put(a_here, a_ahead, a_to, A_SHARE, GROUP_ROWS);
                put(b_here, b_ahead, b_to, B_SHARE, GROUP_COLS);
                group_barrier();
                if (p + DEPTH < end) {
                    const uint next = p + DEPTH;
                    fetch(a_ahead, a + (ulong)next * a_col, a_from, a_term, A_SHARE, end - next);
                    fetch(b_ahead, b + (ulong)next * b_row, b_from, b_term, B_SHARE, end - next);
                }
                for (uint q = 0; q < DEPTH; q++) {
                    EACH_VECTOR(LOAD_LOCAL, 0)
                    EACH_ROW(ADD_ROW)
                }
                side = 1 - side;
            }
            const uint joins = SEGMENTS && end == stop ? segments_joined(s, segments, waiting) : 0;
            for (int r = 0; r < TILE_ROWS; r++)
                for (int v = 0; v < TILE_VECTORS; v++) {
                    const uint i = row + r, j = col + v * WIDTH;
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
