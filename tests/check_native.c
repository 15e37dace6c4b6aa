/* check_native.c - the native device and what device.c checks for every device, on the kernels of bind/sample.cl. */
#include <stdlib.h>
#include <string.h>

#include "device/native.h"
#include "elb_kernels.h"
#include "suite.h"

extern const elb_native_set elb_native_float64;

#define N     20001u
#define ITEMS ((N + 1023) / 1024)

static elb_error err;

static void expect_message(elbow_status status, elbow_status expected, const char *words)
{
    ck_assert_int_eq(status, expected);
    ck_assert_msg(strstr(err.text, words) != NULL, "'%s' does not say '%s'", err.text, words);
}

static elb_view new_view(elb_device *dev, uint32_t count, size_t size)
{
    elb_buffer *buffer;
    ck_assert_msg(elb_buffer_new(&buffer, dev, count * size) == ELBOW_OK, "%s", err.text);
    return elb_matrix(buffer, 0, 1, count);
}

/* What sample computes, on a device: y and ids into out. */
static void run_sample(elb_device *dev, double *y, uint32_t *ids, const struct sample_options *options)
{
    double *host = calloc(N, sizeof *host);
    for (uint32_t i = 0; i < N; i++) host[i] = ((double)(i % 257) - 128) / 16;
    const elb_view out = new_view(dev, N, dev->real_size), in = new_view(dev, N, dev->real_size);
    const elb_view numbers = new_view(dev, ITEMS, sizeof(uint32_t)), bytes = new_view(dev, ITEMS, 1);
    ck_assert_int_eq(elb_write_doubles(in, host), ELBOW_OK);
    for (uint32_t i = 0; i < ITEMS; i++) {
        const uint8_t byte = (uint8_t)(3 * i);
        ck_assert_int_eq(elb_write(bytes.buffer, i, &byte, 1), ELBOW_OK);
    }
    ck_assert_msg(launch_sample(dev, options, (elb_range){ITEMS, 1}, out, numbers, in, bytes, N, -7, 1000, 0.3) ==
                      ELBOW_OK,
                  "%s", err.text);
    ck_assert_int_eq(elb_read_doubles(y, out), ELBOW_OK);
    ck_assert_int_eq(elb_read(ids, numbers.buffer, 0, ITEMS * sizeof *ids), ELBOW_OK);
    elb_buffer_free(out.buffer);
    elb_buffer_free(in.buffer);
    elb_buffer_free(numbers.buffer);
    elb_buffer_free(bytes.buffer);
    ck_assert_uint_eq(dev->bytes_in_use, 0);
    free(host);
}

/* The same in plain C; float arithmetic unless doubles. */
static double sample_value(uint32_t i, const struct sample_options *o, bool doubles)
{
    const double x = ((double)(i % 257) - 128) / 16;
    const float by = 0.3f * o->power;
    double v = doubles ? x * (0.3 * (double)o->power) : (double)((float)x * by);
    if (o->twice) v *= 2;
    return o->activation == ELB_RELU && !(v > 0) ? 0 : v;
}

static void check_sample(elb_device *dev, const struct sample_options *options)
{
    double *y = calloc(N, sizeof *y);
    uint32_t ids[ITEMS];
    run_sample(dev, y, ids, options);
    for (uint32_t i = 0; i < N; i++)
        ck_assert_msg(y[i] == sample_value(i, options, dev->real_size == sizeof(double)), "%s: y[%u] is %.17g",
                      dev->info.id, i, y[i]);
    for (uint32_t i = 0; i < ITEMS; i++) ck_assert_uint_eq(ids[i], i - 7 + 1000 + 3 * i);
    free(y);
}

