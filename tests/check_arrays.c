#include "io/data.h"

#include "npz_files.h"

#include <math.h>

static unsigned char file[1 << 14];
static elbow_data *data;

/* An .npy file of a type and a shape. */
static size_t array(unsigned char *to, const char *type, const char *shape, const void *body, size_t size)
{
    char text[160];
    elb_format(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': %s, }\n", type, shape);
    memcpy(to, "\x93NUMPY\1\0", 8);
    put(to + 8, strlen(text), 2);
    memcpy(to + 10, text, strlen(text));
    memcpy(to + 10 + strlen(text), body, size);
    return 10 + strlen(text) + size;
}

static elbow_status load(const char *type, const char *shape, const void *body, size_t size, uint32_t limit)
{
    write_plain(in_folder("a.npy"), file, array(file, type, shape, body, size));
    return elb_data_load(&data, &err, in_folder("a.npy"), limit);
}

static void is_shaped(uint32_t train, uint32_t height, uint32_t width, uint32_t channels)
{
    ck_assert_uint_eq(data->info.train, train);
    ck_assert_uint_eq(data->info.height, height);
    ck_assert_uint_eq(data->info.width, width);
    ck_assert_uint_eq(data->info.channels, channels);
}

static unsigned char bytes[2048];
static void fill(void)
{
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)(i * 37 + i / 5);
}

START_TEST(bytes_of_every_shape)
{
    static const struct {
        const char *shape;
        uint32_t height, width, channels;
    } shapes[] = {{"(4, 6)", 1, 6, 1}, {"(4, 2, 3)", 2, 3, 1}, {"(4, 1, 2, 3)", 1, 2, 3}, {"(4, 3, 2, 1)", 3, 2, 1}};
    fill();
    for (size_t i = 0; i < COUNT(shapes); i++) {
        WORKS(load("|u1", shapes[i].shape, bytes, 24, 0));
        is_shaped(4, shapes[i].height, shapes[i].width, shapes[i].channels);
        ck_assert(data->info.bytes && !data->info.counts && !data->info.own_test);
        ck_assert_mem_eq(data->source[0].pixels, bytes, 24);
        elb_data_free(data);
    }
    WORKS(load("|u1", "(2, 1, 6, 3)", bytes, 36, 0)); /* channels are where they belong */
    is_shaped(2, 1, 6, 3);
    elb_data_free(data);
    WORKS(load("|u1", "(4, 6)", bytes, 24, 3));
    is_shaped(3, 1, 6, 1);
    elb_data_free(data);
    ck_assert_str_eq(remarks, "");
}
END_TEST

START_TEST(squares_are_images)
{
    fill();
    WORKS(load("|u1", "(2, 256)", bytes, 512, 0));
    is_shaped(2, 16, 16, 1);
    ck_assert_ptr_nonnull(strstr(remarks, "rows of 256 values are taken for images of 16x16"));
    elb_data_free(data);
    remarks[0] = 0;
    WORKS(load("|u1", "(2, 225)", bytes, 450, 0));
    is_shaped(2, 1, 225, 1);
    elb_data_free(data);
    WORKS(load("|u1", "(2, 257)", bytes, 514, 0));
    is_shaped(2, 1, 257, 1);
    elb_data_free(data);
    WORKS(load("|u1", "(2, 1, 256)", bytes, 512, 0));
    is_shaped(2, 1, 256, 1);
    elb_data_free(data);
    ck_assert_str_eq(remarks, "");
}
END_TEST

START_TEST(booleans_and_poor_bytes)
{
    WORKS(load("|b1", "(2, 2)", "\0\1\1\1", 4, 0));
    ck_assert(data->info.bytes && data->info.maximum == 1 && data->info.grey == 0);
    ck_assert_mem_eq(data->source[0].pixels, "\0\xff\xff\xff", 4);
    elb_data_free(data);
    ck_assert_str_eq(remarks, "");
    WORKS(load("|u1", "(2, 2)", "\0\1\1\1", 4, 0));
    ck_assert_ptr_nonnull(strstr(remarks, "none here is above 1"));
    elb_data_free(data);
}
END_TEST

