/* parse.c - from what was typed to the settings, by the command's table of options. */
#include "cli/cli.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void cli_range(char *out, size_t size, const cli_option *option)
{
    char least[32], most[32], unit[64] = "";
    if (option->type == CLI_COUNT) {
        cli_count(least, (uint64_t)option->least);
        cli_count(most, (uint64_t)option->most);
    } else {
        snprintf(least, sizeof least, "%g", option->least);
        snprintf(most, sizeof most, "%g", option->most);
    }
    if (option->unit != NULL) snprintf(unit, sizeof unit, " %s", option->unit);
    if (option->most == 0) { /* NOLINT: no bound is written as exactly 0 */
        snprintf(out, size, option->above ? "above %s%s" : "%s%s or more", least, unit);
    } else if (option->above || option->below) {
        snprintf(out, size, "%s %s and %s %s%s", option->above ? "above" : "at least", least,
                 option->below ? "below" : "at most", most, unit);
    } else {
        snprintf(out, size, "%s to %s%s", least, most, unit);
    }
}

static bool in_range(const cli_option *option, double value)
{
    const bool bounded = option->most > 0;
    if (option->above ? value <= option->least : value < option->least) return false;
    return !bounded || (option->below ? value < option->most : value <= option->most);
}

/* A whole number that fits 64 bits. */
static bool whole(uint64_t *value, const char *text, cli_why *why)
{
    const size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\0') {
        snprintf(why->text, sizeof why->text, "not a whole number");
        return false;
    }
    errno = 0;
    *value = strtoull(text, NULL, 10);
    if (errno == ERANGE) snprintf(why->text, sizeof why->text, "does not fit 64 bits");
    return errno != ERANGE;
}

static bool number(double *value, const char *text, cli_why *why)
{
    char *end;
    *value = strtod(text, &end);
    if (end != text && *end == '\0' && isfinite(*value)) return true;
    snprintf(why->text, sizeof why->text, "not a number");
    return false;
}

/* Refuses a value out of range, with the range and its unit. */
static bool check_range(const cli_option *option, double value, cli_why *why)
{
    char range[160];
    if (in_range(option, value)) return true;
    cli_range(range, sizeof range, option);
    snprintf(why->text, sizeof why->text, "out of range: %s", range);
    return false;
}

enum { MAX_CHOICES = 8 };

/* The choices as separate words in buffer; returns how many. */
static size_t split_choices(const char *names[MAX_CHOICES], char buffer[128], const char *choices)
{
    size_t count = 0;
    char *rest = NULL;
    snprintf(buffer, 128, "%s", choices);
    for (char *name = strtok_r(buffer, "|", &rest); name != NULL && count < MAX_CHOICES;
         name = strtok_r(NULL, "|", &rest))
        names[count++] = name;
    return count;
}

/* "mlp or linear", "sse, half-sse or bce" */
static void list_choices(char *out, size_t size, const char *const *names, size_t count)
{
    size_t at = 0;
    for (size_t i = 0; i < count && at < size; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i == 0 ? "" : i + 1 == count ? " or " : ", ", names[i]);
}

/* The answer to a word that is nothing here but something elsewhere, "word: answer"; NULL: it is not that word. */
static const char *foreign(const char *answered, const char *text)
{
    const size_t length = strlen(text);
    if (answered == NULL || strncmp(answered, text, length) != 0) return NULL;
    return strncmp(answered + length, ": ", 2) == 0 ? answered + length + 2 : NULL;
}

static bool choice(unsigned *value, const char *text, const cli_option *option, cli_why *why)
{
    const char *names[MAX_CHOICES];
    char buffer[128], list[160];
    const size_t count = split_choices(names, buffer, option->choices);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], text) != 0) continue;
        *value = (unsigned)i;
        return true;
    }
    const char *nearest = cli_nearest(text, names, count), *answer = foreign(option->foreign, text);
    list_choices(list, sizeof list, names, count);
    if (answer != NULL)
        snprintf(why->text, sizeof why->text, "%s", answer);
    else if (nearest != NULL)
        snprintf(why->text, sizeof why->text, "no %s '%s'; did you mean '%s'?", option->name, text, nearest);
    else
        snprintf(why->text, sizeof why->text, "no %s '%s': %s", option->name, text, list);
    return false;
}

