/* pack.cl - a matrix, or its transpose, in the panels that gemm.cl reads.
 *
 *     panel[j][p][i] = B[p, j TILE_COLS + i]          +0 beyond the last column
 *
 * B (k, n): b[p b_row + q] for column q; transposed: b[q b_row + p]. One work-item packs WIDTH rows of one panel:
 * the first dimension of the groups runs over rows, the second over panels. The transpose is log2(WIDTH) perfect
 * shuffles of WIDTH vectors. */
#include "language.h"
#include "tile.h"

PROGRAM(step)

/* Rows of tile become its columns. */
FUNCTION void transpose_tile(vreal *tile)
{
    vreal next[WIDTH];
    for (int span = 1; span < WIDTH; span *= 2) {
        for (int i = 0; i < WIDTH / 2; i++) {
            next[2 * i] = interleave_low(tile[i], tile[i + WIDTH / 2]);
            next[2 * i + 1] = interleave_high(tile[i], tile[i + WIDTH / 2]);
        }
        for (int i = 0; i < WIDTH; i++) tile[i] = next[i];
    }
}

kernel void pack(global real *panels, global const real *b, uint k, uint n, uint b_row, int transposed)
{
    const uint row = item_id() * WIDTH, panel_col = (uint)get_group_id(1) * TILE_COLS;
    if (row >= k) return;
    const uint rows = k - row < WIDTH ? k - row : WIDTH, b_rows = transposed ? n : k, b_cols = transposed ? k : n;
    global real *to = panels + ((ulong)get_group_id(1) * k + row) * TILE_COLS;
    for (uint v = 0; v < TILE_VECTORS; v++) {
        const uint col = panel_col + v * WIDTH, first = transposed ? col : row, at = transposed ? row : col;
        vreal tile[WIDTH];
        for (uint i = 0; i < WIDTH; i++) {
            const int inside = first + i < b_rows && at < b_cols;
            tile[i] = inside ? load_part(b + (ulong)(first + i) * b_row + at, b_cols - at) : splat(0);
        }
        if (transposed) transpose_tile(tile);
        for (uint i = 0; i < rows; i++) store(to + i * TILE_COLS + v * WIDTH, tile[i]);
    }
}
