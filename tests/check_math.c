/* check_math.c - cl/math.h and cl/special.h: bounds, edges, canonical numbers, fma in software, and the same bits at
 * every width. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "math_lanes.h"
#include "math_reference.h"
#include "suite.h"

static const math_lanes *const sets[] = {&lanes_1, &lanes_4, &lanes_8, &lanes_16, &lanes_native};
#define SETS (sizeof sets / sizeof *sets)

static float from_word(uint32_t word)
{
    float x;
    memcpy(&x, &word, sizeof x);
    return x;
}

static uint32_t word_of(float x)
{
    uint32_t word;
    memcpy(&word, &x, sizeof word);
    return word;
}

static uint32_t mixed(uint64_t i)
{
    i = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    i = (i ^ (i >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    i = (i ^ (i >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)(i >> 32);
}

/* Every 4096th float from an odd start, then edges and the neighbours of thresholds. */
#define SPREAD    (1 << 20)
#define EDGES     (64 * 32)
#define ARGUMENTS (SPREAD + EDGES)

static const float edges[] = {
    0,          0x1p-149f, 0x1p-126f,   0x1p-102f, 0x1p-60f,   0x1p-40f, 0x1p-30f,        0x1p-24f,
    0x1p-12f,   0.25f,     0.34657359f, 0.5f,      0.6666667f, 1,        1.3333334f,      1.5f,
    2,          3,         9.0109f,     10,        17.328679f, 25,       87.33654f,       88.02969f,
    88.722839f, 89,        103.97208f,  104,       0x1p64f,    0x1p126f, 0x1.fffffep127f, INFINITY,
};

