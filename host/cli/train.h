/* train.h - the settings of elbow train, shared by train.c, train_options.c and train_words.c. */
#ifndef CLI_TRAIN_H
#define CLI_TRAIN_H

#include "cli/cli.h"

typedef enum train_loss { LOSS_SSE, LOSS_HALF_SSE, LOSS_BCE, LOSS_NOT_GIVEN } train_loss;

/* The commonest name of a loss is of squared error and a reduction in one. */
#define CLI_LOSS_FOREIGN                                                                                               \
    "mse: that is --loss sse --reduction mean/sum, or mean/mean if yours takes the KL term's mean over the latents "   \
    "too"

/* What --sigma says: a value, or where it comes from and its first value. */
typedef struct train_spread {
    elbow_spread from;
    double value;
} train_spread;

typedef struct train_settings {
    elbow_recipe recipe;
    elbow_train_options train;
    const char *data, *device, *config, *out;
    train_loss loss;
    train_spread sigma;
    double beta;
    double holdout;
    uint32_t limit;
    bool resume, overwrite, quiet, json;
    uint32_t rank, ranks; /* of the job that mpirun or Slurm has started; ranks 0: none */
} train_settings;

/* ---- train_values.c, train_schedules.c ---- */

extern const cli_own train_hidden, train_reduction, train_objective, train_range, train_rate, train_shards, train_sigma,
    train_schedule, train_free_bits;

/* Options of commands that train the same model without being train: in settings, of.recipe, of.batch and of.shards. */
#define TRAIN_SIZES(heading, settings, of)                                                                             \
    {.group = heading, OPTION_MODEL(offsetof(settings, of.recipe.model), "as for train, like those that follow")},     \
        {OPTION_HIDDEN(offsetof(settings, of.recipe.hidden), "")},                                                     \
    {                                                                                                                  \
        OPTION_LATENT(offsetof(settings, of.recipe.latent))                                                            \
    }
#define TRAIN_STEP(settings, of, largest)                                                                              \
    {OPTION_BATCH(offsetof(settings, of.batch), largest)},                                                             \
    {                                                                                                                  \
        OPTION_SHARDS(offsetof(settings, of.shards), "")                                                               \
    }

/* ---- train_options.c ---- */

void train_defaults(void *settings);

/* ---- train_settings.c ---- */

/* Refuses to train on nothing. */
int train_check_data(const train_settings *s, const cli_args *args);
/* Of train_check's combinations, those that any command which trains refuses. */
int train_check_recipe(const train_settings *s, const cli_args *args);

/* Refuses combinations that the table cannot. */
int train_check(const void *settings, const cli_args *args);
/* Puts what a run was made with under what was typed. Returns WRONG_USAGE if a resumed run would become another. */
int train_from_run(train_settings *s, const elbow_run *run, const cli_args *args);
/* Turns --loss, --sigma and --beta as typed into the recipe. */
void train_settle(train_settings *s, const cli_args *args);

/* ---- train.c ---- */

int train_run(void *settings, const cli_args *args);
/* Puts what --config or --resume names under what was typed. */
int train_read_run(train_settings *s, cli_session *session, const cli_args *args);
/* Loads what to train on and holds out what is to be held out. */
int train_load_data(train_settings *s, cli_session *session);
/* The weight that --beta means, once the pixels are known. */
int train_settle_weight(train_settings *s, const cli_session *session, uint32_t pixels, const cli_args *args);

/* ---- train_words.c ---- */

/* "device ...", "data ...", "model ...", "weight ...", "memory ..." to stderr. */
void train_announce(elbow_context *context, const train_settings *s, const elbow_data *data, const elbow_model *model);
/* Its parts. model NULL: without what depends on the weight and without the number of parameters. */
void train_say(const char *what, const char *text);
void train_say_device(elbow_context *context, const char *asked);
/* Who did how much, once several devices have trained. */
void train_say_team(elbow_context *context);
void train_say_data(const elbow_data_info *data);
/* "784-400-20, gaussian sigma learned from 1, sum/sum". */
char *train_model_text(char out[256], const elbow_recipe *recipe, uint32_t pixels);
void train_say_model(const train_settings *s, const elbow_data_info *data, const elbow_model *model);
/* What it needs, with a warning where the device has less; quiet: the warning alone. */
void train_say_memory(elbow_context *context, const train_settings *s, const elbow_data *data);

#endif
