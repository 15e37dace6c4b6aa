/* explain.c - elbow explain: what a weight on the KL term is, or which weight gives a beta. */
#include "cli/loss.h"

#include <math.h>
#include <string.h>

typedef struct settings {
    cli_loss loss;
    const char *run, *preset;
    double beta, scale;
    uint32_t pixels;
    bool json;
} settings;

static const cli_option options[] = {
    CLI_LOSS_OPTIONS(settings),
    {OPTION_BETA(
        offsetof(settings, beta), "",
        "the reverse: which weight, under that reduction, is this beta on the ELBO's scale; instead of --weight")},
    {.group = "Its sizes",
     .name = "pixels",
     .metavar = "D",
     .type = CLI_COUNT,
     .offset = offsetof(settings, pixels),
     .least = 1,
     .most = UINT32_MAX,
     .unit = "pixels",
     .standard = "",
     .help = "height x width x channels: 784 for 28x28 grey",
     .synonyms = " d dim input-dim image-size "},
    {OPTION_LATENT(offsetof(settings, loss.recipe.latent)), .standard = ""},
    {.name = "scale",
     .metavar = "S",
     .type = CLI_NUMBER,
     .offset = offsetof(settings, scale),
     .least = 0,
     .above = true,
     .most = 1e9,
     .help = "the images are 0 to S, such as 255: sigma2 is then on that scale, and is given on 0 to 1 beside it",
     .synonyms = " range max "},
    {.group = "Instead of both",
     .name = "preset",
     .metavar = "NAME|list",
     .type = CLI_TEXT,
     .offset = offsetof(settings, preset),
     .help = "the loss and sizes of a well-known code; options change them"},
    {.group = "Output", OPTION_JSON(offsetof(settings, json), "text")},
};

static void defaults(void *of)
{
    settings *s = of;
    *s = (settings){.loss = cli_loss_default(), .scale = 1};
    s->loss.recipe.latent = 0;
}

/* ---- presets ---- */

static const elbow_preset *find_preset(const char *name)
{
    size_t count;
    const elbow_preset *presets = elbow_presets(&count);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(presets[i].name, name) == 0) return &presets[i];
    }
    return NULL;
}

static int no_preset(const char *name)
{
    enum { MOST = 64 };
    size_t count;
    const elbow_preset *presets = elbow_presets(&count);
    const char *names[MOST + 1] = {"list"};
    if (count > MOST) count = MOST;
    for (size_t i = 0; i < count; i++) names[i + 1] = presets[i].name;
    const char *nearest = cli_nearest(name, names, count + 1);
    if (nearest != NULL) return cli_wrong("--preset %s: no preset '%s'; did you mean '%s'?", name, name, nearest);
    return cli_wrong("--preset %s: no preset '%s': 'elbow explain --preset list' has those there are", name, name);
}

static void add_weight(cJSON *json, const elbow_weight *weight)
{
    cli_add_number(json, "beta", weight->beta);
    cli_add_number(json, "beta_norm", weight->beta_norm);
    cli_add_number(json, "sigma2", weight->sigma2);
}

static cJSON *preset_json(const elbow_preset *preset, const elbow_weight *weight)
{
    cJSON *json = cJSON_CreateObject();
    char loss[48], reduction[16];
    train_reduction.show(reduction, sizeof reduction, &preset->recipe);
    cJSON_AddStringToObject(json, "name", preset->name);
    cJSON_AddStringToObject(json, "loss", cli_loss_text(loss, &preset->recipe));
    cJSON_AddStringToObject(json, "reduction", reduction);
    cli_add_number(json, "weight", preset->recipe.weight);
    cli_add_number(json, "pixels", preset->pixels);
    cli_add_number(json, "latent", preset->recipe.latent);
    add_weight(json, weight);
    cJSON_AddStringToObject(json, "code", preset->code);
    cJSON_AddStringToObject(json, "source", preset->source);
    cJSON_AddStringToObject(json, "note", preset->note);
    return json;
}

static void print_preset_row(const elbow_preset *preset, const elbow_weight *weight)
{
    char loss[48], reduction[16], sigma2[32] = "";
    train_reduction.show(reduction, sizeof reduction, &preset->recipe);
    if (isfinite(weight->sigma2)) snprintf(sigma2, sizeof sigma2, "  %.4g", weight->sigma2);
    printf("%-15s %-9s %-9s %8g %8u %7u %8.4g %10.3g%s\n", preset->name, cli_loss_text(loss, &preset->recipe),
           reduction, preset->recipe.weight, (unsigned)preset->pixels, (unsigned)preset->recipe.latent, weight->beta,
           weight->beta_norm, sigma2);
}