static float *arguments(void)
{
    float *x = malloc(ARGUMENTS * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (uint32_t i = 0; i < SPREAD; i++) x[i] = from_word(i * 4096 + 1237);
    for (uint32_t i = 0; i < EDGES; i++) {
        const uint32_t word = word_of(edges[i / 64]) + (i / 2) % 32 - 16;
        x[SPREAD + i] = from_word(word ^ (i % 2 << 31));
    }
    return x;
}

#define ALL -INFINITY, INFINITY

static const struct {
    enum lanes_index index;
    double (*reference)(double);
    double bound;       /* in units of the last place */
    double first, last; /* of the arguments */
} functions[] = {
    {LANES_EXP, exp, 1, ALL},
    {LANES_EXPM1, expm1, 1.5, ALL},
    {LANES_LOG, log, 1, ALL},
    {LANES_LOG1P, log1p, 1.5, ALL},
    {LANES_TANH, tanh, 1, ALL},
    {LANES_SIGMOID, true_sigmoid, 1.5, ALL},
    {LANES_SOFTPLUS, true_softplus, 2, ALL},
    {LANES_SINPI, true_sinpi, 1, 0, 0x1.fffffep0},
    {LANES_COSPI, true_cospi, 1, 0, 0x1.fffffep0},
    {LANES_RECIPROCAL, true_reciprocal, 0, ALL},
    {LANES_SQRT, true_sqrt, 0, ALL},
    {LANES_LOG_SINHC, true_log_sinhc, 2.5, 0x1p-60, 1},
    {LANES_LOG_SINHC, true_log_sinhc, 2.5, -1, -0x1p-60},
    {LANES_LANGEVIN, true_langevin, 2, 0x1p-60, 1},
    {LANES_LANGEVIN, true_langevin, 2, -1, -0x1p-60},
    {LANES_STIRLING, true_stirling, 20.5, 0x1p-126, 1},
    {LANES_STIRLING, true_stirling, 2.5, 1, 0x1p60},
    {LANES_STIRLING_SLOPE, true_stirling_slope, 15, 0x1p-126, 1},
    {LANES_STIRLING_SLOPE, true_stirling_slope, 2.5, 1, 0x1p60},
};

/* Units in the last place between y and ftz(wanted); infinite where they differ in kind. */
static double error_of(float y, double wanted)
{
    if (isnan(wanted) || isnan(y)) return isnan(wanted) && isnan(y) ? 0 : INFINITY;
    if (y != 0 && fabsf(y) < 0x1p-126f) return INFINITY;
    if (y == 0 && signbit(y)) return INFINITY;
    if (isinf(y) && fabs(wanted) >= 0x1.ffffffp127) return !signbit(y) == !signbit(wanted) ? 0 : INFINITY;
    if (isinf(wanted)) return INFINITY;
    if (fabs(wanted) < 0x1p-126) wanted = 0;
    const double value = isinf(y) ? copysign(0x1p128, y) : y;
    if (value == wanted) return 0;
    int power = -125; /* what 0 is measured by: the smallest normal number's last place */
    if (wanted != 0) frexp(wanted, &power);
    return fabs(value - wanted) / ldexp(1, (power < -125 ? -125 : power) - 24);
}

START_TEST(functions_keep_their_bounds)
{
    float *x = arguments(), *y = malloc(ARGUMENTS * sizeof *y);
    ck_assert_ptr_nonnull(y);
    for (size_t set = 0; set < SETS; set++) {
        sets[set]->run[functions[_i].index](y, x, x, x, ARGUMENTS);
        for (size_t i = 0; i < ARGUMENTS; i++) {
            const double argument = fabsf(x[i]) < 0x1p-126f ? copysign(0, (double)x[i]) : (double)x[i];
            if (argument < functions[_i].first || argument > functions[_i].last) continue;
            const double error = error_of(y[i], functions[_i].reference(argument));
            if (!(error <= functions[_i].bound))
                ck_abort_msg("function %d, width %d: %a gave %a, off by %f ulp", _i, sets[set]->width, (double)x[i],
                             (double)y[i], error);
        }
    }
    free(x);
    free(y);
}
END_TEST

/* Any three floats; numbers of like size whose sum cancels; and such that the exact result lies on or next to the
 * middle of two floats. */
static void hard_triple(float *a, float *b, float *c, uint32_t i)
{
    *a = from_word(mixed(3 * (uint64_t)i));
    *b = from_word(mixed(3 * (uint64_t)i + 1));
    *c = from_word(mixed(3 * (uint64_t)i + 2));
    if (i % 4 == 0) return;
    *a = ldexpf(1 + (float)(mixed(3 * (uint64_t)i) >> 9) * 0x1p-23f, (int)(i % 61) - 30);
    *b = ldexpf(1 + (float)(mixed(3 * (uint64_t)i + 1) >> 9) * 0x1p-23f, (int)(i % 53) - 26);
    if (i % 4 == 1) *c = -(*a * *b);
    if (i % 4 == 2) *c = nextafterf(*c < 0 ? -(*a * *b) : *a * *b, 0);
    if (i % 4 == 3) { /* the product is a middle; c decides, too small for a double of the sum */
        *a = 1 + (float)(2 * (i / 4 % 512) + 1) * 0x1p-12f;
        *b = 1 + (float)(2 * (mixed(i) % 512) + 1) * 0x1p-12f;
        *c = ldexpf(mixed(i) & 0x80000000u ? -1.0f : 1.0f, -(int)(i / 4 % 100));
    }
}

/* Every pair, and every third, of zeros, the smallest, one, the largest, infinities and NaN. */
static void edge_triple(float *a, float *b, float *c, uint32_t i)
{
    static const float values[12] = {0,  -0.0f,           0x1p-149f,        -0x1p-149f, 0x1p-126f, 1,
                                     -1, 0x1.fffffep127f, -0x1.fffffep127f, INFINITY,   -INFINITY, NAN};
    *a = values[i % 12];
    *b = values[i / 12 % 12];
    *c = values[i / 144 % 12];
}

#define TRIPLES (1 << 21)

START_TEST(fma_rounds_once)
{
    float *a = malloc(4 * TRIPLES * sizeof *a), *b = a + TRIPLES, *c = b + TRIPLES, *y = c + TRIPLES;
    ck_assert_ptr_nonnull(a);
    for (uint32_t i = 0; i < TRIPLES; i++) {
        if (i < 1728)
            edge_triple(&a[i], &b[i], &c[i], i);
        else
            hard_triple(&a[i], &b[i], &c[i], i);
    }
    for (size_t set = 0; set < SETS; set++)
        for (int software = 0; software < 2; software++) {
            sets[set]->run[software ? LANES_SOFTWARE_FMA : LANES_FMA](y, a, b, c, TRIPLES);
            for (size_t i = 0; i < TRIPLES; i++) {
                const float wanted = fmaf(a[i], b[i], c[i]);
                const bool same = isnan(wanted) ? isnan(y[i]) : word_of(wanted) == word_of(y[i]);
                if (!same)
                    ck_abort_msg("fma(%a, %a, %a) gave %a at width %d, not %a", (double)a[i], (double)b[i],
                                 (double)c[i], (double)y[i], sets[set]->width, (double)wanted);
            }
        }
    free(a);
}
END_TEST

START_TEST(divide_is_rightly_rounded)
{
    float *a = malloc(3 * TRIPLES * sizeof *a), *b = a + TRIPLES, *y = b + TRIPLES;
    ck_assert_ptr_nonnull(a);
    for (uint32_t i = 0; i < TRIPLES; i++) {
        float unused;
        if (i < 144)
            edge_triple(&a[i], &b[i], &unused, i);
        else
            hard_triple(&a[i], &b[i], &unused, i);
        if (i >= 144 && i % 8 == 1) b[i] = from_word(0x3fffffffu - i / 8 % 1024);
        if (i >= 144 && i % 8 == 2) b[i] = a[i] * from_word(0x3f800000u + i / 8 % 1024);
    }
    for (size_t set = 0; set < SETS; set++) {
        sets[set]->run[LANES_DIVIDE](y, a, b, b, TRIPLES);
        for (size_t i = 0; i < TRIPLES; i++) {
            const float above = fabsf(a[i]) < 0x1p-126f ? copysignf(0, a[i]) : a[i];
            const float under = fabsf(b[i]) < 0x1p-126f ? copysignf(0, b[i]) : b[i];
            float wanted = above / under;
            if (fabsf(wanted) < 0x1p-126f) wanted = 0;
            const bool same = isnan(wanted) ? isnan(y[i]) : word_of(wanted) == word_of(y[i]);
            if (!same)
                ck_abort_msg("%a / %a gave %a, not %a", (double)a[i], (double)b[i], (double)y[i], (double)wanted);
        }
    }
    free(a);
}
END_TEST

START_TEST(canonical_cuts_below_its_threshold)
{
    const float below = nextafterf(0x1p-40f, 0), above = nextafterf(0x1p-40f, 1);
    const float x[16] = {0,        -0.0f,     0x1p-149f, -0x1p-149f, 0x1p-126f,       -0x1p-126f, below,     -below,
                         0x1p-40f, -0x1p-40f, above,     -above,     0x1.fffffep127f, INFINITY,   -INFINITY, NAN};
    for (size_t set = 0; set < SETS; set++) {
        float y[16];
        sets[set]->run[LANES_CANONICAL](y, x, x, x, 16);
        for (int i = 0; i < 8; i++) ck_assert_uint_eq(word_of(y[i]), 0);
        for (int i = 8; i < 16; i++) ck_assert_uint_eq(word_of(y[i]), word_of(x[i]));
    }
}
END_TEST

START_TEST(products_of_canonical_numbers_are_never_subnormal)
{
    const float least = 0x1p-40f, next = nextafterf(0x1p-40f, 1);
    const float a[16] = {least, next, next, -next, least, next, least, least};
    const float b[16] = {least, next, next, next, -next, least, next, least};
    const float c[16] = {0, 0, -0x1p-80f, 0x1p-80f, 0x1p-80f, -0x1p-80f, -0x1p-80f, -0x1p-80f};
    for (size_t set = 0; set < SETS; set++) {
        float y[16];
        sets[set]->run[LANES_FMA](y, a, b, c, 16);
        for (int i = 0; i < 8; i++) {
            ck_assert(y[i] == 0 || fabsf(y[i]) >= 0x1p-126f);
            ck_assert(fmod((double)y[i], 0x1p-126) == 0);
        }
        ck_assert(y[5] == 0x1p-103f);
    }
}
END_TEST

START_TEST(larger_and_smaller_pass_numbers_over_nan)
{
    const float a[16] = {1, 2, NAN, 1, NAN, -INFINITY, 0x1p-126f}, b[16] = {2, 1, 1, NAN, NAN, INFINITY, -0x1p-126f};
    for (size_t set = 0; set < SETS; set++) {
        float y[16];
        sets[set]->run[LANES_MAX](y, a, b, b, 16);
        ck_assert(y[0] == 2 && y[1] == 2 && y[2] == 1 && y[3] == 1 && isnan(y[4]) && y[5] == INFINITY);
        ck_assert(y[6] == 0x1p-126f);
        sets[set]->run[LANES_MIN](y, a, b, b, 16);
        ck_assert(y[0] == 1 && y[1] == 1 && y[2] == 1 && y[3] == 1 && isnan(y[4]) && y[5] == -INFINITY);
        ck_assert(y[6] == -0x1p-126f);
    }
}
END_TEST

START_TEST(widths_agree)
{
    float *x = arguments(), *first = malloc(2 * ARGUMENTS * sizeof *first), *y = first + ARGUMENTS;
    ck_assert_ptr_nonnull(first);
    memset(first, 0, 2 * ARGUMENTS * sizeof *first);
    lanes_1.run[_i](first, x, x + 16, x + 32, ARGUMENTS - 32);
    for (size_t set = 1; set < SETS; set++) {
        sets[set]->run[_i](y, x, x + 16, x + 32, ARGUMENTS - 32);
        for (size_t i = 0; i < ARGUMENTS - 32; i++) {
            const bool same = isnan(first[i]) ? isnan(y[i]) : word_of(first[i]) == word_of(y[i]);
            if (!same)
                ck_abort_msg("function %d at %zu: %a at width 1, %a at width %d", _i, i, (double)first[i], (double)y[i],
                             sets[set]->width);
        }
    }
    free(x);
    free(first);
}
END_TEST

/* As BITS.md says it, in the plainest words. */
static float plain_row_sum(const float *x, size_t n)
{
    float lane[64] = {0};
    for (size_t i = 0; i < n; i++) lane[i % 64] += x[i];
    for (int half = 32; half > 0; half /= 2)
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    return lane[0];
}

START_TEST(row_sums_follow_the_tree)
{
    float x[1040];
    for (uint32_t i = 0; i < 1040; i++) x[i] = ((float)(mixed(i) >> 8) - 0x1p23f) * 0x1p-20f * (i % 7 ? 1.0f : 1000.0f);
    for (size_t set = 0; set < SETS; set++)
        for (size_t n = 16; n <= 1040; n += 16) {
            float sum;
            sets[set]->run[LANES_ROW_SUM](&sum, x, x, x, n);
            ck_assert_uint_eq(word_of(sum), word_of(plain_row_sum(x, n - 5)));
        }
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("math");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, functions_keep_their_bounds, 0, sizeof functions / sizeof *functions);
    tcase_add_test(cases, fma_rounds_once);
    tcase_add_test(cases, divide_is_rightly_rounded);
    tcase_add_test(cases, canonical_cuts_below_its_threshold);
    tcase_add_test(cases, products_of_canonical_numbers_are_never_subnormal);
    tcase_add_test(cases, larger_and_smaller_pass_numbers_over_nan);
    tcase_add_loop_test(cases, widths_agree, 0, LANES_FUNCTIONS);
    tcase_add_test(cases, row_sums_follow_the_tree);
    return run_case("math", cases);
}
