/* check_file.c - files written whole or not at all, read with a limit; nearest spellings. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/spell.h"
#include "suite.h"

static elb_error err;
static char folder[64];

static const char *in(char out[PATH_MAX], const char *name)
{
    elb_format(out, PATH_MAX, "%s/%s", folder, name);
    return out;
}

static size_t files_in_folder(void)
{
    size_t count = 0;
    DIR *dir = opendir(folder);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) count += entry->d_name[0] != '.';
    closedir(dir);
    return count;
}

static void setup(void)
{
    elb_format(folder, sizeof folder, "/tmp/elbow-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    err = (elb_error){0};
}

static void teardown(void)
{
    char command[128];
    elb_format(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(what_was_written_is_read)
{
    char path[PATH_MAX];
    const char text[] = "one\0two";
    for (size_t size = 0; size <= sizeof text; size++) {
        ck_assert_int_eq(elb_file_write(&err, in(path, "f"), text, size), ELBOW_OK);
        void *got;
        size_t got_size;
        ck_assert_int_eq(elb_file_read(&err, &got, &got_size, path, sizeof text), ELBOW_OK);
        ck_assert_uint_eq(got_size, size);
        ck_assert_mem_eq(got, text, size);
        ck_assert_int_eq(((char *)got)[size], 0);
        free(got);
    }
    ck_assert_uint_eq(files_in_folder(), 1); /* no temporary name stays */
}
END_TEST

START_TEST(reading_fails_with_reasons)
{
    char path[PATH_MAX];
    void *got;
    size_t size;
    ck_assert_int_eq(elb_file_read(&err, &got, &size, in(path, "none"), 10), ELBOW_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "none: No such file"));
    ck_assert_int_eq(elb_file_write(&err, in(path, "big"), "0123456789", 10), ELBOW_OK);
    ck_assert_int_eq(elb_file_read(&err, &got, &size, path, 9), ELBOW_BAD_FILE);
    ck_assert_ptr_nonnull(strstr(err.text, "10 bytes"));
    ck_assert_ptr_null(got);
    ck_assert_int_eq(elb_file_read(&err, &got, &size, folder, 9), ELBOW_BAD_FILE);
    ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
}
END_TEST

/* The target is a folder: the rename at the end fails, after all else worked. */
START_TEST(failed_writes_leave_nothing)
{
    char path[PATH_MAX];
    ck_assert_int_eq(mkdir(in(path, "taken"), 0777), 0);
    ck_assert_int_eq(elb_file_write(&err, path, "x", 1), ELBOW_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot write"));
    ck_assert_uint_eq(files_in_folder(), 1);
    ck_assert_int_eq(elb_file_write(&err, in(path, "no/such/folder"), "x", 1), ELBOW_IO);
    ck_assert_int_eq(elb_file_write(&err, "/dev/full/x", "x", 1), ELBOW_IO);
}
END_TEST

/* The old file is another inode, so that whoever has it open reads it to its end; and the mode is the umask's. */
START_TEST(files_are_replaced_not_changed)
{
    char path[PATH_MAX];
    struct stat before, after;
    const mode_t mask = umask(027);
    ck_assert_int_eq(elb_file_write(&err, in(path, "f"), "old", 3), ELBOW_OK);
    ck_assert_int_eq(stat(path, &before), 0);
    char kept[PATH_MAX];
    ck_assert_int_eq(link(path, in(kept, "kept")), 0);
    ck_assert_int_eq(elb_file_write(&err, path, "newer", 5), ELBOW_OK);
    ck_assert_int_eq(stat(path, &after), 0);
    umask(mask);
    ck_assert(before.st_ino != after.st_ino);
    ck_assert_int_eq(after.st_mode & 0777, 0640);
    void *got;
    size_t size;
    ck_assert_int_eq(elb_file_read(&err, &got, &size, kept, 10), ELBOW_OK);
    ck_assert_str_eq(got, "old");
    free(got);
}
END_TEST

START_TEST(links_and_devices_stay_what_they_are)
{
    char path[PATH_MAX], link_path[PATH_MAX];
    struct stat info;
    ck_assert_int_eq(elb_make_folders(&err, in(path, "else")), ELBOW_OK);
    ck_assert_int_eq(elb_file_write(&err, in(path, "else/f"), "old", 3), ELBOW_OK);
    ck_assert_int_eq(symlink(path, in(link_path, "link")), 0);
    ck_assert_int_eq(elb_file_write(&err, link_path, "newer", 5), ELBOW_OK);
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(info.st_size, 5);
    ck_assert_uint_eq(files_in_folder(), 2);

    ck_assert_int_eq(mkfifo(in(path, "pipe"), 0600), 0);
    const int end = open(path, O_RDWR); /* so that opening it to write does not wait */
    char got[4] = "";
    ck_assert_int_eq(elb_file_write(&err, path, "abc", 3), ELBOW_OK);
    ck_assert_int_eq(lstat(path, &info), 0);
    ck_assert(S_ISFIFO(info.st_mode));
    ck_assert_int_eq(read(end, got, 3), 3);
    ck_assert_str_eq(got, "abc");
    close(end);

    ck_assert_int_eq(symlink("/dev/full", in(path, "full")), 0); /* a link: a mistake here spoils no device */
    ck_assert_int_eq(elb_file_write(&err, path, "x", 1), ELBOW_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "full: No space left on device"));
}
END_TEST

