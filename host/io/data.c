#include "io/data.h"

#include "base/sha256.h"
#include "io/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t value_size(const elbow_data *data)
{
    return data->info.bytes ? sizeof(uint8_t) : sizeof(float);
}

static void hash_pixels(elbow_data *data)
{
    elb_sha256 hash;
    elb_sha256_start(&hash);
    for (int i = 0; i < 2; i++)
        elb_sha256_add(&hash, data->source[i].pixels,
                       (size_t)data->source[i].count * data->info.pixels * value_size(data));
    unsigned char digest[ELB_SHA256_BYTES];
    elb_sha256_end(digest, &hash);
    elb_sha256_hex(data->info.sha256, digest);
}

/* Bytes are counted exactly; floats are summed in double over the images in their order. */
static void measure_bytes(elbow_data *data, const elb_part *part)
{
    uint64_t seen[256] = {0};
    const size_t pixels = data->info.pixels;
    for (uint32_t i = 0; i < part->count; i++) {
        const uint8_t *image = (const uint8_t *)part->images->pixels + part->rows[i] * pixels;
        for (size_t j = 0; j < pixels; j++) seen[image[j]]++;
    }
    uint64_t sum = 0, total = 0;
    int low = 255, high = 0;
    for (int value = 0; value < 256; value++) {
        if (!seen[value]) continue;
        total += seen[value], sum += seen[value] * (uint64_t)value;
        low = value < low ? value : low, high = value;
    }
    data->info.minimum = low / 255.0, data->info.maximum = high / 255.0;
    data->info.mean = (double)sum / 255.0 / (double)total;
    data->info.grey = (double)(total - seen[0] - seen[255]) / (double)total;
}

static void measure_floats(elbow_data *data, const elb_part *part)
{
    const size_t pixels = data->info.pixels;
    double sum = 0, low = INFINITY, high = -INFINITY;
    uint64_t grey = 0;
    bool whole = true;
    for (uint32_t i = 0; i < part->count; i++) {
        const float *image = (const float *)part->images->pixels + part->rows[i] * pixels;
        double of_image = 0;
        for (size_t j = 0; j < pixels; j++) {
            const double value = (double)image[j];
            of_image += value;
            low = value < low ? value : low, high = value > high ? value : high;
            grey += value != 0.0 && value != 1.0;
            whole = whole && value == floor(value);
        }
        sum += of_image;
    }
    const double total = (double)part->count * (double)pixels;
    data->info.minimum = low, data->info.maximum = high;
    data->info.mean = sum / total, data->info.grey = (double)grey / total;
    data->info.counts = whole && low >= 0 && high > 1;
}

void elb_data_measure(elbow_data *data)
{
    const elb_part *part = &data->part[ELBOW_TRAIN];
    if (data->info.bytes)
        measure_bytes(data, part);
    else
        measure_floats(data, part);
    data->info.train = part->count;
    data->info.validation = data->part[ELBOW_VALIDATION].count;
    data->info.test = data->part[ELBOW_TEST].count;
}

static elbow_status all_rows(elb_part *part, elb_error *err, const elb_images *images)
{
    part->images = images, part->count = images->count;
    TRY(elb_new(err, &part->rows, images->count, sizeof *part->rows, "the list of images"));
    for (uint32_t i = 0; i < images->count; i++) part->rows[i] = i;
    return ELBOW_OK;
}

static elbow_status check_varied(const elbow_data *data, elb_error *err)
{
    const elbow_data_info *info = &data->info;
    if (info->minimum == info->maximum)
        return elb_fail(err, ELBOW_BAD_DATA,
                        "%s is constant: all %u pixels of all %u training images are %.9g, so there is "
                        "nothing to learn; check how the images were written",
                        info->name, info->pixels, info->train, info->minimum);
    const size_t size = info->pixels * value_size(data);
    const char *first = data->source[0].pixels;
    for (uint32_t i = 1; i < info->train; i++)
        if (memcmp(first, first + i * size, size)) return ELBOW_OK;
    if (info->train == 1) return ELBOW_OK;
    return elb_fail(err, ELBOW_BAD_DATA,
                    "%s: all %u training images are the same image, so there is nothing to learn; "
                    "check how they were written",
                    info->name, info->train);
}

