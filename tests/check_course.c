/* check_course.c - what elbow_train says of a course of the KL term's weight before it starts (check_course.c of
 * host/train): for each thing that users have run into a line that says what to change, and for none else. */
#include "walsh.h"

static elbow_context *context;
static char said[4096];

static void note(void *user, const char *text)
{
    (void)user;
    const size_t used = strlen(said);
    elb_format(said + used, sizeof said - used, "%s\n", text);
}

static elbow_recipe gaussian(elbow_spread spread)
{
    elbow_recipe recipe = elbow_recipe_default();
    recipe.model = ELBOW_LINEAR;
    recipe.hidden[0] = 0;
    recipe.likelihood = ELBOW_GAUSSIAN;
    recipe.sigma2 = 0.02;
    recipe.spread = spread;
    recipe.latent = 6;
    return recipe;
}

static elbow_train_options scheduled(elbow_schedule schedule, double epochs, double target)
{
    elbow_train_options options = elbow_train_default();
    options.epochs = 2;
    options.schedule = schedule;
    options.schedule_epochs = epochs;
    options.schedule_target = target;
    return options;
}

/* Trains with them and collects the remarks. */
static elbow_status train_with(const elbow_recipe *recipe, const elbow_train_options *options)
{
    elbow_data *data = walsh();
    elbow_model *model = NULL;
    said[0] = '\0';
    elbow_listen(context, note, NULL);
    elbow_status status = elbow_model_new(&model, context, recipe, data);
    if (status == ELBOW_OK) status = elbow_train(model, data, options);
    elbow_model_free(model);
    elb_data_free(data);
    return status;
}

#define HEARS(recipe, options, words)                                                                                  \
    do {                                                                                                               \
        ck_assert_msg(train_with(recipe, options) == ELBOW_OK, "%s", elbow_message(context));                          \
        ck_assert_msg(strstr(said, words) != NULL, "\"%s\" is not in \"%s\"", words, said);                            \
    } while (0)
#define HEARS_NOTHING(recipe, options)                                                                                 \
    do {                                                                                                               \
        ck_assert_msg(train_with(recipe, options) == ELBOW_OK, "%s", elbow_message(context));                          \
        ck_assert_str_eq(said, "");                                                                                    \
    } while (0)

static void open_context(void)
{
    ck_assert_int_eq(elbow_open(&context, "native"), ELBOW_OK);
}

/* A course that is longer than the run. */
START_TEST(too_long)
{
    const elbow_recipe recipe = gaussian(ELBOW_SPREAD_FIXED);
    open_context();
    for (elbow_schedule kind = ELBOW_SCHEDULE_LINEAR; kind <= ELBOW_SCHEDULE_COSINE; kind++) {
        elbow_train_options options = scheduled(kind, 8, 0);
        HEARS(&recipe, &options, "takes 8 epochs and the training has 2: the weight will be ");
        ck_assert_ptr_nonnull(strstr(said, "not 1: shorten it (epochs=1) or train longer"));
        options.schedule_epochs = 2;
        HEARS_NOTHING(&recipe, &options);
    }
    elbow_train_options options = scheduled(ELBOW_SCHEDULE_CYCLICAL, 8, 0);
    options.schedule_cycles = 4;
    HEARS(&recipe, &options, "takes 8 epochs and the training has 2: 1 of its 4 cycles will be run");
    options.schedule_epochs = 2;
    HEARS_NOTHING(&recipe, &options);
    options = scheduled(ELBOW_SCHEDULE_CAPACITY, 8, 7);
    HEARS(&recipe, &options, "its aim will be 0.875 nats at the end, never 7");
    options = scheduled(ELBOW_SCHEDULE_LINEAR, 0, 0);
    HEARS(&recipe, &options, "a KL schedule of 0 epochs is none");
    elbow_close(context);
}
END_TEST

/* By hand: D/2 log(2 pi sigma^2) of a perfect decoder, and half the variance over sigma^2 more of one without latents;
 * of a learnt sigma the best of the latter is D/2 (log(2 pi trace/D) + 1), and no error is the smallest. With 6 latents
 * a linear VAE leaves 1e-3 sigma^2 of each of these and the two smallest variances: (6 x 2e-5 + 0.002)/0.04 = 0.053
 * nats above the perfect one, of which a deep one may save four fifths. */
