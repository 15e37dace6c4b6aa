#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* Reads up to size bytes; fewer only at the file's end. Returns -1 on failure. */
static ssize_t read_all(int file, char *to, size_t size)
{
    size_t got = 0;
    while (got < size) {
        const ssize_t n = read(file, to + got, size - got);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        got += (size_t)n;
    }
    return (ssize_t)got;
}

bool elb_write_all(int file, const char *from, size_t size)
{
    while (size) {
        const ssize_t n = write(file, from, size < INT_MAX ? size : INT_MAX);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        from += n, size -= (size_t)n;
    }
    return true;
}

static elbow_status read_open(elb_error *err, void **bytes, size_t *size, const char *path, size_t limit, int file)
{
    struct stat info;
    if (fstat(file, &info) != 0) return elb_fail(err, ELBOW_IO, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode)) return elb_fail(err, ELBOW_BAD_FILE, "%s is not a regular file", path);
    if ((uintmax_t)info.st_size > limit) {
        char is[32], most[32];
        return elb_fail(err, ELBOW_BAD_FILE, "%s has %s; at most %s can be right", path,
                        elb_bytes_text(is, (uint64_t)info.st_size), elb_bytes_text(most, limit));
    }
    char *memory;
    TRY(elb_new(err, &memory, (size_t)info.st_size + 1, 1, path));
    const ssize_t got = read_all(file, memory, (size_t)info.st_size);
    if (got < 0) {
        const int why = errno;
        free(memory);
        return elb_fail(err, ELBOW_IO, "%s: %s", path, strerror(why));
    }
    memory[got] = 0;
    *bytes = memory;
    *size = (size_t)got;
    return ELBOW_OK;
}

elbow_status elb_file_read(elb_error *err, void **bytes, size_t *size, const char *path, size_t limit)
{
    *bytes = NULL;
    *size = 0;
    const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe's other end may never be opened */
    if (file < 0) {
        const bool missing = errno == ENOENT || errno == ENOTDIR;
        return elb_fail(err, missing ? ELBOW_NOT_FOUND : ELBOW_IO, "%s: %s", path, strerror(errno));
    }
    const elbow_status status = read_open(err, bytes, size, path, limit, file);
    close(file);
    return status;
}

/* The rename is only sure to outlive a crash once the folder is on the disk. Some file systems cannot sync a folder:
 * that is no failure. */
static bool sync_folder(const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(path, '/');
    const size_t length = slash ? (size_t)(slash - path) : 0;
    elb_format(folder, sizeof folder, "%.*s", (int)length, path);
    const int dir = open(!slash ? "." : length ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return false;
    const bool done = fsync(dir) == 0 || errno == EINVAL || errno == ENOTSUP;
    close(dir);
    return done;
}

/* Opens a new file beside path. Not mkstemp: its files are closed to those whom the umask would let read. */
static int open_temporary(char temporary[PATH_MAX], const char *path)
{
    int file = -1;
    for (int attempt = 0; attempt < 1000; attempt++) {
        elb_format(temporary, PATH_MAX, "%s.%ld-%d.new", path, (long)getpid(), attempt);
        file = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST) break;
    }
    return file;
}

elbow_status elb_cannot_write(elb_error *err, const char *path, int why)
{
    const bool full = why == ENOSPC || why == EDQUOT;
    return elb_fail(err, ELBOW_IO, "cannot write %s: %s%s", path, strerror(why), full ? " (free some space)" : "");
}

static elbow_status write_into(elb_error *err, const char *path, const void *bytes, size_t size)
{
    const int file = open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return elb_cannot_write(err, path, errno);
    bool done = elb_write_all(file, bytes, size);
    int why = errno;
    if (close(file) != 0 && done) done = false, why = errno;
    return done ? ELBOW_OK : elb_cannot_write(err, path, why);
}

static elbow_status replace(elb_error *err, const char *path, const void *bytes, size_t size)
{
    char temporary[PATH_MAX];
    if (strlen(path) + 48 > sizeof temporary) return elb_fail(err, ELBOW_IO, "%s: the name is too long", path);
    const int file = open_temporary(temporary, path);
    if (file < 0) return elb_cannot_write(err, path, errno);
    bool done = elb_write_all(file, bytes, size) && fsync(file) == 0;
    int why = errno;
    if (close(file) != 0 && done) done = false, why = errno;
    if (done && rename(temporary, path) != 0) done = false, why = errno;
    if (!done) {
        unlink(temporary);
        return elb_cannot_write(err, path, why);
    }
    if (!sync_folder(path)) return elb_fail(err, ELBOW_IO, "cannot sync the folder of %s: %s", path, strerror(errno));
    return ELBOW_OK;
}

/* A link to nothing: the file that it names is made, as open would. realpath then knows where. */
static bool make_target(const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0 || !S_ISLNK(info.st_mode)) return true;
    const int file = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    return file >= 0 && close(file) == 0;
}

elbow_status elb_file_write(elb_error *err, const char *path, const void *bytes, size_t size)
{
    struct stat info;
    char target[PATH_MAX];
    if (stat(path, &info) != 0 && !make_target(path)) return elb_cannot_write(err, path, errno);
    if (stat(path, &info) != 0) return replace(err, path, bytes, size);
    if (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)) return write_into(err, path, bytes, size);
    return replace(err, realpath(path, target) != NULL ? target : path, bytes, size);
}

elbow_status elb_folder_lock(int *lock, elb_error *err, const char *path)
{
    *lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) return elb_fail(err, ELBOW_IO, "%s: %s", path, strerror(errno));
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK) return ELBOW_OK;
    elb_folder_unlock(lock);
    return elb_fail(err, ELBOW_IO, "%s is locked by another process: wait for it, or choose another folder", path);
}

void elb_folder_unlock(int *lock)
{
    if (*lock >= 0) close(*lock);
    *lock = -1;
}

elbow_status elb_make_folders(elb_error *err, const char *path)
{
    char part[PATH_MAX];
    if (strlen(path) >= sizeof part) return elb_fail(err, ELBOW_IO, "%s: the name is too long", path);
    elb_format(part, sizeof part, "%s", path);
    for (char *at = part + 1;; at++) {
        if (*at != '/' && *at != 0) continue;
        const char kept = *at;
        *at = 0;
        struct stat info;
        const int why = mkdir(part, 0777) == 0 ? 0 : errno;
        if (why && (stat(part, &info) != 0 || !S_ISDIR(info.st_mode)))
            return elb_fail(err, ELBOW_IO, "cannot make the folder %s: %s", part, strerror(why));
        *at = kept;
        if (!kept) return ELBOW_OK;
    }
}
