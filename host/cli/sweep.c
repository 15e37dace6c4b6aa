/* sweep.c - elbow sweep: trains over weights, draws the rate-distortion curve, writes a report. */
#include "cli/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DEVICES = 16 };

/* Begins with train's settings, whose options this command has. */
typedef struct settings {
    train_settings train;
    sweep_betas betas;
    bool once;
} settings;

_Static_assert(offsetof(settings, train) == 0, "the offsets of train's options hold here");

static const cli_option options[] = {
    {.group = "Sweep",
     .name = "betas",
     .metavar = "B,B,...",
     .type = CLI_OWN,
     .offset = offsetof(settings, betas),
     .own = &sweep_betas_own,
     .help = "the weights, on the ELBO's scale; LOW..HIGH:COUNT is a range in equal factors, such as 0.1..10:7",
     .synonyms = " beta weights weight "},
    {.name = "once",
     .type = CLI_FLAG,
     .offset = offsetof(settings, once),
     .help = "train one network for the whole range of weights, by gates that move with them, instead of one for each "
             "(MR-VAE): one run instead of many, a little less exact (docs/sweep.md)"},
    {.name = "out",
     .metavar = "DIR",
     .type = CLI_TEXT,
     .offset = offsetof(settings, train.out),
     .help = "the folder to write: sweep.json, report.html and a run folder for each weight; needed. In a folder that "
             "holds a sweep of the same recipe it goes on with it",
     .synonyms = " output o dir "},
    {.name = "overwrite",
     .type = CLI_FLAG,
     .offset = offsetof(settings, train.overwrite),
     .help = "start anew in a folder that holds a sweep",
     .synonyms = " force "},
    {.name = "device",
     .metavar = "ID[,ID...]|all",
     .type = CLI_TEXT,
     .offset = offsetof(settings, train.device),
     .help =
         "where to compute; several take runs in turn, all at once. 'elbow devices' lists the ids. No device changes "
         "a bit of the result",
     .synonyms = " gpu cuda devices "},
};

static void defaults(void *of)
{
    settings *s = of;
    train_defaults(&s->train);
    s->betas = (sweep_betas){{0.25, 0.5, 1, 2, 4, 8, 16}, 7};
}

static int check(const void *of, const cli_args *args)
{
    const settings *s = of;
    int status = train_check_data(&s->train, args);
    if (status == CLI_DONE) status = train_check_recipe(&s->train, args);
    if (status != CLI_DONE) return status;
    if (s->train.out == NULL) return cli_wrong("sweep needs the folder to write: --out DIR, such as --out runs/sweep");
    return CLI_DONE;
}

/* ---- --device A,B ---- */

typedef struct device_list {
    char text[1024]; /* the ids, each ended by a zero */
    const char *id[MAX_DEVICES];
    uint32_t count;
} device_list;

/* Every usable device; those that are refused are left out, as auto would. */
static int all_devices(char *out, size_t size)
{
    elbow_context *context = NULL;
    elbow_device_info *devices = NULL;
    size_t count = 0, at = 0;
    int status = cli_open(&context, "native");
    const elbow_status listed = status == CLI_DONE ? elbow_devices(context, &devices, &count) : ELBOW_OK;
    if (listed != ELBOW_OK) status = cli_library_failed(context, listed);
    for (size_t i = 0; i < count && at + sizeof devices->id < size; i++) {
        if (devices[i].usable && devices[i].reason[0] == '\0')
            at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? "," : "", devices[i].id);
    }
    elbow_devices_free(devices);
    elbow_close(context);
    return status;
}

