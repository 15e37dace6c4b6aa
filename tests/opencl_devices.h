/* opencl_devices.h - what the checks of OpenCL share: every device there is, a folder for the cache, one kernel. */
#ifndef ELB_TEST_OPENCL_DEVICES_H
#define ELB_TEST_OPENCL_DEVICES_H

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "device/opencl_internal.h"
#include "own_cache.h"
#include "suite.h"

static elb_error err;
static elb_found *found;
static size_t found_count;
static unsigned remarks;
static char remark[768];

static void listen(void *user, const char *text)
{
    (void)user;
    remarks++;
    elb_format(remark, sizeof remark, "%s", text);
}

static inline elb_device *open_device(size_t i)
{
    elb_device *dev;
    ck_assert_msg(elb_opencl_open(&dev, &err, &found[i]) == ELBOW_OK, "%s", err.text);
    return dev;
}

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, err.text)

/* Without device.c's checks: this is about the functions below them. */
static inline elb_buffer *new_buffer(elb_device *dev, size_t bytes)
{
    elb_buffer *buffer;
    OK(dev->ops->buffer_new(dev, &buffer, bytes));
    return buffer;
}

static void setup(void)
{
    open_own_cache();
    err = (elb_error){.listener = listen};
    remarks = 0;
    ck_assert_int_eq(elb_opencl_find(&err, &found, &found_count), ELBOW_OK);
}

static void teardown(void)
{
    free(found);
    remove_own_cache();
}

static inline int run_suite(const char *name, const TTest *const *tests, size_t count)
{
    setenv("RUSTICL_ENABLE", "llvmpipe", 0);
    unsetenv("ELBOW_CACHE");
    /* PoCL chooses its folder once in a process: not one that a test takes away. */
    char pocl[] = "/tmp/elbow-pocl-XXXXXX", command[64];
    if (!mkdtemp(pocl)) return 1;
    setenv("POCL_CACHE_DIR", pocl, 1);
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 120);
    for (size_t i = 0; i < count; i++) tcase_add_test(all, tests[i]);
    const int failed = run_case(name, all);
    elb_format(command, sizeof command, "rm -rf '%s'", pocl);
    return system(command) != 0 || failed != 0;
}

#endif
