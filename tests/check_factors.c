/* check_factors.c - scores of disentanglement on codes whose answer is known: copies of the factors, noise, and a case
 * worked out by hand. */
#include "suite.h"
#include "theory/factors.h"

#include <math.h>
#include <stdlib.h>

enum { FACTORS = 3, COUNT_ALL = 3 * 5 * 4 * 10, LATENT = 5 };

static const uint32_t values[FACTORS] = {3, 5, 4};
static uint8_t factors[COUNT_ALL * FACTORS];
static float codes[COUNT_ALL * LATENT];
static elb_error err;

static double noise(void)
{
    static uint64_t state = 7;
    state = state * 6364136223846793005u + 1442695040888963407u;
    return ldexp((double)(state >> 11), -52) - 1;
}

/* Every combination of values, ten times. */
static elb_factored make(void)
{
    for (int i = 0; i < COUNT_ALL; i++) {
        factors[i * FACTORS] = (uint8_t)(i % 3);
        factors[i * FACTORS + 1] = (uint8_t)(i / 3 % 5);
        factors[i * FACTORS + 2] = (uint8_t)(i / 15 % 4);
    }
    return (elb_factored){codes, factors, COUNT_ALL, LATENT, FACTORS, values};
}

/* Latent j is factor `from[j]`, moved, scaled and turned about; noise where there is none. */
static elb_factored planted(const int from[LATENT])
{
    const elb_factored of = make();
    for (int i = 0; i < COUNT_ALL; i++)
        for (int j = 0; j < LATENT; j++)
            codes[i * LATENT + j] =
                (float)(from[j] < 0 ? noise() : (j % 2 ? -2.5 : 0.7) * factors[i * FACTORS + from[j]] + j);
    return of;
}

static void scores(double of[3], const elb_factored *codes_of)
{
    ck_assert_int_eq(elb_factors_mig(&of[0], &err, codes_of), ELBOW_OK);
    ck_assert_int_eq(elb_factors_beta_vae(&of[1], &err, codes_of, 1), ELBOW_OK);
    ck_assert_int_eq(elb_factors_factor_vae(&of[2], &err, codes_of, 1), ELBOW_OK);
}

START_TEST(a_permuted_copy_is_perfect)
{
    const elb_factored of = planted((const int[LATENT]){2, -1, 0, -1, 1});
    double is[3];
    scores(is, &of);
    ck_assert_double_gt(is[0], 0.85); /* 1, less what 600 images say about noise by chance */
    ck_assert_double_gt(is[1], 0.99);
    ck_assert_double_gt(is[2], 0.99);
}
END_TEST

START_TEST(noise_knows_nothing)
{
    const elb_factored of = planted((const int[LATENT]){-1, -1, -1, -1, -1});
    double is[3];
    scores(is, &of);
    ck_assert_double_lt(is[0], 0.03);
    ck_assert_double_lt(fabs(is[1] - 1.0 / FACTORS), 0.1);
    ck_assert_double_lt(fabs(is[2] - 1.0 / FACTORS), 0.1);
}
END_TEST

/* Two latents that know a factor equally well leave no gap, and tell that factor from the others nonetheless. */
START_TEST(a_second_copy_closes_the_gap)
{
    const elb_factored of = planted((const int[LATENT]){0, 1, 2, 0, 1});
    double is[3];
    scores(is, &of);
    ck_assert_double_eq_tol(is[0], 1.0 / 3, 1e-12); /* the gap of factor 2 alone */
    ck_assert_double_gt(is[1], 0.99);
    ck_assert_double_gt(is[2], 0.99);
}
END_TEST

/* One latent knows the first factor whole; the other one is constant for half of its values:
 * factor a of 4 values, latent 0 = a, latent 1 = a / 2: I = log 4 and log 2, H = log 4: the gap is 1/2.
 * factor b of 2 values, independent of both: 0, hence MIG 1/4. */
START_TEST(by_hand)
{
    static const uint8_t known[8 * 2] = {0, 0, 1, 0, 2, 0, 3, 0, 0, 1, 1, 1, 2, 1, 3, 1};
    static const float z[8 * 2] = {0, 0, 1, 0, 2, 1, 3, 1, 0, 0, 1, 0, 2, 1, 3, 1};
    static const uint32_t two[] = {4, 2};
    const elb_factored of = {z, known, 8, 2, 2, two};
    double mig;
    ck_assert_int_eq(elb_factors_mig(&mig, &err, &of), ELBOW_OK);
    ck_assert_double_eq_tol(mig, 0.25, 1e-12);
}
END_TEST

/* Collapsed codes have no vote and no gap; a factor that does not vary does not count. */
START_TEST(what_does_not_vary)
{
    elb_factored of = planted((const int[LATENT]){0, 1, 2, -1, -1});
    double is[3];
    for (int i = 0; i < COUNT_ALL; i++) factors[i * FACTORS] = 0;
    ck_assert_int_eq(elb_factors_mig(&is[0], &err, &of), ELBOW_OK);
    ck_assert_double_gt(is[0], 0.85);
    of = planted((const int[LATENT]){0, 1, 2, -1, -1});
    for (int i = 0; i < COUNT_ALL; i++) codes[i * LATENT + 4] = 0.5F;
    scores(is, &of);
    ck_assert_double_gt(is[2], 0.99);
    for (int i = 0; i < COUNT_ALL * LATENT; i++) codes[i] = 0.5F;
    scores(is, &of);
    ck_assert(fabs(is[0]) < 1e-12 && fabs(is[2]) < 1e-12);
    ck_assert_double_lt(is[1], 0.5);
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, a_permuted_copy_is_perfect);
    tcase_add_test(tests, noise_knows_nothing);
    tcase_add_test(tests, a_second_copy_closes_the_gap);
    tcase_add_test(tests, by_hand);
    tcase_add_test(tests, what_does_not_vary);
    return run_case("factors", tests);
}
