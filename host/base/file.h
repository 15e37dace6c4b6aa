/* file.h - files that are read whole, and written whole or not at all. */
#ifndef ELB_FILE_H
#define ELB_FILE_H

#include "base/base.h"

/* Reads a file into new memory with a zero byte after its end; *size does not count it. Freed with free(). Errors:
 * NOT_FOUND, IO, BAD_FILE if it has more than limit bytes, MEMORY. */
elbow_status elb_file_read(elb_error *err, void **bytes, size_t *size, const char *path, size_t limit);

/* Writes a file so that at any moment, even after a crash, path is the old file or the new one in full: a temporary
 * name in the same folder, synced, renamed, the folder synced. A link stays one: what it leads to is written. A pipe or
 * a device, such as /dev/stdout, is written into as it is: renaming would put a file in its place. Errors: IO; the old
 * file is then untouched. */
elbow_status elb_file_write(elb_error *err, const char *path, const void *bytes, size_t size);

/* For whoever writes on his own: all of the bytes into an open file, false with errno if that cannot be; and the
 * failure of that. why: errno. Returns IO. */
bool elb_write_all(int file, const char *from, size_t size);
elbow_status elb_cannot_write(elb_error *err, const char *path, int why);

/* Makes a folder and those above it; one that exists is no failure. */
elbow_status elb_make_folders(elb_error *err, const char *path);

/* Keeps other processes from the folder, if they ask too, until it is unlocked or this process ends. Where the file
 * system has no locks nothing is kept. Errors: IO, if another has it. Unlocking -1 does nothing. */
elbow_status elb_folder_lock(int *lock, elb_error *err, const char *path);
void elb_folder_unlock(int *lock);

#endif
