#include "device/discover.h"
#include "base/spell.h"
#include "device/native.h"
#include "device/opencl.h"

#include <stdlib.h>
#include <string.h>

bool elb_same_hardware(const elb_found *a, const elb_found *b)
{
    return strcmp(a->hardware, b->hardware) == 0;
}

static bool is_native(const elb_found *found)
{
    return !found->handle;
}

bool elb_ranks_before(const elb_found *a, const elb_found *b)
{
    if (a->gpu != b->gpu) return a->gpu;
    if (is_native(a) != is_native(b)) return is_native(a);
    return a->gpu && a->speed > b->speed;
}

/* Says of each device which better one is the same hardware, unless something graver is said of it already. */
static void name_doubles(elb_found *found, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const elb_found *first = NULL;
        for (size_t j = 0; j < count; j++) {
            if (!found[j].info.usable || !elb_same_hardware(&found[i], &found[j])) continue;
            if (!first || elb_ranks_before(&found[j], first)) first = &found[j];
        }
        if (first && first != &found[i] && found[i].info.usable)
            elb_format(found[i].info.reason, sizeof found[i].info.reason, "the same %s as %s",
                       found[i].gpu ? "device" : "processor", first->info.id);
    }
}

static void mark_preferred(elb_found *found, size_t count)
{
    elb_found *best = NULL;
    for (size_t i = 0; i < count; i++) {
        found[i].info.preferred = false;
        if (found[i].info.usable && (!best || elb_ranks_before(&found[i], best))) best = &found[i];
    }
    if (best) best->info.preferred = true;
}

elbow_status elb_find(elb_error *err, elb_found **found, size_t *count)
{
    *found = NULL;
    *count = 0;
    elb_found *opencl;
    size_t opencl_count;
    TRY(elb_opencl_find(err, &opencl, &opencl_count));
    elb_found *all;
    const elbow_status status = elb_new(err, &all, opencl_count + 1, sizeof *all, "the list of devices");
    if (status != ELBOW_OK) {
        free(opencl);
        return status;
    }
    elb_native_info(&all[0].info);
    elb_format(all[0].hardware, sizeof all[0].hardware, "cpu");
    if (opencl_count) memcpy(all + 1, opencl, opencl_count * sizeof *all);
    free(opencl);
    name_doubles(all, opencl_count + 1);
    mark_preferred(all, opencl_count + 1);
    *found = all;
    *count = opencl_count + 1;
    return ELBOW_OK;
}

elbow_status elb_discover(elb_error *err, elbow_device_info **infos, size_t *count)
{
    *infos = NULL;
    *count = 0;
    elb_found *found;
    size_t there;
    TRY(elb_find(err, &found, &there));
    for (size_t i = 1; i < there; i++) elb_opencl_probe(&found[i]);
    name_doubles(found, there);
    mark_preferred(found, there);
    const elbow_status status = elb_new(err, infos, there, sizeof **infos, "the list of devices");
    if (status == ELBOW_OK) {
        for (size_t i = 0; i < there; i++) (*infos)[i] = found[i].info;
        *count = there;
    }
    free(found);
    return status;
}

/* ---- opening ---- */

/* The best that opens. One that fails is remarked and the next is tried; the native device is always among them. */
static elbow_status open_auto(elb_device **dev, elb_error *err, elb_found *found, size_t count)
{
    for (;;) {
        elb_found *best = NULL;
        for (size_t i = 0; i < count; i++)
            if (found[i].info.usable && (!best || elb_ranks_before(&found[i], best))) best = &found[i];
        if (!best || is_native(best)) return elb_native_open(dev, err, NULL);
        elb_opencl_probe(best);
        if (best->info.usable && elb_opencl_open(dev, err, best) == ELBOW_OK) return ELBOW_OK;
        elb_remark(err, "device %s is passed over: %s", best->info.id,
                   best->info.usable ? err->text : best->info.reason);
        best->info.usable = false;
    }
}

static elbow_status unknown_device(elb_error *err, const char *id, const elb_found *found, size_t count)
{
    const char *names[64];
    char list[512] = "auto";
    size_t known = 0, length = strlen(list);
    names[known++] = "auto";
    for (size_t i = 0; i < count && known < COUNT(names); i++) {
        names[known++] = found[i].info.id;
        elb_format(list + length, sizeof list - length, ", %s", found[i].info.id);
        length = strlen(list);
    }
    const char *near = elb_nearest(id, names, known);
    return elb_fail(err, ELBOW_NOT_FOUND, "there is no device \"%.64s\"; there are: %s%s%s%s", id, list,
                    near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
}

static elbow_status open_named(elb_device **dev, elb_error *err, const char *id, elb_found *found, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(found[i].info.id, id) != 0) continue;
        if (!found[i].info.usable)
            return elb_fail(err, ELBOW_DEVICE, "device %s cannot be used: %s", id, found[i].info.reason);
        return elb_opencl_open(dev, err, &found[i]);
    }
    return unknown_device(err, id, found, count);
}

elbow_status elb_device_open(elb_device **dev, elb_error *err, const char *id)
{
    *dev = NULL;
    /* The native device answers at once: drivers take their time to load. */
    if (strcmp(id, "native") == 0) return elb_native_open(dev, err, NULL);
    if (strncmp(id, "native:", 7) == 0) return elb_native_open(dev, err, id + 7);
    elb_found *found;
    size_t count;
    TRY(elb_find(err, &found, &count));
    const elbow_status status =
        strcmp(id, "auto") == 0 ? open_auto(dev, err, found, count) : open_named(dev, err, id, found, count);
    free(found);
    return status;
}
