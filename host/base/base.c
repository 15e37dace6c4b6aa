#include "base/base.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *elbow_status_text(elbow_status status)
{
    static const char *const texts[] = {
#define X(name, text) [ELBOW_##name] = text,
        ELBOW_STATUSES(X)
#undef X
    };
    return (size_t)status < COUNT(texts) ? texts[status] : "an unknown status";
}

elbow_status(elb_fail)(elb_error *err, elbow_status status, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(err->text, sizeof err->text, format, list);
    va_end(list);
    err->status = status;
    return status;
}

elbow_status elb_blame(elb_error *err, const char *format, ...)
{
    char passed[sizeof err->text];
    memcpy(passed, err->text, sizeof passed);
    va_list list;
    va_start(list, format);
    const int front = vsnprintf(err->text, sizeof err->text, format, list);
    va_end(list);
    if (front >= 0 && (size_t)front < sizeof err->text)
        elb_format(err->text + front, sizeof err->text - (size_t)front, ": %s", passed);
    return err->status;
}

elbow_status elb_cure(elb_error *err, const char *format, ...)
{
    char words[sizeof err->text / 2], passed[sizeof err->text / 2];
    va_list list;
    va_start(list, format);
    vsnprintf(words, sizeof words, format, list);
    va_end(list);
    elb_format(passed, sizeof passed, "%s", err->text);
    elb_format(err->text, sizeof err->text, "%s: %s", passed, words);
    return err->status;
}

void elb_remark(elb_error *err, const char *format, ...)
{
    char text[sizeof err->unheard];
    va_list list;
    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (err->listener)
        err->listener(err->user, text);
    else if (!err->unheard[0])
        elb_format(err->unheard, sizeof err->unheard, "%s", text);
}

bool elb_times(size_t *out, size_t a, size_t b)
{
    return !__builtin_mul_overflow(a, b, out);
}

elbow_status elb_new(elb_error *err, void *out, size_t count, size_t size, const char *what)
{
    size_t bytes;
    if (!elb_times(&bytes, count, size))
        return elb_fail(err, ELBOW_MEMORY, "%s: %zu items of %zu bytes do not fit into any memory", what, count, size);
    void *memory = calloc(1, bytes ? bytes : 1);
    if (!memory) {
        char text[32];
        return elb_fail(err, ELBOW_MEMORY, "no memory for %s on the host (%s)", what, elb_bytes_text(text, bytes));
    }
    memcpy(out, &memory, sizeof memory);
    return ELBOW_OK;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void elb_sort(double *values, size_t count)
{
    qsort(values, count, sizeof *values, rising);
}

void elb_format(char *out, size_t size, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    if (vsnprintf(out, size, format, list) < 0 && size) out[0] = 0;
    va_end(list);
}

char *elb_bytes_text(char out[32], uint64_t bytes)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    while (value >= 1024 && unit + 1 < COUNT(units)) value /= 1024, unit++;
    snprintf(out, 32, unit ? "%.1f %s" : "%.0f %s", value, units[unit]);
    return out;
}

char *elb_count_text(char out[32], uint64_t count)
{
    char digits[24];
    const int length = snprintf(digits, sizeof digits, "%" PRIu64, count);
    int at = 0;
    for (int i = 0; i < length; i++) {
        if (i && (length - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = 0;
    return out;
}

double elb_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
