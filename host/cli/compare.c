/* compare.c - elbow compare: the same work on each device: speed, where the time goes, agreement. */
#include "cli/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Begins with train's settings, whose options for a model and its data this command has. */
typedef struct settings {
    train_settings train;
    elbow_compare_options compare;
    const char *save, *against;
    double margin; /* per cent */
    bool warm;
} settings;

_Static_assert(offsetof(settings, train) == 0, "the offsets of train's options hold here");

#define AT(field) .offset = offsetof(settings, field)

static const cli_option options[] = {
    {.name = "devices",
     .metavar = "all|ID[,ID...]",
     .type = CLI_TEXT,
     AT(compare.devices),
     .help = "those compared; 'elbow devices' lists the ids",
     .synonyms = " device "},
    {.name = "steps",
     .metavar = "N",
     .type = CLI_COUNT,
     AT(compare.steps),
     .least = 1,
     .most = 1e6,
     .unit = "steps",
     .help = "timed on each device",
     .synonyms = " iterations n "},
    {.name = "warm",
     .type = CLI_FLAG,
     AT(warm),
     .help = "do not build every program anew to time a cold start: seconds less for each driver"},
    {OPTION_SHARDS(offsetof(settings, train.train.shards), "; all on each device")},

    {.group = "Results",
     .name = "out",
     .metavar = "FOLDER",
     .type = CLI_TEXT,
     AT(train.out),
     .standard = "",
     .help = "write report.html, a page to look at and to send, and compare.json into it",
     .synonyms = " output o report "},
    {.name = "save",
     .metavar = "FILE",
     .type = CLI_TEXT,
     AT(save),
     .standard = "",
     .help = "write the JSON document, for a later --against"},
    {.name = "against",
     .metavar = "FILE",
     .type = CLI_TEXT,
     AT(against),
     .standard = "",
     .help = "say what has changed since a comparison that --save wrote; exit status 1 if a device is slower, has "
             "other bits, fails or is gone",
     .synonyms = " baseline "},
    {.name = "margin",
     .metavar = "PERCENT",
     .type = CLI_NUMBER,
     AT(margin),
     .least = 0,
     .most = 1000,
     .help = "how much slower the median must be to count, beside lying outside both spreads"},
    {OPTION_JSON(offsetof(settings, train.json), "tables")},
};

static void defaults(void *of)
{
    settings *s = of;
    *s = (settings){.compare = elbow_compare_default(), .margin = 5};
    train_defaults(&s->train);
}

static int check(const void *of, const cli_args *args)
{
    const settings *s = of;
    return train_check_recipe(&s->train, args);
}

/* ---- progress ---- */

typedef struct shown {
    bool quiet;
    char last[128];
} shown;

/* On a terminal one line, drawn anew; elsewhere a line for each thing begun. */
static bool on_work(void *user, const char *doing, double done)
{
    shown *s = user;
    if (s->quiet) return false;
    if (!cli_draw_work(doing, done) && strcmp(s->last, doing) != 0 && strstr(doing, ": training") == NULL)
        fprintf(stderr, "%s\n", doing);
    snprintf(s->last, sizeof s->last, "%s", doing);
    return false;
}

/* ---- tables ---- */

static void print_work(const elbow_comparison *c)
{
    char model[256], images[32];
    printf("%-10s%s, batch %u, %u shard%s, %s (%s)\n", "work",
           train_model_text(model, &c->recipe, c->height * c->width * c->channels), (unsigned)c->train.batch,
           (unsigned)c->train.shards, c->train.shards == 1 ? "" : "s", c->data, cli_count(images, c->images));
    printf("%-10s%u on each device, in turns of %u\n\n", "steps", (unsigned)c->steps, (unsigned)c->turn);
}

static void print_result(const elbow_device_result *r)
{
    char rate[32], memory[32], cold[32] = "-";
    if (r->reason[0] != '\0') {
        printf("%-12s %snot measured%s: %s\n", r->device.id, cli_style(stdout, "31"), cli_plain(stdout), r->reason);
        return;
    }
    if (isfinite(r->cold_s)) snprintf(cold, sizeof cold, "%.2f", r->cold_s);
    printf("%-12s %10s %8.3f %8.3f .. %-8.3f %7s %8.2f %10s  %s%s%s\n", r->device.id,
           cli_count(rate, (uint64_t)r->images_per_s), r->median_ms, r->p10_ms, r->p90_ms, cold, r->cached_s,
           cli_bytes(memory, r->memory_bytes), cli_style(stdout, r->same_bits ? "32" : "31"),
           r->same_bits ? "same" : "OTHER", cli_plain(stdout));
}

