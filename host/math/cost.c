#include "math/cost.h"

#include <string.h>

/* What a kernel does for each element of one of its arguments. */
typedef struct per_element {
    const char *kernel, *of;
    double flops;
    double reals, bytes; /* read and written: reals, and what is not real */
} per_element;

static const per_element table[] = {
    {"adam", "g", 57, 7, 0},       {"add", "y", 1, 3, 0},
    {"condition", "t", 135, 2, 4}, {"decode_mean", "y", 45, 2, 0},
    {"draw", "x", 150, 2, 0}, /* Gaussian */
    {"elbo", "y", 113, 3, 0}, /* Bernoulli; a Gaussian costs about half */
    {"epilogue", "c", 1, 2, 0},    {"find_bad", "x", 0, 1, 0},
    {"gather", "x", 23, 1, 1},     {"gather_reals", "x", 0, 2, 0},
    {"gate", "y", 49, 2, 0},       {"gate_backward", "dy", 60, 5, 0},
    {"guard", "chunks", 1, 1, 0}, /* and a look at the losses, which are fewer */
    {"iwae", "loss", 75, 5, 0},    {"iwae_backward", "dz", 8, 3, 0},
    {"latent", "z", 105, 5, 0},    {"latent_backward", "dz", 33, 6, 0},
    {"optimum", "p", 150, 4, 0},   {"row_sum", "x", 1, 1, 0},
    {"scale_rows", "x", 2, 2, 0},  {"settle", "y", 0, 2, 0},
    {"squares", "x", 2, 1, 0},     {"sum_rows", "x", 1, 1, 0},
    {"triad", "y", 2, 3, 0},       {"weigh", "weights", 2, 2, 0}, /* FREE_BITS; the other rules a little more, once */
};

/* Those that do something else than so much for each element. */
static const char *const products[] = {"gemm", "gemm_local"};

/* The number of an argument, or of an option; -1: there is none. */
static int arg_of(const elb_kernel *kernel, const char *name)
{
    for (uint32_t a = 0; a < kernel->arg_count; a++)
        if (strcmp(kernel->args[a].name, name) == 0) return (int)a;
    return -1;
}

static double number(const elb_kernel *kernel, const elb_value *values, const char *name)
{
    const int at = arg_of(kernel, name);
    return at < 0 ? 0 : values[at].u;
}

static double elements(const elb_kernel *kernel, const elb_value *values, const char *name)
{
    const int at = arg_of(kernel, name);
    return at < 0 ? 0 : (double)values[at].view.rows * values[at].view.cols;
}

static bool is_on(const elb_kernel *kernel, const void *options, const char *name)
{
    int32_t value = 0;
    for (uint32_t o = 0; o < kernel->option_count; o++)
        if (strcmp(kernel->options[o].name, name) == 0)
            memcpy(&value, (const char *)options + kernel->options[o].offset, sizeof value);
    return value != 0;
}

/* Whether an option or an argument, whichever the kernel has, is on. */
static bool asks(const elb_kernel *kernel, const void *options, const elb_value *values, const char *option,
                 const char *arg)
{
    return is_on(kernel, options, option) || number(kernel, values, arg) != 0;
}

static bool is_product(const elb_kernel *kernel)
{
    for (size_t i = 0; i < COUNT(products); i++)
        if (strcmp(products[i], kernel->name) == 0) return true;
    return false;
}

/* C (m, n) from A (m, k) and B (k, n), a bias (n) and an output (m, n), each read once. A device that cuts long sums
 * (gemm_local) is given the terms from `from` to `to` of k. */
static elb_cost product(double real, const elb_kernel *kernel, const void *options, const elb_value *values)
{
    const bool cut = arg_of(kernel, "to") >= 0;
    const double m = number(kernel, values, "m"), n = number(kernel, values, "n");
    const double k = cut ? number(kernel, values, "to") - number(kernel, values, "from") : number(kernel, values, "k");
    const double more = (asks(kernel, options, values, "BIAS", "with_bias") ? n : 0) +
                        (asks(kernel, options, values, "GRADIENT", "gradient") ? m * n : 0);
    return (elb_cost){2 * m * n * k, real * (m * k + k * n + m * n + more)};
}

static const per_element *find(const elb_kernel *kernel)
{
    for (size_t i = 0; i < COUNT(table); i++)
        if (strcmp(table[i].kernel, kernel->name) == 0) return &table[i];
    return NULL;
}

elb_cost elb_cost_of(const elb_device *dev, const elb_kernel *kernel, const void *options, const elb_value *values)
{
    const double real = (double)dev->real_size;
    if (is_product(kernel)) return product(real, kernel, options, values);
    if (strcmp(kernel->name, "pack") == 0) {
        const double dense = number(kernel, values, "k") * number(kernel, values, "n");
        return (elb_cost){0, real * (dense + elements(kernel, values, "panels"))};
    }
    if (strcmp(kernel->name, "fma_chain") == 0) {
        const double count = number(kernel, values, "count");
        return (elb_cost){2 * count * number(kernel, values, "turns"), real * 2 * count};
    }
    const per_element *known = find(kernel);
    if (!known) return (elb_cost){0, 0};
    const double count = elements(kernel, values, known->of);
    return (elb_cost){known->flops * count, (known->reals * real + known->bytes) * count};
}

static bool has_args(const elb_kernel *kernel, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (arg_of(kernel, names[i]) < 0) return false;
    return true;
}

bool elb_cost_known(const elb_kernel *kernel)
{
    if (is_product(kernel)) return has_args(kernel, (const char *const[]){"m", "n", "k"}, 3);
    if (strcmp(kernel->name, "pack") == 0) return has_args(kernel, (const char *const[]){"k", "n", "panels"}, 3);
    if (strcmp(kernel->name, "fma_chain") == 0) return has_args(kernel, (const char *const[]){"count", "turns"}, 2);
    const per_element *known = find(kernel);
    return known && has_args(kernel, &known->of, 1);
}
