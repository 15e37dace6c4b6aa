#include "theory/linear.h"

#include "io_files.h"

#include <math.h>

static double eigenvalues[] = {5, 3, 2, 1, 0.5, 0.25};
static const elb_spectrum made = {.eigenvalues = eigenvalues, .count = 6, .pixels = 10, .images = 1, .trace = 12};

static void near(double value, double expected)
{
    ck_assert_msg(fabs(value - expected) <= 1e-12 * fabs(expected), "%.17g is not %.17g", value, expected);
}

START_TEST(water_filling)
{
    elb_linear is = elb_linear_at(&made, 20, 1.5);
    ck_assert_uint_eq(is.active, 3);
    near(is.rate, 0.5 * log(5 * 3 * 2 / (1.5 * 1.5 * 1.5)));
    near(is.sse, 3 * 1.5 + (12 - 10));
    is = elb_linear_at(&made, 2, 1.5);
    ck_assert_uint_eq(is.active, 2);
    near(is.sse, 2 * 1.5 + (12 - 8));
    is = elb_linear_at(&made, 20, 5);
    ck_assert_uint_eq(is.active, 0);
    ck_assert(is.rate == 0 && is.sse == 12);
    is = elb_linear_at(&made, 1, 0);
    ck_assert(isinf(is.rate) && is.sse == 7);
}
END_TEST

/* Latents that all are active: s = sum of the rest / (D - K beta). Collapse at D l_1 / trace. */
START_TEST(learnt_variance)
{
    near(elb_learnt_sigma2(&made, 2, 1), (12.0 - 8) / (10 - 2));
    near(elb_learnt_sigma2(&made, 3, 0.5), (12.0 - 10) / (10 - 1.5));
    near(elb_learnt_collapse(&made), 10 * 5 / 12.0);
    near(elb_learnt_sigma2(&made, 3, 1.0001 * 10 * 5 / 12), 1.2);
    ck_assert(elb_learnt_sigma2(&made, 3, 0.99 * 10 * 5 / 12) < 1.199);
    /* The root, wherever some are active and some not; and at beta 1 the best likelihood. */
    for (double beta = 0.25; beta < 4; beta *= 2) {
        const double s = elb_learnt_sigma2(&made, 5, beta);
        near(10 * s, elb_linear_at(&made, 5, beta * s).sse);
    }
    const double best = elb_learnt_sigma2(&made, 4, 1);
    double elbo[3];
    for (int i = 0; i < 3; i++) {
        const double s = best * (0.99 + 0.01 * i);
        const elb_linear is = elb_linear_at(&made, 4, s);
        elbo[i] = -is.sse / (2 * s) - 5 * log(2 * acos(-1) * s) - is.rate;
    }
    ck_assert(elbo[1] > elbo[0] && elbo[1] > elbo[2]);
}
END_TEST

START_TEST(no_error_left)
{
    const elb_spectrum full = {.eigenvalues = eigenvalues, .count = 6, .pixels = 6, .trace = 11.75};
    ck_assert(elb_learnt_sigma2(&full, 6, 0.5) < 1e-12);
}
END_TEST

/* Between two eigenvalues the rate grows with the logarithm of the threshold, and so does the count of directions. */
START_TEST(directions)
{
    ck_assert(elb_directions_at_rate(&made, 0) == 0);
    for (uint32_t k = 1; k < 6; k++)
        near(elb_directions_at_rate(&made, elb_linear_at(&made, 6, eigenvalues[k]).rate), k);
    const double low = elb_linear_at(&made, 6, 2).rate, high = elb_linear_at(&made, 6, 1).rate;
    near(elb_directions_at_rate(&made, 0.5 * (low + high)), 2.5);
    ck_assert(elb_directions_at_rate(&made, 1e6) == 6);
}
END_TEST

MAIN(water_filling, learnt_variance, no_error_left, directions)