/* Every instruction set that the processor has, every choice, and several numbers of threads give the same bits. */
START_TEST(sets_and_threads_agree)
{
    const uint32_t usual = elb_threads();
    for (const elb_native_set *const *set = elb_native_sets; *set; set++) {
        elb_device *dev;
        if (!elb_cpu_has((*set)->name)) continue;
        ck_assert_int_eq(elb_native_open(&dev, &err, (*set)->name), ELBOW_OK);
        for (uint32_t threads = 1; threads <= 3; threads++) {
            elb_set_threads(threads);
            struct sample_options options = sample_defaults();
            check_sample(dev, &options);
            options = (struct sample_options){ELB_RELU, -2.25f, 1};
            check_sample(dev, &options);
        }
        elb_device_close(dev);
    }
    elb_set_threads(usual);
}
END_TEST

START_TEST(float64_computes_in_double)
{
    elb_device *dev;
    ck_assert_int_eq(elb_native_open_set(&dev, &err, &elb_native_float64), ELBOW_OK);
    ck_assert_uint_eq(dev->real_size, sizeof(double));
    const struct sample_options options = {ELB_RELU, 1.5f, 1};
    check_sample(dev, &options);
    elb_device_close(dev);
}
END_TEST

/* Each work-group of a range in two dimensions runs once; a view begins at its offset. */
START_TEST(parallel_covers_each_number_once)
{
    elb_device *dev;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    const elb_range groups = {37, 11};
    const elb_view all = new_view(dev, 5 + groups.x * groups.y, 4), seen = elb_cols(all, 5, groups.x * groups.y);
    const elb_view large = new_view(dev, 100000, dev->real_size);
    for (int turn = 1; turn <= 3; turn++) {
        ck_assert_int_eq(launch_sample_groups(dev, groups, seen, large), ELBOW_OK);
        uint32_t counts[37 * 11];
        ck_assert_int_eq(elb_read(counts, all.buffer, 5 * sizeof *counts, sizeof counts), ELBOW_OK);
        for (uint32_t i = 0; i < COUNT(counts); i++)
            ck_assert_uint_eq(counts[i], (uint32_t)turn * (1000 * (i / groups.x) + i % groups.x + 1));
    }
    elb_buffer_free(seen.buffer);
    elb_buffer_free(large.buffer);
    elb_device_close(dev);
}
END_TEST

START_TEST(views_must_lie_in_their_buffers)
{
    elb_device *dev, *other;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    ck_assert_int_eq(elb_native_open(&other, &err, NULL), ELBOW_OK);
    const elb_view seen = new_view(dev, 6, 4), x = new_view(dev, 12, dev->real_size), far = new_view(other, 12, 4);
    const elb_range one = {2, 3};
    const elb_view fits = {x.buffer, 1, 3, 3, 4}, rows = {x.buffer, 2, 3, 3, 4}, columns = {x.buffer, 0, 1, 13, 13};
    const elb_view offset = {x.buffer, SIZE_MAX - 1, 1, 3, 3}, large = {x.buffer, 0, UINT32_MAX, 2, UINT32_MAX};
    const elb_view empty = {x.buffer, 12, 0, 3, 3}, none = {NULL, 0, 1, 1, 1};
    ck_assert_msg(launch_sample_groups(dev, one, seen, fits) == ELBOW_OK, "%s", err.text);
    ck_assert_msg(launch_sample_groups(dev, one, seen, empty) == ELBOW_OK, "%s", err.text);
    expect_message(launch_sample_groups(dev, one, seen, rows), ELBOW_USAGE,
                   "sample_groups: its argument x, 3 x 3 with stride 4 at 2, ends at element 13; its buffer has 12");
    expect_message(launch_sample_groups(dev, one, seen, columns), ELBOW_USAGE, "ends at element 13");
    expect_message(launch_sample_groups(dev, one, seen, offset), ELBOW_USAGE, "argument x");
    expect_message(launch_sample_groups(dev, one, seen, large), ELBOW_USAGE, "argument x");
    expect_message(launch_sample_groups(dev, one, seen, none), ELBOW_USAGE, "argument x has no buffer");
    expect_message(launch_sample_groups(dev, one, seen, far), ELBOW_USAGE, "lies on device native");
    uint32_t before[6], after[6];
    ck_assert_int_eq(elb_read(before, seen.buffer, 0, sizeof before), ELBOW_OK);
    ck_assert_int_eq(launch_sample_groups(dev, (elb_range){0, 3}, seen, x), ELBOW_OK);
    ck_assert_int_eq(launch_sample_groups(dev, (elb_range){3, 0}, seen, x), ELBOW_OK);
    ck_assert_int_eq(elb_read(after, seen.buffer, 0, sizeof after), ELBOW_OK);
    ck_assert_mem_eq(before, after, sizeof after);
    expect_message(launch_sample_groups(dev, (elb_range){65536, 65536}, seen, x), ELBOW_USAGE, "65536 x 65536");
    elb_buffer_free(seen.buffer);
    elb_buffer_free(x.buffer);
    elb_buffer_free(far.buffer);
    elb_device_close(dev);
    elb_device_close(other);
}
END_TEST

