#include "io/json.h"

#include "io_files.h"

#include <math.h>

static cJSON *parsed(const char *text)
{
    cJSON *value;
    WORKS(elb_json_parse(&value, &err, text, strlen(text), "run.json"));
    return value;
}

START_TEST(numbers_come_back)
{
    static const double values[] = {
        0.1, 1.0 / 3, 1e-310, 1e300, -0.00025, 5.0, 0x1.fffffffffffffp-2, 123456789012345680.0};
    for (size_t i = 0; i < COUNT(values); i++) {
        cJSON *object = cJSON_CreateObject();
        elb_json_add_number(object, "x", values[i]);
        char *text;
        WORKS(elb_json_print(&text, &err, object, false));
        cJSON_Delete(object);
        object = parsed(text);
        double back;
        WORKS(elb_json_number(&back, &err, object, "x", -INFINITY, INFINITY));
        ck_assert(back == values[i]);
        cJSON_Delete(object);
        free(text);
    }
    char text[32];
    ck_assert_str_eq(elb_number_text(text, 0.1), "0.1");
    ck_assert_str_eq(elb_number_text(text, (double)NAN), "null");
    ck_assert_str_eq(elb_number_text(text, -(double)INFINITY), "null");
}
END_TEST

START_TEST(whole_numbers_come_back)
{
    static const uint64_t values[] = {0, 1, 9007199254740992u, 9007199254740993u, UINT64_MAX};
    static const char *const texts[] = {"{\"x\":0}", "{\"x\":1}", "{\"x\":9007199254740992}",
                                        "{\"x\":\"9007199254740993\"}", "{\"x\":\"18446744073709551615\"}"};
    for (size_t i = 0; i < COUNT(values); i++) {
        cJSON *object = cJSON_CreateObject();
        elb_json_add_uint(object, "x", values[i]);
        char *text;
        WORKS(elb_json_print(&text, &err, object, false));
        ck_assert_str_eq(text, texts[i]);
        uint64_t back = 7;
        cJSON *again = parsed(text);
        WORKS(elb_json_uint(&back, &err, again, "x", 0, UINT64_MAX));
        ck_assert(back == values[i]);
        free(text);
        cJSON_Delete(object);
        cJSON_Delete(again);
    }
}
END_TEST

START_TEST(wrong_members)
{
    cJSON *o = parsed("{\"n\":-1,\"h\":1.5,\"t\":\"abc\",\"b\":true,\"big\":\"99999999999999999999\",\"neg\":\"-1\","
                      "\"l\":[],\"z\":null}");
    uint64_t u;
    double d;
    bool b;
    char text[4];
    int i;
    const cJSON *child;
    FAILS(elb_json_uint(&u, &err, o, "n", 0, 9), BAD_FILE);
    FAILS(elb_json_uint(&u, &err, o, "h", 0, 9), BAD_FILE);
    SAYS("\"h\" is 1.5, no whole number");
    FAILS(elb_json_uint(&u, &err, o, "big", 0, 9), BAD_FILE);
    FAILS(elb_json_uint(&u, &err, o, "neg", 0, 9), BAD_FILE);
    FAILS(elb_json_uint(&u, &err, o, "b", 0, 9), BAD_FILE);
    SAYS("\"b\" must be a whole number, not true or false");
    FAILS(elb_json_number(&d, &err, o, "n", 0, 1), BAD_FILE);
    SAYS("\"n\" is -1, not in 0..1");
    FAILS(elb_json_number(&d, &err, o, "z", 0, 1), BAD_FILE);
    SAYS("not null");
    FAILS(elb_json_number(&d, &err, o, "N", 0, 1), BAD_FILE);
    SAYS("\"N\" is missing");
    FAILS(elb_json_bool(&b, &err, o, "n"), BAD_FILE);
    WORKS(elb_json_bool(&b, &err, o, "b"));
    ck_assert(b);
    WORKS(elb_json_text(text, sizeof text, &err, o, "t"));
    ck_assert_str_eq(text, "abc");
    FAILS(elb_json_text(text, 3, &err, o, "t"), BAD_FILE);
    SAYS("\"t\" has 3 characters; at most 2");
    FAILS(elb_json_text(text, 3, &err, o, "l"), BAD_FILE);
    FAILS(elb_json_choice(&i, &err, o, "t", (const char *const[]){"sum", "mean", NULL}), BAD_FILE);
    SAYS("\"t\" is \"abc\", not one of: sum, mean");
    WORKS(elb_json_choice(&i, &err, o, "t", (const char *const[]){"sum", "abc", NULL}));
    ck_assert_int_eq(i, 1);
    WORKS(elb_json_array(&child, &err, o, "l"));
    FAILS(elb_json_object(&child, &err, o, "l"), BAD_FILE);
    cJSON_Delete(o);
}
END_TEST

