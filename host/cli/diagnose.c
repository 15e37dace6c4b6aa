/* diagnose.c - elbow diagnose: what is out of balance in a model that was trained anywhere. */
#include "cli/loss.h"

#include <math.h>
#include <stdlib.h>

typedef struct settings {
    cli_loss loss;
    const char *file;
    bool logits, json;
} settings;

static const cli_option options[] = {
    CLI_LOSS_OPTIONS(settings),
    {.group = "The file",
     .name = "logits",
     .type = CLI_FLAG,
     .offset = offsetof(settings, logits),
     .help = "x_hat comes before the decoder's sigmoid",
     .synonyms = " from-logits "},
    {OPTION_JSON(offsetof(settings, json), "table")},
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.loss = cli_loss_default()};
}

static cJSON *to_json(const elbow_diagnosis *d)
{
    cJSON *json = cJSON_CreateObject();
    cli_add_number(json, "beta", d->weight.beta);
    cli_add_number(json, "beta_norm", d->weight.beta_norm);
    cli_add_number(json, "sigma2", d->weight.sigma2);
    cli_add_number(json, "distortion", d->distortion);
    cli_add_number(json, "rate", d->rate);
    cli_add_number(json, "active_units", d->active_units);
    cJSON *advice = cJSON_AddArrayToObject(json, "advice");
    for (uint32_t i = 0; i < d->advices; i++) cJSON_AddItemToArray(advice, cJSON_CreateString(d->advice[i]));
    return json;
}

static void row(const char *name, double value, const char *text)
{
    printf(fabs(value) < 1e7 ? "%-16s %10.3f   %s\n" : "%-16s %10.4g   %s\n", name, value, text);
}

static void print_text(const elbow_diagnosis *d, const elbow_recipe *recipe)
{
    char count[32], loss[48], reduction[16], text[560];
    const int columns = cli_width(stdout), width = columns < 100 ? columns : 100;
    train_reduction.show(reduction, sizeof reduction, recipe);
    printf("%-16s %s data of %u values, in nats per datum at beta 1\n", "measured on", cli_count(count, d->n),
           (unsigned)d->pixels);
    printf("%-16s %s, %s, weight %.6g\n", "loss", cli_loss_text(loss, recipe), reduction, recipe->weight);
    printf("%-16s %10.4g   beta_norm %.3g", "beta", d->weight.beta, d->weight.beta_norm);
    if (isfinite(d->weight.sigma2)) printf(", sigma2 %.4g", d->weight.sigma2);
    putchar('\n');
    row("distortion", d->distortion, "-log p(x|x_hat)");
    row("rate", d->rate, "KL(q(z|x) || p(z))");
    snprintf(text, sizeof text, "%.5g per value", d->mse);
    row("squared error", d->sse, text);
    printf("%-16s %10u   of %u\n", "active latents", (unsigned)d->active_units, (unsigned)d->latent);
    if (d->clamped > 0)
        printf("%-16s %10s   values of logvar outside -30 .. 20\n", "clamped", cli_count(count, d->clamped));
    printf("\n%s%s%s\n", cli_style(stdout, "1"), d->advices ? "What to look at" : "Nothing is out of balance.",
           cli_plain(stdout));
    for (uint32_t i = 0; i < d->advices; i++) {
        snprintf(text, sizeof text, "%s.", d->advice[i]);
        printf("%2u. ", (unsigned)i + 1);
        cli_wrapped(text, 4, 4, width);
    }
}

static int run(void *of, const cli_args *args)
{
    settings *s = of;
    elbow_context *context = NULL;
    elbow_diagnosis *diagnosis = calloc(1, sizeof *diagnosis);
    if (diagnosis == NULL) return cli_failure("no memory for the diagnosis");
    cli_loss_settle(&s->loss, args);
    int status = cli_open(&context, "native");
    if (status == CLI_DONE) {
        const elbow_status found = elbow_diagnose(diagnosis, context, s->file, &s->loss.recipe, s->logits);
        if (found == ELBOW_OK && !cli_given(args, "loss") && !cli_given(args, "sigma"))
            cli_warn("taken for squared error, since no --loss was given; the distortion and the advice depend on it");
        if (found != ELBOW_OK)
            status = cli_library_failed(context, found);
        else if (s->json)
            status = cli_print_json(to_json(diagnosis));
        else
            print_text(diagnosis, &s->loss.recipe);
    }
    elbow_close(context);
    free(diagnosis);
    return status;
}

static const char *conflicts[][2] = {{"loss", "sigma"}, {NULL, NULL}};

const cli_command cli_diagnose = {
    .name = "diagnose",
    .summary = "what is out of balance in a model trained anywhere",
    .purpose = "Reads arrays x, x_hat, mu and logvar that any trainer saved with numpy.savez and measures them: "
               "distortion, rate, active latents; says what the weight on the KL term means there, what is out of "
               "balance and what to change. Say how the loss was written. docs/diagnose.md has the lines that save the "
               "file from PyTorch, Keras and JAX.",
    .examples = {"elbow diagnose vae.npz --loss bce", "elbow diagnose vae.npz --loss bce --logits --json",
                 "elbow diagnose vae.npz --loss sse --reduction mean/sum --weight 0.00025"},
    .arguments = {{"FILE", offsetof(settings, file), "an .npz file with x, x_hat, mu and logvar, such as vae.npz"}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .conflicts = conflicts,
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
