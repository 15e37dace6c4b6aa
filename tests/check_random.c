/* check_random.c - Philox against its published vectors, uniforms, normals, shuffles and initial weights. */
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/random.h"

#define WIDTH 4
#include "../cl/random.h"
#include "suite.h"

START_TEST(philox_gives_the_published_words)
{
    static const struct {
        uint32_t counter[4];
        uint64_t key;
        uint32_t words[4];
    } known[] = {
        {{0, 0, 0, 0}, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         UINT64_C(0xffffffffffffffff),
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         UINT64_C(0x299f31d0a4093822),
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (int i = 0; i < 3; i++) {
        uint32_t out[4];
        elb_philox(out, known[i].key, known[i].counter);
        const uint32_t *c = known[i].counter;
        const words w = philox_words(known[i].key, c[0], c[1], c[2], splat_uint(c[3]));
        for (int word = 0; word < 4; word++) {
            ck_assert_uint_eq(out[word], known[i].words[word]);
            for (int lane = 0; lane < WIDTH; lane++) ck_assert_uint_eq(w.word[word][lane], known[i].words[word]);
        }
    }
}
END_TEST

START_TEST(uniforms_are_exact_and_open)
{
    ck_assert(elb_uniform(0) == 0x1p-24f);
    ck_assert(elb_uniform(511) == 0x1p-24f);
    ck_assert(elb_uniform(512) == 0x1.8p-23f);
    ck_assert(elb_uniform(0x80000000u) == 0x1.000002p-1f);
    ck_assert(elb_uniform(UINT32_MAX) == 1 - 0x1p-24f);
}
END_TEST

/* Element e of a sample is made of the words of block e / 4, whatever vector it is drawn in. */
START_TEST(elements_come_from_their_block)
{
    for (uint32_t e = 0; e < 64; e++) {
        const uint32_t counter[4] = {BINARISATION, 5, 9, e / 4};
        uint32_t word[4];
        elb_philox(word, 77, counter);
        const vreal u = uniforms(77, BINARISATION, 5, 9, e - e % WIDTH);
        ck_assert(u[e % WIDTH] == elb_uniform(word[e % 4]));
        const vreal z = normals(77, BINARISATION, 5, 9, e - e % WIDTH);
        const double first = elb_uniform(word[e % 4 & 2]), turn = elb_uniform(word[(e % 4 & 2) + 1]);
        const double angle = 2 * 3.14159265358979323846 * turn;
        const double wanted = sqrt(-2 * log(first)) * (e % 2 ? sin(angle) : cos(angle));
        ck_assert(fabs((double)z[e % WIDTH] - wanted) <= 1e-6 * fmax(1, fabs(wanted)));
    }
}
END_TEST

#define DRAWS 1000000

/* Each bound is five standard errors of a million draws or more. */
START_TEST(normals_have_their_moments_and_tails)
{
    double sum = 0, square = 0, cube = 0, fourth = 0, neighbours = 0, before = 0;
    int beyond[6] = {0};
    for (uint32_t i = 0; i < DRAWS; i += WIDTH) {
        const vreal v = normals(2026, LATENT_NOISE, 0, i / 1000, i % 1000);
        for (int lane = 0; lane < WIDTH; lane++) {
            const double z = v[lane];
            sum += z;
            square += z * z;
            cube += z * z * z;
            fourth += z * z * z * z;
            neighbours += z * before;
            before = z;
            for (int k = 0; k < 6; k++) beyond[k] += fabs(z) > k;
        }
    }
    ck_assert(fabs(sum / DRAWS) < 0.005);
    ck_assert(fabs(square / DRAWS - 1) < 0.0071);
    ck_assert(fabs(cube / DRAWS) < 0.0194);
    ck_assert(fabs(fourth / DRAWS - 3) < 0.049);
    ck_assert(fabs(neighbours / DRAWS) < 0.005);
    for (int k = 1; k < 6; k++) {
        const double expected = DRAWS * erfc(k / sqrt(2.0));
        ck_assert_msg(fabs(beyond[k] - expected) <= 5 * sqrt(expected) + 2, "%d beyond %d, not %.1f", beyond[k], k,
                      expected);
    }
}
END_TEST

START_TEST(uniforms_are_even)
{
    int count[16] = {0};
    for (uint32_t i = 0; i < DRAWS; i += WIDTH) {
        const vreal u = uniforms(2026, BINARISATION, 1, 0, i);
        for (int lane = 0; lane < WIDTH; lane++) count[(int)(u[lane] * 16)]++;
    }
    for (int k = 0; k < 16; k++) ck_assert_int_le(abs(count[k] - DRAWS / 16), 1250);
}
END_TEST

START_TEST(streams_differ_in_every_word)
{
    const uint32_t counter[4] = {1, 2, 3, 4};
    uint32_t base[4], other[4];
    elb_philox(base, 5, counter);
    for (int i = 0; i < 4; i++) {
        uint32_t changed[4];
        memcpy(changed, counter, sizeof changed);
        changed[i]++;
        elb_philox(other, 5, changed);
        ck_assert(memcmp(base, other, sizeof base) != 0);
    }
    elb_philox(other, 5 + (UINT64_C(1) << 32), counter);
    ck_assert(memcmp(base, other, sizeof base) != 0);
}
END_TEST

static void fill(uint32_t *indices, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) indices[i] = i;
}

START_TEST(shuffle_is_a_permutation_that_stays)
{
    static const uint32_t sizes[] = {0, 1, 2, 3, 17, 1000, 60000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const uint32_t n = sizes[s];
        uint32_t *indices = calloc(n + 1, sizeof *indices);
        bool *seen = calloc(n + 1, sizeof *seen);
        ck_assert(indices && seen);
        fill(indices, n);
        indices[n] = 12345;
        elb_shuffle(indices, n, 42, 1);
        for (uint32_t i = 0; i < n; i++) {
            ck_assert_uint_lt(indices[i], n);
            ck_assert(!seen[indices[i]]);
            seen[indices[i]] = true;
        }
        ck_assert_uint_eq(indices[n], 12345);
        free(indices);
        free(seen);
    }
    static const uint32_t known[10] = {2, 6, 8, 7, 9, 0, 5, 4, 3, 1};
    uint32_t indices[10];
    fill(indices, 10);
    elb_shuffle(indices, 10, 42, 1);
    ck_assert_mem_eq(indices, known, sizeof known);
    fill(indices, 10);
    elb_shuffle(indices, 10, 42, 2);
    ck_assert_mem_ne(indices, known, sizeof known);
}
END_TEST

/* The six orders of three over 60,000 epochs: chi-squared of five degrees below 25.7 (one in 10,000). */
START_TEST(shuffle_is_fair)
{
    int count[27] = {0};
    for (uint32_t epoch = 0; epoch < 60000; epoch++) {
        uint32_t i[3] = {0, 1, 2};
        elb_shuffle(i, 3, 9, epoch);
        count[9 * i[0] + 3 * i[1] + i[2]]++;
    }
    double squares = 0;
    int orders = 0;
    for (int k = 0; k < 27; k++) {
        if (!count[k]) continue;
        orders++;
        squares += (count[k] - 10000.0) * (count[k] - 10000.0) / 10000;
    }
    ck_assert_int_eq(orders, 6);
    ck_assert(squares < 25.7);
}
END_TEST

START_TEST(initial_weights_fill_their_range)
{
    enum { COUNT = 10003 };
    static float weights[COUNT + 1], shorter[7];
    const float bound = 0.05f;
    weights[COUNT] = 7;
    elb_initial_weights(weights, COUNT, bound, 42, 3);
    ck_assert(weights[COUNT] == 7);
    double sum = 0, square = 0;
    for (int i = 0; i < COUNT; i++) {
        ck_assert(fabsf(weights[i]) < bound);
        ck_assert(weights[i] == 0 || fabsf(weights[i]) >= 0x1p-40f);
        sum += weights[i];
        square += (double)weights[i] * weights[i];
    }
    ck_assert(fabs(sum / COUNT) < 0.0015);
    ck_assert(fabs(square / COUNT * 3 / (0.05 * 0.05) - 1) < 0.05);
    elb_initial_weights(shorter, 7, bound, 42, 3);
    ck_assert_mem_eq(weights, shorter, sizeof shorter);
    static const float known[4] = {-0x1.78945p-5f, -0x1.64588p-8f, 0x1.6d6b6p-6f, 0x1.419e26p-7f};
    ck_assert_mem_eq(weights, known, sizeof known);
    elb_initial_weights(shorter, 7, bound, 42, 4);
    ck_assert_mem_ne(weights, shorter, sizeof shorter);
    elb_initial_weights(shorter, 7, 0x1p-41f, 42, 3);
    for (int i = 0; i < 7; i++) ck_assert(shorter[i] == 0 && !signbit(shorter[i]));
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("random");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, philox_gives_the_published_words);
    tcase_add_test(cases, uniforms_are_exact_and_open);
    tcase_add_test(cases, elements_come_from_their_block);
    tcase_add_test(cases, normals_have_their_moments_and_tails);
    tcase_add_test(cases, uniforms_are_even);
    tcase_add_test(cases, streams_differ_in_every_word);
    tcase_add_test(cases, shuffle_is_a_permutation_that_stays);
    tcase_add_test(cases, shuffle_is_fair);
    tcase_add_test(cases, initial_weights_fill_their_range);
    return run_case("random", cases);
}
