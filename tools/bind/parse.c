/* parse.c - options and kernels' signatures from tokens. */
#include "bind.h"

#include <ctype.h>
#include <string.h>

#define SHOW(token) (int)(token)->length, (token)->at

static void copy_name(char name[MAX_NAME], const struct text *text, const struct token *token, const char *what)
{
    if (token->kind == END) stop(text, token->line, "the file ends where %s should be", what);
    if (token->kind != WORD) stop(text, token->line, "%s expected, not '%.*s'", what, SHOW(token));
    if (token->length >= MAX_NAME)
        stop(text, token->line, "'%.*s' is longer than %d characters", SHOW(token), MAX_NAME - 1);
    memcpy(name, token->at, token->length);
    name[token->length] = 0;
}

static const struct token *expect(const struct text *text, const struct token *token, const char *sign,
                                  const char *where)
{
    if (token->kind == END) stop(text, token->line, "the file ends where '%s' should be, %s", sign, where);
    if (!is(token, sign)) stop(text, token->line, "'%s' expected %s, not '%.*s'", sign, where, SHOW(token));
    return token + 1;
}

/* ---- choices.h ---- */

/* The list that has this enumerator, or NULL. */
static const struct choice *find_choice(const struct choices *choices, const char *name)
{
    for (int l = 0; l < choices->count; l++)
        for (int c = 0; c < choices->list[l].count; c++)
            if (strcmp(choices->list[l].names[c], name) == 0) return &choices->list[l];
    return NULL;
}

static const struct token *parse_choice(struct choices *choices, const struct text *text, const struct token *token)
{
    if (choices->count == MAX_LISTS) stop(text, token->line, "more than %d enumerations", MAX_LISTS);
    struct choice *choice = &choices->list[choices->count++];
    copy_name(choice->name, text, token + 1, "the enumeration's name");
    token = expect(text, token + 2, "{", "after the enumeration's name");
    while (!is(token, "}")) {
        char name[MAX_NAME];
        copy_name(name, text, token, "an enumerator");
        if (find_choice(choices, name)) stop(text, token->line, "enumerator %s is listed twice", name);
        if (choice->count == MAX_CHOICES) stop(text, token->line, "more than %d enumerators", MAX_CHOICES);
        strcpy(choice->names[choice->count++], name);
        token++;
        if (!is(token, "}")) token = expect(text, token, ",", "between enumerators (they count from 0)");
    }
    if (choice->count == 0) stop(text, token->line, "enum %s has no enumerators", choice->name);
    return expect(text, token + 1, ";", "after the enumeration");
}

void parse_choices(struct choices *choices, const struct text *text)
{
    for (const struct token *token = text->tokens; token->kind != END;) {
        if (token->kind == DIRECTIVE) {
            token++;
        } else if (is(token, "enum")) {
            token = parse_choice(choices, text, token);
        } else {
            stop(text, token->line, "only enumerations belong here, not '%.*s'", SHOW(token));
        }
    }
}

/* ---- OPTION(NAME, default, "help") ---- */

static const struct option *find_option(const struct source *source, const struct token *token)
{
    for (int o = 0; o < source->option_count; o++)
        if (is(token, source->options[o].name)) return &source->options[o];
    return NULL;
}

/* Whole numbers and plain decimal fractions ended by f; hexadecimal ones as well. */
static bool is_real(const struct token *token)
{
    const bool hexadecimal = token->length > 2 && strchr("xX", token->at[1]);
    return token->at[token->length - 1] == 'f' && (!hexadecimal || memchr(token->at, 'p', token->length));
}

