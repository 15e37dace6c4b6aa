#include "io/curves.h"

#include "base/file.h"

#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sizes in SVG units: one panel with its margins, and the plot inside it. */
enum { PANEL = 320, LEFT = 62, RIGHT = 12, TOP = 64, PLOT = 190, BOTTOM = 46, LEGEND = 26 };
enum { ACROSS = PANEL - LEFT - RIGHT, TICKS = 5, MAX_NAMES = 8 };

/* Blue and orange differ for every kind of colour vision; the dash tells them apart in print. */
static const char style[] =
    "<style>\n"
    "svg{font-family:system-ui,sans-serif;font-size:12px;background:#fff}\n"
    "text{fill:#222}.soft{fill:#666}.title{font-size:14px;font-weight:600}.right{text-anchor:end}.mid{text-anchor:"
    "middle}\n"
    ".ground{fill:#fff}.grid{stroke:#e3e3e3}.axis{stroke:#888;fill:none}.line{fill:none;stroke-width:1.8;"
    "stroke-linejoin:round}\n"
    ".s0{stroke:#0b66c3}.s1{stroke:#d1600a;stroke-dasharray:6 3}.s2{stroke:#1a8a4a;stroke-dasharray:2 "
    "3}.s3{stroke:#8a3fb0}\n"
    ".d0{fill:#0b66c3}.d1{fill:#d1600a}.d2{fill:#1a8a4a}.d3{fill:#8a3fb0}\n"
    "@media(prefers-color-scheme:dark){svg{background:#16181c}.ground{fill:#16181c}text{fill:#e8e8e8}.soft{fill:#"
    "a0a4aa}"
    ".grid{stroke:#30343a}.axis{stroke:#777}\n"
    ".s0{stroke:#6db3ff}.s1{stroke:#ffa45c}.s2{stroke:#6fd39a}.s3{stroke:#d19cf0}\n"
    ".d0{fill:#6db3ff}.d1{fill:#ffa45c}.d2{fill:#6fd39a}.d3{fill:#d19cf0}}\n"
    "</style>\n";

typedef struct text {
    char *at;
    size_t size, room;
    bool failed;
} text;

__attribute__((format(printf, 2, 3))) static void put(text *out, const char *format, ...)
{
    va_list list;
    for (int again = 0; !out->failed && again < 2; again++) {
        va_start(list, format);
        const int length = vsnprintf(out->at + out->size, out->room - out->size, format, list);
        va_end(list);
        if (length < 0) {
            out->failed = true;
        } else if ((size_t)length < out->room - out->size) {
            out->size += (size_t)length;
            return;
        } else {
            const size_t room = 2 * out->room + (size_t)length + 4096;
            char *more = realloc(out->at, room);
            if (!more)
                out->failed = true;
            else
                out->at = more, out->room = room;
        }
    }
}

static void put_escaped(text *out, const char *words)
{
    for (; *words; words++) {
        if (*words == '<')
            put(out, "&lt;");
        else if (*words == '&')
            put(out, "&amp;");
        else
            put(out, "%c", *words);
    }
}

typedef struct axis {
    double low, high, step;
    int decimals;
} axis;

/* Round steps of 1, 2 or 5 times a power of ten around what the data span. whole: steps of at least one. */
static axis axis_of(double low, double high, bool whole)
{
    if (!(low <= high)) low = 0, high = 1;
    if (high - low <= 1e-9 * fmax(fabs(high), fabs(low)) || high == low) {
        const double room = fmax(fabs(high) * 0.05, whole ? 1 : 1e-3);
        low -= whole ? 0 : room, high += room;
    }
    const double raw = (high - low) / TICKS, power = pow(10, floor(log10(raw)));
    const double lead = raw / power;
    double step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10);
    if (whole && step < 1) step = 1;
    const int decimals = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);
    return (axis){whole ? low : floor(low / step + 1e-9) * step, whole ? high : ceil(high / step - 1e-9) * step, step,
                  decimals > 9 ? 9 : decimals};
}

static void spans(const elb_panel *panel, axis *x, axis *y)
{
    double x_low = INFINITY, x_high = -INFINITY, y_low = INFINITY, y_high = -INFINITY;
    for (size_t s = 0; s < panel->count; s++)
        for (size_t i = 0; i < panel->series[s].count; i++) {
            const double a = panel->series[s].x[i], b = panel->series[s].y[i];
            if (!isfinite(a) || !isfinite(b)) continue;
            x_low = fmin(x_low, a), x_high = fmax(x_high, a);
            y_low = fmin(y_low, b), y_high = fmax(y_high, b);
        }
    *x = axis_of(x_low, x_high, true);
    *y = axis_of(y_low, y_high, false);
}

static double place(const axis *of, double value, double length)
{
    return (value - of->low) / (of->high - of->low) * length;
}

/* A minus of the right length and no -0. */
static void put_number(text *out, double value, const axis *of)
{
    if (fabs(value) < of->step / 1e6) value = 0;
    const char *sign = value < 0 ? "\xe2\x88\x92" : "";
    if (fabs(value) >= 1e7)
        put(out, "%s%.3g", sign, fabs(value));
    else
        put(out, "%s%.*f", sign, of->decimals, fabs(value));
}

