/* image.h - one image of a file: PNG, and JPEG where the build has libjpeg. */
#ifndef ELB_IO_IMAGE_H
#define ELB_IO_IMAGE_H

#include "base/base.h"

typedef struct elb_image {
    uint32_t height, width, channels; /* channels 1 (grey) or 3 (RGB) */
    uint8_t *pixels;                  /* (height, width, channels) */
} elb_image;

/* Decodes an image in memory, as its numbers are stored: no colour profile or gamma is applied. A palette becomes RGB,
 * one, two or four bits of grey become eight. Freed with free(out->pixels). Errors: BAD_FILE (damaged, cut short, 16
 * bits a channel, transparent pixels, CMYK, larger than its bytes can be), MEMORY; UNSUPPORTED: JPEG in a build without
 * libjpeg. */
typedef elbow_status elb_image_reader(elb_image *out, elb_error *err, const unsigned char *bytes, size_t size);

elb_image_reader elb_png_image, elb_jpeg_image;

#endif
