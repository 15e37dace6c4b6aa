#include "io/json.h"

#include "base/spell.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_INTEGERS UINT64_C(9007199254740992) /* 2^53 */

char *elb_number_text(char out[32], double value)
{
    if (!isfinite(value)) return memcpy(out, "null", 5);
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(out, 32, "%.*g", digits, value);
        if (strtod(out, NULL) == value) break;
    }
    char *comma = strchr(out, ','); /* the locale's decimal point */
    if (comma) *comma = '.';
    return out;
}

/* Line and column of a place in a text, from 1. */
static elbow_status fault(elb_error *err, const char *what, const char *text, const char *at, const char *end)
{
    unsigned line = 1, column = 1;
    for (const char *p = text; p < at; p++) {
        column++;
        if (*p == '\n') line++, column = 1;
    }
    if (at >= end) return elb_fail(err, ELBOW_BAD_FILE, "%s: the JSON ends too early, at line %u", what, line);
    return elb_fail(err, ELBOW_BAD_FILE, "%s: no valid JSON at line %u, column %u", what, line, column);
}

elbow_status elb_json_parse(cJSON **out, elb_error *err, const char *text, size_t size, const char *what)
{
    *out = NULL;
    const char *end = text + size, *at = text;
    /* cJSON takes strings without a NUL at their end but stops inside strings at one: refuse it at once. */
    const char *nul = size ? memchr(text, 0, size) : NULL;
    if (nul) return fault(err, what, text, nul, end);
    cJSON *value = cJSON_ParseWithLengthOpts(text, size, &at, 0);
    if (!value) return fault(err, what, text, at ? at : text, end);
    while (at < end && strchr(" \t\r\n", *at)) at++;
    if (at < end) {
        cJSON_Delete(value);
        return fault(err, what, text, at, end);
    }
    *out = value;
    return ELBOW_OK;
}

static const char *kind(const cJSON *item)
{
    if (cJSON_IsNull(item)) return "null";
    if (cJSON_IsBool(item)) return "true or false";
    if (cJSON_IsNumber(item)) return "a number";
    if (cJSON_IsString(item)) return "text";
    return cJSON_IsArray(item) ? "a list" : "an object";
}

static elbow_status find(const cJSON **out, elb_error *err, const cJSON *object, const char *name)
{
    *out = cJSON_GetObjectItemCaseSensitive(object, name);
    if (!*out) return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" is missing", name);
    return ELBOW_OK;
}

static elbow_status wrong_kind(elb_error *err, const cJSON *item, const char *name, const char *wanted)
{
    return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" must be %s, not %s", name, wanted, kind(item));
}

elbow_status elb_json_number(double *out, elb_error *err, const cJSON *object, const char *name, double low,
                             double high)
{
    const cJSON *item;
    TRY(find(&item, err, object, name));
    if (!cJSON_IsNumber(item)) return wrong_kind(err, item, name, "a number");
    if (!(item->valuedouble >= low && item->valuedouble <= high))
        return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" is %g, not in %g..%g", name, item->valuedouble, low, high);
    *out = item->valuedouble;
    return ELBOW_OK;
}

/* Digits alone, as strtoull would also take signs and spaces. */
static bool digits(uint64_t *out, const char *text)
{
    if (!*text || strspn(text, "0123456789") != strlen(text)) return false;
    errno = 0;
    *out = strtoull(text, NULL, 10);
    return !errno;
}

elbow_status elb_json_uint(uint64_t *out, elb_error *err, const cJSON *object, const char *name, uint64_t low,
                           uint64_t high)
{
    const cJSON *item;
    TRY(find(&item, err, object, name));
    uint64_t value = 0;
    if (cJSON_IsNumber(item)) {
        const double number = item->valuedouble;
        if (!(number >= 0 && number <= (double)EXACT_INTEGERS && number == floor(number)))
            return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" is %g, no whole number from 0 to 2^53 (larger ones as text)",
                            name, number);
        value = (uint64_t)number;
    } else if (!cJSON_IsString(item)) {
        return wrong_kind(err, item, name, "a whole number");
    } else if (!digits(&value, item->valuestring)) {
        return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" is \"%.40s\", no whole number below 2^64", name,
                        item->valuestring);
    }
    if (value < low || value > high)
        return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" is %" PRIu64 ", not in %" PRIu64 "..%" PRIu64, name, value, low,
                        high);
    *out = value;
    return ELBOW_OK;
}

elbow_status elb_json_bool(bool *out, elb_error *err, const cJSON *object, const char *name)
{
    const cJSON *item;
    TRY(find(&item, err, object, name));
    if (!cJSON_IsBool(item)) return wrong_kind(err, item, name, "true or false");
    *out = cJSON_IsTrue(item);
    return ELBOW_OK;
}

