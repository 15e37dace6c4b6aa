/* check_selftest.c - the rows of selftest hold on every device and shape, each catches the defect seeded for it, and a
 * program with one is refused at its first use. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device/native.h"
#include "elb_kernels.h"
#include "math/selftest.h"
#include "own_cache.h"
#include "suite.h"

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, err.text)

static elb_error err;
static elb_device *native;
static elbow_device_info *infos;
static size_t info_count;

static void setup(void)
{
    open_own_cache();
    err = (elb_error){.status = ELBOW_OK};
    OK(elb_native_open(&native, &err, NULL));
    OK(elb_discover(&err, &infos, &info_count));
}

static void teardown(void)
{
    free(infos);
    elb_device_close(native);
    remove_own_cache();
}

/* The i-th device if it is usable and OpenCL's, else NULL. */
static elb_device *open_opencl(size_t i)
{
    elb_device *dev;
    if (!infos[i].usable || strcmp(infos[i].backend, "native") == 0) return NULL;
    OK(elb_device_open(&dev, &err, infos[i].id));
    return dev;
}

/* ---- all rows are the same everywhere ---- */

typedef struct pass {
    elb_device *dev;
    uint32_t tried;
} pass;

static elbow_status expect_same(void *user, const elb_kernel *kernel, const void *options)
{
    pass *p = user;
    elbow_verdict verdict;
    OK(elb_selftest_kernel(&verdict, p->dev, native, kernel, options));
    ck_assert_msg(strcmp(verdict.result, "same") == 0, "%s (width %d, group %d): %s [%s] is %s, %llu ulp apart",
                  verdict.device, p->dev->shape.width, p->dev->shape.group, verdict.kernel, verdict.options,
                  verdict.result, (unsigned long long)verdict.max_ulp);
    p->tried++;
    return ELBOW_OK;
}

static void expect_all_same(elb_device *dev)
{
    pass p = {.dev = dev};
    for (uint32_t k = 0; elb_kernels[k]; k++) OK(elb_each_options(elb_kernels[k], expect_same, &p));
    ck_assert_uint_gt(p.tried, 17);
}

START_TEST(instruction_sets)
{
    for (uint32_t i = 0; elb_native_sets[i]; i++) {
        if (!elb_cpu_has(elb_native_sets[i]->name)) continue;
        elb_device *dev;
        OK(elb_native_open(&dev, &err, elb_native_sets[i]->name));
        expect_all_same(dev);
        ck_assert_uint_eq(dev->bytes_in_use, 0);
        elb_device_close(dev);
    }
}
END_TEST

static void count_verdict(void *user, const elbow_verdict *verdict)
{
    ck_assert_str_eq(verdict->result, "same");
    ck_assert_uint_eq(verdict->max_ulp, 0);
    ++*(uint32_t *)user;
}

START_TEST(own_shapes)
{
    for (size_t i = 0; i < info_count; i++) {
        elb_device *dev = open_opencl(i);
        if (!dev) continue;
        uint32_t verdicts = 0;
        OK(elb_selftest(dev, count_verdict, &verdicts));
        ck_assert_uint_gt(verdicts, 17);
        ck_assert_uint_eq(dev->bytes_in_use, 0);
        elb_device_close(dev);
    }
}
END_TEST

static const elb_shape shapes[] = {
    {1, 64, 1, 4, 4},   {1, 16, 3, 1, 2}, {4, 16, 4, 2, 1},  {4, 4, 64, 4, 2},
    {8, 1, 1024, 6, 2}, {8, 8, 24, 3, 1}, {16, 4, 32, 2, 1},
};

/* With the standard options: what a shape changes is not what an option does. */
static elbow_status expect_standard_same(elb_device *dev, const elb_kernel *kernel)
{
    union {
        char bytes[ELB_MAX_OPTIONS_SIZE];
        uint64_t aligned;
    } options = {{0}};
    pass p = {.dev = dev};
    for (uint32_t o = 0; o < kernel->option_count; o++) {
        const int32_t whole = (int32_t)kernel->options[o].standard;
        const float real = (float)kernel->options[o].standard;
        memcpy(options.bytes + kernel->options[o].offset,
               kernel->options[o].type == ELB_REAL ? (const void *)&real : (const void *)&whole, 4);
    }
    return expect_same(&p, kernel, kernel->option_count ? &options : NULL);
}

