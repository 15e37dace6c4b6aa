#include "io/csv.h"

#include "io_files.h"

#include <locale.h>
#include <math.h>

static elb_block block;

static elbow_status parse(const char *text, uint32_t limit)
{
    free(block.values);
    const size_t size = strlen(text);
    char *exact = malloc(size ? size : 1); /* without a zero at its end: reading past it is seen */
    memcpy(exact, text, size);
    const elbow_status status = elb_csv_parse(&block, &err, exact, size, limit);
    free(exact);
    return status;
}

/* The table is rows x columns of 1, 2, 3, ... */
static void counts_up(uint32_t rows, uint32_t columns)
{
    ck_assert_uint_eq(block.size[0], rows);
    ck_assert_uint_eq(block.size[1], 1);
    ck_assert_uint_eq(block.size[2], columns);
    ck_assert_uint_eq(block.size[3], 1);
    ck_assert(block.flat && !block.bytes);
    for (uint32_t i = 0; i < rows * columns; i++) ck_assert(((float *)block.values)[i] == (float)(i + 1));
}

START_TEST(forms_of_one_table)
{
    static const char *const forms[] = {"1,2\n3,4\n",
                                        "1,2\n3,4",
                                        "1;2\n3;4\n",
                                        "1\t2\n3\t4\n",
                                        "a,b\n1,2\n3,4\n",
                                        "\"a, or so\",\"b\"\n1,2\n3,4\n",
                                        "# a,b\r\n1,2\r\n3,4\r\n",
                                        ("\xef\xbb\xbf"
                                         "1,2\n3,4\n"),
                                        "\n1,2\n\n  \n3,4\n\n\r\n",
                                        " 1 , 2 \n3 ,4\n",
                                        "\"1\",\"2\"\n\"3\",\"4\"\n",
                                        "1.0,2e0\n+3,0.4e1\n"};
    for (size_t i = 0; i < COUNT(forms); i++) {
        WORKS(parse(forms[i], 0));
        counts_up(2, 2);
    }
    WORKS(parse("1\n2\n3\n", 0));
    counts_up(3, 1);
    WORKS(parse("1,2,3", 0));
    counts_up(1, 3);
    WORKS(parse("1,2\n3,4\nno number, nor read\n", 2));
    counts_up(2, 2);
    WORKS(parse("1,2\n3,4\n", 9));
    counts_up(2, 2);
}
END_TEST

START_TEST(values_as_they_are)
{
    WORKS(parse("-3.5,1e-13,300,0.1\n", 0));
    const float expected[] = {-3.5f, 0, 300, 0.1f};
    ck_assert_mem_eq(block.values, expected, sizeof expected);
}
END_TEST

/* Lines and columns are counted from 1, as editors do, blank lines and the header included. */
START_TEST(places)
{
    static const struct {
        const char *text, *words;
    } bad[] = {{"a,b\n1,2\n\n3,x4\n", "line 4, column 2: 'x4' is no number"},
               {"1,2\n3,nan\n", "line 2, column 2 is not a number: remove or replace it"},
               {"1,2\n-inf,4\n", "line 2, column 1 is infinite"},
               {"1,2\n1e999,4\n", "line 2, column 1 is infinite"},
               {"1,2\n3,1e39\n", "line 2, column 2 is too large for float32"},
               {"1,2\n3,\n", "line 2, column 2 is empty"},
               {"1,,2\n", "line 1, column 2 is empty"},
               {"1,2\n3\n", "line 2 has 1 cell, but the first row 2"},
               {"1,2\n3,4,5,6\n", "line 2 has 4 cells, but the first row 2"},
               {"1,2\n3,4,\n", "line 2 has 3 cells, but the first row 2"},
               {"0,5;1\n", "line 1, column 1: '0,5' is no number: write 0.5, not 0,5"},
               {"\"0,5\",1\n", "line 1, column 1: '0,5' is no number"},
               {"1 2\n3 4\n5 6\n", "line 2, column 1: '3 4' is no number: put commas between numbers"},
               {"1,2\n3,0123456789012345678901234567890 4\n",
                "'012345678901234567890123...' is no number: put commas between numbers"},
               {"1,2\n3,\x01\x7f\n", "'?"
                                     "?' is no number"},
               {"1,b\n", "line 1, column 2: 'b' is no number"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        FAILS(parse(bad[i].text, 0), BAD_DATA);
        SAYS(bad[i].words);
    }
    static const char *const empty[] = {"", "\n\n", "a,b\n", "a,b\n \r\n"};
    for (size_t i = 0; i < COUNT(empty); i++) {
        FAILS(parse(empty[i], 0), BAD_DATA);
        SAYS("no row of numbers");
    }
    FAILS(elb_csv_parse(&block, &err, "1,2\0x\n", 6, 0), BAD_DATA);
    SAYS("'2?x' is no number");
}
END_TEST

/* A cell too long to be held is not a number, whatever its first digits are. */
START_TEST(endless_cells)
{
    char text[400];
    memset(text, '0', sizeof text - 1);
    text[sizeof text - 1] = 0;
    text[0] = '1', text[1] = '\n';
    FAILS(parse(text, 0), BAD_DATA);
    SAYS("line 2, column 1: '000000000000000000000000...' is no number");
}
END_TEST

START_TEST(an_index_without_a_name)
{
    WORKS(parse(",a\n1,2\n", 0));
    counts_up(1, 2);
    ck_assert_ptr_nonnull(strstr(remarks, "first column has no name"));
    remarks[0] = 0;
    WORKS(parse("a,\n1,2\n", 0));
    ck_assert_str_eq(remarks, "");
}
END_TEST

START_TEST(other_locales)
{
    static const char *const commas[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE"};
    for (size_t i = 0; i < COUNT(commas) && !setlocale(LC_ALL, commas[i]); i++) {
    }
    WORKS(parse("0.5,1.5\n", 0));
    ck_assert(((float *)block.values)[1] == 1.5f);
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(files)
{
    elbow_data *data;
    write_plain(in_folder("t.csv"), "a,b\n1,2\n3,4\n5,5\n", 16);
    WORKS(elb_data_load(&data, &err, in_folder("t.csv"), 0));
    ck_assert_uint_eq(data->info.train, 3);
    ck_assert_uint_eq(data->info.height, 1);
    ck_assert_uint_eq(data->info.width, 2);
    ck_assert(data->info.counts && !data->info.bytes && data->info.maximum == 5);
    ck_assert_str_eq(remarks, "");
    elb_data_free(data);
    write_plain(in_folder("t.csv"), "1,2\n3,?\n", 8);
    FAILS(elb_data_load(&data, &err, in_folder("t.csv"), 0), BAD_DATA);
    SAYS("t.csv: line 2, column 2: '?' is no number");
    ck_assert_ptr_null(data);
}
END_TEST

MAIN(forms_of_one_table, values_as_they_are, places, endless_cells, an_index_without_a_name, other_locales, files)
