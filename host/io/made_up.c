/* made_up.c - images of noise: what is measured where there are no data. */
#include "io/data.h"

#include <stdlib.h>

/* Half of the pixels are black, as in pictures of strokes; the others anything. */
static uint8_t pixel(uint64_t index)
{
    const uint64_t hash = elb_index_hash(index);
    return hash & 256 ? (uint8_t)hash : 0;
}

static elbow_status fill_bytes(elb_images *images, elb_error *err, size_t pixels)
{
    uint8_t *bytes;
    TRY(elb_new(err, &bytes, images->count, pixels, "made-up images"));
    for (size_t i = 0; i < images->count * pixels; i++) bytes[i] = pixel(i);
    images->pixels = bytes;
    return ELBOW_OK;
}

/* 0 to 15, as where something is seldom counted more than a few times. */
static elbow_status fill_counts(elb_images *images, elb_error *err, size_t pixels)
{
    float *counts;
    TRY(elb_new(err, &counts, images->count, pixels * sizeof *counts, "made-up counts"));
    for (size_t i = 0; i < images->count * pixels; i++) counts[i] = (float)(pixel(i) >> 4);
    images->pixels = counts;
    return ELBOW_OK;
}

static elbow_status fill(elbow_data *data, elb_error *err, uint32_t count)
{
    const size_t pixels = (size_t)data->info.height * data->info.width;
    elb_images *images = &data->source[0];
    images->count = count;
    TRY(data->info.bytes ? fill_bytes(images, err, pixels) : fill_counts(images, err, pixels));
    return elb_data_finish(data, err);
}

elbow_status elb_data_made_up(elbow_data **data, elb_error *err, uint32_t height, uint32_t width, uint32_t count,
                              bool counts)
{
    *data = NULL;
    elbow_data *made;
    TRY(elb_new(err, &made, 1, sizeof *made, "made-up images"));
    elb_format(made->info.name, sizeof made->info.name, "made-up images");
    made->info.height = height;
    made->info.width = width;
    made->info.channels = 1;
    made->info.bytes = !counts;
    const elbow_status status = fill(made, err, count);
    if (status == ELBOW_OK)
        *data = made;
    else
        elb_data_free(made);
    return status;
}
