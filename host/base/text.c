#include "base/text.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for so many bytes more and a zero. */
static bool reserve(elb_text *text, size_t more)
{
    if (text->failed) return false;
    if (text->at && more < text->room - text->size) return true;
    size_t room;
    if (__builtin_add_overflow(2 * text->room + 4096, more, &room)) {
        text->failed = true;
        return false;
    }
    char *at = realloc(text->at, room);
    if (!at) {
        text->failed = true;
        return false;
    }
    text->at = at, text->room = room;
    return true;
}

void elb_put_bytes(elb_text *text, const char *bytes, size_t size)
{
    if (!reserve(text, size)) return;
    memcpy(text->at + text->size, bytes, size);
    text->size += size;
    text->at[text->size] = 0;
}

/* Formats at the text's end, as far as there is room; returns the length that it has. */
static int format_here(elb_text *text, const char *format, va_list list)
{
    const locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    if (!plain) return -1;
    const locale_t callers = uselocale(plain);
    const int length = vsnprintf(text->at + text->size, text->room - text->size, format, list);
    uselocale(callers);
    freelocale(plain);
    return length;
}

void elb_put_list(elb_text *text, const char *format, va_list list)
{
    va_list again;
    va_copy(again, list);
    if (reserve(text, 0)) {
        int length = format_here(text, format, list);
        if (length >= 0 && (size_t)length >= text->room - text->size && reserve(text, (size_t)length))
            length = format_here(text, format, again);
        text->failed |= length < 0;
        if (!text->failed) text->size += (size_t)length;
        text->at[text->size] = 0;
    }
    va_end(again);
}

void elb_put(elb_text *text, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    elb_put_list(text, format, list);
    va_end(list);
}

/* Bytes of the UTF-8 character at a place (RFC 3629); 0 if there is none. */
static size_t character(const unsigned char *at)
{
    const unsigned char c = at[0];
    const size_t size = c < 0x80                ? 1
                        : c >= 0xc2 && c < 0xe0 ? 2
                        : c >= 0xe0 && c < 0xf0 ? 3
                        : c >= 0xf0 && c < 0xf5 ? 4
                                                : 0;
    for (size_t i = 1; i < size; i++)
        if ((at[i] & 0xc0) != 0x80) return 0;                                 /* the closing zero ends here as well */
    if ((c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f)) return 0; /* too long a form; surrogates */
    if ((c == 0xf0 && at[1] < 0x90) || (c == 0xf4 && at[1] > 0x8f)) return 0;
    return size;
}

static const char *escape_of(unsigned char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return (c < 0x20 && c != '\n') || c == 0x7f ? " " : NULL;
    }
}

void elb_put_escaped(elb_text *text, const char *words)
{
    while (*words) {
        const size_t size = character((const unsigned char *)words);
        const char *escape = size ? escape_of((unsigned char)*words) : "\xef\xbf\xbd";
        if (escape)
            elb_put_bytes(text, escape, strlen(escape));
        else
            elb_put_bytes(text, words, size);
        words += size ? size : 1;
    }
}

void elb_put_base64(elb_text *text, const void *bytes, size_t size)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *at = bytes;
    for (size_t i = 0; i < size; i += 3) {
        const size_t left = size - i;
        const unsigned three =
            (unsigned)at[i] << 16 | (left > 1 ? (unsigned)at[i + 1] << 8 : 0) | (left > 2 ? at[i + 2] : 0U);
        const char four[] = {digits[three >> 18], digits[three >> 12 & 63], left > 1 ? digits[three >> 6 & 63] : '=',
                             left > 2 ? digits[three & 63] : '='};
        elb_put_bytes(text, four, sizeof four);
    }
}

size_t elb_text_width(const char *words)
{
    size_t width = 0;
    for (; *words; words++) width += ((unsigned char)*words & 0xc0) != 0x80;
    return width;
}

void elb_text_free(elb_text *text)
{
    free(text->at);
    *text = (elb_text){0};
}
