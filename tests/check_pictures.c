#include "io/data.h"

#include "image_files.h"

static elbow_data *data;

/* The path of NAME/FILE; the folder is made. */
static const char *in(const char *name, const char *file)
{
    static char path[512];
    elb_format(path, sizeof path, "%s/%s", folder, name);
    mkdir(path, 0700);
    elb_format(path, sizeof path, "%s/%s/%s", folder, name, file);
    return path;
}

static elbow_status load(const char *name, uint32_t limit)
{
    return elb_data_load(&data, &err, in_folder(name), limit);
}

START_TEST(one_folder_in_the_order_of_names)
{
    write_png(in("a", "9.png"), 3, 2, 3, 90);
    write_png(in("a", "10.PNG"), 3, 2, 3, 10);
    write_png(in("a", "b.png"), 3, 2, 3, 200);
    write_plain(in("a", "._b.png"), "of another kind", 15);
    write_plain(in("a", "notes.txt"), "no image", 8);
    WORKS(load("a", 0));
    ck_assert_uint_eq(data->info.train, 3);
    ck_assert_uint_eq(data->info.height, 2);
    ck_assert_uint_eq(data->info.width, 3);
    ck_assert_uint_eq(data->info.channels, 3);
    ck_assert(data->info.bytes && !data->info.own_test);
    const unsigned char *pixels = data->source[0].pixels;
    for (int i = 0; i < 3; i++) {
        ck_assert_mem_eq(pixels + 18 * i, "\0\0\0", 3);
        ck_assert_uint_eq(pixels[18 * i + 3], ((unsigned[]){10, 90, 200})[i]);
    }
    elb_data_free(data);
    WORKS(load("a", 2));
    ck_assert_uint_eq(data->info.train, 2);
    elb_data_free(data);
}
END_TEST

START_TEST(train_and_test)
{
    mkdir(in_folder("a"), 0700);
    write_png(in("a/train", "1.png"), 4, 4, 1, 50);
    write_png(in("a/train", "2.png"), 4, 4, 1, 60);
    WORKS(load("a", 0));
    ck_assert(!data->info.own_test);
    elb_data_free(data);
    write_png(in("a/test", "1.png"), 4, 4, 1, 70);
    WORKS(load("a", 1));
    ck_assert_uint_eq(data->info.train, 1);
    ck_assert_uint_eq(data->info.test, 1);
    ck_assert(data->info.own_test);
    ck_assert_uint_eq(((unsigned char *)data->source[1].pixels)[1], 70);
    elb_data_free(data);
    write_png(in("a/test", "1.png"), 4, 3, 1, 70);
    FAILS(load("a", 0), BAD_DATA);
    SAYS("a/test: test images of 3x4x1 bytes, but training images of 4x4x1 bytes");
    ck_assert_int_eq(unlink(in("a/test", "1.png")), 0);
    FAILS(load("a", 0), NOT_FOUND);
    SAYS("a/test holds no PNG or JPEG images, and no folders of them");
    /* Images beside a folder test are for training. */
    write_png(in("b", "1.png"), 4, 4, 1, 50);
    write_png(in("b/test", "2.png"), 4, 4, 1, 60);
    WORKS(load("b", 0));
    ck_assert_uint_eq(data->info.train, 1);
    ck_assert_uint_eq(data->info.test, 1);
    elb_data_free(data);
}
END_TEST