static int list_devices(device_list *list, const char *typed)
{
    *list = (device_list){.count = 0};
    snprintf(list->text, sizeof list->text, "%s", typed);
    const int status = strcmp(typed, "all") == 0 ? all_devices(list->text, sizeof list->text) : CLI_DONE;
    char *rest = NULL;
    for (char *id = strtok_r(list->text, ",", &rest); id != NULL; id = strtok_r(NULL, ",", &rest)) {
        if (list->count == MAX_DEVICES) return cli_wrong("--device: at most %d devices", MAX_DEVICES);
        for (uint32_t i = 0; i < list->count; i++) {
            if (strcmp(list->id[i], id) == 0) return cli_wrong("--device %s: %s is there twice", typed, id);
        }
        list->id[list->count++] = id;
    }
    if (status == CLI_DONE && list->count == 0) return cli_wrong("--device %s: names no device", typed);
    return status;
}

/* ---- before: what will be trained ---- */

static void say_betas(const settings *s, const elbow_data_info *data)
{
    char text[512];
    const sweep_betas *b = &s->betas;
    const double norm = (double)s->train.recipe.latent / (double)data->pixels;
    snprintf(text, sizeof text, "%u, from beta %g to %g on the ELBO's scale (beta_norm %.3g to %.3g)",
             (unsigned)b->count, b->value[0], b->value[b->count - 1], b->value[0] * norm,
             b->value[b->count - 1] * norm);
    train_say("weights", text);
}

/* Weights at which nothing will be learnt are worth a word before they are trained. */
static void say_collapse(const settings *s, const cli_session *session)
{
    elbow_forecast forecast;
    elbow_recipe recipe = s->train.recipe;
    uint32_t lost = 0;
    char text[128];
    recipe.weight = elbow_weight_for_beta(&recipe, elbow_data_about(session->data)->pixels, 1);
    if (elbow_foresee(&forecast, session->context, session->data, &recipe) != ELBOW_OK) return;
    for (uint32_t i = 0; i < s->betas.count; i++) lost += s->betas.value[i] >= forecast.collapse_beta;
    snprintf(text, sizeof text,
             lost > 0 ? "all latents are lost from beta %.4g on: at %u of these weights"
                      : "all latents are lost from beta %.4g on, above these weights",
             forecast.collapse_beta, (unsigned)lost);
    if (!s->train.quiet) train_say("forecast", text);
}

static void announce(const settings *s, const cli_session *session, const device_list *devices)
{
    const elbow_data_info *data = elbow_data_about(session->data);
    if (!s->train.quiet) {
        train_say_device(session->context, devices->id[0]);
        for (uint32_t i = 1; i < devices->count; i++) train_say("", devices->id[i]);
        train_say_data(data);
        train_say_model(&s->train, data, NULL);
        say_betas(s, data);
    }
    say_collapse(s, session);
    train_say_memory(session->context, &s->train, session->data);
    if (!s->train.quiet) train_say("sweep", s->train.out);
}

/* ---- the sweep and its result ---- */

static int sweep(elbow_sweep_row *rows, const settings *s, const cli_session *session, const device_list *devices,
                 const cli_args *args)
{
    char command[4096];
    cli_progress progress = {.quiet = s->train.quiet};
    cli_retype(command, sizeof command, args, "overwrite"); /* which would throw away what is to be gone on with */
    const elbow_sweep_options how = {.betas = s->betas.value,
                                     .count = s->betas.count,
                                     .once = s->once,
                                     .out = s->train.out,
                                     .overwrite = s->train.overwrite,
                                     .devices = devices->id + 1,
                                     .device_count = devices->count - 1,
                                     .command = command,
                                     .progress = cli_on_sweep,
                                     .user = &progress};
    cli_catch_interrupts();
    const elbow_status status =
        elbow_sweep(rows, session->context, session->data, &s->train.recipe, &s->train.train, &how);
    cli_progress_end(&progress);
    return status == ELBOW_OK ? CLI_DONE : cli_progress_failed(&progress, session->context, status, command);
}

