/* check_decide.c - what a batch decides, weigh, optimum and settle, against their definitions in double. */
#include "kernel_bench.h"
#include "suite.h"

enum { LATENTS = 7, STATE = 4 };

typedef struct decided {
    float weights[LATENTS], next[STATE];
} decided;

static const float rates[LATENTS] = {12, 40, 3, 100, 0, 7.5f, 2};

/* One call: 50 data whose rates sum to `rates` and whose distortion sums to 50 d. */
static decided weigh(int rule, uint32_t group, double d, const float state[STATE], double target, double gain,
                     double pull)
{
    const struct weigh_options options = {.rule = rule};
    decided out;
    clear();
    const elb_view weights = take(1, LATENTS), next = take(1, STATE), sums = take(1, LATENTS + 3),
                   kept = take(1, STATE);
    float total = 0;
    for (int j = 0; j < LATENTS; j++) total += real_of(sums)[j] = rates[j];
    real_of(sums)[LATENTS] = (float)(50 * d);
    real_of(sums)[LATENTS + 1] = total;
    memcpy(real_of(kept), state, STATE * sizeof *state);
    LAUNCH(launch_weigh(dev, &options, (elb_range){1, 1}, weights, next, sums, kept, LATENTS, group, 0.02, 1.5, target,
                        gain, pull, 3));
    memcpy(out.weights, real_of(weights), sizeof out.weights);
    memcpy(out.next, real_of(next), sizeof out.next);
    return out;
}

static const float fresh[STATE] = {0, 0, 0, 0};

/* Means: 0.24, 0.8, 0.06, 2, 0, 0.15, 0.04; together 3.29. */
START_TEST(free_bits_spare_what_is_below)
{
    static const float each[LATENTS] = {0, 1.5f, 0, 1.5f, 0, 0, 0}, pairs[LATENTS] = {1.5f, 1.5f, 1.5f, 1.5f, 0, 0, 0};
    if (!open_set(_i)) return;
    const decided one = weigh(ELB_FREE_BITS, 1, 0, fresh, 0.5, 0, 0),
                  two = weigh(ELB_FREE_BITS, 2, 0, fresh, 0.5, 0, 0);
    for (int j = 0; j < LATENTS; j++) {
        ck_assert_float_eq(one.weights[j], each[j]);
        ck_assert_float_eq(two.weights[j], pairs[j]);
    }
    const decided all = weigh(ELB_FREE_BITS, LATENTS, 0, fresh, 3.2, 0, 0);
    for (int j = 0; j < LATENTS; j++) ck_assert_float_eq(all.weights[j], 1.5f);
    close_set();
}
END_TEST

static void all_weigh(const decided *d, double weight)
{
    for (int j = 0; j < LATENTS; j++) near("weight", (double)d->weights[j], weight, 8 * U * fabs(weight), 0);
    near("kept weight", (double)d->next[3], weight, 8 * U * fabs(weight), 0);
}

START_TEST(capacity_pulls_from_both_sides)
{
    if (!open_set(_i)) return;
    const decided above = weigh(ELB_CAPACITY, LATENTS, 0, fresh, 3.2, 0, 0),
                  below = weigh(ELB_CAPACITY, LATENTS, 0, fresh, 3.4, 0, 0);
    all_weigh(&above, 1.5);
    all_weigh(&below, -1.5);
    const decided more = weigh(ELB_LEAST_RATE, LATENTS, 0, fresh, 3.2, 0, 0),
                  less = weigh(ELB_LEAST_RATE, LATENTS, 0, fresh, 3.4, 0, 0);
    all_weigh(&more, 1.5);
    all_weigh(&less, 0);
    close_set();
}
END_TEST

START_TEST(geco_follows_the_distortion)
{
    static const float begun[STATE] = {0.5f, -4, 1, 0};
    if (!open_set(_i)) return;
    decided d = weigh(ELB_TARGET_DISTORTION, LATENTS, 95, fresh, 90, 0.01, 0.125);
    near("log lambda", (double)d.next[0], 0.01 * 5 / 8, 1e-7, 0);
    near("average", (double)d.next[1], 5, 1e-5, 0);
    all_weigh(&d, 1.5 * exp((double)-d.next[0]));
    d = weigh(ELB_TARGET_DISTORTION, LATENTS, 190, fresh, 90, 0.01, 0.125); /* held */
    near("log lambda", (double)d.next[0], 0.01, 1e-8, 0);
    d = weigh(ELB_TARGET_DISTORTION, LATENTS, 95, begun, 90, 0.01, 0.125);
    near("average", (double)d.next[1], -4 + 0.1 * 9, 1e-6, 0);
    near("log lambda", (double)d.next[0], 0.5 - 0.01 * 3.1 / 8, 1e-6, 0);
    d = weigh(ELB_TARGET_DISTORTION, LATENTS, (double)INFINITY, begun, 90, 0.01, 0.125);
    ck_assert_int_eq(memcmp(d.next, begun, 3 * sizeof *begun), 0);
    close_set();
}
END_TEST

