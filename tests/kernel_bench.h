/* kernel_bench.h - what the checks of kernels share: memory for one launch, which is done twice, the second time as on
 * a device without subnormal numbers: the bytes must be the same and no real subnormal (docs/bits.md). */
#ifndef ELB_TEST_KERNEL_BENCH_H
#define ELB_TEST_KERNEL_BENCH_H

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/native.h"
#include "elb_kernels.h"
#include "flush.h"
#include "math/ranges.h"

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, err.text)

enum { REALS = 1 << 17, WORDS = 1 << 14 };

static elb_error err;
static elb_device *dev;
static elb_buffer *real_buffer, *word_buffer;
static float reals[REALS];
static uint32_t words[WORDS], real_count, word_count;
static uint64_t drawn;

/* Everything taken so far is given back. */
static inline void clear(void)
{
    real_count = word_count = 0;
}

/* False where this processor lacks the instruction set: there is nothing to check then. */
static inline bool open_set(int i)
{
    err = (elb_error){.status = ELBOW_OK};
    if (!elb_cpu_has(elb_native_sets[i]->name)) return false;
    elb_set_threads(1); /* flush_subnormals is for the caller's thread */
    OK(elb_native_open(&dev, &err, elb_native_sets[i]->name));
    OK(elb_buffer_new(&real_buffer, dev, sizeof reals));
    OK(elb_buffer_new(&word_buffer, dev, sizeof words));
    drawn = 0;
    clear();
    return true;
}

static inline void close_set(void)
{
    elb_buffer_free(real_buffer);
    elb_buffer_free(word_buffer);
    elb_device_close(dev);
}

/* A matrix of NaNs. */
static inline elb_view take(uint32_t rows, uint32_t cols)
{
    const elb_view view = elb_matrix(real_buffer, real_count, rows, cols);
    ck_assert_uint_le(real_count + rows * cols, REALS);
    for (uint32_t i = 0; i < rows * cols; i++) reals[real_count + i] = NAN;
    real_count += rows * cols;
    return view;
}

static inline elb_view take_words(uint32_t count)
{
    const elb_view view = elb_matrix(word_buffer, word_count, 1, count);
    ck_assert_uint_le(word_count + count, WORDS);
    for (uint32_t i = 0; i < count; i++) words[word_count + i] = 0;
    word_count += count;
    return view;
}

static inline float *real_of(elb_view view)
{
    return reals + view.offset;
}

static inline uint32_t *word_of(elb_view view)
{
    return words + view.offset;
}

static inline void upload(void)
{
    OK(elb_write(real_buffer, 0, reals, sizeof *reals * real_count));
    OK(elb_write(word_buffer, 0, words, sizeof words));
}

static inline void compare_flushed(const char *call, const float *flushed)
{
    for (uint32_t i = 0; i < real_count; i++) {
        const float size = fabsf(reals[i]);
        ck_assert_msg(!(size > 0 && size < 0x1p-126f), "%s stores %a, a subnormal number", call, (double)reals[i]);
        ck_assert_msg(memcmp(flushed + i, reals + i, sizeof *reals) == 0,
                      "%s on %s: %a becomes %a where subnormal numbers are flushed", call, dev->info.id,
                      (double)reals[i], (double)flushed[i]);
    }
}

/* Runs a launch on what reals and words hold, and brings both back. */
#define LAUNCH(call)                                                                                                   \
    do {                                                                                                               \
        static float flushed_[REALS];                                                                                  \
        upload();                                                                                                      \
        flush_subnormals(1);                                                                                           \
        const elbow_status status_ = (call);                                                                           \
        flush_subnormals(0);                                                                                           \
        OK(status_);                                                                                                   \
        OK(elb_read(flushed_, real_buffer, 0, sizeof *reals *real_count));                                             \
        upload();                                                                                                      \
        OK(call);                                                                                                      \
        OK(elb_read(reals, real_buffer, 0, sizeof *reals *real_count));                                                \
        OK(elb_read(words, word_buffer, 0, sizeof words));                                                             \
        compare_flushed(#call, flushed_);                                                                              \
    } while (0)

/* ---- inputs ---- */

static inline uint32_t draw_word(void)
{
    uint64_t x = ++drawn * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return (uint32_t)((x ^ x >> 31) >> 32);
}

static inline float canonical(double x)
{
    return fabs(x) < 0x1p-40 ? 0 : (float)x;
}

static inline float draw(double low, double high)
{
    return canonical(low + (high - low) * draw_word() / 4294967296.0);
}

/* Of either sign, any power of two from low to high as likely as another. */
static inline float draw_power(int low, int high)
{
    const double size = ldexp(1 + draw_word() / 4294967296.0, low + (int)(draw_word() % (uint32_t)(high - low)));
    return (float)(draw_word() % 2 ? size : -size);
}

/* ---- comparing: U is half a unit in the last place, as a share ---- */

static const double U = 0x1p-24;

/* got is wanted but for bound; or 0, where that is not above cut. */
static inline void near(const char *what, double got, double wanted, double bound, double cut)
{
    ck_assert_msg(fabs(got - wanted) <= bound || (got == 0 && fabs(wanted) <= cut),
                  "%s on %s is %.9g, not %.9g: %.3g apart, allowed are %.3g", what, dev->info.id, got, wanted,
                  fabs(got - wanted), bound);
}

/* ---- docs/bits.md, once more and plainly ---- */

/* Row sums: 64 lanes, then the tree. */
static inline float lane_sum(const float *x, size_t step, uint32_t count)
{
    float lane[64] = {0};
    for (uint32_t i = 0; i < count; i++) lane[i % 64] += x[i * step];
    for (int half = 32; half > 0; half /= 2)
        for (int l = 0; l < half; l++) lane[l] += lane[l + half];
    return lane[0];
}

/* Additions that any element of a row sum goes through, at most. */
static inline double additions(uint32_t count)
{
    return 6 + (count + 63) / 64;
}

/* Philox4x32-10: word e % 4 of block e / 4. */
static inline uint32_t philox_word(uint64_t seed, uint32_t purpose, uint32_t turn, uint32_t sample, uint32_t element)
{
    uint32_t c[4] = {purpose, turn, sample, element / 4}, key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    for (int round = 0; round < 10; round++, key[0] += 0x9E3779B9u, key[1] += 0xBB67AE85u) {
        const uint64_t a = UINT64_C(0xD2511F53) * c[0], b = UINT64_C(0xCD9E8D57) * c[2];
        const uint32_t next[4] = {(uint32_t)(b >> 32) ^ c[1] ^ key[0], (uint32_t)b, (uint32_t)(a >> 32) ^ c[3] ^ key[1],
                                  (uint32_t)a};
        memcpy(c, next, sizeof c);
    }
    return c[element % 4];
}

static inline double uniform(uint32_t word)
{
    return ((word >> 9) + 0.5) * 0x1p-23;
}

static inline double normal(uint64_t seed, uint32_t purpose, uint32_t turn, uint32_t sample, uint32_t element)
{
    const uint32_t pair = element & ~1u;
    const double radius = sqrt(-2 * log(uniform(philox_word(seed, purpose, turn, sample, pair))));
    const double angle = 2 * 3.14159265358979323846 * uniform(philox_word(seed, purpose, turn, sample, pair + 1));
    return radius * (element % 2 ? sin(angle) : cos(angle));
}

#endif
