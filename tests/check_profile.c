/* check_profile.c - what a device records of its launches. */
#include "device/profile.h"

#include <string.h>

#include "device/native.h"
#include "elb_kernels.h"
#include "suite.h"

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, err.text)

enum { COUNT_OF = 100000 };

static elb_error err;
static elb_device *dev;
static elb_buffer *x, *y;

static void setup(void)
{
    err = (elb_error){.status = ELBOW_OK};
    OK(elb_native_open(&dev, &err, NULL));
    OK(elb_buffer_new(&x, dev, COUNT_OF * sizeof(float)));
    OK(elb_buffer_new(&y, dev, COUNT_OF * sizeof(float)));
}

static void teardown(void)
{
    elb_buffer_free(x);
    elb_buffer_free(y);
    elb_device_close(dev);
}

static elbow_status add(uint32_t count)
{
    return launch_add(dev, (elb_range){COUNT_OF / (uint32_t)dev->shape.block + 1, 1}, elb_matrix(y, 0, 1, count),
                      elb_matrix(x, 0, 1, count), count);
}

static elbow_status epilogue(int32_t bias)
{
    const struct epilogue_options options = {.bias = bias};
    const elb_view c = elb_matrix(y, 0, 1, 1000);
    return launch_epilogue(dev, &options, (elb_range){1, 1}, c, c, c, 1000, 1000, 1000);
}

/* A cost that tells a launch's arguments. */
static elb_cost cost(const elb_device *device, const elb_kernel *kernel, const void *options, const elb_value *values)
{
    (void)options;
    ck_assert_ptr_eq(device, dev);
    ck_assert_ptr_nonnull(kernel);
    return (elb_cost){values[0].view.cols, 8};
}

START_TEST(launches_are_counted_by_kernel_and_options)
{
    elb_profile profile = {.entries = NULL};
    OK(elb_profile_begin(dev, &profile, cost));
    for (int i = 0; i < 3; i++) OK(add(COUNT_OF));
    OK(epilogue(0));
    OK(epilogue(1));
    OK(epilogue(1));
    OK(elb_profile_end(dev));
    ck_assert_uint_eq(profile.count, 3);
    ck_assert_str_eq(profile.entries[0].kernel->name, "add");
    ck_assert_uint_eq(profile.entries[0].launches, 3);
    ck_assert_double_eq(profile.entries[0].cost.flops, 3.0 * COUNT_OF);
    ck_assert_double_eq(profile.entries[0].cost.bytes, 24);
    ck_assert_uint_eq(profile.entries[1].launches, 1);
    ck_assert_uint_eq(profile.entries[2].launches, 2);
    ck_assert_int_eq(((const struct epilogue_options *)(const void *)profile.entries[2].options)->bias, 1);
    elb_profile_free(&profile);
}
END_TEST

/* The kernels' own times lie within the time between begin and end. */
START_TEST(times_add_up)
{
    elb_profile profile = {.entries = NULL};
    OK(elb_profile_begin(dev, &profile, NULL));
    for (int i = 0; i < 50; i++) OK(add(COUNT_OF));
    OK(elb_profile_end(dev));
    ck_assert_uint_eq(profile.count, 1);
    ck_assert_double_gt(profile.entries[0].seconds, 0);
    ck_assert_double_le(profile.entries[0].seconds, profile.seconds);
    ck_assert_double_gt(profile.entries[0].seconds, 0.2 * profile.seconds);
    elb_profile_free(&profile);
}
END_TEST

START_TEST(off_nothing_is_recorded)
{
    elb_profile profile = {.entries = NULL}, other = {.entries = NULL};
    OK(add(COUNT_OF));
    OK(elb_profile_begin(dev, &profile, NULL));
    ck_assert_int_eq(elb_profile_begin(dev, &other, NULL), ELBOW_USAGE);
    OK(elb_profile_end(dev));
    OK(add(COUNT_OF));
    ck_assert_uint_eq(profile.count, 0);
    OK(elb_profile_end(dev)); /* once more does nothing */
    /* A profile goes on where it stopped. */
    OK(elb_profile_begin(dev, &profile, NULL));
    OK(add(COUNT_OF));
    OK(elb_profile_end(dev));
    OK(elb_profile_begin(dev, &profile, NULL));
    OK(add(COUNT_OF));
    OK(elb_profile_end(dev));
    ck_assert_uint_eq(profile.count, 1);
    ck_assert_uint_eq(profile.entries[0].launches, 2);
    elb_profile_free(&profile);
}
END_TEST

/* What the launch has written is there to be read. */
static elbow_status see(void *user, elb_device *device, const elb_kernel *kernel, const void *options,
                        const elb_value *values)
{
    (void)kernel, (void)options;
    ck_assert_ptr_eq(device, dev);
    return elb_read(user, values[0].view.buffer, 0, sizeof(float));
}

static elbow_status refuse(void *user, elb_device *device, const elb_kernel *kernel, const void *options,
                           const elb_value *values)
{
    (void)user, (void)options, (void)values;
    return elb_fail(device->err, ELBOW_STOPPED, "%s: seen enough", kernel->name);
}

START_TEST(a_watcher_sees_what_was_written)
{
    const float one = 1;
    float seen = 0;
    elb_profile profile = {.watch = see, .user = &seen};
    OK(elb_write(x, 0, &one, sizeof one));
    OK(elb_profile_begin(dev, &profile, NULL));
    OK(add(COUNT_OF));
    ck_assert_float_eq(seen, 1);
    OK(add(COUNT_OF));
    ck_assert_float_eq(seen, 2);
    profile.watch = refuse;
    ck_assert_int_eq(add(COUNT_OF), ELBOW_STOPPED);
    OK(elb_profile_end(dev));
    elb_profile_free(&profile);
}
END_TEST

/* More kernels than a profile has room for at first. */
START_TEST(a_profile_grows)
{
    elb_profile profile = {.entries = NULL};
    elb_kernel kernels[100];
    elb_value value = {.view = elb_matrix(y, 0, 1, 1)};
    memset(kernels, 0, sizeof kernels);
    OK(elb_profile_begin(dev, &profile, cost));
    for (int time = 0; time < 2; time++)
        for (size_t i = 0; i < COUNT(kernels); i++) {
            uint32_t entry;
            OK(elb_profile_launch(&entry, dev, &kernels[i], NULL, &value));
            ck_assert_uint_eq(entry, i);
        }
    OK(elb_profile_end(dev));
    ck_assert_uint_eq(profile.count, COUNT(kernels));
    for (size_t i = 0; i < COUNT(kernels); i++) ck_assert_uint_eq(profile.entries[i].launches, 2);
    elb_profile_free(&profile);
    ck_assert_uint_eq(profile.count, 0);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_add_test(all, launches_are_counted_by_kernel_and_options);
    tcase_add_test(all, times_add_up);
    tcase_add_test(all, off_nothing_is_recorded);
    tcase_add_test(all, a_watcher_sees_what_was_written);
    tcase_add_test(all, a_profile_grows);
    return run_case("profile", all);
}
