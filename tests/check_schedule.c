#include "train/schedule.h"

#include "base/base.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

START_TEST(cosine_is_cosine)
{
    const double pi = acos(-1);
    for (int i = 0; i <= 1000; i++) ck_assert_double_eq_tol(elb_cospi(i / 1000.0), cos(pi * i / 1000.0), 2e-15);
    ck_assert_double_eq(elb_cospi(0), 1);
    ck_assert_double_eq(elb_cospi(1), -1);
}
END_TEST

START_TEST(power_is_pow)
{
    ck_assert_double_eq(elb_power(0.9, 0), 1);
    ck_assert_double_eq(elb_power(0.9, 1), 0.9);
    for (unsigned n = 2; n < 5000; n = n * 3 / 2)
        ck_assert_double_eq_tol(elb_power(0.999, n) / pow(0.999, n), 1, 1e-12);
}
END_TEST

START_TEST(constant_rate_stays)
{
    const elbow_train_options options = {.learning_rate = 1e-3, .rate = ELBOW_RATE_CONSTANT};
    ck_assert_double_eq(elb_learning_rate(&options, 0, 100, 10), 1e-3);
    ck_assert_double_eq(elb_learning_rate(&options, 99, 100, 10), 1e-3);
}
END_TEST

START_TEST(step_rate_halves_each_two_epochs)
{
    const elbow_train_options options = {
        .learning_rate = 1, .rate = ELBOW_RATE_STEP, .rate_every = 2, .rate_factor = 0.5};
    ck_assert_double_eq(elb_learning_rate(&options, 19, 100, 10), 1);
    ck_assert_double_eq(elb_learning_rate(&options, 20, 100, 10), 0.5);
    ck_assert_double_eq(elb_learning_rate(&options, 39, 100, 10), 0.5);
    ck_assert_double_eq(elb_learning_rate(&options, 40, 100, 10), 0.25);
}
END_TEST

/* Burda et al. 2015, section 5: stage i lasts 3^i epochs. */
START_TEST(steps_may_grow)
{
    const elbow_train_options options = {
        .learning_rate = 1, .rate = ELBOW_RATE_STEP, .rate_every = 1, .rate_factor = 0.5, .rate_growth = 3};
    static const unsigned starts[] = {0, 1, 4, 13, 40, 121, 364, 1093, 3280};
    for (unsigned i = 0; i + 1 < COUNT(starts); i++) {
        const double rate = ldexp(1, -(int)i);
        ck_assert_double_eq(elb_learning_rate(&options, 10 * starts[i], 100, 10), rate);
        ck_assert_double_eq(elb_learning_rate(&options, 10 * starts[i + 1] - 1, 100, 10), rate);
    }
}
END_TEST

START_TEST(cosine_rate_falls_to_its_floor)
{
    const elbow_train_options options = {.learning_rate = 2, .rate = ELBOW_RATE_COSINE, .rate_factor = 0.1};
    ck_assert_double_eq(elb_learning_rate(&options, 0, 100, 10), 2);
    ck_assert_double_eq_tol(elb_learning_rate(&options, 50, 100, 10), 2 * 0.55, 1e-14);
    for (unsigned s = 1; s < 100; s++)
        ck_assert(elb_learning_rate(&options, s, 100, 10) < elb_learning_rate(&options, s - 1, 100, 10));
    ck_assert_double_ge(elb_learning_rate(&options, 99, 100, 10), 0.2);
    ck_assert_double_le(elb_learning_rate(&options, 99, 100, 10), 0.201);
}
END_TEST

START_TEST(warmup_rises_in_a_line)
{
    const elbow_train_options options = {.learning_rate = 1, .rate_warmup = 2};
    ck_assert_double_eq(elb_learning_rate(&options, 0, 100, 10), 0.05);
    ck_assert_double_eq(elb_learning_rate(&options, 9, 100, 10), 0.5);
    ck_assert_double_eq(elb_learning_rate(&options, 19, 100, 10), 1);
    ck_assert_double_eq(elb_learning_rate(&options, 50, 100, 10), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, cosine_is_cosine);
    tcase_add_test(tests, power_is_pow);
    tcase_add_test(tests, constant_rate_stays);
    tcase_add_test(tests, step_rate_halves_each_two_epochs);
    tcase_add_test(tests, steps_may_grow);
    tcase_add_test(tests, cosine_rate_falls_to_its_floor);
    tcase_add_test(tests, warmup_rises_in_a_line);
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
