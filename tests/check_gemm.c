/* check_gemm.c - the matrix product against a chain of fma written plainly: every byte, on every device. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/native.h"
#include "each_device.h"
#include "elb_kernels.h"
#include "math/gemm.h"
#include "math/ranges.h"
#include "suite.h"

enum { PAD = 3 }; /* elements between rows, which must stay as they are */

static uint64_t state = 1;

static float draw(int spread)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    const int high = (int)(state >> 40) - (1 << 23), power = (int)(state >> 33 & 127) % (2 * spread + 1) - spread;
    const float v = ldexpf((float)high, power - 23);
    return fabsf(v) < 0x1p-40f ? 0 : v;
}

static float *matrix(uint32_t rows, uint32_t stride, int spread)
{
    float *x = malloc(((size_t)rows * stride + 1) * sizeof *x);
    ck_assert_ptr_nonnull(x);
    for (size_t i = 0; i < (size_t)rows * stride; i++) x[i] = draw(spread);
    return x;
}

typedef struct trial {
    uint32_t m, n, k;
    elb_transpose trans_a, trans_b;
    bool bias, slope;
    int spread;
} trial;

static float canonical(float v)
{
    return fabsf(v) < 0x1p-40f ? 0 : v;
}

/* docs/bits.md, "Dot products". */
static float chain(const float *a, size_t a_step, const float *b, size_t b_step, uint32_t k)
{
    float total = 0;
    for (uint32_t begin = 0; begin < k; begin += 1024) {
        float part = 0;
        for (uint32_t p = begin; p < k && p < begin + 1024; p++) part = fmaf(a[p * a_step], b[p * b_step], part);
        total += part;
    }
    return total;
}

static void reference(float *c, const trial *t, const float *a, uint32_t as, const float *b, uint32_t bs,
                      const float *bias, const float *y)
{
    const uint32_t cs = t->n + PAD;
    for (uint32_t i = 0; i < t->m; i++)
        for (uint32_t j = 0; j < t->n; j++) {
            const float *row = t->trans_a ? a + i : a + (size_t)i * as;
            const float *column = t->trans_b ? b + (size_t)j * bs : b + j;
            float v = chain(row, t->trans_a ? as : 1, column, t->trans_b ? 1 : bs, t->k);
            if (t->bias) v += bias[j];
            if (t->slope)
                v = y[(size_t)i * cs + j] > 0 ? v : 0;
            else if (t->bias)
                v = v < 0 ? 0 : v;
            c[(size_t)i * cs + j] = canonical(v);
        }
}

static elb_view upload(elb_device *dev, const float *x, uint32_t rows, uint32_t cols, uint32_t stride)
{
    elb_buffer *buffer;
    const size_t count = (size_t)rows * stride;
    ck_assert_int_eq(elb_buffer_new(&buffer, dev, (count + 1) * sizeof *x), ELBOW_OK);
    ck_assert_int_eq(elb_write(buffer, 0, x, count * sizeof *x), ELBOW_OK);
    elb_view view = elb_matrix(buffer, 0, rows, cols);
    view.stride = stride;
    return view;
}

