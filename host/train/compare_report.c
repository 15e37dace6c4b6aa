/* compare_report.c - a comparison as a page that a bug report to a driver's maker can hold. */
#include "train/compare.h"

#include "base/file.h"
#include "io/page.h"
#include "nn/likelihood.h"
#include "train/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Kernels that have a colour of their own among the bars; the others share one. */
enum { NAMED = ELB_MAX_SERIES - 2, MOST_DEVICES = 64, MOST_POINTS = 64 };

/* A kernel with less of a step than this is no point of the roofline. */
static const double SHOWN = 0.002;

/* ---- words ---- */

static const char *kind_of(const elbow_comparison *c)
{
    return c->recipe.model == ELBOW_LINEAR ? "linear" : "mlp";
}

/* "784-400-20" */
static void layers_text(char *out, size_t size, const elbow_comparison *c)
{
    elb_format(out, size, "%u", c->height * c->width * c->channels);
    for (uint32_t i = 0; c->recipe.model == ELBOW_MLP && i < ELBOW_MAX_HIDDEN && c->recipe.hidden[i]; i++)
        elb_format(out + strlen(out), size - strlen(out), "-%u", c->recipe.hidden[i]);
    elb_format(out + strlen(out), size - strlen(out), "-%u", c->recipe.latent);
}

static const char *seconds_text(char out[32], double seconds)
{
    if (isfinite(seconds))
        elb_format(out, 32, "%.2f", seconds);
    else
        elb_format(out, 32, "not measured");
    return out;
}

static bool measured(const elbow_device_result *r)
{
    return !r->reason[0];
}

static void write_lead(elb_page *page, const elbow_comparison *c)
{
    char layers[128], images[32], lead[512];
    layers_text(layers, sizeof layers, c);
    elb_format(
        lead, sizeof lead,
        "The same training on each device: %s %s, %s, batch %u, %u shard%s, on %s %s of %u x %u x %u. %u steps each, "
        "in turns of %u, so that a drift of the machine favours none.",
        kind_of(c), layers, elb_density_of(&c->recipe)->title, c->train.batch, c->train.shards,
        c->train.shards == 1 ? "" : "s", elb_count_text(images, c->images),
        strcmp(c->data, "made-up images") == 0 ? "made-up images" : c->data, c->height, c->width, c->channels, c->steps,
        c->turn);
    elb_page_begin(page, "Devices compared", lead);
}

/* ---- speed and agreement ---- */

static void write_bars(elb_page *page, const elbow_comparison *c)
{
    static const char *const unit = "ms a training step: median, and 10th to 90th percentile";
    elb_bar bar[MOST_DEVICES] = {{.name = NULL}};
    char text[MOST_DEVICES][96], count[32];
    size_t bars = 0;
    for (size_t i = 0; i < c->count && bars < MOST_DEVICES; i++) {
        const elbow_device_result *r = &c->devices[i];
        if (!measured(r)) continue;
        elb_format(text[bars], sizeof text[bars], "%.2f (%.2f to %.2f), %s images/s", r->median_ms, r->p10_ms,
                   r->p90_ms, elb_count_text(count, (uint64_t)r->images_per_s));
        bar[bars] = (elb_bar){.name = r->device.id, .value = {r->median_ms}, .text = text[bars]};
        bars++;
    }
    if (bars)
        elb_page_bars(
            page, &(elb_bars){.title = "A training step", .x_name = unit, .bars = bar, .count = bars, .width = 460});
}

static void write_table(elb_page *page, const elbow_comparison *c)
{
    static const elb_column columns[] = {
        {"device", false},       {"images/s", true},        {"step, ms", true}, {"10th .. 90th percentile", true},
        {"cold start, s", true}, {"cached start, s", true}, {"memory", true},   {"bits", false}};
    char text[32];
    elb_page_table(page, columns, COUNT(columns));
    for (size_t i = 0; i < c->count; i++) {
        const elbow_device_result *r = &c->devices[i];
        elb_page_cell(page, "%s", r->device.id);
        if (!measured(r)) {
            for (size_t j = 2; j < COUNT(columns); j++) elb_page_cell(page, "–");
            elb_page_cell(page, "not measured: %s", r->reason);
            continue;
        }
        elb_page_cell(page, "%s", elb_count_text(text, (uint64_t)r->images_per_s));
        elb_page_cell(page, "%.3f", r->median_ms);
        elb_page_cell(page, "%.3f .. %.3f", r->p10_ms, r->p90_ms);
        elb_page_cell(page, "%s", seconds_text(text, r->cold_s));
        elb_page_cell(page, "%s", seconds_text(text, r->cached_s));
        elb_page_cell(page, "%s", elb_bytes_text(text, r->memory_bytes));
        elb_page_cell(page, "%s", r->same_bits ? "the same as native's" : "OTHER than native's");
    }
    elb_page_table_end(page);
    elb_page_paragraph(
        page, "Cold start: from opening the device to the end of the first step with every program built anew; "
              "cached start: with all of them found. Bits: the SHA-256 of the parameters after the same "
              "steps.");
    for (size_t i = 0; i < c->count; i++)
        if (c->devices[i].difference[0])
            elb_page_note(page, "%s: %s", c->devices[i].device.id, c->devices[i].difference);
}

