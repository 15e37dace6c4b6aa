#include "base/spell.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 63 };

/* Levenshtein's distance: insertions, deletions and changes that turn a into b. Words longer than LONGEST are cut. */
static size_t distance(const char *a, const char *b)
{
    const size_t rows = strnlen(a, LONGEST), cols = strnlen(b, LONGEST);
    size_t row[LONGEST + 1];
    for (size_t j = 0; j <= cols; j++) row[j] = j;
    for (size_t i = 1; i <= rows; i++) {
        size_t corner = row[0];
        row[0] = i;
        for (size_t j = 1; j <= cols; j++) {
            const size_t above = row[j];
            const int same = tolower((unsigned char)a[i - 1]) == tolower((unsigned char)b[j - 1]);
            size_t best = corner + (same ? 0 : 1);
            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            corner = above;
            row[j] = best;
        }
    }
    return row[cols];
}

const char *elb_nearest(const char *word, const char *const *list, size_t count)
{
    const char *best = NULL;
    size_t least = (strnlen(word, LONGEST) + 2) / 3 + 1;
    for (size_t i = 0; i < count; i++) {
        const size_t d = distance(word, list[i]);
        if (d < least) least = d, best = list[i];
    }
    return best;
}
