/* curves.h - small charts as SVG that reads well on light and on dark ground and in print: lines and points on axes
 * (panels), and horizontal bars. A chart is a file of its own, or is put into a page (io/page.h):
 *
 *     const double beta[] = {0.5, 1, 2}, rate[] = {31, 24, 17}, foreseen[] = {29, 22, 15};
 *     const elb_panel panel = {.title = "Rate", .x_name = "beta", .y_name = "nats per image", .x_scale = ELB_LOG,
 *                              .series = {{"trained", beta, rate, 3, .look = ELB_TRACED},
 *                                         {"predicted", beta, foreseen, 3, .look = ELB_DASHED}},
 *                              .count = 2};
 *     elb_page_charts(&page, &panel, 1);
 *
 *     const elb_bar bar[] = {{"native", {5.1}, "5.1 ms"}, {"pocl:0", {7.9}, "7.9 ms"}};
 *     elb_page_bars(&page, &(elb_bars){.title = "A step", .x_name = "ms", .bars = bar, .count = 2});
 */
#ifndef ELB_IO_CURVES_H
#define ELB_IO_CURVES_H

#include "base/text.h"

#define ELB_MAX_SERIES 6

/* ---- panels: lines and points ---- */

typedef enum elb_look {
    ELB_LINE,   /* a line with a dot at its end; in print each colour has a dash of its own */
    ELB_TRACED, /* a dot at each point and a solid line through them: what was measured */
    ELB_DASHED, /* a dashed line: what is predicted, a bound */
    ELB_DOTS    /* dots alone */
} elb_look;

typedef struct elb_series {
    const char *name;    /* in the legend; the same name has the same colour in every panel */
    const double *x, *y; /* (count); points that are not finite, or not above 0 on a LOG axis, are gaps */
    size_t count;
    elb_look look;
    const char *const *labels; /* (count) words beside the points, NULL where there are none; or NULL */
} elb_series;

typedef enum elb_scale {
    ELB_USUAL, /* WHOLE for x, ROUND for y */
    ELB_WHOLE, /* counts: from the first to the last, ticks at whole numbers */
    ELB_ROUND, /* from a round number to a round number */
    ELB_LOG
} elb_scale;

typedef struct elb_panel {
    const char *title;  /* "ELBO" */
    const char *x_name; /* "epoch" */
    const char *y_name; /* "nats per image" */
    elb_series series[ELB_MAX_SERIES];
    size_t count;
    elb_scale x_scale, y_scale;
    bool y_from_zero;       /* the y axis holds 0; not for LOG */
    uint32_t width, height; /* of the plot inside the axes, in SVG units; 0: 246, 190 */
} elb_panel;

/* Writes the panels next to each other, whole or not at all; heading may be "". Errors: USAGE (no panels or too many
 * series), IO, MEMORY. */
elbow_status elb_curves_svg(elb_error *err, const char *path, const char *heading, const elb_panel *panels,
                            size_t count);

/* Puts one <svg> for each panel, with colours that agree among them. The page has elb_chart_style in a <style>. At most
 * ELB_MAX_SERIES series are drawn. */
void elb_panels_put(elb_text *out, const elb_panel *panels, size_t count);

/* ---- bars ---- */

typedef struct elb_bar {
    const char *name;             /* above the bar */
    double value[ELB_MAX_SERIES]; /* its parts, one behind the other; not finite or below 0: none */
    const char *text;             /* behind the bar: its value as people read it; may be NULL */
} elb_bar;

typedef struct elb_bars {
    const char *title, *x_name;
    const char *part[ELB_MAX_SERIES]; /* names of the parts, in the legend ... */
    size_t parts;                     /* ... and how many; 0: one without a name */
    const elb_bar *bars;
    size_t count;
    uint32_t width; /* of the longest bar with its text, in SVG units; 0: 330 */
} elb_bars;

/* Puts one <svg>. */
void elb_bars_put(elb_text *out, const elb_bars *bars);

/* ---- what both have in common ---- */

/* CSS for every chart of a page; an SVG file has it inside. */
extern const char elb_chart_style[];

#endif
