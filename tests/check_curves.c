#include "io/curves.h"

#include "io_files.h"

#include <math.h>

static unsigned char file[1 << 17];

static const char *drawn(const elb_panel *panels, size_t count)
{
    WORKS(elb_curves_svg(&err, in_folder("a.svg"), "a < b & c", panels, count));
    const size_t size = read_plain(file, sizeof file - 1, in_folder("a.svg"));
    file[size] = 0;
    return (char *)file;
}

#define HAS(text, words) ck_assert_msg(strstr(text, words) != NULL, "%s is not in %s", words, text)

START_TEST(points_and_ticks)
{
    const double x[] = {1, 2, 3}, y[] = {0, 10, 5};
    const elb_panel panel = {"ELBO", "epoch", "nats", {{"train", x, y, 3}, {"test", x, y, 2}}, 2};
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
    const elb_panel panels[] = {{"a", "", "", {{"s", x, y, 4}}, 1},
                                {"b", "", "", {{"s", x, flat, 1}}, 1},
                                {"c", "", "", {{"s", x, none, 4}}, 1},
                                {"d", "", "", {{"s", NULL, NULL, 0}}, 1}};
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

MAIN(points_and_ticks, gaps_and_odd_values, refused)