static void try_product(elb_device *dev, const trial *t)
{
    const uint32_t ar = t->trans_a ? t->k : t->m, ac = t->trans_a ? t->m : t->k, as = ac + PAD;
    const uint32_t br = t->trans_b ? t->n : t->k, bc = t->trans_b ? t->k : t->n, bs = bc + PAD, cs = t->n + PAD;
    float *a = matrix(ar, as, t->spread), *b = matrix(br, bs, t->spread), *bias = matrix(1, t->n, t->spread);
    float *y = matrix(t->m, cs, t->spread), *c = matrix(t->m, cs, 0), *got = matrix(t->m, cs, 0);
    const size_t size = (size_t)t->m * cs * sizeof *c;
    const elb_view va = upload(dev, a, ar, ac, as), vb = upload(dev, b, br, bc, bs),
                   vc = upload(dev, c, t->m, t->n, cs);
    const elb_view vbias = upload(dev, bias, 1, t->n, t->n), vy = upload(dev, y, t->m, t->n, cs);
    const uint32_t room = (uint32_t)elb_gemm_scratch(dev, t->k, t->n);
    float *nothing = matrix(1, room, 0);
    const elb_view scratch = upload(dev, nothing, 1, room, room);
    elb_epilogue epilogue = {.activation = t->bias || t->slope ? ELB_RELU : ELB_IDENTITY};
    if (t->bias) epilogue.bias = vbias;
    if (t->slope) epilogue.output = vy;
    ck_assert_msg(elb_gemm(dev, vc, va, t->trans_a, vb, t->trans_b, &epilogue, scratch) == ELBOW_OK, "%s",
                  dev->err->text);
    ck_assert_int_eq(elb_read(got, vc.buffer, 0, size), ELBOW_OK);
    reference(c, t, a, as, b, bs, bias, y);
    for (size_t i = 0; i < (size_t)t->m * cs; i++)
        ck_assert_msg(memcmp(got + i, c + i, sizeof *c) == 0,
                      "%s %u x %u x %u %s%s bias %d slope %d: row %zu column %zu is %a, not %a", dev->info.id, t->m,
                      t->n, t->k, t->trans_a ? "T" : "N", t->trans_b ? "T" : "N", t->bias, t->slope, i / cs, i % cs,
                      (double)got[i], (double)c[i]);
    const elb_view views[] = {va, vb, vc, vbias, vy, scratch};
    for (size_t i = 0; i < COUNT(views); i++) elb_buffer_free(views[i].buffer);
    float *const arrays[] = {a, b, bias, y, c, got, nothing};
    for (size_t i = 0; i < COUNT(arrays); i++) free(arrays[i]);
}

/* Sizes around every tile and prime ones; k around the chunks; all transposes; epilogues by turns. */
static void try_device(elb_device *dev, bool slow) /* slow: few sizes */
{
    static const uint32_t sizes[][3] = {{1, 1, 1},     {3, 5, 7},      {7, 31, 2},     {9, 33, 17},   {2, 16, 1025},
                                        {4, 20, 2049}, {8, 32, 16},    {13, 17, 1023}, {5, 40, 1024}, {65, 63, 15},
                                        {64, 65, 33},  {17, 100, 129}, {257, 32, 300}};
    int number = 0;
    for (size_t s = 0; s < (slow ? 6 : COUNT(sizes)); s++)
        for (int layout = 0; layout < 4; layout++, number++) {
            const trial t = {.m = sizes[s][0],
                             .n = sizes[s][1],
                             .k = sizes[s][2],
                             .trans_a = layout & 1 ? TRANS : NO_TRANS,
                             .trans_b = layout & 2 ? TRANS : NO_TRANS,
                             .bias = number % 3 == 1,
                             .slope = number % 3 == 2,
                             .spread = number % 2 ? 20 : 2};
            try_product(dev, &t);
        }
}

/* ---- sums over the rows of shards ---- */

typedef struct cut_trial {
    uint32_t m, n, batch, shards, each;
    elb_shards node;
} cut_trial;

/* The rows of the node's first shards, those before `shard`. */
static uint32_t rows_before(const cut_trial *t, uint32_t shard)
{
    return t->each *
           (elb_shard_start(shard, t->shards, t->batch) - elb_shard_start(t->node.first, t->shards, t->batch));
}

/* The product (1, length) of shards [first, end) one by one, added by the tree of docs/bits.md from its root. */
static void add_up(float *sum, const cut_trial *t, uint32_t first, uint32_t end, elb_view c, elb_view a, elb_view b,
                   elb_view scratch)
{
    const uint32_t from = rows_before(t, first), rows = rows_before(t, end) - from, length = t->m * t->n;
    elb_device *dev = c.buffer->dev;
    if (end - first == 1) {
        for (uint32_t i = 0; i < length; i++) sum[i] = 0;
        if (rows == 0) return;
        ck_assert_msg(elb_gemm(dev, c, elb_rows(a, from, rows), TRANS, elb_rows(b, from, rows), NO_TRANS, NULL,
                               scratch) == ELBOW_OK,
                      "%s", dev->err->text);
        ck_assert_int_eq(elb_read_reals(sum, c), ELBOW_OK);
        return;
    }
    uint32_t half = 1;
    while (2 * half < end - first) half *= 2;
    float *right = matrix(1, length, 0);
    add_up(sum, t, first, first + half, c, a, b, scratch);
    add_up(right, t, first + half, end, c, a, b, scratch);
    for (uint32_t i = 0; i < length; i++) sum[i] += right[i];
    free(right);
}