/* Numbers other than bytes stay what they are; counts are told from the rest. */
START_TEST(numbers_as_they_are)
{
    static const struct {
        const char *type;
        const void *body;
        size_t size;
        float expected[4];
        bool counts;
    } sets[] = {
        {"<i2", "\0\0\1\0\3\0\xff\x7f", 8, {0, 1, 3, 32767}, true},
        {"|i1", "\0\1\2\xff", 4, {0, 1, 2, -1}, false},
        {"<u4", "\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0", 16, {0, 1, 1, 1}, false},
        {"<f4", "\0\0\0\0\0\0\x80\x3f\0\0\0\x40\0\0\0\x2b", 16, {0, 1, 2, 0}, true},
        {"<f4", "\0\0\0\0\0\0\x80\x3f\0\0\0\x40\0\0\0\x3f", 16, {0, 1, 2, 0.5f}, false},
        {"<f2", "\0\0\0\x3c\0\x38\0\xc0", 8, {0, 1, 0.5f, -2}, false},
    };
    for (size_t i = 0; i < COUNT(sets); i++) {
        WORKS(load(sets[i].type, "(2, 2)", sets[i].body, sets[i].size, 0));
        ck_assert(!data->info.bytes);
        ck_assert_mem_eq(data->source[0].pixels, sets[i].expected, sizeof sets[i].expected);
        ck_assert(data->info.counts == sets[i].counts);
        elb_data_free(data);
    }
}
END_TEST

START_TEST(refused_with_their_place)
{
    float values[12] = {0, 1, 2};
    values[7] = NAN;
    FAILS(load("<f4", "(3, 4)", values, sizeof values, 0), BAD_DATA);
    SAYS("a.npy: row 1, column 3 (counted from 0) is not a number: remove or replace it");
    FAILS(load("<f4", "(3, 2, 2)", values, sizeof values, 0), BAD_DATA);
    SAYS("a.npy: image 1 (counted from 0), row 1, column 1 is not a number");
    values[7] = -INFINITY;
    FAILS(load("<f4", "(3, 4)", values, sizeof values, 0), BAD_DATA);
    SAYS("is infinite");
    WORKS(load("<f4", "(3, 4)", values, sizeof values, 1));
    elb_data_free(data);
    const double wide[4] = {1, 2, 1e39, 4};
    FAILS(load("<f8", "(2, 2)", wide, sizeof wide, 0), BAD_DATA);
    SAYS("row 1, column 0 (counted from 0) is too large for float32");
}
END_TEST

START_TEST(shapes_that_are_refused)
{
    static const struct {
        const char *shape;
        size_t size;
        const char *words;
    } bad[] = {{"(24,)", 24, "a.npy: its shape is (24): it needs a first axis for the data"},
               {"()", 1, "its shape is (): it needs"},
               {"(0, 4)", 0, "its shape is (0, 4): there is nothing to learn from"},
               {"(4, 0)", 0, "there is nothing to learn from"},
               {"(2, 3, 8, 8)", 384, "looks like channels first: save a.transpose(0, 2, 3, 1)"},
               {"(2, 1, 5, 5)", 50, "channels first"}};
    fill();
    for (size_t i = 0; i < COUNT(bad); i++) {
        FAILS(load("|u1", bad[i].shape, bytes, bad[i].size, 0), BAD_DATA);
        SAYS(bad[i].words);
        ck_assert_ptr_null(data);
    }
    FAILS(load("|u1", "(4, 6)", bytes, 23, 0), BAD_FILE);
    SAYS("a.npy: it holds 23 bytes of data, but its shape needs 24 values of 1 bytes: copy it again");
    FAILS(load("<c8", "(2, 2)", bytes, 32, 0), BAD_FILE);
    SAYS("its type '<c8' is not read");
    FAILS(load("|u1", "(4294967296, 4294967296)", bytes, 24, 0), BAD_FILE);
    FAILS(load("|u1", "(4611686018427387904, 1)", bytes, 24, 0), BAD_FILE);
    write_plain(in_folder("a.npy"), "", 0);
    FAILS(elb_data_load(&data, &err, in_folder("a.npy"), 0), BAD_FILE);
    SAYS("a.npy: it is no .npy file");
}
END_TEST

