/* sweep_values.c - --betas 0.25,1,4 and --betas 0.1..10:7. */
#include "cli/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One number, 0 or more, up to one of the signs in ends. */
static bool parse_beta(double *beta, const char **at, const char *ends, cli_why *why)
{
    char *end;
    *beta = strtod(*at, &end);
    const bool number = end != *at && isfinite(*beta) && (*end == '\0' || strchr(ends, *end) != NULL);
    if (!number)
        snprintf(why->text, sizeof why->text,
                 "'%.40s': not numbers with commas between them, such as 0.25,1,4, or a "
                 "range such as 0.1..10:7",
                 *at);
    else if (*beta < 0 || *beta > 1e9)
        snprintf(why->text, sizeof why->text, "%g is out of range: 0 to 1e+09", *beta);
    *at = end;
    return number && *beta >= 0 && *beta <= 1e9;
}

static bool add(sweep_betas *betas, double beta, cli_why *why)
{
    if (betas->count == ELBOW_MAX_BETAS) {
        snprintf(why->text, sizeof why->text, "at most %d weights", ELBOW_MAX_BETAS);
        return false;
    }
    betas->value[betas->count++] = beta;
    return true;
}

/* From low to high in equal factors, of three digits each: the same numbers on every machine, and short names. */
static bool add_range(sweep_betas *betas, double low, double high, unsigned long steps, cli_why *why)
{
    for (unsigned long i = 0; i < steps; i++) {
        char digits[32];
        const double exact = low * pow(high / low, (double)i / (double)(steps - 1));
        snprintf(digits, sizeof digits, "%.3g", exact);
        const bool end = i == 0 || i + 1 == steps;
        if (!add(betas, end ? (i == 0 ? low : high) : strtod(digits, NULL), why)) return false;
    }
    return true;
}

/* "..HIGH:N" behind a low end. */
static bool parse_range(sweep_betas *betas, double low, const char **at, cli_why *why)
{
    double high;
    *at += 2;
    if (!parse_beta(&high, at, ":", why)) return false;
    char *end = NULL;
    const unsigned long steps = **at == ':' && (*at)[1] >= '0' && (*at)[1] <= '9' ? strtoul(*at + 1, &end, 10) : 0;
    if (low <= 0 || high <= low || steps < 2 || steps > ELBOW_MAX_BETAS || (*end != ',' && *end != '\0')) {
        snprintf(why->text, sizeof why->text,
                 "a range is LOW..HIGH:COUNT, from above 0 upwards, 2 to %d weights, such as 0.1..10:7",
                 ELBOW_MAX_BETAS);
        return false;
    }
    *at = end;
    return add_range(betas, low, high, steps, why);
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool sort(sweep_betas *betas, cli_why *why)
{
    qsort(betas->value, betas->count, sizeof *betas->value, rising);
    for (uint32_t i = 1; i < betas->count; i++) {
        if (betas->value[i] > betas->value[i - 1]) continue;
        snprintf(why->text, sizeof why->text, "%g is there twice", betas->value[i]);
        return false;
    }
    return true;
}

static bool parse_betas(void *field, const char *text, cli_why *why)
{
    sweep_betas betas = {.count = 0};
    const char *at = text;
    for (;;) {
        double beta;
        const char *dots = strstr(at, ".."), *comma = strchr(at, ',');
        if (dots != NULL && dots > at && (comma == NULL || dots < comma)) {
            /* strtod would take the first dot for a decimal point */
            char low[64];
            snprintf(low, sizeof low, "%.*s", (int)(dots - at), at);
            const char *word = low;
            if (!parse_beta(&beta, &word, "", why)) return false;
            at = dots;
            if (!parse_range(&betas, beta, &at, why)) return false;
        } else if (!parse_beta(&beta, &at, ",", why) || !add(&betas, beta, why)) {
            return false;
        }
        if (*at == '\0') break;
        at++;
    }
    if (!sort(&betas, why)) return false;
    memcpy(field, &betas, sizeof betas);
    return true;
}

static void show_betas(char *out, size_t size, const void *field)
{
    const sweep_betas *betas = field;
    size_t at = 0;
    for (uint32_t i = 0; i < betas->count && at + 1 < size; i++)
        at += (size_t)snprintf(out + at, size - at, i > 0 ? ",%g" : "%g", betas->value[i]);
}

const cli_own sweep_betas_own = {parse_betas, show_betas};
