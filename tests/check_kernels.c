/* check_kernels.c - data, sums and Adam: each kernel against libm in double or against a plain loop byte for byte, on
 * each of native's instruction sets (other devices are compared with native by selftest); and all kernels with inputs
 * around the thresholds of docs/bits.md, where every launch is done with and without subnormal numbers. */
#include "kernel_bench.h"
#include "math/gemm.h"
#include "nn/update.h"
#include "suite.h"

static const uint64_t SEED = UINT64_C(0xfedcba9876543210);

static void same(const char *what, float got, float wanted)
{
    ck_assert_msg(memcmp(&got, &wanted, sizeof got) == 0, "%s on %s is %a, not %a", what, dev->info.id, (double)got,
                  (double)wanted);
}

/* ---- data ---- */

/* Bytes lie in the words' buffer. */
static elb_view take_bytes(uint32_t rows, uint32_t cols)
{
    const elb_view all = take_words((rows * cols + 3) / 4);
    return elb_matrix(all.buffer, all.offset * sizeof *words, rows, cols);
}

static uint8_t *byte_of(elb_view view)
{
    return (uint8_t *)words + view.offset;
}

/* Grey levels 0 to 255 twice, the images 5 and 2, as samples 70 and 71. */
static elb_view gather_levels(int binarise, uint32_t epoch)
{
    enum { COLS = 256 };
    clear();
    const elb_view data = take_bytes(6, COLS), at = take_words(2), sample = take_words(2), x = take(2, COLS);
    for (uint32_t i = 0; i < 6 * COLS; i++) byte_of(data)[i] = i / COLS == 5 || i / COLS == 2 ? (uint8_t)i : 77;
    word_of(at)[0] = 5, word_of(at)[1] = 2;
    word_of(sample)[0] = 70, word_of(sample)[1] = 71;
    LAUNCH(launch_gather(dev, (elb_range){2, 1}, x, data, at, sample, COLS, COLS, SEED, epoch, binarise));
    return x;
}

START_TEST(bytes_exactly)
{
    if (!open_set(_i)) return;
    const elb_view x = gather_levels(ELB_KEEP, 0);
    /* The quotient in double, rounded to float, is rightly rounded (Figueroa 1995). */
    for (uint32_t i = 0; i < 512; i++) same("a byte / 255", real_of(x)[i], (float)((int)(i % 256) / 255.0));
    gather_levels(ELB_THRESHOLD, 0);
    for (uint32_t i = 0; i < 512; i++) same("a byte against 1/2", real_of(x)[i], i % 256 >= 128);
    close_set();
}
END_TEST

/* Each draw by an independent Philox; their frequencies within five standard deviations. */
START_TEST(binarised_as_often_as_bright)
{
    enum { EPOCHS = 600 };
    uint32_t ones[256] = {0};
    if (!open_set(_i)) return;
    for (uint32_t epoch = 0; epoch < EPOCHS; epoch++) {
        const float *x = real_of(gather_levels(ELB_DYNAMIC, epoch));
        for (uint32_t i = 0; i < 512; i++) {
            const uint32_t word = philox_word(SEED, ELB_BINARISATION, epoch, 70 + i / 256, i % 256);
            same("a drawn pixel", x[i], uniform(word) < (double)((float)((i % 256) / 255.0)) ? 1 : 0);
            ones[i % 256] += x[i] > 0;
        }
    }
    ck_assert_uint_eq(ones[0], 0);
    ck_assert_uint_eq(ones[255], 2 * EPOCHS);
    for (uint32_t level = 1; level < 255; level++) {
        const double p = level / 255.0, n = 2.0 * EPOCHS;
        near("a frequency", ones[level] / n, p, 5 * sqrt(p * (1 - p) / n), 0);
    }
    close_set();
}
END_TEST

START_TEST(reals_as_they_are)
{
    static const float data[] = {0.5f, 0x1.fffffep-2f, -3, 0x1p-40f, 0x1.fffffep-41f, 0, 1e6f, -0.0f};
    const uint32_t n = COUNT(data);
    if (!open_set(_i)) return;
    for (int binarise = 0; binarise < 3; binarise += 2) {
        clear();
        const elb_view from = take(2, n), x = take(1, n), at = take_words(1), sample = take_words(1);
        memcpy(real_of(from) + n, data, sizeof data);
        *word_of(at) = 1;
        LAUNCH(launch_gather_reals(dev, (elb_range){1, 1}, x, from, at, sample, n, n, SEED, 3, binarise));
        for (uint32_t j = 0; j < n; j++) {
            const float kept = canonical((double)data[j]), half = data[j] >= 0.5f ? 1 : 0;
            same("a real pixel", real_of(x)[j], binarise == ELB_THRESHOLD ? half : kept);
        }
    }
    close_set();
}
END_TEST

