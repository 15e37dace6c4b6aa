/* values.h - numbers of a data set on their way in: which are refused, how their place is named, what they become. */
#ifndef ELB_IO_VALUES_H
#define ELB_IO_VALUES_H

#include "base/base.h"

#include <float.h>
#include <math.h>

/* x, or +0 where |x| < 2^-40 (docs/bits.md). */
static inline float elb_canonical(float x)
{
    return x < 0x1p-40f && x > -0x1p-40f ? 0.0f : x;
}

/* What keeps a value out of a data set, for messages; NULL if nothing does. */
static inline const char *elb_unfit(double value)
{
    if (fabs(value) <= (double)FLT_MAX) return NULL;
    return isnan(value) ? "not a number" : isinf(value) ? "infinite" : "too large for float32";
}

/* "image 12 (counted from 0), row 3, column 4[, channel 1]" of an element of (count, height, width, channels), for
 * messages. Writes into out, returns it. */
char *elb_place(char out[96], const uint32_t size[4], size_t element);

#endif
