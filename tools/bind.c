/* bind.c - turns the kernels of cl/ into C that the library is built from.
 *
 *     bind OUTDIR HEADERS cl/elbo.cl cl/gemm.cl ...
 *
 * reads each kernel's signature and OPTION lines, and choices.h from the folder HEADERS (cl), and writes into OUTDIR
 *
 *     elb_kernels.h     options structs and typed launch functions
 *     elb_kernels.c     OpenCL sources and descriptors
 *     native_<file>.c   a file's kernels as C, compiled once for each instruction set
 *     native_table.c    the set of all of them
 *
 * A file that would not change is not touched.
 */
#include "bind/bind.h"

#include <stdlib.h>
#include <string.h>

static void save_program(const char *folder, const char *name, void (*write)(FILE *, const struct program *),
                         const struct program *program)
{
    char *bytes = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&bytes, &length);
    write(out, program);
    fclose(out);
    write_file(folder, name, bytes);
    free(bytes);
}

static void save_native(const char *folder, const struct source *source)
{
    char *bytes = NULL, name[MAX_NAME], file[MAX_NAME + 16];
    size_t length = 0;
    stem(name, source);
    elb_format(file, sizeof file, "native_%s.c", name);
    FILE *out = open_memstream(&bytes, &length);
    write_native(out, source);
    fclose(out);
    write_file(folder, file, bytes);
    free(bytes);
}

static void read_choices(struct program *program)
{
    char path[4096];
    elb_format(path, sizeof path, "%s/choices.h", program->headers);
    struct text text;
    read_text(&text, path);
    parse_choices(&program->choices, &text);
    free_text(&text);
}

int main(int count, char **words)
{
    if (count < 3 || count - 3 > MAX_FILES) {
        fprintf(stderr, "usage: bind OUTDIR HEADERS FILE.cl... (at most %d files)\n", MAX_FILES);
        return 2;
    }
    struct program *program = calloc(1, sizeof *program);
    if (!program) return 1;
    program->headers = words[2];
    read_choices(program);
    for (int i = 3; i < count; i++) {
        struct source *source = &program->sources[program->count++];
        read_text(&source->text, words[i]);
        parse_source(source, program);
    }
    save_program(words[1], "elb_kernels.h", write_header, program);
    save_program(words[1], "elb_kernels.c", write_opencl, program);
    save_program(words[1], "native_table.c", write_native_table, program);
    for (int s = 0; s < program->count; s++) {
        save_native(words[1], &program->sources[s]);
        free_text(&program->sources[s].text);
    }
    free(program);
    return 0;
}