/* ---- sums: byte for byte ---- */

static const uint32_t lengths[] = {1, 2, 63, 64, 65, 127, 129, 640, 1000, 4097};

START_TEST(row_sums_by_lanes_and_tree)
{
    if (!open_set(_i)) return;
    for (size_t l = 0; l < COUNT(lengths); l++) {
        const uint32_t cols = lengths[l];
        clear();
        const elb_view y = take(1, 3), x = take(3, cols + 1);
        for (uint32_t i = 0; i < 3 * x.cols; i++) real_of(x)[i] = i % 2 ? draw(-1, 500) : draw_power(-40, 40);
        LAUNCH(launch_row_sum(dev, (elb_range){3, 1}, y, x, cols, x.stride));
        for (uint32_t i = 0; i < 3; i++)
            same("a row's sum", real_of(y)[i], lane_sum(real_of(x) + i * x.stride, 1, cols));
    }
    close_set();
}
END_TEST

START_TEST(columns_by_lanes_and_tree)
{
    static const uint32_t rows[] = {0, 1, 5, 64, 65, 200};
    enum { COLS = 37 };
    if (!open_set(_i)) return;
    for (size_t r = 0; r < COUNT(rows); r++) {
        clear();
        const elb_view y = take(1, COLS), x = take(rows[r] ? rows[r] : 1, COLS + 2);
        for (uint32_t i = 0; i < x.rows * x.cols; i++) real_of(x)[i] = i % 2 ? draw(-1, 1) : draw_power(-40, 10);
        LAUNCH(launch_sum_rows(dev, elb_column_range(dev, COLS), y, x, rows[r], COLS, x.stride, 1, 0, 1, 0, 0));
        for (uint32_t j = 0; j < COLS; j++)
            same("a bias' gradient", real_of(y)[j], canonical((double)lane_sum(real_of(x) + j, x.stride, rows[r])));
    }
    close_set();
}
END_TEST

/* The tree over shards of docs/bits.md, from its root: halves, the left one of a power of two. */
static float tree_sum(const float *sums, uint32_t count)
{
    uint32_t half = 1;
    if (count == 1) return sums[0];
    while (2 * half < count) half *= 2;
    return tree_sum(sums, half) + tree_sum(sums + half, count - half);
}

START_TEST(columns_by_shards)
{
    static const uint32_t shards[] = {1, 2, 3, 5, 8, 11, 64}, rows[] = {1, 7, 64, 150, 700};
    enum { COLS = 19 };
    if (!open_set(_i)) return;
    for (size_t s = 0; s < COUNT(shards); s++)
        for (size_t r = 0; r < COUNT(rows); r++) {
            clear();
            const elb_segments cut = elb_segments_of((elb_shards){0, shards[s]}, shards[s], rows[r], 2);
            const elb_view y = take(1, COLS), x = elb_cols(take(2 * rows[r], COLS + 2), 0, COLS);
            for (uint32_t i = 0; i < x.rows * x.stride; i++) real_of(x)[i] = i % 2 ? draw(-1, 1) : draw_power(-39, 10);
            for (uint32_t i = 0; i < x.rows; i++) real_of(x)[i * x.stride] = draw_power(-40, -39); /* often cancel */
            LAUNCH(elb_sum_rows(dev, y, x, &cut));
            for (uint32_t j = 0; j < COLS; j++) {
                float sums[64];
                for (uint32_t i = 0; i < shards[s]; i++) {
                    const uint32_t from = 2 * (i * rows[r] / shards[s]), to = 2 * ((i + 1) * rows[r] / shards[s]);
                    sums[i] = canonical((double)lane_sum(real_of(x) + from * x.stride + j, x.stride, to - from));
                }
                same("a bias' gradient over shards", real_of(y)[j], tree_sum(sums, shards[s]));
            }
        }
    close_set();
}
END_TEST

