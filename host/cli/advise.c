/* advise.c - elbow advise: before any training, what each weight would do to these data. */
#include "cli/loss.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

typedef struct beta_list {
    double betas[ELBOW_MAX_ADVICE_ROWS];
    uint32_t count;
} beta_list;

typedef struct settings {
    cli_loss loss;
    beta_list list;
    const char *data, *out;
    uint32_t limit;
    elbow_likelihood likelihood;
    bool json;
} settings;

/* ---- --betas B,B,... ---- */

static bool parse_betas(void *field, const char *text, cli_why *why)
{
    beta_list *list = field;
    *list = (beta_list){.count = 0};
    for (const char *at = text;; at++) {
        char *end;
        const double beta = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\0')) {
            snprintf(why->text, sizeof why->text, "numbers between commas, such as 0.5,1,2");
            return false;
        }
        if (!(beta > 0 && beta <= 1e9)) {
            snprintf(why->text, sizeof why->text, "%g is out of range: above 0 and at most 1e9", beta);
            return false;
        }
        if (list->count == ELBOW_MAX_ADVICE_ROWS) {
            snprintf(why->text, sizeof why->text, "at most %d", ELBOW_MAX_ADVICE_ROWS);
            return false;
        }
        list->betas[list->count++] = beta;
        at = end;
        if (*at == '\0') return true;
    }
}

