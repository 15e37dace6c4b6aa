/* pictures.c - data sets that are folders of PNG or JPEG images, one datum a file, in the order of their names. */
#include "base/file.h"
#include "io/data.h"
#include "io/image.h"

#include <dirent.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* The files of a folder that are images by their names. */
typedef struct listing {
    char **name; /* (room), of which count are there */
    size_t count, room;
} listing;

static elb_image_reader *reader_for(const char *name)
{
    static const struct {
        const char *ending;
        elb_image_reader *read;
    } kinds[] = {{".png", elb_png_image}, {".jpg", elb_jpeg_image}, {".jpeg", elb_jpeg_image}};
    const char *ending = strrchr(name, '.');
    if (!ending || name[0] == '.') return NULL; /* hidden files are no data: macOS puts ._x.png beside x.png */
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (!strcasecmp(ending, kinds[i].ending)) return kinds[i].read;
    return NULL;
}

bool elb_is_picture(const char *path)
{
    const char *slash = strrchr(path, '/');
    return reader_for(slash ? slash + 1 : path) != NULL;
}

static void free_listing(listing *l)
{
    for (size_t i = 0; i < l->count; i++) free(l->name[i]);
    free(l->name);
}

static elbow_status add_name(listing *l, elb_error *err, const char *name)
{
    if (l->count == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        char **more;
        TRY(elb_new(err, &more, room, sizeof *more, "a list of files"));
        if (l->count) memcpy(more, l->name, l->count * sizeof *more);
        free(l->name);
        l->name = more, l->room = room;
    }
    char *copy;
    const size_t size = strlen(name) + 1;
    TRY(elb_new(err, &copy, size, 1, "a file's name"));
    memcpy(copy, name, size);
    l->name[l->count++] = copy;
    return ELBOW_OK;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static elbow_status list_images(listing *l, elb_error *err, const char *folder)
{
    DIR *list = opendir(folder);
    if (!list) return elb_fail(err, ELBOW_IO, "%s cannot be listed", folder);
    elbow_status status = ELBOW_OK;
    for (const struct dirent *entry; status == ELBOW_OK && (entry = readdir(list));)
        if (reader_for(entry->d_name)) status = add_name(l, err, entry->d_name);
    closedir(list);
    if (status == ELBOW_OK && !l->count)
        status =
            elb_fail(err, ELBOW_NOT_FOUND, "%s holds no PNG or JPEG images (sub-folders of it are not read)", folder);
    if (status == ELBOW_OK) qsort(l->name, l->count, sizeof *l->name, by_name);
    return status;
}

static elbow_status read_image(elb_image *image, elb_error *err, const char *folder, const char *name)
{
    char path[PATH_MAX];
    void *file = NULL;
    size_t size;
    elb_format(path, sizeof path, "%s/%s", folder, name);
    TRY(elb_file_read(err, &file, &size, path, SIZE_MAX / 2));
    const elbow_status status = reader_for(name)(image, err, file, size);
    free(file);
    return status == ELBOW_OK ? ELBOW_OK : elb_blame(err, "%s", path);
}

static const char *colour(uint32_t channels)
{
    return channels == 1 ? "grey" : "RGB";
}

/* Puts image i into the block, which the first one shapes. */
static elbow_status take_image(elb_block *block, elb_error *err, const char *folder, const listing *l, uint32_t i)
{
    elb_image image;
    TRY(read_image(&image, err, folder, l->name[i]));
    const size_t pixels = (size_t)image.height * image.width * image.channels;
    elbow_status status = ELBOW_OK;
    if (pixels > INT32_MAX)
        status = elb_fail(err, ELBOW_BAD_DATA, "%s/%s has %ux%u pixels: too large to be learnt from", folder,
                          l->name[i], image.height, image.width);
    if (status == ELBOW_OK && !block->values) {
        const uint32_t size[4] = {block->size[0], image.height, image.width, image.channels};
        memcpy(block->size, size, sizeof size);
        status = elb_new(err, &block->values, size[0], pixels, "the images");
    }
    if (status == ELBOW_OK &&
        (image.height != block->size[1] || image.width != block->size[2] || image.channels != block->size[3]))
        status = elb_fail(err, ELBOW_BAD_DATA, "%s/%s is %ux%u %s, but %s is %ux%u %s: all must be alike", folder,
                          l->name[i], image.height, image.width, colour(image.channels), l->name[0], block->size[1],
                          block->size[2], colour(block->size[3]));
    if (status == ELBOW_OK) memcpy((uint8_t *)block->values + i * pixels, image.pixels, pixels);
    free(image.pixels);
    return status;
}

static elbow_status read_images(elb_block *block, elb_error *err, const char *folder, const listing *l, uint32_t limit)
{
    if (l->count > UINT32_MAX) return elb_fail(err, ELBOW_BAD_DATA, "%s holds too many images", folder);
    block->size[0] = limit && limit < l->count ? limit : (uint32_t)l->count;
    for (uint32_t i = 0; i < block->size[0]; i++) TRY(take_image(block, err, folder, l, i));
    return ELBOW_OK;
}

static elbow_status add_split(elbow_data *data, elb_error *err, int which, const char *folder, uint32_t limit)
{
    listing l = {.name = NULL};
    elb_block block = {.bytes = true};
    elbow_status status = list_images(&l, err, folder);
    if (status == ELBOW_OK) status = read_images(&block, err, folder, &l, limit);
    free_listing(&l);
    if (status == ELBOW_OK) return elb_data_take(data, err, which, folder, &block);
    free(block.values);
    return status;
}

/* FOLDER/NAME if that is a folder. */
static bool sub_folder(char path[PATH_MAX], const char *folder, const char *name)
{
    struct stat about;
    elb_format(path, PATH_MAX, "%s/%s", folder, name);
    return !stat(path, &about) && S_ISDIR(about.st_mode);
}

elbow_status elb_pictures_folder(elbow_data *data, elb_error *err, const char *folder, uint32_t limit)
{
    char path[PATH_MAX];
    const bool splits = sub_folder(path, folder, "train");
    TRY(add_split(data, err, 0, splits ? path : folder, limit));
    return sub_folder(path, folder, "test") ? add_split(data, err, 1, path, 0) : ELBOW_OK;
}