static const struct token *parse_standard(struct option *option, const struct text *text, const struct choices *choices,
                                          const struct token *token)
{
    const bool minus = is(token, "-");
    const struct token *value = token + minus;
    if (!minus && value->kind == WORD) {
        copy_name(option->standard, text, value, "the default");
        option->type = ELB_CHOICE;
        option->choice = find_choice(choices, option->standard);
        if (!option->choice)
            stop(text, value->line, "the default of %s, %s, is none of choices.h", option->name, option->standard);
        return value + 1;
    }
    if (value->kind != NUMBER || value->length + 2 > MAX_NAME)
        stop(text, value->line, "the default of %s is a number or an enumerator of choices.h, not '%.*s'", option->name,
             SHOW(value));
    option->type = is_real(value) ? ELB_REAL : ELB_INT;
    if (option->type == ELB_INT && memchr(value->at, '.', value->length))
        stop(text, value->line, "the default of %s, %.*s, needs an f", option->name, SHOW(value));
    elb_format(option->standard, sizeof option->standard, "%s%.*s", minus ? "-" : "", SHOW(value));
    return value + 1;
}

static const struct token *parse_option(struct source *source, const struct choices *choices, const struct token *token)
{
    const struct text *text = &source->text;
    if (source->kernel_count) stop(text, token->line, "options come before the first kernel");
    if (source->option_count == MAX_OPTIONS) stop(text, token->line, "more than %d options", MAX_OPTIONS);
    struct option *option = &source->options[source->option_count];
    option->begin = token->at;
    token = expect(text, token + 1, "(", "after OPTION");
    if (find_option(source, token)) stop(text, token->line, "option %.*s is named twice", SHOW(token));
    copy_name(option->name, text, token, "the option's name");
    if (find_choice(choices, option->name))
        stop(text, token->line, "option %s has the name of an enumerator of choices.h", option->name);
    for (size_t i = 0; i < MAX_NAME; i++) {
        option->field[i] = (char)tolower((unsigned char)option->name[i]);
        if (islower((unsigned char)option->name[i]))
            stop(text, token->line, "option %s is written in capitals", option->name);
    }
    token = expect(text, token + 1, ",", "after the option's name");
    token = expect(text, parse_standard(option, text, choices, token), ",", "after the option's default");
    if (token->kind != STRING || *token->at != '"')
        stop(text, token->line, "option %s ends with a line of help in quotes", option->name);
    option->help = token;
    token = expect(text, token + 1, ")", "after the option's help");
    option->end = token[-1].at + 1;
    source->option_count++;
    return token;
}

/* ---- PROGRAM(name) ---- */

static const struct token *parse_program(struct source *source, const struct token *token)
{
    const struct text *text = &source->text;
    if (source->program[0]) stop(text, token->line, "PROGRAM is named twice");
    source->program_begin = token->at;
    token = expect(text, token + 1, "(", "after PROGRAM");
    copy_name(source->program, text, token, "the program's name");
    token = expect(text, token + 1, ")", "after the program's name");
    source->program_end = token[-1].at + 1;
    return token;
}

/* ---- kernel void name(...) { ---- */

static elb_arg_type parse_type(const struct text *text, const struct token *token, bool pointer)
{
    static const struct {
        const char *word;
        bool pointer;
        elb_arg_type type;
    } types[] = {
        {"real", true, ELB_ARG_REALS},   {"uchar", true, ELB_ARG_BYTES}, {"uint", true, ELB_ARG_UINTS},
        {"real", false, ELB_ARG_REAL},   {"uint", false, ELB_ARG_UINT},  {"int", false, ELB_ARG_INT},
        {"ulong", false, ELB_ARG_ULONG},
    };
    for (size_t i = 0; i < COUNT(types); i++)
        if (is(token, types[i].word) && types[i].pointer == pointer) return types[i].type;
    stop(text, token->line, "'%.*s' is no type of %s: %s", SHOW(token), pointer ? "a pointer" : "an argument",
         pointer ? "global real, uchar or uint" : "real, uint, int or ulong, or a global pointer");
}

