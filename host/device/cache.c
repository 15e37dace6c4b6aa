#include "device/cache.h"
#include "base/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

/* What an entry's file begins with; the bytes follow. Written as it lies in memory: a cache is not carried to machines
 * of another byte order, and there the digest would say so. */
typedef struct entry_header {
    char magic[16];
    elb_cache_key key;
    uint64_t size;
    unsigned char digest[ELB_SHA256_BYTES];
} entry_header;

static const char entry_magic[16] = "elbow cache 1\n";

/* More than any program has; a larger file is not ours. */
static const size_t most_bytes = (size_t)256 << 20;

/* Writes the folder's path; false if the user wants none or has no home. XDG says to ignore relative paths. */
static bool folder_path(char out[PATH_MAX])
{
    const char *wanted = getenv("ELBOW_CACHE"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (wanted && strcmp(wanted, "off") == 0) return false;
    const bool own = cache && cache[0] == '/';
    const char *base = own ? cache : home;
    if (!base || base[0] != '/' || strlen(base) + 128 > PATH_MAX) return false;
    elb_format(out, PATH_MAX, "%s%s/elbow", base, own ? "" : "/.cache");
    return true;
}

bool elb_cache_is_on(void)
{
    char path[PATH_MAX];
    return folder_path(path);
}

static bool entry_path(char out[PATH_MAX], const elb_cache_key *key)
{
    if (!folder_path(out)) return false;
    char hex[2 * ELB_SHA256_BYTES + 1];
    elb_sha256_hex(hex, key->bytes);
    const size_t length = strlen(out);
    elb_format(out + length, PATH_MAX - length, "/%s", hex);
    return true;
}

static bool entry_is_right(const char *file, size_t file_size, const elb_cache_key *key)
{
    entry_header header;
    if (file_size < sizeof header) return false;
    memcpy(&header, file, sizeof header);
    unsigned char digest[ELB_SHA256_BYTES];
    elb_sha256_of(digest, file + sizeof header, file_size - sizeof header);
    return memcmp(header.magic, entry_magic, sizeof entry_magic) == 0 && memcmp(&header.key, key, sizeof *key) == 0 &&
           header.size == file_size - sizeof header && memcmp(header.digest, digest, sizeof digest) == 0;
}

bool elb_cache_get(void **bytes, size_t *size, const elb_cache_key *key)
{
    *bytes = NULL;
    *size = 0;
    char path[PATH_MAX];
    if (!entry_path(path, key)) return false;
    elb_error unheard = {0};
    void *file;
    size_t file_size;
    if (elb_file_read(&unheard, &file, &file_size, path, most_bytes) != ELBOW_OK) return false;
    if (!entry_is_right(file, file_size, key)) {
        free(file);
        return false;
    }
    *size = file_size - sizeof(entry_header);
    memmove(file, (char *)file + sizeof(entry_header), *size);
    *bytes = file;
    return true;
}

elbow_status elb_cache_put(elb_error *err, const elb_cache_key *key, const void *bytes, size_t size)
{
    char path[PATH_MAX];
    if (!folder_path(path) || size > most_bytes - sizeof(entry_header)) return ELBOW_OK;
    TRY(elb_make_folders(err, path));
    entry_path(path, key);
    entry_header header = {.key = *key, .size = size};
    memcpy(header.magic, entry_magic, sizeof entry_magic);
    elb_sha256_of(header.digest, bytes, size);
    char *file;
    TRY(elb_new(err, &file, 1, sizeof header + size, "a cache entry"));
    memcpy(file, &header, sizeof header);
    if (size) memcpy(file + sizeof header, bytes, size);
    const elbow_status status = elb_file_write(err, path, file, sizeof header + size);
    free(file);
    return status;
}

int elb_cache_lock(const char *name)
{
    char path[PATH_MAX];
    elb_error unheard = {0};
    if (!folder_path(path) || elb_make_folders(&unheard, path) != ELBOW_OK) return -1;
    const size_t length = strlen(path);
    elb_format(path + length, sizeof path - length, "/%.60s.lock", name);
    const int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock >= 0 && flock(lock, LOCK_EX) != 0) {
        close(lock);
        return -1;
    }
    return lock;
}

void elb_cache_unlock(int lock)
{
    if (lock >= 0) close(lock);
}