/* The norm in two levels: squares of 1,024 elements by lanes, then these sums by lanes; and what guard makes of it. */
START_TEST(norm_and_clip)
{
    static const uint32_t counts[] = {1, 1023, 1024, 1025, 70001};
    static const float limits[] = {0, 0.5f, 1e9f};
    static float squares[1024], chunk[128];
    if (!open_set(_i)) return;
    for (size_t c = 0; c < COUNT(counts); c++)
        for (size_t l = 0; l < COUNT(limits); l++) {
            clear();
            const uint32_t count = counts[c], chunks = (count + 1023) / 1024;
            const elb_view clip = take(1, 2), g = take(1, count), loss = take(1, 1), flag = take_words(3),
                           scratch = take(1, (uint32_t)elb_norm_scratch(count));
            for (uint32_t i = 0; i < count; i++) real_of(g)[i] = i % 2 ? draw(-1, 1) : draw_power(-63, 10);
            *real_of(loss) = 1;
            LAUNCH(elb_guard(dev, flag, clip, g, loss, loss, (double)limits[l], scratch, 1, false));
            for (uint32_t i = 0; i < chunks; i++) {
                const uint32_t length = i + 1 < chunks ? 1024 : count - i * 1024;
                for (uint32_t e = 0; e < length; e++) {
                    const float v = real_of(g)[i * 1024 + e];
                    squares[e] = fabsf(v) < 0x1p-57f ? 0 : v * v;
                }
                chunk[i] = lane_sum(squares, 1, length);
            }
            const float wanted = lane_sum(chunk, 1, chunks), norm = (float)sqrt((double)wanted);
            same("a squared norm", real_of(clip)[1], wanted);
            const bool cut = limits[l] > 0 && norm > limits[l];
            same("a factor", real_of(clip)[0], cut ? (float)((double)limits[l] / (double)norm) : 1);
        }
    close_set();
}
END_TEST

START_TEST(added)
{
    if (!open_set(_i)) return;
    for (size_t l = 0; l < COUNT(lengths); l++) {
        clear();
        const uint32_t count = lengths[l];
        const elb_view y = take(1, count + 1), x = take(1, count);
        float *before = malloc(count * sizeof *before);
        ck_assert_ptr_nonnull(before);
        for (uint32_t i = 0; i < count; i++) {
            before[i] = real_of(y)[i] = draw(-1, 1);
            real_of(x)[i] = i % 3 ? draw_power(-40, 30) : -before[i];
        }
        LAUNCH(elb_add(dev, elb_cols(y, 0, count), x));
        for (uint32_t i = 0; i < count; i++) same("a sum", real_of(y)[i], before[i] + real_of(x)[i]);
        ck_assert(isnan(real_of(y)[count]));
        free(before);
    }
    close_set();
}
END_TEST

START_TEST(guard_counts)
{
    static const float spoils[] = {1, NAN, INFINITY, -INFINITY};
    enum { ROWS = 131 };
    if (!open_set(_i)) return;
    for (uint32_t where = 0; where < 3; where++)
        for (size_t s = 0; s < COUNT(spoils); s++)
            for (uint32_t old = 0; old < 4; old++) {
                clear();
                const elb_view flag = take_words(3), losses = take(2, ROWS), g = take(1, 1);
                const elb_view clip = take(1, 2), scratch = take(1, 1);
                const bool raised = old & 1, keep = old & 2, bad = s > 0;
                for (uint32_t i = 0; i < 2 * ROWS; i++) real_of(losses)[i] = draw(0, 3e38);
                *real_of(g) = 1e19f;
                *(where < 2 ? real_of(losses) + where * ROWS + 64 * s % ROWS : real_of(g)) = spoils[s];
                word_of(flag)[0] = word_of(flag)[1] = raised, word_of(flag)[2] = 5;
                upload();
                OK(elb_guard(dev, flag, clip, g, elb_rows(losses, 0, 1), elb_rows(losses, 1, 1), 0, scratch, 9, keep));
                OK(elb_read(words, word_buffer, 0, sizeof words));
                ck_assert_uint_eq(word_of(flag)[0], bad || (keep && raised));
                ck_assert_uint_eq(word_of(flag)[1], (uint32_t)raised + bad);
                ck_assert_uint_eq(word_of(flag)[2], bad && !raised ? 9 : 5);
            }
    close_set();
}
END_TEST

/* ---- Adam ---- */

typedef struct moments {
    double w, m, v;
} moments;

/* One step in double from what is there, with the kernel's own constants. */
static moments adam_step(moments old, double g, double rate, double root)
{
    const double beta1 = (double)0.9f, beta2 = (double)0.999f;
    moments now = {.m = beta1 * old.m + (double)(1 - 0.9f) * g, .v = beta2 * old.v + (double)(1 - 0.999f) * g * g};
    now.w = old.w - rate * now.m / (root * sqrt(now.v) + (double)0x1.5798eep-27f);
    return now;
}