/* ---- where the time goes ---- */

/* All of one kernel, whatever its options. */
typedef struct sum {
    const char *kernel;
    double ms, flops, bytes; /* of a step; operations and bytes themselves */
} sum;

static size_t sum_kernels(sum *sums, size_t most, const elbow_device_result *r)
{
    size_t count = 0;
    for (size_t i = 0; i < r->kernel_count; i++) {
        const elbow_kernel_time *k = &r->kernels[i];
        size_t at = 0;
        while (at < count && strcmp(sums[at].kernel, k->kernel) != 0) at++;
        if (at == count && count == most) continue;
        if (at == count) sums[count++] = (sum){.kernel = k->kernel};
        sums[at].ms += k->ms;
        sums[at].flops += k->flops * k->ms * 1e-3;
        sums[at].bytes += k->bytes * k->ms * 1e-3;
    }
    return count;
}

/* The kernels that cost most over all devices, at most NAMED of them. */
static size_t name_parts(const char *names[NAMED], const elbow_comparison *c)
{
    sum all[MOST_POINTS], one[MOST_POINTS];
    size_t count = 0, named = 0;
    for (size_t i = 0; i < c->count; i++) {
        const size_t here = sum_kernels(one, MOST_POINTS, &c->devices[i]);
        for (size_t j = 0; j < here; j++) {
            size_t at = 0;
            while (at < count && strcmp(all[at].kernel, one[j].kernel) != 0) at++;
            if (at == count && count == MOST_POINTS) continue;
            if (at == count) all[count++] = (sum){.kernel = one[j].kernel};
            all[at].ms += one[j].ms / c->devices[i].profiled_ms;
        }
    }
    for (; named < NAMED && named < count; named++) {
        size_t best = named;
        for (size_t j = named + 1; j < count; j++)
            if (all[j].ms > all[best].ms) best = j;
        const sum kept = all[named];
        all[named] = all[best], all[best] = kept;
        names[named] = all[named].kernel;
    }
    return named;
}

static void write_parts(elb_page *page, const elbow_comparison *c)
{
    elb_bar bar[MOST_DEVICES] = {{.name = NULL}};
    char text[MOST_DEVICES][32];
    const char *names[NAMED];
    const size_t named = name_parts(names, c);
    elb_bars bars = {.title = "Where a step's time goes",
                     .x_name = "ms a training step",
                     .bars = bar,
                     .parts = named + 2,
                     .width = 460};
    for (size_t j = 0; j < named; j++) bars.part[j] = names[j];
    bars.part[named] = "other kernels";
    bars.part[named + 1] = "copies, launching, waiting";
    for (size_t i = 0; i < c->count && bars.count < MOST_DEVICES; i++) {
        const elbow_device_result *r = &c->devices[i];
        if (!measured(r)) continue;
        elb_bar *to = &bar[bars.count];
        to->name = r->device.id;
        for (size_t k = 0; k < r->kernel_count; k++) {
            size_t part = 0;
            while (part < named && strcmp(names[part], r->kernels[k].kernel) != 0) part++;
            to->value[part] += r->kernels[k].ms;
        }
        to->value[named + 1] = r->rest_ms;
        elb_format(text[bars.count], sizeof text[0], "%.2f ms", r->profiled_ms);
        to->text = text[bars.count++];
    }
    if (bars.count) elb_page_bars(page, &bars);
}

/* ---- one device ---- */

static double roof(double flops, double bytes, double intensity)
{
    return 1e-9 * fmin(flops, bytes * intensity);
}

/* Operations a second over operations a byte: what lies below a slope waits for memory, what lies below the flat roof
 * could compute faster. */
static void write_roofline(elb_page *page, const elbow_device_result *r)
{
    sum sums[MOST_POINTS];
    double x[MOST_POINTS], y[MOST_POINTS], at[3], high[3], low[3];
    const char *labels[MOST_POINTS];
    size_t points = 0;
    const size_t count = sum_kernels(sums, MOST_POINTS, r);
    double least = 0.1, most = 100;
    for (size_t i = 0; i < count; i++) {
        if (!(sums[i].flops > 0) || !(sums[i].bytes > 0) || sums[i].ms < SHOWN * r->profiled_ms) continue;
        x[points] = sums[i].flops / sums[i].bytes;
        y[points] = 1e-9 * sums[i].flops / (1e-3 * sums[i].ms);
        labels[points] = sums[i].kernel;
        least = fmin(least, x[points] / 2), most = fmax(most, x[points] * 2);
        points++;
    }
    const elb_series kernels = {"kernels", x, y, points, ELB_DOTS, labels};
    double corner[2][3];
    for (int i = 0; i < 2; i++) {
        const double bytes = i ? r->peak_memory : r->peak_cache;
        corner[i][0] = least, corner[i][1] = r->peak_flops / bytes, corner[i][2] = most;
    }
    for (int i = 0; i < 3; i++) {
        at[i] = corner[0][i];
        high[i] = roof(r->peak_flops, r->peak_cache, corner[0][i]);
        low[i] = roof(r->peak_flops, r->peak_memory, corner[1][i]);
    }
    const elb_panel panel = {.title = "Roofline",
                             .x_name = "operations a byte",
                             .y_name = "GFLOP/s",
                             .x_scale = ELB_LOG,
                             .y_scale = ELB_LOG,
                             .series = {{"most, data in a cache", at, high, 3, ELB_LINE, NULL},
                                        {"most, data in memory", corner[1], low, 3, ELB_DASHED, NULL},
                                        kernels},
                             .count = 3,
                             .width = 520,
                             .height = 300};
    elb_page_charts(page, &panel, 1);
}

