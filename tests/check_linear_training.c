/* check_linear_training.c - a linear VAE, trained, arrives at the closed form (docs/maths.md; tools/linear.py shows the
 * same of MNIST and Fashion-MNIST): rate and squared error within 1 %, as many active latents, and nothing left above
 * the weight where all is lost. The data's spectrum is known by construction. */
#include "theory/linear.h"
#include "walsh.h"

/* The more copies there are of the images, the less the one draw of z that is measured scatters. */
enum { LATENT = 3, COPIES = 256 };

static double eigenvalues[8];
static elb_spectrum spectrum = {.eigenvalues = eigenvalues, .count = 8, .pixels = 8, .images = 64 * COPIES};
static elbow_context *context;
static elbow_data *data;

static void open_all(void)
{
    data = walsh_repeated(COPIES);
    spectrum.trace = 0;
    for (int k = 0; k < 8; k++) spectrum.trace += eigenvalues[k] = made[k];
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
}

static void close_all(void)
{
    elb_data_free(data);
    elbow_close(context);
}

static elbow_metrics trained(elbow_spread spread, double sigma2, double beta)
{
    elbow_recipe recipe = elbow_recipe_default();
    recipe.model = ELBOW_LINEAR;
    recipe.hidden[0] = 0;
    recipe.latent = LATENT;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.spread = spread;
    recipe.sigma2 = sigma2;
    recipe.weight = beta;
    elbow_train_options train = elbow_train_default();
    train.epochs = 80;
    train.batch = 256;
    train.learning_rate = 2e-2;
    train.rate = ELBOW_RATE_COSINE;
    train.rate_factor = 0.002;
    elbow_model *model;
    elbow_metrics is;
    ck_assert_int_eq(elbow_model_new(&model, context, &recipe, data), ELBOW_OK);
    ck_assert_msg(elbow_train(model, data, &train) == ELBOW_OK, "%s", elbow_message(context));
    ck_assert_int_eq(elbow_evaluate(&is, model, data, ELBOW_TRAIN, false), ELBOW_OK);
    elbow_model_free(model);
    return is;
}

static void arrives(elbow_metrics is, double t)
{
    const elb_linear form = elb_linear_at(&spectrum, LATENT, t);
    ck_assert_msg(is.active_units == form.active, "at %g: %u latents are active, not %u", t, (unsigned)is.active_units,
                  (unsigned)form.active);
    const double slack = form.active > 0 ? 0.01 * form.rate : 1e-3;
    ck_assert_msg(fabs(is.rate - form.rate) <= slack, "at %g: rate %g is not %g", t, is.rate, form.rate);
    ck_assert_msg(fabs(is.sse - form.sse) <= 0.01 * form.sse, "at %g: squared error %g is not %g", t, is.sse, form.sse);
}

START_TEST(fixed_sigma)
{
    const double sigma2 = 0.05, betas[] = {0.25, 1, 4};
    open_all();
    for (int i = 0; i < 3; i++) arrives(trained(ELBOW_SPREAD_FIXED, sigma2, betas[i]), betas[i] * sigma2);
    close_all();
}
END_TEST

START_TEST(learned_sigma)
{
    const double betas[] = {0.25, 1, 1.5};
    open_all();
    for (int i = 0; i < 3; i++) {
        const elbow_metrics is = trained(ELBOW_SPREAD_LEARNED, 0.05, betas[i]);
        const double sigma2 = elb_learnt_sigma2(&spectrum, LATENT, betas[i]);
        arrives(is, betas[i] * sigma2);
        ck_assert_msg(fabs(is.sigma2 / sigma2 - 1) < 0.01, "sigma^2 %g is not %g", is.sigma2, sigma2);
    }
    close_all();
}
END_TEST

START_TEST(collapse)
{
    open_all();
    ck_assert_uint_eq(elb_linear_at(&spectrum, LATENT, made[0] / 1.5).active, 1);
    arrives(trained(ELBOW_SPREAD_FIXED, 0.05, made[0] / 0.05 / 1.5), made[0] / 1.5);
    arrives(trained(ELBOW_SPREAD_FIXED, 0.05, made[0] / 0.05 * 1.5), made[0] * 1.5);
    const double most = elb_learnt_collapse(&spectrum);
    arrives(trained(ELBOW_SPREAD_LEARNED, 0.05, 1.5 * most), made[0] * 1.5);
    close_all();
}
END_TEST

MAIN(fixed_sigma, learned_sigma, collapse)
