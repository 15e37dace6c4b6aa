#include "io/idx.h"

#include "io_files.h"

static unsigned char file[4096];
static elb_idx idx;

static elbow_status read_file(const char *name, size_t size, uint32_t limit)
{
    const char *path = in_folder(name);
    if (strstr(name, ".gz"))
        write_gzip(path, file, size);
    else
        write_plain(path, file, size);
    elb_idx_free(&idx);
    return elb_idx_read(&idx, &err, path, limit);
}

START_TEST(bytes_plain_and_gzipped)
{
    const size_t size = idx_images(file, 5, 4, 3);
    for (int gz = 0; gz < 2; gz++) {
        WORKS(read_file(gz ? "a.gz" : "a", size, 0));
        ck_assert(idx.bytes);
        ck_assert_uint_eq(idx.axes, 3);
        ck_assert_uint_eq(idx.size[0], 5);
        ck_assert_uint_eq(idx.size[1], 4);
        ck_assert_uint_eq(idx.size[2], 3);
        ck_assert_uint_eq(idx.size[3], 1);
        ck_assert_mem_eq(idx.values, file + 16, 60);
    }
    elb_idx_free(&idx);
}
END_TEST

START_TEST(limit_takes_the_first)
{
    const size_t size = idx_images(file, 5, 4, 3);
    WORKS(read_file("a.gz", size, 2));
    ck_assert_uint_eq(idx.size[0], 2);
    ck_assert_mem_eq(idx.values, file + 16, 24);
    WORKS(read_file("a", size, 9));
    ck_assert_uint_eq(idx.size[0], 5);
    elb_idx_free(&idx);
}
END_TEST

START_TEST(channels_and_labels)
{
    size_t size = idx_header(file, 0x08, 4, (const uint32_t[]){2, 2, 2, 3});
    memset(file + size, 7, 24);
    WORKS(read_file("rgb", size + 24, 0));
    ck_assert_uint_eq(idx.size[3], 3);
    size = idx_header(file, 0x08, 1, (const uint32_t[]){4});
    memcpy(file + size, "\1\2\3\4", 4);
    WORKS(read_file("labels", size + 4, 0));
    ck_assert_uint_eq(idx.axes, 1);
    ck_assert_mem_eq(idx.values, "\1\2\3\4", 4);
    elb_idx_free(&idx);
}
END_TEST

/* 0.5, 2^-41 (canonical: 0), 2^-40 (kept), -1 */
START_TEST(floats_are_canonical)
{
    size_t at = idx_header(file, 0x0D, 3, (const uint32_t[]){1, 2, 2});
    memcpy(file + at, "\x3f\x00\x00\x00\x2b\x00\x00\x00\x2b\x80\x00\x00\xbf\x80\x00\x00", 16);
    WORKS(read_file("f", at + 16, 0));
    ck_assert(!idx.bytes);
    const float expected[] = {0.5f, 0.0f, 0x1p-40f, -1.0f};
    ck_assert_mem_eq(idx.values, expected, sizeof expected);
    at = idx_header(file, 0x0E, 3, (const uint32_t[]){1, 1, 2});
    memcpy(file + at, "\x3f\xe0\0\0\0\0\0\0\xbf\xf0\0\0\0\0\0\0", 16);
    WORKS(read_file("d", at + 16, 0));
    ck_assert(((float *)idx.values)[0] == 0.5f && ((float *)idx.values)[1] == -1.0f);
    elb_idx_free(&idx);
}
END_TEST