elbow_status elb_data_finish(elbow_data *data, elb_error *err)
{
    elbow_data_info *info = &data->info;
    info->pixels = info->height * info->width * info->channels;
    info->own_test = data->source[1].count > 0;
    const elb_images *train = &data->source[0], *test = &data->source[info->own_test];
    TRY(all_rows(&data->part[ELBOW_TRAIN], err, train));
    TRY(all_rows(&data->part[ELBOW_TEST], err, test));
    data->part[ELBOW_VALIDATION].images = train;
    elb_data_measure(data);
    TRY(check_varied(data, err));
    hash_pixels(data);
    return ELBOW_OK;
}

/* A square of 16 or more a side is taken for an image: smaller ones are as likely a table's columns. */
static uint32_t side_of(uint32_t values)
{
    const uint32_t side = (uint32_t)lround(sqrt(values));
    return side >= 16 && side * side == values ? side : 0;
}

elbow_status elb_data_take(elbow_data *data, elb_error *err, int which, const char *path, const elb_block *block)
{
    elbow_data_info *info = &data->info;
    const uint32_t side = block->flat ? side_of(block->size[2]) : 0;
    const uint32_t height = side ? side : block->size[1], width = side ? side : block->size[2];
    data->source[which] = (elb_images){.pixels = block->values, .count = block->size[0]};
    if (which && (info->bytes != block->bytes || info->height != height || info->width != width ||
                  info->channels != block->size[3]))
        return elb_fail(err, ELBOW_BAD_DATA,
                        "%s: test images of %ux%ux%u %s, but training images of %ux%ux%u %s: they belong to different "
                        "data sets",
                        path, height, width, block->size[3], block->bytes ? "bytes" : "floats", info->height,
                        info->width, info->channels, info->bytes ? "bytes" : "floats");
    if (side && !which)
        elb_remark(err, "%s: rows of %u values are taken for images of %ux%u", path, block->size[2], side, side);
    info->height = height, info->width = width, info->channels = block->size[3];
    info->bytes = block->bytes;
    return ELBOW_OK;
}

static elbow_status copy_floats(elbow_data *data, elb_error *err, int which, const float *from, uint32_t count)
{
    static const char *const names[] = {"training", "test"};
    elb_images *to = &data->source[which];
    const size_t pixels = data->info.pixels;
    TRY(elb_new(err, &to->pixels, (size_t)count, pixels * sizeof(float), "the images"));
    to->count = count;
    const uint32_t size[4] = {count, data->info.height, data->info.width, data->info.channels};
    for (size_t i = 0; i < count * pixels; i++) {
        char place[96];
        if (elb_unfit((double)from[i]))
            return elb_fail(err, ELBOW_BAD_DATA, "%s images: %s is %s: remove or replace it", names[which],
                            elb_place(place, size, i), elb_unfit((double)from[i]));
        ((float *)to->pixels)[i] = elb_canonical(from[i]);
    }
    return ELBOW_OK;
}

elbow_status elb_data_from_floats(elbow_data **out, elb_error *err, uint32_t height, uint32_t width, uint32_t channels,
                                  const float *train, uint32_t train_count, const float *test, uint32_t test_count)
{
    *out = NULL;
    const uint64_t pixels = (uint64_t)height * width;
    if (!pixels || !channels || pixels > INT32_MAX / channels)
        return elb_fail(err, ELBOW_USAGE, "images of %ux%ux%u values are out of range", height, width, channels);
    if (!train || !train_count) return elb_fail(err, ELBOW_USAGE, "there are no training images");
    if (!test && test_count)
        return elb_fail(err, ELBOW_USAGE, "test is NULL, but %u test images are promised", test_count);
    elbow_data *data = NULL;
    elbow_status status;
    TRY_DONE(elb_new(err, &data, 1, sizeof *data, "the data set"));
    elb_format(data->info.name, sizeof data->info.name, "memory");
    data->info.height = height, data->info.width = width, data->info.channels = channels;
    data->info.pixels = height * width * channels;
    TRY_DONE(copy_floats(data, err, 0, train, train_count));
    if (test_count) TRY_DONE(copy_floats(data, err, 1, test, test_count));
    TRY_DONE(elb_data_finish(data, err));
    *out = data, data = NULL;
done:
    elb_data_free(data);
    return status;
}