/* An archive of up to three arrays of bytes, each (n, 2, 2), whose first bytes are 1, 2, 3 by their order. */
static const char *archive(const char *a, int n, const char *b, int m, const char *c)
{
    static unsigned char npz[1 << 14];
    const char *const names[] = {a, b, c};
    const int counts[] = {n, m, 2};
    zip z = {.bytes = npz, .room = sizeof npz};
    for (int i = 0; i < 3 && names[i]; i++) {
        char shape[32], name[64];
        elb_format(shape, sizeof shape, "(%d, 2, 2)", counts[i]);
        elb_format(name, sizeof name, "%s.npy", names[i]);
        fill();
        bytes[0] = (unsigned char)(i + 1);
        zip_add(&z, name, file, array(file, "|u1", shape, bytes, (size_t)counts[i] * 4), i & 1, false);
    }
    zip_end(&z, false);
    write_plain(in_folder("a.npz"), npz, z.size);
    return in_folder("a.npz");
}

static void holds(unsigned first, uint32_t train, unsigned test_first, uint32_t test)
{
    is_shaped(train, 2, 2, 1);
    ck_assert_uint_eq(*(unsigned char *)data->source[0].pixels, first);
    ck_assert(data->info.own_test == (test_first > 0));
    ck_assert_uint_eq(data->info.test, test);
    if (test_first) ck_assert_uint_eq(*(unsigned char *)data->source[1].pixels, test_first);
    elb_data_free(data);
}

START_TEST(archives)
{
    WORKS(elb_data_load(&data, &err, archive("x_test", 3, "x_train", 5, "y"), 0));
    holds(2, 5, 1, 3);
    WORKS(elb_data_load(&data, &err, archive("x_test", 3, "x_train", 5, "y"), 4));
    holds(2, 4, 1, 3);
    WORKS(elb_data_load(&data, &err, archive("x_test", 3, "x_train", 5, "x"), 0));
    holds(2, 5, 1, 3);
    WORKS(elb_data_load(&data, &err, archive("mu", 3, "x", 5, "x_hat"), 0));
    holds(2, 5, 0, 5);
    WORKS(elb_data_load(&data, &err, archive("pictures", 3, NULL, 0, NULL), 0));
    holds(1, 3, 0, 3);
    WORKS(elb_data_load(&data, &err, archive("x_test", 3, NULL, 0, NULL), 0));
    holds(1, 3, 0, 3);
}
END_TEST

START_TEST(archives_that_are_refused)
{
    FAILS(elb_data_load(&data, &err, archive("mu", 3, "logvar", 5, NULL), 0), NOT_FOUND);
    SAYS("a.npz: holds no array 'x'; it has mu, logvar");
    archive("x", 3, "mu", 5, NULL);
    const size_t size = read_plain(file, sizeof file, in_folder("a.npz"));
    file[30 + 5 + 20 + 75] ^= 1;
    write_plain(in_folder("a.npz"), file, size);
    FAILS(elb_data_load(&data, &err, in_folder("a.npz"), 0), BAD_FILE);
    SAYS("a.npz: 'x' is damaged (its CRC differs)");

    static unsigned char npz[1 << 12];
    zip z = {.bytes = npz, .room = sizeof npz};
    fill();
    zip_add(&z, "x_train.npy", file, array(file, "|u1", "(2, 4)", bytes, 8), false, false);
    zip_add(&z, "x_test.npy", file, array(file, "|u1", "(2, 5)", bytes, 10), false, false);
    zip_end(&z, false);
    write_plain(in_folder("a.npz"), npz, z.size);
    FAILS(elb_data_load(&data, &err, in_folder("a.npz"), 0), BAD_DATA);
    SAYS("test images of 1x5x1 bytes, but training images of 1x4x1 bytes");
    z = (zip){.bytes = npz, .room = sizeof npz};
    zip_add(&z, "x.npy", file, array(file, "<f4", "(2, 2)", (const float[]){0, 1, 2, INFINITY}, 16), true, false);
    zip_end(&z, false);
    write_plain(in_folder("a.npz"), npz, z.size);
    FAILS(elb_data_load(&data, &err, in_folder("a.npz"), 0), BAD_DATA);
    SAYS("a.npz: 'x': row 1, column 1 (counted from 0) is infinite");
}
END_TEST

MAIN(bytes_of_every_shape, squares_are_images, booleans_and_poor_bytes, numbers_as_they_are, refused_with_their_place,
     shapes_that_are_refused, archives, archives_that_are_refused)
