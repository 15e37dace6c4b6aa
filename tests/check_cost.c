/* check_cost.c - what launches cost, and the roofs that this is compared with. */
#include "math/cost.h"

#include <math.h>
#include <string.h>

#include "device/native.h"
#include "elb_kernels.h"
#include "math/gemm.h"
#include "math/peaks.h"
#include "suite.h"

#define OK(call) ck_assert_msg((call) == ELBOW_OK, "%s: %s", #call, err.text)

static elb_error err;
static elb_device *dev;

static void setup(void)
{
    err = (elb_error){.status = ELBOW_OK};
    OK(elb_native_open(&dev, &err, NULL));
}

static void teardown(void)
{
    elb_device_close(dev);
}

START_TEST(every_kernel_has_a_cost)
{
    for (size_t k = 0; elb_kernels[k]; k++)
        ck_assert_msg(elb_cost_known(elb_kernels[k]),
                      "kernel %s has no line in host/math/cost.c, or one that names an argument it has no more",
                      elb_kernels[k]->name);
}
END_TEST

static elb_view new_matrix(uint32_t rows, uint32_t cols)
{
    elb_buffer *buffer;
    OK(elb_buffer_new(&buffer, dev, (size_t)rows * cols * sizeof(float)));
    return elb_matrix(buffer, 0, rows, cols);
}

static void check_product(const elb_epilogue *epilogue, elb_view c, elb_view a, elb_view b, elb_view scratch,
                          double bytes)
{
    elb_profile profile = {.entries = NULL};
    OK(elb_profile_begin(dev, &profile, elb_cost_of));
    OK(elb_gemm(dev, c, a, NO_TRANS, b, NO_TRANS, epilogue, scratch));
    OK(elb_profile_end(dev));
    ck_assert_uint_eq(profile.count, 1);
    ck_assert_double_eq(profile.entries[0].cost.flops, 2 * 3 * 32 * 7);
    ck_assert_double_eq(profile.entries[0].cost.bytes, bytes);
    elb_profile_free(&profile);
}

/* C (3, 32) = A (3, 7) B (7, 32) with a bias: 2 3 32 7 operations; A, B, C and the bias once. */
START_TEST(a_product_costs_what_the_books_say)
{
    const elb_view c = new_matrix(3, 32), a = new_matrix(3, 7), b = new_matrix(7, 32), bias = new_matrix(1, 32);
    const elb_view scratch = new_matrix(1, (uint32_t)elb_gemm_scratch(dev, 7, 32));
    const elb_epilogue biased = {.bias = bias}, backwards = {.activation = ELB_RELU, .output = c};
    check_product(&biased, c, a, b, scratch, 4 * (3 * 7 + 7 * 32 + 3 * 32 + 32));
    check_product(&backwards, c, a, b, scratch, 4 * (3 * 7 + 7 * 32 + 3 * 32 + 3 * 32));
    const elb_view all[] = {c, a, b, bias, scratch};
    for (size_t i = 0; i < COUNT(all); i++) elb_buffer_free(all[i].buffer);
}
END_TEST

START_TEST(elements_are_counted)
{
    const elb_view y = new_matrix(1, 1000), x = new_matrix(1, 1000);
    elb_profile profile = {.entries = NULL};
    OK(elb_profile_begin(dev, &profile, elb_cost_of));
    OK(launch_add(dev, (elb_range){1, 1}, y, x, 1000));
    OK(launch_fma_chain(dev, (elb_range){10, 1}, y, x, 1000, 5, 0.5, 0.5));
    OK(elb_profile_end(dev));
    ck_assert_double_eq(profile.entries[0].cost.flops, 1000);
    ck_assert_double_eq(profile.entries[0].cost.bytes, 12000);
    ck_assert_double_eq(profile.entries[1].cost.flops, 2 * 5 * 1000);
    elb_profile_free(&profile);
    elb_buffer_free(y.buffer);
    elb_buffer_free(x.buffer);
}
END_TEST

/* No machine that runs this does less than 10 Mflop/s and 10 MB/s, or more than 1 Pflop/s; memory gives it back. */
START_TEST(peaks_are_numbers)
{
    elb_peaks peaks;
    OK(elb_peaks_measure(&peaks, dev));
    const double figures[] = {peaks.flops, peaks.memory_bytes, peaks.cache_bytes};
    for (size_t i = 0; i < COUNT(figures); i++)
        ck_assert_msg(figures[i] > 1e7 && figures[i] < 1e15, "figure %zu: %g", i, figures[i]);
    ck_assert_uint_eq(dev->bytes_in_use, 0);
    ck_assert_ptr_null(dev->profile);
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, setup, teardown);
    tcase_set_timeout(all, 60);
    tcase_add_test(all, every_kernel_has_a_cost);
    tcase_add_test(all, a_product_costs_what_the_books_say);
    tcase_add_test(all, elements_are_counted);
    tcase_add_test(all, peaks_are_numbers);
    return run_case("cost", all);
}
