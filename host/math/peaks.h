/* peaks.h - what a device can do at the most, measured: the roofs of a roofline. */
#ifndef ELB_PEAKS_H
#define ELB_PEAKS_H

#include "device/device.h"

typedef struct elb_peaks {
    double flops;        /* operations a second: chains of fma in registers (cl/fma_chain.cl) */
    double memory_bytes; /* bytes a second through arrays larger than caches (cl/triad.cl) */
    double cache_bytes;  /* the same through arrays of 256 KiB or 1 MiB, whichever is quicker */
} elb_peaks;

/* Takes about a tenth of a second on a quick device. Times are the device's own (profile.h). Errors: MEMORY, DEVICE,
 * USAGE on a device that is being profiled already. */
elbow_status elb_peaks_measure(elb_peaks *peaks, elb_device *dev);

#endif
