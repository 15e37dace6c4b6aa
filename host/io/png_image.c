#include "io/image.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

/* Deflate cannot shrink anything further (zlib's technical details): a larger claim is a lie. */
enum { MOST_RATIO = 1032 };

typedef struct reader {
    png_structp png;
    png_infop info;
    const unsigned char *at;
    size_t left, size;
    elb_error *err;
    elbow_status status;
    elb_image image;
    bool alpha;          /* pixels have a last channel that says how opaque they are */
    unsigned char *raw;  /* the pixels with that channel */
    unsigned char **row; /* its rows */
} reader;

/* libpng reports a failure here and expects that it does not return. */
static void on_error(png_structp png, png_const_charp text)
{
    reader *in = png_get_error_ptr(png);
    in->status =
        elb_fail(in->err, ELBOW_BAD_FILE, "its PNG data are damaged (%s): copy it again or leave it out", text);
    png_longjmp(png, 1);
}

/* Oddities beside the pixels are no concern of a data set. */
static void on_warning(png_structp png, png_const_charp text)
{
    (void)png, (void)text;
}

static void on_read(png_structp png, png_bytep to, png_size_t size)
{
    reader *in = png_get_io_ptr(png);
    if (size > in->left) png_error(png, "it ends early");
    memcpy(to, in->at, size);
    in->at += size, in->left -= size;
}

static elbow_status read_header(reader *in)
{
    png_read_info(in->png, in->info);
    const uint32_t height = png_get_image_height(in->png, in->info), width = png_get_image_width(in->png, in->info);
    if (png_get_bit_depth(in->png, in->info) > 8)
        return elb_fail(in->err, ELBOW_BAD_FILE,
                        "it has 16 bits a channel: convert it to 8, or save all images as floats in one .npy array");
    if (png_get_rowbytes(in->png, in->info) * (uint64_t)height / MOST_RATIO > in->size)
        return elb_fail(in->err, ELBOW_BAD_FILE, "it claims %ux%u pixels in %zu bytes, which cannot be: copy it again",
                        width, height, in->size);
    const int kind = png_get_color_type(in->png, in->info);
    in->alpha = (kind & PNG_COLOR_MASK_ALPHA) || png_get_valid(in->png, in->info, PNG_INFO_tRNS);
    in->image.channels = kind & PNG_COLOR_MASK_COLOR ? 3 : 1;
    in->image.height = height, in->image.width = width;
    png_set_expand(in->png); /* to 8-bit grey or RGB, with the opacity where there is one */
    png_set_interlace_handling(in->png);
    png_read_update_info(in->png, in->info);
    return ELBOW_OK;
}

static elbow_status read_pixels(reader *in)
{
    const size_t height = in->image.height, line = png_get_rowbytes(in->png, in->info);
    if (line != (size_t)in->image.width * (in->image.channels + in->alpha))
        return elb_fail(in->err, ELBOW_BAD_FILE, "its pixels are of a kind that is not read: save it as plain RGB");
    TRY(elb_new(in->err, &in->raw, height, line, "an image"));
    TRY(elb_new(in->err, &in->row, height, sizeof *in->row, "an image's rows"));
    for (size_t y = 0; y < height; y++) in->row[y] = in->raw + y * line;
    png_read_image(in->png, in->row);
    png_read_end(in->png, NULL);
    return ELBOW_OK;
}

/* The pixels without their opacity, which must be full. */
static elbow_status take_pixels(reader *in)
{
    const size_t pixels = (size_t)in->image.height * in->image.width, channels = in->image.channels;
    if (!in->alpha) {
        in->image.pixels = in->raw;
        in->raw = NULL;
        return ELBOW_OK;
    }
    TRY(elb_new(in->err, &in->image.pixels, pixels, channels, "an image"));
    for (size_t i = 0; i < pixels; i++) {
        const unsigned char *from = in->raw + i * (channels + 1);
        if (from[channels] != 255)
            return elb_fail(in->err, ELBOW_BAD_FILE, "it has transparent pixels: lay it on a background first");
        memcpy(in->image.pixels + i * channels, from, channels);
    }
    return ELBOW_OK;
}

/* libpng jumps back into this function: what changes meanwhile lies in *in, which is its caller's. */
static elbow_status decode(reader *in)
{
    if (setjmp(png_jmpbuf(in->png))) return in->status;
    png_set_read_fn(in->png, in, on_read);
    TRY(read_header(in));
    TRY(read_pixels(in));
    return take_pixels(in);
}

elbow_status elb_png_image(elb_image *out, elb_error *err, const unsigned char *bytes, size_t size)
{
    reader in = {.at = bytes, .left = size, .size = size, .err = err};
    in.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &in, on_error, on_warning);
    if (in.png) in.info = png_create_info_struct(in.png);
    const elbow_status status = in.info ? decode(&in) : elb_fail(err, ELBOW_MEMORY, "no memory for libpng");
    png_destroy_read_struct(&in.png, &in.info, NULL);
    free(in.raw);
    free(in.row);
    if (status != ELBOW_OK) {
        free(in.image.pixels);
        in.image = (elb_image){.pixels = NULL};
    }
    *out = in.image;
    return status;
}
