/* check_discover.c - which devices there are, what auto means, and a machine whose OpenCL is missing or broken.
 *
 * Loaders read their settings once in a process: each case is this program again, with other variables around it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "device/discover.h"
#include "suite.h"

static unsigned remarks;
static char last[768];

static void listen(void *user, const char *text)
{
    (void)user;
    remarks++;
    elb_format(last, sizeof last, "%s", text);
}

/* ---- as its own child: prints "id usable preferred reason" for each device, then "remarks N: text" ---- */

static int list(void)
{
    elb_error err = {.listener = listen};
    elbow_device_info *infos;
    size_t count;
    if (elb_discover(&err, &infos, &count) != ELBOW_OK) return 1;
    for (size_t i = 0; i < count; i++)
        printf("%s %d %d %s\n", infos[i].id, infos[i].usable, infos[i].preferred, infos[i].reason);
    free(infos);
    printf("remarks %u: %s\n", remarks, last);
    elb_device *dev;
    if (elb_device_open(&dev, &err, "auto") != ELBOW_OK) return 2;
    printf("auto %s\n", dev->info.id);
    elb_device_close(dev);
    return 0;
}

static void run_with(char out[8192], const char *variables)
{
    char self[512] = "", command[1024];
    ck_assert_int_gt(readlink("/proc/self/exe", self, sizeof self - 1), 0);
    elb_format(command, sizeof command, "env %s '%s' --list", variables, self);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    const size_t got = fread(out, 1, 8191, pipe);
    out[got] = 0;
    ck_assert_msg(pclose(pipe) == 0, "%s: %s", command, out);
}

static void expect_words(const char *text, const char *words)
{
    ck_assert_msg(strstr(text, words) != NULL, "no '%s' in:\n%s", words, text);
}

/* The native device serves, and one line says why it is alone. */
static void expect_native_alone(const char *variables, const char *words)
{
    const char *without = "this build of elbow has no OpenCL";
    char out[8192];
    run_with(out, variables);
    ck_assert_msg(strncmp(out, "native 1 1 \nremarks 1: ", 23) == 0, "%s:\n%s", variables, out);
    expect_words(out, strstr(out, without) ? without : words);
    expect_words(out, "only the native device is there\n");
    expect_words(out, "auto native\n");
}

START_TEST(a_missing_library)
{
    expect_native_alone("ELBOW_OPENCL_LIBRARY=/no/such/libOpenCL.so", "/no/such/libOpenCL.so");
}
END_TEST

START_TEST(a_library_that_is_not_opencl)
{
    expect_native_alone("ELBOW_OPENCL_LIBRARY=libm.so.6", "no clGetPlatformIDs");
}
END_TEST

