/* fma_chain.cl - nothing but fma in registers: how many operations a second a device can do at the most.
 *
 *     y[e] = x_turns        x_0 = x[e], x_{t+1} = fma(x_t, factor, step)
 *
 * One work-item does a register tile's worth of elements, TILE_ROWS x TILE_COLS of them, each a chain of its own: as
 * many chains as gemm.cl has, so that what is measured is what the products could reach. For the roofline of `elbow
 * compare` (Williams, Waterman and Patterson 2009). */
#include "language.h"
#include "tile.h"

/* clang-format off */
#define AT(r, v) (first + (r * TILE_VECTORS + v) * WIDTH)
#define LEFT(r, v) (AT(r, v) < count ? count - AT(r, v) : 0)
#define START_CHAIN(r, v) vreal c##r##_##v = load_part(x + AT(r, v), LEFT(r, v));
#define START_CHAINS(r) EACH_VECTOR(START_CHAIN, r)
#define TURN_CHAIN(r, v) c##r##_##v = vfma(c##r##_##v, splat(factor), splat(step));
#define TURN_CHAINS(r) EACH_VECTOR(TURN_CHAIN, r)
#define END_CHAIN(r, v) store_part(y + AT(r, v), c##r##_##v, LEFT(r, v));
#define END_CHAINS(r) EACH_VECTOR(END_CHAIN, r)
/* clang-format on */

kernel void fma_chain(global real *y, global const real *x, uint count, uint turns, real factor, real step)
{
    const uint first = item_id() * (TILE_ROWS * TILE_COLS);
    if (first >= count) return;
    EACH_ROW(START_CHAINS)
    for (uint t = 0; t < turns; t++) { EACH_ROW(TURN_CHAINS) }
    EACH_ROW(END_CHAINS)
}
