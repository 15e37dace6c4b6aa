#include "io/data.h"

#include "io_files.h"

#include <math.h>

static unsigned char file[1 << 16];
static elbow_data *data;

/* A folder with 10 training and 4 test images of 4x3, labels of the training images. */
static const char *small_set(const char *name, const char *separator, bool gz)
{
    const char *path = in_folder(name);
    mkdir(path, 0700);
    char to[512];
    void (*const put)(const char *, const void *, size_t) = gz ? write_gzip : write_plain;
    const char *tail = gz ? ".gz" : "";
    elb_format(to, sizeof to, "%s/train-images%sidx3-ubyte%s", path, separator, tail);
    put(to, file, idx_images(file, 10, 4, 3));
    elb_format(to, sizeof to, "%s/t10k-images%sidx3-ubyte%s", path, separator, tail);
    put(to, file, idx_images(file, 4, 4, 3));
    elb_format(to, sizeof to, "%s/train-labels%sidx1-ubyte%s", path, separator, tail);
    const size_t at = idx_header(file, 8, 1, (const uint32_t[]){10});
    for (unsigned char i = 0; i < 10; i++) file[at + i] = i;
    put(to, file, at + 10);
    return path;
}

START_TEST(a_folder)
{
    for (int kind = 0; kind < 4; kind++) {
        WORKS(elb_data_load(&data, &err, small_set(kind & 1 ? "one" : "two", kind & 2 ? "." : "-", kind & 1), 0));
        ck_assert_str_eq(data->info.name, kind & 1 ? "one" : "two");
        ck_assert_uint_eq(data->info.train, 10);
        ck_assert_uint_eq(data->info.validation, 0);
        ck_assert_uint_eq(data->info.test, 4);
        ck_assert_uint_eq(data->info.pixels, 12);
        ck_assert(data->info.bytes && data->info.own_test);
        ck_assert_uint_eq(data->source[0].labels[7], 7);
        ck_assert_ptr_null(data->source[1].labels);
        elb_data_free(data);
    }
}
END_TEST

/* Against a plain reckoning of the same bytes, and sha256sum's answer for them. */
START_TEST(numbers)
{
    WORKS(elb_data_load(&data, &err, small_set("set", "-", false), 0));
    double sum = 0, grey = 0;
    int low = 255, high = 0;
    for (unsigned i = 0; i < 120; i++) {
        const int value = (unsigned char)(i * 37 + i / 5);
        sum += value / 255.0, grey += value != 0 && value != 255;
        low = value < low ? value : low, high = value > high ? value : high;
    }
    ck_assert(fabs(data->info.mean - sum / 120) < 1e-12);
    ck_assert(data->info.grey == grey / 120);
    ck_assert(data->info.minimum == low / 255.0 && data->info.maximum == high / 255.0);
    ck_assert_uint_eq(strlen(data->info.sha256), 64);
    float image[12];
    elb_data_datum(image, data, ELBOW_TRAIN, 1);
    ck_assert(image[0] == (float)(unsigned char)(12 * 37 + 2) / 255.0f);
    char before[65];
    strcpy(before, data->info.sha256);
    elb_data_free(data);
    WORKS(elb_data_load(&data, &err, in_folder("set"), 3));
    ck_assert_uint_eq(data->info.train, 3);
    ck_assert_uint_eq(data->info.test, 4);
    ck_assert_str_ne(before, data->info.sha256);
    elb_data_free(data);
}
END_TEST

