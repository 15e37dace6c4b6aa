#include "io/values.h"

#include "io_files.h"

START_TEST(canonical)
{
    ck_assert(elb_canonical(0x1p-40f) == 0x1p-40f && elb_canonical(-0x1p-40f) == -0x1p-40f);
    ck_assert(elb_canonical(0x1.fffffep-41f) == 0 && elb_canonical(-0x1.fffffep-41f) == 0);
    ck_assert(!signbit(elb_canonical(-0x1p-41f)) && !signbit(elb_canonical(-0.0f)));
}
END_TEST

START_TEST(unfit)
{
    ck_assert_ptr_null(elb_unfit((double)FLT_MAX));
    ck_assert_ptr_null(elb_unfit(-(double)FLT_MAX));
    ck_assert_str_eq(elb_unfit((double)NAN), "not a number");
    ck_assert_str_eq(elb_unfit((double)-INFINITY), "infinite");
    ck_assert_str_eq(elb_unfit(-1e39), "too large for float32");
}
END_TEST

START_TEST(places)
{
    char out[96];
    ck_assert_str_eq(elb_place(out, (const uint32_t[]){9, 4, 3, 1}, 2 * 12 + 3 * 3 + 1),
                     "image 2 (counted from 0), row 3, column 1");
    ck_assert_str_eq(elb_place(out, (const uint32_t[]){9, 4, 3, 2}, 1),
                     "image 0 (counted from 0), row 0, column 0, channel 1");
}
END_TEST

MAIN(canonical, unfit, places)
