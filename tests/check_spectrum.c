#include "theory/spectrum.h"

#include "walsh.h"

static const elb_spectrum_plan every = {.dense = ELB_DENSE_PIXELS}, largest = {.count = 10};
static elb_spectrum is;

static elbow_status find(const elbow_data *data, const elb_spectrum_plan *plan)
{
    elb_spectrum_free(&is);
    return elb_spectrum_find(&is, &err, data, plan, NULL, NULL);
}

static void near(double value, double expected, double relative)
{
    ck_assert_msg(fabs(value - expected) <= relative * fabs(expected), "%.17g is not %.17g", value, expected);
}

/* Both ways, at each scale: floats hold the pixels to 6e-8 of 1. */
START_TEST(known_spectrum)
{
    elbow_data *data = walsh();
    double total = 0;
    for (int k = 0; k < 8; k++) total += made[k];
    for (int way = 0; way < 2; way++) {
        elb_spectrum_plan plan = way ? largest : every;
        WORKS(find(data, &plan));
        ck_assert_uint_eq(is.images, 64);
        ck_assert_uint_eq(is.count, 8);
        near(is.trace, total, 1e-6);
        near(is.entropy, 8 * log(2), 1e-6);
        double grey = 0;
        for (int k = 0; k < 8; k++) {
            const double p = 0.5 + sqrt(made[k]);
            grey -= p * log(p) + (1 - p) * log(1 - p);
        }
        near(is.grey_entropy, grey, 1e-6);
        for (int k = 0; k < 8; k++) ck_assert(fabs(is.eigenvalues[k] - made[k]) < 1e-7);
        /* Every mean is 1/2: the Pearson residuals are twice as large. */
        plan.pearson = true;
        WORKS(find(data, &plan));
        near(is.trace, 4 * total, 1e-6);
        for (int k = 0; k < 8; k++) ck_assert(fabs(is.eigenvalues[k] - 4 * made[k]) < 4e-7);
        /* Binarised by a threshold each pixel is 0 or 1 half the time; dynamically, x(1-x) more than before: 1/4 too.
         */
        plan.pearson = false;
        for (elbow_binarise b = ELBOW_BINARISE_DYNAMIC; b <= ELBOW_BINARISE_THRESHOLD; b++) {
            plan.binarise = b;
            WORKS(find(data, &plan));
            near(is.trace, 2, 1e-6);
            ck_assert(is.grey_entropy == 0);
            for (int k = 0; k < 8; k++) ck_assert(fabs(is.eigenvalues[k] - 0.25) < 1e-6);
        }
    }
    elb_spectrum_free(&is);
    elb_data_free(data);
}
END_TEST

/* A variance of 1e-8 around a mean of 0.9: 2e-5 of it is what floats there leave, none of the rest is lost. */
START_TEST(small_variance_on_a_large_mean)
{
    float images[400];
    elbow_data *data;
    double mean[2] = {0}, square[2] = {0};
    for (int i = 0; i < 400; i++) images[i] = 0.9f + 1e-4f * (float)sin(i * i);
    for (int i = 0; i < 400; i++) mean[i % 2] += (double)images[i] / 200;
    for (int i = 0; i < 400; i++) square[i % 2] += pow((double)images[i] - mean[i % 2], 2) / 200;
    WORKS(elb_data_from_floats(&data, &err, 1, 2, 1, images, 200, NULL, 0));
    WORKS(find(data, &every));
    near(is.trace, square[0] + square[1], 1e-9);
    near(is.eigenvalues[0] + is.eigenvalues[1], is.trace, 1e-6);
    elb_spectrum_free(&is);
    elb_data_free(data);
}
END_TEST

/* Bytes: trace and eigenvalues come from different sums and agree to the last digits; the subspace finds the same. */
START_TEST(blocked_and_whole)
{
    elbow_data *data;
    WORKS(elb_data_load(&data, &err, "shapes", 1500));
    for (int pearson = 0; pearson < 2; pearson++) {
        elb_spectrum_plan plan = {.pearson = pearson, .count = 20, .dense = ELB_DENSE_PIXELS};
        double whole[20], sum = 0;
        WORKS(find(data, &plan));
        ck_assert_uint_eq(is.count, 1024);
        for (uint32_t k = 0; k < is.count; k++) sum += is.eigenvalues[k];
        near(sum, is.trace, 1e-12);
        memcpy(whole, is.eigenvalues, sizeof whole);
        const double trace = is.trace, entropy = is.entropy;
        plan.dense = 1023;
        WORKS(find(data, &plan));
        ck_assert_uint_eq(is.count, 20);
        ck_assert(is.trace == trace && is.entropy == entropy);
        near(is.eigenvalues[0], whole[0], 1e-6);
        for (int k = 0; k < 20; k++) near(is.eigenvalues[k], whole[k], 1e-3);
    }
    elb_spectrum_free(&is);
    elb_data_free(data);
}
END_TEST

START_TEST(a_sample_is_enough)
{
    elbow_data *data;
    double few[8];
    WORKS(elb_data_load(&data, &err, "shapes", 0));
    WORKS(find(data, &(elb_spectrum_plan){.images = 3000, .count = 8}));
    ck_assert_uint_eq(is.images, 3000);
    memcpy(few, is.eigenvalues, sizeof few);
    WORKS(find(data, &(elb_spectrum_plan){.images = 1 << 20, .count = 8}));
    ck_assert_uint_eq(is.images, 12442);
    for (int k = 0; k < 8; k++) near(few[k], is.eigenvalues[k], 0.06);
    elb_spectrum_free(&is);
    elb_data_free(data);
}
END_TEST

static bool stop(void *user, double done)
{
    *(double *)user = done;
    return done > 0.5;
}

START_TEST(stopped)
{
    elbow_data *data;
    WORKS(elb_data_load(&data, &err, "shapes", 1000));
    for (int way = 0; way < 2; way++) {
        double done = 0;
        FAILS(elb_spectrum_find(&is, &err, data, way ? &largest : &every, stop, &done), STOPPED);
        ck_assert(done > 0.5 && done < 1);
        elb_spectrum_free(&is);
    }
    elb_data_free(data);
}
END_TEST

MAIN(known_spectrum, small_variance_on_a_large_mean, blocked_and_whole, a_sample_is_enough, stopped)