START_TEST(one_file_has_no_test)
{
    write_gzip(in_folder("a.gz"), file, idx_images(file, 20, 4, 3));
    WORKS(elb_data_load(&data, &err, in_folder("a.gz"), 0));
    ck_assert_str_eq(data->info.name, "a.gz");
    ck_assert(!data->info.own_test);
    ck_assert_uint_eq(data->info.test, 20);
    ck_assert_ptr_eq(data->part[ELBOW_TEST].images, data->part[ELBOW_TRAIN].images);
    WORKS(elb_data_hold_out(data, &err, ELBOW_TEST, 0.25));
    ck_assert(data->info.own_test);
    ck_assert_uint_eq(data->info.train, 15);
    ck_assert_uint_eq(data->info.test, 5);
    WORKS(elb_data_hold_out(data, &err, ELBOW_VALIDATION, 0.2));
    ck_assert_uint_eq(data->info.train, 12);
    ck_assert_uint_eq(data->info.validation, 3);
    bool seen[20] = {false};
    for (int split = 0; split < 3; split++) {
        const elb_part *part = elb_data_part(data, (elbow_split)split);
        for (uint32_t i = 0; i < part->count; i++) {
            ck_assert(!seen[part->rows[i]]);
            seen[part->rows[i]] = true;
            if (i) ck_assert_uint_gt(part->rows[i], part->rows[i - 1]);
        }
    }
    /* Fixed for ever: a run is repeated by them. */
    const uint32_t test[] = {2, 4, 6, 8, 18}, validation[] = {1, 5, 10};
    ck_assert_mem_eq(data->part[ELBOW_TEST].rows, test, sizeof test);
    ck_assert_mem_eq(data->part[ELBOW_VALIDATION].rows, validation, sizeof validation);
    for (int i = 0; i < 20; i++) ck_assert(seen[i]);
    FAILS(elb_data_hold_out(data, &err, ELBOW_VALIDATION, 0.2), USAGE);
    FAILS(elb_data_hold_out(data, &err, ELBOW_TEST, 0.2), USAGE);
    elb_data_free(data);
}
END_TEST

START_TEST(hold_out_refuses)
{
    const float two[] = {0, 1, 1, 0};
    WORKS(elb_data_from_floats(&data, &err, 1, 2, 1, two, 2, NULL, 0));
    static const double shares[] = {0, 1, -0.1, (double)NAN};
    for (size_t i = 0; i < COUNT(shares); i++) FAILS(elb_data_hold_out(data, &err, ELBOW_VALIDATION, shares[i]), USAGE);
    FAILS(elb_data_hold_out(data, &err, ELBOW_TRAIN, 0.5), USAGE);
    WORKS(elb_data_hold_out(data, &err, ELBOW_VALIDATION, 0.01));
    ck_assert_uint_eq(data->info.validation, 1);
    FAILS(elb_data_hold_out(data, &err, ELBOW_TEST, 0.5), BAD_DATA);
    elb_data_free(data);
}
END_TEST

START_TEST(sets_that_cannot_be_learnt)
{
    size_t at = idx_header(file, 8, 3, (const uint32_t[]){3, 2, 2});
    memset(file + at, 51, 12);
    write_plain(in_folder("flat"), file, at + 12);
    FAILS(elb_data_load(&data, &err, in_folder("flat"), 0), BAD_DATA);
    SAYS("flat is constant: all 4 pixels of all 3 training images are 0.2");
    for (int i = 0; i < 12; i++) file[at + (size_t)i] = (unsigned char)(i % 4);
    write_plain(in_folder("same"), file, at + 12);
    FAILS(elb_data_load(&data, &err, in_folder("same"), 0), BAD_DATA);
    SAYS("all 3 training images are the same image");
    const char *path = small_set("odd", "-", false);
    char to[512];
    elb_format(to, sizeof to, "%s/t10k-images-idx3-ubyte", path);
    write_plain(to, file, idx_images(file, 4, 3, 4));
    FAILS(elb_data_load(&data, &err, path, 0), BAD_DATA);
    SAYS("test images of 3x4x1 bytes, but training images of 4x3x1 bytes");
    ck_assert_ptr_null(data);
    elb_format(to, sizeof to, "%s/train-labels-idx1-ubyte", path);
    FAILS(elb_data_load(&data, &err, to, 0), BAD_DATA);
    SAYS("holds labels, not images");
}
END_TEST

START_TEST(bad_labels_are_a_remark)
{
    const char *path = small_set("set", "-", false);
    char to[512];
    elb_format(to, sizeof to, "%s/train-labels-idx1-ubyte", path);
    write_plain(to, "junk", 4);
    WORKS(elb_data_load(&data, &err, path, 0));
    ck_assert_ptr_nonnull(strstr(remarks, "labels are not used"));
    ck_assert_str_eq(err.text, "");
    elb_data_free(data);
}
END_TEST

