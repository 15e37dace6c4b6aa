/* train_words.c - what elbow train says before it starts. */
#include "cli/train.h"

#include <math.h>
#include <string.h>

/* The ids of the other usable devices, for "(others: native)"; asking for them makes the drivers' remarks heard. */
static void others(char *out, size_t size, elbow_context *context, const char *id)
{
    elbow_device_info *devices = NULL;
    size_t count = 0, at = 0;
    out[0] = '\0';
    if (elbow_devices(context, &devices, &count) != ELBOW_OK) return;
    for (size_t i = 0; i < count; i++) {
        if (!devices[i].usable || strcmp(devices[i].id, id) == 0 || at + 80 > size) continue;
        at += (size_t)snprintf(out + at, size - at, "%s%s", at > 0 ? ", " : "       (others: ", devices[i].id);
    }
    if (at > 0) snprintf(out + at, size - at, ")");
    elbow_devices_free(devices);
}

void train_say(const char *what, const char *text)
{
    fprintf(stderr, "%s%-9s%s %s\n", cli_style(stderr, "1"), what, cli_plain(stderr), text);
}

void train_say_device(elbow_context *context, const char *asked)
{
    const elbow_device_info *d;
    char text[768], memory[32], rest[384] = "";
    if (strcmp(asked, "auto") == 0) others(rest, sizeof rest, context, elbow_device(context)->id);
    for (uint32_t i = 0; (d = elbow_team_device(context, i)) != NULL; i++) {
        snprintf(text, sizeof text, "%s  %s, %u unit%s, %s%s", d->id, d->name, (unsigned)d->compute_units,
                 d->compute_units == 1 ? "" : "s", cli_bytes(memory, d->memory_bytes), rest);
        train_say(i == 0 ? "device" : "", text);
    }
}

void train_say_team(elbow_context *context)
{
    const elbow_device_info *d;
    char text[768];
    size_t at = 0;
    uint32_t sum = 0;
    if (elbow_team_device(context, 1) == NULL) return;
    for (uint32_t i = 0; (d = elbow_team_device(context, i)) != NULL && at + 96 < sizeof text; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s%s %u", i == 0 ? "" : ", ", d->id,
                               (unsigned)elbow_team_share(context, i));
        sum += elbow_team_share(context, i);
    }
    snprintf(text + at, sizeof text - at, " of %u shards in the last step", (unsigned)sum);
    train_say("team", text);
}

void train_say_data(const elbow_data_info *data)
{
    char text[256], train[32], validation[32], test[32], middle[64] = "", end[96], channels[16] = "";
    if (data->validation > 0)
        snprintf(middle, sizeof middle, ", %s validation", cli_count(validation, data->validation));
    if (data->own_test)
        snprintf(end, sizeof end, " and %s test images", cli_count(test, data->test));
    else
        snprintf(end, sizeof end, " images, which are the test images too");
    if (data->channels != 1) snprintf(channels, sizeof channels, "x%u", (unsigned)data->channels);
    snprintf(text, sizeof text, "%s  %s training%s%s, %ux%u%s", data->name, cli_count(train, data->train), middle, end,
             (unsigned)data->width, (unsigned)data->height, channels);
    train_say("data", text);
}

/* "gaussian sigma learned from 1". */
static void likelihood_text(char out[64], const elbow_recipe *recipe)
{
    static const char *const source[] = {"", "learned from ", "of each pixel learned from ",
                                         "the best of each batch, from "};
    const size_t at = (size_t)snprintf(out, 64, "%s", elbow_likelihood_name(recipe->likelihood));
    if (elbow_likelihood_has_scale(recipe->likelihood))
        snprintf(out + at, 64 - at, " sigma %s%.4g", source[recipe->spread], sqrt(recipe->sigma2));
}

