/* discover.h - which devices there are, which of them are one piece of hardware, and which one "auto" means. */
#ifndef ELB_DISCOVER_H
#define ELB_DISCOVER_H

#include "device/device.h"

/* A device that may be opened, and what choosing needs to know of it. */
typedef struct elb_found {
    elbow_device_info info;
    /* What physical device it is: "cpu" for native and for every OpenCL device that runs on this machine's processor
     * (PoCL, Intel's runtime, llvmpipe, Oclgrind), "pci:0000:03:00.0" or "uuid:..." for others; its own id where the
     * driver does not say. */
    char hardware[64];
    bool gpu;                /* real graphics hardware or an accelerator: not llvmpipe */
    double speed;            /* compute units times MHz: to rank GPUs among themselves */
    void *platform, *handle; /* cl_platform_id and cl_device_id; NULL for native */
} elb_found;

/* Every device with what choosing needs: native first, then the OpenCL devices in the loader's order. The array is
 * freed with free(). A missing or broken OpenCL is a remark. Nothing is compiled: see elb_opencl_probe. */
elbow_status elb_find(elb_error *err, elb_found **found, size_t *count);

/* One piece of hardware behind two ids? "all" uses each piece once: the first usable device that auto would rank
 * highest, see elb_ranks_before. */
bool elb_same_hardware(const elb_found *a, const elb_found *b);

/* Whether auto prefers a to b: GPUs before the native device before other processors' runtimes (the native device gives
 * the same bits and compiles nothing), quicker GPUs before slower, else the earlier. */
bool elb_ranks_before(const elb_found *a, const elb_found *b);

#endif