/* A kernel with its options taken together; rates are summed times ms. */
typedef struct line {
    const char *kernel;
    double launches, ms, flops, bytes, of_flops, of_bytes;
} line;

static int dearest_first(const void *a, const void *b)
{
    const double x = ((const line *)a)->ms, y = ((const line *)b)->ms;
    return (x < y) - (x > y);
}

enum { MOST_LINES = 64 };

static size_t sum_lines(line lines[MOST_LINES], const elbow_device_result *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->kernel_count; i++) {
        const elbow_kernel_time *k = &r->kernels[i];
        size_t at = 0;
        while (at < count && strcmp(lines[at].kernel, k->kernel) != 0) at++;
        if (at == MOST_LINES) continue;
        if (at == count) lines[count++] = (line){.kernel = k->kernel};
        lines[at].launches += k->launches;
        lines[at].ms += k->ms;
        lines[at].flops += k->flops * k->ms;
        lines[at].bytes += k->bytes * k->ms;
        lines[at].of_flops += k->of_peak_flops * k->ms;
        lines[at].of_bytes += k->of_peak_bytes * k->ms;
    }
    qsort(lines, count, sizeof *lines, dearest_first);
    return count;
}

static void print_kernels(const elbow_device_result *r)
{
    line lines[MOST_LINES];
    const size_t count = sum_lines(lines, r);
    for (size_t i = 0; i < count; i++) {
        const line *l = &lines[i];
        const double ms = l->ms > 0 ? l->ms : 1;
        printf("%-12s %-18s %8.3g %8.3f %6.1f %% %8.1f %5.0f %% %8.1f %5.0f %%\n", i == 0 ? r->device.id : "",
               l->kernel, l->launches, l->ms, 100 * l->ms / r->profiled_ms, 1e-9 * l->flops / ms,
               100 * l->of_flops / ms, 1e-9 * l->bytes / ms, 100 * l->of_bytes / ms);
    }
    printf("%-12s %-18s %8s %8.3f %6.1f %%\n", "", "(not in a kernel)", "", r->rest_ms,
           100 * r->rest_ms / r->profiled_ms);
}

static void print_comparison(const elbow_comparison *c)
{
    print_work(c);
    printf("%s%-12s %10s %8s %20s %7s %8s %10s  %s%s\n", cli_style(stdout, "1"), "device", "images/s", "step ms",
           "10 % .. 90 %    ", "cold s", "cached s", "memory", "bits", cli_plain(stdout));
    for (size_t i = 0; i < c->count; i++) print_result(&c->devices[i]);
    for (size_t i = 0; i < c->count; i++)
        if (c->devices[i].difference[0] != '\0') printf("%s: %s\n", c->devices[i].device.id, c->devices[i].difference);
    printf("\n%s%-12s %-18s %8s %8s %8s %8s %7s %8s %7s%s\n", cli_style(stdout, "1"), "device", "kernel", "launches",
           "ms", "share", "GFLOP/s", "of peak", "GB/s", "of peak", cli_plain(stdout));
    for (size_t i = 0; i < c->count; i++)
        if (c->devices[i].reason[0] == '\0') print_kernels(&c->devices[i]);
}

/* ---- against an earlier one ---- */

static int print_changes(const elbow_comparison *now, const elbow_comparison *before, elbow_context *context,
                         const settings *s)
{
    elbow_changes changes = {.count = 0};
    FILE *to = s->train.json ? stderr : stdout;
    const elbow_status status = elbow_comparison_against(&changes, context, now, before, s->margin / 100);
    if (status != ELBOW_OK) return cli_library_failed(context, status);
    fprintf(to, "\nagainst %s:%s\n", s->against, changes.count > 0 ? "" : " no change");
    for (uint32_t i = 0; i < changes.count; i++)
        fprintf(to, "%s%s%s: %s\n", cli_style(to, changes.list[i].worse ? "31" : "32"), changes.list[i].device,
                cli_plain(to), changes.list[i].sentence);
    return changes.worse > 0 ? CLI_FAILED : CLI_DONE;
}

/* ---- the whole ---- */

static int write_results(const elbow_comparison *c, elbow_context *context, const settings *s)
{
    elbow_status status = ELBOW_OK;
    if (s->train.out != NULL) status = elbow_comparison_report(c, context, s->train.out);
    if (status == ELBOW_OK && s->save != NULL) status = elbow_comparison_save(c, context, s->save);
    return status == ELBOW_OK ? CLI_DONE : cli_library_failed(context, status);
}