/* Makes the terms of C's first element so small that shards' sums of them lie at both sides of 2^-40. */
static void make_small(float *a, uint32_t a_stride, float *b, uint32_t b_stride, uint32_t k)
{
    for (uint32_t p = 0; p < k; p++) {
        a[p * a_stride] = copysignf(0x1p-20f, a[p * a_stride]);
        b[p * b_stride] = ldexpf(frexpf(b[p * b_stride], &(int){0}), -19);
    }
}

/* What elb_gemm_over_rows makes of a node's shards is what each of them alone adds up to, and stays inside C. */
static void try_rows(elb_device *dev, const cut_trial *t)
{
    const elb_segments cut = elb_segments_of(t->node, t->shards, t->batch, t->each);
    const uint32_t k = rows_before(t, t->node.end), cs = t->n + PAD, length = t->m * t->n;
    const uint32_t room = (uint32_t)elb_gemm_scratch(dev, k, t->n);
    float *a = matrix(k, t->m + PAD, 12), *b = matrix(k, t->n + PAD, 12), *c = matrix(t->m, cs, 0);
    float *nothing = matrix(1, room, 0), *got = matrix(t->m, cs, 0), *wanted = matrix(1, length, 0);
    make_small(a, t->m + PAD, b, t->n + PAD, k);
    const elb_view vc = upload(dev, c, t->m, t->n, cs), va = upload(dev, a, k, t->m, t->m + PAD);
    const elb_view vb = upload(dev, b, k, t->n, t->n + PAD), scratch = upload(dev, nothing, 1, room, room);
    const elb_view one = upload(dev, wanted, t->m, t->n, t->n);
    add_up(wanted, t, t->node.first, t->node.end, one, va, vb, scratch);
    ck_assert_msg(elb_gemm_over_rows(NULL, dev, vc, va, vb, &cut, scratch) == ELBOW_OK, "%s", dev->err->text);
    ck_assert_int_eq(elb_read(got, vc.buffer, 0, (size_t)t->m * cs * sizeof *got), ELBOW_OK);
    for (uint32_t i = 0; i < t->m * cs; i++) {
        const float *right = i % cs < t->n ? &wanted[i / cs * t->n + i % cs] : &c[i];
        ck_assert_msg(memcmp(got + i, right, sizeof *got) == 0,
                      "%s %u x %u over shards %u to %u of %u, %u rows of %u: row %u column %u is %a, not %a",
                      dev->info.id, t->m, t->n, t->node.first, t->node.end, t->shards, t->batch, t->each, i / cs,
                      i % cs, (double)got[i], (double)*right);
    }
    const elb_view views[] = {vc, va, vb, one, scratch};
    for (size_t i = 0; i < COUNT(views); i++) elb_buffer_free(views[i].buffer);
    float *const arrays[] = {a, b, c, nothing, got, wanted};
    for (size_t i = 0; i < COUNT(arrays); i++) free(arrays[i]);
}

/* Ragged and empty shards, several draws to a row, more than a chunk in a shard, nodes in the middle. */
static void try_shards(elb_device *dev, bool slow)
{
    static const uint32_t shards[] = {1, 2, 3, 5, 8, 11, 64}, rows[] = {1, 27, 128, 2100};
    for (size_t s = 0; s < COUNT(shards); s++)
        for (size_t r = 0; r < (slow ? 2 : COUNT(rows)); r++) {
            const cut_trial t = {.m = s % 2 ? 9 : 4,
                                 .n = s % 3 ? 35 : 32,
                                 .batch = rows[r],
                                 .shards = shards[s],
                                 .each = rows[r] == 27 ? 3 : 1,
                                 .node = {0, shards[s]}};
            try_rows(dev, &t);
        }
    try_rows(dev, &(cut_trial){5, 17, 27, 11, 2, {4, 8}});
    try_rows(dev, &(cut_trial){5, 17, 27, 11, 1, {8, 11}});
    try_rows(dev, &(cut_trial){5, 17, 260, 100, 1, {64, 100}});
}

START_TEST(native_sets)
{
    elb_error err = {0};
    for (size_t s = 0; elb_native_sets[s]; s++) {
        elb_device *dev;
        if (!elb_cpu_has(elb_native_sets[s]->name)) continue;
        ck_assert_int_eq(elb_native_open(&dev, &err, elb_native_sets[s]->name), ELBOW_OK);
        try_device(dev, false);
        try_shards(dev, false);
        elb_device_close(dev);
    }
}
END_TEST

