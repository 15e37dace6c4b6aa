/* report.c - how well a model does: as a table and as JSON. */
#include "cli/cli.h"

#include <math.h>
#include <stdlib.h>

static const char *const split_names[] = {"training", "validation", "test"};

int cli_measure(cli_report *report, const cli_session *session, elbow_split split, bool use_mean)
{
    *report = (cli_report){.split = split_names[split], .mean = use_mean};
    elbow_status status = elbow_evaluate(&report->metrics, session->model, session->data, split, use_mean);
    if (status == ELBOW_OK) status = elbow_model_digest(session->model, report->digest);
    if (status != ELBOW_OK) return cli_library_failed(session->context, status);
    elbow_recipe recipe = *elbow_model_recipe(session->model);
    const uint32_t pixels = elbow_data_about(session->data)->pixels;
    report->range = elbow_recipe_has_betas(&recipe);
    report->lowest = recipe.beta_low, report->highest = recipe.beta_high;
    if (report->range) recipe.weight = elbow_weight_for_beta(&recipe, pixels, elbow_model_beta(session->model));
    report->weight = elbow_explain(&recipe, pixels);
    report->found = recipe.spread != ELBOW_SPREAD_FIXED;
    if (report->found && recipe.likelihood == ELBOW_GAUSSIAN)
        report->weight.sigma2 = report->weight.beta * report->metrics.sigma2;
    return CLI_DONE;
}

int cli_measure_iwae(cli_report *report, const cli_session *session, elbow_split split, uint32_t samples, bool progress)
{
    cli_data_progress said = {.words = "importance-weighted bound", .quiet = !progress};
    cli_catch_interrupts();
    const elbow_status status =
        elbow_evaluate_iwae(&report->iwae_nll, session->model, session->data, split, samples, cli_on_data, &said);
    report->iwae_samples = samples;
    return status == ELBOW_OK ? CLI_DONE : cli_library_failed(session->context, status);
}

int cli_measure_factors(cli_report *report, const cli_session *session, elbow_split split)
{
    const elbow_status status = elbow_evaluate_factors(&report->scores, session->model, session->data, split);
    return status == ELBOW_OK ? CLI_DONE : cli_library_failed(session->context, status);
}

void cli_print_report(const cli_report *report)
{
    const elbow_metrics *m = &report->metrics;
    char count[32];
    printf("%-16s %s %s images, in nats per image at beta 1\n", "measured on", cli_count(count, m->n), report->split);
    if (report->mean)
        printf("%-16s %10.3f   no bound: z is the mean of q(z|x)\n", "-(D + R)", m->elbo);
    else
        printf("%-16s %10.3f\n", "ELBO", m->elbo);
    printf("%-16s %10.3f   E -log p(x|z)\n", "distortion", m->distortion);
    printf("%-16s %10.3f   KL(q(z|x) || p(z))\n", "rate", m->rate);
    if (report->iwae_samples > 0)
        printf("%-16s %10.3f   importance-weighted, %s draws: log p(x) is above it\n", "bound", -report->iwae_nll,
               cli_count(count, report->iwae_samples));
    printf("%-16s %10.3f   %.5f per pixel\n", "squared error", m->sse, m->mse);
    if (isfinite(m->bits_per_dim))
        printf("%-16s %10.4f   bits, -ELBO / (pixels log 2)\n", "per dimension", m->bits_per_dim);
    if (report->found) printf("%-16s %10.4g   of p(x|z), as training found it\n", "scale", sqrt(m->sigma2));
    printf("%-16s %10u   of %u\n", "active latents", (unsigned)m->active_units, (unsigned)m->latent);
    if (report->scores.factors > 0) {
        const elbow_factor_scores *scores = &report->scores;
        printf("%-16s %10.4f   mutual information gap, %u factors\n", "MIG", scores->mig, (unsigned)scores->factors);
        printf("%-16s %10.4f   accuracy; by chance %.2f\n", "beta-VAE score", scores->beta_vae, 1.0 / scores->factors);
        printf("%-16s %10.4f   accuracy; by chance %.2f\n", "FactorVAE score", scores->factor_vae,
               1.0 / scores->factors);
    }
    if (m->clamped > 0)
        printf("%-16s %10s   values of logvar outside -30 .. 20\n", "clamped", cli_count(count, m->clamped));
    printf("%-16s %10.4g   beta_norm %.3g", report->range ? "asked for beta" : "trained at beta", report->weight.beta,
           report->weight.beta_norm);
    if (isfinite(report->weight.sigma2)) printf(", sigma2 %.4g", report->weight.sigma2);
    if (report->range) printf("; trained for %g to %g", report->lowest, report->highest);
    putchar('\n');
}

void cli_add_number(cJSON *json, const char *name, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(json, name, value);
    else
        cJSON_AddNullToObject(json, name);
}

cJSON *cli_report_json(const cli_report *report)
{
    const elbow_metrics *m = &report->metrics;
    cJSON *json = cJSON_CreateObject();
    cli_add_number(json, "n", m->n);
    cli_add_number(json, "elbo", m->elbo);
    cli_add_number(json, "distortion", m->distortion);
    cli_add_number(json, "rate", m->rate);
    cli_add_number(json, "sse", m->sse);
    cli_add_number(json, "mse", m->mse);
    cli_add_number(json, "active_units", m->active_units);
    cli_add_number(json, "latent", m->latent);
    cli_add_number(json, "beta", report->weight.beta);
    cli_add_number(json, "beta_norm", report->weight.beta_norm);
    cli_add_number(json, "sigma2", report->weight.sigma2);
    if (isfinite(m->bits_per_dim)) cli_add_number(json, "bits_per_dim", m->bits_per_dim);
    cJSON_AddStringToObject(json, "digest", report->digest);
    if (report->iwae_samples > 0) {
        cJSON *iwae = cJSON_AddObjectToObject(json, "iwae");
        cli_add_number(iwae, "k", report->iwae_samples);
        cli_add_number(iwae, "nll", report->iwae_nll);
    }
    if (report->scores.factors > 0) {
        cJSON *scores = cJSON_AddObjectToObject(json, "factors");
        cli_add_number(scores, "n", report->scores.factors);
        cli_add_number(scores, "mig", report->scores.mig);
        cli_add_number(scores, "beta_vae", report->scores.beta_vae);
        cli_add_number(scores, "factor_vae", report->scores.factor_vae);
    }
    return json;
}

int cli_print_json(cJSON *json)
{
    char *text = json != NULL ? cJSON_Print(json) : NULL;
    if (text != NULL) puts(text);
    cJSON_free(text);
    cJSON_Delete(json);
    return text != NULL ? CLI_DONE : cli_failure("no memory for the JSON document");
}
