#include "math/gram.h"

#include "io_files.h"

#include <math.h>

static const uint32_t widths[] = {1, 5, 127, 128, 129, 300};

/* 0 to 255, the largest everywhere in every third column: their sums are the largest there are. */
static float byte_at(size_t i, size_t j)
{
    return j % 3 ? (float)((i * 37 + j * 101 + i * j) % 256) : 255;
}

/* Two blocks, the second a short one. */
static const uint32_t blocks[] = {ELB_GRAM_ROWS, 77};

START_TEST(whole_numbers_are_summed_exactly)
{
    for (size_t w = 0; w < COUNT(widths); w++) {
        const uint32_t cols = widths[w];
        elb_gram *gram;
        double *sum = calloc((size_t)cols * cols, sizeof *sum);
        WORKS(elb_gram_new(&gram, &err, cols, 0));
        for (uint32_t b = 0, first = 0; b < COUNT(blocks); first += blocks[b++]) {
            for (size_t i = 0; i < blocks[b]; i++)
                for (size_t j = 0; j < cols; j++) elb_gram_rows(gram)[i * cols + j] = byte_at(first + i, j);
            WORKS(elb_gram_add(sum, gram, blocks[b]));
        }
        for (size_t i = 0; i < cols; i++)
            for (size_t j = 0; j <= i; j++) {
                uint64_t expected = 0;
                for (size_t r = 0; r < blocks[0] + blocks[1]; r++)
                    expected += (uint64_t)byte_at(r, i) * (uint64_t)byte_at(r, j);
                ck_assert_msg(sum[i * cols + j] == (double)expected, "%zu %zu: %.17g is not %llu", i, j,
                              sum[i * cols + j], (unsigned long long)expected);
            }
        elb_gram_free(gram);
        free(sum);
    }
}
END_TEST

static double real_at(size_t i, size_t j)
{
    return sin((double)(i * 13 + j * 7)) / (double)(j + 1);
}

/* Against double, to the rounding of a float at each of its sums. */
START_TEST(applied_to_a_basis)
{
    enum { COLS = 130, VECTORS = 9, ROWS = 256 };
    elb_gram *gram;
    double *sum = calloc(COLS * VECTORS, sizeof *sum), *q = calloc(COLS * VECTORS, sizeof *q);
    WORKS(elb_gram_new(&gram, &err, COLS, VECTORS));
    for (size_t i = 0; i < COLS * VECTORS; i++) q[i] = cos((double)i);
    WORKS(elb_gram_set(gram, q));
    for (int again = 0; again < 2; again++) {
        for (size_t i = 0; i < ROWS; i++)
            for (size_t j = 0; j < COLS; j++) elb_gram_rows(gram)[i * COLS + j] = (float)real_at(i, j);
        WORKS(elb_gram_add(sum, gram, ROWS));
    }
    for (size_t j = 0; j < COLS; j++)
        for (size_t k = 0; k < VECTORS; k++) {
            double expected = 0, most = 0;
            for (size_t i = 0; i < ROWS; i++) {
                double y = 0, size = 0;
                for (size_t l = 0; l < COLS; l++) {
                    y += real_at(i, l) * q[l * VECTORS + k];
                    size += fabs(real_at(i, l) * q[l * VECTORS + k]);
                }
                expected += 2 * real_at(i, j) * y;
                most += 2 * fabs(real_at(i, j)) * size;
            }
            ck_assert(fabs(sum[j * VECTORS + k] - expected) <= (COLS + ROWS) * 0x1p-24 * most);
        }
    elb_gram_free(gram);
    free(sum);
    free(q);
}
END_TEST

START_TEST(blocks_that_are_none)
{
    elb_gram *gram;
    double sum[4];
    WORKS(elb_gram_new(&gram, &err, 2, 0));
    FAILS(elb_gram_add(sum, gram, 0), USAGE);
    FAILS(elb_gram_add(sum, gram, ELB_GRAM_ROWS + 1), USAGE);
    SAYS("257 rows");
    elb_gram_free(gram);
    elb_gram_free(NULL);
}
END_TEST

MAIN(whole_numbers_are_summed_exactly, applied_to_a_basis, blocks_that_are_none)
