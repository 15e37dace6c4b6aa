/* write_opencl.c - elb_kernels.c: every kernel's OpenCL source and its descriptor. */
#include "bind.h"

#include <stdlib.h>
#include <string.h>

/* ---- one source text: headers flattened, heads rewritten ---- */

static void write_arg(FILE *out, const struct arg *arg, const char *tail)
{
    fprintf(out, "%.*s%s", (int)(arg->end - arg->begin), arg->begin, tail);
}

/* A view is a buffer and an offset: OpenCL 1.2 sub-buffers would need an alignment. */
static void head(FILE *out, const struct source *source, const struct kernel *kernel)
{
    (void)source;
    fprintf(out, "kernel __attribute__((reqd_work_group_size(GROUP, 1, 1))) void %s(", kernel->name);
    for (int a = 0; a < kernel->arg_count; a++) {
        const struct arg *arg = &kernel->args[a];
        const bool pointer = is_pointer(arg->type);
        if (a) fputs(", ", out);
        write_arg(out, arg, pointer ? "_" : "");
        if (pointer) fprintf(out, ", ulong %s_at_", arg->name);
    }
    fputs(") {", out);
    for (int a = 0; a < kernel->arg_count; a++) {
        const struct arg *arg = &kernel->args[a];
        if (!is_pointer(arg->type)) continue;
        fputc(' ', out);
        write_arg(out, arg, "");
        fprintf(out, " = %s_ + %s_at_;", arg->name, arg->name);
    }
}

struct flat {
    const char *folder;
    int count;
    char names[64][256]; /* of the headers that are in already */
};

static bool is_in(const struct flat *flat, const char *name)
{
    for (int i = 0; i < flat->count; i++)
        if (strcmp(flat->names[i], name) == 0) return true;
    return false;
}

/* The name in #include "name", or false. */
static bool included_name(char name[256], const struct token *token)
{
    char line[300];
    elb_format(line, sizeof line, "%.*s", (int)token->length, token->at);
    return sscanf(line, "# include \"%255[^\"]\"", name) == 1;
}

/* A header, once; what is for C alone (*_native.h) not at all. */
static void include(FILE *out, void *with, const struct text *text, const struct token *token)
{
    struct flat *flat = with;
    char name[256], path[4096];
    if (!included_name(name, token)) {
        fwrite(token->at, 1, token->length, out);
        return;
    }
    const char *tail = strstr(name, "_native.h");
    if ((tail && !tail[strlen("_native.h")]) || is_in(flat, name)) return;
    if (flat->count == COUNT(flat->names)) stop(text, token->line, "more than %d headers", flat->count);
    strcpy(flat->names[flat->count++], name);
    elb_format(path, sizeof path, "%s/%s", flat->folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) stop(text, token->line, "there is no %s", path);
    fclose(file);
    struct text header;
    read_text(&header, path);
    write_code(out, &header, NULL, &(struct dialect){head, include, flat, header.name});
    fprintf(out, "#line %d \"%s\"", token->line, text->name);
    free_text(&header);
}

/* Whether a file has a program of its own: if it names none, and where its options are to be others than the defaults,
 * which the program it names is built with. */
static bool has_its_own(const struct source *source)
{
    return !source->program[0] || source->option_count > 0;
}

/* A file's code in the program of several: each option is its default. */
static void write_shared(FILE *out, const struct source *source, struct flat *flat)
{
    for (int o = 0; o < source->option_count; o++)
        fprintf(out, "#define %s %s\n", source->options[o].name, source->options[o].standard);
    write_code(out, &source->text, source, &(struct dialect){head, include, flat, source->text.name});
    for (int o = 0; o < source->option_count; o++) fprintf(out, "#undef %s\n", source->options[o].name);
}

/* ---- as C ---- */

static void write_string(FILE *out, const char *text)
{
    fputs("    \"", out);
    for (; *text; text++) {
        if (*text == '\n')
            fputs(text[1] ? "\\n\"\n    \"" : "\\n", out);
        else if (strchr("\"\\?", *text))
            fprintf(out, "\\%c", *text);
        else if (*text >= ' ' && *text <= '~')
            fputc(*text, out);
        else
            fprintf(out, "\\%03o", (unsigned)(unsigned char)*text);
    }
    fputc('"', out);
}

static void write_source(FILE *out, const char *name, char *code)
{
    fprintf(out, "static const char source_%s[] =\n", name);
    write_string(out, code);
    fputs(";\n\n", out);
    free(code);
}

