/* pictures.c - data sets that are folders of PNG or JPEG images, one datum a file, in the order of their names; or of
 * sub-folders of them, one for each class, which give one image each in turn, so that the first N are of all. */
#include "base/file.h"
#include "io/data.h"
#include "io/image.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

/* A file that is an image by its name. */
typedef struct picture {
    char *name;  /* "cat.png", or "cats/1.png" */
    size_t turn; /* its number in its folder, from 0 */
} picture;

typedef struct listing {
    picture *of; /* (room), of which count are there */
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
    for (size_t i = 0; i < l->count; i++) free(l->of[i].name);
    free(l->of);
}

/* below: the sub-folder that it is in, or "". */
static elbow_status add_name(listing *l, elb_error *err, const char *below, const char *name)
{
    if (l->count == l->room) {
        const size_t room = l->room ? 2 * l->room : 64;
        picture *more;
        TRY(elb_new(err, &more, room, sizeof *more, "a list of files"));
        if (l->count) memcpy(more, l->of, l->count * sizeof *more);
        free(l->of);
        l->of = more, l->room = room;
    }
    char *path;
    const size_t size = strlen(below) + strlen(name) + 2;
    TRY(elb_new(err, &path, size, 1, "a file's name"));
    elb_format(path, size, "%s%s%s", below, *below ? "/" : "", name);
    l->of[l->count++] = (picture){.name = path};
    return ELBOW_OK;
}

/* By turn, then by name. */
static int in_turn(const void *a, const void *b)
{
    const picture *one = a, *other = b;
    if (one->turn != other->turn) return one->turn < other->turn ? -1 : 1;
    return strcmp(one->name, other->name);
}

/* FOLDER/NAME if that is a folder. */
static bool sub_folder(char path[PATH_MAX], const char *folder, const char *name)
{
    struct stat about;
    elb_format(path, PATH_MAX, "%s/%s", folder, name);
    return !stat(path, &about) && S_ISDIR(about.st_mode);
}

static bool is_class(const char *folder, const char *name)
{
    char path[PATH_MAX];
    return name[0] != '.' && strcmp(name, "train") != 0 && strcmp(name, "test") != 0 && sub_folder(path, folder, name);
}

/* Adds the images of FOLDER/BELOW, or of FOLDER if below is "", in the order of their names. */
static elbow_status list_images(listing *l, elb_error *err, const char *folder, const char *below)
{
    char path[PATH_MAX];
    const size_t before = l->count;
    elb_format(path, sizeof path, "%s%s%s", folder, *below ? "/" : "", below);
    DIR *list = opendir(path);
    if (!list) return elb_fail(err, ELBOW_IO, "%s cannot be listed: %s", path, strerror(errno));
    elbow_status status = ELBOW_OK;
    for (const struct dirent *at; status == ELBOW_OK && (at = readdir(list));)
        if (reader_for(at->d_name)) status = add_name(l, err, below, at->d_name);
    closedir(list);
    if (l->count > before) qsort(l->of + before, l->count - before, sizeof *l->of, in_turn);
    for (size_t i = before; i < l->count; i++) l->of[i].turn = i - before;
    return status;
}

/* Adds the images of sub-folders, one after another until there are enough. */
static elbow_status list_classes(listing *l, elb_error *err, const char *folder, size_t enough)
{
    DIR *list = opendir(folder);
    if (!list) return elb_fail(err, ELBOW_IO, "%s cannot be listed: %s", folder, strerror(errno));
    elbow_status status = ELBOW_OK;
    for (const struct dirent *at; status == ELBOW_OK && l->count < enough && (at = readdir(list));)
        if (is_class(folder, at->d_name)) status = list_images(l, err, folder, at->d_name);
    closedir(list);
    if (l->count) qsort(l->of, l->count, sizeof *l->of, in_turn);
    return status;
}

/* A folder's images, or where it has none its sub-folders'. */
static elbow_status list_all(listing *l, elb_error *err, const char *folder)
{
    TRY(list_images(l, err, folder, ""));
    if (!l->count) TRY(list_classes(l, err, folder, SIZE_MAX));
    if (l->count) return ELBOW_OK;
    return elb_fail(err, ELBOW_NOT_FOUND, "%s holds no PNG or JPEG images, and no folders of them", folder);
}

bool elb_has_pictures_below(const char *folder)
{
    listing l = {.of = NULL};
    elb_error unheard = {.status = ELBOW_OK};
    const bool has = list_classes(&l, &unheard, folder, 1) == ELBOW_OK && l.count;
    free_listing(&l);
    return has;
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
    TRY(read_image(&image, err, folder, l->of[i].name));
    const size_t pixels = (size_t)image.height * image.width * image.channels;
    elbow_status status = ELBOW_OK;
    if (pixels > INT32_MAX)
        status = elb_fail(err, ELBOW_BAD_DATA, "%s/%s has %ux%u pixels: too large to be learnt from", folder,
                          l->of[i].name, image.height, image.width);
    if (status == ELBOW_OK && !block->values) {
        const uint32_t size[4] = {block->size[0], image.height, image.width, image.channels};
        memcpy(block->size, size, sizeof size);
        status = elb_new(err, &block->values, size[0], pixels, "the images");
    }
    if (status == ELBOW_OK &&
        (image.height != block->size[1] || image.width != block->size[2] || image.channels != block->size[3]))
        status = elb_fail(err, ELBOW_BAD_DATA, "%s/%s is %ux%u %s, but %s is %ux%u %s: all must be alike", folder,
                          l->of[i].name, image.height, image.width, colour(image.channels), l->of[0].name,
                          block->size[1], block->size[2], colour(block->size[3]));
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
    listing l = {.of = NULL};
    elb_block block = {.bytes = true};
    elbow_status status = list_all(&l, err, folder);
    if (status == ELBOW_OK) status = read_images(&block, err, folder, &l, limit);
    free_listing(&l);
    if (status == ELBOW_OK) return elb_data_take(data, err, which, folder, &block);
    free(block.values);
    return status;
}

elbow_status elb_pictures_folder(elbow_data *data, elb_error *err, const char *folder, uint32_t limit)
{
    char path[PATH_MAX];
    const bool splits = sub_folder(path, folder, "train");
    TRY(add_split(data, err, 0, splits ? path : folder, limit));
    return sub_folder(path, folder, "test") ? add_split(data, err, 1, path, 0) : ELBOW_OK;
}
