/* sweep_report.c - report.html of a sweep: what came out, in sentences, charts, a table and pictures. */
#include "base/file.h"
#include "io/page.h"
#include "train/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BETA  "\xce\xb2"
#define SIGMA "\xcf\x83\xc2\xb2" /* sigma squared */

enum { PLOT_WIDTH = 330, PLOT_HEIGHT = 220, PICTURE_WIDTH = 300 };

typedef struct report {
    elb_page page;
    const elb_sweep *sweep;
    const elbow_sweep_row *rows;
    uint32_t count;
    bool gaussian;
} report;

/* ---- sentences ---- */

/* "β 4 (β_norm 0.102, σ² 2)" */
static const char *weight_text(char out[96], const elbow_weight *weight)
{
    if (isfinite(weight->sigma2))
        elb_format(out, 96, BETA " %g (" BETA "_norm %.3g, " SIGMA " %.3g)", weight->beta, weight->beta_norm,
                   weight->sigma2);
    else
        elb_format(out, 96, BETA " %g (" BETA "_norm %.3g)", weight->beta, weight->beta_norm);
    return out;
}

static uint32_t best_row(const report *r)
{
    uint32_t best = 0;
    for (uint32_t i = 1; i < r->count; i++)
        if (r->rows[i].test.elbo > r->rows[best].test.elbo) best = i;
    return best;
}

static void say_best(report *r)
{
    char weight[96];
    const uint32_t best = best_row(r);
    const elbow_metrics *m = &r->rows[best].test;
    const bool edge = r->count > 1 && (best == 0 || best + 1 == r->count);
    elb_page_paragraph(
        &r->page, "The best ELBO is %.2f nats, with %s: distortion %.2f, rate %.2f, %u of %u latents active.%s",
        m->elbo, weight_text(weight, &r->rows[best].weight), m->distortion, m->rate, m->active_units, m->latent,
        !edge       ? ""
        : best == 0 ? " No smaller weight was tried: one may be better still."
                    : " No larger weight was tried: one may be better still.");
}

/* Where latents are lost: the last weight that keeps most of them, and the first that keeps none. */
static void say_active(report *r)
{
    char kept[96], lost[96];
    uint32_t most = 0, last = 0, none = r->count;
    for (uint32_t i = 0; i < r->count; i++) {
        if (r->rows[i].test.active_units >= most) most = r->rows[i].test.active_units, last = i;
        if (r->rows[i].test.active_units == 0 && none == r->count) none = i;
    }
    const elbow_sweep_row *end = &r->rows[r->count - 1];
    if (!most)
        elb_page_paragraph(&r->page, "At every weight that was tried all latents have collapsed: each image is "
                                     "reconstructed alike, from nothing. Try smaller weights, or train longer.");
    else if (last + 1 == r->count)
        elb_page_paragraph(&r->page, "No weight that was tried loses latents: %u of %u are active even at %s.", most,
                           end->test.latent, weight_text(kept, &end->weight));
    else if (none < r->count)
        elb_page_paragraph(&r->page,
                           "%u of %u latents are active up to %s. From %s on all have collapsed: each image is "
                           "reconstructed alike, from nothing.",
                           most, end->test.latent, weight_text(kept, &r->rows[last].weight),
                           weight_text(lost, &r->rows[none].weight));
    else
        elb_page_paragraph(
            &r->page,
            "%u of %u latents are active up to %s; beyond it they are lost one after the other; at %s %u "
            "%s left.",
            most, end->test.latent, weight_text(kept, &r->rows[last].weight), weight_text(lost, &end->weight),
            end->test.active_units, end->test.active_units == 1 ? "is" : "are");
}

