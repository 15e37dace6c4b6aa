/* each_device.h - what a check does on every device there is. */
#ifndef ELB_TEST_EACH_DEVICE_H
#define ELB_TEST_EACH_DEVICE_H

#include <stdlib.h>
#include <string.h>

#include "device/device.h"
#include "suite.h"

static inline bool is_opencl(const elb_device *dev)
{
    return strcmp(dev->info.backend, "opencl") == 0;
}

/* llvmpipe, which compiles for minutes; Oclgrind, which interprets. */
static inline bool compiles_slowly(const elb_device *dev)
{
    return strstr(dev->info.name, "llvmpipe") != NULL;
}

static inline bool is_slow(const elb_device *dev)
{
    return compiles_slowly(dev) || strstr(dev->info.platform, "Oclgrind") != NULL;
}

/* Opens each usable device, native included, does it there, and closes the device. */
static inline void on_each_device(void (*check)(elb_device *dev))
{
    elb_error err = {0};
    elbow_device_info *infos;
    size_t count;
    ck_assert_int_eq(elb_discover(&err, &infos, &count), ELBOW_OK);
    for (size_t i = 0; i < count; i++) {
        elb_device *dev;
        if (!infos[i].usable) continue;
        ck_assert_msg(elb_device_open(&dev, &err, infos[i].id) == ELBOW_OK, "%s", err.text);
        check(dev);
        elb_device_close(dev);
    }
    free(infos);
}

#endif
