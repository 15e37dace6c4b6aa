#include "io/curves.h"

#include "base/file.h"
#include "io/axis.h"
#include "io/chart.h"

#include <math.h>
#include <string.h>

enum { WIDTH = 246, HEIGHT = 190, MAX_PANELS = 16, MAX_LABELS = 64, LETTER = 7, LINE = 14, ABOVE = 7 };

/* A label that has its place: what later ones keep clear of. */
typedef struct box {
    double left, top, right, bottom;
} box;

/* One panel while it is drawn. */
typedef struct plot {
    elb_text *out;
    const elb_panel *panel;
    double across, down; /* the plot inside the axes */
    elb_scale x_scale, y_scale;
    elb_axis x, y;
    box taken[MAX_LABELS];
    size_t labels;
} plot;

static uint32_t across_of(const elb_panel *panel)
{
    return panel->width ? panel->width : WIDTH;
}

static uint32_t down_of(const elb_panel *panel)
{
    return panel->height ? panel->height : HEIGHT;
}

static size_t width_of(const elb_panel *panel)
{
    return (size_t)across_of(panel) + ELB_CHART_LEFT + ELB_CHART_RIGHT;
}

static size_t drawn_series(const elb_panel *panel)
{
    return panel->count < ELB_MAX_SERIES ? panel->count : ELB_MAX_SERIES;
}

static bool shown(const plot *p, const elb_series *series, size_t i)
{
    return elb_axis_shows(p->x_scale, series->x[i]) && elb_axis_shows(p->y_scale, series->y[i]);
}

static plot plot_of(elb_text *out, const elb_panel *panel)
{
    plot p = {.out = out, .panel = panel, .across = across_of(panel), .down = down_of(panel)};
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    p.x_scale = panel->x_scale == ELB_USUAL ? ELB_WHOLE : panel->x_scale;
    p.y_scale = panel->y_scale == ELB_USUAL ? ELB_ROUND : panel->y_scale;
    for (size_t s = 0; s < drawn_series(panel); s++)
        for (size_t i = 0; i < panel->series[s].count; i++) {
            const double a = panel->series[s].x[i], b = panel->series[s].y[i];
            if (!shown(&p, &panel->series[s], i)) continue;
            x_low = fmin(x_low, a), x_high = fmax(x_high, a);
            y_low = fmin(y_low, b), y_high = fmax(y_high, b);
        }
    if (panel->y_from_zero && p.y_scale != ELB_LOG) y_low = fmin(y_low, 0), y_high = fmax(y_high, 0);
    p.x = elb_axis_of(x_low, x_high, p.x_scale);
    p.y = elb_axis_of(y_low, y_high, p.y_scale);
    return p;
}

static double x_of(const plot *p, double value)
{
    return ELB_CHART_LEFT + elb_axis_place(&p->x, value, p->across);
}

static double y_of(const plot *p, double value)
{
    return ELB_CHART_TOP + p->down - elb_axis_place(&p->y, value, p->down);
}

static void put_ticks(const plot *p)
{
    const double floor_at = ELB_CHART_TOP + p->down;
    for (size_t i = 0; i < p->y.ticks; i++) {
        const double at = y_of(p, p->y.tick[i]);
        elb_put(p->out, "<path class=\"grid\" d=\"M%d %.2fh%.0f\"/><text class=\"soft right\" x=\"%d\" y=\"%.2f\">",
                ELB_CHART_LEFT, at, p->across, ELB_CHART_LEFT - 6, at + 4);
        elb_axis_number(p->out, &p->y, p->y.tick[i]);
        elb_put(p->out, "</text>\n");
    }
    for (size_t i = 0; i < p->x.ticks; i++) {
        const double at = x_of(p, p->x.tick[i]);
        elb_put(p->out, "<path class=\"axis\" d=\"M%.2f %.0fv4\"/><text class=\"soft mid\" x=\"%.2f\" y=\"%.0f\">", at,
                floor_at, at, floor_at + 18);
        elb_axis_number(p->out, &p->x, p->x.tick[i]);
        elb_put(p->out, "</text>\n");
    }
}

static void put_axes(const plot *p)
{
    put_ticks(p);
    elb_put(p->out, "<path class=\"axis\" d=\"M%d %dv%.0fh%.0f\"/>\n", ELB_CHART_LEFT, ELB_CHART_TOP, p->down,
            p->across);
    elb_chart_words(p->out, "title", ELB_CHART_LEFT, ELB_CHART_TOP - 28, p->panel->title);
    elb_chart_words(p->out, "soft", ELB_CHART_LEFT, ELB_CHART_TOP - 11, p->panel->y_name);
    elb_chart_words(p->out, "soft mid", ELB_CHART_LEFT + p->across / 2, ELB_CHART_TOP + p->down + 36, p->panel->x_name);
}

