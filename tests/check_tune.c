/* check_tune.c - searching a device's quickest shape: what cannot win, what is kept, and for whom. */
#include "math/tune.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "device/native.h"
#include "elb_kernels.h"
#include "math/ranges.h"
#include "own_cache.h"
#include "suite.h"

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, err.text)

static elb_error err;

static void setup(void)
{
    open_own_cache();
    unsetenv("ELBOW_CACHE");
    unsetenv("ELBOW_TUNED");
    err = (elb_error){.status = ELBOW_OK};
}

static void teardown(void)
{
    remove_own_cache();
}

/* ---- a device that takes any shape: native, with the launches of products mended for the shape that it has ---- */

static const elb_device_ops *sound;
static elb_device_ops mended;
static elb_shape compiled;

/* What a launch of a shape's product does. Tiles of more rows than native's compute nothing, in no time; those of
 * another width do not build. */
static elbow_status launch_any_shape(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                                     const elb_value *values)
{
    const elb_shape asked = dev->shape;
    elb_value copy[ELB_MAX_ARGS];
    (void)groups;
    ck_assert_str_eq(kernel->name, "gemm");
    if (asked.width != compiled.width) return elb_fail(dev->err, ELBOW_DEVICE, "no such width");
    if (asked.tile_rows > compiled.tile_rows) return ELBOW_OK;
    memcpy(copy, values, kernel->arg_count * sizeof *copy);
    dev->shape = compiled;
    for (uint32_t a = 0; a < kernel->arg_count; a++)
        if (strcmp(kernel->args[a].name, "b_panel") == 0) copy[a].u = elb_tile_cols(dev);
    const elb_range range = elb_gemm_range(dev, values[0].view.rows, values[0].view.cols);
    const elbow_status status = sound->launch(dev, kernel, options, range, copy);
    dev->shape = asked;
    return status;
}

static elb_device *open_any_shape(void)
{
    elb_device *dev;
    OK(elb_native_open(&dev, &err, NULL));
    sound = dev->ops;
    mended = *sound;
    mended.launch = launch_any_shape;
    dev->ops = &mended;
    compiled = dev->shape;
    elb_format(dev->info.backend, sizeof dev->info.backend, "opencl");
    return dev;
}

static const elb_product_shape products[] = {{48, 192, 64, NO_TRANS, NO_TRANS}, {32, 192, 48, TRANS, NO_TRANS}};

static bool stop_at_third(void *user, const elb_tried *tried)
{
    (void)tried;
    return ++*(int *)user == 3;
}

START_TEST(what_is_wrong_cannot_win)
{
    elb_device *dev = open_any_shape();
    elb_search search = {.count = 0};
    uint32_t counts[3] = {0};
    OK(elb_tune_products(&search, dev, products, COUNT(products), elb_seconds() + 100));
    ck_assert(search.count > 4 && search.count < ELB_MOST_SHAPES);
    ck_assert_mem_eq(&search.list[0].shape, &compiled, sizeof compiled);
    ck_assert_int_eq(search.list[0].outcome, ELB_RIGHT);
    for (uint32_t i = 0; i < search.count; i++) {
        const elb_tried *tried = &search.list[i];
        const elb_outcome expected = tried->shape.width != compiled.width          ? ELB_FAILED
                                     : tried->shape.tile_rows > compiled.tile_rows ? ELB_WRONG
                                                                                   : ELB_RIGHT;
        counts[tried->outcome]++;
        ck_assert_int_eq(tried->outcome, expected);
        ck_assert(isfinite(tried->seconds) == (expected == ELB_RIGHT));
    }
    ck_assert(counts[ELB_RIGHT] > 1 && counts[ELB_WRONG] > 0 && counts[ELB_FAILED] > 0);
    ck_assert_mem_eq(&dev->shape, &compiled, sizeof compiled);
    ck_assert_uint_eq(dev->bytes_in_use, 0);
    ck_assert_int_eq(err.status, ELBOW_OK);
    elb_device_close(dev);
}
END_TEST

