#include "io/page.h"

#include "base/file.h"

#include <string.h>

static const char page_style[] =
    ":root{color-scheme:light "
    "dark;--ground:#fff;--ink:#222;--soft:#5d6269;--rule:#dcdfe3;--box:#f3f4f6;--mark:#0b66c3}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--ground:#16181c;--ink:#e8e8e8;--soft:#a0a4aa;--rule:#363b42;"
    "--box:#22262c;--mark:#6db3ff}}\n"
    "body{background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:0 auto;"
    "padding:1rem;overflow-wrap:break-word}\n"
    "h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}h2{font-size:1.2rem;margin:2rem 0 .5rem}p{margin:.6rem 0;"
    "max-width:46rem}\n"
    ".lead,footer,figcaption{color:var(--soft)}footer{border-top:1px solid var(--rule);margin-top:2.5rem;"
    "padding-top:.7rem;font-size:.85rem}\n"
    ".note{background:var(--box);border-left:3px solid var(--mark);padding:.5rem .8rem}\n"
    "pre{background:var(--box);padding:.6rem .8rem;overflow-x:auto;font-size:.85rem}\n"
    ".row{display:flex;flex-wrap:wrap;gap:1rem;margin:1rem 0}.row>svg{max-width:100%;height:auto}\n"
    "figure{margin:0;max-width:100%;break-inside:avoid}figcaption{font-size:.85rem}"
    "img{max-width:100%;height:auto;image-rendering:pixelated;display:block}\n"
    ".wide{overflow-x:auto;margin:1rem 0}table{border-collapse:collapse;font-size:.9rem}"
    "th,td{padding:.3rem .6rem;border-bottom:1px solid var(--rule);text-align:left;white-space:nowrap}"
    "th{color:var(--soft);font-weight:600}.n{text-align:right;font-variant-numeric:tabular-nums}\n"
    "@media print{.wide{overflow:visible}body{max-width:none;padding:0}pre{white-space:pre-wrap}svg,tr{break-inside:"
    "avoid}}\n";

void elb_page_begin(elb_page *page, const char *title, const char *lead)
{
    *page = (elb_page){.columns = 0};
    elb_text *text = &page->text;
    elb_put(text, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>\n<title>");
    elb_put_escaped(text, title);
    elb_put(text, "</title>\n<style>\n%s%s</style>\n</head>\n<body>\n<h1>", page_style, elb_chart_style);
    elb_put_escaped(text, title);
    elb_put(text, "</h1>\n");
    if (*lead) elb_put(text, "<p class=\"lead\">"), elb_put_escaped(text, lead), elb_put(text, "</p>\n");
}

static void put_words(elb_page *page, const char *before, const char *after, const char *format, va_list list)
{
    elb_text words = {0};
    elb_put_list(&words, format, list);
    elb_put(&page->text, "%s", before);
    if (!words.failed) elb_put_escaped(&page->text, words.at);
    elb_put(&page->text, "%s", after);
    page->text.failed |= words.failed;
    elb_text_free(&words);
}

void elb_page_heading(elb_page *page, const char *words)
{
    elb_put(&page->text, "<h2>");
    elb_put_escaped(&page->text, words);
    elb_put(&page->text, "</h2>\n");
}

void elb_page_paragraph(elb_page *page, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_words(page, "<p>", "</p>\n", format, list);
    va_end(list);
}

void elb_page_note(elb_page *page, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_words(page, "<p class=\"note\">", "</p>\n", format, list);
    va_end(list);
}

void elb_page_code(elb_page *page, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    put_words(page, "<pre>", "</pre>\n", format, list);
    va_end(list);
}

void elb_page_charts(elb_page *page, const elb_panel *panels, size_t count)
{
    elb_put(&page->text, "<div class=\"row\">\n");
    elb_panels_put(&page->text, panels, count);
    elb_put(&page->text, "</div>\n");
}

void elb_page_bars(elb_page *page, const elb_bars *bars)
{
    elb_put(&page->text, "<div class=\"row\">\n");
    elb_bars_put(&page->text, bars);
    elb_put(&page->text, "</div>\n");
}

static const char *class_of(const elb_page *page, size_t column)
{
    return page->number[column] ? " class=\"n\"" : "";
}

void elb_page_table(elb_page *page, const elb_column *columns, size_t count)
{
    elb_page_table_end(page); /* one that was left open */
    page->columns = count < COUNT(page->number) ? count : COUNT(page->number);
    page->cell = 0;
    elb_put(&page->text, "<div class=\"wide\"><table>\n<thead><tr>");
    for (size_t i = 0; i < page->columns; i++) {
        page->number[i] = columns[i].number;
        elb_put(&page->text, "<th%s scope=\"col\">", class_of(page, i));
        elb_put_escaped(&page->text, columns[i].name);
        elb_put(&page->text, "</th>");
    }
    elb_put(&page->text, "</tr></thead>\n<tbody>\n");
}

void elb_page_cell(elb_page *page, const char *format, ...)
{
    if (!page->columns) return;
    va_list list;
    char before[32];
    elb_format(before, sizeof before, "%s<td%s>", page->cell ? "" : "<tr>", class_of(page, page->cell));
    page->cell = (page->cell + 1) % page->columns;
    va_start(list, format);
    put_words(page, before, page->cell ? "</td>" : "</td></tr>\n", format, list);
    va_end(list);
}

void elb_page_table_end(elb_page *page)
{
    if (!page->columns) return;
    while (page->cell) elb_page_cell(page, "%s", ""); /* the row under way */
    elb_put(&page->text, "</tbody>\n</table></div>\n");
    page->columns = 0;
}

void elb_page_pictures(elb_page *page, const elb_picture *pictures, size_t count)
{
    elb_text *text = &page->text;
    elb_put(text, "<div class=\"row\">\n");
    for (size_t i = 0; i < count; i++) {
        elb_put(text, "<figure><img alt=\"");
        elb_put_escaped(text, pictures[i].caption);
        elb_put(text, "\"");
        if (pictures[i].width) elb_put(text, " width=\"%u\"", pictures[i].width);
        elb_put(text, " src=\"data:image/png;base64,");
        elb_put_base64(text, pictures[i].png, pictures[i].size);
        elb_put(text, "\"/><figcaption>");
        elb_put_escaped(text, pictures[i].caption);
        elb_put(text, "</figcaption></figure>\n");
    }
    elb_put(text, "</div>\n");
}

elbow_status elb_page_write(elb_error *err, const char *path, elb_page *page, const char *made_from)
{
    elb_page_table_end(page);
    elb_put(&page->text, "<footer>Made by elbow %s%s", ELBOW_VERSION, *made_from ? ": " : "");
    elb_put_escaped(&page->text, made_from);
    elb_put(&page->text, "</footer>\n</body>\n</html>\n");
    const elbow_status status = page->text.failed ? elb_fail(err, ELBOW_MEMORY, "no memory for %s", path)
                                                  : elb_file_write(err, path, page->text.at, page->text.size);
    elb_page_free(page);
    return status;
}

void elb_page_free(elb_page *page)
{
    elb_text_free(&page->text);
    *page = (elb_page){.columns = 0};
}
