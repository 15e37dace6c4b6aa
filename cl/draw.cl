/* draw.cl - pixels drawn from p(x|z), from the decoder's output: what a datum looks like, not what it is on the mean.
 *
 *     x[i,j] from p(x | y[i,j])        its noise found by seed, first + i and j
 *
 * y, x (rows, cols); x may be y. p: as in elbo.cl; source: enum spread_source; FIXED: `known` is the log spread and p is not
 * read. link: enum link. One work-group per row. */
#include "choices.h"
#include "language.h"
#include "sampling.h"

OPTION(LIKELIHOOD, BERNOULLI, "p(x|z)")

kernel void draw(global real *x, global const real *y, global const real *p, uint cols, uint x_row, uint y_row, int link,
                 int source, real known, ulong seed, uint first)
{
    const uint row = (uint)get_group_id(0);
    for (uint t = 0; row_at(t) < cols; t++) {
        const uint j = row_at(t), left = cols - j;
        const vreal out = load_part(y + (ulong)row * y_row + j, left);
        vreal log_spread = splat(known);
        if (source == EACH) log_spread = softly_clipped(load_part(p + j, left));
        if (source == SHARED) log_spread = softly_clipped(splat(p[0]));
        if (source == OPTIMAL) log_spread = splat(p[0]);
        pixels_at at;
        at.seed = seed;
        at.sample = first + row;
        at.first = j;
        const vreal drawn = draw_pixels(LIKELIHOOD, out, mean_of(link, out), spread_of(LIKELIHOOD, log_spread), at);
        store_part(x + (ulong)row * x_row + j, canonical(drawn), left);
    }
}
