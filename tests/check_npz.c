#include "io/npz.h"

#include "npz_files.h"

static unsigned char bytes[1 << 16], array[8192];
static zip z;
static elb_npz npz;
static elb_npy npy;

static const float six[6] = {1, -2, 3.5f, 4, 5, 0.1f};
static float many[1500]; /* compresses well */

static void start(void)
{
    z = (zip){.bytes = bytes, .room = sizeof bytes};
}

static void make(bool packed, bool wide)
{
    start();
    zip_add(&z, "x.npy", array, npy_bytes(array, "(2, 3)", six, 6), packed, wide);
    zip_add(&z, "logvar.npy", array, npy_bytes(array, "(1500,)", many, 1500), packed, wide);
    zip_end(&z, wide);
}

static void holds_both(void)
{
    ck_assert_uint_eq(npz.count, 2);
    ck_assert_str_eq(npz.member[1].name, "logvar");
    WORKS(elb_npz_array(&npy, &err, &npz, "x"));
    ck_assert_uint_eq(npy.axes, 2);
    ck_assert_uint_eq(npy.shape[1], 3);
    ck_assert_mem_eq(npy.values, six, sizeof six);
    free(npy.values);
    WORKS(elb_npz_array(&npy, &err, &npz, "logvar"));
    ck_assert_uint_eq(npy.count, 1500);
    ck_assert_mem_eq(npy.values, many, sizeof many);
    free(npy.values);
}

START_TEST(stored_and_deflated_and_zip64)
{
    for (size_t i = 0; i < 1500; i++) many[i] = (float)(i % 7);
    for (int form = 0; form < 4; form++) {
        make(form & 1, form & 2);
        ck_assert(form & 1 ? z.size < 3000 : z.size > 6000);
        WORKS(elb_npz_parse(&npz, &err, bytes, z.size));
        holds_both();
        elb_npz_free(&npz);
        write_plain(in_folder("a.npz"), bytes, z.size);
        WORKS(elb_npz_read(&npz, &err, in_folder("a.npz")));
        holds_both();
        elb_npz_free(&npz);
    }
}
END_TEST

/* A comment after the directory, and nothing before it. */
START_TEST(comment_and_empty)
{
    make(false, false);
    put(bytes + z.size - 2, 5, 2);
    memcpy(bytes + z.size, "hello", 5);
    WORKS(elb_npz_parse(&npz, &err, bytes, z.size + 5));
    holds_both();
    elb_npz_free(&npz);
    start();
    zip_end(&z, false);
    WORKS(elb_npz_parse(&npz, &err, bytes, z.size));
    FAILS(elb_npz_array(&npy, &err, &npz, "x"), NOT_FOUND);
    SAYS("no arrays at all");
    elb_npz_free(&npz);
}
END_TEST

START_TEST(what_is_missing_is_named)
{
    make(false, false);
    WORKS(elb_npz_parse(&npz, &err, bytes, z.size));
    FAILS(elb_npz_array(&npy, &err, &npz, "mu"), NOT_FOUND);
    SAYS("no array 'mu'; it has x, logvar");
    elb_npz_free(&npz);
    FAILS(elb_npz_read(&npz, &err, in_folder("none.npz")), NOT_FOUND);
    SAYS("none.npz");
    elb_npz_free(&npz);
}
END_TEST

static void refused(size_t size, const char *words)
{
    FAILS(elb_npz_parse(&npz, &err, bytes, size), BAD_FILE);
    SAYS(words);
    elb_npz_free(&npz);
}

START_TEST(no_archive)
{
    make(false, false);
    refused(0, "no .npz file");
    refused(z.size - 1, "cut short");
    memcpy(bytes, "\x93NUMPY", 6);
    refused(300, "one array (.npy)");
    memset(bytes, 'a', 100);
    refused(100, "no .npz file");
    write_plain(in_folder("b.npz"), bytes, 100);
    FAILS(elb_npz_read(&npz, &err, in_folder("b.npz")), BAD_FILE);
    SAYS("b.npz: it is no");
    elb_npz_free(&npz);
}
END_TEST

START_TEST(damaged_directory)
{
    make(false, false);
    put(bytes + z.size - 12, 3, 2); /* one array more than there is room for */
    refused(z.size, "cannot be");
    make(false, false);
    put(bytes + z.size - 6, z.size, 4);
    refused(z.size, "cannot be");
    make(false, false);
    bytes[z.size - 22 - z.directory_size] ^= 1;
    refused(z.size, "damaged at byte");
    make(false, false);
    put(bytes + z.size - 22 - z.directory_size + 28, 60000, 2); /* the first name */
    refused(z.size, "ends inside an entry");
    make(false, false);
    bytes[z.size - 22 - z.directory_size + 8] |= 1;
    refused(z.size, "'x' is encrypted");
    make(false, true);
    put(bytes + z.size - 22 - 20 + 8, z.size, 8);
    refused(z.size, "ZIP64 directory");
    make(false, true);
    put(bytes + z.size - 22 - 20 - 56 - z.directory_size + 46 + 5 + 2, 8, 2); /* the extra field's length */
    refused(z.size, "ZIP64 sizes");
    start();
    for (int twice = 0; twice < 2; twice++) zip_add(&z, "x.npy", array, npy_bytes(array, "(1,)", six, 1), false, false);
    zip_end(&z, false);
    refused(z.size, "two arrays named 'x'");
}
END_TEST

/* The archive is fine, an array is not. */
static void array_refused(const char *words)
{
    WORKS(elb_npz_parse(&npz, &err, bytes, z.size));
    FAILS(elb_npz_array(&npy, &err, &npz, "x"), BAD_FILE);
    SAYS(words);
    ck_assert_ptr_null(npy.values);
    elb_npz_free(&npz);
}

START_TEST(damaged_arrays)
{
    make(false, false);
    unsigned char *const entry = bytes + z.size - 22 - z.directory_size, *const body = bytes + 30 + 5 + 20;
    body[90] ^= 1;
    array_refused("its CRC differs");
    make(true, false);
    body[20] ^= 0x40;
    array_refused("'x'");
    make(false, false);
    put(entry + 20, z.size, 4), put(entry + 24, z.size, 4);
    array_refused("past the file's end");
    make(false, false);
    put(entry + 42, 3, 4);
    array_refused("nothing of it at byte 3");
    make(false, false);
    put(entry + 10, 12, 2);
    array_refused("by a method (12)");
    make(false, false);
    put(entry + 20, 50, 4); /* stored, yet of two sizes */
    array_refused("by a method (0)");
    make(true, false);
    unsigned char *const packed = bytes + z.size - 22 - z.directory_size;
    const uint64_t size = packed[24] + 256u * packed[25];
    put(packed + 24, size + 1, 4);
    array_refused("cannot be unpacked to its");
    put(packed + 24, size - 1, 4);
    array_refused("cannot be unpacked to its");
    put(packed + 24, 1u << 31, 4);
    array_refused("which cannot be");
    start();
    zip_add(&z, "x.npy", "no array", 8, false, false);
    zip_end(&z, false);
    array_refused("'x': it is no .npy file");
}
END_TEST

MAIN(stored_and_deflated_and_zip64, comment_and_empty, what_is_missing_is_named, no_archive, damaged_directory,
     damaged_arrays)