static void write_kernels(elb_page *page, const elbow_device_result *r)
{
    static const elb_column columns[] = {{"kernel", false},  {"launches", true},   {"ms", true},   {"share, %", true},
                                         {"GFLOP/s", true},  {"% of peak", true},  {"GB/s", true}, {"% of peak", true},
                                         {"options", false}, {"built with", false}};
    const bool built = strcmp(r->device.backend, "native") != 0;
    elb_page_table(page, columns, COUNT(columns) - !built);
    for (size_t i = 0; i < r->kernel_count; i++) {
        const elbow_kernel_time *k = &r->kernels[i];
        elb_page_cell(page, "%s", k->kernel);
        elb_page_cell(page, "%.3g", k->launches);
        elb_page_cell(page, "%.4f", k->ms);
        elb_page_cell(page, "%.1f", 100 * k->ms / r->profiled_ms);
        elb_page_cell(page, "%.1f", 1e-9 * k->flops);
        elb_page_cell(page, "%.0f", 100 * k->of_peak_flops);
        elb_page_cell(page, "%.1f", 1e-9 * k->bytes);
        elb_page_cell(page, "%.0f", 100 * k->of_peak_bytes);
        elb_page_cell(page, "%s", k->options);
        if (built) elb_page_cell(page, "%s", k->build);
    }
    elb_page_table_end(page);
    elb_page_paragraph(
        page,
        "Of one step. The rest, copies, launching and waiting, takes %.3f ms. Peaks: %.0f GFLOP/s of fma in "
        "registers, %.1f GB/s through small arrays, %.1f GB/s through large ones; a kernel's share of "
        "bytes is of the better of the two.",
        r->rest_ms, 1e-9 * r->peak_flops, 1e-9 * r->peak_cache, 1e-9 * r->peak_memory);
}

static void write_device(elb_page *page, const elbow_device_result *r)
{
    static const elb_column columns[] = {{"", false}, {"", false}};
    char memory[32], units[32];
    elb_format(units, sizeof units, "%u", r->device.compute_units);
    const char *const facts[][2] = {
        {"device", r->device.name},
        {"platform", r->device.platform},
        {strcmp(r->device.backend, "native") == 0 ? "instruction set" : "version", r->device.version},
        {strcmp(r->device.backend, "native") == 0 ? "threads" : "driver", r->device.driver},
        {"compute units", units},
        {"memory", elb_bytes_text(memory, r->device.memory_bytes)},
        {"digest", r->digest}};
    elb_page_heading(page, r->device.id);
    elb_page_table(page, columns, COUNT(columns));
    for (size_t i = 0; i < COUNT(facts); i++) {
        if (!facts[i][1][0]) continue;
        elb_page_cell(page, "%s", facts[i][0]);
        elb_page_cell(page, "%s", facts[i][1]);
    }
    elb_page_table_end(page);
    if (!measured(r)) {
        elb_page_note(page, "Not measured: %s", r->reason);
        return;
    }
    write_roofline(page, r);
    write_kernels(page, r);
}

elbow_status elbow_comparison_report(const elbow_comparison *comparison, elbow_context *context, const char *folder)
{
    elb_error *err = elb_begin(context);
    char path[ELB_PATH], from[256];
    elb_page page;
    TRY(elb_make_folders(err, folder));
    TRY(elb_run_path(path, err, folder, "compare.json"));
    TRY(elb_file_write(err, path, comparison->json, strlen(comparison->json)));
    TRY(elb_run_path(path, err, folder, "report.html"));
    write_lead(&page, comparison);
    elb_page_heading(&page, "Speed and agreement");
    write_bars(&page, comparison);
    write_table(&page, comparison);
    elb_page_heading(&page, "Where the time goes");
    write_parts(&page, comparison);
    elb_page_paragraph(
        &page, "In a roofline (Williams, Waterman and Patterson 2009) a kernel lies below the roof of its device: "
               "the slope is what memory delivers, the flat part what it computes. A kernel at the roof cannot "
               "be quicker there; one far below wastes the device.");
    for (size_t i = 0; i < comparison->count; i++) write_device(&page, &comparison->devices[i]);
    if (comparison->command[0]) {
        elb_page_heading(&page, "To repeat");
        elb_page_code(&page, "%s", comparison->command);
    }
    elb_format(from, sizeof from, "elbow compare %s, bits version %d, %s", comparison->version, ELBOW_BITS_VERSION,
               comparison->host);
    return elb_page_write(err, path, &page, from);
}
