/* check_opencl.c - objects lent and borrowed, names and messages, on every OpenCL device there is. */
#include "opencl_blend.h"

START_TEST(the_callers_objects)
{
    elb_cl cl;
    if (found_count) OK(elb_cl_load(&cl, &err));
    for (size_t d = 0; d < found_count; d++) {
        cl_device_id device = found[d].handle;
        cl_int code;
        cl_context context = cl.CreateContext(NULL, 1, &device, NULL, NULL, &code), other;
        ck_assert_int_eq(code, CL_SUCCESS);
        cl_command_queue queue = cl.CreateCommandQueue(context, device, 0, &code);
        ck_assert_int_eq(code, CL_SUCCESS);
        elb_device *dev;
        OK(elb_opencl_adopt(&dev, &err, context, device, queue));
        ck_assert_str_eq(dev->info.id, found[d].info.id);
        expect_blend(dev, &(struct blend_options){0, 3.0f});
        cl_mem memory = cl.CreateBuffer(context, CL_MEM_READ_WRITE, 100, NULL, &code);
        elb_buffer *buffer;
        OK(elb_opencl_wrap(&buffer, dev, memory));
        ck_assert_ptr_eq(elb_opencl_memory(buffer), memory);
        OK(elb_write(buffer, 90, "lent", 4));
        elb_buffer_free(buffer);
        ck_assert_uint_eq(dev->bytes_in_use, 0);
        void *its_context, *its_device, *its_queue;
        OK(elb_opencl_lend(dev, &its_context, &its_device, &its_queue));
        ck_assert(its_context == context && its_device == device && its_queue == queue);
        elb_device_close(dev);
        char got[4]; /* all three live on */
        ck_assert_int_eq(cl.EnqueueReadBuffer(queue, memory, CL_TRUE, 90, 4, got, 0, NULL, NULL), CL_SUCCESS);
        ck_assert_mem_eq(got, "lent", 4);
        other = cl.CreateContext(NULL, 1, &device, NULL, NULL, &code);
        ck_assert_int_eq(elb_opencl_adopt(&dev, &err, other, device, queue), ELBOW_USAGE);
        ck_assert_ptr_nonnull(strstr(err.text, "another cl_context"));
        ck_assert_int_eq(elb_opencl_adopt(&dev, &err, context, device, NULL), ELBOW_USAGE);
        cl.ReleaseContext(other);
        cl.ReleaseMemObject(memory);
        cl.ReleaseCommandQueue(queue);
        cl.ReleaseContext(context);
    }
}
END_TEST

START_TEST(a_queue_out_of_order_is_refused)
{
    elb_cl cl;
    if (found_count) OK(elb_cl_load(&cl, &err));
    for (size_t d = 0; d < found_count; d++) {
        cl_device_id device = found[d].handle;
        cl_int code;
        cl_context context = cl.CreateContext(NULL, 1, &device, NULL, NULL, &code);
        cl_command_queue queue = cl.CreateCommandQueue(context, device, CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, &code);
        if (code == CL_SUCCESS) {
            elb_device *dev;
            ck_assert_int_eq(elb_opencl_adopt(&dev, &err, context, device, queue), ELBOW_USAGE);
            ck_assert_ptr_nonnull(strstr(err.text, "in order"));
            cl.ReleaseCommandQueue(queue);
        }
        cl.ReleaseContext(context);
    }
}
END_TEST

/* ---- messages ---- */

START_TEST(errors_have_names)
{
    ck_assert_str_eq(elb_cl_error_name(-5), "CL_OUT_OF_RESOURCES");
    ck_assert_str_eq(elb_cl_error_name(-1001), "CL_PLATFORM_NOT_FOUND_KHR");
    ck_assert_str_eq(elb_cl_error_name(-4711), "an unknown error");
    ck_assert_int_eq(elb_cl_fail(&err, "pocl:0", "clEnqueueNDRangeKernel", "gemm", -5), ELBOW_DEVICE);
    ck_assert_str_eq(err.text, "device pocl:0: clEnqueueNDRangeKernel (gemm): CL_OUT_OF_RESOURCES (-5)");
    ck_assert_int_eq(elb_cl_fail(&err, "pocl:0", "clFinish", NULL, -4), ELBOW_MEMORY);
    ck_assert_str_eq(err.text, "device pocl:0: clFinish: CL_MEM_OBJECT_ALLOCATION_FAILURE (-4)");
}
END_TEST

START_TEST(platforms_have_short_names)
{
    static const char *const names[][2] = {
        {"Portable Computing Language", "pocl"},
        {"Intel(R) OpenCL Graphics", "intel"},
        {"NVIDIA CUDA", "nvidia"},
        {"AMD Accelerated Parallel Processing", "amd"},
        {"rusticl", "rusticl"},
        {"Oclgrind", "oclgrind"},
        {"My (new) Platform!", "my-new-platform"},
        {"***", "opencl"},
        {"", "opencl"},
    };
    for (size_t i = 0; i < COUNT(names); i++) {
        char slug[64];
        elb_quirk_slug(slug, sizeof slug, names[i][0]);
        ck_assert_str_eq(slug, names[i][1]);
    }
}
END_TEST

START_TEST(who_ends_loops_early)
{
    ck_assert_uint_eq(elb_quirk_most_turns("llvmpipe (LLVM 15.0.6, 256 bits)"), 65535);
    ck_assert_uint_eq(elb_quirk_most_turns("NVIDIA H100"), 0);
    ck_assert_uint_eq(elb_quirk_busy_groups(true, 132), 396);
    ck_assert_uint_eq(elb_quirk_busy_groups(false, 132), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_callers_objects, a_queue_out_of_order_is_refused, errors_have_names,
                                  platforms_have_short_names, who_ends_loops_early};
    return run_suite("opencl", tests, COUNT(tests));
}