/* Each device as it is, then as a GPU would be: local memory, other widths and tiles. Oclgrind interprets; llvmpipe
 * takes so long to compile that its other shapes are left to check_selftest. */
static void try_shapes(elb_device *dev)
{
    static const elb_shape shapes[] = {{1, 64, 64, 4, 2}, {4, 8, 64, 8, 2}, {8, 1, 64, 3, 1}, {4, 16, 64, 2, 4}};
    const bool slow = is_slow(dev);
    if (!is_opencl(dev)) return;
    try_device(dev, slow);
    try_shards(dev, slow);
    for (size_t s = 0; s < (compiles_slowly(dev) ? 0 : COUNT(shapes)); s++) {
        ck_assert_int_eq(elb_device_reshape(dev, shapes[s]), ELBOW_OK);
        dev->prefers_local = shapes[s].group > 1;
        try_device(dev, slow);
        if (s == 0) try_shards(dev, slow); /* check_selftest tries the others */
    }
}

START_TEST(every_device)
{
    on_each_device(try_shapes);
}
END_TEST

/* ---- devices that end loops early: native and others pretend to, llvmpipe does ---- */

static const elb_device_ops *plain_ops;
static elb_device_ops counting_ops;
static uint32_t launches, last_groups;

static elbow_status launch_counted(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                                   const elb_value *values)
{
    launches++;
    last_groups = groups.x * groups.y;
    return plain_ops->launch(dev, kernel, options, groups, values);
}

static void count_launches(elb_device *dev)
{
    plain_ops = dev->ops;
    counting_ops = *dev->ops;
    counting_ops.launch = launch_counted;
    dev->ops = &counting_ops;
}

/* How many launches a product of k terms takes, which must have the same bits as ever. */
static uint32_t launches_for(elb_device *dev, uint32_t k)
{
    for (int slope = 0; slope < 2; slope++) {
        const trial t = {.m = 3, .n = 5, .k = k, .bias = !slope, .slope = slope, .spread = 20};
        launches = 0;
        try_product(dev, &t);
    }
    return launches;
}

/* Shaped like a GPU. */
static void make_local(elb_device *dev, const elb_shape *shape)
{
    ck_assert_int_eq(elb_device_reshape(dev, *shape), ELBOW_OK);
    dev->prefers_local = true;
}

static const elb_shape tiles = {1, 64, 64, 4, 4};

static void try_launches(elb_device *dev)
{
    if (!is_opencl(dev)) return;
    count_launches(dev);
    if (dev->most_turns) {
        ck_assert_uint_gt(launches_for(dev, 70000), 1);
        return;
    }
    make_local(dev, &tiles);
    dev->most_turns = 3 * elb_gemm_local_turns(dev) - 1; /* two chunks */
    ck_assert_uint_eq(launches_for(dev, 2048), 1);
    ck_assert_uint_eq(launches_for(dev, 2049), 2);
    ck_assert_uint_eq(launches_for(dev, 5000), 3);
}

START_TEST(sums_go_on_in_another_launch)
{
    on_each_device(try_launches);
}
END_TEST

/* A product of fewer groups than keep a device busy: 33 x 65 in tiles of 32 x 32 are 6 groups, in halves 15. */
static void try_tiles(elb_device *dev)
{
    static const struct {
        uint32_t busy, groups;
    } cases[] = {{0, 6}, {6, 6}, {7, 15}, {UINT32_MAX, 15}};
    if (!is_opencl(dev) || compiles_slowly(dev)) return;
    make_local(dev, &tiles);
    count_launches(dev);
    for (size_t c = 0; c < COUNT(cases); c++) {
        dev->busy_groups = cases[c].busy;
        const trial t = {.m = 33, .n = 65, .k = 1025, .bias = true, .spread = 20};
        try_product(dev, &t);
        ck_assert_uint_eq(last_groups, cases[c].groups);
        ck_assert_mem_eq(&dev->shape, &tiles, sizeof tiles);
    }
}

START_TEST(small_products_have_smaller_tiles)
{
    on_each_device(try_tiles);
}
END_TEST

