#include "io/data.h"

#include "image_files.h"
#include "npz_files.h"

static unsigned char file[8192];
static elbow_data *data;

/* Which source a file of such bytes is taken for: by the sizes that come out. */
static elbow_status load(const char *name, const void *bytes, size_t size)
{
    write_plain(in_folder(name), bytes, size);
    return elb_data_load(&data, &err, in_folder(name), 0);
}

static void is_shaped(uint32_t train, uint32_t height, uint32_t width)
{
    ck_assert_uint_eq(data->info.train, train);
    ck_assert_uint_eq(data->info.height, height);
    ck_assert_uint_eq(data->info.width, width);
    elb_data_free(data);
}

START_TEST(files_by_their_names)
{
    static const char *const tables[] = {"a.csv", "a.TSV", "a.txt"};
    for (size_t i = 0; i < COUNT(tables); i++) {
        WORKS(load(tables[i], "1\t2\t4\n3\t4\t4\n", 12));
        is_shaped(2, 1, 3);
    }
    FAILS(load("a.npy", "1,2\n", 4), BAD_FILE);
    SAYS("a.npy: it is no .npy file");
    FAILS(load("a.NPZ", "1,2\n", 4), BAD_FILE);
    SAYS("a.NPZ: it is no .npz file");
    FAILS(load("a.bin", "1,2\n", 4), BAD_FILE);
    SAYS("a.bin has 4 bytes: a file of CIFAR-10");
    FAILS(load("a.bin", "", 0), BAD_FILE);
    SAYS("a.bin has 0 bytes");
}
END_TEST

START_TEST(files_by_what_they_hold)
{
    const float values[6] = {1, 2, 3, 4, 5, 6};
    WORKS(load("array", file, npy_bytes(file, "(2, 3)", values, 6)));
    is_shaped(2, 1, 3);
    FAILS(load("archive", "PK\3\4 cut", 8), BAD_FILE);
    SAYS("archive: it is a ZIP archive cut short");
    WORKS(load("idx", file, idx_images(file, 5, 4, 3)));
    is_shaped(5, 4, 3);
    WORKS(load("idx.bin", file, idx_images(file, 5, 4, 3)));
    is_shaped(5, 4, 3);
    FAILS(load("other", "1,2\n", 4), BAD_FILE);
    SAYS("other is not an IDX file: it starts with 31 2c 32 0a");
    FAILS(load("other", "", 0), BAD_FILE);
    SAYS("other is too short for an IDX file (0 bytes)");
}
END_TEST

START_TEST(one_image_is_no_data_set)
{
    write_png(in_folder("1.png"), 4, 4, 1, 9);
    FAILS(elb_data_load(&data, &err, in_folder("1.png"), 0), BAD_DATA);
    SAYS("1.png is one image: name the folder that holds all of them");
    FAILS(load("1.jpeg", "", 0), BAD_DATA);
    SAYS("one image");
}
END_TEST

/* IDX before CIFAR-10 before images, whatever order the folder lists them in. */
START_TEST(folders)
{
    FAILS(elb_data_load(&data, &err, folder, 0), NOT_FOUND);
    SAYS("holds no train-images-idx3-ubyte, gzipped or not, no data_batch_1.bin of CIFAR-10, no train.bin of "
         "CIFAR-100, no PNG or JPEG images");
    ck_assert(!elb_folder_reader(folder));
    ck_assert(!elb_folder_reader(in_folder("missing")));
    write_png(in_folder("0.png"), 4, 4, 1, 9);
    write_png(in_folder("z.png"), 4, 4, 1, 8);
    ck_assert(elb_folder_reader(folder) == elb_pictures_folder);
    write_plain(in_folder("data_batch_1.bin"), "", 0);
    ck_assert(elb_folder_reader(folder) == elb_cifar_folder);
    write_plain(in_folder("train-images-idx3-ubyte"), file, idx_images(file, 5, 4, 3));
    ck_assert(elb_folder_reader(folder) == elb_idx_folder);
    WORKS(elb_data_load(&data, &err, folder, 0));
    is_shaped(5, 4, 3);
}
END_TEST

START_TEST(folders_of_every_kind_have_names)
{
    mkdir(in_folder("faces"), 0700);
    write_png(in_folder("faces/1.png"), 4, 5, 1, 9);
    setenv("ELBOW_DATA", folder, 1);
    WORKS(elb_data_load(&data, &err, "faces", 0));
    ck_assert_str_eq(data->info.name, "faces");
    is_shaped(1, 5, 4);
    mkdir(in_folder("empty"), 0700);
    FAILS(elb_data_load(&data, &err, "empty", 0), NOT_FOUND);
    SAYS("no data set empty: searched ELBOW_DATA (");
    unsetenv("ELBOW_DATA");
}
END_TEST

MAIN(files_by_their_names, files_by_what_they_hold, one_image_is_no_data_set, folders, folders_of_every_kind_have_names)