char *train_model_text(char out[256], const elbow_recipe *recipe, uint32_t pixels)
{
    char widths[128], likelihood[64], objective[32] = "";
    size_t at = (size_t)snprintf(widths, sizeof widths, "%u", (unsigned)pixels);
    for (size_t i = 0; i < ELBOW_MAX_HIDDEN && recipe->hidden[i] != 0; i++)
        at += (size_t)snprintf(widths + at, sizeof widths - at, "-%u", (unsigned)recipe->hidden[i]);
    snprintf(widths + at, sizeof widths - at, "-%u", (unsigned)recipe->latent);
    if (recipe->objective == ELBOW_OBJECTIVE_IWAE)
        snprintf(objective, sizeof objective, "iwae with %u draws, ", (unsigned)recipe->samples);
    likelihood_text(likelihood, recipe);
    snprintf(out, 256, "%s%s, %s, %s%s/%s", widths, recipe->model == ELBOW_LINEAR ? " linear" : "", likelihood,
             objective, recipe->pixels == ELBOW_MEAN ? "mean" : "sum", recipe->latents == ELBOW_MEAN ? "mean" : "sum");
    return out;
}

void train_say_model(const train_settings *s, const elbow_data_info *data, const elbow_model *model)
{
    char text[384], what[256], parameters[32], own[96] = "";
    if (model != NULL)
        snprintf(own, sizeof own, ", weight %.6g; %s parameters", s->recipe.weight,
                 cli_count(parameters, elbow_model_parameters(model)));
    snprintf(text, sizeof text, "%s%s", train_model_text(what, &s->recipe, data->pixels), own);
    train_say("model", text);
}

/* Of a course that follows from what is measured in training nothing is foreseen. */
static void say_schedule(const train_settings *s)
{
    char text[288], course[192];
    if (s->train.schedule == ELBOW_SCHEDULE_CONSTANT) return;
    train_schedule.show(course, sizeof course, &s->train);
    snprintf(text, sizeof text, "%s%s", course,
             elbow_schedule_watches(s->train.schedule)
                 ? ": what K weighs follows from what is measured, so nothing is foreseen"
                 : "");
    train_say("schedule", text);
}

/* What the linear theory foresees; that nothing will be learnt is a warning even where nothing else is said. */
static void say_forecast(elbow_context *context, const train_settings *s, const elbow_data *data)
{
    elbow_forecast forecast;
    if (elbow_schedule_watches(s->train.schedule)) return;
    if (elbow_foresee(&forecast, context, data, &s->recipe) != ELBOW_OK) return;
    if (forecast.active == 0)
        cli_warn("%s", forecast.sentence);
    else if (!s->quiet)
        train_say("forecast", forecast.sentence);
}

void train_say_memory(elbow_context *context, const train_settings *s, const elbow_data *data)
{
    const uint64_t needed = elbow_model_memory(&s->recipe, data, s->train.batch),
                   there = elbow_device(context)->memory_bytes;
    char text[96], bytes[32], all[32];
    if (needed == UINT64_MAX) return; /* no size at all: what is too large is refused in a moment, with its number */
    snprintf(text, sizeof text, "%s on %s device, the data included", cli_bytes(bytes, needed),
             elbow_team_device(context, 1) != NULL ? "each" : "the");
    if (!s->quiet) train_say("memory", text);
    if (there > 0 && needed > there)
        cli_warn("%s needed and the device has %s: a smaller --batch or --limit needs less", cli_bytes(bytes, needed),
                 cli_bytes(all, there));
}

void train_announce(elbow_context *context, const train_settings *s, const elbow_data *data, const elbow_model *model)
{
    const elbow_data_info *about = elbow_data_about(data);
    char text[512];
    if (!s->quiet) {
        if (s->ranks > 1) {
            snprintf(text, sizeof text, "%u, each with devices of its own; of the first:", (unsigned)s->ranks);
            train_say("ranks", text);
        }
        train_say_device(context, s->device);
        train_say_data(about);
        train_say_model(s, about, model);
        elbow_weight_sentence(text, sizeof text, &s->recipe, about->pixels);
        train_say("weight", text);
        say_schedule(s);
        if (elbow_recipe_has_betas(&s->recipe)) {
            snprintf(text, sizeof text, "one network for all betas from %g to %g; metrics are at beta %g",
                     s->recipe.beta_low, s->recipe.beta_high, elbow_model_beta(model));
            train_say("betas", text);
        }
    }
    say_forecast(context, s, data);
    train_say_memory(context, s, data);
    if (!s->quiet) train_say("run", s->out);
}
