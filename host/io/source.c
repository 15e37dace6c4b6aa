/* source.c - which reader a name or a path is for, and loading by it. */
#include "io/data.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* Names that tell what a folder is, the most telling first. */
static bool is_idx(const char *name)
{
    return !strncmp(name, "train-images", 12);
}
static bool is_cifar(const char *name)
{
    return !strcmp(name, "data_batch_1.bin");
}
static bool is_cifar_100(const char *name)
{
    return !strcmp(name, "train.bin");
}
static bool is_train(const char *name)
{
    return !strcmp(name, "train");
}

elb_reader *elb_folder_reader(const char *folder)
{
    static const struct {
        bool (*is_of)(const char *name);
        elb_reader *read;
    } kinds[] = {{is_idx, elb_idx_folder},
                 {is_cifar, elb_cifar_folder},
                 {is_cifar_100, elb_cifar_100_folder},
                 {is_train, elb_pictures_folder},
                 {elb_is_picture, elb_pictures_folder}};
    size_t best = COUNT(kinds);
    DIR *list = opendir(folder);
    if (!list) return NULL;
    for (const struct dirent *entry; (entry = readdir(list));)
        for (size_t i = 0; i < best; i++)
            if (kinds[i].is_of(entry->d_name)) best = i;
    closedir(list);
    if (best < COUNT(kinds)) return kinds[best].read;
    return elb_has_pictures_below(folder) ? elb_pictures_folder : NULL;
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t length = strlen(path), tail = strlen(ending);
    return length > tail && !strcasecmp(path + length - tail, ending);
}

/* What some files begin with, whatever their names; the zeros of IDX are all that tells it from CIFAR's .bin. */
static elb_reader *reader_by_start(const char *path)
{
    unsigned char start[6] = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    const size_t got = fread(start, 1, sizeof start, file);
    fclose(file);
    if (got == sizeof start && !memcmp(start, "\x93NUMPY", 6)) return elb_npy_single;
    if (got >= 4 && !memcmp(start, "PK\3\4", 4)) return elb_npz_single;
    return got >= 4 && !start[0] && !start[1] && start[2] >= 8 && start[3] ? elb_idx_single : NULL;
}

/* The reader by a file's name, then by what it begins with; IDX's has a message for all else. */
static elb_reader *file_reader(const char *path)
{
    static const struct {
        const char *ending;
        elb_reader *read;
    } kinds[] = {{".npy", elb_npy_single},
                 {".npz", elb_npz_single},
                 {".csv", elb_csv_single},
                 {".tsv", elb_csv_single},
                 {".txt", elb_csv_single}};
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (ends_in(path, kinds[i].ending)) return kinds[i].read;
    elb_reader *known = reader_by_start(path);
    if (!known) known = ends_in(path, ".bin") ? elb_cifar_single : elb_idx_single;
    return known;
}

static elbow_status load_path(elbow_data *data, elb_error *err, const char *path, uint32_t limit)
{
    struct stat about;
    if (stat(path, &about)) return elb_fail(err, ELBOW_IO, "%s: %s", path, strerror(errno));
    const bool folder = S_ISDIR(about.st_mode);
    /* Before anything opens it: opening a pipe waits for a writer. */
    if (!folder && !S_ISREG(about.st_mode)) return elb_fail(err, ELBOW_BAD_FILE, "%s is not a regular file", path);
    elb_reader *read = folder ? elb_folder_reader(path) : file_reader(path);
    if (!read)
        return elb_fail(err, ELBOW_NOT_FOUND,
                        "%s holds no train-images-idx3-ubyte, gzipped or not, no data_batch_1.bin of CIFAR-10, no "
                        "train.bin of CIFAR-100, no PNG or JPEG images and no folders of them",
                        path);
    if (!folder && elb_is_picture(path))
        return elb_fail(err, ELBOW_BAD_DATA, "%s is one image: name the folder that holds all of them", path);
    return read(data, err, path, limit);
}

static elbow_status load_found(elbow_data *data, elb_error *err, const char *source, uint32_t limit)
{
    char *path = NULL;
    TRY(elb_data_find(&path, err, source));
    const elbow_status status = load_path(data, err, path, limit);
    free(path);
    return status;
}

/* The last part of a path. */
static void name_it(elbow_data *data, const char *source)
{
    size_t end = strlen(source);
    while (end > 1 && source[end - 1] == '/') end--;
    size_t start = end;
    while (start > 0 && source[start - 1] != '/') start--;
    elb_format(data->info.name, sizeof data->info.name, "%.*s", (int)(end - start), source + start);
}

elbow_status elb_data_load(elbow_data **out, elb_error *err, const char *source, uint32_t limit)
{
    *out = NULL;
    if (!source || !*source)
        return elb_fail(err, ELBOW_USAGE,
                        "no data named: give fashion-mnist, mnist, shapes, or the path of a folder "
                        "or a file");
    elbow_data *data = NULL;
    elbow_status status;
    TRY_DONE(elb_new(err, &data, 1, sizeof *data, "the data set"));
    name_it(data, source);
    if (!strcmp(source, "shapes"))
        TRY_DONE(elb_shapes_make(data, err, limit));
    else
        TRY_DONE(load_found(data, err, source, limit));
    TRY_DONE(elb_data_finish(data, err));
    *out = data, data = NULL;
done:
    elb_data_free(data);
    return status;
}
