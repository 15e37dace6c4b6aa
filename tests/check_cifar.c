#include "io/data.h"

#include "io_files.h"

enum { RECORD = 3073, PLANE = 1024 };
static unsigned char file[4 * RECORD];
static elbow_data *data;

/* count records whose labels count up from `first`; red is 0 to 255 four times, green 10 more than it, blue 20. */
static void write_batch(const char *path, unsigned first, int count)
{
    for (int i = 0; i < count; i++) {
        unsigned char *record = file + (size_t)i * RECORD;
        *record++ = (unsigned char)(first + (unsigned)i);
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < PLANE; p++) record[c * PLANE + p] = (unsigned char)(p + 10 * c + i);
    }
    write_plain(path, file, (size_t)count * RECORD);
}

static const char *batches(int last, bool test)
{
    static char path[256], name[300];
    elb_format(path, sizeof path, "%s", in_folder("cifar"));
    mkdir(path, 0700);
    for (int i = 1; i <= last; i++) {
        elb_format(name, sizeof name, "%s/data_batch_%d.bin", path, i);
        write_batch(name, (unsigned)i, 2);
    }
    elb_format(name, sizeof name, "%s/test_batch.bin", path);
    if (test) write_batch(name, 7, 3);
    return path;
}

START_TEST(the_folder)
{
    WORKS(elb_data_load(&data, &err, batches(5, true), 0));
    ck_assert_uint_eq(data->info.train, 10);
    ck_assert_uint_eq(data->info.test, 3);
    ck_assert_uint_eq(data->info.height, 32);
    ck_assert_uint_eq(data->info.width, 32);
    ck_assert_uint_eq(data->info.channels, 3);
    ck_assert_uint_eq(data->info.pixels, 3072);
    ck_assert(data->info.bytes && data->info.own_test);
    ck_assert_mem_eq(data->source[0].labels, "\1\2\2\3\3\4\4\5\5\6", 10);
    ck_assert_mem_eq(data->source[1].labels, "\7\x8\x9", 3);
    /* The planes have become the colours of each pixel. */
    const unsigned char *second = (unsigned char *)data->source[0].pixels + 3072;
    for (int p = 0; p < PLANE; p++)
        for (int c = 0; c < 3; c++) ck_assert_uint_eq(second[3 * p + c], (unsigned char)(p + 10 * c + 1));
    elb_data_free(data);
}
END_TEST

START_TEST(limits_and_one_file)
{
    WORKS(elb_data_load(&data, &err, batches(5, true), 3));
    ck_assert_uint_eq(data->info.train, 3);
    ck_assert_mem_eq(data->source[0].labels, "\1\2\2", 3);
    ck_assert_uint_eq(data->info.test, 3);
    elb_data_free(data);
    write_batch(in_folder("b.bin"), 0, 4);
    WORKS(elb_data_load(&data, &err, in_folder("b.bin"), 0));
    ck_assert_uint_eq(data->info.train, 4);
    ck_assert(!data->info.own_test);
    elb_data_free(data);
    WORKS(elb_data_load(&data, &err, in_folder("b.bin"), 2));
    ck_assert_uint_eq(data->info.train, 2);
    elb_data_free(data);
}
END_TEST

START_TEST(damaged)
{
    FAILS(elb_data_load(&data, &err, batches(3, true), 0), NOT_FOUND);
    SAYS("cifar/data_batch_4.bin: No such file");
    WORKS(elb_data_load(&data, &err, batches(3, true), 6));
    elb_data_free(data);
    write_batch(in_folder("b.bin"), 9, 2); /* the second label is 10 */
    FAILS(elb_data_load(&data, &err, in_folder("b.bin"), 0), BAD_FILE);
    SAYS("b.bin: image 1 (counted from 0) has the label 10, not 0..9");
    WORKS(elb_data_load(&data, &err, in_folder("b.bin"), 1));
    elb_data_free(data);
    write_batch(in_folder("b.bin"), 1, 2);
    ck_assert_int_eq(truncate(in_folder("b.bin"), 2 * RECORD - 1), 0);
    FAILS(elb_data_load(&data, &err, in_folder("b.bin"), 0), BAD_FILE);
    SAYS("b.bin has 6,145 bytes: a file of CIFAR-10 has 3073 for each image");
    ck_assert_int_eq(truncate(in_folder("b.bin"), 0), 0);
    FAILS(elb_data_load(&data, &err, in_folder("b.bin"), 0), BAD_FILE);
    SAYS("has 0 bytes");
}
END_TEST

/* CIFAR-100: a coarse label, a fine one, then the planes. */
static void write_hundred(const char *path, unsigned first, int count)
{
    for (int i = 0; i < count; i++) {
        unsigned char *pixels = file + (size_t)i * (RECORD + 1) + 2;
        pixels[-2] = 5, pixels[-1] = (unsigned char)(first + (unsigned)i);
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < PLANE; p++) pixels[c * PLANE + p] = (unsigned char)(p + 10 * c + i);
    }
    write_plain(path, file, (size_t)count * (RECORD + 1));
}

START_TEST(cifar_100)
{
    mkdir(in_folder("hundred"), 0700);
    write_hundred(in_folder("hundred/train.bin"), 97, 3);
    WORKS(elb_data_load(&data, &err, in_folder("hundred"), 0));
    ck_assert(!data->info.own_test);
    elb_data_free(data);
    write_hundred(in_folder("hundred/test.bin"), 0, 2);
    WORKS(elb_data_load(&data, &err, in_folder("hundred"), 0));
    ck_assert_uint_eq(data->info.train, 3);
    ck_assert_uint_eq(data->info.test, 2);
    ck_assert_mem_eq(data->source[0].labels, "abc", 3);
    const unsigned char *second = (unsigned char *)data->source[0].pixels + 3072;
    for (int p = 0; p < PLANE; p++)
        for (int c = 0; c < 3; c++) ck_assert_uint_eq(second[3 * p + c], (unsigned char)(p + 10 * c + 1));
    elb_data_free(data);
    WORKS(elb_data_load(&data, &err, in_folder("hundred/train.bin"), 2)); /* alone: told by its size */
    ck_assert_uint_eq(data->info.train, 2);
    elb_data_free(data);
    write_hundred(in_folder("hundred/train.bin"), 98, 3);
    FAILS(elb_data_load(&data, &err, in_folder("hundred"), 0), BAD_FILE);
    SAYS("train.bin: image 2 (counted from 0) has the label 100, not 0..99: it is not CIFAR-100, or damaged");
    ck_assert_int_eq(truncate(in_folder("hundred/train.bin"), 2 * RECORD), 0);
    FAILS(elb_data_load(&data, &err, in_folder("hundred"), 0), BAD_FILE);
    SAYS("train.bin has 6,146 bytes: a file of CIFAR-100 has 3074 for each image");
}
END_TEST

MAIN(the_folder, limits_and_one_file, damaged, cifar_100)