/* How good the forecast was: where at least a nat of rate is left to compare. */
static void say_predicted(report *r)
{
    double errors[ELBOW_MAX_BETAS];
    uint32_t compared = 0, units = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        const elbow_sweep_row *row = &r->rows[i];
        const uint32_t is = row->test.active_units, was = row->predicted.active;
        if (row->test.rate >= 1 && isfinite(row->predicted.rate))
            errors[compared++] = fabs(row->predicted.rate / row->test.rate - 1);
        if ((is > was ? is - was : was - is) > units) units = is > was ? is - was : was - is;
    }
    if (!isfinite(r->rows[0].predicted.collapse_beta)) return; /* of this likelihood nothing is foreseen */
    elb_page_paragraph(&r->page, "Before any training the forecast (dashed) put total collapse at " BETA " %.3g.",
                       r->rows[0].predicted.collapse_beta);
    if (!compared) return;
    elb_sort(errors, compared);
    elb_page_paragraph(
        &r->page,
        "The forecast's rate was off by %.0f\xc2\xa0%% in the median, its count of active latents by at most %u.",
        100 * errors[compared / 2], units);
}

static void say_all(report *r)
{
    elb_page_heading(&r->page, "What it shows");
    say_best(r);
    say_active(r);
    say_predicted(r);
    elb_page_note(&r->page,
                  "The ELBO is measured at " BETA " 1 whatever was trained, so " BETA " 1 trains the very number that "
                  "is compared. Another " BETA " may suit your purpose better: a smaller one for sharper "
                  "reconstructions, a larger one for fewer latents and samples closer to the prior.");
}

/* ---- charts ---- */

/* A column of numbers over the rows. */
typedef double pick(const elbow_sweep_row *row);

static double beta_of(const elbow_sweep_row *row)
{
    return row->weight.beta;
}
static double elbo_of(const elbow_sweep_row *row)
{
    return row->test.elbo;
}
static double rate_of(const elbow_sweep_row *row)
{
    return row->test.rate;
}
static double distortion_of(const elbow_sweep_row *row)
{
    return row->test.distortion;
}
static double active_of(const elbow_sweep_row *row)
{
    return row->test.active_units;
}
static double predicted_rate_of(const elbow_sweep_row *row)
{
    return row->predicted.rate;
}
static double predicted_distortion_of(const elbow_sweep_row *row)
{
    return row->predicted.distortion;
}
static double predicted_active_of(const elbow_sweep_row *row)
{
    return isfinite(row->predicted.collapse_beta) ? row->predicted.active : (double)NAN;
}

static const double *column(double out[ELBOW_MAX_BETAS], const report *r, pick *value)
{
    for (uint32_t i = 0; i < r->count; i++) out[i] = value(&r->rows[i]);
    return out;
}

static void put_charts(report *r)
{
    static const char trained[] = "trained", predicted[] = "predicted";
    double beta[ELBOW_MAX_BETAS], x[2][ELBOW_MAX_BETAS], y[5][ELBOW_MAX_BETAS];
    char words[ELBOW_MAX_BETAS][24], of[24];
    const char *labels[ELBOW_MAX_BETAS];
    const size_t n = r->count;
    column(beta, r, beta_of);
    elb_format(of, sizeof of, "of %u", r->rows[0].test.latent);
    for (size_t i = 0; i < n; i++) {
        elb_format(words[i], sizeof words[i], "%.3g", beta[i]);
        labels[i] = words[i];
    }
    const elb_panel panels[] = {
        {.title = "Rate and distortion, by " BETA,
         .x_name = "rate, nats per image",
         .y_name = "distortion, nats per image",
         .series = {{trained, column(x[0], r, rate_of), column(y[0], r, distortion_of), n, ELB_TRACED, labels},
                    {predicted, column(x[1], r, predicted_rate_of), column(y[1], r, predicted_distortion_of), n,
                     ELB_DASHED, NULL}},
         .count = 2,
         .x_scale = ELB_ROUND,
         .width = PLOT_WIDTH,
         .height = PLOT_HEIGHT},
        {.title = "Active latents",
         .x_name = BETA,
         .y_name = of,
         .series = {{trained, beta, column(y[2], r, active_of), n, ELB_TRACED, NULL},
                    {predicted, beta, column(y[3], r, predicted_active_of), n, ELB_DASHED, NULL}},
         .count = 2,
         .x_scale = ELB_LOG,
         .y_scale = ELB_WHOLE,
         .y_from_zero = true,
         .width = PLOT_WIDTH,
         .height = PLOT_HEIGHT},
        {.title = "ELBO at " BETA " 1",
         .x_name = BETA " trained with",
         .y_name = "nats per image",
         .series = {{trained, beta, column(y[4], r, elbo_of), n, ELB_TRACED, NULL}},
         .count = 1,
         .x_scale = ELB_LOG,
         .width = PLOT_WIDTH,
         .height = PLOT_HEIGHT},
    };
    elb_page_charts(&r->page, panels, COUNT(panels));
    elb_page_paragraph(&r->page, "On the first curve " BETA " is the slope: one nat of rate more must save " BETA
                                 " nats of distortion to be worth it. Points further left and down are better.");
}