START_TEST(no_driver_or_a_broken_one)
{
    char folder[] = "/tmp/elbow-icd-XXXXXX", variables[128], command[256];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    elb_format(variables, sizeof variables, "OCL_ICD_VENDORS=%s/ OCL_ICD_FILENAMES=", folder);
    char out[8192];
    run_with(out, "A=b");
    const bool has_loader = strstr(out, "no OpenCL library") == NULL;
    if (has_loader) expect_native_alone(variables, "finds no driver");
    elb_format(command, sizeof command, "echo /no/such/driver.so > %s/broken.icd; echo > %s/empty.icd", folder, folder);
    ck_assert_int_eq(system(command), 0);
    if (has_loader) expect_native_alone(variables, "finds no driver");
    elb_format(command, sizeof command, "rm -rf %s", folder);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

START_TEST(software_devices_are_the_processor)
{
    char out[8192];
    run_with(out, "RUSTICL_ENABLE=llvmpipe");
    ck_assert_int_eq(strncmp(out, "native 1 ", 9), 0);
    if (strstr(out, "pocl:0")) expect_words(out, "pocl:0 1 0 the same processor as native\n");
    if (strstr(out, "rusticl:0")) expect_words(out, "rusticl:0 1 0 the same processor as native\n");
}
END_TEST

START_TEST(two_devices_of_one_driver)
{
    char out[8192];
    run_with(out, "POCL_DEVICES='basic pthread'");
    if (!strstr(out, "pocl:0")) return; /* no PoCL on this machine */
    expect_words(out, "pocl:1 1 0 the same processor as native\n");
}
END_TEST

/* ---- in this process ---- */

static elb_found made_up(const char *id, const char *hardware, bool gpu, double speed)
{
    elb_found found = {.gpu = gpu, .speed = speed, .handle = &remarks};
    elb_format(found.info.id, sizeof found.info.id, "%s", id);
    elb_format(found.hardware, sizeof found.hardware, "%s", hardware);
    return found;
}

START_TEST(ranks)
{
    elb_found native = made_up("native", "cpu", false, 0), pocl = made_up("pocl:0", "cpu", false, 1e6);
    const elb_found slow = made_up("amd:0", "pci:0000:01:00.0", true, 1e3);
    const elb_found fast = made_up("nvidia:0", "pci:0000:02:00.0", true, 1e4);
    const elb_found again = made_up("pocl:1", "pci:0000:02:00.0", true, 1e4);
    native.handle = NULL;
    ck_assert(elb_ranks_before(&fast, &slow) && !elb_ranks_before(&slow, &fast));
    ck_assert(elb_ranks_before(&slow, &native) && !elb_ranks_before(&native, &slow));
    ck_assert(elb_ranks_before(&native, &pocl) && !elb_ranks_before(&pocl, &native));
    ck_assert(!elb_ranks_before(&fast, &again) && !elb_ranks_before(&again, &fast));
    ck_assert(elb_same_hardware(&fast, &again) && elb_same_hardware(&native, &pocl));
    ck_assert(!elb_same_hardware(&fast, &slow) && !elb_same_hardware(&slow, &native));
}
END_TEST

START_TEST(unknown_ids)
{
    elb_error err = {0};
    elb_device *dev;
    ck_assert_int_eq(elb_device_open(&dev, &err, "natvie"), ELBOW_NOT_FOUND);
    ck_assert_ptr_null(dev);
    expect_words(err.text, "no device \"natvie\"; there are: auto, native");
    expect_words(err.text, "did you mean native?");
    ck_assert_int_eq(elb_device_open(&dev, &err, "quantum:3"), ELBOW_NOT_FOUND);
    ck_assert_ptr_null(strstr(err.text, "did you mean"));
    ck_assert_int_ne(elb_device_open(&dev, &err, "native:z80"), ELBOW_OK);
}
END_TEST

START_TEST(every_id_opens)
{
    elb_error err = {0};
    elb_found *found;
    size_t count;
    ck_assert_int_eq(elb_find(&err, &found, &count), ELBOW_OK);
    for (size_t i = 0; i < count; i++) {
        elb_device *dev;
        ck_assert_msg(elb_device_open(&dev, &err, found[i].info.id) == ELBOW_OK, "%s", err.text);
        ck_assert_str_eq(dev->info.id, found[i].info.id);
        elb_device_close(dev);
        for (size_t j = 0; j < i; j++) ck_assert_str_ne(found[i].info.id, found[j].info.id);
    }
    free(found);
}
END_TEST

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], "--list") == 0) return list();
    setenv("RUSTICL_ENABLE", "llvmpipe", 0);
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 120);
    tcase_add_test(all, a_missing_library);
    tcase_add_test(all, a_library_that_is_not_opencl);
    tcase_add_test(all, no_driver_or_a_broken_one);
    tcase_add_test(all, software_devices_are_the_processor);
    tcase_add_test(all, two_devices_of_one_driver);
    tcase_add_test(all, ranks);
    tcase_add_test(all, unknown_ids);
    tcase_add_test(all, every_id_opens);
    return run_case("discover", all);
}
