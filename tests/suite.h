/* suite.h - how every check ends: its tests run, and the exit status says whether all of them held. None is a failure:
 * CK_RUN_CASE names a case that is not there. */
#ifndef ELB_TEST_SUITE_H
#define ELB_TEST_SUITE_H

#include <check.h>

/* Runs the suite, which it frees; what main returns. */
static inline int run_all(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner), ran = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed != 0 || ran == 0;
}

/* The same of one case, in a suite of its name. */
static inline int run_case(const char *name, TCase *tests)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tests);
    return run_all(suite);
}

/* A new case of a suite, with time for what takes long. */
__attribute__((unused)) static TCase *add_case(Suite *suite, const char *name)
{
    TCase *added = tcase_create(name);
    tcase_set_timeout(added, 300);
    suite_add_tcase(suite, added);
    return added;
}

#endif
