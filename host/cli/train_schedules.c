/* train_schedules.c - courses of the learning rate and of the KL term's weight, as elbow train takes them. */
#include "cli/train.h"

#include <stdlib.h>
#include <string.h>

/* ---- NAME:ARG=VALUE,...: the field is all the train options ---- */

/* An argument of a schedule. */
typedef struct argument {
    const char *name;
    size_t offset; /* of a double in the train options */
    double least, most;
    const char *meta;   /* "EPOCHS" */
    const char *what;   /* "a number of epochs, 0 or more" */
    unsigned schedules; /* those that take it: 1 << their number */
} argument;

#define TRAIN(field) offsetof(elbow_train_options, field)

/* One "name=value". */
static bool parse_argument(elbow_train_options *train, const char *word, unsigned schedule, const argument *arguments,
                           size_t count, cli_why *why)
{
    const size_t length = strcspn(word, "=");
    const char *text = word[length] == '=' ? word + length + 1 : "";
    unsigned listed = 0;
    size_t at = (size_t)snprintf(why->text, sizeof why->text, "'%.60s': takes", word);
    for (size_t i = 0; i < count; i++) {
        const argument *a = &arguments[i];
        if (!(a->schedules >> schedule & 1)) continue;
        if (strlen(a->name) != length || strncmp(a->name, word, length) != 0) {
            if (at < sizeof why->text)
                at += (size_t)snprintf(why->text + at, sizeof why->text - at, "%s %s=%s", listed++ > 0 ? "," : "",
                                       a->name, a->meta);
            continue;
        }
        char *end;
        const double value = strtod(text, &end);
        if (end == text || *end != '\0' || !(value >= a->least && value <= a->most)) {
            snprintf(why->text, sizeof why->text, "'%.60s': %s needs %s", word, a->name, a->what);
            return false;
        }
        memcpy((char *)train + a->offset, &value, sizeof value);
        return true;
    }
    return false;
}

/* NAME into *schedule and the arguments behind it into train. names: count of them; usage: what to type instead. */
static bool parse_schedule_text(unsigned *schedule, const char *text, const char *const *names, size_t count,
                                char copy[128], char **rest, const char *usage, cli_why *why)
{
    snprintf(copy, 128, "%s", text);
    const char *name = strtok_r(copy, ":", rest);
    unsigned kind = 0;
    while (name != NULL && kind < count && strcmp(names[kind], name) != 0) kind++;
    *schedule = kind;
    if (name != NULL && kind < count) return true;
    const char *nearest = name != NULL ? cli_nearest(name, names, count) : NULL;
    if (nearest != NULL)
        snprintf(why->text, sizeof why->text, "no schedule '%s'; did you mean '%s'?", name, nearest);
    else
        snprintf(why->text, sizeof why->text, "%s", usage);
    return false;
}

/* Writes the arguments that a schedule takes: ":epochs=5,from=0". optional: those that are left out while they
 * are the default. */
static void show_arguments(char *out, size_t size, const elbow_train_options *train, unsigned schedule,
                           const argument *arguments, size_t count, const char *optional)
{
    const elbow_train_options standard = elbow_train_default();
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < count && at < size; i++) {
        const argument *a = &arguments[i];
        double value, usual;
        memcpy(&value, (const char *)train + a->offset, sizeof value);
        memcpy(&usual, (const char *)&standard + a->offset, sizeof usual);
        const bool is_default = !(value < usual) && !(value > usual);
        if (!(a->schedules >> schedule & 1) || (strstr(optional, a->name) != NULL && is_default)) continue;
        at += (size_t)snprintf(out + at, size - at, "%c%s=%g", at > 0 ? ',' : ':', a->name, value);
    }
}

/* ---- --lr-schedule step:every=10,factor=0.5,warmup=2 ---- */

enum { RATE_STEP = 1 << ELBOW_RATE_STEP, RATE_COSINE = 1 << ELBOW_RATE_COSINE, RATE_ANY = RATE_STEP | RATE_COSINE | 1 };

