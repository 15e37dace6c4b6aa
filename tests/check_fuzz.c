/* Thousands of damaged files, the same ones each time. Every reader must answer each with a status and a sentence; the
 * sanitizers watch the rest. */
#include "io/csv.h"
#include "io/idx.h"
#include "io/image.h"
#include "io/json.h"
#include "io/npz.h"
#include "io/tensors.h"

#include "image_files.h"
#include "npz_files.h"

#include <sys/mman.h>

static uint64_t state;

static uint32_t next(uint32_t below)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((state >> 33) % below);
}

/* One to four small wounds: a byte set, a bit turned, the end cut off, a piece doubled. The new size. */
static size_t wound(unsigned char *bytes, size_t size, size_t room)
{
    static const unsigned char favourites[] = {0, 1, 0x7f, 0x80, 0xff, '"', '{', '[', '-', '9', 'e', '\\'};
    for (uint32_t n = 1 + next(4); n && size; n--) {
        const uint32_t at = next(next(2) && size > 24 ? 24 : (uint32_t)size);
        const uint32_t kind = next(8);
        if (kind < 3)
            bytes[at] = favourites[next(sizeof favourites)];
        else if (kind < 6)
            bytes[at] ^= (unsigned char)(1 << next(8));
        else if (kind == 6)
            size = next(4) ? size - 1 : at;
        else if (size + (size - at) <= room) {
            memmove(bytes + size, bytes + at, size - at);
            size += size - at;
        }
    }
    return size;
}

typedef elbow_status reader(const unsigned char *bytes, size_t size);

/* A file that never meets the disk: its descriptor, and its path. */
static int memory_file(char path[32], const unsigned char *bytes, size_t size)
{
    const int memory = memfd_create("fuzz", 0);
    ck_assert_int_eq(write(memory, bytes, size), (ssize_t)size);
    elb_format(path, 32, "/proc/self/fd/%d", memory);
    return memory;
}

static elbow_status read_idx(const unsigned char *bytes, size_t size)
{
    elb_idx idx;
    char path[32];
    const int memory = memory_file(path, bytes, size);
    const elbow_status status = elb_idx_read(&idx, &err, path, size & 1 ? 2 : 0);
    elb_idx_free(&idx);
    close(memory);
    return status;
}

/* A whole data set by one of the readers that take a path. */
static elbow_status read_data(elb_reader *read_one, const unsigned char *bytes, size_t size)
{
    elbow_data *data = calloc(1, sizeof *data);
    char path[32];
    const int memory = memory_file(path, bytes, size);
    elbow_status status = read_one(data, &err, path, size & 1 ? 2 : 0);
    if (status == ELBOW_OK) status = elb_data_finish(data, &err);
    elb_data_free(data);
    close(memory);
    return status;
}

static elbow_status read_array(const unsigned char *bytes, size_t size)
{
    return read_data(elb_npy_single, bytes, size);
}

static elbow_status read_cifar(const unsigned char *bytes, size_t size)
{
    return read_data(elb_cifar_single, bytes, size);
}

static elbow_status read_csv(const unsigned char *bytes, size_t size)
{
    elb_block block;
    const elbow_status status = elb_csv_parse(&block, &err, (const char *)bytes, size, size & 1 ? 2 : 0);
    free(block.values);
    return status;
}

static elbow_status read_image(elb_image_reader *read_one, const unsigned char *bytes, size_t size)
{
    elb_image image;
    const elbow_status status = read_one(&image, &err, bytes, size);
    unsigned sum = 0;
    for (size_t i = 0; status == ELBOW_OK && i < (size_t)image.height * image.width * image.channels; i++)
        sum += image.pixels[i];
    free(image.pixels);
    return sum < 1u << 30 ? status : ELBOW_IO;
}

static elbow_status read_png(const unsigned char *bytes, size_t size)
{
    return read_image(elb_png_image, bytes, size);
}

static elbow_status read_jpeg(const unsigned char *bytes, size_t size)
{
    return read_image(elb_jpeg_image, bytes, size);
}