/* A line, broken where a point is not shown. */
static void put_line(const plot *p, const elb_series *series, size_t colour)
{
    bool open = false;
    elb_put(p->out, "<path class=\"line s%zu%s\" d=\"", colour, elb_chart_dash(series->look));
    for (size_t i = 0; i < series->count; i++) {
        const bool here = shown(p, series, i);
        if (here) elb_put(p->out, "%s%.2f %.2f", open ? "L" : "M", x_of(p, series->x[i]), y_of(p, series->y[i]));
        open = here;
    }
    elb_put(p->out, "\"/>\n");
}

/* Each point, or of a plain line the last one, so that a point alone is seen. */
static void put_dots(const plot *p, const elb_series *series, size_t colour)
{
    const bool each = series->look == ELB_TRACED || series->look == ELB_DOTS;
    size_t last = series->count;
    for (size_t i = 0; i < series->count; i++) last = shown(p, series, i) ? i : last;
    for (size_t i = each ? 0 : last; i < series->count; i++)
        if (shown(p, series, i) && (each || i == last))
            elb_put(p->out, "<circle class=\"d%zu\" cx=\"%.2f\" cy=\"%.2f\" r=\"%s\"/>\n", colour,
                    x_of(p, series->x[i]), y_of(p, series->y[i]), each ? "3" : "2.6");
}

static bool overlap(const box *a, const box *b)
{
    return a->left < b->right && b->left < a->right && a->top < b->bottom && b->top < a->bottom;
}

/* Whether a series' line or one of its dots runs through a box. */
static bool runs_through(const plot *p, const elb_series *series, const box *at)
{
    enum { PIECES = 24, NEAR = 2 };
    const box around = {at->left - NEAR, at->top - NEAR, at->right + NEAR, at->bottom + NEAR};
    for (size_t i = 0; i < series->count; i++) {
        if (!shown(p, series, i)) continue;
        const bool line = i && series->look != ELB_DOTS && shown(p, series, i - 1);
        const size_t from = line ? i - 1 : i;
        const double x = x_of(p, series->x[from]), y = y_of(p, series->y[from]);
        const double dx = x_of(p, series->x[i]) - x, dy = y_of(p, series->y[i]) - y;
        for (int piece = 0; piece <= PIECES; piece++) {
            const double a = x + dx * piece / PIECES, b = y + dy * piece / PIECES;
            if (a > around.left && a < around.right && b > around.top && b < around.bottom) return true;
        }
    }
    return false;
}

/* Inside the panel, clear of the labels before it and, if that is asked for, of lines and dots. */
static bool is_free(const plot *p, const box *at, bool of_lines)
{
    if (at->right > ELB_CHART_LEFT + p->across + ELB_CHART_RIGHT || at->left < ELB_CHART_LEFT ||
        at->bottom > ELB_CHART_TOP + p->down || at->top < ELB_CHART_TOP - ABOVE)
        return false;
    for (size_t i = 0; i < p->labels; i++)
        if (overlap(at, &p->taken[i])) return false;
    for (size_t s = 0; of_lines && s < drawn_series(p->panel); s++)
        if (runs_through(p, &p->panel->series[s], at)) return false;
    return true;
}

/* The words beside a point: in the first place of six that is free, best of lines too. Where none is free of labels
 * they are left out, as two labels on each other say nothing. */
static void put_label(plot *p, double x, double y, const char *words)
{
    const double wide = LETTER * (double)elb_text_width(words);
    const double lefts[] = {x + 6, x - wide / 2, x - 6 - wide}, tops[] = {y - 5 - LINE, y + 5};
    for (int try = 0; try < 12 && p->labels < MAX_LABELS; try++) {
        const double left = lefts[try % 3], top = tops[try / 3 % 2];
        const box at = {left, top, left + wide, top + LINE};
        if (!is_free(p, &at, try < 6)) continue;
        elb_chart_words(p->out, "label", left, top + LINE - 3, words);
        p->taken[p->labels++] = at;
        return;
    }
}

static void put_labels(plot *p, const elb_series *series)
{
    for (size_t i = 0; series->labels && i < series->count; i++)
        if (series->labels[i] && shown(p, series, i))
            put_label(p, x_of(p, series->x[i]), y_of(p, series->y[i]), series->labels[i]);
}

