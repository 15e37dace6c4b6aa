#include "train/schedule.h"

#include "base/base.h"
#include "suite.h"

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

START_TEST(exp_is_exp)
{
    for (int i = -640; i <= 640; i++) ck_assert_double_eq_tol(elb_exp(i / 10.0) / exp(i / 10.0), 1, 1e-13);
    ck_assert_double_eq(elb_exp(0), 1);
}
END_TEST

/* A warm-up begins at its share of the weight, ends at the weight, never falls, and has its curve half way. */
START_TEST(warmups_rise_to_the_weight)
{
    static const struct {
        elbow_schedule schedule;
        double quarter; /* of the rise, when a quarter of the time has gone */
    } cases[] = {{ELBOW_SCHEDULE_LINEAR, 0.25},
                 {ELBOW_SCHEDULE_COSINE, 0.14644660940672624},
                 {ELBOW_SCHEDULE_SIGMOID, 0.07010371654510814}};
    for (size_t c = 0; c < sizeof cases / sizeof *cases; c++) {
        const elbow_train_options o = {.schedule = cases[c].schedule, .schedule_epochs = 4, .schedule_from = 0.1};
        ck_assert_double_eq_tol(elb_kl_weight(&o, 3, 0, 25), 0.3, 1e-15);
        ck_assert_double_eq_tol(elb_kl_weight(&o, 3, 25, 25), 0.3 + 2.7 * cases[c].quarter, 1e-12);
        ck_assert_double_eq_tol(elb_kl_weight(&o, 3, 50, 25), 0.3 + 2.7 / 2, 1e-12);
        ck_assert_double_eq_tol(elb_kl_weight(&o, 3, 100, 25), 3, 1e-12);
        ck_assert_double_eq_tol(elb_kl_weight(&o, 3, 1000000, 25), 3, 1e-12);
        for (unsigned s = 1; s < 110; s++) ck_assert(elb_kl_weight(&o, 3, s, 25) >= elb_kl_weight(&o, 3, s - 1, 25));
    }
    const elbow_train_options none = {.schedule = ELBOW_SCHEDULE_LINEAR, .schedule_epochs = 0};
    ck_assert_double_eq(elb_kl_weight(&none, 3, 0, 25), 3);
}
END_TEST

START_TEST(cycles_rise_and_hold)
{
    const elbow_train_options o = {
        .schedule = ELBOW_SCHEDULE_CYCLICAL, .schedule_epochs = 8, .schedule_cycles = 4, .schedule_ratio = 0.5};
    for (int cycle = 0; cycle < 4; cycle++) { /* of 20 steps: 10 that rise, 10 that hold */
        const unsigned start = 20 * (unsigned)cycle;
        ck_assert_double_eq_tol(elb_kl_weight(&o, 2, start, 10), 0, 1e-12);
        ck_assert_double_eq_tol(elb_kl_weight(&o, 2, start + 5, 10), 1, 1e-12);
        ck_assert_double_eq(elb_kl_weight(&o, 2, start + 11, 10), 2);
        ck_assert_double_eq(elb_kl_weight(&o, 2, start + 19, 10), 2);
    }
    ck_assert_double_eq(elb_kl_weight(&o, 2, 80, 10), 2);
    ck_assert_double_eq(elb_kl_weight(&o, 2, 85, 10), 2);
}
END_TEST

START_TEST(capacity_rises_to_its_target)
{
    elbow_train_options o = {
        .schedule = ELBOW_SCHEDULE_CAPACITY, .schedule_epochs = 2, .schedule_from = 5, .schedule_target = 25};
    ck_assert_double_eq(elb_kl_target(&o, 0, 10), 5);
    ck_assert_double_eq(elb_kl_target(&o, 10, 10), 15);
    ck_assert_double_eq(elb_kl_target(&o, 20, 10), 25);
    ck_assert_double_eq(elb_kl_target(&o, 500, 10), 25);
    ck_assert_double_eq(elb_kl_weight(&o, 7, 3, 10), 7);
    o.schedule = ELBOW_SCHEDULE_GECO;
    ck_assert_double_eq(elb_kl_target(&o, 0, 10), 25);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, cosine_is_cosine);
    tcase_add_test(tests, power_is_pow);
    tcase_add_test(tests, constant_rate_stays);
    tcase_add_test(tests, step_rate_halves_each_two_epochs);
    tcase_add_test(tests, steps_may_grow);
    tcase_add_test(tests, cosine_rate_falls_to_its_floor);
    tcase_add_test(tests, warmup_rises_in_a_line);
    tcase_add_test(tests, exp_is_exp);
    tcase_add_test(tests, warmups_rise_to_the_weight);
    tcase_add_test(tests, cycles_rise_and_hold);
    tcase_add_test(tests, capacity_rises_to_its_target);
    return run_case("schedule", tests);
}
