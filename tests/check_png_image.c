#include "io/image.h"

#include "image_files.h"

static unsigned char file[1 << 14];
static elb_image image;

static elbow_status read_bytes(size_t size)
{
    unsigned char *exact = malloc(size ? size : 1);
    memcpy(exact, file, size);
    free(image.pixels);
    const elbow_status status = elb_png_image(&image, &err, exact, size);
    free(exact);
    return status;
}

static elbow_status read_kind(png_kind kind, const void *lines, size_t size)
{
    return read_bytes(png_bytes(file, &kind, lines, size));
}

static void is(uint32_t height, uint32_t width, uint32_t channels, const void *pixels)
{
    ck_assert_uint_eq(image.height, height);
    ck_assert_uint_eq(image.width, width);
    ck_assert_uint_eq(image.channels, channels);
    ck_assert_mem_eq(image.pixels, pixels, (size_t)height * width * channels);
}

START_TEST(grey_and_colour)
{
    WORKS(read_kind((png_kind){3, 2, 8, PNG_GREY, 0, NULL, NULL, 0}, "\0\1\2\3\0\4\5\xff", 8));
    is(2, 3, 1, "\1\2\3\4\5\xff");
    WORKS(read_kind((png_kind){2, 1, 8, PNG_RGB, 0, NULL, NULL, 0}, "\0\1\2\3\4\5\xff", 7));
    is(1, 2, 3, "\1\2\3\4\5\xff");
    /* A line may be told as its difference from the one above: filter 2. */
    WORKS(read_kind((png_kind){2, 2, 8, PNG_GREY, 0, NULL, NULL, 0}, "\0\1\2\2\3\4", 6));
    is(2, 2, 1, "\1\2\4\6");
}
END_TEST

START_TEST(few_bits_and_palettes)
{
    WORKS(read_kind((png_kind){4, 1, 1, PNG_GREY, 0, NULL, NULL, 0}, "\0\xa0", 2));
    is(1, 4, 1, "\xff\0\xff\0");
    WORKS(read_kind((png_kind){4, 1, 2, PNG_GREY, 0, NULL, NULL, 0}, "\0\x1b", 2));
    is(1, 4, 1, "\0\x55\xaa\xff");
    WORKS(read_kind((png_kind){2, 1, 8, PNG_PALETTE, 0, "PLTE", "\1\2\3\4\5\6", 6}, "\0\1\0", 3));
    is(1, 2, 3, "\4\5\6\1\2\3");
}
END_TEST

/* Seven passes; of a 2x2 image the first holds pixel 0, the sixth pixel 1, the seventh the second line. */
START_TEST(interlaced)
{
    WORKS(read_kind((png_kind){2, 2, 8, PNG_GREY, 1, NULL, NULL, 0}, "\0\1\0\2\0\3\4", 7));
    is(2, 2, 1, "\1\2\3\4");
}
END_TEST

/* The numbers as they are stored, whatever gamma they claim. */
START_TEST(gamma_is_not_applied)
{
    WORKS(read_kind((png_kind){2, 1, 8, PNG_GREY, 0, "gAMA", "\0\1\x86\xa0", 4}, "\0\x40\x80", 3));
    is(1, 2, 1, "\x40\x80");
}
END_TEST

START_TEST(opacity)
{
    WORKS(read_kind((png_kind){2, 1, 8, PNG_RGB_ALPHA, 0, NULL, NULL, 0}, "\0\1\2\3\xff\4\5\6\xff", 9));
    is(1, 2, 3, "\1\2\3\4\5\6");
    WORKS(read_kind((png_kind){2, 1, 8, PNG_GREY_ALPHA, 0, NULL, NULL, 0}, "\0\1\xff\2\xff", 5));
    is(1, 2, 1, "\1\2");
    WORKS(read_kind((png_kind){2, 1, 8, PNG_GREY, 0, "tRNS", "\0\7", 2}, "\0\1\2", 3));
    is(1, 2, 1, "\1\2");
    FAILS(read_kind((png_kind){2, 1, 8, PNG_GREY_ALPHA, 0, NULL, NULL, 0}, "\0\1\xff\2\xfe", 5), BAD_FILE);
    SAYS("it has transparent pixels: lay it on a background first");
    ck_assert_ptr_null(image.pixels);
    FAILS(read_kind((png_kind){2, 1, 8, PNG_GREY, 0, "tRNS", "\0\2", 2}, "\0\1\2", 3), BAD_FILE);
    SAYS("transparent");
}
END_TEST

START_TEST(refused)
{
    FAILS(read_kind((png_kind){1, 1, 16, PNG_GREY, 0, NULL, NULL, 0}, "\0\1\2", 3), BAD_FILE);
    SAYS("it has 16 bits a channel: convert it to 8");
    FAILS(read_kind((png_kind){60000, 60000, 8, PNG_RGB, 0, NULL, NULL, 0}, "\0\1\2", 3), BAD_FILE);
    SAYS("it claims 60000x60000 pixels in ");
    FAILS(read_kind((png_kind){3, 2, 8, PNG_GREY, 0, NULL, NULL, 0}, "\0\1\2\3\0\4\5", 7), BAD_FILE);
    SAYS("its PNG data are damaged (");
    FAILS(read_kind((png_kind){0, 2, 8, PNG_GREY, 0, NULL, NULL, 0}, "\0\1", 2), BAD_FILE);
    memcpy(file, "no PNG at all", 13);
    FAILS(read_bytes(13), BAD_FILE);
    SAYS("damaged");
    FAILS(read_bytes(0), BAD_FILE);
    SAYS("it ends early");
}
END_TEST

/* Cut anywhere, or with any byte changed, nothing is taken for the whole. */
START_TEST(damaged)
{
    const png_kind kind = {.width = 3, .height = 2, .depth = 8, .colour = PNG_GREY};
    const size_t size = png_bytes(file, &kind, "\0\1\2\3\0\4\5\6", 8);
    for (size_t cut = 0; cut < size; cut++) FAILS(read_bytes(cut), BAD_FILE);
    for (size_t at = 0; at < size; at++) {
        file[at] ^= 4;
        FAILS(read_bytes(size), BAD_FILE);
        file[at] ^= 4;
    }
    WORKS(read_bytes(size));
}
END_TEST

MAIN(grey_and_colour, few_bits_and_palettes, interlaced, gamma_is_not_applied, opacity, refused, damaged)
