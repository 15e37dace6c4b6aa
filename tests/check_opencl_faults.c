/* check_opencl_faults.c - each call of OpenCL in a short run fails once (tests/cl_faults.c): a team ends with the
 * digest that it has without the fault, and a device alone with it or with a line and a state that native resumes to
 * it. No OpenCL object is left over, and no memory, which the leak sanitizer sees.
 *
 * ELBOW_FAULT_STRIDE: only each so-manieth call is tried. */
#include "elbow.h"

#include "base/base.h"
#include "suite.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIDE = 4, IMAGES = 8 };

static char run_folder[96];
enum { CALLS, READS, OBJECTS }; /* what the layer counts */

static elbow_status train(char digest[65], elbow_context *context, bool resume)
{
    float images[IMAGES * SIDE * SIDE];
    elbow_data *data = NULL;
    elbow_model *model = NULL;
    elbow_recipe recipe = elbow_recipe_default();
    elbow_train_options options = elbow_train_default();
    memset(recipe.hidden, 0, sizeof recipe.hidden);
    recipe.hidden[0] = 3;
    recipe.latent = 2;
    options.epochs = 1;
    options.batch = IMAGES / 2;
    options.shards = 2;
    options.free_bits = 0.1;
    options.save_every = 1e-9;
    options.out = run_folder;
    options.resume = resume;
    options.overwrite = !resume;
    for (int i = 0; i < IMAGES * SIDE * SIDE; i++) images[i] = (float)(i * 5 % 7) / 6;
    elbow_status status = elbow_data_from_floats(&data, context, SIDE, SIDE, 1, images, IMAGES, NULL, 0);
    if (status == ELBOW_OK) status = elbow_model_new(&model, context, &recipe, data);
    if (status == ELBOW_OK) status = elbow_train(model, data, &options);
    if (status == ELBOW_OK) status = elbow_model_digest(model, digest);
    elbow_model_free(model);
    elbow_data_free(data);
    return status;
}

/* How a run ended. */
typedef struct ending {
    bool opened; /* all devices were */
    elbow_status status;
    char digest[65], message[768];
} ending;

static ending run(const char *devices, bool resume)
{
    ending end = {0};
    elbow_context *context;
    end.status = elbow_open(&context, devices);
    end.opened = end.status == ELBOW_OK;
    if (end.opened) end.status = train(end.digest, context, resume);
    elb_format(end.message, sizeof end.message, "%s", elbow_message(context));
    elbow_close(context);
    return end;
}

static bool holds_state(void)
{
    char path[128];
    elb_format(path, sizeof path, "%s/state.safetensors", run_folder);
    return access(path, F_OK) == 0;
}

static void remove_run(void)
{
    char command[128];
    elb_format(command, sizeof command, "rm -rf '%s'", run_folder);
    ck_assert_int_eq(system(command), 0);
}

/* The layer counts from the start of the process. */
static unsigned long told(int which)
{
    static unsigned long (*function)(int);
    void *layer = function ? NULL : dlopen(CL_FAULTS, RTLD_NOW | RTLD_NOLOAD);
    if (layer) {
        void *found = dlsym(layer, "cl_faults_told");
        memcpy(&function, &found, sizeof function);
        dlclose(layer);
    }
    return function ? function(which) : 0;
}

static void fail_at(unsigned long n)
{
    char fault[32];
    elb_format(fault, sizeof fault, "fail:%lu", told(CALLS) + n);
    setenv("ELBOW_FAULT", fault, 1);
}

/* ---- every call ---- */

static char right[65];

typedef struct endings {
    unsigned same, resumed, stopped;
} endings;

/* One run whose n-th call fails. A team that has been opened must not end otherwise than without the fault. */
static void try_call(endings *ends, const char *devices, unsigned long n, bool team)
{
    remove_run();
    fail_at(n);
    const ending end = run(devices, false);
    unsetenv("ELBOW_FAULT");
    ck_assert_msg(told(OBJECTS) == 0, "%s, call %lu: %lu OpenCL objects are left over", devices, n, told(OBJECTS));
    if (end.status == ELBOW_OK) {
        ck_assert_msg(strcmp(end.digest, right) == 0, "%s, call %lu: other bits", devices, n);
        ends->same++;
        return;
    }
    ck_assert_msg(!team || !end.opened, "%s, call %lu: %s", devices, n, end.message);
    ck_assert_msg(strstr(end.message, "pocl:0") && !strchr(end.message, '\n'), "%s, call %lu: no line about it: %s",
                  devices, n, end.message);
    if (!holds_state()) {
        ends->stopped++;
        return;
    }
    const ending resumed = run("native", true);
    ck_assert_msg(resumed.status == ELBOW_OK, "%s, call %lu, resumed: %s", devices, n, resumed.message);
    ck_assert_msg(strcmp(resumed.digest, right) == 0, "%s, call %lu: other bits once resumed", devices, n);
    ends->resumed++;
}

/* Tries the calls of a run, each stride-th of them. */
static endings try_calls(const char *devices, bool team)
{
    endings ends = {0};
    const char *text = getenv("ELBOW_FAULT_STRIDE");
    const unsigned long stride = text ? strtoul(text, NULL, 10) : 97, start = told(CALLS);
    const ending sound = run(devices, false);
    ck_assert_msg(sound.status == ELBOW_OK, "%s: %s", devices, sound.message);
    const unsigned long count = told(CALLS) - start;
    ck_assert_uint_gt(stride, 0);
    for (unsigned long n = 1; n <= count; n += stride) try_call(&ends, devices, n, team);
    printf("%-16s %lu calls, each %lu. of them: %u ended, %u resumed, %u stopped\n", devices, count, stride, ends.same,
           ends.resumed, ends.stopped);
    return ends;
}

START_TEST(a_device_alone_stops)
{
    const endings ends = try_calls("pocl:0", false);
    ck_assert_uint_gt(ends.stopped, 0);
    ck_assert_uint_gt(ends.resumed, 0);
}
END_TEST

START_TEST(a_team_ends)
{
    ck_assert_uint_gt(try_calls("native,pocl:0", true).same, 0);
    /* Before there is a team the first device is alone. */
    ck_assert_uint_gt(try_calls("pocl:0,native", false).same, 0);
}
END_TEST

/* Without a loader that takes layers, or without PoCL, there is nothing to try. */
static bool can_be_tried(void)
{
    const ending native = run("native", false);
    elb_format(right, sizeof right, "%s", native.digest);
    return native.status == ELBOW_OK && run("pocl:0", false).status == ELBOW_OK && told(CALLS) > 0;
}

int main(void)
{
    const TTest *const tests[] = {a_device_alone_stops, a_team_ends};
    char work[] = "/tmp/elbow-faults-XXXXXX", command[64];
    if (!mkdtemp(work)) return 1;
    elb_format(run_folder, sizeof run_folder, "%s/run", work);
    setenv("XDG_CACHE_HOME", work, 1);
    setenv("POCL_CACHE_DIR", work, 1);
    setenv("OPENCL_LAYERS", CL_FAULTS, 1);
    setenv("ELBOW_VERIFY", "off", 1); /* what takes longest at a first use */
    int failed = 77;
    if (can_be_tried()) {
        TCase *all = tcase_create("all");
        tcase_set_timeout(all, 0);
        for (size_t i = 0; i < COUNT(tests); i++) tcase_add_test(all, tests[i]);
        failed = run_case("opencl_faults", all);
    }
    elb_format(command, sizeof command, "rm -rf '%s'", work);
    return system(command) != 0 ? 1 : failed;
}
