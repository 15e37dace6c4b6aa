/* binarise.h - grey pixels as the likelihood wants them. */
#ifndef BINARISE_H
#define BINARISE_H

#include "random.h"

/* Pixels at … at + WIDTH - 1 of a sample: as they are; 1 with their own probability, drawn anew each epoch
 * (Salakhutdinov & Murray 2008; Burda et al. 2015); or 1 from one half up. */
FUNCTION vreal binarise(vreal x, int how, ulong seed, uint epoch, uint sample, uint at)
{
    vint on;
    if (how == DYNAMIC)
        on = less(uniforms(seed, BINARISATION, epoch, sample, at), x);
    else if (how == THRESHOLD)
        on = less_equal(splat((real)0.5), x);
    else
        return x;
    return choose(on, splat(1), splat(0));
}

#endif
