/* check_cache.c - entries of the disk cache: right or absent, whoever writes, whatever happened to the file. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "device/cache.h"
#include "own_cache.h"
#include "suite.h"

static elb_error err;
static const char *program; /* this test's own file, for processes beside it */

static elb_cache_key key_of(unsigned number)
{
    elb_cache_key key;
    elb_sha256_of(key.bytes, &number, sizeof number);
    return key;
}

static void path_of(char out[PATH_MAX], const elb_cache_key *key)
{
    char hex[2 * ELB_SHA256_BYTES + 1];
    elb_sha256_hex(hex, key->bytes);
    elb_format(out, PATH_MAX, "%s/elbow/%s", getenv("XDG_CACHE_HOME"), hex);
}

static bool holds(const elb_cache_key *key, const void *bytes, size_t size)
{
    void *got;
    size_t got_size;
    if (!elb_cache_get(&got, &got_size, key)) return false;
    const bool same = got_size == size && memcmp(got, bytes, size) == 0;
    free(got);
    ck_assert_msg(same, "an entry that is not what was put");
    return true;
}

static void setup(void)
{
    open_own_cache();
    unsetenv("ELBOW_CACHE");
}

static void teardown(void)
{
    remove_own_cache();
}

START_TEST(put_then_get)
{
    const elb_cache_key one = key_of(1), two = key_of(2), three = key_of(3);
    ck_assert(!holds(&one, "", 0));
    ck_assert_int_eq(elb_cache_put(&err, &one, "first", 5), ELBOW_OK);
    ck_assert_int_eq(elb_cache_put(&err, &two, "", 0), ELBOW_OK);
    ck_assert(holds(&one, "first", 5));
    ck_assert(holds(&two, "", 0));
    ck_assert(!holds(&three, "", 0));
    ck_assert_int_eq(elb_cache_put(&err, &one, "second", 6), ELBOW_OK);
    ck_assert(holds(&one, "second", 6));
}
END_TEST

/* Every byte of the file changed in turn, every shorter length, and a byte too many: absent each time. */
START_TEST(damaged_entries_are_absent)
{
    const elb_cache_key key = key_of(4);
    char path[PATH_MAX];
    path_of(path, &key);
    ck_assert_int_eq(elb_cache_put(&err, &key, "payload", 7), ELBOW_OK);
    char *file;
    size_t size;
    ck_assert_int_eq(elb_file_read(&err, (void **)&file, &size, path, 4096), ELBOW_OK);
    ck_assert_uint_gt(size, 7);
    for (size_t i = 0; i < size; i++) {
        file[i] ^= 0x10;
        ck_assert_int_eq(elb_file_write(&err, path, file, size), ELBOW_OK);
        ck_assert_msg(!holds(&key, "payload", 7), "byte %zu", i);
        file[i] ^= 0x10;
        ck_assert_int_eq(elb_file_write(&err, path, file, i), ELBOW_OK);
        ck_assert_msg(!holds(&key, "payload", 7), "cut at %zu", i);
    }
    ck_assert_int_eq(elb_file_write(&err, path, file, size + 1), ELBOW_OK); /* with the zero behind it */
    ck_assert(!holds(&key, "payload", 7));
    ck_assert_int_eq(elb_file_write(&err, path, file, size), ELBOW_OK);
    ck_assert(holds(&key, "payload", 7));
    free(file);
}
END_TEST

/* A sound entry under another's name. */
START_TEST(foreign_entries_are_absent)
{
    const elb_cache_key mine = key_of(5), other = key_of(6);
    char from[PATH_MAX], to[PATH_MAX];
    path_of(from, &other);
    path_of(to, &mine);
    ck_assert_int_eq(elb_cache_put(&err, &other, "theirs", 6), ELBOW_OK);
    ck_assert_int_eq(rename(from, to), 0);
    ck_assert(!holds(&mine, "theirs", 6));
}
END_TEST

START_TEST(switched_off)
{
    const elb_cache_key key = key_of(7);
    ck_assert_int_eq(elb_cache_put(&err, &key, "x", 1), ELBOW_OK);
    setenv("ELBOW_CACHE", "off", 1);
    ck_assert(!holds(&key, "x", 1));
    ck_assert_int_eq(elb_cache_put(&err, &key, "y", 1), ELBOW_OK);
    ck_assert_int_eq(elb_cache_lock("build"), -1);
    unsetenv("ELBOW_CACHE");
    ck_assert(holds(&key, "x", 1));
}
END_TEST

