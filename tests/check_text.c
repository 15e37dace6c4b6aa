#include "base/text.h"
#include "suite.h"

#include <locale.h>
#include <string.h>

static elb_text text;

static void free_text(void)
{
    elb_text_free(&text);
}

static const char *escaped(const char *words)
{
    elb_text_free(&text);
    elb_put_escaped(&text, words);
    return text.at ? text.at : "";
}

static const char *in_base64(const char *words)
{
    elb_text_free(&text);
    elb_put_base64(&text, words, strlen(words));
    return text.at ? text.at : "";
}

START_TEST(it_grows)
{
    for (int i = 0; i < 5000; i++) elb_put(&text, "%d,", i % 10);
    ck_assert_uint_eq(text.size, 10000);
    ck_assert_uint_eq(strlen(text.at), 10000);
    ck_assert_int_eq(strncmp(text.at + 9990, "5,6,7,8,9,", 11), 0);
    char large[20000];
    memset(large, 'x', sizeof large);
    large[sizeof large - 1] = 0;
    elb_put(&text, "%s|%s", large, large); /* longer than the room that is added at once */
    ck_assert_uint_eq(text.size, 10000 + 2 * 19999 + 1);
    ck_assert_int_eq(text.at[10000 + 19999], '|');
    ck_assert_int_eq(text.at[text.size - 1], 'x');
    ck_assert(!text.failed);
}
END_TEST

START_TEST(numbers_have_points_in_any_language)
{
    static const char *const languages[] = {"de_DE.UTF-8", "de_DE", "fr_FR.UTF-8", "fr_FR"};
    for (size_t i = 0; i < COUNT(languages); i++)
        if (setlocale(LC_NUMERIC, languages[i])) break;
    elb_put(&text, "%.2f", 1.5);
    setlocale(LC_NUMERIC, "C");
    ck_assert_str_eq(text.at, "1.50");
}
END_TEST

START_TEST(words_are_escaped)
{
    ck_assert_str_eq(escaped("a < b && \"c\" > 'd'"), "a &lt; b &amp;&amp; &quot;c&quot; &gt; &#39;d&#39;");
    ck_assert_str_eq(escaped("</script><img src=x onerror=y>"), "&lt;/script&gt;&lt;img src=x onerror=y&gt;");
    ck_assert_str_eq(escaped("\xce\xb2 \xe2\x88\x92 \xf0\x9f\x98\x80\n"), "\xce\xb2 \xe2\x88\x92 \xf0\x9f\x98\x80\n");
    ck_assert_str_eq(escaped("a\tb\x01"
                             "c\x7f"),
                     "a b c ");
    ck_assert_str_eq(escaped(""), "");
}
END_TEST

/* Each wrong byte becomes one U+FFFD: no byte after it is swallowed. */
START_TEST(what_is_no_utf8_is_replaced)
{
#define BAD "\xef\xbf\xbd"
    ck_assert_str_eq(escaped("a\xff<"), "a" BAD "&lt;");
    ck_assert_str_eq(escaped("\xc3<"), BAD "&lt;");
    ck_assert_str_eq(escaped("\xe2\x88"), BAD BAD);
    ck_assert_str_eq(escaped("\xc0\xbc"), BAD BAD);         /* < in two bytes */
    ck_assert_str_eq(escaped("\xe0\x80\xbc"), BAD BAD BAD); /* and in three */
    ck_assert_str_eq(escaped("\xed\xa0\x80"), BAD BAD BAD); /* half of a pair */
    ck_assert_str_eq(escaped("\xf4\x90\x80\x80"), BAD BAD BAD BAD);
}
END_TEST

/* RFC 4648, section 10 */
START_TEST(base64)
{
    ck_assert_str_eq(in_base64(""), "");
    ck_assert_str_eq(in_base64("f"), "Zg==");
    ck_assert_str_eq(in_base64("fo"), "Zm8=");
    ck_assert_str_eq(in_base64("foo"), "Zm9v");
    ck_assert_str_eq(in_base64("foob"), "Zm9vYg==");
    ck_assert_str_eq(in_base64("fooba"), "Zm9vYmE=");
    ck_assert_str_eq(in_base64("foobar"), "Zm9vYmFy");
    ck_assert_str_eq(in_base64("\xff\xef\xfe"), "/+/+");
}
END_TEST

START_TEST(widths)
{
    ck_assert_uint_eq(elb_text_width("beta"), 4);
    ck_assert_uint_eq(elb_text_width("\xce\xb2 \xe2\x88\x92"), 3);
}
END_TEST

START_TEST(after_a_failure_nothing_is_added)
{
    elb_put(&text, "before");
    text.failed = true;
    elb_put(&text, "after");
    elb_put_escaped(&text, "after");
    elb_put_base64(&text, "after", 5);
    ck_assert_str_eq(text.at, "before");
}
END_TEST

int main(void)
{
    TCase *all = tcase_create("all");
    tcase_add_checked_fixture(all, NULL, free_text);
    tcase_add_test(all, it_grows);
    tcase_add_test(all, numbers_have_points_in_any_language);
    tcase_add_test(all, words_are_escaped);
    tcase_add_test(all, what_is_no_utf8_is_replaced);
    tcase_add_test(all, base64);
    tcase_add_test(all, widths);
    tcase_add_test(all, after_a_failure_nothing_is_added);
    return run_case("text", all);
}