static size_t colour_of(elb_names *known, const elb_series *series)
{
    for (size_t i = 0; i < known->count; i++)
        if (!strcmp(known->list[i], series->name)) return i;
    if (known->count == ELB_MAX_SERIES) return ELB_MAX_SERIES - 1;
    known->look[known->count] = series->look;
    known->list[known->count] = series->name;
    return known->count++;
}

/* Lines below labels below dots. */
static void put_panel(elb_text *out, const elb_panel *panel, elb_names *known)
{
    plot p = plot_of(out, panel);
    put_axes(&p);
    for (size_t s = 0; s < drawn_series(panel); s++)
        if (panel->series[s].look != ELB_DOTS) put_line(&p, &panel->series[s], colour_of(known, &panel->series[s]));
    for (size_t s = 0; s < drawn_series(panel); s++) put_labels(&p, &panel->series[s]);
    for (size_t s = 0; s < drawn_series(panel); s++)
        put_dots(&p, &panel->series[s], colour_of(known, &panel->series[s]));
}

/* All names have their colours before anything is drawn: the legend's lines are part of the height. */
static elb_names names_of(const elb_panel *panels, size_t count)
{
    elb_names known = {.count = 0};
    for (size_t p = 0; p < count; p++)
        for (size_t s = 0; s < drawn_series(&panels[p]); s++) (void)colour_of(&known, &panels[p].series[s]);
    return known;
}

static void put_picture(elb_text *out, const char *heading, const elb_panel *panels, size_t count)
{
    elb_names known = names_of(panels, count);
    size_t width = 0, down = 0;
    for (size_t p = 0; p < count; p++) {
        width += width_of(&panels[p]);
        if (down_of(&panels[p]) > down) down = down_of(&panels[p]);
    }
    const size_t legend = ELB_CHART_TOP + down + ELB_CHART_BOTTOM;
    elb_chart_begin(out, *heading ? heading : panels[0].title, width,
                    legend + 6 + ELB_LEGEND_LINE * elb_legend_put(NULL, &known, 0, ELB_CHART_LEFT, width), true);
    elb_chart_words(out, "soft", ELB_CHART_LEFT, 14, heading);
    for (size_t p = 0, left = 0; p < count; left += width_of(&panels[p++])) {
        elb_put(out, "<g transform=\"translate(%zu 0)\">\n", left);
        put_panel(out, &panels[p], &known);
        elb_put(out, "</g>\n");
    }
    elb_legend_put(out, &known, legend, ELB_CHART_LEFT, width);
    elb_chart_end(out);
}

elbow_status elb_curves_svg(elb_error *err, const char *path, const char *heading, const elb_panel *panels,
                            size_t count)
{
    if (!count || count > MAX_PANELS) return elb_fail(err, ELBOW_USAGE, "%s: %zu panels cannot be drawn", path, count);
    for (size_t p = 0; p < count; p++)
        if (panels[p].count > ELB_MAX_SERIES)
            return elb_fail(err, ELBOW_USAGE, "%s: at most %d lines in one panel", path, ELB_MAX_SERIES);
    elb_text out = {0};
    put_picture(&out, heading, panels, count);
    const elbow_status status = out.failed ? elb_fail(err, ELBOW_MEMORY, "no memory for %s", path)
                                           : elb_file_write(err, path, out.at, out.size);
    elb_text_free(&out);
    return status;
}

/* Of the names only those that a panel has; none where there is one, which the title names. */
static elb_names legend_of(const elb_panel *panel, const elb_names *all)
{
    elb_names legend = *all;
    for (size_t i = 0; i < all->count; i++) legend.hidden[i] = true;
    for (size_t s = 0; s < drawn_series(panel) && panel->count > 1; s++)
        legend.hidden[colour_of(&legend, &panel->series[s])] = false;
    return legend;
}

void elb_panels_put(elb_text *out, const elb_panel *panels, size_t count)
{
    elb_names all = names_of(panels, count);
    for (size_t i = 0; i < count; i++) {
        const elb_names legend = legend_of(&panels[i], &all);
        const size_t width = width_of(&panels[i]), bottom = ELB_CHART_TOP + down_of(&panels[i]) + ELB_CHART_BOTTOM;
        const size_t lines = elb_legend_put(NULL, &legend, 0, ELB_CHART_LEFT, width);
        elb_chart_begin(out, panels[i].title, width, bottom + ELB_LEGEND_LINE * lines, false);
        put_panel(out, &panels[i], &all);
        elb_legend_put(out, &legend, bottom, ELB_CHART_LEFT, width);
        elb_chart_end(out);
    }
}