START_TEST(other_shapes)
{
    for (size_t i = 0; i < info_count; i++) {
        elb_device *dev = open_opencl(i);
        if (!dev) continue;
        OK(elb_device_reshape(dev, shapes[_i]));
        for (uint32_t k = 0; elb_kernels[k]; k++) OK(expect_standard_same(dev, elb_kernels[k]));
        elb_device_close(dev);
    }
}
END_TEST

/* ---- devices with faults: their launch function is another ---- */

typedef elbow_status launch_function(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                                     const elb_value *values);

static const elb_device_ops *sound_ops;
static elb_device_ops faulty_ops;

static void break_device(elb_device *dev, launch_function *launch)
{
    sound_ops = dev->ops;
    faulty_ops = *dev->ops;
    faulty_ops.launch = launch;
    dev->ops = &faulty_ops;
}

/* How many of a kernel's combinations of options are not the same, and how many there are. */
typedef struct tally {
    elb_device *dev;
    uint32_t differ, tried;
} tally;

static elbow_status count_different(void *user, const elb_kernel *kernel, const void *options)
{
    tally *t = user;
    elbow_verdict verdict;
    OK(elb_selftest_kernel(&verdict, t->dev, native, kernel, options));
    t->tried++;
    if (strcmp(verdict.result, "same") != 0) {
        t->differ++;
        ck_assert_uint_gt(verdict.max_ulp, 0);
    }
    return ELBOW_OK;
}

/* ---- one bit: without OpenCL too ---- */

static uint32_t past_end; /* elements past the end of an output at which the bit is */

static elbow_status launch_and_flip(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                                    const elb_value *values)
{
    TRY(sound_ops->launch(dev, kernel, options, groups, values));
    for (uint32_t a = 0; a < kernel->arg_count; a++) {
        if (!kernel->args[a].written) continue;
        const elb_view *view = &values[a].view;
        const size_t last = view->offset + (size_t)(view->rows - 1) * view->stride + view->cols - 1 + past_end;
        uint32_t word;
        TRY(elb_read(&word, view->buffer, last * sizeof word, sizeof word));
        word ^= 1;
        return elb_write(view->buffer, last * sizeof word, &word, sizeof word);
    }
    return ELBOW_OK;
}

START_TEST(one_bit_shows)
{
    elb_device *dev;
    OK(elb_native_open(&dev, &err, NULL));
    break_device(dev, launch_and_flip);
    past_end = 0;
    for (uint32_t k = 0; elb_kernels[k]; k++) {
        tally t = {.dev = dev};
        OK(elb_each_options(elb_kernels[k], count_different, &t));
        ck_assert_msg(t.differ == t.tried, "%s: a bit changed in its first output is seen with %u of %u options",
                      elb_kernels[k]->name, t.differ, t.tried);
    }
    past_end = 1;
    tally t = {.dev = dev};
    OK(elb_each_options(&elb_kernel_add, count_different, &t));
    ck_assert_msg(t.differ == t.tried, "a write past the end is not seen");
    elb_device_close(dev);
}
END_TEST

/* ---- defects: a device that builds another source than it was given, as if its compiler were broken ---- */

static elb_kernel defect;

static elbow_status launch_defect(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                                  const elb_value *values)
{
    return sound_ops->launch(dev, kernel->index == defect.index ? &defect : kernel, options, groups, values);
}

/* Makes every sound text of the kernel's row a defect. */
static void seed_defect(const elb_kernel *kernel)
{
    const elb_row *row = elb_selftest_rows[kernel->index];
    const char *rest = kernel->source, *next;
    ck_assert_msg(row->sound && strstr(rest, row->sound), "%s: its source has no \"%s\"", kernel->name, row->sound);
    size_t size;
    char *text = NULL;
    FILE *out = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(out);
    while ((next = strstr(rest, row->sound)) != NULL) {
        fprintf(out, "%.*s%s", (int)(next - rest), rest, row->defect);
        rest = next + strlen(row->sound);
    }
    fputs(rest, out);
    ck_assert_int_eq(fclose(out), 0);
    defect = *kernel;
    defect.source = text;
    defect.shared = NULL;
}