static void print_rows(const elbow_sweep_row *rows, uint32_t count)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < count; i++) {
        if (rows[i].test.elbo > rows[best].test.elbo) best = i;
    }
    printf("%10s %10s %10s %10s %8s %7s   %s\n", "beta", "beta_norm", "ELBO", "distortion", "rate", "active",
           "predicted: rate, active");
    for (uint32_t i = 0; i < count; i++) {
        const elbow_sweep_row *r = &rows[i];
        char predicted[32] = "-",
             active[16] = "-"; /* at beta 0 the rate is infinite; of some likelihoods nothing is known */
        if (isfinite(r->predicted.rate)) snprintf(predicted, sizeof predicted, "%.2f", r->predicted.rate);
        if (isfinite(r->predicted.collapse_beta)) snprintf(active, sizeof active, "%u", (unsigned)r->predicted.active);
        printf("%10g %10.3g %10.2f %10.2f %8.2f %7u   %8s, %s%s\n", r->weight.beta, r->weight.beta_norm, r->test.elbo,
               r->test.distortion, r->test.rate, (unsigned)r->test.active_units, predicted, active,
               i == best && count > 1 ? "   best ELBO" : "");
    }
}

/* sweep.json, as it is. */
static int print_document(const char *folder)
{
    char path[4096], buffer[4096];
    const int status = cli_output_path(path, NULL, folder, "sweep.json");
    if (status != CLI_DONE) return status;
    FILE *file = fopen(path, "rb");
    if (file == NULL) return cli_failure("%s: cannot be read", path);
    size_t size;
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0) fwrite(buffer, 1, size, stdout);
    const bool failed = ferror(file) != 0;
    fclose(file);
    return failed ? cli_failure("%s: cannot be read", path) : CLI_DONE;
}

static int report(const settings *s, const elbow_sweep_row *rows)
{
    if (s->train.json) return print_document(s->train.out);
    print_rows(rows, s->betas.count);
    printf("in nats per image at beta 1, on %u test images\n%s  report.html, sweep.json\n", (unsigned)rows[0].test.n,
           s->train.out);
    return CLI_DONE;
}

static int all_steps(settings *s, cli_session *session, const cli_args *args, const device_list *devices)
{
    elbow_sweep_row *rows = calloc(s->betas.count, sizeof *rows);
    if (rows == NULL) return cli_failure("no memory for the results");
    int status = cli_open(&session->context, devices->id[0]);
    if (status == CLI_DONE) status = train_read_run(&s->train, session, args);
    if (status == CLI_DONE) status = train_load_data(&s->train, session);
    if (status == CLI_DONE) {
        announce(s, session, devices);
        status = sweep(rows, s, session, devices, args);
    }
    if (status == CLI_DONE) status = report(s, rows);
    free(rows);
    return status;
}

static int run(void *of, const cli_args *args)
{
    settings *s = of;
    device_list devices;
    cli_session session = {.context = NULL};
    int status = list_devices(&devices, s->train.device);
    if (status == CLI_DONE) status = all_steps(s, &session, args, &devices);
    cli_session_close(&session);
    return status;
}

const cli_command cli_sweep = {
    .name = "sweep",
    .summary = "train over many weights; writes a report with the curve",
    .purpose =
        "Trains the same model at several weights of the KL term, each in a run folder of its own, and shows what "
        "the weight does: rate against distortion, active latents, the ELBO at beta 1, reconstructions and "
        "samples, beside what was predicted before training. DIR/report.html has it all in one file. Ctrl-C saves; "
        "without any --resume the same command line goes on where it stopped, and more weights may be added.",
    .examples = {"elbow sweep shapes --limit 500 --epochs 2 --latent 5 --betas 0.5,2,8 --out runs/sweep",
                 "elbow sweep shapes --limit 500 --epochs 2 --latent 5 --betas 0.1..10:3 --out runs/range --json",
                 "elbow sweep fashion-mnist --loss sse --out runs/fashion --device all"},
    .arguments = {{"DATA", offsetof(settings, train.data), NULL}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .like = &cli_train,
    .unlike = " weight beta resume ",
    .foreign = "resume: it goes on by itself: type the whole command that began it again, with the same --out",
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .check = check,
    .run = run,
};
