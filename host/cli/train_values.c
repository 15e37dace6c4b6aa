/* train_values.c - the values of elbow train that have a form of their own. */
#include "cli/train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- --hidden 400,200 ---- */

static bool parse_hidden(void *field, const char *text, cli_why *why)
{
    uint32_t widths[ELBOW_MAX_HIDDEN] = {0};
    const char *at = text;
    for (size_t count = 0;; count++) {
        char *end;
        const unsigned long width = at[0] >= '0' && at[0] <= '9' ? strtoul(at, &end, 10) : 0;
        if (width < 1 || width > 65536 || (*end != ',' && *end != '\0')) {
            snprintf(why->text, sizeof why->text, "widths from 1 to 65,536 with commas between them, such as 400,200");
            return false;
        }
        if (count == ELBOW_MAX_HIDDEN) {
            snprintf(why->text, sizeof why->text, "at most %d hidden layers", ELBOW_MAX_HIDDEN);
            return false;
        }
        widths[count] = (uint32_t)width;
        if (*end == '\0') break;
        at = end + 1;
    }
    memcpy(field, widths, sizeof widths);
    return true;
}

static void show_hidden(char *out, size_t size, const void *field)
{
    uint32_t widths[ELBOW_MAX_HIDDEN];
    size_t at = 0;
    memcpy(widths, field, sizeof widths);
    for (size_t i = 0; i < ELBOW_MAX_HIDDEN && widths[i] != 0 && at + 1 < size; i++)
        at += (size_t)snprintf(out + at, size - at, i > 0 ? ",%u" : "%u", (unsigned)widths[i]);
}

/* ---- --reduction sum/mean: the field is the whole recipe ---- */

static bool parse_one_reduction(elbow_reduction *reduction, const char *word, size_t length, cli_why *why)
{
    static const char *const names[] = {"sum", "mean"};
    char typed[32];
    snprintf(typed, sizeof typed, "%.*s", (int)length, word);
    for (unsigned i = 0; i < CLI_COUNT_OF(names); i++) {
        if (strcmp(names[i], typed) != 0) continue;
        *reduction = (elbow_reduction)i;
        return true;
    }
    const char *nearest = cli_nearest(typed, names, CLI_COUNT_OF(names));
    if (nearest != NULL)
        snprintf(why->text, sizeof why->text, "no reduction '%s'; did you mean '%s'?", typed, nearest);
    else
        snprintf(why->text, sizeof why->text, "no reduction '%s': sum or mean", typed);
    return false;
}

static bool parse_reduction(void *field, const char *text, cli_why *why)
{
    elbow_recipe *recipe = field;
    const char *slash = strchr(text, '/');
    if (slash == NULL) {
        snprintf(why->text, sizeof why->text, "two words, over pixels and over latents, such as sum/sum or mean/sum");
        return false;
    }
    return parse_one_reduction(&recipe->pixels, text, (size_t)(slash - text), why) &&
           parse_one_reduction(&recipe->latents, slash + 1, strlen(slash + 1), why);
}

static void show_reduction(char *out, size_t size, const void *field)
{
    const elbow_recipe *recipe = field;
    snprintf(out, size, "%s/%s", recipe->pixels == ELBOW_MEAN ? "mean" : "sum",
             recipe->latents == ELBOW_MEAN ? "mean" : "sum");
}

/* ---- --sigma 0.1, learned, pixel:0.5, optimal ---- */

static const char *const spread_names[] = {"fixed", "learned", "pixel", "optimal"};

static bool parse_sigma(void *field, const char *text, cli_why *why)
{
    train_spread spread = {ELBOW_SPREAD_FIXED, 1};
    const size_t length = strcspn(text, ":");
    const char *number = text;
    char word[32];
    snprintf(word, sizeof word, "%.*s", (int)length, text);
    for (unsigned i = ELBOW_SPREAD_LEARNED; i < CLI_COUNT_OF(spread_names); i++) {
        if (strcmp(word, spread_names[i]) != 0) continue;
        spread.from = (elbow_spread)i;
        number = text[length] == ':' ? text + length + 1 : NULL;
    }
    char *end = NULL;
    if (number != NULL) spread.value = strtod(number, &end);
    if (number != NULL && (end == number || *end != '\0' || !(spread.value > 0 && spread.value <= 1000))) {
        const char *nearest = cli_nearest(word, spread_names + 1, CLI_COUNT_OF(spread_names) - 1);
        if (nearest != NULL)
            snprintf(why->text, sizeof why->text, "not '%s'; did you mean '%s'?", word, nearest);
        else
            snprintf(why->text, sizeof why->text, "a number above 0, at most 1,000, or learned, pixel or optimal");
        return false;
    }
    memcpy(field, &spread, sizeof spread);
    return true;
}

