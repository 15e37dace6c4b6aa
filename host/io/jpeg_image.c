#include "io/image.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* It uses FILE without including <stdio.h>. */
#include <jpeglib.h>

/* A block of 8x8 pixels costs a bit or more, so that a byte holds 512 pixels at most; arithmetic coding may go below a
 * bit, but nowhere near this bound. */
enum { MOST_RATIO = 1 << 14 };

typedef struct reader {
    struct jpeg_decompress_struct jpeg;
    struct jpeg_error_mgr manager;
    jmp_buf back;
    elb_error *err;
    elbow_status status;
    elb_image image;
} reader;

/* libjpeg reports failures here and expects that they do not return. It calls a stream that ends early or makes no
 * sense a warning, and paints the rest grey: for a data set that is a failure as well. */
static void on_failure(j_common_ptr jpeg)
{
    reader *in = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    in->status =
        elb_fail(in->err, ELBOW_BAD_FILE, "its JPEG data are damaged (%s): copy it again or leave it out", text);
    longjmp(in->back, 1);
}

/* Levels below 0 are warnings; the others tell what is read. */
static void on_message(j_common_ptr jpeg, int level)
{
    if (level < 0) on_failure(jpeg);
}

static elbow_status read_header(reader *in, size_t size)
{
    struct jpeg_decompress_struct *jpeg = &in->jpeg;
    jpeg_read_header(jpeg, TRUE);
    if (jpeg->num_components != 1 && jpeg->num_components != 3)
        return elb_fail(in->err, ELBOW_BAD_FILE, "it has %d colours (CMYK?): convert it to RGB", jpeg->num_components);
    if ((uint64_t)jpeg->image_height * jpeg->image_width / MOST_RATIO > size)
        return elb_fail(in->err, ELBOW_BAD_FILE, "it claims %ux%u pixels in %zu bytes, which cannot be: copy it again",
                        jpeg->image_width, jpeg->image_height, size);
    jpeg->out_color_space = jpeg->num_components == 1 ? JCS_GRAYSCALE : JCS_RGB;
    in->image.height = jpeg->image_height, in->image.width = jpeg->image_width;
    in->image.channels = (uint32_t)jpeg->num_components;
    return ELBOW_OK;
}

/* libjpeg jumps back into this function: what changes meanwhile lies in *in, which is its caller's. */
static elbow_status decode(reader *in, const unsigned char *bytes, size_t size)
{
    if (setjmp(in->back)) return in->status;
    jpeg_create_decompress(&in->jpeg);
    jpeg_mem_src(&in->jpeg, bytes, size);
    TRY(read_header(in, size));
    const size_t line = (size_t)in->image.width * in->image.channels;
    TRY(elb_new(in->err, &in->image.pixels, in->image.height, line, "an image"));
    jpeg_start_decompress(&in->jpeg);
    while (in->jpeg.output_scanline < in->jpeg.output_height) {
        JSAMPROW row = in->image.pixels + in->jpeg.output_scanline * line;
        jpeg_read_scanlines(&in->jpeg, &row, 1);
    }
    jpeg_finish_decompress(&in->jpeg);
    return ELBOW_OK;
}

elbow_status elb_jpeg_image(elb_image *out, elb_error *err, const unsigned char *bytes, size_t size)
{
    reader in = {.err = err};
    in.jpeg.err = jpeg_std_error(&in.manager);
    in.jpeg.client_data = &in;
    in.manager.error_exit = on_failure;
    in.manager.emit_message = on_message;
    const elbow_status status = size ? decode(&in, bytes, size) : elb_fail(err, ELBOW_BAD_FILE, "it is empty");
    jpeg_destroy_decompress(&in.jpeg);
    if (status != ELBOW_OK) {
        free(in.image.pixels);
        in.image = (elb_image){.pixels = NULL};
    }
    *out = in.image;
    return status;
}
