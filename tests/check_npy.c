#include "io/npy.h"

#include "io_files.h"

static elb_npy npy;
static unsigned char file[1024];

static elbow_status parse(const char *header, const void *data, size_t size)
{
    const size_t length = strlen(header);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (unsigned char)length, file[9] = 0;
    memcpy(file + 10, header, length);
    memcpy(file + 10 + length, data, size);
    free(npy.values);
    return elb_npy_parse(&npy, &err, file, 10 + length + size);
}

START_TEST(round_trip_and_format)
{
    const float values[6] = {1, -2, 3, 4, 5, 0.1f};
    WORKS(elb_npy_write(&err, in_folder("a.npy"), values, 2, (const uint64_t[]){2, 3}));
    ck_assert_uint_eq(read_plain(file, sizeof file, in_folder("a.npy")), 128 + 24);
    static const char start[] = "\x93NUMPY\1\0\x76\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }   ";
    ck_assert_mem_eq(file, start, sizeof start - 1);
    ck_assert_int_eq(file[127], '\n');
    WORKS(elb_npy_read(&npy, &err, in_folder("a.npy")));
    ck_assert_uint_eq(npy.axes, 2);
    ck_assert_uint_eq(npy.shape[1], 3);
    ck_assert_mem_eq(npy.values, values, sizeof values);
    free(npy.values);
    WORKS(elb_npy_write(&err, in_folder("a.npy"), values, 1, (const uint64_t[]){6}));
    ck_assert_uint_gt(read_plain(file, sizeof file, in_folder("a.npy")), 64);
    ck_assert_ptr_nonnull(strstr((char *)file + 10, "'shape': (6,), }"));
    WORKS(elb_npy_read(&npy, &err, in_folder("a.npy")));
    ck_assert_uint_eq(npy.count, 6);
    free(npy.values);
    npy.values = NULL;
}
END_TEST

START_TEST(other_types)
{
    const double wide[] = {0.1, 1e300};
    WORKS(parse("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", wide, 16));
    ck_assert(npy.values[0] == 0.1f && npy.values[1] == __builtin_inff());
    WORKS(parse("{'descr': '|u1', 'fortran_order': False, 'shape': (1, 2), }", "\xff\7", 2));
    ck_assert(npy.values[0] == 255 && npy.values[1] == 7);
    free(npy.values);
    npy.values = NULL;
}
END_TEST

/* 1, -2, the largest, the smallest, infinite, not a number: binary16 by IEEE 754's tables. */
START_TEST(half_floats)
{
    WORKS(
        parse("{'descr': '<f2', 'fortran_order': False, 'shape': (6,), }", "\0\x3c\0\xc0\xff\x7b\1\0\0\xfc\0\x7e", 12));
    const float expected[] = {1, -2, 65504, 0x1p-24f, -__builtin_inff()};
    ck_assert_mem_eq(npy.values, expected, sizeof expected);
    ck_assert(npy.values[5] != npy.values[5]);
    WORKS(parse("{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }", "\xff\3\x55\x35", 4));
    ck_assert(npy.values[0] == 1023 * 0x1p-24f && npy.values[1] == 1365 * 0x1p-12f);
}
END_TEST

START_TEST(integers_and_booleans)
{
    static const struct {
        const char *type, *bytes;
        float first, second;
    } sets[] = {{"|i1", "\x80\x7f", -128, 127},
                {"|u1", "\x80\x7f", 128, 127},
                {"<i2", "\xfe\xff\0\1", -2, 256},
                {"<u2", "\xfe\xff\0\1", 65534, 256},
                {"<i4", "\xff\xff\xff\xff\0\0\1\0", -1, 65536},
                {"<u4", "\0\0\0\x80\0\0\1\0", 0x1p31f, 65536},
                {"<i8", "\0\0\0\0\0\0\0\x80\xff\xff\xff\xff\xff\xff\xff\xff", -0x1p63f, -1},
                {"<u8", "\0\0\0\0\0\0\0\x80\3\0\0\0\0\0\0\0", 0x1p63f, 3},
                {"|b1", "\0\2", 0, 1}};
    for (size_t i = 0; i < COUNT(sets); i++) {
        char header[96];
        elb_format(header, sizeof header, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", sets[i].type);
        WORKS(parse(header, sets[i].bytes, 2 * (size_t)(sets[i].type[2] - '0')));
        ck_assert(npy.values[0] == sets[i].first && npy.values[1] == sets[i].second);
    }
}
END_TEST

START_TEST(refused)
{
    static const char *const bad[][2] = {
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2), }", "Fortran order"},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (2,), }", "its type '>f4' is not read"},
        {"{'descr': '|f4', 'fortran_order': False, 'shape': (2,), }", "its type '|f4' is not read"},
        {"{'descr': '<f3', 'fortran_order': False, 'shape': (2,), }", "its type '<f3' is not read"},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (2,), }", "is not read"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }", "needs 3 values of 4 bytes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", "no list of whole numbers"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2", "no list of whole numbers"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,2), }", "more than 4 axes"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", "overflows"},
        {"{'descr': '<f4', 'fortran_order': False}", "no shape"},
        {"{'shape': (2,), }", "lacks"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        FAILS(parse(bad[i][0], "12345678", 8), BAD_FILE);
        SAYS(bad[i][1]);
    }
    FAILS(elb_npy_parse(&npy, &err, "no array at all", 15), BAD_FILE);
    FAILS(elb_npy_read(&npy, &err, in_folder("none")), NOT_FOUND);
}
END_TEST

MAIN(round_trip_and_format, other_types, half_floats, integers_and_booleans, refused)
