/* gemm.cl - the matrix product, from registers.
 *
 *     C = act(A B + bias)          with_bias
 *     C = (A B) * act'(y)          gradient: y (m, n) is what act gave; for the way back
 *
 * C (m, n), A (m, k), B (k, n), bias (n). A's element (i, p) is a[i a_row + p a_col]: A or its transpose. B comes in
 * panels of TILE_COLS columns: row p of panel j is at b[j b_panel + p b_row], b_cols columns in all, a multiple of
 * WIDTH. Where they stand in a matrix of so many columns b_panel is TILE_COLS; pack.cl makes them for every other case.
 *
 * One work-item computes TILE_ROWS x TILE_COLS of C; the first dimension of the groups runs over the rows of C, the
 * second over its panels. An element's sum is one chain of fma over p in chunks of CHUNK, whatever the tile. Where p
 * runs over the rows of a batch, shards cut it into segments (segments.h); C is then the sum alone.
 *
 * What happens to the sums is chosen by arguments, not by options: a model takes five kinds of it, the tile is what
 * takes long to compile, and a branch outside the loop over p costs nothing that can be measured. */
#include "activation.h"
#include "segments.h"
#include "tile.h"

PROGRAM(step)

/* clang-format off */
#define START_ROW(r) global const real *a##r = a + (ulong)(row + r < m ? row + r : m - 1) * a_row;
#define START_SUM(r, v) vreal c##r##_##v = splat(0);
#define START_SUMS(r) EACH_VECTOR(START_SUM, r)
#define START_VECTOR(r, v) const uint at##v = col + v * WIDTH < b_cols ? v * WIDTH : 0;
#define LOAD_VECTOR(r, v) const vreal b##v = load(b_here + at##v);
#define ADD_PRODUCT(r, v) c##r##_##v = vfma(a_value, b##v, c##r##_##v);
#define ADD_PRODUCTS(r) { const vreal a_value = splat(a##r[a_here]); EACH_VECTOR(ADD_PRODUCT, r) }
#define MAKE_CANONICAL(r, v) c##r##_##v = canonical(c##r##_##v);
#define MAKE_ROW_CANONICAL(r) EACH_VECTOR(MAKE_CANONICAL, r)
#define JOIN_SUM(r, v) c##r##_##v += load(top + (r * TILE_VECTORS + v) * WIDTH);
#define JOIN_SUMS(r) EACH_VECTOR(JOIN_SUM, r)
#define KEEP_SUM(r, v) store_private(top + (r * TILE_VECTORS + v) * WIDTH, c##r##_##v);
#define KEEP_SUMS(r) EACH_VECTOR(KEEP_SUM, r)
/* clang-format on */

kernel void gemm(global real *c, global const real *a, global const real *b, global const real *bias,
                 global const real *y, uint m, uint n, uint k, uint c_row, uint a_row, uint a_col, uint b_row,
                 uint b_panel, uint b_cols, uint y_row, int with_bias, int activation, int gradient, uint segments,
                 uint batch, uint shards, uint left_over, uint each)
{
    const uint row = item_id() * TILE_ROWS, col = (uint)get_group_id(1) * TILE_COLS;
    if (row >= m) return;
    global const real *b_first = b + (ulong)get_group_id(1) * b_panel;
    EACH_ROW(START_ROW)
    EACH_VECTOR(START_VECTOR, 0)
    real kept[WAITING * TILE_ROWS * TILE_COLS]; /* written once in CHUNK products, or once in a segment */
    real *top = kept;
    uint begin = 0, waiting = 0;
    for (uint s = 0; s < segments; s++) {
        const uint first = begin, stop = segment_end(s, k, segments, batch, shards, left_over, each);
        do {
            const uint end = stop - begin < CHUNK ? stop : begin + CHUNK;
            global const real *b_here = b_first + (ulong)begin * b_row;
            ulong a_here = (ulong)begin * a_col;
            EACH_ROW(START_SUMS)
            for (uint p = begin; p < end; p++) {
                EACH_VECTOR(LOAD_VECTOR, 0)
                EACH_ROW(ADD_PRODUCTS)
                b_here += b_row;
                a_here += a_col;
            }
            if (begin > first) { EACH_ROW(JOIN_SUMS) }
            if (end == stop && segments > 1) {
                EACH_ROW(MAKE_ROW_CANONICAL)
                for (uint joins = segments_joined(s, segments, waiting); joins > 0; joins--, waiting--) {
                    top -= TILE_ROWS * TILE_COLS;
                    EACH_ROW(JOIN_SUMS)
                }
            }
            EACH_ROW(KEEP_SUMS)
            begin = end;
        } while (begin < stop);
        top += TILE_ROWS * TILE_COLS;
        waiting++;
    }
    const uint rows = m - row < TILE_ROWS ? m - row : TILE_ROWS;
    for (uint r = 0; r < rows; r++)
        for (uint v = 0; v < TILE_VECTORS && col + v * WIDTH < n; v++) {
            const uint j = col + v * WIDTH;
            vreal sum = load(kept + (r * TILE_VECTORS + v) * WIDTH);
            if (segments == 1)
                sum = finish_product(sum, bias + j, y + (ulong)(row + r) * y_row + j, n - j, with_bias, activation,
                                     gradient);
            store_part(c + (ulong)(row + r) * c_row + j, sum, n - j);
        }
}