START_TEST(control_adds_two_parts)
{
    static const float begun[STATE] = {0.7f, 0, 1, 0}, full[STATE] = {2.9999f, 0, 1, 0};
    if (!open_set(_i)) return;
    decided d = weigh(ELB_TARGET_RATE, LATENTS, 0, begun, 4, 0.02, 0.1); /* K is 0.71 below: e = 0.71 */
    near("integral", (double)d.next[0], 0.7 - 0.071, 1e-6, 0);
    near("proportional", (double)d.next[1], 0.02 / (1 + exp(0.71)), 1e-8, 0);
    all_weigh(&d, 1.5 * (0.7 - 0.071 + 0.02 / (1 + exp(0.71))));
    d = weigh(ELB_TARGET_RATE, LATENTS, 0, full, 1, 0.02, 0.1);
    near("integral, held", (double)d.next[0], 3, 0, 0);
    all_weigh(&d, 4.5);
    d = weigh(ELB_TARGET_RATE, LATENTS, 0, fresh, 100, 0.02, 0.1);
    near("integral, held", (double)d.next[0], 0, 0, 0);
    close_set();
}
END_TEST

static void fit(float out[2], double sse, double running, double part)
{
    clear();
    const elb_view p = take(1, 1), next = take(1, 1), sum = take(1, 1), before = take(1, 1);
    *real_of(sum) = (float)sse;
    *real_of(before) = (float)running;
    LAUNCH(launch_optimum(dev, (elb_range){1, 1}, p, next, sum, before, 1.0 / 640, part));
    out[0] = *real_of(p), out[1] = *real_of(next);
}

START_TEST(the_optimum_is_the_root_of_the_mean_error)
{
    float out[2];
    if (!open_set(_i)) return;
    for (int i = 1; i < 200; i++) {
        const double sse = 0.01 * i * i, running = -3 + 0.02 * i, part = 0.01 + 0.9 / i,
                     mean = (double)(float)sse / 640;
        fit(out, sse, running, part);
        const double held = fmax(mean, exp(-12)), before = exp(2 * (double)(float)running);
        near("log sigma", (double)out[0], 0.5 * log(held), 1e-6, 0);
        near("running", (double)out[1], 0.5 * log(before + part * (held - before)), 2e-6, 0);
    }
    fit(out, 0, -1, 1);
    near("log sigma, held", (double)out[0], -6, 1e-6, 0);
    fit(out, (double)INFINITY, -1, 1);
    ck_assert_float_eq(out[1], -1);
    fit(out, (double)NAN, -1, 1);
    ck_assert_float_eq(out[1], -1);
    close_set();
}
END_TEST

START_TEST(a_refused_step_settles_nothing)
{
    if (!open_set(_i)) return;
    for (uint32_t refused = 0; refused < 2; refused++) {
        clear();
        const elb_view y = take(1, 3), x = take(1, 3), flag = take_words(1);
        for (int i = 0; i < 3; i++) real_of(y)[i] = 1, real_of(x)[i] = (float)i + 2;
        word_of(flag)[0] = refused;
        LAUNCH(launch_settle(dev, (elb_range){1, 1}, y, x, flag, 2));
        ck_assert_float_eq(real_of(y)[0], refused ? 1 : 2);
        ck_assert_float_eq(real_of(y)[1], refused ? 1 : 3);
        ck_assert_float_eq(real_of(y)[2], 1);
    }
    close_set();
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("decide");
    int sets = 0;
    while (elb_native_sets[sets]) sets++;
    tcase_add_loop_test(cases, free_bits_spare_what_is_below, 0, sets);
    tcase_add_loop_test(cases, capacity_pulls_from_both_sides, 0, sets);
    tcase_add_loop_test(cases, geco_follows_the_distortion, 0, sets);
    tcase_add_loop_test(cases, control_adds_two_parts, 0, sets);
    tcase_add_loop_test(cases, the_optimum_is_the_root_of_the_mean_error, 0, sets);
    tcase_add_loop_test(cases, a_refused_step_settles_nothing, 0, sets);
    return run_case("decide", cases);
}
