/* write_native.c - native_<file>.c, which is compiled once for each instruction set, and native_table.c.
 *
 * A kernel becomes an inline function of its work-group's coordinates, its options and its arguments. Around it goes a
 * loop over work-groups, and around the loop a switch over the values of CHOICE options, so that in each copy of the
 * loop they are constants.
 */
#include "bind.h"

#define MAX_COPIES 8

static const char names[] = "#define ELB_JOIN_(a, b, c) a##b##_##c\n"
                            "#define ELB_JOIN(a, b, c)  ELB_JOIN_(a, b, c)\n"
                            "#define ELB_NATIVE(name)   ELB_JOIN(elb_native_, ELB_ISA, name)\n\n";

static void head(FILE *out, const struct source *source, const struct kernel *kernel)
{
    fputc('\n', out);
    for (int o = 0; kernel == source->kernels && o < source->option_count; o++)
        fprintf(out, "#define %s (option_.%s)\n", source->options[o].name, source->options[o].field);
    fprintf(out, "FUNCTION void %s_group(const uint32_t group_[2], const uint32_t groups_[2]", kernel->name);
    if (source->option_count) fprintf(out, ", const struct %s_options option_", kernel->name);
    for (int a = 0; a < kernel->arg_count; a++)
        fprintf(out, ", %.*s", (int)(kernel->args[a].end - kernel->args[a].begin), kernel->args[a].begin);
    fputs(") { (void)group_, (void)groups_;", out);
    if (source->option_count) fputs(" (void)option_;", out);
}

/* A value as the kernel's function takes it. */
static void write_argument(FILE *out, const struct arg *arg, int index)
{
    static const char *const forms[] = {
        [ELB_ARG_REALS] = "(real *)pointers[%d]", [ELB_ARG_BYTES] = "(uchar *)pointers[%d]",
        [ELB_ARG_UINTS] = "(uint *)pointers[%d]", [ELB_ARG_REAL] = "(real)values[%d].real",
        [ELB_ARG_UINT] = "values[%d].u",          [ELB_ARG_INT] = "values[%d].i",
        [ELB_ARG_ULONG] = "values[%d].ul",
    };
    char text[64];
    const char *form = forms[arg->type];
    const char *at = form;
    while (*at != '%') at++;
    elb_format(text, sizeof text, "%.*s%d%s", (int)(at - form), form, index, at + 2);
    fprintf(out, ", %s", text);
}

static void write_loop(FILE *out, const struct source *source, const struct kernel *kernel)
{
    fprintf(out, "FUNCTION void %s_groups(", kernel->name);
    if (source->option_count) fprintf(out, "const struct %s_options option, ", kernel->name);
    fprintf(out,
            "const elb_value *values, void *const *pointers,\n"
            "    const uint32_t groups[2], uint32_t first, uint32_t last)\n"
            "{\n"
            "    (void)values, (void)pointers;\n"
            "    for (uint32_t at = first; at < last; at++) {\n"
            "        const uint32_t group[2] = {at %% groups[0], at / groups[0]};\n"
            "        %s_group(group, groups%s",
            kernel->name, source->option_count ? ", option" : "");
    for (int a = 0; a < kernel->arg_count; a++) write_argument(out, &kernel->args[a], a);
    fputs(");\n    }\n}\n\n", out);
}

/* The first CHOICE options whose values have at most MAX_COPIES combinations. */
static int count_copies(int *option_count, const struct source *source)
{
    int copies = 1, o = 0;
    for (; o < source->option_count; o++) {
        const int values = source->options[o].choice ? source->options[o].choice->count : 1;
        if (copies * values > MAX_COPIES) break;
        copies *= values;
    }
    *option_count = o;
    return copies;
}

