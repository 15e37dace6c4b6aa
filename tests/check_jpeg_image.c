#include "io/image.h"

#include "image_files.h"

static elb_image image;

static elbow_status read_bytes(const unsigned char *bytes, size_t size)
{
    unsigned char *exact = malloc(size ? size : 1);
    memcpy(exact, bytes, size);
    free(image.pixels);
    const elbow_status status = elb_jpeg_image(&image, &err, exact, size);
    free(exact);
    return status;
}

/* Every decoder may round by one, and the colours' transform by one more. */
static void is_near(const unsigned char *left, const unsigned char *right, uint32_t channels)
{
    ck_assert_uint_eq(image.height, 8);
    ck_assert_uint_eq(image.width, 16);
    ck_assert_uint_eq(image.channels, channels);
    for (uint32_t i = 0; i < 8 * 16; i++)
        for (uint32_t c = 0; c < channels; c++)
            ck_assert_int_le(abs((i % 16 < 8 ? left : right)[c] - image.pixels[i * channels + c]), 2);
}

START_TEST(grey_and_colour)
{
    WORKS(read_bytes(grey_jpeg, sizeof grey_jpeg));
    is_near((const unsigned char[]){50}, (const unsigned char[]){200}, 1);
    WORKS(read_bytes(rgb_jpeg, sizeof rgb_jpeg));
    is_near((const unsigned char[]){200, 40, 30}, (const unsigned char[]){20, 60, 220}, 3);
}
END_TEST

START_TEST(refused)
{
    FAILS(read_bytes(cmyk_jpeg, sizeof cmyk_jpeg), BAD_FILE);
    SAYS("it has 4 colours (CMYK?): convert it to RGB");
    ck_assert_ptr_null(image.pixels);
    FAILS(read_bytes((const unsigned char *)"no JPEG", 7), BAD_FILE);
    SAYS("its JPEG data are damaged (Not a JPEG file");
    FAILS(read_bytes(grey_jpeg, 0), BAD_FILE);
    SAYS("it is empty");
    unsigned char large[sizeof grey_jpeg];
    memcpy(large, grey_jpeg, sizeof large);
    const unsigned char sizes[] = {0x00, 0x08, 0x00, 0x10};
    unsigned char *at = memmem(large, sizeof large, "\xff\xc0\0\x0b\x08", 5);
    ck_assert_ptr_nonnull(at);
    ck_assert_mem_eq(at + 5, sizes, sizeof sizes);
    memcpy(at + 5, "\xf0\0\xf0\0", 4);
    FAILS(read_bytes(large, sizeof large), BAD_FILE);
    SAYS("it claims 61440x61440 pixels in 163 bytes");
}
END_TEST

/* libjpeg would paint what is missing grey and call that a warning. */
START_TEST(cut_short)
{
    for (size_t cut = 0; cut < sizeof grey_jpeg - 1; cut++) FAILS(read_bytes(grey_jpeg, cut), BAD_FILE);
    for (size_t cut = 0; cut < sizeof rgb_jpeg - 1; cut++) FAILS(read_bytes(rgb_jpeg, cut), BAD_FILE);
    ck_assert_ptr_null(image.pixels);
}
END_TEST

MAIN(grey_and_colour, refused, cut_short)
