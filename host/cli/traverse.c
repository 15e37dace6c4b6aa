/* traverse.c - elbow traverse: what each latent does to one image. */
#include "cli/cli.h"

#include <math.h>

typedef struct settings {
    const char *run, *data, *device, *out;
    uint32_t image, columns;
    double beta;
} settings;

static const cli_option options[] = {
    {.name = "image",
     .metavar = "N",
     .type = CLI_COUNT,
     .offset = offsetof(settings, image),
     .least = 0,
     .most = UINT32_MAX,
     .help = "which test image to start from, counted from 0"},
    {.name = "columns",
     .metavar = "N",
     .type = CLI_COUNT,
     .offset = offsetof(settings, columns),
     .least = 2,
     .most = 256,
     .unit = "columns",
     .help = "values of each latent between -3 and 3",
     .synonyms = " cols steps "},
    {.name = "out",
     .metavar = "FILE.png",
     .type = CLI_TEXT,
     .offset = offsetof(settings, out),
     .standard = "RUN/traversal.png",
     .help = "the PNG file to write",
     .synonyms = " output "},
    {OPTION_RUN_BETA(offsetof(settings, beta))},
    {OPTION_DEVICE(offsetof(settings, device))},
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.device = "auto", .beta = NAN, .columns = 11};
}

static int run(void *of, const cli_args *args)
{
    const settings *s = of;
    char path[4096], count[32];
    cli_session session;
    (void)args;
    int status = cli_session_open(&session, s->device, s->run, s->data);
    if (status == CLI_DONE) status = cli_session_set_beta(&session, s->beta);
    if (status == CLI_DONE) {
        const uint32_t images = elbow_data_about(session.data)->test;
        if (s->image >= images)
            status = cli_failure("--image %u: there are %s test images, counted from 0", (unsigned)s->image,
                                 cli_count(count, images));
    }
    if (status == CLI_DONE) status = cli_output_path(path, s->out, s->run, "traversal.png");
    if (status == CLI_DONE) {
        const elbow_status drawn = elbow_draw_traversal(session.model, session.data, path, s->image, s->columns);
        if (drawn != ELBOW_OK) status = cli_library_failed(session.context, drawn);
    }
    if (status == CLI_DONE) puts(path);
    cli_session_close(&session);
    return status;
}

const cli_command cli_traverse = {
    .name = "traverse",
    .summary = "draw what each latent does to one image",
    .purpose =
        "Encodes one test image of the run's data, or of other DATA, moves one latent at a time from -3 to 3 and "
        "writes the decoded images as PNG, a row for each latent. Prints the file's name.",
    .examples = {"elbow traverse runs/shapes", "elbow traverse runs/shapes --image 7 --columns 9 --out latents.png"},
    .arguments = {{"RUN", offsetof(settings, run), "the folder that 'elbow train' wrote, such as runs/fashion-mnist-1"},
                  {"DATA", offsetof(settings, data), NULL}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