START_TEST(no_shape_is_tried_twice)
{
    elb_device *dev = open_any_shape();
    elb_search search = {.count = 0};
    OK(elb_tune_products(&search, dev, products, 1, elb_seconds() + 100));
    for (uint32_t i = 0; i < search.count; i++)
        for (uint32_t j = 0; j < i; j++)
            ck_assert_mem_ne(&search.list[i].shape, &search.list[j].shape, sizeof(elb_shape));
    elb_device_close(dev);
}
END_TEST

START_TEST(it_ends_in_time_and_when_asked)
{
    elb_device *dev = open_any_shape();
    elb_search late = {.count = 0}, stopped = {.on_tried = stop_at_third};
    int calls = 0;
    stopped.user = &calls;
    OK(elb_tune_products(&late, dev, products, 1, elb_seconds()));
    ck_assert_uint_eq(late.count, 1); /* its own shape in any case */
    OK(elb_tune_products(&stopped, dev, products, 1, elb_seconds() + 100));
    ck_assert_uint_eq(stopped.count, 3);
    ck_assert(stopped.stopped);
    elb_device_close(dev);
}
END_TEST

/* The device's own shape must work: there would be nothing to measure against. */
START_TEST(a_broken_standard_is_an_error)
{
    elb_device *dev = open_any_shape();
    elb_search search = {.count = 0};
    dev->shape.width = compiled.width == 4 ? 8 : 4;
    ck_assert_int_eq(elb_tune_products(&search, dev, products, 1, elb_seconds() + 100), ELBOW_DEVICE);
    elb_device_close(dev);
}
END_TEST

/* ---- neighbours ---- */

START_TEST(neighbours_are_one_step_away)
{
    elb_shape near[8];
    elb_device cpu = {.prefers_local = false}, gpu = {.prefers_local = true};
    const elb_shape wide = {.width = 16, .group = 1, .block = 1024, .tile_rows = 8, .tile_vectors = 2};
    const elb_shape scalar = {.width = 1, .group = 64, .block = 1, .tile_rows = 4, .tile_vectors = 4};
    uint32_t count = elb_shapes_near(near, &cpu, wide);
    ck_assert_uint_eq(count, 5); /* rows and vectors each way, width down */
    for (uint32_t i = 0; i < count; i++) {
        ck_assert_int_eq(near[i].group, 1);
        const int changed =
            (near[i].width != 16) + (near[i].tile_rows != 8) + (near[i].tile_vectors != 2) + (near[i].block != 1024);
        ck_assert_int_eq(changed, 1);
    }
    count = elb_shapes_near(near, &gpu, scalar);
    ck_assert_uint_eq(count, 4); /* rows each way, vectors and group down; width 4 x group 64 is too much */
    for (uint32_t i = 0; i < count; i++) ck_assert(near[i].width * near[i].group <= 64);
    const elb_shape half = {.width = 1, .group = 16, .block = 1, .tile_rows = 4, .tile_vectors = 4};
    count = elb_shapes_near(near, &gpu, half);
    bool wider = false;
    for (uint32_t i = 0; i < count; i++)
        if (near[i].width == 4) wider = near[i].block == 4; /* a block holds whole vectors */
    ck_assert(wider);
}
END_TEST

/* ---- what is kept ---- */

static elb_device made_up_device(void)
{
    const elb_shape shape = {.width = 16, .group = 1, .block = 1024, .tile_rows = 8, .tile_vectors = 2};
    elb_device dev = {.err = &err, .shape = shape, .standard = shape};
    elb_format(dev.info.id, sizeof dev.info.id, "pocl:0");
    elb_format(dev.info.backend, sizeof dev.info.backend, "opencl");
    elb_format(dev.info.driver, sizeof dev.info.driver, "3.1");
    return dev;
}

