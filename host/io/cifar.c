/* cifar.c - CIFAR's binary files: records of a label (of CIFAR-100 two, the coarse one first) and 32x32 pixels as three
 * planes, red, green and blue (Krizhevsky 2009, "Binary version"). */
#include "base/file.h"
#include "io/data.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, CHANNELS = 3, PIXELS = PLANE * CHANNELS, BATCHES = 5 };

typedef struct kind {
    const char *name;
    uint32_t labels;  /* bytes in front of the pixels, of which the last is used */
    uint32_t classes; /* that it counts */
} kind;

static const kind cifar_10 = {"CIFAR-10", 1, 10}, cifar_100 = {"CIFAR-100", 2, 100};

static uint32_t record(const kind *k)
{
    return k->labels + PIXELS;
}

/* How many records a file has, judged by its size. */
static elbow_status count_records(uint32_t *count, elb_error *err, const char *path, const kind *k)
{
    struct stat about;
    if (stat(path, &about))
        return elb_fail(err, errno == ENOENT ? ELBOW_NOT_FOUND : ELBOW_IO, "%s: %s", path, strerror(errno));
    const uint64_t size = (uint64_t)about.st_size, whole = size / record(k);
    if (!size || size % record(k) || whole > INT32_MAX) {
        char bytes[32];
        return elb_fail(err, ELBOW_BAD_FILE,
                        "%s has %s bytes: a file of %s has %u for each image and nothing else: copy it again", path,
                        elb_count_text(bytes, size), k->name, record(k));
    }
    *count = (uint32_t)whole;
    return ELBOW_OK;
}

/* Turns records into labels and pixels; first is the number of their first image in the file. */
static elbow_status unpack(elb_images *to, elb_error *err, const unsigned char *records, uint32_t count, const kind *k)
{
    uint8_t *pixels = (uint8_t *)to->pixels + (size_t)to->count * PIXELS;
    for (uint32_t i = 0; i < count; i++, records += PIXELS) {
        const unsigned char label = records[k->labels - 1];
        if (label >= k->classes)
            return elb_fail(err, ELBOW_BAD_FILE,
                            "image %u (counted from 0) has the label %u, not 0..%u: it is not %s, or damaged", i, label,
                            k->classes - 1, k->name);
        to->labels[to->count + i] = label;
        records += k->labels;
        for (int at = 0; at < PLANE; at++)
            for (int c = 0; c < CHANNELS; c++) *pixels++ = records[c * PLANE + at];
    }
    to->count += count;
    return ELBOW_OK;
}

static elbow_status add_file(elb_images *to, elb_error *err, const char *path, uint32_t count, const kind *k)
{
    void *file = NULL;
    size_t size;
    TRY(elb_file_read(err, &file, &size, path, (size_t)INT32_MAX * record(k)));
    elbow_status status = size / record(k) < count
                              ? elb_fail(err, ELBOW_BAD_FILE, "it became shorter while it was read")
                              : unpack(to, err, file, count, k);
    if (status != ELBOW_OK) elb_blame(err, "%s", path);
    free(file);
    return status;
}

/* The first images of some files, all of them where limit is 0, become the training images (which 0) or the test's. */
static elbow_status add_files(elbow_data *data, elb_error *err, int which, char (*path)[PATH_MAX], int files,
                              uint32_t limit, const kind *k)
{
    elb_images *to = &data->source[which];
    uint32_t take[BATCHES] = {0};
    size_t total = 0;
    for (int i = 0; i < files && !(limit && total == limit); i++) {
        TRY(count_records(&take[i], err, path[i], k));
        if (limit && take[i] > limit - total) take[i] = limit - (uint32_t)total;
        total += take[i];
    }
    TRY(elb_new(err, &to->pixels, total, PIXELS, "the images"));
    TRY(elb_new(err, &to->labels, total, 1, "the labels"));
    for (int i = 0; i < files && take[i]; i++) TRY(add_file(to, err, path[i], take[i], k));
    data->info.height = data->info.width = SIDE;
    data->info.channels = CHANNELS;
    data->info.bytes = true;
    return ELBOW_OK;
}

/* The folder's file `name` becomes the test's images if it is there. */
static elbow_status add_test(elbow_data *data, elb_error *err, const char *folder, const char *name, const kind *k)
{
    char path[1][PATH_MAX];
    struct stat about;
    elb_format(path[0], sizeof path[0], "%s/%s", folder, name);
    return stat(path[0], &about) ? ELBOW_OK : add_files(data, err, 1, path, 1, 0, k);
}

elbow_status elb_cifar_folder(elbow_data *data, elb_error *err, const char *folder, uint32_t limit)
{
    char path[BATCHES][PATH_MAX];
    for (int i = 0; i < BATCHES; i++) elb_format(path[i], sizeof path[i], "%s/data_batch_%d.bin", folder, i + 1);
    TRY(add_files(data, err, 0, path, BATCHES, limit, &cifar_10));
    return add_test(data, err, folder, "test_batch.bin", &cifar_10);
}

elbow_status elb_cifar_100_folder(elbow_data *data, elb_error *err, const char *folder, uint32_t limit)
{
    char path[1][PATH_MAX];
    elb_format(path[0], sizeof path[0], "%s/train.bin", folder);
    TRY(add_files(data, err, 0, path, 1, limit, &cifar_100));
    return add_test(data, err, folder, "test.bin", &cifar_100);
}

elbow_status elb_cifar_single(elbow_data *data, elb_error *err, const char *file, uint32_t limit)
{
    char path[1][PATH_MAX];
    struct stat about;
    elb_format(path[0], sizeof path[0], "%s", file);
    const bool other =
        !stat(file, &about) && about.st_size % record(&cifar_10) && !(about.st_size % record(&cifar_100));
    return add_files(data, err, 0, path, 1, limit, other ? &cifar_100 : &cifar_10);
}