static const char *const rate_names[] = {"constant", "step", "cosine"};
static const argument rate_arguments[] = {
    {"every", TRAIN(rate_every), 1, 1e9, "EPOCHS", "a number of epochs, 1 or more", RATE_STEP},
    {"factor", TRAIN(rate_factor), 0, 1, "F", "a share of the rate, 0 to 1", RATE_STEP},
    {"to", TRAIN(rate_factor), 0, 1, "F", "a share of the rate, 0 to 1", RATE_COSINE},
    {"growth", TRAIN(rate_growth), 1, 1e3, "G", "a factor, 1 or more, of each step's length to the last one's",
     RATE_STEP},
    {"warmup", TRAIN(rate_warmup), 0, 1e9, "EPOCHS", "a number of epochs, 0 or more", RATE_ANY}};

static bool parse_rate(void *field, const char *text, cli_why *why)
{
    elbow_train_options *train = field;
    char copy[128], *rest = NULL;
    unsigned kind;
    if (!parse_schedule_text(&kind, text, rate_names, CLI_COUNT_OF(rate_names), copy, &rest,
                             "a schedule is constant, step:every=10,factor=0.5 or cosine:to=0.1, each with "
                             "warmup=EPOCHS",
                             why))
        return false;
    train->rate = (elbow_rate_kind)kind;
    if (train->rate == ELBOW_RATE_STEP) train->rate_every = 10;
    if (train->rate != ELBOW_RATE_CONSTANT) train->rate_factor = train->rate == ELBOW_RATE_STEP ? 0.5 : 0;
    train->rate_warmup = 0;
    train->rate_growth = 1;
    for (char *word = strtok_r(NULL, ":,", &rest); word != NULL; word = strtok_r(NULL, ":,", &rest)) {
        if (!parse_argument(train, word, kind, rate_arguments, CLI_COUNT_OF(rate_arguments), why)) return false;
    }
    return true;
}

static void show_rate(char *out, size_t size, const void *field)
{
    const elbow_train_options *train = field;
    char arguments[128];
    show_arguments(arguments, sizeof arguments, train, train->rate, rate_arguments, CLI_COUNT_OF(rate_arguments),
                   "warmup growth");
    snprintf(out, size, "%s%s", rate_names[train->rate], arguments);
}

/* ---- --schedule linear:epochs=5 ---- */

#define KL(name) (1u << ELBOW_SCHEDULE_##name)
enum {
    KL_WARMUPS = KL(LINEAR) | KL(SIGMOID) | KL(COSINE) | KL(CYCLICAL),
    KL_CAPACITIES = KL(CAPACITY) | KL(LEAST_RATE),
    KL_TARGETS = KL(GECO) | KL(CONTROL)
};

static const char *const kl_names[] = {"constant", "linear",     "sigmoid", "cosine", "cyclical",
                                       "capacity", "least-rate", "geco",    "control"};
static const argument kl_arguments[] = {
    {"epochs", TRAIN(schedule_epochs), 0, 1e9, "EPOCHS", "a number of epochs, 0 or more", KL_WARMUPS | KL_CAPACITIES},
    {"from", TRAIN(schedule_from), 0, 1, "F", "a share of the weight, 0 to 1", KL_WARMUPS},
    {"cycles", TRAIN(schedule_cycles), 1, 1e6, "N", "a number of cycles, 1 or more", KL(CYCLICAL)},
    {"ratio", TRAIN(schedule_ratio), 1e-6, 1, "F", "the share of a cycle that rises, above 0, at most 1", KL(CYCLICAL)},
    {"from", TRAIN(schedule_from), 0, 1e9, "NATS", "nats, 0 or more", KL_CAPACITIES},
    {"to", TRAIN(schedule_target), 0, 1e9, "NATS", "nats, 0 or more", KL_CAPACITIES},
    {"target", TRAIN(schedule_target), -1e9, 1e9, "NATS", "nats per image", KL_TARGETS},
    {"gain", TRAIN(schedule_gain), 0, 1e3, "F", "a factor, 0 or more", KL_TARGETS},
    {"pull", TRAIN(schedule_pull), 0, 1e3, "F", "a factor, 0 or more", KL(CONTROL)},
    {"most", TRAIN(schedule_most), 1e-9, 1e9, "N", "a number of weights, above 0", KL(CONTROL)}};