START_TEST(a_link_to_nothing_is_followed)
{
    char path[PATH_MAX], link_path[PATH_MAX];
    struct stat info;
    ck_assert_int_eq(symlink("new", in(link_path, "link")), 0); /* from the link's own folder */
    ck_assert_int_eq(elb_file_write(&err, link_path, "text", 4), ELBOW_OK);
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(lstat(in(path, "new"), &info), 0);
    ck_assert(S_ISREG(info.st_mode));
    ck_assert_int_eq(info.st_size, 4);
    ck_assert_uint_eq(files_in_folder(), 2);
    ck_assert_int_eq(symlink("no/such/folder", in(link_path, "lost")), 0);
    ck_assert_int_eq(elb_file_write(&err, link_path, "text", 4), ELBOW_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "lost: No such file"));
    ck_assert_int_eq(lstat(link_path, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    ck_assert_int_eq(symlink("round", in(link_path, "round")), 0);
    ck_assert_int_eq(elb_file_write(&err, link_path, "text", 4), ELBOW_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "Too many levels"));
}
END_TEST

START_TEST(folders)
{
    char path[PATH_MAX], file[PATH_MAX];
    struct stat info;
    ck_assert_int_eq(elb_make_folders(&err, in(path, "a/b//c/")), ELBOW_OK);
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert(S_ISDIR(info.st_mode));
    ck_assert_int_eq(elb_make_folders(&err, path), ELBOW_OK);
    ck_assert_int_eq(elb_file_write(&err, in(file, "plain"), "x", 1), ELBOW_OK);
    ck_assert_int_eq(elb_make_folders(&err, in(path, "plain/d")), ELBOW_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "cannot make the folder"));
    ck_assert_ptr_nonnull(strstr(err.text, "plain"));
}
END_TEST

START_TEST(a_pipe_is_no_file)
{
    char path[PATH_MAX];
    void *got;
    size_t size;
    ck_assert_int_eq(mkfifo(in(path, "pipe"), 0600), 0);
    alarm(20); /* it would wait for whoever writes into it */
    ck_assert_int_eq(elb_file_read(&err, &got, &size, path, 10), ELBOW_BAD_FILE);
    alarm(0);
    ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
}
END_TEST

START_TEST(one_at_a_time_in_a_folder)
{
    char path[PATH_MAX];
    int first, second;
    ck_assert_int_eq(elb_make_folders(&err, in(path, "locked")), ELBOW_OK);
    ck_assert_int_eq(elb_folder_lock(&first, &err, path), ELBOW_OK);
    ck_assert_int_eq(elb_folder_lock(&second, &err, path), ELBOW_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "locked by another process"));
    ck_assert_int_eq(second, -1);
    elb_folder_unlock(&second);
    elb_folder_unlock(&first);
    ck_assert_int_eq(elb_folder_lock(&second, &err, path), ELBOW_OK);
    elb_folder_unlock(&second);
    ck_assert_int_eq(elb_folder_lock(&first, &err, in(path, "absent")), ELBOW_IO);
}
END_TEST

START_TEST(spelling)
{
    const char *const words[] = {"auto", "native", "pocl:0", "pocl:1", "rusticl:0"};
    ck_assert_str_eq(elb_nearest("pocl0", words, COUNT(words)), "pocl:0");
    ck_assert_str_eq(elb_nearest("POCL:1", words, COUNT(words)), "pocl:1");
    ck_assert_str_eq(elb_nearest("natvie", words, COUNT(words)), "native");
    ck_assert_str_eq(elb_nearest("rustcl:0", words, COUNT(words)), "rusticl:0");
    ck_assert_ptr_null(elb_nearest("nvidia:7", words, COUNT(words)));
    ck_assert_ptr_null(elb_nearest("pocl:0", words, 0));
    char long_word[300];
    memset(long_word, 'x', sizeof long_word - 1);
    long_word[sizeof long_word - 1] = 0;
    ck_assert_ptr_null(elb_nearest(long_word, words, COUNT(words)));
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, what_was_written_is_read);
    tcase_add_test(all, reading_fails_with_reasons);
    tcase_add_test(all, failed_writes_leave_nothing);
    tcase_add_test(all, files_are_replaced_not_changed);
    tcase_add_test(all, links_and_devices_stay_what_they_are);
    tcase_add_test(all, a_link_to_nothing_is_followed);
    tcase_add_test(all, folders);
    tcase_add_test(all, a_pipe_is_no_file);
    tcase_add_test(all, one_at_a_time_in_a_folder);
    tcase_add_test(all, spelling);
    return run_case("file", all);
}
