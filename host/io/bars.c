/* bars.c - horizontal bars: a name, below it the bar, behind that its value. */
#include "io/axis.h"
#include "io/chart.h"

#include <math.h>

enum { WIDTH = 330, ROW = 40, BAR = 14, LEFT = 10, LETTER = 7 };

static double part_of(const elb_bars *bars, size_t row, size_t part)
{
    const double value = bars->bars[row].value[part];
    return isfinite(value) && value > 0 ? value : 0;
}

static size_t parts_of(const elb_bars *bars)
{
    return !bars->parts ? 1 : bars->parts < ELB_MAX_SERIES ? bars->parts : ELB_MAX_SERIES;
}

/* SVG units for one unit of value, so that every bar has room for its text behind it. */
static double unit_of(const elb_bars *bars, double width)
{
    double unit = INFINITY;
    for (size_t i = 0; i < bars->count; i++) {
        double sum = 0;
        const double text = bars->bars[i].text ? LETTER * (double)elb_text_width(bars->bars[i].text) + 8 : 0;
        for (size_t part = 0; part < parts_of(bars); part++) sum += part_of(bars, i, part);
        if (sum > 0) unit = fmin(unit, fmax(width - text, width / 4) / sum);
    }
    return isfinite(unit) ? unit : 0;
}

static void put_row(elb_text *out, const elb_bars *bars, size_t row, double top, double unit)
{
    double left = LEFT;
    elb_chart_words(out, "", LEFT, top + 12, bars->bars[row].name);
    for (size_t part = 0; part < parts_of(bars); part++) {
        const double wide = part_of(bars, row, part) * unit;
        elb_put(out, "<rect class=\"d%zu\" x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%d\"/>\n", part, left,
                top + 18, wide, BAR);
        left += wide;
    }
    if (bars->bars[row].text) elb_chart_words(out, "soft", left + 6, top + 29, bars->bars[row].text);
}

void elb_bars_put(elb_text *out, const elb_bars *bars)
{
    elb_names names = {.count = bars->parts ? parts_of(bars) : 0};
    for (size_t i = 0; i < names.count; i++) names.list[i] = bars->part[i], names.look[i] = ELB_BLOCK;
    const size_t width = bars->width ? bars->width : WIDTH, all = width + 2 * LEFT, top = 50;
    const size_t bottom = top + ROW * bars->count + 8;
    elb_chart_begin(out, bars->title, all, bottom + ELB_LEGEND_LINE * elb_legend_put(NULL, &names, 0, LEFT, all),
                    false);
    elb_chart_words(out, "title", LEFT, 20, bars->title);
    elb_chart_words(out, "soft", LEFT, 38, bars->x_name);
    for (size_t i = 0; i < bars->count; i++)
        put_row(out, bars, i, (double)(top + ROW * i), unit_of(bars, (double)width));
    elb_legend_put(out, &names, bottom, LEFT, all);
    elb_chart_end(out);
}