static void write_copy(FILE *out, const struct source *source, const struct kernel *kernel, int copy, int option_count)
{
    fputs("    if (", out);
    for (int set = 0, rest = copy, o = 0; o < option_count; o++) {
        const struct option *option = &source->options[o];
        if (!option->choice) continue;
        fprintf(out, "%soption.%s == %d", set++ ? " && " : "", option->field, rest % option->choice->count);
        rest /= option->choice->count;
    }
    fputs(") {\n", out);
    for (int rest = copy, o = 0; o < option_count; o++) {
        const struct option *option = &source->options[o];
        if (!option->choice) continue;
        fprintf(out, "        option.%s = %d;\n", option->field, rest % option->choice->count);
        rest /= option->choice->count;
    }
    fprintf(out,
            "        %s_groups(option, values, pointers, sizes, first, last);\n"
            "        return;\n    }\n",
            kernel->name);
}

/* The function that the table names. Options that are no choices, or are too many, stay variables. */
static void write_entry(FILE *out, const struct source *source, const struct kernel *kernel)
{
    fprintf(out,
            "elb_native_function ELB_NATIVE(%s);\n"
            "void ELB_NATIVE(%s)(const void *options, const elb_value *values, void *const *pointers,\n"
            "    elb_range groups, uint32_t first, uint32_t last)\n"
            "{\n"
            "    const uint32_t sizes[2] = {groups.x, groups.y};\n",
            kernel->name, kernel->name);
    if (source->option_count == 0) {
        fprintf(out, "    (void)options;\n    %s_groups(values, pointers, sizes, first, last);\n}\n\n", kernel->name);
        return;
    }
    fprintf(out, "    struct %s_options option = *(const struct %s_options *)options;\n", kernel->name, kernel->name);
    int option_count;
    const int copies = count_copies(&option_count, source);
    for (int c = 0; copies > 1 && c < copies; c++) write_copy(out, source, kernel, c, option_count);
    fprintf(out, "    %s_groups(option, values, pointers, sizes, first, last);\n}\n\n", kernel->name);
}

void write_native(FILE *out, const struct source *source)
{
    char name[MAX_NAME];
    stem(name, source);
    fprintf(out,
            "/* native_%s.c - written by bind from %s, for one instruction set: ELB_ISA. */\n"
            "#include \"device/device.h\"\n\n%s",
            name, source->text.name, names);
    for (int k = 0; k < source->kernel_count; k++) write_options_struct(out, source, &source->kernels[k]);
    write_code(out, &source->text, source, &(struct dialect){.head = head, .path = source->text.path});
    fprintf(out, "#line 1 \"native_%s.c, after the kernels\"\n", name);
    for (int k = 0; k < source->kernel_count; k++) {
        write_loop(out, source, &source->kernels[k]);
        write_entry(out, source, &source->kernels[k]);
    }
}

void write_native_table(FILE *out, const struct program *program)
{
    fprintf(out,
            "/* native_table.c - written by bind: one instruction set's kernels. */\n"
            "#include \"device/device.h\"\n\n#include \"language.h\"\n\n%s"
            "#define ELB_TEXT_(a) #a\n"
            "#define ELB_TEXT(a)  ELB_TEXT_(a)\n"
            "#define ELB_SET_(a)  elb_native_##a\n"
            "#define ELB_SET(a)   ELB_SET_(a)\n\n",
            names);
    for (int s = 0; s < program->count; s++)
        for (int k = 0; k < program->sources[s].kernel_count; k++)
            fprintf(out, "elb_native_function ELB_NATIVE(%s);\n", program->sources[s].kernels[k].name);
    fputs("\nstatic elb_native_function *const functions[] = {\n", out);
    for (int s = 0; s < program->count; s++)
        for (int k = 0; k < program->sources[s].kernel_count; k++)
            fprintf(out, "    ELB_NATIVE(%s),\n", program->sources[s].kernels[k].name);
    fputs("    NULL};\n\n"
          "extern const elb_native_set ELB_SET(ELB_ISA);\n"
          "const elb_native_set ELB_SET(ELB_ISA) = {\n"
          "    ELB_TEXT(ELB_ISA), sizeof(real), {WIDTH, GROUP, BLOCK, TILE_ROWS, TILE_VECTORS}, functions};\n",
          out);
}