/* FAILED if no device, or one that computes other bits than native. */
static int judge(const elbow_comparison *c)
{
    bool any = false, wrong = false;
    for (size_t i = 0; i < c->count; i++) {
        const bool measured = c->devices[i].reason[0] == '\0';
        any = any || measured;
        wrong = wrong || (measured && !c->devices[i].same_bits);
    }
    return any && !wrong ? CLI_DONE : CLI_FAILED;
}

static int report(const elbow_comparison *c, const elbow_comparison *before, elbow_context *context, const settings *s)
{
    if (s->train.json)
        fputs(c->json, stdout);
    else
        print_comparison(c);
    int status = judge(c);
    if (before != NULL) {
        const int changed = print_changes(c, before, context, s);
        if (changed != CLI_DONE) status = changed;
    }
    const int written = write_results(c, context, s);
    if (written != CLI_DONE) return written;
    if (s->train.out != NULL && !s->train.json) printf("\n%s/report.html\n", s->train.out);
    return status;
}

/* What the command works on; all of it is there to be freed in any case. */
typedef struct work {
    cli_session session;
    elbow_comparison *before, *now;
} work;

/* The images that the others are made up for want of: DATA, or those of the run that --config names. */
static int load_data(settings *s, cli_session *session, const cli_args *args)
{
    uint32_t pixels = ELBOW_MADE_UP_SIDE * ELBOW_MADE_UP_SIDE;
    if (s->train.data != NULL || s->train.config != NULL) {
        const int status = train_load_data(&s->train, session);
        if (status != CLI_DONE) return status;
        pixels = elbow_data_about(session->data)->pixels;
    }
    return train_settle_weight(&s->train, session, pixels, args);
}

/* A file to compare with is read first: that it is missing is better said before the work than after it. */
static int load(work *w, settings *s, const cli_args *args)
{
    int status = cli_open(&w->session.context, "native");
    if (status == CLI_DONE && s->against != NULL) {
        const elbow_status loaded = elbow_comparison_load(&w->before, w->session.context, s->against);
        if (loaded != ELBOW_OK) status = cli_library_failed(w->session.context, loaded);
    }
    if (status == CLI_DONE) status = train_read_run(&s->train, &w->session, args);
    return status == CLI_DONE ? load_data(s, &w->session, args) : status;
}

static int compare(work *w, settings *s, const cli_args *args)
{
    char command[sizeof w->now->command];
    shown progress = {.quiet = s->train.quiet};
    cli_retype(command, sizeof command, args, "");
    s->compare.recipe = s->train.recipe;
    s->compare.train = s->train.train;
    s->compare.command = command;
    s->compare.cold = !s->warm;
    s->compare.progress = on_work;
    s->compare.user = &progress;
    const elbow_status status = elbow_compare(&w->now, w->session.context, w->session.data, &s->compare);
    if (!s->train.quiet) cli_clear_line();
    if (status != ELBOW_OK) return cli_library_failed(w->session.context, status);
    return report(w->now, w->before, w->session.context, s);
}

static int run(void *of, const cli_args *args)
{
    settings *s = of;
    work w = {.before = NULL};
    int status = load(&w, s, args);
    if (status == CLI_DONE) status = compare(&w, s, args);
    elbow_comparison_free(w.now);
    elbow_comparison_free(w.before);
    cli_session_close(&w.session);
    return status;
}

const cli_command cli_compare = {
    .name = "compare",
    .summary = "the same work on each device: speed, where the time goes, agreement",
    .purpose = "Trains the same model on each device, in turns of a few steps so that a drift of the machine favours "
               "none, and reports the time of a step, of a cold and of a cached start, memory, where the time goes and "
               "how near each kernel comes to what the device can do, and whether the bits are native's; if not, which "
               "kernel differs first and by how much. The model and its loss as for train, or with --config those of a "
               "run. DATA as for train; without it made-up images of 28x28, or counts. A device "
               "that fails is a line with its reason. Exit status 1 if bits differ, or on a change --against an "
               "earlier comparison.",
    .examples = {"elbow compare", "elbow compare --devices native --steps 50 --out report",
                 "elbow compare --devices native --steps 50 --save before.json",
                 "elbow compare --devices native --steps 50 --against before.json --margin 400",
                 "elbow compare shapes --limit 1000 --devices native --steps 20 --likelihood logistic --json"},
    .arguments = {{"DATA", offsetof(settings, train.data), NULL}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .like = &cli_train,
    .unlike = " holdout epochs patience nonfinite device maths overwrite resume save-every ",
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .check = check,
    .run = run,
};
