/* options.h - rows of a table of options (cli_option) that several commands have: what is told and what is allowed
 * stands here once. offset: of the field in the command's settings. A macro that takes `words` has nothing in its help
 * that all commands share. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

/* clang-format off */

/* The largest weight, and the largest beta, that is taken for a weight. */
#define OPTION_MAX_WEIGHT 1e9

#define OPTION_MODEL(field, words)                                                                                     \
    .name = "model", .type = CLI_CHOICE, .offset = (field), .choices = "mlp|linear", .help = (words)

/* more: what a command adds, "" or "; ..." */
#define OPTION_HIDDEN(field, more)                                                                                     \
    .name = "hidden", .metavar = "W[,W...]", .type = CLI_OWN, .offset = (field), .own = &train_hidden,                 \
    .help = "widths of the encoder's hidden layers; the decoder mirrors them" more,                                    \
    .synonyms = " hidden-size hidden-dim layers "

#define OPTION_LATENT(field)                                                                                           \
    .name = "latent", .metavar = "M", .type = CLI_COUNT, .offset = (field), .least = 1, .most = 65536,                 \
    .unit = "latents", .help = "dimensions of z", .synonyms = " latent-dim latent-size z z-dim latents m "

#define OPTION_REDUCTION(field)                                                                                        \
    .name = "reduction", .metavar = "R/K", .type = CLI_OWN, .offset = (field), .own = &train_reduction,                \
    .help = "sum or mean of the reconstruction over pixels, and of the KL over latents"

#define OPTION_WEIGHT(field)                                                                                           \
    .name = "weight", .metavar = "W", .type = CLI_NUMBER, .offset = (field), .least = 0, .most = OPTION_MAX_WEIGHT,    \
    .help = "on the KL, as written in your code under that reduction", .synonyms = " kl-weight kld-weight kl "

/* standard_words: the default */
#define OPTION_BETA(field, standard_words, words)                                                                      \
    .name = "beta", .metavar = "B", .type = CLI_NUMBER, .offset = (field), .least = 0, .most = OPTION_MAX_WEIGHT,      \
    .standard = (standard_words), .help = (words)

/* Of commands that use a run's model; the default of the settings: NAN. */
#define OPTION_RUN_BETA(field)                                                                                         \
    OPTION_BETA(field, "1", "which weight a network for a range of them (elbow sweep --once) is asked for")

#define OPTION_LIMIT(field)                                                                                            \
    .name = "limit", .metavar = "N", .type = CLI_COUNT, .offset = (field), .least = 0, .most = UINT32_MAX,             \
    .unit = "images", .standard = "all", .help = "only the first N training images"

#define OPTION_BINARISE(field)                                                                                         \
    .name = "binarise", .type = CLI_CHOICE, .offset = (field), .choices = "none|dynamic|threshold",                    \
    .help = "pixels to 0 or 1: drawn anew each epoch, or above 1/2", .synonyms = " binarize "

#define OPTION_BATCH(field, largest)                                                                                   \
    .name = "batch", .metavar = "N", .type = CLI_COUNT, .offset = (field), .least = 1, .most = (largest),              \
    .unit = "images", .help = "images per step", .synonyms = " batch-size bs "

/* more: what a command adds */
#define OPTION_SHARDS(field, more)                                                                                     \
    .name = "shards", .metavar = "S|auto", .type = CLI_OWN, .offset = (field), .own = &train_shards,                   \
    .help = "parts of a batch whose sums are combined in a fixed order" more

#define OPTION_DEVICE(field)                                                                                           \
    .name = "device", .metavar = "auto|native|ID", .type = CLI_TEXT, .offset = (field),                                \
    .help = "where to compute; no device changes a bit of the result", .synonyms = " gpu cuda "

#define OPTION_JSON(field, instead_of)                                                                                 \
    .name = "json", .type = CLI_FLAG, .offset = (field), .help = "print one JSON document instead of the " instead_of

/* clang-format on */

#endif