/* Twenty steps: each against double from the same start, and all of them against double on its own. */
START_TEST(adam_against_double)
{
    enum { COUNT_W = 1037, STEPS = 20 };
    static moments track[COUNT_W];
    static float before[3][COUNT_W];
    const float rate = 1e-3f, factor = 0.7f;
    if (!open_set(_i)) return;
    const elb_view w = take(1, COUNT_W), m = take(1, COUNT_W), v = take(1, COUNT_W), g = take(1, COUNT_W),
                   clip = take(1, 1), bad = take_words(1);
    const elb_view parts[] = {w, m, v};
    *real_of(clip) = factor;
    for (uint32_t i = 0; i < COUNT_W; i++) {
        real_of(w)[i] = draw(-0.5, 0.5);
        real_of(m)[i] = real_of(v)[i] = 0;
        track[i] = (moments){.w = (double)real_of(w)[i]};
    }
    for (uint32_t t = 1; t <= STEPS; t++) {
        const double c1 = 1 - pow(0.9, t), c2 = 1 - pow(0.999, t);
        const double step = (double)(float)((double)rate / c1), root = (double)(float)(1 / sqrt(c2));
        for (uint32_t i = 0; i < COUNT_W; i++) real_of(g)[i] = i % 4 ? draw(-0.1, 0.1) : draw_power(-30, 4);
        for (int p = 0; p < 3; p++) memcpy(before[p], real_of(parts[p]), sizeof before[p]);
        LAUNCH(elb_adam(dev, w, m, v, g, clip, bad, (double)rate, c1, c2));
        for (uint32_t i = 0; i < COUNT_W; i++) {
            const moments old = {(double)before[0][i], (double)before[1][i], (double)before[2][i]};
            const double slope = (double)(real_of(g)[i] * factor);
            const moments now = adam_step(old, slope, step, root);
            near("m", (double)real_of(m)[i], now.m, U * (fabs(now.m) + 2 * 0.1 * fabs(slope)), 0);
            near("v", (double)real_of(v)[i], now.v, U * (fabs(now.v) + 3 * 0.001 * slope * slope), 0);
            const moments kept = {(double)real_of(w)[i], (double)real_of(m)[i], (double)real_of(v)[i]};
            const double move = step * kept.m / (root * sqrt(kept.v) + (double)0x1.5798eep-27f);
            near("w", kept.w, old.w - move, U * fabs(old.w - move) + 4 * U * fabs(move), 1.000001 * 0x1p-40);
            track[i] = adam_step(track[i], slope, step, root);
            near("w in the end", kept.w, track[i].w, t * (U + 1e-4 * (double)rate), 0);
        }
    }
    *word_of(bad) = 1;
    for (int p = 0; p < 3; p++) memcpy(before[p], real_of(parts[p]), sizeof before[p]);
    LAUNCH(elb_adam(dev, w, m, v, g, clip, bad, (double)rate, 1, 1));
    for (int p = 0; p < 3; p++) ck_assert_int_eq(memcmp(before[p], real_of(parts[p]), sizeof before[p]), 0);
    close_set();
}
END_TEST

/* Any finite gradient leaves finite parameters. */
START_TEST(adam_stays_finite)
{
    enum { COUNT_W = 5000 };
    if (!open_set(_i)) return;
    const elb_view w = take(1, COUNT_W), m = take(1, COUNT_W), v = take(1, COUNT_W), g = take(1, COUNT_W),
                   clip = take(1, 1), bad = take_words(1);
    *real_of(clip) = 1;
    for (uint32_t i = 0; i < COUNT_W; i++) {
        real_of(w)[i] = draw_power(-40, 10);
        real_of(m)[i] = real_of(v)[i] = 0;
        real_of(g)[i] = draw_power(-126, 127);
    }
    upload();
    for (int t = 0; t < 3; t++)
        OK(elb_adam(dev, w, m, v, g, clip, bad, 1e-3, 1 - pow(0.9, t + 1), 1 - pow(0.999, t + 1)));
    OK(elb_read(reals, real_buffer, 0, sizeof *reals * real_count));
    for (uint32_t i = 0; i < COUNT_W; i++) ck_assert(isfinite(real_of(w)[i]) && isfinite(real_of(m)[i]));
    close_set();
}
END_TEST

int main(void)
{
    int sets = 0;
    while (elb_native_sets[sets]) sets++;
    TCase *cases = tcase_create("kernels");
    tcase_set_timeout(cases, 120);
    tcase_add_loop_test(cases, bytes_exactly, 0, sets);
    tcase_add_loop_test(cases, binarised_as_often_as_bright, 0, sets);
    tcase_add_loop_test(cases, reals_as_they_are, 0, sets);
    tcase_add_loop_test(cases, row_sums_by_lanes_and_tree, 0, sets);
    tcase_add_loop_test(cases, columns_by_lanes_and_tree, 0, sets);
    tcase_add_loop_test(cases, columns_by_shards, 0, sets);
    tcase_add_loop_test(cases, norm_and_clip, 0, sets);
    tcase_add_loop_test(cases, added, 0, sets);
    tcase_add_loop_test(cases, guard_counts, 0, sets);
    tcase_add_loop_test(cases, adam_against_double, 0, sets);
    tcase_add_loop_test(cases, adam_stays_finite, 0, sets);
    return run_case("kernels", cases);
}