elbow_status elb_json_text(char *out, size_t size, elb_error *err, const cJSON *object, const char *name)
{
    const cJSON *item;
    TRY(find(&item, err, object, name));
    if (!cJSON_IsString(item)) return wrong_kind(err, item, name, "text");
    const size_t length = strlen(item->valuestring);
    if (length >= size)
        return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" has %zu characters; at most %zu are allowed", name, length,
                        size - 1);
    memcpy(out, item->valuestring, length + 1);
    return ELBOW_OK;
}

/* "sum, mean" */
static void list_names(char *out, size_t size, const char *const *names)
{
    size_t at = 0;
    out[0] = 0;
    for (int i = 0; names[i] && at < size; i++) {
        elb_format(out + at, size - at, "%s%s", i ? ", " : "", names[i]);
        at += strlen(out + at);
    }
}

elbow_status elb_json_choice(int *out, elb_error *err, const cJSON *object, const char *name, const char *const *names)
{
    const cJSON *item;
    TRY(find(&item, err, object, name));
    if (!cJSON_IsString(item)) return wrong_kind(err, item, name, "text");
    for (int i = 0; names[i]; i++)
        if (!strcmp(item->valuestring, names[i])) {
            *out = i;
            return ELBOW_OK;
        }
    char all[256];
    list_names(all, sizeof all, names);
    return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" is \"%.40s\", not one of: %s", name, item->valuestring, all);
}

elbow_status elb_json_object(const cJSON **out, elb_error *err, const cJSON *object, const char *name)
{
    TRY(find(out, err, object, name));
    return cJSON_IsObject(*out) ? ELBOW_OK : wrong_kind(err, *out, name, "an object");
}

elbow_status elb_json_array(const cJSON **out, elb_error *err, const cJSON *object, const char *name)
{
    TRY(find(out, err, object, name));
    return cJSON_IsArray(*out) ? ELBOW_OK : wrong_kind(err, *out, name, "a list");
}

elbow_status elb_json_known(elb_error *err, const cJSON *object, const char *const *names)
{
    if (!cJSON_IsObject(object)) return elb_fail(err, ELBOW_BAD_FILE, "%s where an object is expected", kind(object));
    for (const cJSON *item = object->child; item; item = item->next) {
        int i = 0;
        while (names[i] && strcmp(names[i], item->string)) i++;
        if (!names[i]) {
            const char *near = elb_nearest(item->string, names, (size_t)i);
            return elb_fail(err, ELBOW_BAD_FILE, "\"%.60s\" is not known here%s%s%s", item->string,
                            near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
        }
        if (cJSON_GetObjectItemCaseSensitive(object, item->string) != item)
            return elb_fail(err, ELBOW_BAD_FILE, "\"%s\" is there twice", item->string);
    }
    return ELBOW_OK;
}

/* An object that a member could not be added to, for want of memory, becomes an invalid value: elb_json_print refuses
 * it. */
static void add(cJSON *object, const char *name, cJSON *item)
{
    if (object && item && (name ? cJSON_AddItemToObject(object, name, item) : cJSON_AddItemToArray(object, item)))
        return;
    cJSON_Delete(item);
    if (object) object->type = cJSON_Invalid;
}

void elb_json_add_number(cJSON *object, const char *name, double value)
{
    char text[32];
    add(object, name, cJSON_CreateRaw(elb_number_text(text, value)));
}

void elb_json_add_uint(cJSON *object, const char *name, uint64_t value)
{
    char text[32];
    elb_format(text, sizeof text, "%" PRIu64, value);
    add(object, name, value <= EXACT_INTEGERS ? cJSON_CreateRaw(text) : cJSON_CreateString(text));
}

void elb_json_add_bool(cJSON *object, const char *name, bool value)
{
    add(object, name, cJSON_CreateBool(value));
}

void elb_json_add_text(cJSON *object, const char *name, const char *value)
{
    add(object, name, cJSON_CreateString(value));
}

/* What is added to NULL is dropped: a value further up is invalid then, and cJSON prints no tree that holds one. */
static cJSON *add_parent(cJSON *object, const char *name, cJSON *item)
{
    add(object, name, item);
    return object && object->type != cJSON_Invalid ? item : NULL;
}

cJSON *elb_json_add_object(cJSON *object, const char *name)
{
    return add_parent(object, name, cJSON_CreateObject());
}

cJSON *elb_json_add_array(cJSON *object, const char *name)
{
    return add_parent(object, name, cJSON_CreateArray());
}

elbow_status elb_json_print(char **text, elb_error *err, const cJSON *value, bool indented)
{
    char *printed = !value ? NULL : indented ? cJSON_Print(value) : cJSON_PrintUnformatted(value);
    *text = NULL;
    if (!printed) return elb_fail(err, ELBOW_MEMORY, "no memory for a JSON document");
    const size_t size = strlen(printed);
    const elbow_status status = elb_new(err, text, size + 2, 1, "a JSON document");
    if (status == ELBOW_OK) {
        memcpy(*text, printed, size);
        if (indented) (*text)[size] = '\n';
    }
    cJSON_free(printed);
    return status;
}