START_TEST(names_along_the_search_path)
{
    small_set("mnist", "-", false);
    char list[256];
    elb_format(list, sizeof list, "/nowhere:%s/", folder);
    setenv("ELBOW_DATA", list, 1);
    WORKS(elb_data_load(&data, &err, "mnist", 0));
    ck_assert_uint_eq(data->info.train, 10);
    elb_data_free(data);
    elb_format(list, sizeof list, "%s/mnist/:", folder);
    setenv("ELBOW_DATA", list, 1);
    WORKS(elb_data_load(&data, &err, "mnist", 0));
    elb_data_free(data);
    /* The folder of one set is never taken for another. */
    FAILS(elb_data_load(&data, &err, "other", 0), NOT_FOUND);
    SAYS(list);
    SAYS("no data set other");
    unsetenv("ELBOW_DATA");
    FAILS(elb_data_load(&data, &err, "no/such", 0), NOT_FOUND);
    SAYS("no/such does not exist");
    FAILS(elb_data_load(&data, &err, folder, 0), NOT_FOUND);
    SAYS("holds no train-images-idx3-ubyte");
    FAILS(elb_data_load(&data, &err, "", 0), USAGE);
}
END_TEST

START_TEST(floats)
{
    float train[] = {0, 0.25f, -1, 2, 1, 0x1p-41f};
    WORKS(elb_data_from_floats(&data, &err, 1, 1, 3, train, 2, train, 1));
    ck_assert(!data->info.bytes && data->info.own_test);
    ck_assert(data->info.minimum == -1 && data->info.maximum == 2);
    ck_assert(data->info.mean == 2.25 / 6 && data->info.grey == 0.5);
    float image[3];
    elb_data_datum(image, data, ELBOW_TRAIN, 1);
    ck_assert(image[0] == 2 && image[1] == 1 && image[2] == 0);
    elb_data_free(data);
    train[4] = NAN;
    FAILS(elb_data_from_floats(&data, &err, 1, 1, 3, train, 2, NULL, 0), BAD_DATA);
    SAYS("training images: image 1 (counted from 0), row 0, column 0, channel 1 is not a number");
    FAILS(elb_data_from_floats(&data, &err, 0, 1, 3, train, 2, NULL, 0), USAGE);
    FAILS(elb_data_from_floats(&data, &err, 1, 1, 3, train, 0, NULL, 0), USAGE);
    FAILS(elb_data_from_floats(&data, &err, 1, 1, 3, train, 1, NULL, 2), USAGE);
    FAILS(elb_data_from_floats(&data, &err, 65536, 65536, 65536, train, 1, NULL, 0), USAGE);
}
END_TEST

/* Whole, none below 0, one above 1; judged by the images that are trained on. */
START_TEST(counts)
{
    static const struct {
        float values[6];
        bool counts;
    } sets[] = {{{0, 1, 2, 0, 0, 7}, true},     {{0, 1, 1, 0, 0, 1}, false},       {{0, 1, 2, -1, 0, 7}, false},
                {{0, 1, 2, 0.5f, 0, 7}, false}, {{0, 16777216, 1, 0, 0, 3}, true}, {{0, 1, 2, 0, 0, 0x1p-41f}, true}};
    for (size_t i = 0; i < COUNT(sets); i++) {
        WORKS(elb_data_from_floats(&data, &err, 1, 1, 2, sets[i].values, 3, NULL, 0));
        ck_assert(data->info.counts == sets[i].counts);
        elb_data_free(data);
    }
    const float test[] = {0.5f, -1};
    WORKS(elb_data_from_floats(&data, &err, 1, 1, 2, sets[0].values, 3, test, 1));
    ck_assert(data->info.counts);
    elb_data_free(data);
    WORKS(elb_data_load(&data, &err, small_set("set", "-", false), 0));
    ck_assert(!data->info.counts);
    elb_data_free(data);
}
END_TEST

MAIN(counts, a_folder, numbers, one_file_has_no_test, hold_out_refuses, sets_that_cannot_be_learnt,
     bad_labels_are_a_remark, names_along_the_search_path, floats)
