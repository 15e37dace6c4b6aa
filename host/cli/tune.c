/* tune.c - elbow tune: the quickest shape of a device's kernels, kept for later. */
#include "cli/train.h"

#include <math.h>
#include <string.h>

typedef struct settings {
    const char *device;
    elbow_tune_options tune;
    bool json, quiet;
} settings;

#define AT(field) .offset = offsetof(settings, field)

static const cli_option options[] = {
    {.name = "device",
     .metavar = "auto|native|ID",
     .type = CLI_TEXT,
     AT(device),
     .help = "the device to tune; 'elbow devices' lists the ids",
     .synonyms = " devices gpu cuda "},
    {.name = "seconds",
     .metavar = "N",
     .type = CLI_NUMBER,
     AT(tune.seconds),
     .least = 1,
     .most = 86400,
     .unit = "seconds",
     .help = "to be done in about so many",
     .synonyms = " time limit budget "},
    {.name = "maths",
     .type = CLI_CHOICE,
     AT(tune.maths),
     .choices = "exact|fast",
     .help = "fast: also who computes the matrix products of 'train --maths fast' quickest, of the libraries there are",
     .synonyms = " math "},
    {.name = "quiet", .type = CLI_FLAG, AT(quiet), .help = "no progress", .synonyms = " silent "},
    {.name = "json", .type = CLI_FLAG, AT(json), .help = "print the result as one JSON document"},

    TRAIN_SIZES("The model that it is tuned for", settings, tune),
    TRAIN_STEP(settings, tune, 1024),
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.device = "auto", .tune = elbow_tune_default()};
}

/* On a terminal one line, drawn anew; elsewhere a line for each shape. */
static bool on_work(void *user, const char *doing, double done)
{
    const settings *s = user;
    static const char training[] = "training with";
    if (s->quiet) return false;
    if (!cli_draw_work(doing, done) && strncmp(doing, training, sizeof training - 1) != 0)
        fprintf(stderr, "%3.0f %%  %s\n", 100 * done, doing);
    return false;
}

static char *shape_text(char out[96], const elbow_shape *s)
{
    if (s->set[0] != '\0')
        snprintf(out, 96, "%s", s->set);
    else
        snprintf(out, 96, "width %d, group %d, block %d, tile %d x %d", s->width, s->group, s->block, s->tile_rows,
                 s->tile_vectors);
    return out;
}

static cJSON *shape_json(const elbow_shape *s, double ms)
{
    cJSON *json = cJSON_CreateObject();
    if (s->set[0] != '\0') cJSON_AddStringToObject(json, "set", s->set);
    cli_add_number(json, "width", s->width);
    cli_add_number(json, "group", s->group);
    cli_add_number(json, "block", s->block);
    cli_add_number(json, "tile_rows", s->tile_rows);
    cli_add_number(json, "tile_vectors", s->tile_vectors);
    cli_add_number(json, "step_ms", ms);
    return json;
}

static cJSON *fast_json(const elbow_tuning *t)
{
    if (isnan(t->fast_ms)) return cJSON_CreateNull();
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "libraries", t->libraries);
    cJSON_AddStringToObject(json, "products", t->fast);
    cli_add_number(json, "step_ms", t->fast_ms);
    cli_add_number(json, "own_step_ms", t->fast_own_ms);
    cJSON_AddBoolToObject(json, "kept", t->fast_kept);
    return json;
}

static int print_json(const elbow_tuning *t, const elbow_device_info *device)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "device", device->id);
    cJSON_AddStringToObject(json, "driver", device->driver);
    cJSON_AddItemToObject(json, "standard", shape_json(&t->standard, t->standard_ms));
    cJSON_AddItemToObject(json, "best", shape_json(&t->best, t->best_ms));
    cli_add_number(json, "tried", t->tried);
    cli_add_number(json, "wrong", t->wrong);
    cli_add_number(json, "failed", t->failed);
    cJSON_AddBoolToObject(json, "kept", t->kept);
    cJSON_AddItemToObject(json, "fast", fast_json(t));
    cli_add_number(json, "seconds", t->seconds);
    return cli_print_json(json);
}

static void print_fast(const elbow_tuning *t)
{
    if (isnan(t->fast_ms))
        printf("%-10sdid not run: each training chooses for itself\n", "fast");
    else if (!t->libraries[0])
        printf("%-10sno library for matrix products is found: elbow's own kernels compute them\n", "fast");
    else
        printf("%-10stried: %s\n%-10s%-48s %8.3f ms, %.0f %% of the best's beside it: %s\n", "fast", t->libraries, "",
               t->fast, t->fast_ms, 100 * t->fast_ms / t->fast_own_ms,
               t->fast_kept ? "kept" : "elbow's own kernels stay");
}

static void print_result(const elbow_tuning *t, const elbow_device_info *device, bool fast)
{
    char shape[96];
    printf("%-10s%s  %s\n", "device", device->id, device->name);
    printf("%-10s%-48s %8.3f ms a training step\n", "standard", shape_text(shape, &t->standard), t->standard_ms);
    printf("%-10s%-48s %8.3f ms, %.0f %% of the standard's\n", "best", shape_text(shape, &t->best), t->best_ms,
           100 * t->best_ms / t->standard_ms);
    if (fast) print_fast(t);
    printf("%-10s%u in %.0f s; %u with other bits than native's, %u that did not run\n", "tried", (unsigned)t->tried,
           t->seconds, (unsigned)t->wrong, (unsigned)t->failed);
    if (t->kept)
        printf("%-10s%s uses it from now on, under this driver\n", "kept", device->id);
    else
        printf("%-10sno shape is clearly quicker: the standard stays\n", "kept");
}

static int run(void *of, const cli_args *args)
{
    settings *s = of;
    elbow_context *context = NULL;
    elbow_tuning tuning;
    (void)args;
    if (s->tune.recipe.model == ELBOW_LINEAR) memset(s->tune.recipe.hidden, 0, sizeof s->tune.recipe.hidden);
    s->tune.progress = on_work;
    s->tune.user = s;
    int status = cli_open(&context, s->device);
    if (status == CLI_DONE) {
        const elbow_status tuned = elbow_tune(&tuning, context, &s->tune);
        if (!s->quiet) cli_clear_line();
        if (tuned != ELBOW_OK)
            status = cli_library_failed(context, tuned);
        else if (s->json)
            status = print_json(&tuning, elbow_device(context));
        else
            print_result(&tuning, elbow_device(context), s->tune.maths == ELBOW_FAST);
    }
    elbow_close(context);
    return status;
}

const cli_command cli_tune = {
    .name = "tune",
    .summary = "the quickest shape of a device's kernels, kept for later",
    .purpose =
        "Tries vector widths, work-group sizes, register tiles and blocks for the kernels of a device: first on "
        "the products of a model's training step, then in whole steps, in turns. One that gives other bits than "
        "native, or does not build, cannot win. The winner is kept in the cache with the device and driver that "
        "it belongs to, and every command uses it from then on. Native's kernels are compiled already: it "
        "chooses among the processor's instruction sets. With --maths fast the libraries for matrix products are "
        "tried too, where their products are right to the rounding of sums.",
    .examples = {"elbow tune", "elbow tune --device native --seconds 20 --maths fast",
                 "elbow tune --device pocl:0 --json"},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