START_TEST(distortion_out_of_reach)
{
    const elbow_recipe fixed = gaussian(ELBOW_SPREAD_FIXED), learnt = gaussian(ELBOW_SPREAD_LEARNED);
    elbow_recipe deep = elbow_recipe_default();
    deep.likelihood = ELBOW_GAUSSIAN;
    deep.sigma2 = fixed.sigma2;
    deep.latent = fixed.latent;
    const double tau = 2 * acos(-1);
    double trace = 0;
    for (int i = 0; i < 8; i++) trace += made[i];
    const double least = 4 * log(tau * 0.02), silence = least + trace / 0.04, mute = 4 * (log(tau * trace / 8) + 1);
    const struct {
        const elbow_recipe *recipe;
        double target;
        const char *words; /* NULL: nothing */
    } rows[] = {
        {&fixed, least - 0.01, "is out of reach: a perfect decoder's is -8.297"},
        {&fixed, least + 0.052, "hardly within reach: a linear VAE with 6 latents has -8.244 even at beta 0.001"},
        {&fixed, least + 0.054, NULL},
        {&deep, least + 0.0105, "hardly within reach"},
        {&deep, least + 0.0107, NULL},
        {&fixed, silence - 0.01, NULL},
        {&fixed, silence + 0.01, "is reached without any latent"},
        {&learnt, -1000, NULL},
        {&learnt, mute - 0.01, NULL},
        {&learnt, mute + 0.01, "is reached without any latent"},
    };
    open_context();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const elbow_train_options options = scheduled(ELBOW_SCHEDULE_GECO, 1, rows[i].target);
        if (rows[i].words)
            HEARS(rows[i].recipe, &options, rows[i].words);
        else
            HEARS_NOTHING(rows[i].recipe, &options);
    }
    elbow_recipe idle = fixed;
    idle.weight = 0;
    const elbow_train_options options = scheduled(ELBOW_SCHEDULE_GECO, 1, silence + 1);
    HEARS(&idle, &options, "geco multiplies the first weight, and 0 stays 0");
    elbow_close(context);
}
END_TEST

/* By hand: at beta 1 the four largest variances stand above sigma^2 0.02, at a rate of 1/2 log(8 x 4.5 x 2 x 1.125) =
 * 2.197 nats; at beta 0.001 six, at 1/2 log(8000 x 4500 x 2000 x 1125 x 500 x 125) = 21.53. */
START_TEST(rate_out_of_reach)
{
    const elbow_recipe recipe = gaussian(ELBOW_SPREAD_FIXED);
    elbow_train_options options = scheduled(ELBOW_SCHEDULE_CONTROL, 1, 100);
    open_context();
    HEARS(&recipe, &options,
          "a rate of 100 nats is out of reach: about 21.53 are foreseen even at beta 0.001: lower target");
    options.schedule = ELBOW_SCHEDULE_LEAST_RATE;
    HEARS(&recipe, &options,
          "a rate of 100 nats is out of reach: about 21.53 are foreseen even at beta 0.001: lower to=,");
    options.schedule = ELBOW_SCHEDULE_CAPACITY;
    HEARS(&recipe, &options, "a rate of 100 nats is more than these data can use: about 21.53 are foreseen");
    options = scheduled(ELBOW_SCHEDULE_CONTROL, 1, 4);
    HEARS_NOTHING(&recipe, &options);
    options = scheduled(ELBOW_SCHEDULE_LEAST_RATE, 1, 2);
    HEARS(&recipe, &options, "about 2.197 nats are foreseen at beta 1, more than the 2 aimed at");
    options.schedule_target = 2.4;
    HEARS_NOTHING(&recipe, &options);
    options = scheduled(ELBOW_SCHEDULE_CONSTANT, 1, 0);
    options.free_bits = 1;
    HEARS(&recipe, &options, "let 6 nats through, and about 2.197 are foreseen without them");
    options.free_bits = 0.5;
    HEARS_NOTHING(&recipe, &options);
    elbow_close(context);
}
END_TEST

/* A target finds the weight by itself: another than the ELBO's own was meant to do something. */
START_TEST(weight_without_effect)
{
    elbow_recipe recipe = gaussian(ELBOW_SPREAD_FIXED);
    const elbow_train_options distortion = scheduled(ELBOW_SCHEDULE_GECO, 1, -4),
                              rate = scheduled(ELBOW_SCHEDULE_CONTROL, 1, 4);
    open_context();
    HEARS_NOTHING(&recipe, &distortion);
    HEARS_NOTHING(&recipe, &rate);
    recipe.weight = 4;
    HEARS(&recipe, &distortion,
          "geco finds the weight that holds the distortion at -4 nats: beta 4 is no more than where");
    HEARS(&recipe, &rate, "control finds the weight that holds the rate at 4 nats: beta 4 is no more than the unit");
    recipe.pixels = ELBOW_MEAN; /* the weight that is beta 1 */
    recipe.weight = 1.0 / 8;
    HEARS_NOTHING(&recipe, &rate);
    elbow_close(context);
}
END_TEST

/* What would have no effect, or contradicts itself, is refused. */
START_TEST(refusals)
{
    elbow_recipe recipe = gaussian(ELBOW_SPREAD_FIXED);
    elbow_train_options options = scheduled(ELBOW_SCHEDULE_GECO, 1, 1);
    options.free_bits = 1;
    open_context();
    ck_assert_int_eq(train_with(&recipe, &options), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(elbow_message(context), "would pull against each other"));
    recipe.beta_low = 0.5;
    recipe.beta_high = 2;
    recipe.weight = 4;
    options = scheduled(ELBOW_SCHEDULE_CONSTANT, 1, 0);
    ck_assert_int_eq(train_with(&recipe, &options), ELBOW_USAGE);
    ck_assert_ptr_nonnull(strstr(elbow_message(context), "beta 4 would have no effect"));
    elbow_close(context);
}
END_TEST

MAIN(too_long, distortion_out_of_reach, rate_out_of_reach, weight_without_effect, refusals)
