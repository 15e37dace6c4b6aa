/* check_opencl_team.c - parts of one OpenCL device (clCreateSubDevices), unequal ones, and native share each step. */
#include "elbow_cl.h"

#include "opencl_devices.h"

#include <dlfcn.h>

static elb_cl cl;

typedef cl_int(CL_API_CALL *create_parts)(cl_device_id, const cl_device_partition_property *, cl_uint, cl_device_id *,
                                          cl_uint *);

/* rusticl crashes when it is asked to. */
static bool can_be_cut(cl_device_id whole)
{
    cl_uint most = 0;
    const cl_int code = cl.GetDeviceInfo(whole, CL_DEVICE_PARTITION_MAX_SUB_DEVICES, sizeof most, &most, NULL);
    return code == CL_SUCCESS && most > 1;
}

/* A part with so many compute units: a context on it, or NULL where the driver cuts none. */
static elbow_context *open_part(cl_device_id whole, cl_uint units)
{
    const cl_device_partition_property by_count[] = {CL_DEVICE_PARTITION_BY_COUNTS, units,
                                                     CL_DEVICE_PARTITION_BY_COUNTS_LIST_END, 0};
    void *function = dlsym(dlopen("libOpenCL.so.1", RTLD_NOW), "clCreateSubDevices");
    create_parts create;
    cl_device_id part;
    cl_int code;
    elbow_context *context;
    memcpy(&create, &function, sizeof create);
    if (create(whole, by_count, 1, &part, NULL) != CL_SUCCESS) return NULL;
    cl_context objects = cl.CreateContext(NULL, 1, &part, NULL, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    cl_command_queue queue = cl.CreateCommandQueue(objects, part, 0, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_msg(elbow_open_cl(&context, objects, part, queue) == ELBOW_OK, "%s", elbow_message(context));
    ck_assert_uint_eq(elbow_device(context)->compute_units, units);
    cl.ReleaseCommandQueue(queue);
    cl.ReleaseContext(objects);
    return context;
}

static elbow_context *open_native(void)
{
    elbow_context *context;
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
    return context;
}

/* Parts of 1 unit and of all but one, or of all where that would be 1 too, and native: NULL where there are no parts.
 */
static elbow_context *open_team(cl_device_id whole, cl_uint units, bool native_first)
{
    elbow_context *one = open_part(whole, 1), *many = one ? open_part(whole, units > 2 ? units - 1 : units) : NULL;
    if (!many) return elbow_close(one), NULL;
    elbow_context *native = open_native(), *first = native_first ? native : many;
    ck_assert_int_eq(elbow_join(first, native_first ? many : native), ELBOW_OK);
    ck_assert_int_eq(elbow_join(first, one), ELBOW_OK);
    return first;
}

/* Trains up to so many epochs, from what `out` holds or from the start, and closes the context. */
static void train(char digest[65], elbow_context *context, const char *out, uint32_t epochs)
{
    elbow_recipe recipe = elbow_recipe_default();
    elbow_train_options options = elbow_train_default();
    elbow_data *data;
    elbow_model *model;
    memset(recipe.hidden, 0, sizeof recipe.hidden);
    recipe.hidden[0] = 9;
    recipe.latent = 3;
    options.epochs = epochs;
    options.batch = 32;
    options.shards = 7;
    options.free_bits = 0.1;
    options.out = out;
    options.resume = out && epochs > 1;
    ck_assert_int_eq(elbow_data_load(&data, context, "shapes", 100), ELBOW_OK);
    ck_assert_int_eq(elbow_model_new(&model, context, &recipe, data), ELBOW_OK);
    ck_assert_msg(elbow_train(model, data, &options) == ELBOW_OK, "%s", elbow_message(context));
    ck_assert_int_eq(elbow_model_digest(model, digest), ELBOW_OK);
    elbow_model_free(model);
    elbow_data_free(data);
    elbow_close(context);
}

START_TEST(unequal_parts_of_a_device)
{
    char native[65], team[65], run[96];
    if (found_count) OK(elb_cl_load(&cl, &err));
    for (size_t d = 0; d < found_count; d++) {
        const cl_uint units = can_be_cut(found[d].handle) ? found[d].info.compute_units : 1;
        elbow_context *context = units > 1 ? open_team(found[d].handle, units, false) : NULL;
        if (!context) continue;
        ck_assert_uint_ne(elbow_team_device(context, 0)->compute_units, elbow_team_device(context, 2)->compute_units);
        train(team, context, NULL, 2);
        elb_format(run, sizeof run, "%s/run%zu", folder, d);
        train(native, open_native(), run, 1); /* another team begins */
        train(native, open_native(), NULL, 2);
        ck_assert_str_eq(team, native);
        train(team, open_team(found[d].handle, units, true), run, 2);
        ck_assert_str_eq(team, native);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {unequal_parts_of_a_device};
    return run_suite("opencl_team", tests, COUNT(tests));
}
