/* jpeg_image_none.c - stands in for jpeg_image.c in a build without libjpeg. */
#include "io/image.h"

elbow_status elb_jpeg_image(elb_image *out, elb_error *err, const unsigned char *bytes, size_t size)
{
    (void)bytes, (void)size;
    *out = (elb_image){.pixels = NULL};
    return elb_fail(err, ELBOW_UNSUPPORTED,
                    "this build reads no JPEG images: build it with libjpeg (ELBOW_JPEG), or convert them to PNG");
}