static int list_presets(bool as_json)
{
    size_t count;
    const elbow_preset *presets = elbow_presets(&count);
    cJSON *json = as_json ? cJSON_CreateArray() : NULL;
    if (!as_json)
        printf("%s%-15s %-9s %-9s %8s %8s %7s %8s %10s  %s%s\n", cli_style(stdout, "1"), "preset", "loss", "reduction",
               "weight", "pixels", "latent", "beta", "beta_norm", "sigma2", cli_plain(stdout));
    for (size_t i = 0; i < count; i++) {
        const elbow_weight weight = elbow_explain(&presets[i].recipe, presets[i].pixels);
        if (as_json)
            cJSON_AddItemToArray(json, preset_json(&presets[i], &weight));
        else
            print_preset_row(&presets[i], &weight);
    }
    if (as_json) return cli_print_json(json);
    printf("\n'elbow explain --preset NAME' says whose code it is, and what its weight does.\n");
    return CLI_DONE;
}

/* ---- one loss ---- */

static int check(const void *of, const cli_args *args)
{
    const settings *s = of;
    const bool listed = s->preset != NULL && strcmp(s->preset, "list") == 0,
               whole = s->preset != NULL || s->run != NULL;
    if (s->run != NULL && s->preset != NULL)
        return cli_wrong("explain %s --preset %s: a run and a preset are two losses: give one of them", s->run,
                         s->preset);
    if (s->preset != NULL && !listed && find_preset(s->preset) == NULL) return no_preset(s->preset);
    if (!whole && (!cli_given(args, "pixels") || !cli_given(args, "latent")))
        return cli_wrong("explain needs --pixels D and --latent M, such as --pixels 784 --latent 20; or a RUN; or "
                         "--preset NAME");
    return CLI_DONE;
}

/* The recipe and image size of a run folder, under what was typed. */
static int take_run(settings *s)
{
    elbow_context *context = NULL;
    elbow_run run;
    int status = cli_open(&context, "native");
    if (status == CLI_DONE) {
        elbow_status loaded = elbow_run_load(&run, context, s->run);
        if (loaded == ELBOW_OK) loaded = elbow_run_pixels(&s->pixels, context, s->run);
        if (loaded == ELBOW_OK)
            s->loss.recipe = run.recipe;
        else
            status = cli_library_failed(context, loaded);
    }
    elbow_close(context);
    return status;
}

static void line(const char *name, double value, const char *text)
{
    char right[256];
    const int width = cli_width(stdout);
    const int at = printf("%s%-10s%s %9.4g   ", cli_style(stdout, "1"), name, cli_plain(stdout), value);
    snprintf(right, sizeof right, "%s", text);
    cli_wrapped(right, at < 30 ? at : 23, 23, width < 100 ? width : 100);
}

static void paragraph(const char *text)
{
    const int width = cli_width(stdout);
    cli_wrapped(text, 0, 0, width < 100 ? width : 100);
}

/* "on the ELBO's scale: 0.1 x 784 / 20" */
static void beta_line(const settings *s, double beta)
{
    const elbow_recipe *recipe = &s->loss.recipe;
    char text[128], pixels[32] = "", latents[32] = "";
    if (recipe->pixels == ELBOW_MEAN) snprintf(pixels, sizeof pixels, " x %u", (unsigned)s->pixels);
    if (recipe->latents == ELBOW_MEAN) snprintf(latents, sizeof latents, " / %u", (unsigned)recipe->latent);
    snprintf(text, sizeof text, "on the ELBO's scale: weight %.6g%s%s", recipe->weight, pixels, latents);
    line("beta", beta, text);
}

static void sigma_line(const settings *s, double sigma2)
{
    char text[256], scale[96] = " (images 0 to 1)";
    if (s->scale != 1) /* NOLINT: as typed */
        snprintf(scale, sizeof scale, " (images 0 to %g; for 0 to 1: %.4g)", s->scale, sigma2 / (s->scale * s->scale));
    snprintf(text, sizeof text, "decoder variance at which beta 1 has the same optimum%s", scale);
    line("sigma2", sigma2, text);
}