START_TEST(sums_that_would_be_cut_are_refused)
{
    elb_error err = {0};
    elb_device *dev;
    elb_buffer *buffer;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    ck_assert_int_eq(elb_buffer_new(&buffer, dev, 1 << 18), ELBOW_OK);
    const elb_view c = elb_matrix(buffer, 0, 1, 16), a = elb_matrix(buffer, 16, 1, 2000);
    const elb_view b = elb_matrix(buffer, 4096, 2000, 16), scratch = elb_matrix(buffer, 40000, 1, 20000);
    ck_assert_int_eq(elb_gemm(dev, c, a, NO_TRANS, b, NO_TRANS, NULL, scratch), ELBOW_OK);
    dev->most_turns = 2000;
    ck_assert_int_eq(elb_gemm(dev, c, a, NO_TRANS, b, NO_TRANS, NULL, scratch), ELBOW_DEVICE);
    ck_assert_str_eq(err.text, "device native ends loops after 2000 turns: with sums of 2000 its results would be "
                               "wrong: choose another device, such as native, or make this smaller");
    dev->most_turns = 2300;
    ck_assert_int_eq(elb_gemm(dev, c, a, NO_TRANS, b, NO_TRANS, NULL, scratch), ELBOW_OK);
    elb_buffer_free(buffer);
    elb_device_close(dev);
}
END_TEST

/* Sums that shards cut are made by one launch: where a device's loops end too early for that, fewer go together. */
START_TEST(shards_that_would_be_cut_are_refused)
{
    elb_error err = {0};
    elb_device *dev;
    elb_buffer *buffer;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    ck_assert_int_eq(elb_buffer_new(&buffer, dev, 1 << 18), ELBOW_OK);
    const elb_view c = elb_matrix(buffer, 0, 1, 16), a = elb_matrix(buffer, 16, 600, 1);
    const elb_view b = elb_matrix(buffer, 4096, 600, 16), scratch = elb_matrix(buffer, 40000, 1, 20000);
    elb_segments cut = elb_segments_of((elb_shards){0, 8}, 8, 600, 1);
    dev->most_turns = (uint32_t)elb_sum_rows_turns(dev, 600, 8);
    ck_assert(elb_gemm_takes_rows(dev, 600, 8));
    ck_assert_int_eq(elb_gemm_over_rows(NULL, dev, c, a, b, &cut, scratch), ELBOW_OK);
    dev->most_turns--;
    ck_assert(!elb_gemm_takes_rows(dev, 600, 8));
    ck_assert_int_eq(elb_gemm_over_rows(NULL, dev, c, a, b, &cut, scratch), ELBOW_DEVICE);
    cut = elb_one_segment(); /* alone they may take several launches */
    ck_assert_int_eq(elb_gemm_over_rows(NULL, dev, c, a, b, &cut, scratch), ELBOW_OK);
    cut.count = ELB_MOST_SEGMENTS + 1;
    ck_assert_int_eq(elb_gemm_over_rows(NULL, dev, c, a, b, &cut, scratch), ELBOW_USAGE);
    ck_assert_str_eq(err.text, "a product over the rows of 65 shards: 1 to 64 at once");
    elb_buffer_free(buffer);
    elb_device_close(dev);
}
END_TEST

/* Terms of which one factor is +0, as at the edges of images, may be left out or not: a chain that begins at +0 never
 * is -0, since sums of opposite numbers and of zeros are +0. */
START_TEST(zeros_change_no_chain)
{
    enum { LONG = 1024 };
    float a[LONG], b[LONG], c[LONG], d[LONG];
    for (uint32_t k = 1; k <= LONG; k = 3 * k + 1) {
        uint32_t kept = 0;
        for (uint32_t p = 0; p < k; p++) {
            a[p] = draw(20), b[p] = draw(20);
            if (p % 4 == 1) a[p] = a[p - 1], b[p] = -b[p - 1];
            if (p % 5 == 2) a[p] = 0;
            if (p % 7 == 3) b[p] = 0;
            if (a[p] != 0 && b[p] != 0) c[kept] = a[p], d[kept++] = b[p];
        }
        const float with = chain(a, 1, b, 1, k), without = chain(c, 1, d, 1, kept);
        ck_assert_msg(memcmp(&with, &without, sizeof with) == 0, "%u terms: %a, without zeros %a", k, (double)with,
                      (double)without);
        for (uint32_t p = 0; p < k; p++) c[p] = 0, b[p] = -fabsf(b[p]);
        const float nothing = chain(c, 1, b, 1, k);
        ck_assert(nothing == 0 && !signbit(nothing));
    }
}
END_TEST

