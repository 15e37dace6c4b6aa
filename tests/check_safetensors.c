#include "io/tensors.h"

#include "io_files.h"

static elb_tensors found;

static void save(const char *path)
{
    static const float weight[6] = {1, 2, 3, 4, 5, 6};
    static const uint64_t step[1] = {UINT64_MAX};
    const elb_tensor tensors[] = {elb_tensor_of("encoder.0.weight", ELB_F32, 2, (const uint64_t[]){2, 3}, weight),
                                  elb_tensor_of("step", ELB_U64, 0, NULL, step),
                                  elb_tensor_of("empty", ELB_I64, 1, (const uint64_t[]){0}, NULL)};
    char text[] = "a \"quoted\" note";
    WORKS(elb_tensors_write(&err, path, tensors, 3, &(elb_note){"recipe", text}, 1));
}

START_TEST(round_trip)
{
    save(in_folder("a"));
    WORKS(elb_tensors_read(&found, &err, in_folder("a")));
    ck_assert_uint_eq(found.count, 3);
    const elb_tensor *tensor;
    WORKS(elb_tensors_get(&tensor, &err, &found, "encoder.0.weight", ELB_F32, 2, (const uint64_t[]){2, 3}));
    const float weight[6] = {1, 2, 3, 4, 5, 6};
    ck_assert_uint_eq(tensor->bytes, 24);
    ck_assert_mem_eq(tensor->data, weight, 24);
    WORKS(elb_tensors_get(&tensor, &err, &found, "step", ELB_U64, 0, NULL));
    uint64_t step;
    memcpy(&step, tensor->data, 8);
    ck_assert(step == UINT64_MAX);
    ck_assert_str_eq(elb_tensors_note(&found, "recipe"), "a \"quoted\" note");
    ck_assert_ptr_null(elb_tensors_note(&found, "other"));
    FAILS(elb_tensors_get(&tensor, &err, &found, "mu.weight", ELB_F32, 0, NULL), BAD_FILE);
    SAYS("there is no tensor mu.weight");
    FAILS(elb_tensors_get(&tensor, &err, &found, "encoder.0.weight", ELB_F32, 2, (const uint64_t[]){3, 2}), BAD_FILE);
    SAYS("tensor encoder.0.weight is F32 (2, 3), not F32 (3, 2)");
    FAILS(elb_tensors_get(&tensor, &err, &found, "step", ELB_F64, 0, NULL), BAD_FILE);
    elb_tensors_free(&found);
}
END_TEST

START_TEST(the_format)
{
    save(in_folder("a"));
    unsigned char file[1024];
    const size_t size = read_plain(file, sizeof file, in_folder("a"));
    const size_t header = file[0] | (size_t)file[1] << 8;
    ck_assert_uint_eq(header % 8, 0);
    ck_assert_uint_eq(size, 8 + header + 24 + 8);
    const char expected[] =
        "{\"__metadata__\":{\"recipe\":\"a \\\"quoted\\\" "
        "note\"},\"encoder.0.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],"
        "\"data_offsets\":[0,24]},\"step\":{\"dtype\":\"U64\",\"shape\":[],\"data_offsets\":[24,32]},"
        "\"empty\":{\"dtype\":\"I64\",\"shape\":[0],\"data_offsets\":[32,32]}}";
    ck_assert_mem_eq(file + 8, expected, sizeof expected - 1);
}
END_TEST

START_TEST(names_are_judged_before_writing)
{
    const float x = 1;
    const elb_tensor twice[] = {elb_tensor_of("a", ELB_F32, 0, NULL, &x), elb_tensor_of("a", ELB_F32, 0, NULL, &x)};
    FAILS(elb_tensors_write(&err, in_folder("a"), twice, 2, NULL, 0), USAGE);
    const elb_tensor reserved = elb_tensor_of("__metadata__", ELB_F32, 0, NULL, &x);
    FAILS(elb_tensors_write(&err, in_folder("a"), &reserved, 1, NULL, 0), USAGE);
    ck_assert_int_ne(access(in_folder("a"), F_OK), 0);
}
END_TEST

/* A file of a header and eight bytes of data. */
static elbow_status parse(const char *header)
{
    static unsigned char file[4096];
    const size_t length = strlen(header);
    memset(file, 0, sizeof file);
    file[0] = (unsigned char)length, file[1] = (unsigned char)(length >> 8);
    memcpy(file + 8, header, length);
    const elbow_status status = elb_tensors_parse(&found, &err, file, 8 + length + 8);
    elb_tensors_free(&found);
    return status;
}

START_TEST(headers_that_lie)
{
    WORKS(parse("{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}   "));
    static const char *const bad[][2] = {
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,16]}}",
         "lies at bytes 0 to 16, but the file has 8"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}", "has 8 bytes, but its shape needs 12"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", "4 bytes follow the last tensor"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", "tensor a leaves a gap"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}}", "bytes 8 to 0"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}", "not two numbers"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}}", "no whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.5],\"data_offsets\":[0,8]}}", "no whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1e99],\"data_offsets\":[0,8]}}", "no whole number"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4503599627370496,4503599627370496],\"data_offsets\":[0,8]}}",
         "overflows"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,2],\"data_offsets\":[0,8]}}", "more than 4 axes"},
        {"{\"a\":{\"dtype\":\"F33\",\"shape\":[2],\"data_offsets\":[0,8]}}", "\"dtype\" is \"F33\", not one of: F32"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"offsets\":[0,8]}}", "\"offsets\" is not known"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}", "\"data_offsets\" is missing"},
        {"{\"a\":3}", "tensor a: a number where an object is expected"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[2],"
         "\"data_offsets\":[0,8]}}",
         "overlaps"},
        {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],"
         "\"data_offsets\":[4,8]}}",
         "tensor a is there twice"},
        {"{\"__metadata__\":{\"a\":1}}", "__metadata__ a is no text"},
        {"{\"__metadata__\":[]}", "__metadata__ is no object"},
        {"{}", "8 bytes follow the last tensor"},
        {"[1]", "its header is no JSON object"},
        {"{\"a\":", "its header: "},
        {"{} x", "no valid JSON at line 1, column 4"},
        {"", "its header is no JSON object"}};
    for (size_t i = 0; i < COUNT(bad); i++) {
        FAILS(parse(bad[i][0]), BAD_FILE);
        SAYS(bad[i][1]);
    }
}
END_TEST

START_TEST(lengths_that_lie)
{
    unsigned char file[16] = {255, 255, 255, 255, 255, 255, 255, 255, '{', '}'};
    FAILS(elb_tensors_parse(&found, &err, file, sizeof file), BAD_FILE);
    SAYS("its header would have 18446744073709551615 bytes");
    memset(file, 0, 8);
    file[0] = 9;
    FAILS(elb_tensors_parse(&found, &err, file, sizeof file), BAD_FILE);
    SAYS("ends inside its header (16 of 17 bytes)");
    FAILS(elb_tensors_parse(&found, &err, file, 7), BAD_FILE);
    FAILS(elb_tensors_read(&found, &err, in_folder("none")), NOT_FOUND);
    SAYS("none");
    elb_tensors_free(&found);
}
END_TEST

MAIN(round_trip, the_format, names_are_judged_before_writing, headers_that_lie, lengths_that_lie)