typedef struct hashed {
    uint64_t hash;
    uint32_t row;
} hashed;

static int by_hash(const void *a, const void *b)
{
    const uint64_t x = ((const hashed *)a)->hash, y = ((const hashed *)b)->hash;
    return (x > y) - (x < y);
}

static int by_row(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Moves the `count` rows with the smallest hashes from one part to the other; both stay in upward order. */
static elbow_status move_rows(elb_part *to, elb_part *from, elb_error *err, uint32_t count)
{
    hashed *order = NULL;
    uint32_t *moved = NULL;
    TRY(elb_new(err, &order, from->count, sizeof *order, "the hold-out"));
    for (uint32_t i = 0; i < from->count; i++) order[i] = (hashed){elb_index_hash(from->rows[i]), from->rows[i]};
    qsort(order, from->count, sizeof *order, by_hash);
    const elbow_status status = elb_new(err, &moved, count, sizeof *moved, "the hold-out");
    if (status == ELBOW_OK) {
        for (uint32_t i = 0; i < count; i++) moved[i] = order[i].row;
        for (uint32_t i = count; i < from->count; i++) from->rows[i - count] = order[i].row;
        from->count -= count;
        qsort(moved, count, sizeof *moved, by_row);
        qsort(from->rows, from->count, sizeof *from->rows, by_row);
        free(to->rows);
        *to = (elb_part){.images = from->images, .rows = moved, .count = count};
    }
    free(order);
    return status;
}

elbow_status elb_data_hold_out(elbow_data *data, elb_error *err, elbow_split split, double share)
{
    if (split != ELBOW_VALIDATION && split != ELBOW_TEST)
        return elb_fail(err, ELBOW_USAGE, "images are held out for validation or for the test, not for training");
    if (!(share > 0 && share < 1))
        return elb_fail(err, ELBOW_USAGE, "a share of %g cannot be held out: it lies between 0 and 1", share);
    if (split == ELBOW_TEST && data->info.own_test)
        return elb_fail(err, ELBOW_USAGE,
                        "%s has a test split of %u images already: hold images out for validation instead",
                        data->info.name, data->info.test);
    if (split == ELBOW_VALIDATION && data->info.validation)
        return elb_fail(err, ELBOW_USAGE, "%u images are held out for validation already", data->info.validation);
    elb_part *from = &data->part[ELBOW_TRAIN];
    if (from->count < 2)
        return elb_fail(err, ELBOW_BAD_DATA, "%s has %u training image: none can be held out", data->info.name,
                        from->count);
    double wanted = floor(share * from->count + 0.5);
    wanted = wanted < 1 ? 1 : wanted > from->count - 1.0 ? from->count - 1.0 : wanted;
    if (split == ELBOW_TEST && data->info.validation)
        return elb_fail(err, ELBOW_USAGE, "hold out the test images before those for validation");
    TRY(move_rows(&data->part[split], from, err, (uint32_t)wanted));
    if (split == ELBOW_TEST) data->info.own_test = true;
    elb_data_measure(data);
    return ELBOW_OK;
}

void elb_data_datum(float *out, const elbow_data *data, elbow_split split, uint32_t index)
{
    const elb_part *part = &data->part[split];
    const size_t pixels = data->info.pixels, at = part->rows[index] * pixels;
    if (data->info.bytes)
        for (size_t j = 0; j < pixels; j++) out[j] = (float)((const uint8_t *)part->images->pixels)[at + j] / 255.0f;
    else
        memcpy(out, (const float *)part->images->pixels + at, pixels * sizeof *out);
}

void elb_data_free(elbow_data *data)
{
    if (!data) return;
    for (int i = 0; i < 3; i++) free(data->part[i].rows);
    for (int i = 0; i < 2; i++) {
        free(data->source[i].pixels);
        free(data->source[i].labels);
        free(data->source[i].factors);
    }
    free(data);
}
