/* text.h - a text that grows: documents are written into one and then out, whole. */
#ifndef ELB_TEXT_H
#define ELB_TEXT_H

#include "base/base.h"

#include <stdarg.h>

/* Begins as {0}; at is NULL or ends with a zero byte. Memory is judged once, at the end: after a failure nothing more
 * is added and failed stays. */
typedef struct elb_text {
    char *at;
    size_t size, room; /* bytes without the zero; bytes there is memory for */
    bool failed;
} elb_text;

/* Adds to the end. Numbers have decimal points, whatever the calling program's language has. */
void elb_put(elb_text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
void elb_put_list(elb_text *text, const char *format, va_list list) __attribute__((format(printf, 2, 0)));
void elb_put_bytes(elb_text *text, const char *bytes, size_t size);

/* Adds words so that HTML and XML read them as these words, in text and in quoted attributes. What is no UTF-8 becomes
 * U+FFFD, control characters a space. */
void elb_put_escaped(elb_text *text, const char *words);

/* Adds bytes in base64 (RFC 4648, section 4). */
void elb_put_base64(elb_text *text, const void *bytes, size_t size);

/* Characters of a UTF-8 text: about what it is wide. */
size_t elb_text_width(const char *words);

void elb_text_free(elb_text *text);

#endif