/* The shape for which the rows choose their defects. */
static const elb_shape defect_shape = {.width = 4, .group = 1, .block = 1024, .tile_rows = 4, .tile_vectors = 2};

/* Stops at the first combination of options that shows the defect. */
static elbow_status until_different(void *user, const elb_kernel *kernel, const void *options)
{
    tally *t = user;
    TRY(count_different(user, kernel, options));
    return t->differ ? ELBOW_WRONG_BITS : ELBOW_OK;
}

START_TEST(every_kernels_defect_is_caught)
{
    for (size_t i = 0; i < info_count; i++) {
        elb_device *dev = open_opencl(i);
        if (!dev) continue;
        OK(elb_device_reshape(dev, defect_shape));
        break_device(dev, launch_defect);
        for (uint32_t k = 0; elb_kernels[k]; k++) {
            tally t = {.dev = dev};
            seed_defect(elb_kernels[k]);
            const elbow_status found = elb_each_options(elb_kernels[k], until_different, &t);
            ck_assert_msg(found == ELBOW_WRONG_BITS, "%s: \"%s\" is not seen on %s", elb_kernels[k]->name,
                          elb_selftest_rows[k]->defect, dev->info.id);
            free((void *)(uintptr_t)defect.source);
        }
        elb_device_close(dev);
    }
}
END_TEST

/* ---- at the first use ---- */

/* One launch of row_sum over a row of two. */
static elbow_status use(elb_device *dev)
{
    const float x[2] = {2, 3};
    float y = 0;
    elb_buffer *buffer;
    TRY(elb_buffer_new(&buffer, dev, sizeof x + sizeof y));
    elbow_status status = elb_write(buffer, 0, x, sizeof x);
    if (status == ELBOW_OK)
        status = launch_row_sum(dev, (elb_range){1, 1}, elb_matrix(buffer, 2, 1, 1), elb_matrix(buffer, 0, 1, 2), 2, 2);
    if (status == ELBOW_OK) status = elb_read(&y, buffer, sizeof x, sizeof y);
    if (status == ELBOW_OK) ck_assert_float_eq(y, 5);
    elb_buffer_free(buffer);
    return status;
}

START_TEST(a_defect_is_refused_at_its_first_use)
{
    for (size_t i = 0; i < info_count; i++) {
        elb_device *dev = open_opencl(i);
        if (!dev) continue;
        elb_selftest_install(dev);
        OK(elb_device_reshape(dev, defect_shape));
        OK(use(dev));
        seed_defect(&elb_kernel_row_sum);
        break_device(dev, launch_defect);
        for (int again = 0; again < 3; again++) {
            err.text[0] = 0;
            ck_assert_int_eq(use(dev), ELBOW_WRONG_BITS);
            ck_assert_ptr_nonnull(strstr(err.text, dev->info.id));
            ck_assert_ptr_nonnull(strstr(err.text, "row_sum"));
            ck_assert_ptr_nonnull(strstr(err.text, "choose another device"));
        }
        ck_assert_uint_eq(dev->bytes_in_use, 0);
        dev->ops = sound_ops;
        OK(use(dev)); /* others are as good as before */
        dev->verify = NULL;
        setenv("ELBOW_VERIFY", "off", 1); /* nobody looks */
        elb_selftest_install(dev);
        ck_assert(!dev->verify);
        unsetenv("ELBOW_VERIFY");
        elb_device_close(dev);
        free((void *)(uintptr_t)defect.source);
    }
}
END_TEST

START_TEST(a_sound_program_is_tried_once)
{
    for (size_t i = 0; i < info_count; i++)
        for (int process = 0; process < 3; process++) {
            elb_device *dev = open_opencl(i);
            if (!dev) break;
            elb_selftest_install(dev);
            OK(use(dev));
            /* The reference is opened by a trial, and by nothing else; without a cache each process needs its own. */
            ck_assert_int_eq(dev->reference != NULL, process != 1);
            elb_device_close(dev);
            if (process == 1) setenv("ELBOW_CACHE", "off", 1);
            if (process == 2) unsetenv("ELBOW_CACHE");
        }
}
END_TEST

START_TEST(native_is_trusted)
{
    elb_device *dev;
    OK(elb_native_open(&dev, &err, NULL));
    elb_selftest_install(dev);
    OK(use(dev));
    ck_assert_ptr_null(dev->reference);
    elb_device_close(dev);
}
END_TEST

