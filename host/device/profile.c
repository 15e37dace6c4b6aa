#include "device/profile.h"

#include <stdlib.h>
#include <string.h>

elbow_status elb_profile_begin(elb_device *dev, elb_profile *profile, elb_cost_function *cost)
{
    if (dev->profile)
        return elb_fail(dev->err, ELBOW_USAGE, "%s: its launches are being recorded already", dev->info.id);
    TRY(dev->ops->finish(dev));
    profile->cost = cost;
    dev->profile = profile;
    const elbow_status status = dev->ops->keep_times(dev, true);
    if (status != ELBOW_OK) dev->profile = NULL;
    profile->begun = elb_seconds();
    return status;
}

elbow_status elb_profile_end(elb_device *dev)
{
    elb_profile *profile = dev->profile;
    if (!profile) return ELBOW_OK;
    elbow_status status = dev->ops->finish(dev);
    profile->seconds += elb_seconds() - profile->begun;
    const elbow_status kept = dev->ops->keep_times(dev, false);
    dev->profile = NULL;
    return status == ELBOW_OK ? kept : status;
}

void elb_profile_free(elb_profile *profile)
{
    free(profile->entries);
    *profile = (elb_profile){.entries = NULL};
}

static elbow_status grow(elb_profile *profile, elb_error *err)
{
    if (profile->count < profile->room) return ELBOW_OK;
    const uint32_t room = profile->room ? 2 * profile->room : 32;
    elb_profile_entry *entries;
    TRY(elb_new(err, &entries, room, sizeof *entries, "a profile"));
    if (profile->count) memcpy(entries, profile->entries, profile->count * sizeof *entries);
    free(profile->entries);
    profile->entries = entries;
    profile->room = room;
    return ELBOW_OK;
}

static elbow_status find(elb_profile_entry **found, elb_device *dev, const elb_kernel *kernel, const void *options)
{
    elb_profile *profile = dev->profile;
    for (uint32_t i = 0; i < profile->count; i++) {
        *found = &profile->entries[i];
        const bool same_options =
            !kernel->options_size || memcmp((*found)->options, options, kernel->options_size) == 0;
        if ((*found)->kernel == kernel && same_options) return ELBOW_OK;
    }
    TRY(grow(profile, dev->err));
    *found = &profile->entries[profile->count++];
    (*found)->kernel = kernel;
    if (kernel->options_size) memcpy((*found)->options, options, kernel->options_size);
    return ELBOW_OK;
}

elbow_status elb_profile_launch(uint32_t *entry, elb_device *dev, const elb_kernel *kernel, const void *options,
                                const elb_value *values)
{
    elb_profile *profile = dev->profile;
    elb_profile_entry *found;
    TRY(find(&found, dev, kernel, options));
    const elb_cost cost = profile->cost ? profile->cost(dev, kernel, options, values) : (elb_cost){0, 0};
    found->launches++;
    found->cost.flops += cost.flops;
    found->cost.bytes += cost.bytes;
    *entry = (uint32_t)(found - profile->entries);
    return profile->watch ? profile->watch(profile->user, dev, kernel, options, values) : ELBOW_OK;
}
