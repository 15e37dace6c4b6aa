/* walsh.h - data of known spectrum: 64 images of 8 pixels. Pixel j is 1/2 +- sqrt(l_j) by the signs of a Walsh
 * function, so that the pixels do not correlate and the covariance is diag(l) exactly. */
#ifndef ELB_TEST_WALSH_H
#define ELB_TEST_WALSH_H

#include "io/data.h"

#include "io_files.h"

#include <math.h>
#include <stdlib.h>

static const double made[8] = {0.16, 0.09, 0.04, 0.0225, 0.01, 0.0025, 0.0016, 0.0004};

/* The 64 images so many times over, in a row; once for the test. */
static inline elbow_data *walsh_repeated(uint32_t times)
{
    float *images = malloc(64 * 8 * sizeof *images * times);
    ck_assert_ptr_nonnull(images);
    for (uint32_t i = 0; i < 64 * times; i++)
        for (uint32_t j = 0; j < 8; j++)
            images[i * 8 + j] = (float)(0.5 + (__builtin_parity(i & (j + 1)) ? -1 : 1) * sqrt(made[j]));
    elbow_data *data;
    WORKS(elb_data_from_floats(&data, &err, 2, 4, 1, images, 64 * times, images, 64));
    free(images);
    return data;
}

static inline elbow_data *walsh(void)
{
    return walsh_repeated(1);
}

#endif
