/* xml_form.h - whether a text is well-formed XML: every element closed in order, every attribute quoted and there once,
 * every & a known entity, UTF-8 throughout. */
#ifndef ELB_TEST_XML_FORM_H
#define ELB_TEST_XML_FORM_H

#include <check.h>
#include <ctype.h>
#include <string.h>

enum { XML_DEPTH = 64, XML_NAME = 32 };

/* Reads a name into out. */
static const char *xml_name(char out[XML_NAME], const char *at)
{
    size_t size = 0;
    while (isalnum((unsigned char)at[size]) || (at[size] && strchr("-_:", at[size]))) size++;
    ck_assert_msg(size > 0 && size < XML_NAME, "no name at: %.40s", at);
    memcpy(out, at, size);
    out[size] = 0;
    return at + size;
}

/* A character of text or of an attribute's value. */
static const char *xml_character(const char *at)
{
    static const char *const entities[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    const unsigned char c = (unsigned char)*at;
    ck_assert_msg(c != '<', "a < in a text: %.40s", at);
    ck_assert_msg(c >= 0x20 || c == '\n', "a control character %d: %.40s", c, at);
    if (c == '&') {
        for (size_t i = 0; i < sizeof entities / sizeof *entities; i++)
            if (!strncmp(at, entities[i], strlen(entities[i]))) return at + strlen(entities[i]);
        ck_abort_msg("no such entity: %.40s", at);
    }
    const int size = c < 0x80                ? 1
                     : c >= 0xc2 && c < 0xe0 ? 2
                     : c >= 0xe0 && c < 0xf0 ? 3
                     : c >= 0xf0 && c < 0xf5 ? 4
                                             : 0;
    ck_assert_msg(size > 0, "no UTF-8: byte %d", c);
    for (int i = 1; i < size; i++) ck_assert_msg((at[i] & 0xc0) == 0x80, "no UTF-8 after byte %d", c);
    return at + size;
}

/* Attributes up to > or />; *closed says which. */
static const char *xml_attributes(int *closed, const char *at)
{
    char names[16][XML_NAME];
    int count = 0;
    for (;;) {
        const char *before = at;
        while (isspace((unsigned char)*at)) at++;
        *closed = !strncmp(at, "/>", 2);
        if (*closed || *at == '>') return at + 1 + *closed;
        ck_assert_msg(at > before && count < 16, "no space before an attribute: %.40s", at);
        at = xml_name(names[count], at);
        for (int i = 0; i < count; i++) ck_assert_str_ne(names[i], names[count]);
        count++;
        ck_assert_msg(at[0] == '=' && at[1] == '"', "an attribute without a quoted value: %.40s", at);
        for (at += 2; *at != '"';) at = xml_character(at);
        at++;
    }
}

/* Fails the test unless the text is one element, of this name. */
static void xml_is_well_formed(const char *text, const char *root)
{
    char open[XML_DEPTH][XML_NAME], name[XML_NAME];
    int depth = 0, roots = 0, closed;
    const char *at = strncmp(text, "<!DOCTYPE html>\n", 16) ? text : text + 16;
    while (*at) {
        if (*at != '<') {
            ck_assert_msg(depth > 0 || isspace((unsigned char)*at), "words outside: %.40s", at);
            at = xml_character(at);
        } else if (at[1] == '/') {
            at = xml_name(name, at + 2);
            ck_assert_msg(depth > 0 && *at++ == '>', "no end of an element: %.40s", at);
            ck_assert_str_eq(open[--depth], name);
        } else {
            at = xml_name(open[depth], at + 1);
            roots += depth == 0;
            ck_assert_msg(depth > 0 || !strcmp(open[0], root), "<%s> is outside", open[0]);
            at = xml_attributes(&closed, at);
            depth += !closed;
            ck_assert_int_lt(depth, XML_DEPTH);
        }
    }
    ck_assert_int_eq(depth, 0);
    ck_assert_int_eq(roots, 1);
}

#endif
