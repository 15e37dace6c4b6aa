/* write.c - what all of bind's writers share. */
#include "bind.h"

#include <string.h>

bool is_pointer(elb_arg_type type)
{
    return type == ELB_ARG_REALS || type == ELB_ARG_BYTES || type == ELB_ARG_UINTS;
}

void stem(char name[MAX_NAME], const struct source *source)
{
    const char *dot = strrchr(source->text.name, '.');
    const size_t length = dot ? (size_t)(dot - source->text.name) : strlen(source->text.name);
    elb_format(name, MAX_NAME, "%.*s", (int)length, source->text.name);
}

/* What lies between two tokens: blanks as they are, comments as a blank and their line ends. */
static void write_gap(FILE *out, const char *begin, const char *end)
{
    if (!memchr(begin, '/', (size_t)(end - begin))) {
        fwrite(begin, 1, (size_t)(end - begin), out);
        return;
    }
    for (const char *at = begin; at < end; at++)
        if (*at == '\n') fputc('\n', out);
    fputc(' ', out);
}

/* Where what is for bind alone ends, OPTION(...) or PROGRAM(...), if it begins here; else NULL. */
static const char *end_of_ours(const struct source *source, const struct token *token)
{
    for (int o = 0; source && o < source->option_count; o++)
        if (source->options[o].begin == token->at) return source->options[o].end;
    return source && source->program_begin == token->at ? source->program_end : NULL;
}

static const struct kernel *kernel_at(const struct source *source, const struct token *token)
{
    for (int k = 0; source && k < source->kernel_count; k++)
        if (source->kernels[k].begin == token->at) return &source->kernels[k];
    return NULL;
}

/* Skips to the first token at or after a place, and counts the lines that are left out. */
static const struct token *skip_to(FILE *out, const struct token *token, const char *place)
{
    const int line = token->line;
    while (token->kind != END && token->at < place) token++;
    for (int l = line; l < token[-1].line; l++) fputc('\n', out);
    return token;
}

void write_code(FILE *out, const struct text *text, const struct source *source, const struct dialect *dialect)
{
    const char *done = text->bytes;
    fprintf(out, "#line 1 \"%s\"\n", dialect->path);
    for (const struct token *token = text->tokens; token->kind != END;) {
        write_gap(out, done, token->at);
        const char *ours_end = end_of_ours(source, token);
        const struct kernel *kernel = kernel_at(source, token);
        if (ours_end) {
            token = skip_to(out, token, ours_end);
            done = ours_end;
        } else if (kernel) {
            dialect->head(out, source, kernel);
            fprintf(out, "\n#line %d \"%s\"\n", kernel->body_line, dialect->path);
            while (token->at < kernel->body) token++;
            done = kernel->body;
        } else {
            if (token->kind == DIRECTIVE && dialect->include) {
                dialect->include(out, dialect->with, text, token);
            } else {
                fwrite(token->at, 1, token->length, out);
            }
            done = token->at + token->length;
            token++;
        }
    }
    fputc('\n', out);
}

void write_options_struct(FILE *out, const struct source *source, const struct kernel *kernel)
{
    if (source->option_count == 0) return;
    fprintf(out, "struct %s_options {\n", kernel->name);
    for (int o = 0; o < source->option_count; o++) {
        const struct option *option = &source->options[o];
        fprintf(out, "    %s %s; // %.*s\n", option->type == ELB_REAL ? "float" : "int32_t", option->field,
                (int)option->help->length - 2, option->help->at + 1);
    }
    fputs("};\n", out);
}
