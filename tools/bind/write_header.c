/* write_header.c - elb_kernels.h: options and typed launch functions. */
#include "bind.h"

#include <ctype.h>

static void capitals(char out[MAX_NAME], const char *name)
{
    size_t i = 0;
    for (; name[i]; i++) out[i] = (char)toupper((unsigned char)name[i]);
    out[i] = 0;
}

static void write_choices(FILE *out, const struct choices *choices)
{
    for (int l = 0; l < choices->count; l++) {
        const struct choice *choice = &choices->list[l];
        fprintf(out, "enum elb_%s {", choice->name);
        for (int c = 0; c < choice->count; c++) fprintf(out, "%s ELB_%s", c ? "," : "", choice->names[c]);
        fputs(" };\n", out);
    }
}

static void write_defaults(FILE *out, const struct source *source, const struct kernel *kernel)
{
    char name[MAX_NAME];
    capitals(name, kernel->name);
    fprintf(out, "#define %s_DEFAULTS {", name);
    for (int o = 0; o < source->option_count; o++) {
        const struct option *option = &source->options[o];
        fprintf(out, "%s .%s = %s%s", o ? "," : "", option->field, option->type == ELB_CHOICE ? "ELB_" : "",
                option->standard);
    }
    fprintf(out,
            " }\n"
            "static inline struct %s_options %s_defaults(void)\n"
            "{\n"
            "    return (struct %s_options)%s_DEFAULTS;\n"
            "}\n",
            kernel->name, kernel->name, kernel->name, name);
}

static const char *const parameter_types[] = {
    [ELB_ARG_REALS] = "elb_view", [ELB_ARG_BYTES] = "elb_view", [ELB_ARG_UINTS] = "elb_view", [ELB_ARG_REAL] = "double",
    [ELB_ARG_UINT] = "uint32_t",  [ELB_ARG_INT] = "int32_t",    [ELB_ARG_ULONG] = "uint64_t",
};

static const char *const value_fields[] = {
    [ELB_ARG_REALS] = "view", [ELB_ARG_BYTES] = "view", [ELB_ARG_UINTS] = "view", [ELB_ARG_REAL] = "real",
    [ELB_ARG_UINT] = "u",     [ELB_ARG_INT] = "i",      [ELB_ARG_ULONG] = "ul",
};

static void write_launch(FILE *out, const struct source *source, const struct kernel *kernel)
{
    fprintf(out, "static inline elbow_status launch_%s(elb_device *dev_", kernel->name);
    if (source->option_count) fprintf(out, ", const struct %s_options *options_", kernel->name);
    fputs(", elb_range groups_", out);
    for (int a = 0; a < kernel->arg_count; a++)
        fprintf(out, ", %s %s", parameter_types[kernel->args[a].type], kernel->args[a].name);
    fputs(")\n{\n    const elb_value values_[] = {", out);
    for (int a = 0; a < kernel->arg_count; a++)
        fprintf(out, "%s{.%s = %s}", a ? ", " : "", value_fields[kernel->args[a].type], kernel->args[a].name);
    fprintf(out, "};\n    return elb_launch(dev_, &elb_kernel_%s, %s, groups_, values_);\n}\n", kernel->name,
            source->option_count ? "options_" : "NULL");
}

void write_header(FILE *out, const struct program *program)
{
    fputs("/* elb_kernels.h - written by bind from cl/: every kernel's options and its launch function. */\n"
          "#ifndef ELB_KERNELS_H\n#define ELB_KERNELS_H\n\n#include \"device/device.h\"\n\n",
          out);
    write_choices(out, &program->choices);
    for (int s = 0; s < program->count; s++) {
        const struct source *source = &program->sources[s];
        for (int k = 0; k < source->kernel_count; k++) {
            const struct kernel *kernel = &source->kernels[k];
            fprintf(out, "\n/* ---- %s, of %s ---- */\n\n", kernel->name, source->text.name);
            write_options_struct(out, source, kernel);
            if (source->option_count) write_defaults(out, source, kernel);
            fprintf(out, "extern const elb_kernel elb_kernel_%s;\n", kernel->name);
            write_launch(out, source, kernel);
        }
    }
    fputs("\n/* X(name) for each kernel, in the order of elb_kernels. */\n#define ELB_EACH_KERNEL(X)", out);
    for (int s = 0; s < program->count; s++)
        for (int k = 0; k < program->sources[s].kernel_count; k++)
            fprintf(out, " \\\n    X(%s)", program->sources[s].kernels[k].name);
    fputs("\n\n#endif\n", out);
}
