/* io_files.h - what the tests of host/io share: a folder of their own, IDX files as they should and should not be. */
#ifndef ELB_TEST_IO_FILES_H
#define ELB_TEST_IO_FILES_H

#include "base/base.h"
#include "suite.h"

#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char folder[64];
static elb_error err;
static char remarks[2048];

__attribute__((unused)) static void hear(void *user, const char *remark)
{
    (void)user;
    elb_format(remarks, sizeof remarks, "%s", remark);
}

static void make_folder(void)
{
    strcpy(folder, "/tmp/elbow-io-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    memset(&err, 0, sizeof err);
    err.listener = hear;
    remarks[0] = 0;
}

/* Removes the files in a folder and the folder. */
static void empty_folder(const char *path)
{
    DIR *list = opendir(path);
    if (!list) return;
    for (const struct dirent *entry; (entry = readdir(list));) {
        char name[512];
        elb_format(name, sizeof name, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.') continue;
        if (unlink(name)) empty_folder(name);
    }
    closedir(list);
    rmdir(path);
}

static void remove_folder(void)
{
    empty_folder(folder);
}

/* The path of a file in the folder, in one of four buffers in turn. */
__attribute__((unused)) static const char *in_folder(const char *name)
{
    static char paths[4][256];
    static int turn;
    char *path = paths[turn++ % 4];
    elb_format(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

__attribute__((unused)) static void write_plain(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

__attribute__((unused)) static void write_gzip(const char *path, const void *bytes, size_t size)
{
    gzFile file = gzopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)size), (int)size);
    gzclose(file);
}

__attribute__((unused)) static size_t read_plain(unsigned char *out, size_t room, const char *path)
{
    FILE *file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    const size_t size = fread(out, 1, room, file);
    fclose(file);
    return size;
}

/* An IDX header of a type and axes into out; its size in bytes. */
__attribute__((unused)) static size_t idx_header(unsigned char *out, int type, uint32_t axes, const uint32_t *size)
{
    out[0] = out[1] = 0, out[2] = (unsigned char)type, out[3] = (unsigned char)axes;
    for (uint32_t i = 0; i < axes; i++)
        for (int b = 0; b < 4; b++) out[4 + 4 * i + (uint32_t)b] = (unsigned char)(size[i] >> (24 - 8 * b));
    return 4 + 4 * (size_t)axes;
}

/* count images of height x width bytes whose values differ from pixel to pixel and image to image. */
__attribute__((unused)) static size_t idx_images(unsigned char *out, uint32_t count, uint32_t height, uint32_t width)
{
    size_t at = idx_header(out, 0x08, 3, (const uint32_t[]){count, height, width});
    for (uint32_t i = 0; i < count * height * width; i++) out[at++] = (unsigned char)(i * 37 + i / 5);
    return at;
}

#define FAILS(call, expected)                                                                                          \
    do {                                                                                                               \
        ck_assert_int_eq((call), ELBOW_##expected);                                                                    \
        ck_assert_int_eq(err.status, ELBOW_##expected);                                                                \
        ck_assert_ptr_null(strchr(err.text, '\n'));                                                                    \
    } while (0)
#define WORKS(call) ck_assert_msg((call) == ELBOW_OK, "%s", err.text)
#define SAYS(words) ck_assert_msg(strstr(err.text, words) != NULL, "\"%s\" is not in \"%s\"", words, err.text)

/* Runs one test case with a folder of its own per test. */
#define MAIN(...)                                                                                                      \
    int main(void)                                                                                                     \
    {                                                                                                                  \
        TCase *all = tcase_create("all");                                                                              \
        const TTest *tests[] = {__VA_ARGS__};                                                                          \
        tcase_add_checked_fixture(all, make_folder, remove_folder);                                                    \
        tcase_set_timeout(all, 300);                                                                                   \
        for (size_t i = 0; i < sizeof tests / sizeof *tests; i++) tcase_add_test(all, tests[i]);                       \
        return run_case(__FILE__, all);                                                                                \
    }

#endif