START_TEST(home_serves_without_xdg)
{
    const elb_cache_key key = key_of(8);
    const char *home = getenv("HOME");
    char kept[PATH_MAX], below[PATH_MAX];
    elb_format(kept, sizeof kept, "%s", home ? home : "");
    setenv("HOME", folder, 1);
    setenv("XDG_CACHE_HOME", "relative", 1); /* to be ignored, says the standard */
    ck_assert_int_eq(elb_cache_put(&err, &key, "x", 1), ELBOW_OK);
    ck_assert(holds(&key, "x", 1));
    elb_format(below, sizeof below, "%s/.cache/elbow", folder);
    struct stat info;
    ck_assert_int_eq(stat(below, &info), 0);
    unsetenv("HOME");
    ck_assert(!holds(&key, "x", 1));
    ck_assert_int_eq(elb_cache_put(&err, &key, "x", 1), ELBOW_OK);
    setenv("HOME", kept, 1);
}
END_TEST

START_TEST(unwritable_folder)
{
    const elb_cache_key key = key_of(9);
    char path[PATH_MAX];
    elb_format(path, sizeof path, "%s/file", folder);
    ck_assert_int_eq(elb_file_write(&err, path, "", 0), ELBOW_OK);
    setenv("XDG_CACHE_HOME", path, 1);
    ck_assert_int_eq(elb_cache_put(&err, &key, "x", 1), ELBOW_IO);
    ck_assert_ptr_nonnull(strstr(err.text, path));
    ck_assert(!holds(&key, "x", 1));
    ck_assert_int_eq(elb_cache_lock("build"), -1);
}
END_TEST

/* ---- two processes at once ---- */

enum { ROUNDS = 60, LARGE = 100000 };

/* Puts and gets the same entries as the process beside it: each entry read is whole, or absent. */
static int work(void)
{
    char *bytes = malloc(LARGE);
    for (unsigned i = 0; i < ROUNDS; i++) {
        const elb_cache_key key = key_of(100 + i % 3);
        memset(bytes, (int)('a' + i % 3), LARGE);
        if (elb_cache_put(&err, &key, bytes, LARGE) != ELBOW_OK) return 1;
        void *got;
        size_t size;
        if (!elb_cache_get(&got, &size, &key)) return 2;
        const bool same = size == LARGE && memcmp(got, bytes, LARGE) == 0;
        free(got);
        if (!same) return 3;
    }
    free(bytes);
    return 0;
}

static pid_t start(const char *what)
{
    const pid_t child = fork();
    if (child == 0) {
        execl(program, program, what, (char *)NULL);
        _exit(127);
    }
    return child;
}

static int ended(pid_t child)
{
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(two_processes_at_once)
{
    const pid_t one = start("--work"), two = start("--work");
    ck_assert_int_eq(ended(one), 0);
    ck_assert_int_eq(ended(two), 0);
}
END_TEST

/* While this process holds the lock another one waits: it ends only after the unlocking. */
START_TEST(a_lock_keeps_others_waiting)
{
    const int lock = elb_cache_lock("build");
    ck_assert_int_ge(lock, 0);
    const pid_t other = start("--lock");
    usleep(200000);
    int status;
    ck_assert_int_eq(waitpid(other, &status, WNOHANG), 0);
    elb_cache_unlock(lock);
    ck_assert_int_eq(ended(other), 0);
}
END_TEST

int main(int count, char **words)
{
    program = "/proc/self/exe";
    if (count > 1 && strcmp(words[1], "--work") == 0) return work();
    if (count > 1 && strcmp(words[1], "--lock") == 0) return elb_cache_lock("build") < 0;
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, put_then_get);
    tcase_add_test(all, damaged_entries_are_absent);
    tcase_add_test(all, foreign_entries_are_absent);
    tcase_add_test(all, switched_off);
    tcase_add_test(all, home_serves_without_xdg);
    tcase_add_test(all, unwritable_folder);
    tcase_add_test(all, two_processes_at_once);
    tcase_add_test(all, a_lock_keeps_others_waiting);
    return run_case("cache", all);
}
