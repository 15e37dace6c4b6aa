/* check_opencl_program.c - what is built, run and kept, on every OpenCL device there is. */
#include "device/program.h"
#include "opencl_blend.h"

START_TEST(options_arguments_and_shapes)
{
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        expect_blend(dev, &(struct blend_options){0, 1.0f});
        expect_blend(dev, &(struct blend_options){1, -0.25f});
        expect_blend(dev, &(struct blend_options){0, 1.0f});
        OK(elb_device_reshape(dev, (elb_shape){4, 8, 4, 2, 1}));
        expect_blend(dev, &(struct blend_options){1, -0.25f});
        ck_assert_int_eq(elb_device_reshape(dev, (elb_shape){3, 8, 4, 2, 1}), ELBOW_USAGE);
        expect_blend(dev, &(struct blend_options){0, 1.0f});
        elb_device_close(dev);
    }
}
END_TEST

START_TEST(sources_that_do_not_build)
{
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_kernel kernel = blend_kernel();
        kernel.source = "kernel void blend(global float *y) {\n    y[0] = undeclared_word;\n}\n";
        const struct blend_options options = {0, 1.0f};
        ck_assert_int_eq(dev->ops->prepare(dev, &kernel, &options), ELBOW_DEVICE);
        ck_assert_msg(strstr(err.text, dev->info.id) && strstr(err.text, "kernel blend") &&
                          strstr(err.text, "undeclared_word") && !strchr(err.text, '\n'),
                      "%s", err.text);
        expect_blend(dev, &options); /* the device is still good */
        elb_device_close(dev);
    }
}
END_TEST

START_TEST(build_options_lose_no_digit)
{
    const elb_kernel kernel = blend_kernel();
    char text[ELB_BUILD_OPTIONS_SIZE];
    const elb_device dev = {.shape = {16, 1, 1024, 8, 2}};
    OK(elb_build_options(&err, text, &dev, &kernel, &(struct blend_options){1, 0.1f}));
    ck_assert_str_eq(text, "-cl-std=CL1.2 -DWIDTH=16 -DGROUP=1 -DBLOCK=1024 -DTILE_ROWS=8 -DTILE_VECTORS=2 -DMODE=1 "
                           "-DFACTOR=0x1.99999ap-4f");
}
END_TEST

/* With default options the program that several kernels share, which reads none; else the kernel's own. */
START_TEST(default_options_take_the_shared_program)
{
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_kernel kernel = blend_kernel();
        char shared[2000], text[ELB_BUILD_OPTIONS_SIZE];
        elb_format(shared, sizeof shared, "#define MODE 0\n#define FACTOR 1.0f\n%s", kernel.source);
        kernel.shared = shared;
        const struct blend_options standard = {0, 1.0f}, others[] = {{1, 1.0f}, {0, 1.5f}};
        ck_assert_ptr_eq(elb_program_source(&kernel, &standard), shared);
        OK(elb_build_options(&err, text, dev, &kernel, &standard));
        ck_assert(strstr(text, "-DTILE_VECTORS=") && !strstr(text, "MODE") && !strstr(text, "FACTOR"));
        expect_blend_of(dev, &kernel, &standard);
        for (size_t i = 0; i < COUNT(others); i++) {
            ck_assert_ptr_eq(elb_program_source(&kernel, &others[i]), kernel.source);
            expect_blend_of(dev, &kernel, &others[i]);
        }
        elb_device_close(dev);
    }
}
END_TEST

/* The device's division is used with the option that makes its promise hold, and not without the promise. */
START_TEST(own_division_is_built_as_promised)
{
    const elb_kernel kernel = blend_kernel();
    const struct blend_options options = {1, 0.1f};
    char text[ELB_BUILD_OPTIONS_SIZE];
    elb_device dev = {.shape = {16, 1, 1024, 8, 2}, .rounds_division = true};
    OK(elb_build_options(&err, text, &dev, &kernel, &options));
    ck_assert_ptr_nonnull(strstr(text, " -cl-fp32-correctly-rounded-divide-sqrt -DIEEE_DIVISION "));
    dev.rounds_division = false;
    OK(elb_build_options(&err, text, &dev, &kernel, &options));
    ck_assert_ptr_null(strstr(text, "DIVISION"));
}
END_TEST

/* ---- what is kept ---- */

