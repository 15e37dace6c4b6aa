/* json.h - JSON in and out over cJSON, with types, ranges and sentences.
 *
 * Numbers are written so that they read back as the same double, in the fewest digits; NaN and infinity as null. 64-bit
 * integers up to 2^53 are numbers, larger ones strings of digits, since a JSON number is a double to most readers; both
 * forms are read. */
#ifndef ELB_IO_JSON_H
#define ELB_IO_JSON_H

#include "base/base.h"

#include <cjson/cJSON.h>

/* Parses a whole text (anything but white space after the value is an error). what names it in messages. The result
 * is freed with cJSON_Delete. Errors: BAD_FILE with the place of the fault, MEMORY. */
elbow_status elb_json_parse(cJSON **out, elb_error *err, const char *text, size_t size, const char *what);

/* Each reads a member of an object; BAD_FILE says what is missing or wrong. Numbers lie in [low, high]. */
elbow_status elb_json_number(double *out, elb_error *err, const cJSON *object, const char *name, double low,
                             double high);
elbow_status elb_json_uint(uint64_t *out, elb_error *err, const cJSON *object, const char *name, uint64_t low,
                           uint64_t high);
elbow_status elb_json_bool(bool *out, elb_error *err, const cJSON *object, const char *name);
/* Text that does not fit into size is an error, not a cut. */
elbow_status elb_json_text(char *out, size_t size, elb_error *err, const cJSON *object, const char *name);
/* The index of the member's text in a list of names ended by NULL. */
elbow_status elb_json_choice(int *out, elb_error *err, const cJSON *object, const char *name, const char *const *names);
elbow_status elb_json_object(const cJSON **out, elb_error *err, const cJSON *object, const char *name);
elbow_status elb_json_array(const cJSON **out, elb_error *err, const cJSON *object, const char *name);

/* BAD_FILE if the object has a member that is not in the list of names ended by NULL (with the nearest one that is), or
 * has one twice. */
elbow_status elb_json_known(elb_error *err, const cJSON *object, const char *const *names);
static inline bool elb_json_has(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name) != NULL;
}

/* Adding members, or with a NULL name items of an array. Memory is judged once, at the end: elb_json_print fails if any
 * of them could not be added. */
void elb_json_add_number(cJSON *object, const char *name, double value);
void elb_json_add_uint(cJSON *object, const char *name, uint64_t value);
void elb_json_add_bool(cJSON *object, const char *name, bool value);
void elb_json_add_text(cJSON *object, const char *name, const char *value);
cJSON *elb_json_add_object(cJSON *object, const char *name);
cJSON *elb_json_add_array(cJSON *object, const char *name);

/* The text of a value, freed with free(). indented: with line breaks and a last newline; else one line without. */
elbow_status elb_json_print(char **text, elb_error *err, const cJSON *value, bool indented);

/* The shortest of %.15g, %.16g, %.17g that reads back as the same double; "null" if not finite. */
char *elb_number_text(char out[32], double value);

#endif
