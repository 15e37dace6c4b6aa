/* tile.h - names for the rows and vectors of a register tile, so that each accumulator is a variable of its own: an
 * array of them would be kept in memory by some compilers.
 *
 *     EACH_ROW(X)         X(0) X(1) … X(TILE_ROWS - 1)
 *     EACH_VECTOR(X, r)   X(r, 0) X(r, 1) … X(r, TILE_VECTORS - 1)
 */
#ifndef TILE_H
#define TILE_H

#define TILE_PASTE_(a, b) a##b
#define TILE_PASTE(a, b)  TILE_PASTE_(a, b)

/* clang-format off */
#define EACH_ROW_1(X) X(0)
#define EACH_ROW_2(X) EACH_ROW_1(X) X(1)
#define EACH_ROW_3(X) EACH_ROW_2(X) X(2)
#define EACH_ROW_4(X) EACH_ROW_3(X) X(3)
#define EACH_ROW_5(X) EACH_ROW_4(X) X(4)
#define EACH_ROW_6(X) EACH_ROW_5(X) X(5)
#define EACH_ROW_7(X) EACH_ROW_6(X) X(6)
#define EACH_ROW_8(X) EACH_ROW_7(X) X(7)
#define EACH_ROW_9(X) EACH_ROW_8(X) X(8)
#define EACH_ROW_10(X) EACH_ROW_9(X) X(9)
#define EACH_ROW_11(X) EACH_ROW_10(X) X(10)
#define EACH_ROW_12(X) EACH_ROW_11(X) X(11)
#define EACH_ROW_13(X) EACH_ROW_12(X) X(12)
#define EACH_ROW_14(X) EACH_ROW_13(X) X(13)
#define EACH_ROW_15(X) EACH_ROW_14(X) X(14)
#define EACH_ROW_16(X) EACH_ROW_15(X) X(15)
#define EACH_VECTOR_1(X, r) X(r, 0)
#define EACH_VECTOR_2(X, r) EACH_VECTOR_1(X, r) X(r, 1)
#define EACH_VECTOR_3(X, r) EACH_VECTOR_2(X, r) X(r, 2)
#define EACH_VECTOR_4(X, r) EACH_VECTOR_3(X, r) X(r, 3)
/* clang-format on */

#define EACH_ROW    TILE_PASTE(EACH_ROW_, TILE_ROWS)
#define EACH_VECTOR TILE_PASTE(EACH_VECTOR_, TILE_VECTORS)

/* Columns of a work-item's tile. */
#define TILE_COLS (TILE_VECTORS * WIDTH)

/* Products of a chunk: a dot product is the sum, left to right, of its chunks' chains of fma (docs/bits.md). */
#define CHUNK 1024u

#endif
