/* terminal.c - messages, numbers as people read them, and what the terminal can do. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void say(const char *kind, const char *format, va_list values)
{
    fflush(stdout);
    fprintf(stderr, "elbow: %s", kind);
    vfprintf(stderr, format, values);
    fputc('\n', stderr);
}

int cli_wrong(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("", format, values);
    va_end(values);
    return CLI_WRONG_USAGE;
}

int cli_failure(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("", format, values);
    va_end(values);
    return CLI_FAILED;
}

void cli_warn(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    say("warning: ", format, values);
    va_end(values);
}

int cli_library_failed(const elbow_context *context, elbow_status status)
{
    const char *message = context != NULL ? elbow_message(context) : "";
    cli_failure("%s", message[0] != '\0' ? message : elbow_status_text(status));
    return status == ELBOW_USAGE ? CLI_WRONG_USAGE : CLI_FAILED;
}

int cli_broke_off(const elbow_context *context, elbow_status status, const char *command)
{
    switch (status) {
    case ELBOW_STOPPED:
    case ELBOW_IO:
    case ELBOW_MEMORY:
    case ELBOW_DEVICE:
    case ELBOW_WRONG_BITS:
        return cli_failure("%s; go on with: %s", elbow_message(context), command);
    default:
        return cli_library_failed(context, status);
    }
}

char *cli_count(char out[32], uint64_t count)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%llu", (unsigned long long)count);
    char *to = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0) *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

char *cli_bytes(char out[32], uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < CLI_COUNT_OF(units)) {
        value /= 1024;
        unit++;
    }
    snprintf(out, 32, unit > 0 && value < 10 ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

int cli_width(FILE *stream)
{
    struct winsize size;
    if (ioctl(fileno(stream), TIOCGWINSZ, &size) != 0 || size.ws_col < 20) return 100;
    return size.ws_col;
}

static bool coloured(FILE *stream)
{
    const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");
    if (refused != NULL && refused[0] != '\0') return false;
    return isatty(fileno(stream)) && terminal != NULL && strcmp(terminal, "dumb") != 0;
}

const char *cli_style(FILE *stream, const char *code)
{
    if (!coloured(stream)) return "";
    switch (code[0] == '1' ? 0 : code[1]) {
    case 0:
        return "\033[1m";
    case '1':
        return "\033[31m";
    default:
        return "\033[32m";
    }
}

const char *cli_plain(FILE *stream)
{
    return coloured(stream) ? "\033[0m" : "";
}
