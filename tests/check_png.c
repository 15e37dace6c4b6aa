#include "io/png_grid.h"

#include "io_files.h"

#include <math.h>
#include <png.h>

static unsigned char picture[1 << 20];
static uint32_t height, width;

static void load(const char *path, png_uint_32 format)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    ck_assert(png_image_begin_read_from_file(&png, path));
    ck_assert_uint_eq(png.format & PNG_FORMAT_FLAG_COLOR, format & PNG_FORMAT_FLAG_COLOR);
    png.format = format;
    height = png.height, width = png.width;
    ck_assert_uint_le(PNG_IMAGE_SIZE(png), sizeof picture);
    ck_assert(png_image_finish_read(&png, NULL, picture, 0, NULL));
}

/* Two images of 1x2, scale 2, gap 1: 4 rows of 1 + 4 + 1 + 4 + 1 pixels. */
START_TEST(grey_pixel_for_pixel)
{
    const float images[] = {0, 1, 0.5f, -3};
    WORKS(elb_png_grid(
        &err, in_folder("a.png"), images,
        &(elb_grid){.rows = 1, .columns = 2, .height = 1, .width = 2, .channels = 1, .gap = 1, .scale = 2}));
    load(in_folder("a.png"), PNG_FORMAT_GRAY);
    ck_assert_uint_eq(height, 4);
    ck_assert_uint_eq(width, 11);
    static const unsigned char gap[11] = {230, 230, 230, 230, 230, 230, 230, 230, 230, 230, 230};
    static const unsigned char line[11] = {230, 0, 0, 255, 255, 230, 128, 128, 0, 0, 230};
    ck_assert_mem_eq(picture, gap, 11);
    ck_assert_mem_eq(picture + 11, line, 11);
    ck_assert_mem_eq(picture + 22, line, 11);
    ck_assert_mem_eq(picture + 33, gap, 11);
}
END_TEST

START_TEST(colours_and_not_a_number)
{
    const float image[] = {1, 0, NAN, 0, 2, 0.2f};
    WORKS(elb_png_grid(&err, in_folder("a.png"), image,
                       &(elb_grid){.rows = 1, .columns = 1, .height = 2, .width = 1, .channels = 3, .scale = 1}));
    load(in_folder("a.png"), PNG_FORMAT_RGB);
    static const unsigned char expected[] = {255, 0, 0, 0, 255, 51};
    ck_assert_mem_eq(picture, expected, 6);
}
END_TEST

START_TEST(small_images_grow)
{
    static const float images[28 * 28];
    elb_grid grid = {.rows = 1, .columns = 1, .height = 28, .width = 28, .channels = 1};
    WORKS(elb_png_grid(&err, in_folder("a.png"), images, &grid));
    load(in_folder("a.png"), PNG_FORMAT_GRAY);
    ck_assert_uint_eq(height, 56);
    grid.height = 2, grid.width = 64;
    WORKS(elb_png_grid(&err, in_folder("a.png"), images, &grid));
    load(in_folder("a.png"), PNG_FORMAT_GRAY);
    ck_assert_uint_eq(height, 2);
}
END_TEST

START_TEST(refused)
{
    const float x[4] = {0};
    elb_grid grid = {.rows = 1, .columns = 1, .height = 2, .width = 1, .channels = 2, .scale = 1};
    FAILS(elb_png_grid(&err, in_folder("a.png"), x, &grid), USAGE);
    SAYS("images of 2 channels");
    grid.channels = 1, grid.rows = 0;
    FAILS(elb_png_grid(&err, in_folder("a.png"), x, &grid), USAGE);
    grid.rows = 20000;
    FAILS(elb_png_grid(&err, in_folder("a.png"), x, &grid), USAGE);
    SAYS("draw fewer");
    grid.rows = 1;
    FAILS(elb_png_grid(&err, in_folder("none/a.png"), x, &grid), IO);
    ck_assert_int_ne(access(in_folder("a.png"), F_OK), 0);
}
END_TEST

MAIN(grey_pixel_for_pixel, colours_and_not_a_number, small_images_grow, refused)
