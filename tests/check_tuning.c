/* check_tuning.c - tuning as a whole: it ends with what was measured, keeps it, and changes no bit. */
#include "train/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/tune.h"
#include "own_cache.h"
#include "suite.h"

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, elbow_message(context))

static elbow_context *context;

static void setup(void)
{
    open_own_cache();
    unsetenv("ELBOW_CACHE");
    unsetenv("ELBOW_TUNED");
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
}

static void teardown(void)
{
    elbow_close(context);
    remove_own_cache();
}

static elbow_tune_options small_options(void)
{
    elbow_tune_options options = elbow_tune_default();
    memset(options.recipe.hidden, 0, sizeof options.recipe.hidden);
    options.recipe.hidden[0] = 24;
    options.recipe.latent = 3;
    options.batch = 32;
    options.seconds = 1;
    return options;
}

/* The winner is no slower than the standard, and is what a context opened later has. */
static void check_result(const elbow_tuning *t, const char *id)
{
    elbow_context *later;
    ck_assert(t->standard_ms > 0 && t->best_ms > 0 && t->best_ms <= t->standard_ms);
    ck_assert_uint_ge(t->tried, 1);
    ck_assert_uint_eq(t->wrong, 0);
    ck_assert(t->kept == (memcmp(&t->best, &t->standard, sizeof t->best) != 0));
    ck_assert_int_eq(elbow_open(&later, id), ELBOW_OK);
    const elb_shape shape = later->dev->shape;
    ck_assert(shape.width == t->best.width && shape.tile_rows == t->best.tile_rows && shape.block == t->best.block);
    if (t->best.set[0]) ck_assert_str_eq(later->dev->info.version, t->best.set);
    elbow_close(later);
}

START_TEST(native_chooses_among_its_sets)
{
    const elbow_tune_options options = small_options();
    elbow_tuning tuning;
    OK(elbow_tune(&tuning, context, &options));
    ck_assert_str_ne(tuning.standard.set, "");
    check_result(&tuning, "native");
}
END_TEST

/* Who computes products of fast maths is kept, for a model like that; exact maths has none of it. */
START_TEST(libraries_are_tried_for_fast_maths)
{
    elbow_tune_options options = small_options();
    elbow_tuning tuning;
    elb_model *model;
    OK(elbow_tune(&tuning, context, &options));
    ck_assert(isnan(tuning.fast_ms) && isnan(tuning.fast_own_ms) && !tuning.fast_kept && !tuning.fast[0]);
    options.maths = ELBOW_FAST;
    OK(elbow_tune(&tuning, context, &options));
    ck_assert(tuning.fast_ms > 0 && tuning.fast_own_ms > 0);
    ck_assert_ptr_nonnull(strstr(tuning.fast, "of 11 matrix products"));
    ck_assert(!tuning.fast_kept || tuning.fast_ms < tuning.fast_own_ms);
    ck_assert(!tuning.fast_kept || !strstr(tuning.fast, "11 by elbow's"));
    elbow_context *later;
    ck_assert_int_eq(elbow_open(&later, "native"), ELBOW_OK);
    OK(elb_model_new(&model, later->dev, &options.recipe, options.pixels, options.batch, options.batch));
    OK(elb_model_fast(model, options.batch, 1, NULL));
    char text[512];
    ck_assert(!elb_model_providers(model)->measured);
    ck_assert(elb_model_fast_text(text, model) == 0 || tuning.fast_kept);
    ck_assert(!tuning.fast_kept || strcmp(text, tuning.fast) == 0);
    OK(elb_model_fast(model, options.batch - 1, 1, NULL));
    ck_assert(elb_model_providers(model)->measured || elb_model_providers(model)->count == 0); /* other products */
    elb_model_free(model);
    elbow_close(later);
}
END_TEST

/* The first OpenCL device that is quick to build for, if there is one. */
START_TEST(a_driver_is_tuned)
{
    elbow_device_info *infos;
    size_t count;
    elbow_context *device;
    elbow_tuning tuning;
    const elbow_tune_options options = small_options();
    OK(elbow_devices(context, &infos, &count));
    for (size_t i = 0; i < count; i++) {
        if (strncmp(infos[i].id, "pocl", 4) != 0 || !infos[i].usable) continue;
        ck_assert_int_eq(elbow_open(&device, infos[i].id), ELBOW_OK);
        const elb_shape before = device->dev->shape;
        const elbow_status status = elbow_tune(&tuning, device, &options);
        ck_assert_msg(status == ELBOW_OK, "%s: %s", infos[i].id, elbow_message(device));
        ck_assert_mem_eq(&device->dev->shape, &before, sizeof before);
        elbow_close(device);
        check_result(&tuning, infos[i].id);
        break;
    }
    elbow_devices_free(infos);
}
END_TEST

static bool stop(void *user, const char *doing, double done)
{
    (*(int *)user)++;
    ck_assert(doing[0] != 0 && done >= 0 && done <= 1);
    return true;
}

START_TEST(it_may_be_stopped_and_then_keeps_nothing)
{
    elbow_tune_options options = small_options();
    elbow_tuning tuning;
    elb_tuned kept;
    int calls = 0;
    options.progress = stop;
    options.user = &calls;
    ck_assert_int_eq(elbow_tune(&tuning, context, &options), ELBOW_STOPPED);
    ck_assert_int_eq(calls, 1);
    ck_assert(!elb_tuned_get(&kept, context->dev));
}
END_TEST

static bool stop_at_products(void *user, const char *doing, double done)
{
    (void)done;
    *(bool *)user |= strstr(doing, "784 x 24, elbow's own: ") != NULL;
    return *(bool *)user;
}

START_TEST(it_may_be_stopped_while_libraries_are_tried)
{
    elbow_tune_options options = small_options();
    elbow_tuning tuning;
    elb_tuned kept;
    bool seen = false;
    options.maths = ELBOW_FAST;
    options.progress = stop_at_products;
    options.user = &seen;
    ck_assert_int_eq(elbow_tune(&tuning, context, &options), ELBOW_STOPPED);
    ck_assert(seen && !elb_tuned_get(&kept, context->dev));
}
END_TEST

START_TEST(what_cannot_be_tuned)
{
    elbow_tune_options options = small_options();
    elbow_context *one;
    elbow_tuning tuning;
    options.seconds = 0;
    ck_assert_int_eq(elbow_tune(&tuning, context, &options), ELBOW_USAGE);
    options = small_options();
    options.pixels = 100;
    ck_assert_int_eq(elbow_tune(&tuning, context, &options), ELBOW_USAGE);
    char id[80];
    elb_format(id, sizeof id, "native:%s", context->dev->info.version);
    ck_assert_int_eq(elbow_open(&one, id), ELBOW_OK);
    options = small_options();
    ck_assert_int_eq(elbow_tune(&tuning, one, &options), ELBOW_USAGE);
    elbow_close(one);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 240);
    tcase_add_test(all, native_chooses_among_its_sets);
    tcase_add_test(all, libraries_are_tried_for_fast_maths);
    tcase_add_test(all, a_driver_is_tuned);
    tcase_add_test(all, it_may_be_stopped_and_then_keeps_nothing);
    tcase_add_test(all, it_may_be_stopped_while_libraries_are_tried);
    tcase_add_test(all, what_cannot_be_tuned);
    return run_case("tuning", all);
}