static void program_key(elb_cache_key *key, elb_device *dev, const struct blend_options *options)
{
    char text[ELB_BUILD_OPTIONS_SIZE];
    const elb_kernel kernel = blend_kernel();
    OK(elb_build_options(&err, text, dev, &kernel, options));
    elb_program_key(key, "program", &dev->info, source, text);
}

static void damage_entry(const elb_cache_key *key)
{
    char path[PATH_MAX], hex[2 * ELB_SHA256_BYTES + 1];
    elb_sha256_hex(hex, key->bytes);
    elb_format(path, sizeof path, "%s/elbow/%s", folder, hex);
    void *file;
    size_t size;
    OK(elb_file_read(&err, &file, &size, path, 1 << 28));
    ((char *)file)[size - 1] ^= 1;
    OK(elb_file_write(&err, path, file, size));
    free(file);
}

/* The program of other options under this one's key: its results show that it is the kept one that runs. Then rubbish
 * in a sound entry, and a damaged entry: built anew, silently. */
START_TEST(built_programs_are_kept)
{
    const struct blend_options plain = {0, 1.0f}, other = {1, 2.0f};
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_cache_key key, other_key;
        program_key(&key, dev, &plain);
        program_key(&other_key, dev, &other);
        expect_blend(dev, &other);
        elb_device_close(dev);
        dev = open_device(d);
        void *binary;
        size_t size;
        ck_assert_msg(elb_cache_get(&binary, &size, &other_key), "%s keeps no program", dev->info.id);
        OK(elb_cache_put(&err, &key, binary, size));
        free(binary);
        const elb_kernel kernel = blend_kernel();
        float y[MOST];
        uint32_t n[MOST];
        OK(run_blend(dev, &kernel, &plain, y, n));
        ck_assert_float_eq(y[2], 2 * 2.0f + 0.5f + 1);
        elb_device_close(dev);
        /* Mesa 22.3 ends the whole process over a binary that is not its own; the digest keeps such from it. */
        if (strcmp(found[d].info.platform, "rusticl") != 0)
            OK(elb_cache_put(&err, &key, "rubbish", 7));
        else
            damage_entry(&key);
        dev = open_device(d);
        expect_blend(dev, &plain);
        elb_device_close(dev);
        ck_assert(elb_cache_get(&binary, &size, &key));
        ck_assert_uint_ne(size, 7); /* and kept in the rubbish's place */
        free(binary);
    }
    ck_assert_uint_eq(remarks, 0);
}
END_TEST

START_TEST(a_cache_that_cannot_be_written)
{
    char path[PATH_MAX];
    elb_format(path, sizeof path, "%s/file", folder);
    OK(elb_file_write(&err, path, "", 0));
    setenv("XDG_CACHE_HOME", path, 1);
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        remarks = 0;
        expect_blend(dev, &(struct blend_options){0, 1.0f});
        expect_blend(dev, &(struct blend_options){1, 1.0f});
        elb_device_close(dev);
        ck_assert_uint_eq(remarks, 1);
        ck_assert_ptr_nonnull(strstr(remark, path));
    }
}
END_TEST

START_TEST(verdicts)
{
    for (size_t d = 0; d < found_count; d++) {
        elb_device *dev = open_device(d);
        elb_kernel kernel = blend_kernel();
        const struct blend_options one = {0, 1.0f}, two = {1, 1.0f};
        char got[4];
        ck_assert(!elb_verdict_get(got, 4, dev, &kernel, &one));
        elb_verdict_put(dev, &kernel, &one, "same", 4);
        ck_assert(elb_verdict_get(got, 4, dev, &kernel, &one));
        ck_assert_mem_eq(got, "same", 4);
        ck_assert(!elb_verdict_get(got, 3, dev, &kernel, &one));
        ck_assert(!elb_verdict_get(got, 4, dev, &kernel, &two));
        dev->shape.tile_rows++;
        ck_assert(!elb_verdict_get(got, 4, dev, &kernel, &one));
        dev->shape.tile_rows--;
        dev->info.driver[0]++;
        ck_assert(!elb_verdict_get(got, 4, dev, &kernel, &one));
        dev->info.driver[0]--;
        kernel.source = "another";
        ck_assert(!elb_verdict_get(got, 4, dev, &kernel, &one));
        elb_device_close(dev);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {options_arguments_and_shapes,      sources_that_do_not_build,
                                  build_options_lose_no_digit,       default_options_take_the_shared_program,
                                  own_division_is_built_as_promised, built_programs_are_kept,
                                  a_cache_that_cannot_be_written,    verdicts};
    return run_suite("opencl_program", tests, COUNT(tests));
}
