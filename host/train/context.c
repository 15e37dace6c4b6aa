/* context.c - opening and closing contexts, of one device or of a team. */
#include "train/context.h"

#include "math/selftest.h"
#include "math/tune.h"

#include <stdlib.h>
#include <string.h>

void elb_make_ready(elbow_context *context)
{
    elb_selftest_install(context->dev);
    elb_tuned_apply(&context->dev);
}

static elbow_status open_one(elbow_context *context, const char *id)
{
    TRY(elb_device_open(&context->dev, &context->err, id));
    elb_make_ready(context);
    return ELBOW_OK;
}

/* ---- teams ---- */

elbow_status elbow_join(elbow_context *context, elbow_context *member)
{
    elb_error *err = elb_begin(context);
    if (!member || !member->dev || !context->dev)
        return elb_fail(err, ELBOW_USAGE, "a context without a device cannot be of a team");
    if (member == context || member->mate_count)
        return elb_fail(err, ELBOW_USAGE, "%s: a context with a team of its own cannot join another",
                        member->dev->info.id);
    if (context->mate_count == ELB_MOST_MATES)
        return elb_fail(err, ELBOW_USAGE, "%s: a team has at most %d devices", member->dev->info.id,
                        ELB_MOST_MATES + 1);
    context->mates[context->mate_count++] = member;
    return ELBOW_OK;
}

/* Of a team, by number; NULL beyond the last. */
static const elbow_context *member_at(const elbow_context *context, uint32_t index)
{
    if (index == 0) return context->dev ? context : NULL;
    for (uint32_t i = 0; i < context->mate_count; i++)
        if (!context->mates[i]->lost && --index == 0) return context->mates[i];
    return NULL;
}

const elbow_device_info *elbow_team_device(const elbow_context *context, uint32_t index)
{
    const elbow_context *member = member_at(context, index);
    return member ? &member->dev->info : NULL;
}

uint32_t elbow_team_share(const elbow_context *context, uint32_t index)
{
    const elbow_context *member = member_at(context, index);
    return member ? member->share : 0;
}

static bool has(const elbow_context *context, const char *id)
{
    const elbow_device_info *info;
    for (uint32_t i = 0; (info = elbow_team_device(context, i)); i++)
        if (strcmp(info->id, id) == 0) return true;
    return false;
}

/* Opens one more device: the context's own if it has none yet. */
static elbow_status add(elbow_context *context, const char *id)
{
    elbow_context *mate;
    if (!context->dev) return open_one(context, id);
    if (has(context, id))
        return elb_fail(&context->err, ELBOW_USAGE, "device %s is named twice: a team has each device once", id);
    TRY(elb_new(&context->err, &mate, 1, sizeof *mate, "a context"));
    elbow_status status = open_one(mate, id);
    if (status != ELBOW_OK) {
        elb_fail(&context->err, status, "%s", mate->err.text);
    } else {
        if (mate->err.unheard[0]) elb_remark(&context->err, "%s", mate->err.unheard);
        mate->err.unheard[0] = 0;
        status = elbow_join(context, mate);
    }
    if (status != ELBOW_OK) elbow_close(mate);
    return status;
}

/* "A,B,...". */
static elbow_status open_list(elbow_context *context, const char *list)
{
    char id[sizeof context->unknown.id];
    for (const char *at = list;; at++) {
        const size_t length = strcspn(at, ",");
        if (length == 0 || length >= sizeof id)
            return elb_fail(&context->err, ELBOW_USAGE,
                            "\"%.200s\": a team is a list of devices, such as \"native,pocl:0\"", list);
        elb_format(id, sizeof id, "%.*s", (int)length, at);
        TRY(add(context, id));
        at += length;
        if (!*at) return ELBOW_OK;
    }
}

/* Every usable piece of hardware, once, what "auto" would take first; those that do not open are remarked on. */
static elbow_status open_all(elbow_context *context)
{
    elbow_device_info *infos;
    size_t count;
    TRY(elb_discover(&context->err, &infos, &count));
    for (int preferred = 1; preferred >= 0; preferred--) {
        for (size_t i = 0; i < count; i++) {
            if (!infos[i].usable || infos[i].reason[0] || infos[i].preferred != (preferred == 1)) continue;
            if (add(context, infos[i].id) != ELBOW_OK)
                elb_remark(&context->err, "device %s is passed over: %s", infos[i].id, context->err.text);
        }
    }
    free(infos);
    return context->dev ? ELBOW_OK : elb_fail(&context->err, ELBOW_DEVICE, "no device could be opened");
}

elbow_status elbow_open(elbow_context **context, const char *device)
{
    *context = calloc(1, sizeof **context);
    if (!*context) return ELBOW_MEMORY;
    if (strcmp(device, "all") == 0) return open_all(*context);
    return strchr(device, ',') ? open_list(*context, device) : open_one(*context, device);
}

elbow_status elbow_join_job(elbow_context *context, uint32_t *rank, uint32_t *ranks)
{
    elb_error *err = elb_begin(context);
    *rank = 0;
    *ranks = 1;
    if (context->world) return elb_fail(err, ELBOW_USAGE, "the context has joined its job already");
    elb_world *world;
    TRY(elb_world_join(&world, err));
    const elbow_status status =
        elb_new(err, &context->words, elb_world_size(world), sizeof *context->words, "a job's ranks");
    if (status != ELBOW_OK) {
        elb_world_leave(world);
        return status;
    }
    context->world = world;
    *rank = elb_world_rank(world);
    *ranks = elb_world_size(world);
    return ELBOW_OK;
}

void elbow_close(elbow_context *context)
{
    if (!context) return;
    elb_world_leave(context->world);
    free(context->words);
    elb_spectrum_free(&context->glance.spectrum);
    for (uint32_t i = 0; i < context->mate_count; i++) elbow_close(context->mates[i]);
    if (!context->hung) elb_device_close(context->dev); /* closing would wait for a driver that does not answer */
    free(context);
}
