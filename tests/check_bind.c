/* check_bind.c - bind on good files, on mistakes, and on a good file cut at every byte. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "suite.h"

static char folder[64];

static void path_of(char path[128], const char *name)
{
    elb_format(path, 128, "%s/%s", folder, name);
}

static void save(const char *name, const char *text, size_t length)
{
    char path[128];
    path_of(path, name);
    FILE *file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(text, 1, length, file), length);
    fclose(file);
}

static char *load_path(const char *path)
{
    char *text = calloc(1, 1 << 20);
    FILE *file = fopen(path, "rb");
    ck_assert_msg(file != NULL, "%s", path);
    text[fread(text, 1, (1 << 20) - 1, file)] = 0;
    fclose(file);
    return text;
}

static char *load(const char *name)
{
    char path[128];
    path_of(path, name);
    return load_path(path);
}

/* Runs bind on files of the folder; its exit status, and what it said. */
static int run_bind(char said[1024], const char *files)
{
    char command[2048], list[1024] = "", words[256];
    elb_format(words, sizeof words, "%s", files);
    for (char *rest, *word = strtok_r(words, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
        elb_format(list + strlen(list), sizeof list - strlen(list), " %s/%s", folder, word);
    elb_format(command, sizeof command, "'%s' %s %s/headers%s 2>&1", ELB_BIND, folder, folder, list);
    FILE *pipe = popen(command, "r");
    ck_assert_ptr_nonnull(pipe);
    said[fread(said, 1, 1023, pipe)] = 0;
    const int status = pclose(pipe);
    ck_assert_msg(WIFEXITED(status), "bind died: %s", said);
    return WEXITSTATUS(status);
}

static void set_up(void)
{
    char path[128];
    elb_format(folder, sizeof folder, "/tmp/check-bind-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    path_of(path, "headers");
    ck_assert_int_eq(mkdir(path, 0700), 0);
    const char choices[] = "/* lists */\nenum colour { RED, /* warm */ GREEN };\nenum size {\n    SMALL,\n};\n";
    const char language[] = "#ifdef OPENCL\n#include \"inner.h\"\n#else\n#include \"x_native.h\"\n#endif\n";
    save("headers/choices.h", choices, strlen(choices));
    save("headers/language.h", language, strlen(language));
    save("headers/inner.h", "int inner; // \"?\?/\" \\\n", 21);
}

static void tear_down(void)
{
    char command[128];
    elb_format(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static void expect(const char *file, const char *words)
{
    char *text = load(file);
    ck_assert_msg(strstr(text, words) != NULL, "%s has no '%s':\n%s", file, words, text);
    free(text);
}

static const char good[] = "/* good */\n"
                           "#include \"language.h\"\n"
                           "#include \"language.h\"\n"
                           "OPTION(COLOUR, GREEN, \"which\")\n"
                           "OPTION(WEIGHT, -1.5e-3f, \"how \\\"much\\\"\")\n"
                           "OPTION(COUNT_OF, 3, \"n\") // last\n"
                           "static int helper(int a) { return a * '{'; }\n"
                           "kernel void good(global real *restrict y, const global uchar *x,\n"
                           "                 global const uint *i, real r, uint n, int m, ulong k)\n"
                           "{\n"
                           "    if (COLOUR == RED) { y[0] = \"}\"[0]; }\n"
                           "}\n"
                           "kernel void also(global real *y) {}\n";

START_TEST(good_files_are_bound)
{
    char said[1024];
    save("good.cl", good, strlen(good));
    save("other.cl", "kernel void other(uint n)\n{\n}\n", 29);
    ck_assert_msg(run_bind(said, "good.cl other.cl") == 0, "%s", said);
    ck_assert_str_eq(said, "");
    expect("elb_kernels.h", "enum elb_colour { ELB_RED, ELB_GREEN };");
    expect("elb_kernels.h",
           "    int32_t colour; // which\n    float weight; // how \\\"much\\\"\n    int32_t count_of; // n\n");
    expect("elb_kernels.h", "#define GOOD_DEFAULTS { .colour = ELB_GREEN, .weight = -1.5e-3f, .count_of = 3 }");
    expect("elb_kernels.h", "launch_good(elb_device *dev_, const struct good_options *options_, elb_range groups_, "
                            "elb_view y, elb_view x, elb_view i, double r, uint32_t n, int32_t m, uint64_t k)");
    expect("elb_kernels.h", "launch_other(elb_device *dev_, elb_range groups_, uint32_t n)");
    expect("elb_kernels.h", "{{.view = y}, {.view = x}, {.view = i}, {.real = r}, {.u = n}, {.i = m}, {.ul = k}}");
    expect("elb_kernels.h", "X(good) \\\n    X(also) \\\n    X(other)\n");
    expect("elb_kernels.c", "void good(global real *restrict y_, ulong y_at_, const global uchar *x_, ulong x_at_, "
                            "global const uint *i_, ulong i_at_, real r, uint n, int m, ulong k) "
                            "{ global real *restrict y = y_ + y_at_; const global uchar *x = x_ + x_at_; "
                            "global const uint *i = i_ + i_at_;");
    expect("elb_kernels.c", "{\"y\", ELB_ARG_REALS, true},\n    {\"x\", ELB_ARG_BYTES, false},\n"
                            "    {\"i\", ELB_ARG_UINTS, false},\n    {\"r\", ELB_ARG_REAL, false},\n");
    expect("elb_kernels.c", "#line 10 \\\"good.cl\\\"");
    expect("elb_kernels.c", "choices_colour, ELB_GREEN, \"which\"");
    expect("native_good.c", "#define COLOUR (option_.colour)");
    expect("native_good.c", "option.colour = 1;");
    expect("native_other.c", "other_groups(values, pointers, sizes, first, last);");
    expect("native_table.c", "ELB_NATIVE(good),\n    ELB_NATIVE(also),\n    ELB_NATIVE(other),\n    NULL");
}
END_TEST

/* The source of a kernel's program as it stands in the file written. */
static bool is_in_program(const char *text, const char *program, const char *words)
{
    char begin[128];
    elb_format(begin, sizeof begin, "static const char source_%s[] =", program);
    const char *source = strstr(text, begin);
    ck_assert_msg(source != NULL, "no program %s", program);
    const char *found = strstr(source, words), *end = strstr(source, ";\n\n");
    return found && found < end;
}

/* Files that name a program are one source, in which their headers are in once; any other file is its own. */
START_TEST(files_share_the_program_they_name)
{
    const char a[] = "#include \"language.h\"\nPROGRAM(both)\nkernel void a(uint n) {}\n",
               b[] = "#include \"language.h\"\nPROGRAM(both)\nkernel void b(uint n) {}\n",
               c[] = "#include \"language.h\"\nkernel void c(uint n) {}\n";
    char said[1024];
    save("a.cl", a, strlen(a));
    save("c.cl", c, strlen(c));
    save("b.cl", b, strlen(b));
    ck_assert_msg(run_bind(said, "a.cl c.cl b.cl") == 0, "%s", said);
    char *text = load("elb_kernels.c");
    ck_assert(is_in_program(text, "both", "void a(") && is_in_program(text, "both", "void b("));
    ck_assert(is_in_program(text, "c", "void c(") && !is_in_program(text, "both", "void c("));
    const char *inner = strstr(strstr(text, "source_both[]"), "int inner;");
    ck_assert(strstr(inner + 1, "int inner;") > strstr(text, "source_c[]"));
    ck_assert_ptr_null(strstr(text, "PROGRAM("));
    ck_assert_ptr_nonnull(strstr(text, "\"b\", \"b.cl\", 2, source_both, NULL, 0, 0, NULL"));
    ck_assert_ptr_nonnull(strstr(text, "\"c\", \"c.cl\", 1, source_c, NULL, 0, 0, NULL"));
    free(text);
    expect("native_a.c", "a_groups(values");
}
END_TEST

/* A file with options is in the program it names with their defaults, which end with it, and has one of its own. */
START_TEST(options_are_defaults_in_a_shared_program)
{
    const char a[] = "OPTION(MODE, RED, \"which\")\nOPTION(FACTOR, -1.5f, \"of n\")\nPROGRAM(both)\n"
                     "kernel void a(uint n) { if (MODE == RED && FACTOR < 0) n = 0; }\n",
               b[] = "PROGRAM(both)\nkernel void b(uint n) {}\n";
    char said[1024];
    save("a.cl", a, strlen(a));
    save("b.cl", b, strlen(b));
    ck_assert_msg(run_bind(said, "a.cl b.cl") == 0, "%s", said);
    char *text = load("elb_kernels.c");
    ck_assert(is_in_program(text, "both", "void a(") && is_in_program(text, "both", "void b("));
    ck_assert(is_in_program(text, "a", "void a(") && !is_in_program(text, "a", "void b("));
    ck_assert(is_in_program(text, "both", "#define MODE RED\\n") && is_in_program(text, "both", "#undef MODE\\n"));
    ck_assert(is_in_program(text, "both", "#define FACTOR -1.5f\\n") && !is_in_program(text, "a", "#define"));
    ck_assert(strstr(strstr(text, "source_both[]"), "#undef FACTOR") < strstr(text, "void b("));
    ck_assert_ptr_nonnull(strstr(text, "\"a\", \"a.cl\", 0, source_a, source_both, sizeof(struct a_options), 2,"));
    ck_assert_ptr_nonnull(strstr(text, "\"b\", \"b.cl\", 1, source_both, NULL, 0, 0, NULL"));
    free(text);
}
END_TEST

/* Headers are in once, those for C not at all; option lines are gone, and comments with them. */
START_TEST(headers_are_flattened_once)
{
    char said[1024];
    save("good.cl", good, strlen(good));
    ck_assert_int_eq(run_bind(said, "good.cl"), 0);
    char *text = load("elb_kernels.c");
    const char *inner = strstr(text, "int inner;");
    ck_assert_ptr_nonnull(inner);
    ck_assert_ptr_null(strstr(inner + 1, "int inner;"));
    ck_assert_ptr_null(strstr(text, "x_native.h"));
    ck_assert_ptr_null(strstr(text, "OPTION("));
    ck_assert_ptr_null(strstr(text, "/* good */"));
    free(text);
}
END_TEST

START_TEST(nothing_is_written_twice)
{
    char said[1024], path[128];
    struct stat first, second;
    save("good.cl", good, strlen(good));
    ck_assert_int_eq(run_bind(said, "good.cl"), 0);
    path_of(path, "native_good.c");
    const struct timespec old[2] = {{1000, 0}, {1000, 0}};
    ck_assert_int_eq(utimensat(0, path, old, 0), 0);
    ck_assert_int_eq(stat(path, &first), 0);
    ck_assert_int_eq(run_bind(said, "good.cl"), 0);
    ck_assert_int_eq(stat(path, &second), 0);
    ck_assert_int_eq(first.st_mtime, second.st_mtime);
    save("good.cl", "kernel void good(uint n) {}\n", 28);
    ck_assert_int_eq(run_bind(said, "good.cl"), 0);
    ck_assert_int_eq(stat(path, &second), 0);
    ck_assert_int_ne(first.st_mtime, second.st_mtime);
}
END_TEST

#define K "kernel void k(uint n) {}\n"

static const struct {
    const char *text, *says;
} mistakes[] = {
    {"", "bad.cl:1: no kernel in this file"},
    {"\n/* no end", "bad.cl:2: a comment begins here and does not end: add */"},
    {"#define A /* no end", "bad.cl:1: a comment begins here and does not end: add */"},
    {"\nOPTION(A, 1, \"no end)\n", "bad.cl:2: a string begins here and does not end on its line: add \""},
    {"int x = 'a;\n", "bad.cl:1: a string begins here and does not end on its line: add '"},
    {"kernel void k(uint n)\n{\n", "bad.cl:2: a { is not closed: add }"},
    {"void f(void) {\n", "bad.cl:1: a { is not closed: add }"},
    {"kernel int k(uint n) {}", "bad.cl:1: 'void' expected after kernel, not 'int'"},
    {"kernel void (uint n) {}", "bad.cl:1: the kernel's name expected, not '('"},
    {"kernel void", "bad.cl:1: the file ends where the kernel's name should be"},
    {"kernel void k(uint n);", "bad.cl:1: '{' expected before the kernel's body, not ';'"},
    {"kernel void k(uint n", "bad.cl:1: the file ends where ')' should be, after the kernel's arguments"},
    {"kernel void k(float n) {}", "bad.cl:1: 'float' is no type of an argument: real, uint, int or ulong"},
    {"kernel void k(global int *n) {}", "bad.cl:1: 'int' is no type of a pointer: global real, uchar or uint"},
    {"kernel void k(real *n) {}", "bad.cl:1: pointers to kernels are global"},
    {"kernel void k(global uint n) {}", "bad.cl:1: a global argument is a pointer"},
    {"kernel void k(local real *n) {}", "bad.cl:1: local memory is declared in the kernel's body"},
    {"kernel void k(uint n,\nuint n) {}", "bad.cl:2: kernel k names two arguments n"},
    {K "\n" K, "bad.cl:3: kernel k is there already, in "},
    {"OPTION(A, 1, \"a\")\nOPTION(A, 2, \"b\")\n" K, "bad.cl:2: option A is named twice"},
    {"OPTION(A, PURPLE, \"a\")\n" K, "bad.cl:1: the default of A, PURPLE, is none of choices.h"},
    {"OPTION(RED, 1, \"a\")\n" K, "bad.cl:1: option RED has the name of an enumerator of choices.h"},
    {"OPTION(a, 1, \"a\")\n" K, "bad.cl:1: option a is written in capitals"},
    {"OPTION(A, 1.5, \"a\")\n" K, "bad.cl:1: the default of A, 1.5, needs an f"},
    {"OPTION(A, \"x\", \"a\")\n" K, "bad.cl:1: the default of A is a number or an enumerator of choices.h"},
    {"OPTION(A, 1)\n" K, "bad.cl:1: ',' expected after the option's default, not ')'"},
    {"OPTION(A, 1, help)\n" K, "bad.cl:1: option A ends with a line of help in quotes"},
    {"PROGRAM(a)\nPROGRAM(b)\n" K, "bad.cl:2: PROGRAM is named twice"},
    {"PROGRAM a\n" K, "bad.cl:1: '(' expected after PROGRAM, not 'a'"},
    {"PROGRAM(3)\n" K, "bad.cl:1: the program's name expected, not '3'"},
    {K "OPTION(A, 1, \"a\")\n", "bad.cl:2: options come before the first kernel"},
    {"OPTION(A, 1, \"a\")\nint f(void) { return A; }\n" K, "bad.cl:2: option A is named outside a kernel: pass it"},
    {"OPTION(A, 1, \"a\")\n#if B || A\n#endif\n" K, "bad.cl:2: option A is named in a #directive: use an ordinary if"},
    {"#include \"gone.h\"\n" K, "bad.cl:1: there is no "},
};

START_TEST(mistakes_are_told)
{
    char said[1024];
    save("bad.cl", mistakes[_i].text, strlen(mistakes[_i].text));
    ck_assert_msg(run_bind(said, "bad.cl") == 1, "%s is taken", mistakes[_i].text);
    ck_assert_msg(strstr(said, mistakes[_i].says) != NULL, "'%s', not '%s'", said, mistakes[_i].says);
    ck_assert_msg(strchr(said, '\n') == said + strlen(said) - 1, "more than one line: %s", said);
}
END_TEST

START_TEST(mistakes_in_choices_are_told)
{
    static const char *const texts[][2] = {
        {"enum a { A, B, A };", "choices.h:1: enumerator A is listed twice"},
        {"enum a { A = 3 };", "choices.h:1: ',' expected between enumerators (they count from 0), not '='"},
        {"enum a { };", "choices.h:1: enum a has no enumerators"},
        {"\nint x;", "choices.h:2: only enumerations belong here, not 'int'"},
        {"enum a {", "choices.h:1: the file ends where an enumerator should be"},
    };
    char said[1024];
    save("good.cl", K, strlen(K));
    for (size_t i = 0; i < COUNT(texts); i++) {
        save("headers/choices.h", texts[i][0], strlen(texts[i][0]));
        ck_assert_int_eq(run_bind(said, "good.cl"), 1);
        ck_assert_msg(strstr(said, texts[i][1]) != NULL, "'%s', not '%s'", said, texts[i][1]);
    }
}
END_TEST

/* What is too long or too many is told as well. */
START_TEST(limits_are_told)
{
    char said[1024], *text = calloc(1, 1 << 16);
    for (int i = 0; i < 33; i++) elb_format(text + strlen(text), 64, "OPTION(A%d, 1, \"a\")\n", i);
    save("bad.cl", text, strlen(text));
    ck_assert_int_eq(run_bind(said, "bad.cl"), 1);
    ck_assert_msg(strstr(said, ":33: more than 32 options") != NULL, "%s", said);
    elb_format(text, 64, "kernel void k(uint a0");
    for (int i = 1; i < 25; i++) elb_format(text + strlen(text), 64, ", uint a%d", i);
    strcat(text, ") {}");
    save("bad.cl", text, strlen(text));
    ck_assert_int_eq(run_bind(said, "bad.cl"), 1);
    ck_assert_msg(strstr(said, ":1: more than 24 arguments") != NULL, "%s", said);
    elb_format(text, 256, "kernel void %063d(uint n) {}", 0);
    text[12] = 'a';
    text[75] = 'b';
    save("bad.cl", text, strlen(text));
    ck_assert_int_eq(run_bind(said, "bad.cl"), 1);
    ck_assert_msg(strstr(said, "is longer than 63 characters") != NULL, "%s", said);
    ck_assert_int_eq(run_bind(said, "none.cl"), 1);
    ck_assert_msg(strstr(said, "cannot read") != NULL, "%s", said);
    free(text);
}
END_TEST

/* A file cut anywhere, or with a byte that does not belong, is taken or refused in one line: bind never dies. */
START_TEST(damaged_files_are_refused)
{
    char said[1024], text[sizeof good];
    int refused = 0;
    for (size_t length = 0; length < strlen(good); length += 3) {
        save("bad.cl", good, length);
        refused += run_bind(said, "bad.cl");
    }
    ck_assert_int_gt(refused, 100);
    for (size_t at = 0; at < strlen(good); at += 7) {
        memcpy(text, good, sizeof good);
        text[at] = "\"'{}(),*/\\#\0\377"[at % 13];
        save("bad.cl", text, strlen(good));
        ck_assert_int_le(run_bind(said, "bad.cl"), 1);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("bind");
    tcase_set_timeout(tests, 120);
    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_test(tests, good_files_are_bound);
    tcase_add_test(tests, files_share_the_program_they_name);
    tcase_add_test(tests, options_are_defaults_in_a_shared_program);
    tcase_add_test(tests, headers_are_flattened_once);
    tcase_add_test(tests, nothing_is_written_twice);
    tcase_add_loop_test(tests, mistakes_are_told, 0, (int)COUNT(mistakes));
    tcase_add_test(tests, mistakes_in_choices_are_told);
    tcase_add_test(tests, limits_are_told);
    tcase_add_test(tests, damaged_files_are_refused);
    return run_case("bind", tests);
}
