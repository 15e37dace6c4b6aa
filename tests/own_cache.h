/* own_cache.h - a folder for each test, which is its cache too: nothing that an earlier run has kept is found. */
#ifndef ELB_TEST_OWN_CACHE_H
#define ELB_TEST_OWN_CACHE_H

#include "base/base.h"

#include <check.h>
#include <stdlib.h>

static char folder[64];

static void open_own_cache(void)
{
    elb_format(folder, sizeof folder, "/tmp/elbow-test-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    setenv("XDG_CACHE_HOME", folder, 1);
}

static void remove_own_cache(void)
{
    char command[96];
    elb_format(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

#endif