static void show_sigma(char *out, size_t size, const void *field)
{
    train_spread spread;
    memcpy(&spread, field, sizeof spread);
    if (spread.from == ELBOW_SPREAD_FIXED)
        snprintf(out, size, "%g", spread.value);
    else if (fabs(spread.value - 1) < 1e-12)
        snprintf(out, size, "%s", spread_names[spread.from]);
    else
        snprintf(out, size, "%s:%g", spread_names[spread.from], spread.value);
}

/* ---- --objective iwae:5: the field is the whole recipe ---- */

static bool parse_objective(void *field, const char *text, cli_why *why)
{
    static const char *const names[] = {"elbo", "iwae"};
    elbow_recipe *recipe = field;
    const char *colon = strchr(text, ':');
    const size_t length = colon != NULL ? (size_t)(colon - text) : strlen(text);
    char name[32], *end = NULL;
    snprintf(name, sizeof name, "%.*s", (int)length, text);
    const bool iwae = strcmp(name, names[1]) == 0;
    if (!iwae && (colon != NULL || strcmp(name, names[0]) != 0)) {
        const char *nearest = cli_nearest(name, names, CLI_COUNT_OF(names));
        if (nearest != NULL && strcmp(nearest, name) != 0)
            snprintf(why->text, sizeof why->text, "no objective '%s'; did you mean '%s'?", name, nearest);
        else
            snprintf(why->text, sizeof why->text, "elbo, or iwae:K with K draws, such as iwae:5");
        return false;
    }
    const unsigned long samples =
        iwae && colon != NULL && colon[1] >= '0' && colon[1] <= '9' ? strtoul(colon + 1, &end, 10) : 0;
    if (iwae && (samples < 1 || samples > ELBOW_MAX_SAMPLES || *end != '\0')) {
        snprintf(why->text, sizeof why->text, "iwae:K takes 1 to %d draws, such as iwae:5", ELBOW_MAX_SAMPLES);
        return false;
    }
    recipe->objective = iwae ? ELBOW_OBJECTIVE_IWAE : ELBOW_OBJECTIVE_ELBO;
    recipe->samples = iwae ? (uint32_t)samples : 1;
    return true;
}

static void show_objective(char *out, size_t size, const void *field)
{
    const elbow_recipe *recipe = field;
    if (recipe->objective == ELBOW_OBJECTIVE_IWAE)
        snprintf(out, size, "iwae:%u", (unsigned)recipe->samples);
    else
        snprintf(out, size, "elbo");
}

/* ---- --betas 0.1..10: the field is the whole recipe ---- */

static bool parse_range(void *field, const char *text, cli_why *why)
{
    elbow_recipe *recipe = field;
    char low[32], *end = NULL, *high_end = NULL;
    const char *dots = strstr(text, "..");
    /* strtod would take the first dot for a decimal point */
    snprintf(low, sizeof low, "%.*s", dots != NULL ? (int)(dots - text) : 0, text);
    const double from = strtod(low, &end), to = dots != NULL ? strtod(dots + 2, &high_end) : 0;
    const bool whole = dots != NULL && end != low && *end == '\0' && high_end != dots + 2 && *high_end == '\0';
    if (!whole || !(from > 0 && to > from && to <= 1e9)) {
        snprintf(why->text, sizeof why->text, "LOW..HIGH, from above 0 upwards, such as 0.1..10");
        return false;
    }
    recipe->beta_low = from;
    recipe->beta_high = to;
    return true;
}

static void show_range(char *out, size_t size, const void *field)
{
    const elbow_recipe *recipe = field;
    if (elbow_recipe_has_betas(recipe))
        snprintf(out, size, "%g..%g", recipe->beta_low, recipe->beta_high);
    else
        snprintf(out, size, "none");
}

/* ---- --shards 8 ---- */

static bool parse_shards(void *field, const char *text, cli_why *why)
{
    char *end = NULL;
    const bool automatic = strcmp(text, "auto") == 0;
    const unsigned long shards = !automatic && text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (!automatic && (shards < 1 || shards > 256 || *end != '\0')) {
        snprintf(why->text, sizeof why->text, "'auto' or 1 to 256 shards");
        return false;
    }
    *(uint32_t *)field = (uint32_t)shards;
    return true;
}

static void show_shards(char *out, size_t size, const void *field)
{
    const uint32_t shards = *(const uint32_t *)field;
    if (shards == 0)
        snprintf(out, size, "auto");
    else
        snprintf(out, size, "%u", (unsigned)shards);
}

const cli_own train_hidden = {parse_hidden, show_hidden};
const cli_own train_reduction = {parse_reduction, show_reduction};
const cli_own train_objective = {parse_objective, show_objective};
const cli_own train_range = {parse_range, show_range};
const cli_own train_shards = {parse_shards, show_shards};
const cli_own train_sigma = {parse_sigma, show_sigma};
