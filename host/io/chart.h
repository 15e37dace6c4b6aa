/* chart.h - what the two kinds of chart share: an <svg> with its title, a legend. */
#ifndef ELB_IO_CHART_H
#define ELB_IO_CHART_H

#include "io/curves.h"

/* Sizes in SVG units around a plot. */
enum { ELB_CHART_LEFT = 62, ELB_CHART_RIGHT = 12, ELB_CHART_TOP = 64, ELB_CHART_BOTTOM = 46, ELB_LEGEND_LINE = 20 };

/* How the legend shows a name: as its line looks, or as a block of colour. */
enum { ELB_BLOCK = ELB_DOTS + 1 };

/* The names that have a colour, in the order of their colours. */
typedef struct elb_names {
    const char *list[ELB_MAX_SERIES];
    unsigned look[ELB_MAX_SERIES]; /* an elb_look, or BLOCK */
    bool hidden[ELB_MAX_SERIES];   /* not in this legend */
    size_t count;
} elb_names;

/* What a line's class says of its dash. */
const char *elb_chart_dash(unsigned look);

/* Begins and ends an <svg> of that size. style: with the style inside, as a file of its own needs it. */
void elb_chart_begin(elb_text *out, const char *title, size_t width, size_t height, bool style);
void elb_chart_end(elb_text *out);

/* Puts the legend between these edges and returns the lines it takes; out NULL: returns them only. */
size_t elb_legend_put(elb_text *out, const elb_names *names, size_t top, size_t left, size_t right);

/* <text class="..." x="..." y="...">words</text> */
void elb_chart_words(elb_text *out, const char *class, double x, double y, const char *words);

#endif
