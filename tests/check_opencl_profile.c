/* check_opencl_profile.c - times of launches by a driver's events, on every OpenCL device there is. */
#include "device/profile.h"

#include "opencl_devices.h"

#include "elb_kernels.h"

enum { ELEMENTS = 1 << 18 };

typedef struct bench {
    elb_device *dev;
    elb_buffer *x, *y;
    cl_command_queue queue; /* the device's own */
} bench;

static bench open_bench(size_t i)
{
    bench b = {.dev = open_device(i)};
    OK(elb_buffer_new(&b.x, b.dev, ELEMENTS * sizeof(float)));
    OK(elb_buffer_new(&b.y, b.dev, ELEMENTS * sizeof(float)));
    b.queue = elb_opencl_of(b.dev)->queue;
    return b;
}

static void close_bench(bench *b)
{
    elb_buffer_free(b->x);
    elb_buffer_free(b->y);
    elb_device_close(b->dev);
}

static elbow_status add(const bench *b)
{
    const uint32_t items = (uint32_t)(b->dev->shape.block * b->dev->shape.group);
    return launch_add(b->dev, (elb_range){ELEMENTS / items, 1}, elb_matrix(b->y, 0, 1, ELEMENTS),
                      elb_matrix(b->x, 0, 1, ELEMENTS), ELEMENTS);
}

static bool is_slow(size_t i)
{
    return strncmp(found[i].info.id, "oclgrind", 8) == 0;
}

START_TEST(events_give_times)
{
    for (size_t i = 0; i < found_count; i++) {
        if (!found[i].info.usable || is_slow(i)) continue;
        bench b = open_bench(i);
        elb_profile profile = {.entries = NULL};
        OK(add(&b)); /* built, and outside the profile */
        OK(elb_profile_begin(b.dev, &profile, NULL));
        ck_assert_ptr_ne(elb_opencl_of(b.dev)->queue, b.queue);
        for (int launch = 0; launch < 20; launch++) OK(add(&b));
        OK(elb_profile_end(b.dev));
        ck_assert_ptr_eq(elb_opencl_of(b.dev)->queue, b.queue);
        ck_assert_uint_eq(profile.count, 1);
        ck_assert_uint_eq(profile.entries[0].launches, 20);
        ck_assert_msg(profile.entries[0].seconds > 0, "%s: no time", found[i].info.id);
        ck_assert_msg(profile.entries[0].seconds <= 1.01 * profile.seconds, "%s: %g s of %g", found[i].info.id,
                      profile.entries[0].seconds, profile.seconds);
        elb_profile_free(&profile);
        close_bench(&b);
    }
}
END_TEST

/* 21 additions of ones, half of them recorded: the two queues see each other's work. */
START_TEST(queues_keep_their_order)
{
    const float one = 1;
    for (size_t i = 0; i < found_count; i++) {
        if (!found[i].info.usable) continue;
        bench b = open_bench(i);
        elb_profile profile = {.entries = NULL};
        float sum = 0;
        OK(elb_write(b.x, 0, &one, sizeof one));
        OK(add(&b));
        OK(elb_profile_begin(b.dev, &profile, NULL));
        for (int launch = 0; launch < 10; launch++) OK(add(&b));
        OK(elb_profile_end(b.dev));
        for (int launch = 0; launch < 10; launch++) OK(add(&b));
        OK(elb_read(&sum, b.y, 0, sizeof sum));
        ck_assert_float_eq(sum, 21);
        elb_profile_free(&profile);
        close_bench(&b);
    }
}
END_TEST

/* Closing a device that records gives its queue and events back. */
START_TEST(a_device_may_be_closed_while_it_records)
{
    for (size_t i = 0; i < found_count; i++) {
        if (!found[i].info.usable) continue;
        bench b = open_bench(i);
        elb_profile profile = {.entries = NULL};
        OK(elb_profile_begin(b.dev, &profile, NULL));
        OK(add(&b));
        close_bench(&b);
        elb_profile_free(&profile);
    }
}
END_TEST

/* A start as if nothing had ever been built: no cache is read, and none written. */
START_TEST(rebuilding_leaves_the_cache_alone)
{
    char command[128];
    for (size_t i = 0; i < found_count; i++) {
        if (!found[i].info.usable) continue;
        bench b = open_bench(i);
        b.dev->rebuild = true;
        OK(add(&b));
        close_bench(&b);
        elb_format(command, sizeof command, "[ -z \"$(find '%s' -type f ! -name '*.lock')\" ]", folder);
        ck_assert_msg(system(command) == 0, "%s: something was kept", found[i].info.id);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {events_give_times, queues_keep_their_order, a_device_may_be_closed_while_it_records,
                                  rebuilding_leaves_the_cache_alone};
    return run_suite("opencl_profile", tests, COUNT(tests));
}
