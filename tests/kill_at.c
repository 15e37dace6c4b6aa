/* kill_at.c - a library for LD_PRELOAD: the process dies as by kill -9 just before its n-th call (ELBOW_KILL_AT, from
 * 1) of those that make files durable. So a test can interrupt a save at every point of it. With ELBOW_COUNT_CALLS the
 * number of calls is written to that file at exit instead. */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

static unsigned long calls;

static void count(void)
{
    const char *at = getenv("ELBOW_KILL_AT");
    calls++;
    if (at && calls == strtoul(at, NULL, 10)) kill(getpid(), SIGKILL);
}

__attribute__((destructor)) static void report(void)
{
    const char *path = getenv("ELBOW_COUNT_CALLS");
    FILE *file = path ? fopen(path, "w") : NULL;
    if (!file) return;
    fprintf(file, "%lu\n", calls);
    fclose(file);
}

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

int fsync(int fd)
{
    count();
    int (*real)(int);
    *(void **)&real = next("fsync");
    return real(fd);
}

int rename(const char *from, const char *to)
{
    count();
    int (*real)(const char *, const char *);
    *(void **)&real = next("rename");
    return real(from, to);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (fd > 2) count();
    ssize_t (*real)(int, const void *, size_t);
    *(void **)&real = next("write");
    return real(fd, bytes, size);
}

int ftruncate(int fd, off_t size)
{
    count();
    int (*real)(int, off_t);
    *(void **)&real = next("ftruncate");
    return real(fd, size);
}