/* ---- options ---- */

static elbow_status note(void *user, const elb_kernel *kernel, const void *options)
{
    char text[192], *all = user;
    elb_options_text(text, sizeof text, kernel, options);
    ck_assert_ptr_null(strstr(all, text)); /* none comes twice */
    elb_format(all + strlen(all), 4096 - strlen(all), "%s\n", text);
    return ELBOW_OK;
}

START_TEST(all_options_are_tried)
{
    char all[4096] = "";
    OK(elb_each_options(&elb_kernel_elbo, note, all));
    ck_assert_ptr_nonnull(strstr(all, "LIKELIHOOD=BERNOULLI OUTPUT=SIGMOID SPREAD=FIXED PRECISION=1\n"));
    ck_assert_ptr_nonnull(strstr(all, "LIKELIHOOD=GAUSSIAN OUTPUT=IDENTITY SPREAD=FIXED PRECISION=0.37\n"));
    ck_assert_ptr_nonnull(strstr(all, "LIKELIHOOD=GAUSSIAN OUTPUT=SIGMOID SPREAD=OPTIMAL PRECISION=1\n"));
    ck_assert_ptr_nonnull(strstr(all, "LIKELIHOOD=NEGATIVE_BINOMIAL OUTPUT=SIGMOID SPREAD=EACH PRECISION=1\n"));
    uint32_t lines = 0;
    for (const char *c = all; *c; c++) lines += *c == '\n';
    const uint32_t plain = 3, located = 2 * (2 + 2), counts = 2 + 2; /* FIXED with two precisions, SHARED, EACH */
    ck_assert_uint_eq(lines, plain + 3 * located + 2 /* OPTIMAL */ + counts);
    ck_assert_ptr_null(strstr(all, "LIKELIHOOD=BERNOULLI OUTPUT=IDENTITY")); /* what has no effect is not varied */
    ck_assert_ptr_null(strstr(all, "LIKELIHOOD=POISSON OUTPUT=SIGMOID SPREAD=SHARED"));
    ck_assert_ptr_null(strstr(all, "LIKELIHOOD=LAPLACE OUTPUT=SIGMOID SPREAD=OPTIMAL"));
    ck_assert_ptr_null(strstr(all, "LIKELIHOOD=BERNOULLI OUTPUT=SIGMOID SPREAD=FIXED PRECISION=0.37"));
    ck_assert_ptr_null(strstr(all, "SPREAD=SHARED PRECISION=0.37"));
    ck_assert_ptr_null(strstr(all, "OUTPUT=TANH"));
    char short_text[8];
    const struct elbo_options options = ELBO_DEFAULTS;
    elb_options_text(short_text, sizeof short_text, &elb_kernel_elbo, &options);
    ck_assert_str_eq(short_text, "LIKELIH");
}
END_TEST

static TCase *add_open_case(Suite *suite, const char *name)
{
    TCase *added = add_case(suite, name);
    tcase_add_checked_fixture(added, setup, teardown);
    return added;
}

int main(void)
{
    unsetenv("ELBOW_CACHE");
    char pocl[] = "/tmp/elbow-pocl-XXXXXX", command[64];
    if (!mkdtemp(pocl)) return 1;
    setenv("POCL_CACHE_DIR", pocl, 1);
    Suite *suite = suite_create("selftest");
    /* Most of the time goes into drivers' compilers: these cases can be run by themselves (CK_RUN_CASE). */
    TCase *own = add_open_case(suite, "native"), *many = add_open_case(suite, "drivers");
    TCase *broken = add_open_case(suite, "defects");
    tcase_add_test(own, all_options_are_tried);
    tcase_add_test(own, instruction_sets);
    tcase_add_test(own, one_bit_shows);
    tcase_add_test(own, native_is_trusted);
    tcase_add_test(own, a_defect_is_refused_at_its_first_use);
    tcase_add_test(own, a_sound_program_is_tried_once);
    tcase_add_test(many, own_shapes);
    tcase_add_loop_test(many, other_shapes, 0, COUNT(shapes));
    tcase_add_test(broken, every_kernels_defect_is_caught);
    const int failed = run_all(suite);
    elb_format(command, sizeof command, "rm -rf '%s'", pocl);
    return system(command) != 0 || failed != 0;
}