static elbow_status read_tensors(const unsigned char *bytes, size_t size)
{
    elb_tensors tensors;
    const elbow_status status = elb_tensors_parse(&tensors, &err, bytes, size);
    unsigned sum = 0;
    for (size_t i = 0; status == ELBOW_OK && i < tensors.count; i++)
        for (size_t j = 0; j < tensors.tensor[i].bytes; j++) sum += ((const unsigned char *)tensors.tensor[i].data)[j];
    elb_tensors_free(&tensors);
    return sum < 1u << 30 ? status : ELBOW_IO;
}

static elbow_status read_npy(const unsigned char *bytes, size_t size)
{
    elb_npy npy;
    const elbow_status status = elb_npy_parse(&npy, &err, bytes, size);
    free(npy.values);
    return status;
}

static elbow_status read_npz(const unsigned char *bytes, size_t size)
{
    elb_npz npz;
    elbow_status status = elb_npz_parse(&npz, &err, bytes, size);
    for (size_t i = 0; status == ELBOW_OK && i < npz.count; i++) {
        elb_npy npy;
        elb_npy_view view;
        void *own;
        status = elb_npz_array(&npy, &err, &npz, npz.member[i].name);
        ck_assert_int_eq(elb_npz_look(&view, &own, &err, &npz, npz.member[i].name), status);
        free(npy.values);
        free(own);
    }
    elb_npz_free(&npz);
    return status;
}

static elbow_status read_json(const unsigned char *bytes, size_t size)
{
    cJSON *value;
    const elbow_status status = elb_json_parse(&value, &err, (const char *)bytes, size, "run.json");
    cJSON_Delete(value);
    return status;
}

/* Some wounds leave a file that is right; if none or all did, the loop would test nothing. */
static void attack(reader *read_one, const unsigned char *valid, size_t size, uint32_t times)
{
    enum { ROOM = 8192 };
    uint32_t good = 0;
    ck_assert_msg(read_one(valid, size) == ELBOW_OK, "%s", err.text);
    state = size;
    for (uint32_t i = 0; i < times; i++) {
        unsigned char scratch[ROOM];
        memcpy(scratch, valid, size);
        const size_t now = wound(scratch, size, ROOM);
        unsigned char *exact = malloc(now ? now : 1); /* so that reading past the end is seen */
        memcpy(exact, scratch, now);
        err.text[0] = 0, err.status = ELBOW_OK;
        const elbow_status status = read_one(exact, now);
        good += status == ELBOW_OK;
        ck_assert_int_eq(err.status, status);
        ck_assert(status == ELBOW_OK || err.text[0]);
        ck_assert(status == ELBOW_OK || status == ELBOW_BAD_FILE || status == ELBOW_BAD_DATA);
        free(exact);
    }
    ck_assert_uint_gt(good, 0);
    ck_assert_uint_lt(good, times);
}

START_TEST(idx)
{
    unsigned char file[512];
    attack(read_idx, file, idx_images(file, 5, 4, 3), 4000);
    static const int types[] = {0x09, 0x0B, 0x0C, 0x0D, 0x0E};
    static const size_t widths[] = {1, 2, 4, 4, 8};
    for (size_t i = 0; i < COUNT(types); i++) {
        const size_t at = idx_header(file, types[i], 3, (const uint32_t[]){3, 2, 2});
        memset(file + at, 0, 96);
        attack(read_idx, file, at + 12 * widths[i], 1000);
    }
}
END_TEST

START_TEST(gzipped_idx)
{
    unsigned char file[512], packed[512];
    write_gzip(in_folder("g"), file, idx_images(file, 5, 4, 3));
    attack(read_idx, packed, read_plain(packed, sizeof packed, in_folder("g")), 4000);
}
END_TEST

START_TEST(safetensors)
{
    static const float weight[6] = {1, 2, 3, 4, 5, 6};
    static const uint64_t step = 7;
    char text[] = "note";
    const elb_tensor tensors[] = {elb_tensor_of("a.weight", ELB_F32, 2, (const uint64_t[]){2, 3}, weight),
                                  elb_tensor_of("step", ELB_U64, 0, NULL, &step)};
    WORKS(elb_tensors_write(&err, in_folder("t"), tensors, 2, &(elb_note){"n", text}, 1));
    unsigned char file[1024];
    attack(read_tensors, file, read_plain(file, sizeof file, in_folder("t")), 20000);
}
END_TEST

