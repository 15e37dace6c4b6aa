/* reconstruct.c - elbow reconstruct: test images above what the model makes of them. */
#include "cli/cli.h"

#include <math.h>

typedef struct settings {
    const char *run, *data, *device, *out;
    uint32_t rows, columns;
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
    {.name = "out",
     .metavar = "FILE.png",
     .type = CLI_TEXT,
     .offset = offsetof(settings, out),
     .standard = "RUN/reconstructions.png",
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
    int status = cli_session_open(&session, s->device, s->run, s->data);
    if (status == CLI_DONE) status = cli_session_set_beta(&session, s->beta);
    if (status == CLI_DONE) status = cli_output_path(path, s->out, s->run, "reconstructions.png");
    if (status == CLI_DONE) {
        const elbow_status drawn = elbow_draw_reconstructions(session.model, session.data, path, s->rows, s->columns);
        if (drawn != ELBOW_OK) status = cli_library_failed(session.context, drawn);
    }
    if (status == CLI_DONE) puts(path);
    cli_session_close(&session);
    return status;
}

const cli_command cli_reconstruct = {
    .name = "reconstruct",
    .summary = "draw test images above their reconstructions",
    .purpose =
        "Encodes and decodes test images of the run's data, or of other DATA, and writes a grid as PNG: each row of "
        "images above its reconstructions. Prints the file's name.",
    .examples = {"elbow reconstruct runs/shapes",
                 "elbow reconstruct runs/shapes --rows 2 --columns 10 --out pairs.png"},
    .arguments = {{"RUN", offsetof(settings, run), "the folder that 'elbow train' wrote, such as runs/fashion-mnist-1"},
                  {"DATA", offsetof(settings, data), NULL}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