/* ---- table and pictures ---- */

/* At beta 0 the forecast's rate is infinite, and null in sweep.json. */
static void put_real(report *r, double value)
{
    if (isfinite(value))
        elb_page_cell(&r->page, "%.2f", value);
    else
        elb_page_cell(&r->page, "\xe2\x80\x93");
}

static void put_row(report *r, const elbow_sweep_row *row)
{
    elb_page *page = &r->page;
    elb_page_cell(page, "%g", row->weight.beta);
    elb_page_cell(page, "%.3g", row->weight.beta_norm);
    if (r->gaussian) elb_page_cell(page, "%.3g", row->weight.sigma2);
    put_real(r, row->test.elbo);
    put_real(r, row->test.distortion);
    put_real(r, row->test.rate);
    elb_page_cell(page, "%u", row->test.active_units);
    put_real(r, row->test.sse);
    put_real(r, row->predicted.distortion);
    put_real(r, row->predicted.rate);
    if (isfinite(row->predicted.collapse_beta))
        elb_page_cell(page, "%u", row->predicted.active);
    else
        elb_page_cell(page, "\xe2\x80\x93");
    elb_page_cell(page, "%s", row->run);
}

static void put_table(report *r)
{
    const elb_column all[] = {{BETA, true},
                              {BETA "_norm", true},
                              {SIGMA, true},
                              {"ELBO", true},
                              {"distortion D", true},
                              {"rate R", true},
                              {"active", true},
                              {"SSE", true},
                              {"D predicted", true},
                              {"R predicted", true},
                              {"active predicted", true},
                              {"run", false}};
    elb_column columns[COUNT(all)];
    char images[32];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(all); i++)
        if (i != 2 || r->gaussian) columns[count++] = all[i];
    elb_page_heading(&r->page, "The numbers");
    elb_page_table(&r->page, columns, count);
    for (uint32_t i = 0; i < r->count; i++) put_row(r, &r->rows[i]);
    elb_page_table_end(&r->page);
    elb_page_paragraph(&r->page,
                       "Means over %s test images in nats per image, at " BETA " 1. " BETA "_norm is " BETA
                       " M/D (Higgins et al. 2017).%s",
                       elb_count_text(images, r->rows[0].test.n),
                       r->gaussian ? " " SIGMA " is the decoder variance at which the plain ELBO has the same optimum."
                                   : "");
}

/* One picture of each run, side by side. */
static elbow_status put_pictures(report *r, elb_error *err, const char *file)
{
    elb_picture pictures[ELBOW_MAX_BETAS];
    void *bytes[ELBOW_MAX_BETAS] = {NULL};
    char captions[ELBOW_MAX_BETAS][48], path[ELB_PATH];
    elbow_status status = ELBOW_OK;
    for (uint32_t i = 0; i < r->count && status == ELBOW_OK; i++) {
        size_t size = 0;
        elb_format(captions[i], sizeof captions[i], BETA " %g, %u active", r->rows[i].weight.beta,
                   r->rows[i].test.active_units);
        status = elb_sweep_path(path, err, r->sweep, i, file);
        if (status == ELBOW_OK) status = elb_file_read(err, &bytes[i], &size, path, 1 << 26);
        pictures[i] = (elb_picture){captions[i], bytes[i], size, PICTURE_WIDTH};
    }
    if (status == ELBOW_OK) elb_page_pictures(&r->page, pictures, r->count);
    for (uint32_t i = 0; i < r->count; i++) free(bytes[i]);
    return status;
}