START_TEST(npy)
{
    const float values[4] = {1, 2, 3, 4};
    WORKS(elb_npy_write(&err, in_folder("n"), values, 2, (const uint64_t[]){2, 2}));
    unsigned char file[512];
    attack(read_npy, file, read_plain(file, sizeof file, in_folder("n")), 20000);
}
END_TEST

START_TEST(npz)
{
    const float values[40] = {1, 2, 3, 4};
    for (int form = 0; form < 4; form++) {
        unsigned char file[2048], array[512];
        zip z = {.bytes = file, .room = sizeof file};
        zip_add(&z, "x.npy", array, npy_bytes(array, "(2, 2)", values, 4), form & 1, form & 2);
        zip_add(&z, "mu.npy", array, npy_bytes(array, "(40,)", values, 40), form & 1, form & 2);
        zip_end(&z, form & 2);
        attack(read_npz, file, z.size, 10000);
    }
}
END_TEST

START_TEST(json)
{
    static const char text[] =
        "{\"a\": [1, -2.5e3, null, true], \"b\": {\"c\": \"x\\u00e9\\n\"}, \"d\": \"18446744073709551615\"}\n";
    attack(read_json, (const unsigned char *)text, sizeof text - 1, 20000);
}
END_TEST

START_TEST(arrays)
{
    static const char *const types[] = {"<f4", "|u1", "<f2", "<i8"};
    static const size_t widths[] = {4, 1, 2, 8};
    const float values[24] = {1, 2, 3, 4};
    for (size_t i = 0; i < COUNT(types); i++) {
        unsigned char file[512];
        const size_t header = npy_bytes(file, "(3, 2, 2)", values, 24) - 24 * sizeof *values;
        memcpy(file + 21, types[i], 3);
        attack(read_array, file, header + 12 * widths[i], 5000);
    }
}
END_TEST

START_TEST(csv)
{
    static const char text[] = "\"a\";b;c\n1;2.5;-3e-2\r\n\n4;\"5\";6\n7;8;9";
    attack(read_csv, (const unsigned char *)text, sizeof text - 1, 20000);
}
END_TEST

START_TEST(cifar)
{
    static unsigned char file[2 * 3073];
    for (size_t i = 0; i < sizeof file; i++) file[i] = (unsigned char)(i % 10);
    attack(read_cifar, file, sizeof file, 4000);
}
END_TEST

START_TEST(png)
{
    static const unsigned char lines[5 * 13] = {1, 2, 3, 0, 9, 200, 100}, none[20];
    const png_kind kinds[] = {{.width = 4, .height = 5, .depth = 8, .colour = PNG_RGB},
                              {.width = 4, .height = 5, .depth = 2, .colour = PNG_GREY, .interlaced = 1},
                              {4, 5, 4, PNG_PALETTE, 0, "PLTE", "\1\2\3\4\5\6", 6}};
    const struct {
        const void *lines;
        size_t size;
    } bodies[] = {{lines, sizeof lines}, {none, 20}, {none, 15}};
    for (size_t i = 0; i < COUNT(kinds); i++) {
        unsigned char file[512];
        attack(read_png, file, png_bytes(file, &kinds[i], bodies[i].lines, bodies[i].size), 10000);
    }
}
END_TEST

START_TEST(jpeg)
{
    if (!ELB_HAS_JPEG) {
        FAILS(read_jpeg(grey_jpeg, sizeof grey_jpeg), UNSUPPORTED);
        return;
    }
    attack(read_jpeg, grey_jpeg, sizeof grey_jpeg, 10000);
    attack(read_jpeg, rgb_jpeg, sizeof rgb_jpeg, 10000);
}
END_TEST

MAIN(idx, gzipped_idx, safetensors, npy, npz, json, arrays, csv, cifar, png, jpeg)