/* False for a name that promises another kind of picture than the option writes, as its metavar says ("FILE.png"). */
static bool keeps_promise(const cli_option *option, const char *text, cli_why *why)
{
    static const char kinds[] = " .png .svg .jpg .jpeg .gif .pdf .webp ";
    if (option->metavar == NULL || strncmp(option->metavar, "FILE.", 5) != 0) return true;
    const char *const kind = option->metavar + 4, *const ending = strrchr(text, '.');
    char word[16];
    if (ending == NULL || strcasecmp(ending, kind) == 0) return true;
    const int length = snprintf(word, sizeof word, " %s ", ending);
    if (length >= (int)sizeof word || strcasestr(kinds, word) == NULL) return true;
    snprintf(why->text, sizeof why->text, "no '%s' is written: give a name that ends in '%s'", ending, kind);
    return false;
}

/* Writes one value into its field. */
static bool store(void *settings, const cli_option *option, const char *text, cli_why *why)
{
    char *const field = (char *)settings + option->offset;
    uint64_t seed = 0;
    double real = 0;
    unsigned index = 0;
    switch (option->type) {
    case CLI_FLAG:
        memcpy(field, &(bool){true}, sizeof(bool));
        return true;
    case CLI_TEXT:
        if (text[0] == '\0') snprintf(why->text, sizeof why->text, "it is empty");
        memcpy(field, &text, sizeof text);
        return text[0] != '\0' && keeps_promise(option, text, why);
    case CLI_SEED:
        if (!whole(&seed, text, why)) return false;
        memcpy(field, &seed, sizeof seed);
        return true;
    case CLI_COUNT:
        if (!whole(&seed, text, why) || !check_range(option, (double)seed, why)) return false;
        memcpy(field, &(uint32_t){(uint32_t)seed}, sizeof(uint32_t));
        return true;
    case CLI_NUMBER:
        if (!number(&real, text, why) || !check_range(option, real, why)) return false;
        memcpy(field, &real, sizeof real);
        return true;
    case CLI_CHOICE:
        if (!choice(&index, text, option, why)) return false;
        memcpy(field, &index, sizeof index);
        return true;
    case CLI_OWN:
        return option->own->parse(field, text, why);
    }
    return false;
}

void cli_show(char *out, size_t size, const cli_option *option, const void *settings)
{
    const char *const field = (const char *)settings + option->offset;
    const char *names[MAX_CHOICES], *text;
    char buffer[128];
    uint64_t seed;
    uint32_t count;
    unsigned index;
    double real;
    snprintf(out, size, "%s", "");
    switch (option->type) {
    case CLI_FLAG:
        break;
    case CLI_TEXT:
        memcpy(&text, field, sizeof text);
        if (text != NULL) snprintf(out, size, "%s", text);
        break;
    case CLI_SEED:
        memcpy(&seed, field, sizeof seed);
        snprintf(out, size, "%llu", (unsigned long long)seed);
        break;
    case CLI_COUNT:
        memcpy(&count, field, sizeof count);
        snprintf(out, size, "%u", (unsigned)count);
        break;
    case CLI_NUMBER:
        memcpy(&real, field, sizeof real);
        snprintf(out, size, "%g", real);
        break;
    case CLI_CHOICE:
        memcpy(&index, field, sizeof index);
        if (index < split_choices(names, buffer, option->choices)) snprintf(out, size, "%s", names[index]);
        break;
    case CLI_OWN:
        option->own->show(out, size, field);
        break;
    }
}

/* Whether a command has an option of the one it is like: neither left out nor hidden by its own. */
static bool takes_over(const cli_command *command, const cli_option *option)
{
    char padded[72];
    snprintf(padded, sizeof padded, " %s ", option->name);
    if (command->unlike != NULL && strstr(command->unlike, padded) != NULL) return false;
    for (size_t i = 0; i < command->option_count; i++) {
        if (strcmp(command->options[i].name, option->name) == 0) return false;
    }
    return true;
}

