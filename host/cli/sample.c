/* sample.c - elbow sample: what the decoder makes of draws from the prior. */
#include "cli/cli.h"

#include <math.h>

typedef struct settings {
    const char *run, *device, *out;
    uint32_t rows, columns;
    uint64_t seed;
    bool draw;
    double beta;
} settings;

static const cli_option options[] = {
    {.name = "rows",
     .metavar = "N",
     .type = CLI_COUNT,
     .offset = offsetof(settings, rows),
     .least = 1,
     .most = 256,
     .unit = "rows",
     .help = "of the grid"},
    {.name = "columns",
     .metavar = "N",
     .type = CLI_COUNT,
     .offset = offsetof(settings, columns),
     .least = 1,
     .most = 256,
     .unit = "columns",
     .help = "of the grid",
     .synonyms = " cols "},
    {.name = "seed",
     .metavar = "N",
     .type = CLI_SEED,
     .offset = offsetof(settings, seed),
     .help = "of the draws: another seed, other images"},
    {.name = "draw",
     .type = CLI_FLAG,
     .offset = offsetof(settings, draw),
     .help = "draw the pixels from p(x|z) too, instead of showing its mean: what the model says data look like",
     .synonyms = " pixels noise "},
    {.name = "out",
     .metavar = "FILE.png",
     .type = CLI_TEXT,
     .offset = offsetof(settings, out),
     .standard = "RUN/samples.png",
     .help = "the PNG file to write",
     .synonyms = " output "},
    {OPTION_RUN_BETA(offsetof(settings, beta))},
    {OPTION_DEVICE(offsetof(settings, device))},
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.device = "auto", .beta = NAN, .rows = 8, .columns = 8};
}

static int run(void *of, const cli_args *args)
{
    const settings *s = of;
    char path[4096];
    cli_session session;
    (void)args;
    int status = cli_session_open_model(&session, s->device, s->run);
    if (status == CLI_DONE) status = cli_session_set_beta(&session, s->beta);
    if (status == CLI_DONE) status = cli_output_path(path, s->out, s->run, "samples.png");
    if (status == CLI_DONE) {
        const elbow_status drawn = s->draw ? elbow_draw_pixels(session.model, path, s->rows, s->columns, s->seed)
                                           : elbow_draw_samples(session.model, path, s->rows, s->columns, s->seed);
        if (drawn != ELBOW_OK) status = cli_library_failed(session.context, drawn);
    }
    if (status == CLI_DONE) puts(path);
    cli_session_close(&session);
    return status;
}

const cli_command cli_sample = {
    .name = "sample",
    .summary = "draw images from the prior",
    .purpose =
        "Draws z from the prior N(0, I), decodes it and writes a grid of the images as PNG; prints the file's name.",
    .examples = {"elbow sample runs/shapes", "elbow sample runs/shapes --draw",
                 "elbow sample runs/shapes --rows 4 --columns 12 --seed 7 --out samples.png"},
    .arguments = {{"RUN", offsetof(settings, run),
                   "the folder that 'elbow train' wrote, such as runs/fashion-mnist-1"}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
