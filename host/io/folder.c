/* folder.c - data sets that are IDX files: a folder with the usual four, or one file alone. */
#include "io/data.h"
#include "io/idx.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Finds the file PREFIX-idx... or PREFIX.idx..., the first by name, so that a plain file comes before its gzipped twin.
 * *path stays NULL if there is none. */
static elbow_status find_file(char **path, elb_error *err, const char *folder, const char *prefix)
{
    char best[256] = "";
    const size_t length = strlen(prefix);
    DIR *list = opendir(folder);
    if (!list) return elb_fail(err, ELBOW_IO, "%s cannot be listed: %s", folder, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(list));) {
        const char *name = entry->d_name, *rest = name + length;
        if (strncmp(name, prefix, length) || (*rest != '-' && *rest != '.') || strncmp(rest + 1, "idx", 3)) continue;
        if (!*best || strcmp(name, best) < 0) elb_format(best, sizeof best, "%s", name);
    }
    closedir(list);
    if (!*best) return ELBOW_OK;
    const size_t size = strlen(folder) + strlen(best) + 2;
    TRY(elb_new(err, path, size, 1, "a path"));
    elb_format(*path, size, "%s/%s", folder, best);
    return ELBOW_OK;
}

static elbow_status read_images(elbow_data *data, elb_error *err, int which, const char *path, uint32_t limit)
{
    elb_idx idx;
    const elbow_status status = elb_idx_read(&idx, err, path, limit);
    if (status == ELBOW_OK && idx.axes >= 3) {
        elb_block block = {.bytes = idx.bytes, .values = idx.values};
        memcpy(block.size, idx.size, sizeof block.size);
        return elb_data_take(data, err, which, path, &block);
    }
    elb_idx_free(&idx);
    if (status == ELBOW_OK) return elb_fail(err, ELBOW_BAD_DATA, "%s holds labels, not images", path);
    return status;
}

/* Labels serve reports only: what is wrong with them is said, and the images are used all the same. */
static elbow_status read_labels(elbow_data *data, elb_error *err, int which, const char *folder, const char *prefix,
                                uint32_t limit)
{
    char *path = NULL;
    TRY(find_file(&path, err, folder, prefix));
    if (!path) return ELBOW_OK;
    elb_images *images = &data->source[which];
    elb_idx idx;
    if (elb_idx_read(&idx, err, path, limit) != ELBOW_OK) {
        elb_remark(err, "labels are not used: %s", err->text);
    } else if (idx.axes != 1 || !idx.bytes || idx.size[0] != images->count) {
        elb_remark(err, "labels are not used: %s holds %u of them for %u images", path, idx.size[0], images->count);
    } else {
        images->labels = idx.values;
        idx.values = NULL;
    }
    elb_idx_free(&idx);
    free(path);
    err->status = ELBOW_OK, err->text[0] = 0;
    return ELBOW_OK;
}

elbow_status elb_idx_folder(elbow_data *data, elb_error *err, const char *folder, uint32_t limit)
{
    char *train = NULL, *test = NULL;
    elbow_status status;
    TRY_DONE(find_file(&train, err, folder, "train-images"));
    if (!train) {
        status = elb_fail(err, ELBOW_NOT_FOUND, "%s holds no train-images-idx3-ubyte, gzipped or not", folder);
        goto done;
    }
    TRY_DONE(find_file(&test, err, folder, "t10k-images"));
    if (!test) TRY_DONE(find_file(&test, err, folder, "test-images"));
    TRY_DONE(read_images(data, err, 0, train, limit));
    TRY_DONE(read_labels(data, err, 0, folder, "train-labels", limit));
    if (!test) goto done;
    TRY_DONE(read_images(data, err, 1, test, 0));
    TRY_DONE(read_labels(data, err, 1, folder, strstr(test, "/t10k-images") ? "t10k-labels" : "test-labels", 0));
done:
    free(train);
    free(test);
    return status;
}

elbow_status elb_idx_single(elbow_data *data, elb_error *err, const char *path, uint32_t limit)
{
    return read_images(data, err, 0, path, limit);
}