const cli_option *cli_option_at(const cli_command *command, size_t index)
{
    const cli_option *option;
    if (index < command->option_count) return &command->options[index];
    size_t at = command->option_count;
    for (size_t i = 0; command->like != NULL && (option = cli_option_at(command->like, i)) != NULL; i++) {
        if (takes_over(command, option) && at++ == index) return option;
    }
    return NULL;
}

/* The option of a name of this length; its index, or -1. */
static int find(const cli_command *command, const char *name, size_t length)
{
    const cli_option *option;
    for (size_t i = 0; (option = cli_option_at(command, i)) != NULL; i++) {
        const char *candidate = option->name;
        if (strlen(candidate) == length && strncmp(candidate, name, length) == 0) return (int)i;
    }
    return -1;
}

static int no_option(const cli_command *command, const char *name, size_t length)
{
    const char *names[CLI_MAX_OPTIONS + 1], *nearest = NULL;
    char typed[64], padded[72];
    snprintf(typed, sizeof typed, "%.*s", (int)length, name);
    snprintf(padded, sizeof padded, " %s ", typed);
    size_t count = 0;
    for (const cli_option *option; (option = cli_option_at(command, count)) != NULL; count++) {
        names[count] = option->name;
        if (option->synonyms != NULL && strstr(option->synonyms, padded) != NULL) nearest = option->name;
    }
    names[count] = "help";
    if (nearest == NULL) nearest = cli_nearest(typed, names, count + 1);
    const char *answer = foreign(command->foreign, typed);
    if (answer != NULL) return cli_wrong("%s has no option --%s: %s", command->name, typed, answer);
    if (nearest != NULL) return cli_wrong("%s has no option --%s; did you mean --%s?", command->name, typed, nearest);
    return cli_wrong("%s has no option --%s: 'elbow %s --help' lists those it has", command->name, typed,
                     command->name);
}

/* Reads argv[*at], which begins with "--", and its value; *at moves to the last one used. */
static int parse_option(cli_args *args, void *scratch, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2, *equals = strchr(name, '=');
    const size_t length = equals != NULL ? (size_t)(equals - name) : strlen(name);
    const int index = find(args->command, name, length);
    cli_why why = {""};
    if (index < 0) return no_option(args->command, name, length);
    const cli_option *option = cli_option_at(args->command, (size_t)index);
    const char *value = equals != NULL ? equals + 1 : NULL;
    if (option->type == CLI_FLAG) {
        if (value != NULL) return cli_wrong("--%s takes no value", option->name);
        value = "";
    } else if (value == NULL) {
        const char *next = *at + 1 < argc ? argv[*at + 1] : NULL;
        if (next == NULL || strncmp(next, "--", 2) == 0)
            return cli_wrong("--%s needs a value: --%s %s", option->name, option->name,
                             option->metavar != NULL ? option->metavar : option->choices);
        value = next;
        *at += 1;
    }
    if (!store(scratch, option, value, &why))
        return cli_wrong("--%s %s: %s", option->name, value[0] != '\0' ? value : "''", why.text);
    args->values[index] = value;
    return CLI_DONE;
}

static int parse_word(cli_args *args, const char *word)
{
    for (size_t i = 0; i < CLI_MAX_ARGUMENTS && args->command->arguments[i].name != NULL; i++) {
        if (args->words[i] != NULL) continue;
        if (word[0] == '\0') return cli_wrong("%s: %s is empty", args->command->name, args->command->arguments[i].name);
        args->words[i] = word;
        return CLI_DONE;
    }
    return cli_wrong("%s: one argument too many: '%s': 'elbow %s --help' shows what it takes", args->command->name,
                     word, args->command->name);
}

/* Of the command whose options were typed, and of those that it is like. */
static int check_conflicts(const cli_args *args)
{
    for (const cli_command *command = args->command; command != NULL; command = command->like) {
        for (size_t i = 0; command->conflicts != NULL && command->conflicts[i][0] != NULL; i++) {
            const char *a = command->conflicts[i][0], *b = command->conflicts[i][1];
            if (cli_given(args, a) && cli_given(args, b))
                return cli_wrong("--%s and --%s say the same thing in two ways: give one of them", a, b);
        }
    }
    return CLI_DONE;
}

