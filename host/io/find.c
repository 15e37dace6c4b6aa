/* find.c - where the data set that a name or a path stands for lies. */
#include "base/spell.h"
#include "io/data.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* What Debian's dataset-* packages install into. */
static const char packages[] = "/usr/share/datasets";

static elbow_status join(char **out, elb_error *err, const char *a, size_t a_size, const char *b)
{
    const size_t size = a_size + strlen(b) + 2;
    TRY(elb_new(err, out, size, 1, "a path"));
    elb_format(*out, size, "%.*s%s%s", (int)a_size, a, *b ? "/" : "", b);
    return ELBOW_OK;
}

/* Takes entry/name if it is a folder that a reader knows; *path stays NULL if it does not. */
static elbow_status try_place(char **path, elb_error *err, const char *entry, size_t size, const char *name)
{
    char *candidate = NULL;
    TRY(join(&candidate, err, entry, size, name));
    if (elb_folder_reader(candidate))
        *path = candidate;
    else
        free(candidate);
    return ELBOW_OK;
}

/* An entry of the search path is itself the data set if its last part is the name: the files inside do not say which
 * data they are, and training on another set than the one asked for must not happen silently. */
static bool ends_in(const char *entry, size_t size, const char *name)
{
    const size_t length = strlen(name);
    return size > length && entry[size - length - 1] == '/' && !memcmp(entry + size - length, name, length);
}

static elbow_status search_path(char **path, elb_error *err, const char *list, const char *name)
{
    for (const char *entry = list; !*path && *entry;) {
        size_t size = strcspn(entry, ":");
        const char *next = entry + size + (entry[size] == ':');
        while (size > 1 && entry[size - 1] == '/') size--;
        if (size) TRY(try_place(path, err, entry, size, name));
        if (size && !*path && ends_in(entry, size, name)) TRY(try_place(path, err, entry, size, ""));
        entry = next;
    }
    return ELBOW_OK;
}

static elbow_status not_found(elb_error *err, const char *source, const char *list)
{
    static const char *const names[] = {"fashion-mnist", "mnist", "shapes"};
    char meant[64];
    if (strchr(source, '/')) return elb_fail(err, ELBOW_NOT_FOUND, "%s does not exist", source);
    const char *get = "give the path of a folder or a file", *nearest = elb_nearest(source, names, COUNT(names));
    elb_format(meant, sizeof meant, "did you mean %s?", nearest ? nearest : "");
    if (nearest) get = meant;
    if (!strcmp(source, "fashion-mnist")) get = "install Debian's package dataset-fashion-mnist";
    if (!strcmp(source, "mnist"))
        get = "put its four IDX files (train-images-idx3-ubyte.gz, ...) into a folder named mnist and that folder's "
              "place into "
              "ELBOW_DATA, or give its path";
    return elb_fail(err, ELBOW_NOT_FOUND, "no data set %s: searched ELBOW_DATA (%s), %s/%s and ./%s; %s", source,
                    *list ? list : "not set", packages, source, source, get);
}

elbow_status elb_data_find(char **path, elb_error *err, const char *source)
{
    *path = NULL;
    const char *list = getenv("ELBOW_DATA");
    if (!list) list = "";
    if (!strchr(source, '/')) {
        TRY(search_path(path, err, list, source));
        if (!*path) TRY(try_place(path, err, packages, strlen(packages), source));
        if (*path) return ELBOW_OK;
    }
    struct stat about;
    if (stat(source, &about) && errno != ENOENT && errno != ENOTDIR)
        return elb_fail(err, ELBOW_IO, "%s: %s", source, strerror(errno));
    if (stat(source, &about)) return not_found(err, source, list);
    return join(path, err, source, strlen(source), "");
}
