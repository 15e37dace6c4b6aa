#include "io/png_grid.h"

#include "base/file.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { LARGEST_SIDE = 32767, LIGHT = 0xe6 }; /* LIGHT is seen next to black and to white images */

/* 28 and 32 pixels become 56 and 64, 8 become 64; images of 64 and more stay. */
static uint32_t readable(uint32_t side)
{
    return side >= 64 ? 1 : (64 + side / 2) / side;
}

static elbow_status check(elb_error *err, elb_grid *grid, uint32_t *height, uint32_t *width)
{
    if (!grid->rows || !grid->columns || !grid->height || !grid->width)
        return elb_fail(err, ELBOW_USAGE, "a picture of %ux%u images of %ux%u pixels is empty", grid->rows,
                        grid->columns, grid->height, grid->width);
    if (grid->channels != 1 && grid->channels != 3)
        return elb_fail(err, ELBOW_USAGE, "images of %u channels cannot be drawn: 1 is grey, 3 is RGB", grid->channels);
    if (!grid->scale) grid->scale = readable(grid->height < grid->width ? grid->width : grid->height);
    const uint64_t down = (uint64_t)grid->rows * ((uint64_t)grid->height * grid->scale + grid->gap) + grid->gap;
    const uint64_t across = (uint64_t)grid->columns * ((uint64_t)grid->width * grid->scale + grid->gap) + grid->gap;
    if (grid->height > LARGEST_SIDE || grid->width > LARGEST_SIDE || grid->rows > LARGEST_SIDE ||
        grid->columns > LARGEST_SIDE || grid->scale > LARGEST_SIDE || grid->gap > LARGEST_SIDE || down > LARGEST_SIDE ||
        across > LARGEST_SIDE)
        return elb_fail(err, ELBOW_USAGE, "a picture of %ux%u images would have more than %d pixels a side: draw fewer",
                        grid->rows, grid->columns, LARGEST_SIDE);
    *height = (uint32_t)down, *width = (uint32_t)across;
    return ELBOW_OK;
}

static uint8_t level(float value)
{
    if (!(value > 0)) return 0;
    return value >= 1 ? 255 : (uint8_t)(value * 255.0f + 0.5f);
}

static void paint(uint8_t *picture, uint32_t width, const float *images, const elb_grid *grid)
{
    const size_t channels = grid->channels, scale = grid->scale;
    const size_t down = grid->height * scale + grid->gap, across = grid->width * scale + grid->gap;
    for (size_t k = 0; k < (size_t)grid->rows * grid->columns; k++) {
        const float *image = images + k * grid->height * grid->width * channels;
        const size_t top = grid->gap + k / grid->columns * down, left = grid->gap + k % grid->columns * across;
        for (size_t y = 0; y < grid->height * scale; y++)
            for (size_t x = 0; x < grid->width * scale; x++)
                for (size_t c = 0; c < channels; c++)
                    picture[((top + y) * width + left + x) * channels + c] =
                        level(image[(y / scale * grid->width + x / scale) * channels + c]);
    }
}

elbow_status elb_png_grid(elb_error *err, const char *path, const float *images, const elb_grid *wanted)
{
    elb_grid grid = *wanted;
    png_image png = {.version = PNG_IMAGE_VERSION};
    TRY(check(err, &grid, &png.height, &png.width));
    png.format = grid.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    uint8_t *picture = NULL, *file = NULL;
    elbow_status status;
    const size_t size = (size_t)png.height * png.width * grid.channels;
    TRY_DONE(elb_new(err, &picture, size, 1, path));
    memset(picture, LIGHT, size);
    paint(picture, png.width, images, &grid);
    png_alloc_size_t bytes = PNG_IMAGE_PNG_SIZE_MAX(png);
    TRY_DONE(elb_new(err, &file, bytes, 1, path));
    if (png_image_write_to_memory(&png, file, &bytes, 0, picture, 0, NULL))
        status = elb_file_write(err, path, file, bytes);
    else
        status = elb_fail(err, ELBOW_IO, "%s: %s", path, png.message);
done:
    png_image_free(&png);
    free(picture);
    free(file);
    return status;
}