START_TEST(floats_that_are_none)
{
    static const struct {
        int type;
        const char *bytes, *words;
    } bad[] = {{0x0D, "\x7f\xc0\0\0\0\0\0\0", "is not a number"},
               {0x0D, "\x7f\x80\0\0\0\0\0\0", "is infinite"},
               {0x0E, "\x7f\xe0\0\0\0\0\0\0", "too large for float32"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        const size_t at = idx_header(file, bad[i].type, 3, (const uint32_t[]){3, 1, 2});
        const size_t width = bad[i].type == 0x0D ? 4 : 8;
        memset(file + at, 0, 6 * width);
        memcpy(file + at + 3 * width, bad[i].bytes, width);
        FAILS(read_file("bad", at + 6 * width, 0), BAD_DATA);
        SAYS(bad[i].words);
        SAYS("image 1 (counted from 0), row 0, column 1");
    }
}
END_TEST

START_TEST(integers_are_bytes)
{
    size_t at = idx_header(file, 0x0B, 3, (const uint32_t[]){1, 1, 2});
    memcpy(file + at, "\x00\xff\x00\x03", 4);
    WORKS(read_file("s", at + 4, 0));
    ck_assert(idx.bytes);
    ck_assert_mem_eq(idx.values, "\xff\x03", 2);
    memcpy(file + at, "\x01\x00\x00\x03", 4);
    FAILS(read_file("s", at + 4, 0), BAD_DATA);
    SAYS("is 256; integers must be 0..255");
    at = idx_header(file, 0x0C, 3, (const uint32_t[]){1, 1, 1});
    memcpy(file + at, "\xff\xff\xff\xff", 4);
    FAILS(read_file("i", at + 4, 0), BAD_DATA);
    SAYS("is -1;");
    at = idx_header(file, 0x09, 3, (const uint32_t[]){1, 1, 1});
    file[at] = 0x80;
    FAILS(read_file("b", at + 1, 0), BAD_DATA);
    SAYS("is -128;");
}
END_TEST

START_TEST(cut_short)
{
    const size_t size = idx_images(file, 5, 4, 3);
    FAILS(read_file("a", size - 13, 0), BAD_FILE);
    SAYS("/a ends after 3 of 5 images (63 of 76 bytes): copy it again");
    FAILS(read_file("a.gz", size - 13, 0), BAD_FILE);
    SAYS("ends after 3 of 5 images (63 of 76 bytes): copy it again");
    FAILS(read_file("a", 9, 0), BAD_FILE);
    SAYS("ends inside its header (9 of 16 bytes)");
    FAILS(read_file("a", 3, 0), BAD_FILE);
    SAYS("too short for an IDX file (3 bytes)");
    FAILS(read_file("a", 0, 0), BAD_FILE);
}
END_TEST

START_TEST(too_long)
{
    const size_t size = idx_images(file, 5, 4, 3);
    FAILS(read_file("a", size + 1, 0), BAD_FILE);
    SAYS("is longer than its header says (77 bytes, not 76)");
    FAILS(read_file("a.gz", size + 1, 0), BAD_FILE);
    SAYS("is longer than its header says");
}
END_TEST

START_TEST(gzip_corrupt_or_cut)
{
    elb_idx_free(&idx);
    const size_t size = idx_images(file, 5, 4, 3);
    write_gzip(in_folder("g.gz"), file, size);
    unsigned char packed[4096];
    const size_t packed_size = read_plain(packed, sizeof packed, in_folder("g.gz"));
    packed[packed_size - 6] ^= 1; /* in the checksum */
    write_plain(in_folder("g.gz"), packed, packed_size);
    FAILS(elb_idx_read(&idx, &err, in_folder("g.gz"), 0), BAD_FILE);
    SAYS("corrupt");
    elb_idx_free(&idx);
    packed[packed_size - 6] ^= 1;
    write_plain(in_folder("g.gz"), packed, packed_size - 8); /* without checksum */
    FAILS(elb_idx_read(&idx, &err, in_folder("g.gz"), 0), BAD_FILE);
    elb_idx_free(&idx);
    write_plain(in_folder("g.gz"), packed, packed_size / 2);
    FAILS(elb_idx_read(&idx, &err, in_folder("g.gz"), 0), BAD_FILE);
    elb_idx_free(&idx);
}
END_TEST

START_TEST(wrong_kinds)
{
    idx_images(file, 2, 2, 2);
    file[0] = 'P';
    FAILS(read_file("a", 24, 0), BAD_FILE);
    SAYS("is not an IDX file: it starts with 50 00 08 03");
    file[0] = 0, file[2] = 0x0A;
    FAILS(read_file("a", 24, 0), BAD_FILE);
    SAYS("0x0a is no IDX type");
    file[2] = 8, file[3] = 2;
    FAILS(read_file("a", 24, 0), BAD_FILE);
    SAYS("has 2 axes");
    FAILS(elb_idx_read(&idx, &err, in_folder("missing"), 0), NOT_FOUND);
    SAYS("missing: No such file");
    FAILS(elb_idx_read(&idx, &err, folder, 0), BAD_FILE);
    SAYS("is not a regular file");
}
END_TEST

/* Nothing is allocated for what cannot be there: under a memory limit these would fail otherwise. */
START_TEST(absurd_sizes)
{
    static const struct {
        uint32_t size[4];
        elbow_status status;
    } bad[] = {{{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, ELBOW_BAD_FILE},
               {{0xffffffff, 28, 28, 1}, ELBOW_BAD_FILE},
               {{60000, 65536, 65536, 1}, ELBOW_BAD_FILE},
               {{0, 28, 28, 1}, ELBOW_BAD_DATA},
               {{10, 0, 28, 1}, ELBOW_BAD_DATA}};
    for (size_t i = 0; i < COUNT(bad); i++)
        for (int gz = 0; gz < 2; gz++) {
            const size_t at = idx_header(file, 0x08, 4, bad[i].size);
            memset(file + at, 1, 100);
            ck_assert_int_eq(read_file(gz ? "a.gz" : "a", at + 100, 0), bad[i].status);
            ck_assert_ptr_null(idx.values);
        }
}
END_TEST

MAIN(bytes_plain_and_gzipped, limit_takes_the_first, channels_and_labels, floats_are_canonical, floats_that_are_none,
     integers_are_bytes, cut_short, too_long, gzip_corrupt_or_cut, wrong_kinds, absurd_sizes)
