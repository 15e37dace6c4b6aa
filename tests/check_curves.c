#include "io/curves.h"

#include "io/axis.h"
#include "io_files.h"
#include "xml_form.h"

#include <math.h>

static unsigned char file[1 << 17];

#define SERIES(words, xs, ys, n, kind)                                                                                 \
    {                                                                                                                  \
        .name = (words), .x = (xs), .y = (ys), .count = (n), .look = ELB_##kind                                        \
    }
#define LINE(words, xs, ys, n) SERIES(words, xs, ys, n, LINE)
#define PANEL(words, n, ...)                                                                                           \
    {                                                                                                                  \
        .title = (words), .x_name = "epoch", .y_name = "nats", .series = {__VA_ARGS__}, .count = (n)                   \
    }

static const char *drawn(const elb_panel *panels, size_t count)
{
    WORKS(elb_curves_svg(&err, in_folder("a.svg"), "a < b & c", panels, count));
    const size_t size = read_plain(file, sizeof file - 1, in_folder("a.svg"));
    file[size] = 0;
    xml_is_well_formed((char *)file, "svg");
    return (char *)file;
}

static elb_text text;

/* What is put into a page, as one element. */
static const char *put(const elb_panel *panels, size_t count)
{
    elb_text_free(&text);
    elb_put(&text, "<div>");
    elb_panels_put(&text, panels, count);
    elb_put(&text, "</div>");
    xml_is_well_formed(text.at, "div");
    return text.at;
}

#define HAS(text, words)    ck_assert_msg(strstr(text, words) != NULL, "%s is not in %s", words, text)
#define HAS_NO(text, words) ck_assert_msg(strstr(text, words) == NULL, "%s is in %s", words, text)

static size_t count_of(const char *words, const char *part)
{
    size_t count = 0;
    for (const char *at = words; (at = strstr(at, part)); at += strlen(part)) count++;
    return count;
}

START_TEST(points_and_ticks)
{
    const double x[] = {1, 2, 3}, y[] = {0, 10, 5};
    const elb_panel panel = PANEL("ELBO", 2, LINE("train", x, y, 3), LINE("test", x, y, 2));
    const char *svg = drawn(&panel, 1);
    HAS(svg, "a &lt; b &amp; c");
    HAS(svg, "prefers-color-scheme:dark");
    HAS(svg, "d=\"M62.00 254.00L185.00 64.00L308.00 159.00\"");
    HAS(svg, "class=\"line s1\" d=\"M62.00 254.00L185.00 64.00\"");
    HAS(svg, ">10</text>");
    HAS(svg, ">train</text>");
    HAS(svg, ">test</text>");
    ck_assert_ptr_null(strstr(svg, "<script"));
    ck_assert_str_eq(svg + strlen(svg) - 7, "</svg>\n");
}
END_TEST

START_TEST(gaps_and_odd_values)
{
    const double x[] = {1, 2, 3, 4}, y[] = {-1, NAN, -3, -2}, flat[] = {5, 5, 5, 5}, none[] = {NAN, INFINITY, NAN, NAN};
    const elb_panel panels[] = {PANEL("a", 1, LINE("s", x, y, 4)), PANEL("b", 1, LINE("s", x, flat, 1)),
                                PANEL("c", 1, LINE("s", x, none, 4)), PANEL("d", 1, LINE("s", NULL, NULL, 0))};
    const char *svg = drawn(panels, 4);
    HAS(svg, "d=\"M62.00 64.00M226.00 254.00L308.00 159.00\"");
    HAS(svg, ">\xe2\x88\x92"
             "3.0</text>");
    ck_assert_ptr_null(strstr(svg, "nan"));
    ck_assert_ptr_null(strstr(svg, "inf"));
}
END_TEST

START_TEST(refused)
{
    const elb_panel panel = {.title = "a", .x_name = "", .y_name = "", .count = ELB_MAX_SERIES + 1};
    FAILS(elb_curves_svg(&err, in_folder("a.svg"), "", &panel, 1), USAGE);
    FAILS(elb_curves_svg(&err, in_folder("a.svg"), "", &panel, 0), USAGE);
    ck_assert_int_ne(access(in_folder("a.svg"), F_OK), 0);
}
END_TEST

/* The test of a chart on logarithmic axes is by its ticks: one place for each factor. */
START_TEST(logarithmic_axes)
{
    const double x[] = {0.01, 0.1, 1, 10, -1, 0}, y[] = {1, 10, 100, 1000, 10, 10};
    const elb_panel panel = {.title = "t",
                             .x_name = "x",
                             .y_name = "y",
                             .series = {SERIES("s", x, y, 6, DOTS)},
                             .count = 1,
                             .x_scale = ELB_LOG,
                             .y_scale = ELB_LOG,
                             .width = 300,
                             .height = 150};
    const elb_axis axis = elb_axis_of(0.01, 10, ELB_LOG);
    ck_assert_double_eq_tol(elb_axis_place(&axis, 0.1, 300) - elb_axis_place(&axis, 0.01, 300),
                            elb_axis_place(&axis, 10, 300) - elb_axis_place(&axis, 1, 300), 1e-9);
    ck_assert_double_gt(elb_axis_place(&axis, 0.01, 300), 0);
    ck_assert_double_lt(elb_axis_place(&axis, 10, 300), 300);
    ck_assert_uint_eq(axis.ticks, 4);
    const char *svg = put(&panel, 1);
    HAS(svg, ">0.01</text>");
    HAS(svg, ">0.1</text>");
    HAS(svg, ">1000</text>");
    HAS(svg, "width=\"374\"");
    ck_assert_uint_eq(count_of(svg, "<circle"), 4); /* what has no logarithm is left out */
    HAS_NO(svg, "class=\"line");
    HAS_NO(svg, "nan");
}
END_TEST