START_TEST(options_must_be_there_and_in_range)
{
    elb_device *dev;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    const elb_view y = new_view(dev, 1, dev->real_size);
    struct sample_one_options options = sample_one_defaults();
    ck_assert_int_eq(launch_sample_one(dev, &options, (elb_range){1, 1}, y, 4), ELBOW_OK);
    float value;
    ck_assert_int_eq(elb_read_reals(&value, y), ELBOW_OK);
    ck_assert_float_eq(value, 6);
    expect_message(launch_sample_one(dev, NULL, (elb_range){1, 1}, y, 4), ELBOW_USAGE, "without its options");
    options.activation = 5;
    expect_message(launch_sample_one(dev, &options, (elb_range){1, 1}, y, 4), ELBOW_USAGE,
                   "option ACTIVATION has no choice 5, only 0 to 4");
    options.activation = -1;
    expect_message(launch_sample_one(dev, &options, (elb_range){1, 1}, y, 4), ELBOW_USAGE, "no choice -1");
    elb_buffer_free(y.buffer);
    elb_device_close(dev);
}
END_TEST

START_TEST(memory_is_zeroed_aligned_and_checked)
{
    elb_device *dev;
    elb_buffer *buffer, *other;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    expect_message(elb_buffer_new(&buffer, dev, SIZE_MAX / 2), ELBOW_MEMORY, "no memory for a buffer of");
    ck_assert_ptr_nonnull(strstr(err.text, "are left"));
    ck_assert_ptr_null(buffer);
    ck_assert_uint_eq(dev->bytes_in_use, 0);
    for (size_t bytes = 0; bytes < 200; bytes++) {
        void *pointer;
        ck_assert_int_eq(elb_buffer_new(&buffer, dev, bytes), ELBOW_OK);
        ck_assert_int_eq(dev->ops->map(dev, &pointer, buffer), ELBOW_OK);
        ck_assert_uint_eq((uintptr_t)pointer % 64, 0);
        for (size_t i = 0; i < bytes; i++) ck_assert_int_eq(((char *)pointer)[i], 0);
        ck_assert_int_eq(dev->ops->unmap(dev, buffer, pointer), ELBOW_OK);
        elb_buffer_free(buffer);
    }
    char text[16] = "abcdefgh", back[16] = "";
    ck_assert_int_eq(elb_buffer_new(&buffer, dev, 8), ELBOW_OK);
    ck_assert_int_eq(elb_buffer_new(&other, dev, 8), ELBOW_OK);
    ck_assert_int_eq(elb_write(buffer, 0, text, 8), ELBOW_OK);
    ck_assert_int_eq(elb_copy(other, 2, buffer, 0, 6), ELBOW_OK);
    ck_assert_int_eq(elb_zero(other, 3, 2), ELBOW_OK);
    ck_assert_int_eq(elb_read(back, other, 0, 8), ELBOW_OK);
    ck_assert_mem_eq(back, "\0\0a\0\0def", 8);
    expect_message(elb_write(buffer, 4, text, 5), ELBOW_USAGE, "5 bytes at 4 does not fit a buffer of 8");
    expect_message(elb_read(back, buffer, SIZE_MAX, 2), ELBOW_USAGE, "does not fit");
    expect_message(elb_read(back, buffer, 4, SIZE_MAX - 1), ELBOW_USAGE, "does not fit");
    expect_message(elb_zero(buffer, 9, 0), ELBOW_USAGE, "does not fit");
    expect_message(elb_copy(other, 0, buffer, 1, 8), ELBOW_USAGE, "source");
    expect_message(elb_copy(other, 1, buffer, 0, 8), ELBOW_USAGE, "target");
    elb_buffer_free(buffer);
    elb_buffer_free(other);
    elb_buffer_free(NULL);
    elb_device_close(dev);
    elb_device_close(NULL);
}
END_TEST

