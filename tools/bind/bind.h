/* bind.h - what bind knows of the kernels' files.
 *
 * read.c turns a file into tokens, parse.c tokens into options and kernels, write_opencl.c and write_native.c these
 * into C. A mistake in a file ends the program with one line: file, line, what is wrong.
 */
#ifndef BIND_H
#define BIND_H

#include <stdio.h>

#include "device/device.h"

#define MAX_NAME    64
#define MAX_FILES   128
#define MAX_OPTIONS (ELB_MAX_OPTIONS_SIZE / 4)
#define MAX_KERNELS 16 /* of one file */
#define MAX_CHOICES 32
#define MAX_LISTS   64

enum token_kind { END, WORD, NUMBER, STRING, SIGN, DIRECTIVE };

struct token {
    enum token_kind kind;
    const char *at;
    size_t length;
    int line;
};

/* A file in memory; path and bytes are ended by 0. */
struct text {
    char *path;
    const char *name; /* the path's last part */
    char *bytes;
    struct token *tokens; /* ended by END */
};

/* enum likelihood { BERNOULLI, GAUSSIAN }; */
struct choice {
    char name[MAX_NAME];
    int count;
    char names[MAX_CHOICES][MAX_NAME];
};

struct choices {
    int count;
    struct choice list[MAX_LISTS];
};

struct option {
    char name[MAX_NAME];     /* LIKELIHOOD */
    char field[MAX_NAME];    /* likelihood */
    char standard[MAX_NAME]; /* the default as it is written, of a CHOICE the enumerator */
    elb_type type;
    const struct choice *choice; /* of a CHOICE */
    const struct token *help;
    const char *begin, *end; /* the OPTION(...) itself */
};

struct arg {
    char name[MAX_NAME];
    elb_arg_type type;
    bool written;
    const char *begin, *end; /* "global const real *x" */
};

struct kernel {
    char name[MAX_NAME];
    int arg_count;
    struct arg args[ELB_MAX_ARGS];
    const char *begin, *body; /* of the word kernel; after the body's { */
    int body_line;
};

/* One .cl file. */
struct source {
    struct text text;
    char program[MAX_NAME];                  /* step of PROGRAM(step); else empty */
    const char *program_begin, *program_end; /* the PROGRAM(...) itself */
    int option_count, kernel_count;
    struct option options[MAX_OPTIONS];
    struct kernel kernels[MAX_KERNELS];
};

struct program {
    const char *headers; /* the folder of language.h and choices.h */
    struct choices choices;
    int count;
    struct source sources[MAX_FILES];
};

/* ---- read.c ---- */

_Noreturn void stop(const struct text *text, int line, const char *format, ...) __attribute__((format(printf, 3, 4)));
void read_text(struct text *text, const char *path);
void free_text(struct text *text);
/* Whether the token is this word or sign. */
bool is(const struct token *token, const char *what);
/* Writes a file, but not if it holds just that already, so that nothing is compiled again for nothing. */
void write_file(const char *folder, const char *name, const char *bytes);

/* ---- parse.c ---- */

void parse_choices(struct choices *choices, const struct text *text);
void parse_source(struct source *source, const struct program *program);

/* ---- write.c ---- */

/* How one compiler's code differs from the file as it stands. */
struct dialect {
    /* The head of a kernel up to and with its { and what the body begins with. */
    void (*head)(FILE *out, const struct source *source, const struct kernel *kernel);
    /* What an #include "..." becomes; NULL: itself. */
    void (*include)(FILE *out, void *with, const struct text *text, const struct token *token);
    void *with;
    const char *path; /* of #line */
};

bool is_pointer(elb_arg_type type);
/* The code of a file: without comments, without OPTION lines, each kernel's head as the dialect has it; lines keep
 * their numbers. source is NULL for a header. */
void write_code(FILE *out, const struct text *text, const struct source *source, const struct dialect *dialect);
/* struct K_options { ... }; nothing without options. */
void write_options_struct(FILE *out, const struct source *source, const struct kernel *kernel);
/* "elbo" of elbo.cl. */
void stem(char name[MAX_NAME], const struct source *source);

/* ---- write_header.c, write_opencl.c, write_native.c ---- */

void write_header(FILE *out, const struct program *program);
void write_opencl(FILE *out, const struct program *program);
void write_native(FILE *out, const struct source *source);
void write_native_table(FILE *out, const struct program *program);

#endif