static elbow_status put_all_pictures(report *r, elb_error *err)
{
    elb_page_heading(&r->page, "Reconstructions");
    elb_page_paragraph(&r->page, "Test images, and below each what the model makes of it.");
    TRY(put_pictures(r, err, "reconstructions.png"));
    elb_page_heading(&r->page, "Samples");
    elb_page_paragraph(&r->page, "Images that each model imagines, from the same draws of the prior.");
    return put_pictures(r, err, "samples.png");
}

/* ---- the page ---- */

/* "784-400-20 mlp, Bernoulli, ..." */
static void recipe_text(char *out, size_t size, const report *r)
{
    const elbow_run *about = &r->sweep->about;
    char widths[128], likelihood[48] = "Bernoulli";
    elb_format(widths, sizeof widths, "%u", r->sweep->data->info.pixels);
    for (size_t i = 0; i < ELBOW_MAX_HIDDEN && about->recipe.hidden[i]; i++)
        elb_format(widths + strlen(widths), sizeof widths - strlen(widths), "-%u", about->recipe.hidden[i]);
    if (r->gaussian) elb_format(likelihood, sizeof likelihood, "Gaussian (" SIGMA " %.4g)", about->recipe.sigma2);
    elb_format(out, size, "%s-%u, %s, seed %llu, %u epochs in batches of %u", widths, about->recipe.latent, likelihood,
               (unsigned long long)about->recipe.seed, about->train.epochs, about->train.batch);
}

static void put_again(report *r)
{
    const elbow_sweep_options *o = r->sweep->options;
    elb_page_heading(&r->page, "Again");
    if (o->command) elb_page_code(&r->page, "%s", o->command);
    elb_page_paragraph(&r->page, "The same recipe gives the same digests on every device. A row alone is repeated from "
                                 "its folder:");
    elb_page_code(&r->page, "elbow train --config %s/%s/run.json", o->out, r->rows[best_row(r)].run);
    elb_page_paragraph(&r->page, "sweep.json, beside this page, has the whole recipe and all numbers.");
}

static elbow_status fill(report *r, elb_error *err)
{
    char title[128], lead[448], recipe[320], images[32];
    const elbow_data_info *data = &r->sweep->data->info;
    recipe_text(recipe, sizeof recipe, r);
    elb_format(title, sizeof title, "What the weight of the KL term does: %s", data->name);
    elb_format(lead, sizeof lead, "%u model%s (%s), from %s training images%s", r->count, r->count == 1 ? "" : "s",
               recipe, elb_count_text(images, data->train),
               r->count == 1 ? "." : ", that differ in that weight alone.");
    elb_page_begin(&r->page, title, lead);
    say_all(r);
    put_charts(r);
    put_table(r);
    TRY(put_all_pictures(r, err));
    put_again(r);
    return ELBOW_OK;
}

elbow_status elb_sweep_report(elb_error *err, const elb_sweep *sweep)
{
    char path[ELB_PATH], made_from[448], recipe[320];
    report r = {.sweep = sweep,
                .rows = sweep->rows,
                .count = sweep->options->count,
                .gaussian = isfinite(sweep->rows[0].weight.sigma2)};
    elbow_status status = fill(&r, err);
    if (status == ELBOW_OK) status = elb_run_path(path, err, sweep->options->out, "report.html");
    recipe_text(recipe, sizeof recipe, &r);
    elb_format(made_from, sizeof made_from, "%s (SHA-256 %.12s\xe2\x80\xa6), %s", sweep->data->info.name,
               sweep->data->info.sha256, recipe);
    if (status == ELBOW_OK) return elb_page_write(err, path, &r.page, made_from);
    elb_page_free(&r.page);
    return status;
}
