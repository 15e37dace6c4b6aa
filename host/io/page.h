/* page.h - one HTML file that holds all it shows: no link out, no script. Reads well on a phone, on light and on dark
 * ground, and in print.
 *
 *     elb_page page;
 *     elb_page_begin(&page, "Sweep of shapes", "Seven models that differ in beta alone.");
 *     elb_page_heading(&page, "What it shows");
 *     elb_page_paragraph(&page, "The best ELBO is %.1f nats, at beta %g.", elbo, beta);
 *     elb_page_charts(&page, panels, 3);
 *     elb_page_table(&page, (elb_column[]){{"name", false}, {"ELBO", true}}, 2);
 *     elb_page_cell(&page, "%s", "first"), elb_page_cell(&page, "%.2f", -101.5);
 *     elb_page_table_end(&page);
 *     TRY(elb_page_write(err, path, &page, "shapes, 784-400-20"));
 *
 * All words are taken as words, whatever they hold. */
#ifndef ELB_IO_PAGE_H
#define ELB_IO_PAGE_H

#include "io/curves.h"

typedef struct elb_page {
    elb_text text;
    size_t columns, cell; /* of the table under way: how many, and the next one; columns 0: none */
    bool number[32];
} elb_page;

/* lead: a sentence below the title; may be "". */
void elb_page_begin(elb_page *page, const char *title, const char *lead);

void elb_page_heading(elb_page *page, const char *words);
void elb_page_paragraph(elb_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A paragraph set apart: a warning, a remark on how to read what stands above. */
void elb_page_note(elb_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Something to type, as it is typed. */
void elb_page_code(elb_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Charts side by side, as many as the screen has room for. */
void elb_page_charts(elb_page *page, const elb_panel *panels, size_t count);
void elb_page_bars(elb_page *page, const elb_bars *bars);

typedef struct elb_column {
    const char *name;
    bool number; /* to the right, digits of one width */
} elb_column;

/* A table of up to 32 columns; one wider than the screen scrolls in a box of its own. Cells follow row after row. */
void elb_page_table(elb_page *page, const elb_column *columns, size_t count);
void elb_page_cell(elb_page *page, const char *format, ...) __attribute__((format(printf, 2, 3)));
void elb_page_table_end(elb_page *page);

typedef struct elb_picture {
    const char *caption;
    const void *png; /* (size) a PNG file's bytes */
    size_t size;
    uint32_t width; /* on the screen, in CSS pixels; 0: its own */
} elb_picture;

/* Pictures side by side, as many as the screen has room for. */
void elb_page_pictures(elb_page *page, const elb_picture *pictures, size_t count);

/* Ends the page with a footer that names elbow's version and what it was made from, and writes it whole or not at all;
 * frees it in any case. Errors: IO, MEMORY. */
elbow_status elb_page_write(elb_error *err, const char *path, elb_page *page, const char *made_from);
/* Frees a page that is not written. */
void elb_page_free(elb_page *page);

#endif