/* One folder for each class: an image of each in turn, so that the first few are of all classes. */
START_TEST(classes_take_turns)
{
    static const unsigned char order[] = {10, 50, 90, 20, 60, 30};
    mkdir(in_folder("a"), 0700);
    mkdir(in_folder("a/train"), 0700);
    for (int i = 0; i < 3; i++) {
        char file[16];
        elb_format(file, sizeof file, "%d.png", i);
        write_png(in("a/train/cats", file), 3, 2, 1, (unsigned char)(10 + 10 * i));
        if (i < 2) write_png(in("a/train/dogs", file), 3, 2, 1, (unsigned char)(50 + 10 * i));
        if (i < 1) write_png(in("a/train/emus", file), 3, 2, 1, 90);
    }
    write_png(in("a/train/.hidden", "1.png"), 9, 9, 1, 70);
    mkdir(in_folder("a/test"), 0700);
    write_png(in("a/test/dogs", "1.png"), 3, 2, 1, 70);
    for (int below = 0; below < 2; below++) { /* the classes beside each other, then in train and test */
        WORKS(load(below ? "a" : "a/train", 0));
        ck_assert_uint_eq(data->info.train, 6);
        ck_assert(data->info.own_test == (below == 1));
        for (int i = 0; i < 6; i++) ck_assert_uint_eq(((unsigned char *)data->source[0].pixels)[6 * i + 1], order[i]);
        elb_data_free(data);
    }
    WORKS(load("a", 2));
    ck_assert_uint_eq(data->info.train, 2);
    ck_assert_uint_eq(((unsigned char *)data->source[0].pixels)[7], 50);
    elb_data_free(data);
    write_png(in("a/train/emus", "0.png"), 4, 2, 1, 90);
    FAILS(load("a", 0), BAD_DATA);
    SAYS("a/train/emus/0.png is 2x4 grey, but cats/0.png is 2x3 grey");
    /* Images in the folder itself: its sub-folders are something else. */
    write_png(in("a/train", "1.png"), 4, 4, 1, 50);
    WORKS(load("a/train", 0));
    ck_assert_uint_eq(data->info.train, 1);
    elb_data_free(data);
    mkdir(in_folder("hollow"), 0700);
    mkdir(in_folder("hollow/cats"), 0700);
    FAILS(load("hollow", 0), NOT_FOUND);
    SAYS("no PNG or JPEG images and no folders of them");
}
END_TEST

START_TEST(the_first_that_differs_is_named)
{
    write_png(in("a", "1.png"), 4, 5, 1, 50);
    write_png(in("a", "2.png"), 4, 5, 1, 60);
    write_png(in("a", "3.png"), 5, 4, 1, 60);
    write_png(in("a", "4.png"), 9, 9, 1, 60);
    FAILS(load("a", 0), BAD_DATA);
    SAYS("a/3.png is 4x5 grey, but 1.png is 5x4 grey: all must be alike");
    WORKS(load("a", 2));
    elb_data_free(data);
    write_png(in("a", "3.png"), 4, 5, 3, 60);
    FAILS(load("a", 0), BAD_DATA);
    SAYS("a/3.png is 5x4 RGB, but 1.png is 5x4 grey");
    write_plain(in("a", "2.png"), "", 0);
    FAILS(load("a", 0), BAD_FILE);
    SAYS("a/2.png: its PNG data are damaged");
    ck_assert_ptr_null(data);
}
END_TEST

START_TEST(jpeg_where_it_is_built)
{
    write_plain(in("a", "1.jpg"), rgb_jpeg, sizeof rgb_jpeg);
    write_png(in("a", "2.png"), 16, 8, 3, 90);
    write_plain(in("a", "3.JPEG"), rgb_jpeg, sizeof rgb_jpeg);
    if (ELB_HAS_JPEG) {
        WORKS(load("a", 0));
        ck_assert_uint_eq(data->info.train, 3);
        ck_assert_uint_eq(data->info.channels, 3);
        elb_data_free(data);
        write_plain(in("a", "3.JPEG"), rgb_jpeg, sizeof rgb_jpeg - 20);
        FAILS(load("a", 0), BAD_FILE);
        SAYS("a/3.JPEG: its JPEG data are damaged");
    } else {
        FAILS(load("a", 0), UNSUPPORTED);
        SAYS("a/1.jpg: this build reads no JPEG images");
    }
}
END_TEST

MAIN(one_folder_in_the_order_of_names, train_and_test, classes_take_turns, the_first_that_differs_is_named,
     jpeg_where_it_is_built)