START_TEST(what_is_kept_is_used)
{
    elb_device dev = made_up_device(), *at = &dev;
    elb_tuned kept = {.shape = dev.shape}, got;
    kept.shape.tile_rows = 12;
    ck_assert(!elb_tuned_get(&got, &dev));
    elb_tuned_apply(&at);
    ck_assert_mem_eq(&dev.shape, &dev.standard, sizeof dev.shape);
    OK(elb_tuned_put(&dev, &kept));
    ck_assert(elb_tuned_get(&got, &dev));
    ck_assert_mem_eq(&got, &kept, sizeof got);
    elb_tuned_apply(&at);
    ck_assert_ptr_eq(at, &dev);
    ck_assert_int_eq(dev.shape.tile_rows, 12);
    ck_assert_int_eq(dev.standard.tile_rows, 8);
}
END_TEST

START_TEST(what_is_kept_belongs_to_one_driver)
{
    elb_device dev = made_up_device();
    elb_tuned kept = {.shape = dev.shape}, got;
    OK(elb_tuned_put(&dev, &kept));
    elb_format(dev.info.driver, sizeof dev.info.driver, "3.2");
    ck_assert(!elb_tuned_get(&got, &dev));
    dev = made_up_device();
    elb_format(dev.info.name, sizeof dev.info.name, "another processor");
    ck_assert(!elb_tuned_get(&got, &dev));
    dev = made_up_device();
    dev.prefers_local = true; /* its products are another kernel's */
    ck_assert(!elb_tuned_get(&got, &dev));
}
END_TEST

START_TEST(what_is_kept_may_be_left_out)
{
    elb_device dev = made_up_device(), *at = &dev;
    elb_tuned kept = {.shape = dev.shape};
    kept.shape.tile_rows = 12;
    OK(elb_tuned_put(&dev, &kept));
    setenv("ELBOW_TUNED", "off", 1);
    elb_tuned_apply(&at);
    ck_assert_int_eq(dev.shape.tile_rows, 8);
    unsetenv("ELBOW_TUNED");
    kept.shape.width = 5; /* no kernel has it */
    OK(elb_tuned_put(&dev, &kept));
    elb_tuned_apply(&at);
    ck_assert_mem_eq(&dev.shape, &dev.standard, sizeof dev.shape);
    ck_assert_int_eq(err.status, ELBOW_OK);
    ck_assert_str_eq(err.text, "");
}
END_TEST

/* Native becomes another of its sets and keeps its name; a set that is none changes nothing. */
START_TEST(native_chooses_its_set)
{
    elb_device *dev;
    const elb_native_set *const *last = elb_native_sets;
    while (last[1]) last++;
    OK(elb_native_open(&dev, &err, NULL));
    char best[128];
    elb_format(best, sizeof best, "%s", dev->info.version);
    elb_tuned kept = {.shape = (*last)->shape};
    elb_format(kept.set, sizeof kept.set, "%s", (*last)->name);
    OK(elb_tuned_put(dev, &kept));
    elb_tuned_apply(&dev);
    ck_assert_str_eq(dev->info.version, (*last)->name);
    ck_assert_str_eq(dev->info.id, "native");
    elb_device_close(dev);

    OK(elb_native_open(&dev, &err, best)); /* named: it is what was meant */
    elb_tuned_apply(&dev);
    ck_assert_str_eq(dev->info.version, best);
    elb_device_close(dev);

    OK(elb_native_open(&dev, &err, NULL));
    elb_format(kept.set, sizeof kept.set, "none");
    OK(elb_tuned_put(dev, &kept));
    elb_tuned_apply(&dev);
    ck_assert_str_eq(dev->info.version, best);
    ck_assert_int_eq(err.status, ELBOW_OK);
    elb_device_close(dev);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 120);
    tcase_add_test(all, what_is_wrong_cannot_win);
    tcase_add_test(all, no_shape_is_tried_twice);
    tcase_add_test(all, it_ends_in_time_and_when_asked);
    tcase_add_test(all, a_broken_standard_is_an_error);
    tcase_add_test(all, neighbours_are_one_step_away);
    tcase_add_test(all, what_is_kept_is_used);
    tcase_add_test(all, what_is_kept_belongs_to_one_driver);
    tcase_add_test(all, what_is_kept_may_be_left_out);
    tcase_add_test(all, native_chooses_its_set);
    return run_case("tune", all);
}
