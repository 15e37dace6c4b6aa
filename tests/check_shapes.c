#include "io/data.h"

#include "io_files.h"

static elbow_data *data;

/* The hash was taken from the first version; anything else means that the made-up set changed under its users. */
START_TEST(the_same_bytes_for_ever)
{
    WORKS(elb_data_load(&data, &err, "shapes", 0));
    ck_assert_str_eq(data->info.sha256, "d21bc0f85faea1eb6bedc89785ce81d6684f36cf561eca0090394d96bf8b7e7a");
    ck_assert_uint_eq(data->info.train, 12442);
    ck_assert_uint_eq(data->info.test, 1382);
    ck_assert_uint_eq(data->info.pixels, 1024);
    ck_assert_uint_eq(data->factors, 5);
    elb_data_free(data);
    WORKS(elb_data_load(&data, &err, "shapes", 100));
    ck_assert_uint_eq(data->info.train, 100);
    ck_assert_uint_eq(data->info.test, 1382);
    elb_data_free(data);
}
END_TEST

static const uint8_t *image(size_t i)
{
    const size_t train = data->source[0].count;
    return (const uint8_t *)(i < train ? data->source[0].pixels : data->source[1].pixels) +
           (i < train ? i : i - train) * 1024;
}

static const uint8_t *factors(size_t i)
{
    const size_t train = data->source[0].count;
    return i < train ? data->source[0].factors + i * 5 : data->source[1].factors + (i - train) * 5;
}

static int by_image(const void *a, const void *b)
{
    return memcmp(*(const uint8_t *const *)a, *(const uint8_t *const *)b, 1024);
}

/* Every combination of factors once, no two images alike. */
START_TEST(each_image_has_one_answer)
{
    WORKS(elb_data_load(&data, &err, "shapes", 0));
    static const uint8_t *order[13824];
    static bool seen[3][6][12][8][8];
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < 13824; i++) {
        const uint8_t *f = factors(i);
        bool *place = &seen[f[0]][f[1]][f[2]][f[3]][f[4]];
        ck_assert(!*place);
        *place = true;
        order[i] = image(i);
    }
    qsort(order, 13824, sizeof *order, by_image);
    for (size_t i = 1; i < 13824; i++) ck_assert_int_ne(memcmp(order[i], order[i - 1], 1024), 0);
    elb_data_free(data);
}
END_TEST

/* Where the ink lies and how much of it there is follow from the factors, within what 64 samples a pixel resolve; so
 * none is cut off at the border. */
START_TEST(factors_are_true)
{
    WORKS(elb_data_load(&data, &err, "shapes", 3000));
    for (size_t i = 0; i < 3000; i++) {
        const uint8_t *f = factors(i), *p = image(i);
        double ink = 0, x = 0, y = 0;
        for (int k = 0; k < 1024; k++)
            ink += p[k] / 255.0, x += p[k] / 255.0 * (k % 32 + 0.5), y += p[k] / 255.0 * (k / 32 + 0.5);
        const double r = 3.5 + f[1];
        const double area = r * r * (f[0] == 0 ? 1.96 : f[0] == 1 ? 3.14159265 / 2 : 1.299038);
        ck_assert_msg(ink > 0.95 * area && ink < 1.05 * area, "shape %u: %g of %g", f[0], ink, area);
        const double dx = x / ink - (9 + 2 * f[3]), dy = y / ink - (9 + 2 * f[4]);
        ck_assert(dx * dx < 0.01 && dy * dy < 0.01);
    }
    elb_data_free(data);
}
END_TEST

MAIN(the_same_bytes_for_ever, each_image_has_one_answer, factors_are_true)