static int check_words(const cli_args *args)
{
    for (size_t i = 0; i < CLI_MAX_ARGUMENTS && args->command->arguments[i].name != NULL; i++) {
        const cli_argument *argument = &args->command->arguments[i];
        if (args->words[i] == NULL && argument->hint != NULL)
            return cli_wrong("%s needs %s: %s", args->command->name, argument->name, argument->hint);
    }
    return CLI_DONE;
}

int cli_parse(cli_args *args, const cli_command *command, int argc, char **argv)
{
    int status = CLI_DONE;
    bool words_only = false;
    *args = (cli_args){.command = command};
    void *scratch = calloc(1, command->settings_size);
    if (scratch == NULL) return cli_failure("no memory for the command line");
    for (int i = 0; i < argc && status == CLI_DONE; i++) {
        const char *word = argv[i];
        if (!words_only && (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)) {
            args->help = true;
            break;
        }
        if (!words_only && strcmp(word, "--dry-run") == 0)
            args->dry_run = true;
        else if (!words_only && strcmp(word, "--") == 0)
            words_only = true;
        else if (!words_only && strncmp(word, "--", 2) == 0)
            status = parse_option(args, scratch, argc, argv, &i);
        else if (!words_only && word[0] == '-' && word[1] != '\0')
            status = cli_wrong("%s has no option %s: options are words, such as --help", command->name, word);
        else
            status = parse_word(args, word);
    }
    free(scratch);
    if (status == CLI_DONE && !args->help) status = check_conflicts(args);
    return status != CLI_DONE || args->help ? status : check_words(args);
}

void cli_apply(void *settings, const cli_args *args)
{
    cli_why why;
    const cli_option *option;
    for (size_t i = 0; (option = cli_option_at(args->command, i)) != NULL; i++) {
        if (args->values[i] != NULL) (void)store(settings, option, args->values[i], &why);
    }
    for (size_t i = 0; i < CLI_MAX_ARGUMENTS && args->command->arguments[i].name != NULL; i++) {
        if (args->words[i] != NULL)
            memcpy((char *)settings + args->command->arguments[i].offset, &args->words[i], sizeof args->words[i]);
    }
}

bool cli_given(const cli_args *args, const char *option)
{
    const int index = find(args->command, option, strlen(option));
    return index >= 0 && args->values[index] != NULL;
}

/* A word as the shell reads it: in quotes if it holds more than letters, digits and a few signs. */
static size_t retype_word(char *out, size_t size, size_t at, const char *word)
{
    const bool plain =
        word[0] != '\0' && word[strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                             "_-+=.,:/%@")] == '\0';
    if (at + 1 < size && at > 0) out[at++] = ' ';
    if (!plain && at + 1 < size) out[at++] = '\'';
    for (; *word != '\0' && at + 5 < size; word++) {
        const int written = snprintf(out + at, size - at, *word == '\'' ? "'\\''" : "%c", *word);
        at += (size_t)written;
    }
    if (!plain && at + 1 < size) out[at++] = '\'';
    if (size > 0) out[at] = '\0';
    return at;
}

void cli_retype(char *out, size_t size, const cli_args *args, const char *without)
{
    const cli_option *option;
    char name[64];
    size_t at = retype_word(out, size, retype_word(out, size, 0, "elbow"), args->command->name);
    for (size_t i = 0; i < CLI_MAX_ARGUMENTS; i++) {
        if (args->words[i] != NULL) at = retype_word(out, size, at, args->words[i]);
    }
    for (size_t i = 0; (option = cli_option_at(args->command, i)) != NULL; i++) {
        if (args->values[i] == NULL || strcmp(option->name, without) == 0) continue;
        snprintf(name, sizeof name, "--%s", option->name);
        at = retype_word(out, size, at, name);
        if (option->type != CLI_FLAG) at = retype_word(out, size, at, args->values[i]);
    }
}