/* global const real *x  or  uint n; constness may stand on either side of global. */
static const struct token *parse_arg(struct kernel *kernel, const struct text *text, const struct token *token)
{
    if (kernel->arg_count == ELB_MAX_ARGS) stop(text, token->line, "more than %d arguments", ELB_MAX_ARGS);
    struct arg *arg = &kernel->args[kernel->arg_count];
    arg->begin = token->at;
    bool global = false, constant = false;
    for (;; token++) {
        if (is(token, "global"))
            global = true;
        else if (is(token, "const"))
            constant = true;
        else
            break;
    }
    if (is(token, "local")) stop(text, token->line, "local memory is declared in the kernel's body, not passed to it");
    const bool pointer = token->kind != END && is(token + 1, "*");
    if (pointer != global)
        stop(text, token->line, pointer ? "pointers to kernels are global" : "a global argument is a pointer");
    arg->type = parse_type(text, token, pointer);
    token += pointer ? 2 : 1;
    if (is(token, "restrict")) token++;
    copy_name(arg->name, text, token, "the argument's name");
    for (int i = 0; i < kernel->arg_count; i++)
        if (strcmp(kernel->args[i].name, arg->name) == 0)
            stop(text, token->line, "kernel %s names two arguments %s", kernel->name, arg->name);
    arg->written = pointer && !constant;
    arg->end = token->at + token->length;
    kernel->arg_count++;
    return token + 1;
}

static const struct token *parse_body(const struct source *source, const struct token *token, bool kernel)
{
    const struct token *open = token;
    int depth = 0;
    do {
        if (token->kind == END) stop(&source->text, open->line, "a { is not closed: add }");
        if (!kernel && find_option(source, token))
            stop(&source->text, token->line, "option %.*s is named outside a kernel: pass it to the function",
                 SHOW(token));
        depth += is(token, "{") - is(token, "}");
        token++;
    } while (depth > 0);
    return token;
}

static const struct token *parse_kernel(struct source *source, const struct token *token)
{
    const struct text *text = &source->text;
    if (source->kernel_count == MAX_KERNELS) stop(text, token->line, "more than %d kernels in a file", MAX_KERNELS);
    struct kernel *kernel = &source->kernels[source->kernel_count];
    kernel->begin = token->at;
    token = expect(text, token + 1, "void", "after kernel");
    copy_name(kernel->name, text, token, "the kernel's name");
    token = expect(text, token + 1, "(", "after the kernel's name");
    while (kernel->arg_count == 0 || is(token, ",")) token = parse_arg(kernel, text, token + (kernel->arg_count > 0));
    token = expect(text, token, ")", "after the kernel's arguments");
    expect(text, token, "{", "before the kernel's body");
    kernel->body = token->at + 1;
    kernel->body_line = token->line;
    source->kernel_count++;
    return parse_body(source, token, true);
}

/* An option is an ordinary if: the preprocessor natively does not know it. */
static void check_directive(const struct source *source, const struct token *token)
{
    for (int o = 0; o < source->option_count; o++) {
        const char *name = source->options[o].name, *end = token->at + token->length;
        const size_t length = strlen(name);
        for (const char *at = token->at + 1; at + length <= end; at++)
            if (memcmp(at, name, length) == 0 && !isalnum((unsigned char)at[-1]) && at[-1] != '_' &&
                !isalnum((unsigned char)at[length]) && at[length] != '_')
                stop(&source->text, token->line, "option %s is named in a #directive: use an ordinary if", name);
    }
}

static void check_kernel_name(const struct program *program, const struct source *source)
{
    const struct kernel *kernel = &source->kernels[source->kernel_count - 1];
    for (int s = 0; s < program->count; s++) {
        const struct source *other = &program->sources[s];
        for (int k = 0; k < other->kernel_count; k++)
            if (&other->kernels[k] != kernel && strcmp(other->kernels[k].name, kernel->name) == 0)
                stop(&source->text, kernel->body_line, "kernel %s is there already, in %s", kernel->name,
                     other->text.path);
    }
}

void parse_source(struct source *source, const struct program *program)
{
    const struct token *token = source->text.tokens;
    while (token->kind != END) {
        if (is(token, "PROGRAM")) {
            token = parse_program(source, token);
        } else if (is(token, "OPTION")) {
            token = parse_option(source, &program->choices, token);
        } else if (is(token, "kernel")) {
            token = parse_kernel(source, token);
            check_kernel_name(program, source);
        } else {
            token = parse_body(source, token, false);
        }
    }
    for (token = source->text.tokens; token->kind != END; token++)
        if (token->kind == DIRECTIVE) check_directive(source, token);
    if (source->kernel_count == 0) stop(&source->text, token->line, "no kernel in this file");
}