static void print_text(const settings *s, const elbow_weight *weight, const elbow_preset *preset)
{
    const elbow_recipe *recipe = &s->loss.recipe;
    const bool gaussian = isfinite(weight->sigma2);
    char sentence[512], text[640], loss[48];
    if (preset != NULL) {
        snprintf(text, sizeof text, "%s: %s", preset->name, preset->code);
        paragraph(text);
        snprintf(text, sizeof text, "(%s)", preset->source);
        paragraph(text);
        putchar('\n');
    }
    if (s->run != NULL)
        printf("%s: %s, %u pixels, %u latents\n\n", s->run, cli_loss_text(loss, recipe), (unsigned)s->pixels,
               (unsigned)recipe->latent);
    beta_line(s, weight->beta);
    line("beta_norm", weight->beta_norm, "beta M / D");
    if (gaussian) sigma_line(s, weight->sigma2);
    line("weight", elbow_weight_for_beta(recipe, s->pixels, 1), "would be beta 1, as this loss is written");
    elbow_weight_sentence(sentence, sizeof sentence, recipe, s->pixels);
    snprintf(text, sizeof text, "%c%s.", sentence[0] == 'b' ? 'B' : 'W', sentence + 1);
    putchar('\n');
    paragraph(text);
    if (preset != NULL) {
        snprintf(text, sizeof text, "Note: %s.", preset->note);
        paragraph(text);
    }
    snprintf(text, sizeof text, "Sources: Kingma & Welling 2013 (the ELBO); Higgins et al. 2017 (beta, beta_norm)%s.",
             gaussian ? "; Lucas et al. 2019, Dai & Wipf 2019, Rybkin et al. 2021 (the weight as a variance)" : "");
    paragraph(text);
}

static int run(void *of, const cli_args *args)
{
    settings *s = of;
    const elbow_preset *preset = NULL;
    if (s->preset != NULL && strcmp(s->preset, "list") == 0) return list_presets(s->json);
    if (s->preset != NULL) {
        preset = find_preset(s->preset);
        s->loss.recipe = preset->recipe;
        s->pixels = preset->pixels;
    }
    if (s->run != NULL) {
        const int status = take_run(s);
        if (status != CLI_DONE) return status;
    }
    cli_apply(s, args);
    cli_loss_settle(&s->loss, args);
    const bool range = elbow_recipe_has_betas(&s->loss.recipe) && !cli_given(args, "beta");
    elbow_recipe *recipe = &s->loss.recipe;
    if (cli_given(args, "scale") && recipe->likelihood != ELBOW_GAUSSIAN)
        return cli_wrong("--scale %g: a %s likelihood is not for images on another scale; --scale is for squared error",
                         s->scale, elbow_likelihood_name(recipe->likelihood));
    if (cli_given(args, "beta")) recipe->weight = elbow_weight_for_beta(recipe, s->pixels, s->beta);
    const elbow_weight weight = elbow_explain(recipe, s->pixels);
    if (!s->json) {
        if (range)
            printf("%s is one network for every beta from %g to %g; of one of them (--beta B):\n\n", s->run,
                   recipe->beta_low, recipe->beta_high);
        print_text(s, &weight, preset);
        return CLI_DONE;
    }
    cJSON *json = cJSON_CreateObject();
    add_weight(json, &weight);
    if (range) {
        cJSON *betas = cJSON_AddObjectToObject(json, "betas");
        cli_add_number(betas, "low", recipe->beta_low);
        cli_add_number(betas, "high", recipe->beta_high);
    }
    if (cli_given(args, "beta")) cli_add_number(json, "weight", recipe->weight);
    return cli_print_json(json);
}

static const char *conflicts[][2] = {{"weight", "beta"}, {"loss", "sigma"}, {NULL, NULL}};

const cli_command cli_explain = {
    .name = "explain",
    .summary = "what a weight on the KL term means, in any code",
    .purpose =
        "Takes a loss R + w KL as you write it and says what w is: beta on the ELBO's scale, Higgins' beta_norm, "
        "and for squared error the decoder's variance at which the plain ELBO has the same optimum; or with "
        "--beta which w gives it. RUN explains the weight of a run. No training, no data: docs/weight.md has "
        "the conversions and their reasons.",
    .examples = {"elbow explain --loss sse --reduction mean/mean --weight 0.1 --pixels 784 --latent 20",
                 "elbow explain --loss bce --reduction mean/sum --beta 1 --pixels 784 --latent 20 --json",
                 "elbow explain --reduction sum/sum --weight 500 --pixels 3072 --latent 64 --scale 255",
                 "elbow explain --preset list", "elbow explain --preset pytorch-vae --pixels 49152"},
    .arguments = {{"RUN", offsetof(settings, run), NULL}},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .conflicts = conflicts,
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .check = check,
    .run = run,
};