START_TEST(reals_need_dense_views)
{
    elb_device *dev;
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    const elb_view x = new_view(dev, 12, dev->real_size);
    const float in[4] = {1, 2, 3, 4};
    double out[4];
    ck_assert_int_eq(elb_write_reals(elb_matrix(x.buffer, 3, 2, 2), in), ELBOW_OK);
    ck_assert_int_eq(elb_read_doubles(out, elb_matrix(x.buffer, 3, 2, 2)), ELBOW_OK);
    for (int i = 0; i < 4; i++) ck_assert_double_eq(out[i], i + 1);
    expect_message(elb_read_doubles(out, elb_cols(elb_matrix(x.buffer, 0, 2, 4), 1, 2)), ELBOW_USAGE, "not dense");
    expect_message(elb_write_reals(elb_matrix(x.buffer, 9, 2, 2), in), ELBOW_USAGE, "does not fit");
    expect_message(elb_write_reals(elb_matrix(x.buffer, SIZE_MAX / 2, 2, 2), in), ELBOW_USAGE, "too large");
    elb_buffer_free(x.buffer);
    elb_device_close(dev);
}
END_TEST

START_TEST(opening)
{
    elb_device *dev;
    elbow_device_info info;
    elb_native_info(&info);
    ck_assert(info.usable && info.compute_units >= 1 && info.memory_bytes > (1u << 20));
    ck_assert_str_eq(info.id, "native");
    expect_message(elb_native_open(&dev, &err, "mmx"), ELBOW_NOT_FOUND, elb_native_sets[0]->name);
    ck_assert_ptr_null(dev);
    ck_assert_int_eq(elb_native_open(&dev, &err, NULL), ELBOW_OK);
    ck_assert_str_eq(dev->info.version, info.version);
    elb_shape shape = dev->shape;
    ck_assert_int_eq(shape.block % shape.width, 0);
    ck_assert_int_eq(elb_device_reshape(dev, shape), ELBOW_OK);
    shape.width *= 2;
    expect_message(elb_device_reshape(dev, shape), ELBOW_USAGE, "take no other shape");
    elb_device_close(dev);
    for (const elb_native_set *const *set = elb_native_sets; *set; set++) {
        const elbow_status status = elb_native_open(&dev, &err, (*set)->name);
        ck_assert_int_eq(status, elb_cpu_has((*set)->name) ? ELBOW_OK : ELBOW_DEVICE);
        if (status)
            ck_assert_ptr_nonnull(strstr(err.text, "lacks"));
        else
            ck_assert_int_eq(strncmp(dev->info.id, "native:", 7), 0);
        elb_device_close(dev);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("native");
    tcase_add_test(tests, sets_and_threads_agree);
    tcase_add_test(tests, float64_computes_in_double);
    tcase_add_test(tests, parallel_covers_each_number_once);
    tcase_add_test(tests, views_must_lie_in_their_buffers);
    tcase_add_test(tests, options_must_be_there_and_in_range);
    tcase_add_test(tests, memory_is_zeroed_aligned_and_checked);
    tcase_add_test(tests, reals_need_dense_views);
    tcase_add_test(tests, opening);
    return run_case("native", tests);
}
