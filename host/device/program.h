/* program.h - what a kernel's program is built from, and the key under which what is known of it is kept. */
#ifndef ELB_PROGRAM_H
#define ELB_PROGRAM_H

#include "device/cache.h"
#include "device/device.h"

enum { ELB_BUILD_OPTIONS_SIZE = 2048 };

/* What a kernel is built from: one program with others' where its options are the defaults, else its own. */
const char *elb_program_source(const elb_kernel *kernel, const void *options);

/* The compiler's options: the device's shape, the options of a kernel's own program as -D macros (reals as hexadecimal
 * literals, so that no digit is lost), OpenCL C 1.2, the device's division where it is rightly rounded, and nothing
 * that relaxes the maths. */
elbow_status elb_build_options(elb_error *err, char out[ELB_BUILD_OPTIONS_SIZE], const elb_device *dev,
                               const elb_kernel *kernel, const void *options);

/* The key of what (purpose: "program", "verdict") is kept of a source built with these options on a device: a hash of
 * them, the platform, the device, the driver and the versions. */
void elb_program_key(elb_cache_key *key, const char *purpose, const elbow_device_info *info, const char *source,
                     const char *build_options);

/* What selftest found out about a program of this device, kept on disk beside it: a few bytes of the caller's choice.
 * get is false if nothing of that size is known. A verdict falls with the program it is about: with its source, its
 * options, the device, the driver or the shape. */
bool elb_verdict_get(void *verdict, size_t size, elb_device *dev, const elb_kernel *kernel, const void *options);
void elb_verdict_put(elb_device *dev, const elb_kernel *kernel, const void *options, const void *verdict, size_t size);

#endif
