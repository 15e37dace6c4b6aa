#include "io/page.h"

#include "io/png_grid.h"
#include "io_files.h"
#include "xml_form.h"

static unsigned char file[1 << 17];

#define HAS(text, words)    ck_assert_msg(strstr(text, words) != NULL, "%s is not in %s", words, text)
#define HAS_NO(text, words) ck_assert_msg(strstr(text, words) == NULL, "%s is in %s", words, text)

static const char nasty[] = "</title></p></td><script>alert('1')</script>\"&amp;\xff";
static const char harmless[] =
    "&lt;/title&gt;&lt;/p&gt;&lt;/td&gt;&lt;script&gt;alert(&#39;1&#39;)&lt;/script&gt;&quot;"
    "&amp;amp;\xef\xbf\xbd";

static const char *written(elb_page *page)
{
    WORKS(elb_page_write(&err, in_folder("a.html"), page, nasty));
    const size_t size = read_plain(file, sizeof file - 1, in_folder("a.html"));
    file[size] = 0;
    xml_is_well_formed((char *)file, "html");
    return (char *)file;
}

static size_t count_of(const char *text, const char *words)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, words)); at += strlen(words)) count++;
    return count;
}

/* A page with one of each. */
static void fill(elb_page *page)
{
    static const double x[] = {0.5, 1, 2}, y[] = {3, 2, 1};
    const elb_panel panel = {.title = nasty,
                             .x_name = nasty,
                             .y_name = nasty,
                             .series = {{.name = nasty, .x = x, .y = y, .count = 3, .look = ELB_TRACED},
                                        {.name = "b", .x = x, .y = y, .count = 3}},
                             .count = 2};
    const elb_bar bar = {nasty, {3, 1}, nasty};
    const float image[] = {0, 0.5f, 1, 0.25f};
    const elb_grid grid = {.rows = 1, .columns = 1, .height = 2, .width = 2, .channels = 1, .scale = 1};
    static unsigned char png[1024];
    WORKS(elb_png_grid(&err, in_folder("a.png"), image, &grid));
    const size_t size = read_plain(png, sizeof png, in_folder("a.png"));
    elb_page_begin(page, nasty, nasty);
    elb_page_heading(page, nasty);
    elb_page_paragraph(page, "%s %d", nasty, 5);
    elb_page_note(page, "%s", nasty);
    elb_page_code(page, "elbow sweep '%s'\n--betas 1", nasty);
    elb_page_charts(page, &panel, 1);
    elb_page_bars(page, &(elb_bars){nasty, nasty, {nasty, "part"}, 2, &bar, 1, 0});
    elb_page_table(page, (elb_column[]){{nasty, false}, {"n", true}}, 2);
    elb_page_cell(page, "%s", nasty), elb_page_cell(page, "%.2f", 1.5);
    elb_page_table_end(page);
    elb_page_pictures(page, &(elb_picture){nasty, png, size, 40}, 1);
}

START_TEST(whatever_words_hold_they_stay_words)
{
    elb_page page;
    fill(&page);
    const char *html = written(&page);
    HAS_NO(html, "<script");
    HAS_NO(html, "\xff");
    HAS(html, harmless);
    /* title, h1, lead, heading, paragraph, note, code, chart (4 and the legend), bars (4), column, cell, alt, caption,
     * footer; the chart's and the bars' titles twice, for the eye and for the reader aloud */
    ck_assert_uint_eq(count_of(html, harmless), 7 + 5 + 6 + 2 + 2 + 1);
}
END_TEST

START_TEST(nothing_is_fetched)
{
    elb_page page;
    fill(&page);
    const char *html = written(&page);
    for (const char *at = html; (at = strstr(at, "http")); at++)
        ck_assert_msg(!strncmp(at, "http://www.w3.org/2000/svg\"", 27), "%.40s", at);
    HAS_NO(html, "<link");
    HAS_NO(html, "url(");
    HAS_NO(html, "@import");
    ck_assert_uint_eq(count_of(html, " src=\""), count_of(html, " src=\"data:image/png;base64,iVBORw0KGgo"));
    ck_assert_uint_eq(count_of(html, " src=\""), 1);
}
END_TEST

START_TEST(phones_darkness_and_paper)
{
    elb_page page;
    fill(&page);
    const char *html = written(&page);
    HAS(html, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>");
    HAS(html, "@media screen and (prefers-color-scheme:dark)");
    HAS(html, "@media print");
    HAS(html, "<div class=\"wide\"><table>");
    HAS(html, "Made by elbow " ELBOW_VERSION ": ");
}
END_TEST

START_TEST(tables)
{
    elb_page page;
    elb_page_begin(&page, "t", "");
    elb_page_table(&page, (elb_column[]){{"name", false}, {"n", true}}, 2);
    for (int i = 0; i < 3; i++) elb_page_cell(&page, "%d", i);
    elb_page_table(&page, (elb_column[]){{"other", true}}, 1); /* ends the first, whose last row lacks a cell */
    elb_page_cell(&page, "%.1f", 2.5);                         /* ended by the page */
    const char *html = written(&page);
    HAS(html, "<tr><td>0</td><td class=\"n\">1</td></tr>\n<tr><td>2</td><td class=\"n\"></td></tr>\n</tbody>");
    HAS(html, "<tr><td class=\"n\">2.5</td></tr>\n</tbody>");
    HAS_NO(html, "class=\"lead\"");
}
END_TEST

START_TEST(a_cell_outside_a_table_is_no_cell)
{
    elb_page page;
    elb_page_begin(&page, "t", "");
    elb_page_cell(&page, "%s", "lost");
    elb_page_table_end(&page);
    HAS_NO(written(&page), "lost");
}
END_TEST

START_TEST(whole_or_not_at_all)
{
    elb_page page;
    fill(&page);
    FAILS(elb_page_write(&err, in_folder("no/such/a.html"), &page, ""), IO);
    ck_assert_ptr_null(page.text.at);
    fill(&page);
    written(&page);
    fill(&page);
    page.text.failed = true; /* memory ran out on the way: the page of before stays */
    FAILS(elb_page_write(&err, in_folder("a.html"), &page, ""), MEMORY);
    char again[sizeof file];
    const size_t size = read_plain((unsigned char *)again, sizeof again, in_folder("a.html"));
    ck_assert_uint_eq(size, strlen((char *)file));
    ck_assert_mem_eq(again, file, size);
}
END_TEST

MAIN(whatever_words_hold_they_stay_words, nothing_is_fetched, phones_darkness_and_paper, tables,
     a_cell_outside_a_table_is_no_cell, whole_or_not_at_all)
