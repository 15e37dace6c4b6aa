#include "io/values.h"

#include <stdio.h>

char *elb_place(char out[96], const uint32_t size[4], size_t element)
{
    const size_t channel = element % size[3];
    const size_t column = element / size[3] % size[2];
    const size_t row = element / size[3] / size[2] % size[1];
    const size_t image = element / size[3] / size[2] / size[1];
    const int length = snprintf(out, 96, "image %zu (counted from 0), row %zu, column %zu", image, row, column);
    if (size[3] > 1 && length > 0 && length < 96) snprintf(out + length, 96 - (size_t)length, ", channel %zu", channel);
    return out;
}