START_TEST(ticks_of_logarithmic_axes)
{
    elb_text out = {0};
    const elb_axis few = elb_axis_of(2, 30, ELB_LOG), many = elb_axis_of(1e-9, 1e9, ELB_LOG),
                   one = elb_axis_of(7, 7, ELB_LOG), none = elb_axis_of(INFINITY, -INFINITY, ELB_LOG);
    for (size_t i = 0; i < few.ticks; i++) elb_put(&out, "%g ", few.tick[i]);
    ck_assert_str_eq(out.at, "2 5 10 20 ");
    ck_assert_uint_le(many.ticks, 9);
    ck_assert_uint_ge(many.ticks, 5);
    ck_assert(one.low < log10(7) && one.high > log10(7));
    ck_assert(none.low < none.high);
    elb_text_free(&out);
    elb_axis_number(&out, &many, 1e-6), elb_put(&out, " "), elb_axis_number(&out, &many, 1e6);
    ck_assert_str_eq(out.at, "1e-6 1e6");
    elb_text_free(&out);
}
END_TEST

START_TEST(looks)
{
    const double x[] = {1, 2, 3}, y[] = {1, 2, 3};
    const elb_panel panels[] = {PANEL("a", 2, LINE("line", x, y, 3), SERIES("traced", x, y, 3, TRACED)),
                                PANEL("b", 2, SERIES("dashed", x, y, 3, DASHED), SERIES("traced", x, y, 3, TRACED)),
                                {.title = "c",
                                 .x_name = "",
                                 .y_name = "",
                                 .series = {SERIES("dashed", x, y, 3, DASHED)},
                                 .count = 1,
                                 .y_from_zero = true}};
    const char *svg = put(panels, 3);
    ck_assert_uint_eq(count_of(svg, "<svg"), 3);
    ck_assert_uint_eq(count_of(svg, "<style"), 0);                 /* the page has it */
    ck_assert_uint_eq(count_of(svg, "class=\"line s0\""), 2);      /* itself and the legend */
    ck_assert_uint_eq(count_of(svg, "class=\"line s1 solid"), 4);  /* in two panels */
    ck_assert_uint_eq(count_of(svg, "class=\"line s2 dash\""), 3); /* in two; alone it needs no legend */
    ck_assert_uint_eq(count_of(svg, "<circle class=\"d1\""), 6);
    ck_assert_uint_eq(count_of(svg, "<circle class=\"d2\""), 2);
    HAS(strstr(svg, "<title>c"), ">0</text>");
}
END_TEST

/* Labels lie beside their points, inside the plot, and never on each other. */
START_TEST(labels)
{
    const double x[] = {1, 2, 3}, up[] = {1, 2, 3}, down[] = {3, 2, 1};
    const char *const words[] = {"a<b", "middle", "end"};
    const char *const crowd[] = {"crowd", NULL, "crowd", "crowd", "crowd", "crowd", "crowd", "crowd"};
    const double same[] = {1, 1, 1, 1, 1, 1, 1, 1};
    elb_panel panel = PANEL("t", 1, {"s", x, down, 3, ELB_TRACED, words});
    const char *svg = put(&panel, 1);
    HAS(svg, "x=\"191.00\" y=\"151.00\">middle</text>"); /* above the falling line */
    HAS(svg, ">a&lt;b</text>");
    panel.series[0].y = up;
    svg = put(&panel, 1);
    HAS(svg, "x=\"137.00\" y=\"151.00\">middle</text>"); /* left of the rising one */
    HAS(svg, "x=\"297.50\" y=\"80.00\">end</text>");     /* no room above the frame */
    panel.series[0] = (elb_series){"s", same, same, 8, ELB_DOTS, crowd};
    ck_assert_uint_eq(count_of(put(&panel, 1), ">crowd</text>"), 2); /* above and below: more have no room */
}
END_TEST

START_TEST(bars)
{
    const elb_bar rows[] = {{"native <1>", {10, 30}, "40 ms"}, {"pocl", {20, NAN}, "20 ms"}, {"none", {0, -1}, NULL}};
    const elb_bars two = {"A step", "ms", {"forward", "backward"}, 2, rows, 3, 345};
    elb_text_free(&text);
    elb_bars_put(&text, &two);
    xml_is_well_formed(text.at, "svg");
    HAS(text.at, ">native &lt;1&gt;</text>");
    HAS(text.at, ">backward</text>");
    /* 40 take 302 of the 345 units; the text has the rest */
    HAS(text.at, "<rect class=\"d0\" x=\"10.00\" y=\"68.00\" width=\"75.50\" height=\"14\"/>");
    HAS(text.at, "<rect class=\"d1\" x=\"85.50\" y=\"68.00\" width=\"226.50\" height=\"14\"/>");
    HAS(text.at, "<rect class=\"d0\" x=\"10.00\" y=\"108.00\" width=\"151.00\" height=\"14\"/>");
    HAS_NO(text.at, "nan");
    HAS_NO(text.at, "width=\"-");
    elb_text_free(&text);
    elb_bars_put(&text, &(elb_bars){.title = "none", .x_name = ""});
    xml_is_well_formed(text.at, "svg");
    elb_text_free(&text);
}
END_TEST

MAIN(points_and_ticks, gaps_and_odd_values, refused, logarithmic_axes, ticks_of_logarithmic_axes, looks, labels, bars)
