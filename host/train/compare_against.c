/* compare_against.c - what has changed since an earlier comparison of the same work. */
#include "train/compare.h"

#include "train/run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add(elbow_changes *changes, const char *device, bool worse, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void add(elbow_changes *changes, const char *device, bool worse, const char *format, ...)
{
    va_list list;
    changes->worse += worse;
    if (changes->count == ELBOW_MAX_CHANGES) return;
    const uint32_t at = changes->count++;
    changes->list[at].worse = worse;
    elb_format(changes->list[at].device, sizeof changes->list[at].device, "%s", device);
    va_start(list, format);
    vsnprintf(changes->list[at].sentence, sizeof changes->list[at].sentence, format, list);
    va_end(list);
}

/* ---- the work ---- */

/* The first member in which two objects differ; NULL: none. */
static const cJSON *first_other(const cJSON *now, const cJSON *before)
{
    const cJSON *item;
    cJSON_ArrayForEach(item, now)
    {
        if (!cJSON_Compare(item, cJSON_GetObjectItemCaseSensitive(before, item->string), true)) return item;
    }
    return NULL;
}

/* The recipe and how it is trained, in one object. */
static cJSON *recipe_of(const elbow_comparison *c)
{
    cJSON *all = cJSON_CreateObject();
    elb_recipe_write(all, &c->recipe);
    elb_train_write(all, &c->train);
    return all;
}

static elbow_status other_recipe(elb_error *err, const elbow_comparison *now, const elbow_comparison *before)
{
    cJSON *a = recipe_of(now), *b = recipe_of(before);
    const cJSON *other = first_other(a, b);
    elbow_status status = ELBOW_OK;
    if (other) {
        char *is = cJSON_PrintUnformatted(other);
        char *was = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(b, other->string));
        status = elb_fail(err, ELBOW_BAD_DATA, "the earlier comparison is of other work: its %s is %s, not %s",
                          other->string, was ? was : "another", is ? is : "this");
        cJSON_free(is);
        cJSON_free(was);
    }
    cJSON_Delete(a);
    cJSON_Delete(b);
    return status;
}

static elbow_status check_work(elb_error *err, const elbow_comparison *now, const elbow_comparison *before)
{
    const struct {
        const char *what;
        uint32_t now, before;
    } counts[] = {{"steps", now->steps, before->steps}, {"images", now->images, before->images}};
    TRY(other_recipe(err, now, before));
    for (size_t i = 0; i < COUNT(counts); i++)
        if (counts[i].now != counts[i].before)
            return elb_fail(err, ELBOW_BAD_DATA, "the earlier comparison is of other work: its %s is %u, not %u",
                            counts[i].what, counts[i].before, counts[i].now);
    if (strcmp(now->sha256, before->sha256) != 0)
        return elb_fail(err, ELBOW_BAD_DATA, "the earlier comparison is of other images: %s, not %s", before->data,
                        now->data);
    return ELBOW_OK;
}

/* ---- the devices ---- */

static const elbow_device_result *find(const elbow_comparison *in, const char *id)
{
    for (size_t i = 0; i < in->count; i++)
        if (strcmp(in->devices[i].device.id, id) == 0) return &in->devices[i];
    return NULL;
}

/* The kernel that costs most more than before; "" if none does. */
static void name_kernel(char *out, size_t size, const elbow_device_result *now, const elbow_device_result *before)
{
    double most = 0;
    out[0] = 0;
    for (size_t i = 0; i < now->kernel_count; i++) {
        const elbow_kernel_time *k = &now->kernels[i];
        for (size_t j = 0; j < before->kernel_count; j++) {
            const elbow_kernel_time *old = &before->kernels[j];
            if (strcmp(k->kernel, old->kernel) != 0 || strcmp(k->options, old->options) != 0) continue;
            if (k->ms - old->ms <= most) continue;
            most = k->ms - old->ms;
            elb_format(out, size, "; most of it in %s%s%s%s: %.3g ms instead of %.3g", k->kernel,
                       k->options[0] ? " [" : "", k->options, k->options[0] ? "]" : "", k->ms, old->ms);
        }
    }
}

static void compare_speed(elbow_changes *changes, const elbow_device_result *now, const elbow_device_result *before,
                          double margin)
{
    const double ratio = now->median_ms / before->median_ms;
    char kernel[256];
    if (ratio > 1 + margin && now->p10_ms > before->p90_ms) {
        name_kernel(kernel, sizeof kernel, now, before);
        add(changes, now->device.id, true, "slower: %.3g ms a step (%.3g .. %.3g) instead of %.3g (%.3g .. %.3g)%s",
            now->median_ms, now->p10_ms, now->p90_ms, before->median_ms, before->p10_ms, before->p90_ms, kernel);
    }
    if (ratio < 1 / (1 + margin) && now->p90_ms < before->p10_ms)
        add(changes, now->device.id, false, "quicker: %.3g ms a step (%.3g .. %.3g) instead of %.3g (%.3g .. %.3g)",
            now->median_ms, now->p10_ms, now->p90_ms, before->median_ms, before->p10_ms, before->p90_ms);
}

static void compare_text(elbow_changes *changes, const char *device, const char *what, const char *now,
                         const char *before)
{
    if (strcmp(now, before) != 0)
        add(changes, device, false, "another %s: %.100s instead of %.100s", what, now, before);
}

static void compare_device(elbow_changes *changes, const elbow_device_result *now, const elbow_device_result *before,
                           double margin)
{
    const char *id = now->device.id;
    compare_text(changes, id, "device", now->device.name, before->device.name);
    compare_text(changes, id, "version", now->device.version, before->device.version);
    compare_text(changes, id, "driver", now->device.driver, before->device.driver);
    if (now->reason[0] && !before->reason[0]) add(changes, id, true, "fails now: %.250s", now->reason);
    if (!now->reason[0] && before->reason[0]) add(changes, id, false, "works now; before: %.250s", before->reason);
    if (now->reason[0] || before->reason[0]) return;
    if (strcmp(now->digest, before->digest) != 0)
        add(changes, id, true, "other bits than before: %.16s... instead of %.16s...%s%.200s", now->digest,
            before->digest, now->difference[0] ? ": " : "", now->difference);
    compare_speed(changes, now, before, margin);
}

elbow_status elbow_comparison_against(elbow_changes *changes, elbow_context *context, const elbow_comparison *now,
                                      const elbow_comparison *before, double margin)
{
    elb_error *err = elb_begin(context);
    *changes = (elbow_changes){.count = 0};
    if (!(margin >= 0) || !isfinite(margin))
        return elb_fail(err, ELBOW_USAGE, "a margin must be 0 or more, not %g", margin);
    TRY(check_work(err, now, before));
    for (size_t i = 0; i < now->count; i++) {
        const elbow_device_result *old = find(before, now->devices[i].device.id);
        if (old)
            compare_device(changes, &now->devices[i], old, margin);
        else
            add(changes, now->devices[i].device.id, false, "is new");
    }
    for (size_t i = 0; now->all && i < before->count; i++)
        if (!before->devices[i].reason[0] && !find(now, before->devices[i].device.id))
            add(changes, before->devices[i].device.id, true, "is gone");
    return ELBOW_OK;
}