/* The same of a product: more columns of A that are +0, more rows of B that are anything, over a chunk's end too. */
START_TEST(padding_changes_no_bit)
{
    enum { M = 5, N = 19, MOST = 1100 };
    static const uint32_t depths[][2] = {{1, 2}, {7, 16}, {1000, 1024}, {1020, 1030}, {1024, 1100}};
    elb_error err = {0};
    for (size_t s = 0; elb_native_sets[s]; s++) {
        elb_device *dev;
        if (!elb_cpu_has(elb_native_sets[s]->name)) continue;
        ck_assert_int_eq(elb_native_open(&dev, &err, elb_native_sets[s]->name), ELBOW_OK);
        for (size_t d = 0; d < COUNT(depths); d++) {
            float *a = matrix(M, MOST, 20), *b = matrix(MOST, N, 20), got[2][M * N];
            for (uint32_t i = 0; i < M * MOST; i++)
                if (i % MOST >= depths[d][0]) a[i] = 0;
            const elb_view va = upload(dev, a, M, MOST, MOST), vb = upload(dev, b, MOST, N, N);
            const elb_view c = upload(dev, a, M, N, N);
            const uint32_t room = (uint32_t)elb_gemm_scratch(dev, MOST, N);
            float *nothing = matrix(1, room, 0);
            const elb_view scratch = upload(dev, nothing, 1, room, room);
            for (int padded = 0; padded < 2; padded++) {
                const uint32_t k = depths[d][padded];
                ck_assert_int_eq(
                    elb_gemm(dev, c, elb_cols(va, 0, k), NO_TRANS, elb_rows(vb, 0, k), NO_TRANS, NULL, scratch),
                    ELBOW_OK);
                ck_assert_int_eq(elb_read(got[padded], c.buffer, 0, sizeof *got), ELBOW_OK);
            }
            ck_assert_msg(memcmp(got[0], got[1], sizeof *got) == 0, "k %u is not %u with zeros", depths[d][0],
                          depths[d][1]);
            const elb_view views[] = {va, vb, c, scratch};
            for (size_t i = 0; i < COUNT(views); i++) elb_buffer_free(views[i].buffer);
            free(a), free(b), free(nothing);
        }
        elb_device_close(dev);
    }
}
END_TEST

START_TEST(shapes_that_do_not_fit)
{
    elb_error err = {0};
    elb_device *dev;
    elb_buffer *buffer;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    ck_assert_int_eq(elb_buffer_new(&buffer, dev, 4096), ELBOW_OK);
    const elb_view c = elb_matrix(buffer, 0, 2, 3), a = elb_matrix(buffer, 6, 2, 4), b = elb_matrix(buffer, 20, 5, 3);
    ck_assert_int_eq(elb_gemm(dev, c, a, NO_TRANS, b, NO_TRANS, NULL, c), ELBOW_USAGE);
    ck_assert_str_eq(err.text, "a product of 2 x 4 by 5 x 3 into 2 x 3 is none");
    ck_assert_int_eq(elb_gemm(dev, c, a, TRANS, b, NO_TRANS, NULL, c), ELBOW_USAGE);
    const elb_view whole = elb_matrix(buffer, 20, 4, 3), little = elb_matrix(buffer, 0, 1, 1);
    ck_assert_int_eq(elb_gemm(dev, c, a, NO_TRANS, whole, NO_TRANS, NULL, little), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(err.text, "scratch"));
    const elb_view no_a = elb_matrix(buffer, 6, 2, 0), no_b = elb_matrix(buffer, 20, 0, 3);
    ck_assert_int_eq(elb_gemm(dev, c, no_a, NO_TRANS, no_b, NO_TRANS, NULL, c), ELBOW_USAGE);
    ck_assert_str_eq(err.text, "a product of 2 x 0 by 0 x 3 has no terms");
    elb_buffer_free(buffer);
    elb_device_close(dev);
}
END_TEST

int main(void)
{
    TCase *cases = tcase_create("gemm");
    tcase_set_timeout(cases, 600);
    tcase_add_test(cases, native_sets);
    tcase_add_test(cases, every_device);
    tcase_add_test(cases, zeros_change_no_chain);
    tcase_add_test(cases, padding_changes_no_bit);
    tcase_add_test(cases, shapes_that_do_not_fit);
    tcase_add_test(cases, sums_go_on_in_another_launch);
    tcase_add_test(cases, small_products_have_smaller_tiles);
    tcase_add_test(cases, sums_that_would_be_cut_are_refused);
    tcase_add_test(cases, shards_that_would_be_cut_are_refused);
    return run_case("gemm", cases);
}
