/* profile.h - where a device's time goes: what each kernel took, and what it had to do. Off, it costs a launch one
 * branch; on, an OpenCL device works on a queue that keeps times, which may slow it a little. */
#ifndef ELB_PROFILE_H
#define ELB_PROFILE_H

#include "device/device.h"

/* What a launch has to do at the least: operations on reals (an fma is two), and bytes, each element of memory that it
 * reads or writes counted once. */
typedef struct elb_cost {
    double flops, bytes;
} elb_cost;

/* Estimates that from a launch's arguments. Given by the layer that knows the kernels: elb_cost_of in math/cost.h. */
typedef elb_cost elb_cost_function(const elb_device *dev, const elb_kernel *kernel, const void *options,
                                   const elb_value *values);

/* Told of each launch after it was started: it may read what the launch has written. */
typedef elbow_status elb_watch(void *user, elb_device *dev, const elb_kernel *kernel, const void *options,
                               const elb_value *values);

/* All launches of one kernel with one set of options, in the order of their first launch. */
typedef struct elb_profile_entry {
    const elb_kernel *kernel;
    unsigned char options[ELB_MAX_OPTIONS_SIZE];
    uint64_t launches;
    double seconds; /* from the start of a launch to its end, as the device's clock tells */
    elb_cost cost;  /* of all launches */
} elb_profile_entry;

typedef struct elb_profile {
    elb_cost_function *cost;
    elb_profile_entry *entries;
    uint32_t count, room;
    double seconds; /* between begin and end by the host's clock: the entries' sum and what is not in a kernel */
    double begun;
    elb_watch *watch; /* may be NULL */
    void *user;
} elb_profile;

/* Begins recording into a profile, which was zeroed (but for watch) or recorded before and then goes on. It must stay
 * where it is until the end. cost may be NULL. Earlier work is waited for. Errors: USAGE (the device records already),
 * DEVICE. */
elbow_status elb_profile_begin(elb_device *dev, elb_profile *profile, elb_cost_function *cost);
/* Waits for the work, and ends. Errors: DEVICE; the device then records no more either. */
elbow_status elb_profile_end(elb_device *dev);
void elb_profile_free(elb_profile *profile);

/* ---- for the two implementations of elb_device ---- */

/* Counts a launch and gives the entry's number, for its time to be added. Errors: MEMORY. */
elbow_status elb_profile_launch(uint32_t *entry, elb_device *dev, const elb_kernel *kernel, const void *options,
                                const elb_value *values);

#endif