START_TEST(unknown_members)
{
    static const char *const names[] = {"latent", "weight", "epochs", NULL};
    cJSON *o = parsed("{\"latent\":1,\"epochs\":2}");
    WORKS(elb_json_known(&err, o, names));
    cJSON_Delete(o);
    o = parsed("{\"latent\":1,\"wieght\":2}");
    FAILS(elb_json_known(&err, o, names), BAD_FILE);
    SAYS("\"wieght\" is not known here; did you mean \"weight\"?");
    cJSON_Delete(o);
    o = parsed("{\"qqqqqqq\":1}");
    FAILS(elb_json_known(&err, o, names), BAD_FILE);
    ck_assert_ptr_null(strstr(err.text, "mean"));
    cJSON_Delete(o);
    o = parsed("{\"latent\":1,\"latent\":2}");
    FAILS(elb_json_known(&err, o, names), BAD_FILE);
    SAYS("twice");
    cJSON_Delete(o);
    o = parsed("[]");
    FAILS(elb_json_known(&err, o, names), BAD_FILE);
    cJSON_Delete(o);
}
END_TEST

START_TEST(texts_that_are_none)
{
    static const struct {
        const char *text, *words;
        size_t size;
    } bad[] = {{"{\"a\":1,\n \"b\" 2}", "run.json: no valid JSON at line 2", 0},
               {"{\"a\":1", "line 1, column 6", 0},
               {"", "ends too early", 0},
               {"{} {}", "line 1, column 4", 0},
               {"{\"a\0b\":1}", "column 4", 9}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        cJSON *value;
        const size_t size = bad[i].size ? bad[i].size : strlen(bad[i].text);
        FAILS(elb_json_parse(&value, &err, bad[i].text, size, "run.json"), BAD_FILE);
        SAYS(bad[i].words);
        ck_assert_ptr_null(value);
    }
}
END_TEST

START_TEST(printing)
{
    cJSON *root = cJSON_CreateObject();
    elb_json_add_text(root, "name", "a\"b\n");
    elb_json_add_bool(root, "yes", true);
    cJSON *list = elb_json_add_array(elb_json_add_object(root, "in"), "list");
    elb_json_add_uint(list, NULL, 3);
    elb_json_add_number(list, NULL, 0.5);
    char *text;
    WORKS(elb_json_print(&text, &err, root, false));
    ck_assert_str_eq(text, "{\"name\":\"a\\\"b\\n\",\"yes\":true,\"in\":{\"list\":[3,0.5]}}");
    free(text);
    WORKS(elb_json_print(&text, &err, root, true));
    ck_assert_int_eq(text[strlen(text) - 1], '\n');
    free(text);
    cJSON_Delete(root);
    FAILS(elb_json_print(&text, &err, NULL, true), MEMORY);
}
END_TEST

MAIN(numbers_come_back, whole_numbers_come_back, wrong_members, unknown_members, texts_that_are_none, printing)
