#include "device/program.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Adds words to a text of ELB_BUILD_OPTIONS_SIZE; *length runs past the end when they do not fit. */
static void add(char *out, size_t *length, const char *format, ...) __attribute__((format(printf, 3, 4)));

static void add(char *out, size_t *length, const char *format, ...)
{
    const size_t at = *length < ELB_BUILD_OPTIONS_SIZE ? *length : ELB_BUILD_OPTIONS_SIZE;
    va_list list;
    va_start(list, format);
    const int wanted = vsnprintf(out + at, ELB_BUILD_OPTIONS_SIZE - at, format, list);
    va_end(list);
    *length += wanted > 0 ? (size_t)wanted : 0;
}

static void add_real(char *out, size_t *length, const char *name, float value)
{
    if (isnan(value))
        add(out, length, " -D%s=NAN", name);
    else if (isinf(value))
        add(out, length, " -D%s=%sINFINITY", name, value < 0 ? "-" : "");
    else
        add(out, length, " -D%s=%af", name, (double)value);
}

static bool is_standard(const elb_option_info *option, const void *options)
{
    const char *field = (const char *)options + option->offset;
    const int32_t whole = (int32_t)option->standard;
    const float real = (float)option->standard;
    return memcmp(field, option->type == ELB_REAL ? (const void *)&real : (const void *)&whole, 4) == 0;
}

const char *elb_program_source(const elb_kernel *kernel, const void *options)
{
    for (uint32_t i = 0; i < kernel->option_count; i++)
        if (!is_standard(&kernel->options[i], options)) return kernel->source;
    return kernel->shared ? kernel->shared : kernel->source;
}

elbow_status elb_build_options(elb_error *err, char out[ELB_BUILD_OPTIONS_SIZE], const elb_device *dev,
                               const elb_kernel *kernel, const void *options)
{
    const elb_shape shape = dev->shape;
    size_t length = 0;
    add(out, &length, "-cl-std=CL1.2 -DWIDTH=%d -DGROUP=%d -DBLOCK=%d -DTILE_ROWS=%d -DTILE_VECTORS=%d", shape.width,
        shape.group, shape.block, shape.tile_rows, shape.tile_vectors);
    if (dev->rounds_division) add(out, &length, " -cl-fp32-correctly-rounded-divide-sqrt -DIEEE_DIVISION");
    const uint32_t count = elb_program_source(kernel, options) == kernel->source ? kernel->option_count : 0;
    for (uint32_t i = 0; i < count; i++) {
        const elb_option_info *option = &kernel->options[i];
        const char *field = (const char *)options + option->offset;
        if (option->type == ELB_REAL) {
            float value;
            memcpy(&value, field, sizeof value);
            add_real(out, &length, option->name, value);
        } else {
            int32_t value;
            memcpy(&value, field, sizeof value);
            add(out, &length, " -D%s=%d", option->name, value);
        }
    }
    if (length >= ELB_BUILD_OPTIONS_SIZE)
        return elb_fail(err, ELBOW_USAGE, "kernel %s has %u options: their %zu characters are too many for a compiler",
                        kernel->name, kernel->option_count, length);
    return ELBOW_OK;
}

/* Closing zeros go in too: "ab" and "c" must not hash as "a" and "bc". */
static void add_text(elb_sha256 *sha, const char *text)
{
    elb_sha256_add(sha, text, strlen(text) + 1);
}

void elb_program_key(elb_cache_key *key, const char *purpose, const elbow_device_info *info, const char *source,
                     const char *build_options)
{
    elb_sha256 sha;
    elb_sha256_start(&sha);
    const uint32_t bits = ELBOW_BITS_VERSION;
    elb_sha256_add(&sha, &bits, sizeof bits);
    add_text(&sha, purpose);
    add_text(&sha, info->backend);
    add_text(&sha, info->platform);
    add_text(&sha, info->version);
    add_text(&sha, info->name);
    add_text(&sha, info->driver);
    add_text(&sha, build_options);
    add_text(&sha, source);
    elb_sha256_end(key->bytes, &sha);
}

static bool verdict_key(elb_cache_key *key, elb_device *dev, const elb_kernel *kernel, const void *options)
{
    char build_options[ELB_BUILD_OPTIONS_SIZE], purpose[80];
    elb_error unheard = {0};
    if (elb_build_options(&unheard, build_options, dev, kernel, options) != ELBOW_OK) return false;
    elb_format(purpose, sizeof purpose, "verdict on %s", kernel->name); /* a source may hold several kernels */
    elb_program_key(key, purpose, &dev->info, elb_program_source(kernel, options), build_options);
    return true;
}

bool elb_verdict_get(void *verdict, size_t size, elb_device *dev, const elb_kernel *kernel, const void *options)
{
    elb_cache_key key;
    void *bytes;
    size_t got;
    if (!verdict_key(&key, dev, kernel, options) || !elb_cache_get(&bytes, &got, &key)) return false;
    const bool known = got == size;
    if (known) memcpy(verdict, bytes, size);
    free(bytes);
    return known;
}

void elb_verdict_put(elb_device *dev, const elb_kernel *kernel, const void *options, const void *verdict, size_t size)
{
    elb_cache_key key;
    elb_error unheard = {0};
    if (verdict_key(&key, dev, kernel, options)) (void)elb_cache_put(&unheard, &key, verdict, size);
}
