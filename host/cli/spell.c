/* spell.c - the nearest right spelling. */
#include "cli/cli.h"

#include <string.h>

enum { LONGEST = 32 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, replacements and swaps of neighbours that turn a into b; both at most LONGEST long. */
static size_t edits(const char *a, const char *b)
{
    const size_t rows = strlen(a), cols = strlen(b);
    size_t d[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= rows; i++) d[i][0] = i;
    for (size_t j = 0; j <= cols; j++) d[0][j] = j;
    for (size_t i = 1; i <= rows; i++) {
        for (size_t j = 1; j <= cols; j++) {
            d[i][j] = least(d[i - 1][j - 1] + (a[i - 1] != b[j - 1]), least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[rows][cols];
}

const char *cli_nearest(const char *typed, const char *const *names, size_t count)
{
    const size_t length = strlen(typed);
    const char *nearest = NULL;
    if (length == 0 || length > LONGEST) return NULL;
    size_t fewest = length / 3 + 2; /* more edits than that and it is another word */
    for (size_t i = 0; i < count; i++) {
        if (strlen(names[i]) > LONGEST) continue;
        const bool begins = length >= 3 && strncmp(names[i], typed, length) == 0;
        const size_t d = begins ? 1 : edits(typed, names[i]);
        if (d < fewest && d < strlen(names[i])) {
            fewest = d;
            nearest = names[i];
        }
    }
    return nearest;
}
