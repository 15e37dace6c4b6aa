/* loss.h - how people write their loss: the options that explain and diagnose share. */
#ifndef CLI_LOSS_H
#define CLI_LOSS_H

#include "cli/train.h"

typedef struct cli_loss {
    elbow_recipe recipe;
    train_loss loss;
    double sigma;
} cli_loss;

/* Rows of a table of options whose settings have a cli_loss named `loss`. */
#define CLI_LOSS_OPTIONS(settings)                                                                                     \
    {.group = "Your loss",                                                                                             \
     .name = "loss",                                                                                                   \
     .type = CLI_CHOICE,                                                                                               \
     .offset = offsetof(settings, loss.loss),                                                                          \
     .choices = "sse|half-sse|bce",                                                                                    \
     .foreign = CLI_LOSS_FOREIGN,                                                                                      \
     .help = "the reconstruction: squared error, half of it, or cross-entropy; beta does not depend on it",            \
     .synonyms = " likelihood mse reconstruction "},                                                                   \
        {.name = "sigma",                                                                                              \
         .metavar = "V",                                                                                               \
         .type = CLI_NUMBER,                                                                                           \
         .offset = offsetof(settings, loss.sigma),                                                                     \
         .least = 0,                                                                                                   \
         .above = true,                                                                                                \
         .most = 1e6,                                                                                                  \
         .standard = "",                                                                                               \
         .help = "instead of --loss: squared error / (2 V^2), a Gaussian's with that standard deviation"},             \
        {OPTION_REDUCTION(offsetof(settings, loss.recipe))},                                                           \
    {                                                                                                                  \
        OPTION_WEIGHT(offsetof(settings, loss.recipe.weight))                                                          \
    }

/* Squared error, sums, weight 1. */
cli_loss cli_loss_default(void);
/* Turns --loss or --sigma, if given, into the recipe's likelihood and variance. */
void cli_loss_settle(cli_loss *loss, const cli_args *args);
/* "sse", "half-sse", "bce" or "gaussian sigma 0.1". */
char *cli_loss_text(char out[48], const elbow_recipe *recipe);

#endif