static void put_axes(text *out, const elb_panel *panel, const axis *x, const axis *y)
{
    for (int i = 0; y->low + i * y->step <= y->high + y->step / 2; i++) {
        const double at = TOP + PLOT - place(y, y->low + i * y->step, PLOT);
        put(out, "<path class=\"grid\" d=\"M%d %.2fh%d\"/><text class=\"soft right\" x=\"%d\" y=\"%.2f\">", LEFT, at,
            ACROSS, LEFT - 6, at + 4);
        put_number(out, y->low + i * y->step, y);
        put(out, "</text>\n");
    }
    for (double tick = ceil(x->low / x->step) * x->step; tick <= x->high + x->step / 1e6; tick += x->step) {
        const double at = LEFT + place(x, tick, ACROSS);
        put(out, "<path class=\"axis\" d=\"M%.2f %dv4\"/><text class=\"soft mid\" x=\"%.2f\" y=\"%d\">", at, TOP + PLOT,
            at, TOP + PLOT + 18);
        put_number(out, tick, x);
        put(out, "</text>\n");
    }
    put(out, "<path class=\"axis\" d=\"M%d %dv%dh%d\"/>\n<text class=\"title\" x=\"%d\" y=\"%d\">", LEFT, TOP, PLOT,
        ACROSS, LEFT, TOP - 28);
    put_escaped(out, panel->title);
    put(out, "</text>\n<text class=\"soft\" x=\"%d\" y=\"%d\">", LEFT, TOP - 11);
    put_escaped(out, panel->y_name);
    put(out, "</text>\n<text class=\"soft mid\" x=\"%d\" y=\"%d\">", LEFT + ACROSS / 2, TOP + PLOT + 36);
    put_escaped(out, panel->x_name);
    put(out, "</text>\n");
}

/* A line, broken where a point is not finite; a point alone is a dot, as is the last one. */
static void put_series(text *out, const elb_series *series, size_t colour, const axis *x, const axis *y)
{
    bool open = false;
    double a = NAN, b = NAN;
    put(out, "<path class=\"line s%zu\" d=\"", colour);
    for (size_t i = 0; i < series->count; i++) {
        if (!isfinite(series->x[i]) || !isfinite(series->y[i])) {
            open = false;
            continue;
        }
        a = LEFT + place(x, series->x[i], ACROSS), b = TOP + PLOT - place(y, series->y[i], PLOT);
        put(out, "%s%.2f %.2f", open ? "L" : "M", a, b);
        open = true;
    }
    put(out, "\"/>\n");
    if (isfinite(a)) put(out, "<circle class=\"d%zu\" cx=\"%.2f\" cy=\"%.2f\" r=\"2.6\"/>\n", colour, a, b);
}

typedef struct names {
    const char *list[MAX_NAMES];
    size_t count;
} names;

static size_t colour_of(names *known, const char *name)
{
    for (size_t i = 0; i < known->count; i++)
        if (!strcmp(known->list[i], name)) return i % ELB_MAX_SERIES;
    if (known->count < MAX_NAMES) known->list[known->count++] = name;
    return (known->count - 1) % ELB_MAX_SERIES;
}

static void put_legend(text *out, const names *known)
{
    double at = LEFT;
    for (size_t i = 0; i < known->count; i++) {
        put(out, "<path class=\"line s%zu\" d=\"M%.1f %dh22\"/><text x=\"%.1f\" y=\"%d\">", i % ELB_MAX_SERIES, at,
            TOP + PLOT + BOTTOM + 8, at + 28, TOP + PLOT + BOTTOM + 12);
        put_escaped(out, known->list[i]);
        put(out, "</text>\n");
        at += 28 + 8 * (double)strlen(known->list[i]) + 24;
    }
}

static void put_picture(text *out, const char *heading, const elb_panel *panels, size_t count)
{
    names known = {0};
    const size_t width = count * PANEL, height = TOP + PLOT + BOTTOM + LEGEND;
    put(out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" width=\"%zu\" height=\"%zu\" "
        "role=\"img\">\n<title>",
        width, height, width, height);
    put_escaped(out, *heading ? heading : panels[0].title);
    put(out,
        "</title>\n%s<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n<text class=\"soft\" x=\"%d\" "
        "y=\"14\">",
        style, LEFT);
    put_escaped(out, heading);
    put(out, "</text>\n");
    for (size_t p = 0; p < count; p++) {
        axis x, y;
        spans(&panels[p], &x, &y);
        put(out, "<g transform=\"translate(%zu 0)\">\n", p * PANEL);
        put_axes(out, &panels[p], &x, &y);
        for (size_t s = 0; s < panels[p].count; s++)
            put_series(out, &panels[p].series[s], colour_of(&known, panels[p].series[s].name), &x, &y);
        put(out, "</g>\n");
    }
    put_legend(out, &known);
    put(out, "</svg>\n");
}

elbow_status elb_curves_svg(elb_error *err, const char *path, const char *heading, const elb_panel *panels,
                            size_t count)
{
    if (!count || count > 16) return elb_fail(err, ELBOW_USAGE, "%s: %zu panels cannot be drawn", path, count);
    for (size_t p = 0; p < count; p++)
        if (panels[p].count > ELB_MAX_SERIES)
            return elb_fail(err, ELBOW_USAGE, "%s: at most %d lines in one panel", path, ELB_MAX_SERIES);
    /* SVG has decimal points, whatever the calling program's language has. */
    const locale_t plain = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
    if (!plain) return elb_fail(err, ELBOW_MEMORY, "no memory for %s", path);
    const locale_t callers = uselocale(plain);
    text out = {0};
    put_picture(&out, heading, panels, count);
    uselocale(callers);
    freelocale(plain);
    const elbow_status status = out.failed ? elb_fail(err, ELBOW_MEMORY, "no memory for %s", path)
                                           : elb_file_write(err, path, out.at, out.size);
    free(out.at);
    return status;
}