static void show_betas(char *out, size_t size, const void *field)
{
    const beta_list *list = field;
    size_t at = 0;
    out[0] = '\0';
    for (uint32_t i = 0; i < list->count && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%g", i ? "," : "", list->betas[i]);
}

static const cli_own betas = {.parse = parse_betas, .show = show_betas};

/* ---- options ---- */

static const cli_option options[] = {
    {.group = "Model", OPTION_LATENT(offsetof(settings, loss.recipe.latent))},
    {OPTION_MODEL(offsetof(settings, loss.recipe.model),
                  "hidden layers, whose rates are measured on a small model; or none: the closed form alone")},
    {OPTION_HIDDEN(offsetof(settings, loss.recipe.hidden), "; the small model's are at most 256")},
    {.name = "likelihood",
     .type = CLI_CHOICE,
     .offset = offsetof(settings, likelihood),
     .choices = "bernoulli|gaussian",
     .help = "p(x|z), instead of --loss; a Gaussian's sigma is 1 unless --sigma says otherwise"},
    CLI_LOSS_OPTIONS(settings),
    {.group = "Data", OPTION_LIMIT(offsetof(settings, limit))},
    {OPTION_BINARISE(offsetof(settings, loss.recipe.binarise))},
    {.group = "Output",
     .name = "betas",
     .metavar = "B[,B...]",
     .type = CLI_OWN,
     .offset = offsetof(settings, list),
     .own = &betas,
     .standard = "powers of two up to the collapse",
     .help = "the weights to look at, on the ELBO's scale",
     .synonyms = " beta "},
    {.name = "out",
     .metavar = "FILE.svg",
     .type = CLI_TEXT,
     .offset = offsetof(settings, out),
     .help = "draw rate, active latents and distortion over beta",
     .synonyms = " plot svg figure "},
    {OPTION_JSON(offsetof(settings, json), "table")},
};

static void defaults(void *of)
{
    settings *s = of;
    *s = (settings){.loss = cli_loss_default(), .likelihood = ELBOW_BERNOULLI};
    s->loss.recipe.likelihood = ELBOW_BERNOULLI;
    s->loss.recipe.sigma2 = 1;
    s->loss.loss = LOSS_BCE;
}

static int check(const void *of, const cli_args *args)
{
    const settings *s = of;
    if (cli_given(args, "sigma") && cli_given(args, "likelihood") && s->likelihood == ELBOW_BERNOULLI)
        return cli_wrong("--sigma is the Gaussian's: it needs --likelihood gaussian");
    if (s->loss.recipe.model == ELBOW_LINEAR && cli_given(args, "hidden"))
        return cli_wrong("--model linear has no hidden layer: leave --hidden out");
    return CLI_DONE;
}

static void settle(settings *s, const cli_args *args)
{
    elbow_recipe *recipe = &s->loss.recipe;
    if (cli_given(args, "likelihood")) recipe->likelihood = s->likelihood;
    cli_loss_settle(&s->loss, args);
    if (recipe->model == ELBOW_LINEAR) memset(recipe->hidden, 0, sizeof recipe->hidden);
}

/* ---- progress ---- */

typedef struct progress {
    double started;
    bool drawn, terminal;
} progress;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Nothing within the first second; then a line that is redrawn, or where there is no terminal one line in all. */
static bool on_progress(void *of, const char *doing, double done)
{
    progress *p = of;
    if (now() - p->started < 1 || (p->drawn && !p->terminal)) return false;
    if (p->terminal)
        fprintf(stderr, "\r%s: %.0f %%   \033[K", doing, 100 * done);
    else
        fprintf(stderr, "%s: %.0f %% done after a second\n", doing, 100 * done);
    p->drawn = true;
    fflush(stderr);
    return false;
}

/* ---- what is printed ---- */

static cJSON *row_json(const elbow_advice_row *row)
{
    cJSON *json = cJSON_CreateObject();
    cli_add_number(json, "beta", row->beta);
    cli_add_number(json, "sigma2", row->sigma2);
    cli_add_number(json, "active_units", row->active_units);
    cli_add_number(json, "rate", row->rate);
    cli_add_number(json, "distortion", row->distortion);
    return json;
}

static cJSON *to_json(const elbow_advice *advice)
{
    cJSON *json = cJSON_CreateObject();
    cli_add_number(json, "collapse_beta", advice->collapse_beta);
    cJSON *optimal = cJSON_AddObjectToObject(json, "optimal");
    cli_add_number(optimal, "beta", advice->optimal_beta);
    cli_add_number(optimal, "sigma2", advice->optimal_sigma2);
    cJSON *rows = cJSON_AddArrayToObject(json, "rows");
    for (uint32_t i = 0; i < advice->row_count; i++) cJSON_AddItemToArray(rows, row_json(&advice->rows[i]));
    return json;
}

/* One row of the table, or its heading where there is no row. */
static void print_cells(const elbow_advice_row *row)
{
    if (row == NULL)
        printf("  %7s %9s %11s", "active", "rate", "distortion");
    else
        printf("  %7u %9.2f %11.2f", (unsigned)row->active_units, row->rate, row->distortion);
}

static void print_rows(const elbow_advice *advice, bool measured, bool gaussian)
{
    const int first = gaussian ? 21 : 10;
    fputs(cli_style(stdout, "1"), stdout);
    if (measured) printf("%*s  %29s  %29s\n", first, "", "foreseen", "linear VAE");
    printf("%10s%s", "beta", gaussian ? "     sigma2" : "");
    print_cells(NULL);
    if (measured) print_cells(NULL);
    printf("%s\n", cli_plain(stdout));
    for (uint32_t i = 0; i < advice->row_count; i++) {
        printf("%10.4g", advice->rows[i].beta);
        if (gaussian) printf(" %10.4g", advice->rows[i].sigma2);
        print_cells(&advice->rows[i]);
        if (measured) print_cells(&advice->linear[i]);
        putchar('\n');
    }
}

static void paragraph(const char *name, const char *text)
{
    const int width = cli_width(stdout);
    printf("%s%-11s%s ", cli_style(stdout, "1"), name, cli_plain(stdout));
    cli_wrapped(text, 12, 12, width < 100 ? width : 100);
}

static void print_text(const settings *s, const elbow_data_info *data, const elbow_advice *advice)
{
    const elbow_recipe *recipe = &s->loss.recipe;
    const bool gaussian = recipe->likelihood == ELBOW_GAUSSIAN;
    char text[768], count[32], loss[48], reduction[16];
    snprintf(text, sizeof text, "%s: %s images of %u values; %s, %u latents", data->name,
             cli_count(count, advice->images), (unsigned)advice->pixels, cli_loss_text(loss, recipe),
             (unsigned)advice->latent);
    paragraph("data", text);
    putchar('\n');
    print_rows(advice, recipe->model == ELBOW_MLP, gaussian);
    putchar('\n');
    snprintf(text, sizeof text, "from beta %.4g on, the strongest direction's variance%s", advice->collapse_beta,
             gaussian ? " over sigma^2" : " in units of a Bernoulli's");
    if (gaussian)
        snprintf(text + strlen(text), sizeof text - strlen(text), "; with a learnt sigma from %.4g on",
                 advice->learnt_collapse);
    paragraph("all is lost", text);
    train_reduction.show(reduction, sizeof reduction, recipe);
    if (advice->own.beta > 0) {
        snprintf(text, sizeof text, "%.6g under %s is beta %.4g: %u of %u latents active, rate %.3g nats",
                 recipe->weight, reduction, advice->own.beta, (unsigned)advice->own.active_units,
                 (unsigned)advice->latent, advice->own.rate);
        paragraph("your weight", text);
    }
    snprintf(text, sizeof text, "beta %.4g (--weight %.4g under %s): %s.", advice->start_beta, advice->start_weight,
             reduction, advice->why);
    paragraph("begin with", text);
    if (advice->caution[0] != '\0') paragraph("but", advice->caution);
}

static int answer(settings *s, elbow_context *context, const elbow_data *data)
{
    progress shown = {.started = now(), .terminal = isatty(fileno(stderr))};
    const elbow_advise_options how = {.betas = s->list.count ? s->list.betas : NULL,
                                      .beta_count = s->list.count,
                                      .progress = on_progress,
                                      .user = &shown};
    elbow_advice advice;
    elbow_status status = elbow_advise(&advice, context, data, &s->loss.recipe, &how);
    if (shown.drawn) cli_clear_line();
    if (status == ELBOW_OK && s->out != NULL) status = elbow_draw_advice(context, s->out, &advice);
    if (status != ELBOW_OK) return cli_library_failed(context, status);
    if (s->json) return cli_print_json(to_json(&advice));
    print_text(s, elbow_data_about(data), &advice);
    if (s->out != NULL) printf("%s\n", s->out);
    return CLI_DONE;
}

static int run(void *of, const cli_args *args)
{
    settings *s = of;
    elbow_context *context = NULL;
    elbow_data *data = NULL;
    settle(s, args);
    int status = cli_open(&context, "native");
    if (status == CLI_DONE) {
        const elbow_status loaded = elbow_data_load(&data, context, s->data, s->limit);
        status = loaded == ELBOW_OK ? answer(s, context, data) : cli_library_failed(context, loaded);
    }
    elbow_data_free(data);
    elbow_close(context);
    return status;
}

static const char *conflicts[][2] = {{"loss", "sigma"}, {"loss", "likelihood"}, {NULL, NULL}};

const cli_command cli_advise = {
    .name = "advise",
    .summary = "before training: what each weight would do to your data",
    .purpose =
        "Reads the covariance of DATA's training images and says, for a range of beta, how many latents would be "
        "active, at what rate and distortion; where all of them are lost; which sigma is best; and which weight "
        "to begin with. The closed form of the linear VAE stands beside what a small model, trained here for "
        "some seconds while beta rises, foresees of a deep one: docs/advise.md has that beside what training gave.",
    .examples = {"elbow advise fashion-mnist", "elbow advise shapes --latent 10 --likelihood gaussian --out advise.svg",
                 "elbow advise shapes --loss sse --reduction mean/mean --weight 0.1",
                 "elbow advise shapes --model linear --sigma 0.2 --betas 0.5,1,2 --json"},
    .arguments = {{"DATA", offsetof(settings, data), "images, such as fashion-mnist, shapes or a folder of IDX files"}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .conflicts = conflicts,
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .check = check,
    .run = run,
};
