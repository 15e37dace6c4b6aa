/* encode.c - elbow encode: the codes of all images of a split, for other tools. */
#include "cli/cli.h"

#include <math.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct settings {
    const char *run, *data, *device, *out;
    elbow_split split;
    double beta;
} settings;

static const cli_option options[] = {
    {.name = "split",
     .type = CLI_CHOICE,
     .offset = offsetof(settings, split),
     .choices = "train|validation|test",
     .help = "the images to encode"},
    {.name = "out",
     .metavar = "PREFIX",
     .type = CLI_TEXT,
     .offset = offsetof(settings, out),
     .standard = "RUN",
     .help = "writes PREFIX-mu.npy and PREFIX-logvar.npy; of a folder, mu.npy and logvar.npy in it",
     .synonyms = " output prefix "},
    {OPTION_RUN_BETA(offsetof(settings, beta))},
    {OPTION_DEVICE(offsetof(settings, device))},
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.device = "auto", .beta = NAN, .split = ELBOW_TEST};
}

/* Writes one array to PREFIX-name.npy, or to name.npy in the folder PREFIX, and prints the file's name. */
static int write_array(const cli_session *session, const char *prefix, const char *name, const float *values,
                       size_t rows, size_t cols)
{
    struct stat there;
    char path[4096];
    const size_t length = strlen(prefix);
    const bool slash = length > 0 && prefix[length - 1] == '/';
    const bool folder = slash || (stat(prefix, &there) == 0 && S_ISDIR(there.st_mode));
    const int written = snprintf(path, sizeof path, "%s%s%s.npy", prefix, slash ? "" : folder ? "/" : "-", name);
    if (written >= (int)sizeof path) return cli_failure("%.60s...: the path is too long", prefix);
    const elbow_status status = elbow_write_npy(session->context, path, values, rows, cols);
    if (status != ELBOW_OK) return cli_library_failed(session->context, status);
    puts(path);
    return CLI_DONE;
}

static int encode(const settings *s, const cli_session *session)
{
    static const char *const names[] = {"training", "validation", "test"};
    const elbow_data_info *about = elbow_data_about(session->data);
    const uint32_t counts[] = {about->train, about->validation, about->test}, count = counts[s->split];
    const size_t latent = elbow_model_recipe(session->model)->latent;
    const char *prefix = s->out != NULL ? s->out : s->run;
    if (count == 0) return cli_failure("%s has no %s images", about->name, names[s->split]);
    float *mu = calloc(count * latent, sizeof *mu), *logvar = calloc(count * latent, sizeof *logvar);
    int status = mu != NULL && logvar != NULL ? CLI_DONE : cli_failure("no memory for the codes of %u images", count);
    if (status == CLI_DONE) {
        const elbow_status encoded = elbow_encode(mu, logvar, session->model, session->data, s->split, 0, count);
        if (encoded != ELBOW_OK) status = cli_library_failed(session->context, encoded);
    }
    if (status == CLI_DONE) status = write_array(session, prefix, "mu", mu, count, latent);
    if (status == CLI_DONE) status = write_array(session, prefix, "logvar", logvar, count, latent);
    free(mu);
    free(logvar);
    return status;
}

static int run(void *of, const cli_args *args)
{
    const settings *s = of;
    cli_session session;
    (void)args;
    int status = cli_session_open(&session, s->device, s->run, s->data);
    if (status == CLI_DONE) status = cli_session_set_beta(&session, s->beta);
    if (status == CLI_DONE) status = encode(s, &session);
    cli_session_close(&session);
    return status;
}

const cli_command cli_encode = {
    .name = "encode",
    .summary = "write mu and logvar of images as NPY files",
    .purpose =
        "Encodes the test images of the run's data, or of other DATA, and writes mu and logvar of q(z|x), one row "
        "per image, as NumPy reads them. Prints the files' names.",
    .examples = {"elbow encode runs/shapes", "elbow encode runs/shapes --split train --out codes"},
    .arguments = {{"RUN", offsetof(settings, run), "the folder that 'elbow train' wrote, such as runs/fashion-mnist-1"},
                  {"DATA", offsetof(settings, data), NULL}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
