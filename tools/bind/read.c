/* read.c - files in memory, and their tokens. */
#include "bind.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void stop(const struct text *text, int line, const char *format, ...)
{
    fprintf(stderr, "%s:%d: ", text->path, line);
    va_list list;
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    exit(1);
}

bool is(const struct token *token, const char *what)
{
    return (token->kind == WORD || token->kind == SIGN) && token->length == strlen(what) &&
           memcmp(token->at, what, token->length) == 0;
}

static bool in_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Past blanks and comments; counts lines. */
static const char *skip_blank(const struct text *text, const char *at, int *line)
{
    for (;;) {
        if (*at == '\n') ++*line;
        if (isspace((unsigned char)*at)) {
            at++;
        } else if (at[0] == '/' && at[1] == '/') {
            at += strcspn(at, "\n");
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            if (!end) stop(text, *line, "a comment begins here and does not end: add */");
            for (; at < end; at++) *line += *at == '\n';
            at = end + 2;
        } else {
            return at;
        }
    }
}

/* A #directive up to its line's end, or to a comment that ends the line. */
static const char *skip_directive(const struct text *text, const char *at, int *line)
{
    while (*at && *at != '\n') {
        if (at[0] == '\\' && at[1] == '\n') {
            ++*line;
            at += 2;
        } else if (at[0] == '/' && at[1] == '/') {
            break;
        } else if (at[0] == '/' && at[1] == '*') {
            const char *end = strstr(at + 2, "*/");
            if (!end) stop(text, *line, "a comment begins here and does not end: add */");
            if (memchr(at, '\n', (size_t)(end - at)) || end[2] == '\n') break;
            at = end + 2;
        } else {
            at++;
        }
    }
    return at;
}

static const char *skip_quoted(const struct text *text, const char *at, int line)
{
    const char quote = *at++;
    for (; *at != quote; at++) {
        if (*at == '\\' && at[1]) at++;
        if (!*at || *at == '\n') stop(text, line, "a string begins here and does not end on its line: add %c", quote);
    }
    return at + 1;
}

static struct token next_token(const struct text *text, const char *at, int *line)
{
    at = skip_blank(text, at, line);
    struct token token = {SIGN, at, 1, *line};
    if (!*at) {
        token.kind = END;
        token.length = 0;
    } else if (*at == '#') {
        token.kind = DIRECTIVE;
        token.length = (size_t)(skip_directive(text, at, line) - at);
    } else if (*at == '"' || *at == '\'') {
        token.kind = STRING;
        token.length = (size_t)(skip_quoted(text, at, *line) - at);
    } else if (in_word(*at)) {
        token.kind = isdigit((unsigned char)*at) ? NUMBER : WORD;
        const char *end = at;
        while (in_word(*end) ||
               (token.kind == NUMBER && (*end == '.' || (strchr("+-", *end) && strchr("eEpP", end[-1])))))
            end++;
        token.length = (size_t)(end - at);
    }
    return token;
}

static void *grow(void *old, size_t bytes)
{
    void *memory = realloc(old, bytes);
    if (memory) return memory;
    fprintf(stderr, "bind: no memory for %zu bytes\n", bytes);
    exit(1);
}

static void tokenise(struct text *text)
{
    size_t count = 0, room = 0;
    int line = 1;
    const char *at = text->bytes;
    do {
        if (count == room) text->tokens = grow(text->tokens, (room = 2 * room + 256) * sizeof *text->tokens);
        text->tokens[count] = next_token(text, at, &line);
        at = text->tokens[count].at + text->tokens[count].length;
    } while (text->tokens[count++].kind != END);
}

/* The whole of a file, or NULL. */
static char *read_bytes(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    char *bytes = NULL;
    size_t length = 0, got;
    do {
        bytes = grow(bytes, length + 65536 + 1);
        got = fread(bytes + length, 1, 65536, file);
        length += got;
    } while (got > 0);
    bytes[length] = 0;
    fclose(file);
    return bytes;
}

void read_text(struct text *text, const char *path)
{
    *text = (struct text){.path = grow(NULL, strlen(path) + 1)};
    strcpy(text->path, path);
    const char *slash = strrchr(text->path, '/');
    text->name = slash ? slash + 1 : text->path;
    text->bytes = read_bytes(path);
    if (!text->bytes) {
        fprintf(stderr, "bind: cannot read %s: %s\n", path, strerror(errno));
        exit(1);
    }
    tokenise(text);
}

void free_text(struct text *text)
{
    free(text->path);
    free(text->bytes);
    free(text->tokens);
}

void write_file(const char *folder, const char *name, const char *bytes)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        fprintf(stderr, "bind: the path of %s is longer than %zu bytes\n", name, sizeof path);
        exit(1);
    }
    char *old = read_bytes(path);
    const bool same = old && strcmp(old, bytes) == 0;
    free(old);
    if (same) return;
    FILE *file = fopen(path, "wb");
    if (!file || fputs(bytes, file) < 0 || fclose(file) != 0) {
        fprintf(stderr, "bind: cannot write %s: %s\n", path, strerror(errno));
        exit(1);
    }
}
