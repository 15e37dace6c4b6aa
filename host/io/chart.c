#include "io/chart.h"

/* Blue and orange differ for every kind of colour vision; dashes tell the colours apart in print. */
const char elb_chart_style[] =
    "svg{font-family:system-ui,sans-serif;font-size:12px;background:#fff}\n"
    "svg text{fill:#222}svg .soft{fill:#5d6269}svg .title{font-size:14px;font-weight:600}svg .right{text-anchor:end}"
    "svg .mid{text-anchor:middle}"
    "svg .label{fill:#5d6269;stroke:#fff;stroke-width:3px;paint-order:stroke}\n"
    "svg .ground{fill:#fff}svg .grid{stroke:#e3e3e3}svg .axis{stroke:#888;fill:none}"
    "svg .line{fill:none;stroke-width:1.8;stroke-linejoin:round}\n"
    "svg .s0{stroke:#0b66c3}svg .s1{stroke:#d1600a;stroke-dasharray:6 3}svg .s2{stroke:#1a8a4a;stroke-dasharray:2 3}"
    "svg .s3{stroke:#8a3fb0;stroke-dasharray:9 3 2 3}svg .s4{stroke:#6b7280;stroke-dasharray:4 2}"
    "svg .s5{stroke:#c2297d;stroke-dasharray:12 3}"
    "svg .solid{stroke-dasharray:none}svg .dash{stroke-dasharray:5 4}\n"
    "svg .d0{fill:#0b66c3}svg .d1{fill:#d1600a}svg .d2{fill:#1a8a4a}svg .d3{fill:#8a3fb0}svg .d4{fill:#6b7280}"
    "svg .d5{fill:#c2297d}\n"
    "@media screen and (prefers-color-scheme:dark){svg{background:#16181c}svg .ground{fill:#16181c}"
    "svg text{fill:#e8e8e8}svg .soft{fill:#a0a4aa}svg .label{fill:#a0a4aa;stroke:#16181c}svg .grid{stroke:#30343a}svg "
    ".axis{stroke:#777}\n"
    "svg .s0{stroke:#6db3ff}svg .s1{stroke:#ffa45c}svg .s2{stroke:#6fd39a}svg .s3{stroke:#d19cf0}"
    "svg .s4{stroke:#a8b0bb}svg .s5{stroke:#f08cc0}\n"
    "svg .d0{fill:#6db3ff}svg .d1{fill:#ffa45c}svg .d2{fill:#6fd39a}svg .d3{fill:#d19cf0}svg .d4{fill:#a8b0bb}"
    "svg .d5{fill:#f08cc0}}\n";

enum { SWATCH = 28, LETTER = 7, GAP = 22 };

void elb_chart_begin(elb_text *out, const char *title, size_t width, size_t height, bool style)
{
    elb_put(out,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %zu %zu\" width=\"%zu\" height=\"%zu\" "
            "role=\"img\">\n<title>",
            width, height, width, height);
    elb_put_escaped(out, title);
    elb_put(out, "</title>\n");
    if (style) elb_put(out, "<style>\n%s</style>\n", elb_chart_style);
    elb_put(out, "<rect class=\"ground\" width=\"100%%\" height=\"100%%\"/>\n");
}

void elb_chart_end(elb_text *out)
{
    elb_put(out, "</svg>\n");
}

void elb_chart_words(elb_text *out, const char *class, double x, double y, const char *words)
{
    elb_put(out, "<text class=\"%s\" x=\"%.2f\" y=\"%.2f\">", class, x, y);
    elb_put_escaped(out, words);
    elb_put(out, "</text>\n");
}

const char *elb_chart_dash(unsigned look)
{
    return look == ELB_DASHED ? " dash" : look == ELB_TRACED ? " solid" : "";
}

static void put_swatch(elb_text *out, size_t colour, unsigned look, size_t x, size_t y)
{
    if (look == ELB_BLOCK)
        elb_put(out, "<rect class=\"d%zu\" x=\"%zu\" y=\"%zu\" width=\"14\" height=\"10\"/>\n", colour, x + 8, y + 3);
    else if (look == ELB_DOTS)
        elb_put(out, "<circle class=\"d%zu\" cx=\"%zu\" cy=\"%zu\" r=\"3.4\"/>\n", colour, x + 15, y + 8);
    else
        elb_put(out, "<path class=\"line s%zu%s\" d=\"M%zu %zuh22\"/>\n", colour, elb_chart_dash(look), x, y + 8);
}

size_t elb_legend_put(elb_text *out, const elb_names *names, size_t top, size_t left, size_t right)
{
    size_t lines = 0, x = 0;
    for (size_t i = 0; i < names->count; i++) {
        if (names->hidden[i]) continue;
        const size_t wide = SWATCH + LETTER * elb_text_width(names->list[i]);
        if (!lines || x + wide > right) x = left, lines++;
        const size_t y = top + (lines - 1) * ELB_LEGEND_LINE;
        if (out) put_swatch(out, i, names->look[i], x, y);
        if (out) elb_chart_words(out, "", (double)x + SWATCH, (double)y + 12, names->list[i]);
        x += wide + GAP;
    }
    return lines;
}
