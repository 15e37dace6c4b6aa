/* evaluate.c - elbow evaluate: how well a run's model does on images. */
#include "cli/cli.h"

#include <math.h>

typedef struct settings {
    const char *run, *data, *device;
    elbow_split split;
    uint32_t iwae;
    bool mean, mig, json;
    double beta;
} settings;

static const cli_option options[] = {
    {.name = "split",
     .type = CLI_CHOICE,
     .offset = offsetof(settings, split),
     .choices = "train|validation|test",
     .help = "the images to measure on"},
    {.name = "mean",
     .type = CLI_FLAG,
     .offset = offsetof(settings, mean),
     .help = "decode the mean of q(z|x) instead of one draw from it; then -(distortion + rate) is no bound"},
    {.name = "iwae",
     .metavar = "K",
     .type = CLI_COUNT,
     .offset = offsetof(settings, iwae),
     .least = 1,
     .most = ELBOW_MAX_SAMPLES,
     .unit = "draws",
     .standard = "none",
     .help = "also the importance-weighted bound on log p(x) with K draws for each image; it takes as long as K "
             "evaluations",
     .synonyms = " k importance samples "},
    {.name = "mig",
     .type = CLI_FLAG,
     .offset = offsetof(settings, mig),
     .help = "also how well latents take known factors (of shapes) apart: the mutual information gap and the scores of "
             "beta-VAE and FactorVAE",
     .synonyms = " disentanglement factors factor-vae beta-vae "},
    {OPTION_RUN_BETA(offsetof(settings, beta))},
    {OPTION_DEVICE(offsetof(settings, device))},
    {OPTION_JSON(offsetof(settings, json), "table")},
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.device = "auto", .beta = NAN, .split = ELBOW_TEST};
}

static int run(void *of, const cli_args *args)
{
    const settings *s = of;
    cli_session session;
    cli_report report;
    (void)args;
    int status = cli_session_open(&session, s->device, s->run, s->data);
    if (status == CLI_DONE) status = cli_session_set_beta(&session, s->beta);
    if (status == CLI_DONE) status = cli_measure(&report, &session, s->split, s->mean);
    if (status == CLI_DONE && s->iwae > 0) status = cli_measure_iwae(&report, &session, s->split, s->iwae, !s->json);
    if (status == CLI_DONE && s->mig) status = cli_measure_factors(&report, &session, s->split);
    if (status == CLI_DONE && s->json) status = cli_print_json(cli_report_json(&report));
    if (status == CLI_DONE && !s->json) {
        cli_print_report(&report);
        printf("%s  sha256 %s\n", s->run, report.digest);
    }
    cli_session_close(&session);
    return status;
}

const cli_command cli_evaluate = {
    .name = "evaluate",
    .summary = "measure a run's model: ELBO, rate, distortion, active latents",
    .purpose =
        "Measures a run's model on its test images, or on other DATA: means in nats per image at beta 1, whatever "
        "beta it was trained with, so that runs compare.",
    .examples = {"elbow evaluate runs/shapes", "elbow evaluate runs/shapes --json",
                 "elbow evaluate runs/shapes --iwae 50 --mig",
                 "elbow evaluate runs/shapes shapes --split train --mean"},
    .arguments = {{"RUN", offsetof(settings, run), "the folder that 'elbow train' wrote, such as runs/fashion-mnist-1"},
                  {"DATA", offsetof(settings, data), NULL}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