/* The arguments that a schedule begins with. */
static void begin_kl(elbow_train_options *train, elbow_schedule schedule)
{
    const elbow_train_options standard = elbow_train_default();
    train->schedule = schedule;
    train->schedule_epochs = standard.schedule_epochs;
    train->schedule_from = standard.schedule_from;
    train->schedule_cycles = standard.schedule_cycles;
    train->schedule_ratio = standard.schedule_ratio;
    train->schedule_target = schedule == ELBOW_SCHEDULE_CONSTANT ? standard.schedule_target : 25;
    train->schedule_gain = schedule == ELBOW_SCHEDULE_CONTROL ? 0.01 : standard.schedule_gain;
    train->schedule_pull = standard.schedule_pull;
    train->schedule_most = standard.schedule_most;
}

static bool parse_kl(void *field, const char *text, cli_why *why)
{
    elbow_train_options *train = field;
    char copy[128], *rest = NULL;
    unsigned kind;
    bool aimed = false;
    if (!parse_schedule_text(&kind, text, kl_names, CLI_COUNT_OF(kl_names), copy, &rest,
                             "a schedule is constant, linear, sigmoid or cosine:epochs=5, cyclical:cycles=4, "
                             "capacity:to=25, least-rate:to=25, geco:target=90 or control:target=25",
                             why))
        return false;
    begin_kl(train, (elbow_schedule)kind);
    for (char *word = strtok_r(NULL, ":,", &rest); word != NULL; word = strtok_r(NULL, ":,", &rest)) {
        if (!parse_argument(train, word, kind, kl_arguments, CLI_COUNT_OF(kl_arguments), why)) return false;
        aimed = aimed || strncmp(word, "target=", 7) == 0 || strncmp(word, "to=", 3) == 0;
    }
    if (aimed || !((KL_CAPACITIES | KL_TARGETS) >> kind & 1)) return true;
    snprintf(why->text, sizeof why->text, "%s needs its aim in nats per image, such as %s:%s", kl_names[kind],
             kl_names[kind],
             KL_CAPACITIES >> kind & 1     ? "to=25"
             : kind == ELBOW_SCHEDULE_GECO ? "target=90"
                                           : "target=25");
    return false;
}

static void show_kl(char *out, size_t size, const void *field)
{
    const elbow_train_options *train = field;
    char arguments[160];
    show_arguments(arguments, sizeof arguments, train, train->schedule, kl_arguments, CLI_COUNT_OF(kl_arguments),
                   "from");
    snprintf(out, size, "%s%s", kl_names[train->schedule], arguments);
}

/* ---- --free-bits 0.5:4 ---- */

static bool parse_free_bits(void *field, const char *text, cli_why *why)
{
    elbow_train_options *train = field;
    char *end;
    const double nats = strtod(text, &end);
    unsigned long group = 1;
    bool right = end != text && nats >= 0 && nats <= 1e6;
    if (right && *end == ':') {
        const char *number = end + 1;
        group = number[0] >= '0' && number[0] <= '9' ? strtoul(number, &end, 10) : 0;
        right = group >= 1 && group <= 65536;
    }
    if (!right || *end != '\0') {
        snprintf(why->text, sizeof why->text,
                 "nats, 0 or more, and behind a colon how many latents share them: 0.5 or "
                 "2:4");
        return false;
    }
    train->free_bits = nats;
    train->free_bits_group = (uint32_t)group;
    return true;
}

static void show_free_bits(char *out, size_t size, const void *field)
{
    const elbow_train_options *train = field;
    if (train->free_bits <= 0)
        snprintf(out, size, "none");
    else if (train->free_bits_group > 1)
        snprintf(out, size, "%g:%u", train->free_bits, (unsigned)train->free_bits_group);
    else
        snprintf(out, size, "%g", train->free_bits);
}

const cli_own train_rate = {parse_rate, show_rate};
const cli_own train_schedule = {parse_kl, show_kl};
const cli_own train_free_bits = {parse_free_bits, show_free_bits};
