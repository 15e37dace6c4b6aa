/* opencl_blend.h - a kernel as bind writes them, with an option and an argument of each type, and what it computes. */
#ifndef ELB_TEST_OPENCL_BLEND_H
#define ELB_TEST_OPENCL_BLEND_H

#include "opencl_devices.h"

static const char *const source =
    "kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void blend(global float *y_, ulong y_at,\n"
    "    global const float *x_, ulong x_at, global const uchar *b_, ulong b_at, global uint *n_, ulong n_at,\n"
    "    uint first, int shift, ulong large, float scale) {\n"
    "    global float *y = y_ + y_at; global const float *x = x_ + x_at;\n"
    "    global const uchar *b = b_ + b_at; global uint *n = n_ + n_at;\n"
    "    const uint i = get_group_id(0) * GROUP + get_local_id(0);\n"
    "    const uint row = get_group_id(1);\n"
    "    if (row) { y[i] = -1.0f; return; }\n"
    "    y[i] = x[i] * FACTOR + scale + MODE;\n"
    "    n[i] = first + (uint)shift + (uint)(large >> 32) + b[i] + WIDTH;\n"
    "}\n";

struct blend_options {
    int32_t mode;
    float factor;
};

static const char *const modes[] = {"NONE", "SOME", NULL};
static const elb_option_info blend_option_infos[] = {
    {"MODE", ELB_CHOICE, offsetof(struct blend_options, mode), modes, 0, ""},
    {"FACTOR", ELB_REAL, offsetof(struct blend_options, factor), NULL, 1, ""},
};
static const elb_arg_info blend_args[] = {
    {"y", ELB_ARG_REALS, true},      {"x", ELB_ARG_REALS, false},    {"b", ELB_ARG_BYTES, false},
    {"n", ELB_ARG_UINTS, true},      {"first", ELB_ARG_UINT, false}, {"shift", ELB_ARG_INT, false},
    {"large", ELB_ARG_ULONG, false}, {"scale", ELB_ARG_REAL, false},
};

static inline elb_kernel blend_kernel(void)
{
    return (elb_kernel){.name = "blend",
                        .file = "blend.cl",
                        .index = 40,
                        .source = source,
                        .options_size = sizeof(struct blend_options),
                        .option_count = COUNT(blend_option_infos),
                        .options = blend_option_infos,
                        .arg_count = COUNT(blend_args),
                        .args = blend_args};
}

enum { GROUPS = 3, MOST = 3 * 64 };

static inline elbow_status run_blend(elb_device *dev, const elb_kernel *kernel, const struct blend_options *options,
                                     float *y, uint32_t *n)
{
    const uint32_t items = GROUPS * (uint32_t)dev->shape.group;
    elb_buffer *reals = new_buffer(dev, 3 * MOST * 4), *bytes = new_buffer(dev, MOST + 1);
    elb_buffer *uints = new_buffer(dev, (MOST + 2) * 4);
    float x[MOST];
    unsigned char b[MOST];
    for (uint32_t i = 0; i < items; i++) x[i] = (float)i, b[i] = (unsigned char)(i + 1);
    OK(dev->ops->write(dev, reals, 5 * 4, x, items * 4));
    OK(dev->ops->write(dev, bytes, 1, b, items));
    const elb_value values[] = {
        {.view = elb_matrix(reals, MOST + 7, 1, items)},
        {.view = elb_matrix(reals, 5, 1, items)},
        {.view = elb_matrix(bytes, 1, 1, items)},
        {.view = elb_matrix(uints, 2, 1, items)},
        {.u = 4000000000u},
        {.i = -3},
        {.ul = 5ull << 32},
        {.real = 0.5},
    };
    elbow_status status = dev->ops->launch(dev, kernel, options, (elb_range){GROUPS, 1}, values);
    if (status == ELBOW_OK) {
        OK(dev->ops->read(dev, y, reals, (MOST + 7) * 4, items * 4));
        OK(dev->ops->read(dev, n, uints, 2 * 4, items * 4));
    }
    dev->ops->buffer_free(reals);
    dev->ops->buffer_free(bytes);
    dev->ops->buffer_free(uints);
    return status;
}

static inline void expect_blend_of(elb_device *dev, const elb_kernel *kernel, const struct blend_options *options)
{
    float y[MOST];
    uint32_t n[MOST];
    OK(run_blend(dev, kernel, options, y, n));
    for (int32_t i = 0; i < GROUPS * dev->shape.group; i++) {
        ck_assert_float_eq(y[i], (float)i * options->factor + 0.5f + (float)options->mode);
        ck_assert_uint_eq(n[i], 4000000000u - 3 + 5 + (uint32_t)(i + 1) % 256 + (uint32_t)dev->shape.width);
    }
}

static inline void expect_blend(elb_device *dev, const struct blend_options *options)
{
    const elb_kernel kernel = blend_kernel();
    expect_blend_of(dev, &kernel, options);
}

#endif
