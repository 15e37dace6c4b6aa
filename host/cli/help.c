/* help.c - a command's --help, from its table. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>

void cli_wrapped(const char *text, int at, int indent, int width)
{
    for (bool first = true; *text != '\0'; first = false) {
        const int length = (int)strcspn(text, " ");
        if (!first && at + 1 + length > width) {
            printf("\n%*s", indent, "");
            at = indent;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        printf("%.*s", length, text);
        at += length;
        text += length;
        while (*text == ' ') text++;
    }
    putchar('\n');
}

static void option_help(const cli_option *option, const void *defaults, int width)
{
    enum { COLUMN = 28 };
    char left[192], right[512], standard[128] = "";
    const char *metavar = option->metavar != NULL ? option->metavar : option->choices;
    const int typed = snprintf(left, sizeof left, "  --%s%s%s", option->name, metavar != NULL ? " " : "",
                               metavar != NULL ? metavar : "");
    if (option->standard != NULL)
        snprintf(standard, sizeof standard, "%s", option->standard);
    else
        cli_show(standard, sizeof standard, option, defaults);
    snprintf(right, sizeof right, standard[0] != '\0' ? "%s (default: %s)" : "%s", option->help, standard);
    if (typed >= COLUMN)
        printf("%s\n%*s", left, COLUMN, "");
    else
        printf("%-*s", COLUMN, left);
    cli_wrapped(right, COLUMN, COLUMN, width);
}

static void heading(const char *text)
{
    printf("\n%s%s%s\n", cli_style(stdout, "1"), text, cli_plain(stdout));
}

void cli_help(const cli_command *command)
{
    const int columns = cli_width(stdout), width = columns < 100 ? columns : 100;
    void *defaults = calloc(1, command->settings_size);
    printf("%selbow %s", cli_style(stdout, "1"), command->name);
    for (size_t i = 0; i < CLI_MAX_ARGUMENTS && command->arguments[i].name != NULL; i++)
        printf(command->arguments[i].hint != NULL ? " %s" : " [%s]", command->arguments[i].name);
    printf(" [options]%s\n\n", cli_plain(stdout));
    cli_wrapped(command->purpose, 0, 0, width);
    if (defaults != NULL) command->defaults(defaults);
    const cli_option *option;
    const char *group = NULL; /* whose heading was printed last */
    for (size_t i = 0; defaults != NULL && (option = cli_option_at(command, i)) != NULL; i++) {
        const char *here = option->group != NULL ? option->group : group != NULL ? group : "Options";
        if (group == NULL || strcmp(here, group) != 0) heading(here);
        group = here;
        option_help(option, defaults, width);
    }
    free(defaults);
    heading("Examples");
    for (size_t i = 0; i < CLI_MAX_EXAMPLES && command->examples[i] != NULL; i++)
        printf("  %s\n", command->examples[i]);
}