static void write_own_program(FILE *out, const struct program *all, const struct source *source)
{
    char name[MAX_NAME], *code = NULL;
    size_t length = 0;
    struct flat flat = {.folder = all->headers};
    if (!has_its_own(source)) return;
    FILE *text = open_memstream(&code, &length);
    write_code(text, &source->text, source, &(struct dialect){head, include, &flat, source->text.name});
    fclose(text);
    stem(name, source);
    write_source(out, name, code);
}

/* The program of all files that name the same as this one, if it is the first of them. */
static void write_shared_program(FILE *out, const struct program *all, const struct source *first)
{
    char *code = NULL;
    size_t length = 0;
    struct flat flat = {.folder = all->headers};
    if (!first->program[0]) return;
    for (const struct source *before = all->sources; before < first; before++)
        if (strcmp(before->program, first->program) == 0) return;
    FILE *text = open_memstream(&code, &length);
    for (const struct source *source = first; source < all->sources + all->count; source++)
        if (strcmp(source->program, first->program) == 0) write_shared(text, source, &flat);
    fclose(text);
    write_source(out, first->program, code);
}

static void write_lists(FILE *out, const struct choices *choices)
{
    for (int l = 0; l < choices->count; l++) {
        fprintf(out, "__attribute__((unused)) static const char *const choices_%s[] = {", choices->list[l].name);
        for (int c = 0; c < choices->list[l].count; c++) fprintf(out, "\"%s\", ", choices->list[l].names[c]);
        fputs("NULL};\n", out);
    }
    fputc('\n', out);
}

static void write_options(FILE *out, const struct source *source, const struct kernel *kernel)
{
    if (source->option_count == 0) return;
    fprintf(out, "static const elb_option_info options_%s[] = {\n", kernel->name);
    for (int o = 0; o < source->option_count; o++) {
        const struct option *option = &source->options[o];
        static const char *const types[] = {"ELB_INT", "ELB_REAL", "ELB_CHOICE"};
        fprintf(out, "    {\"%s\", %s, offsetof(struct %s_options, %s), ", option->name, types[option->type],
                kernel->name, option->field);
        if (option->choice)
            fprintf(out, "choices_%s, ELB_%s, ", option->choice->name, option->standard);
        else
            fprintf(out, "NULL, %s, ", option->standard);
        fprintf(out, "%.*s},\n", (int)option->help->length, option->help->at);
    }
    fputs("};\n", out);
}

static void write_args(FILE *out, const struct kernel *kernel)
{
    static const char *const types[] = {"REALS", "BYTES", "UINTS", "REAL", "UINT", "INT", "ULONG"};
    fprintf(out, "static const elb_arg_info args_%s[] = {\n", kernel->name);
    for (int a = 0; a < kernel->arg_count; a++)
        fprintf(out, "    {\"%s\", ELB_ARG_%s, %s},\n", kernel->args[a].name, types[kernel->args[a].type],
                kernel->args[a].written ? "true" : "false");
    fputs("};\n", out);
}

static void write_kernel(FILE *out, const struct source *source, const struct kernel *kernel, int index)
{
    char own[MAX_NAME];
    stem(own, source);
    write_options(out, source, kernel);
    write_args(out, kernel);
    fprintf(out, "const elb_kernel elb_kernel_%s = {\n    \"%s\", \"%s\", %d, source_%s, ", kernel->name, kernel->name,
            source->text.name, index, has_its_own(source) ? own : source->program);
    if (source->program[0] && has_its_own(source))
        fprintf(out, "source_%s, ", source->program);
    else
        fputs("NULL, ", out);
    if (source->option_count)
        fprintf(out, "sizeof(struct %s_options), %d, options_%s, ", kernel->name, source->option_count, kernel->name);
    else
        fputs("0, 0, NULL, ", out);
    fprintf(out, "%d, args_%s};\n\n", kernel->arg_count, kernel->name);
}

void write_opencl(FILE *out, const struct program *program)
{
    fputs("/* elb_kernels.c - written by bind from cl/: every kernel's source and what it takes. */\n"
          "#include \"elb_kernels.h\"\n\n#include <stddef.h>\n\n",
          out);
    write_lists(out, &program->choices);
    int index = 0;
    for (const struct source *source = program->sources; source < program->sources + program->count; source++) {
        write_own_program(out, program, source);
        write_shared_program(out, program, source);
        for (int k = 0; k < source->kernel_count; k++) write_kernel(out, source, &source->kernels[k], index++);
    }
    fputs("const elb_kernel *const elb_kernels[] = {\n", out);
    for (int s = 0; s < program->count; s++)
        for (int k = 0; k < program->sources[s].kernel_count; k++)
            fprintf(out, "    &elb_kernel_%s,\n", program->sources[s].kernels[k].name);
    fputs("    NULL};\n", out);
}
