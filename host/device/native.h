/* native.h - the device that needs no OpenCL: the kernels as the C compiler built them, on this machine's cores. */
#ifndef ELB_NATIVE_H
#define ELB_NATIVE_H

#include "device/device.h"

/* The build's sets of kernels, best first, ended by NULL (cmake/Kernels.cmake). */
extern const elb_native_set *const elb_native_sets[];

/* What this machine is as a device: id "native". */
void elb_native_info(elbow_device_info *info);
/* Opens the best instruction set that the processor has (isa NULL) or one of them ("avx2"). err must outlive the
 * device. Errors: NOT_FOUND the build has no such set, DEVICE the processor lacks it, MEMORY. */
elbow_status elb_native_open(elb_device **dev, elb_error *err, const char *isa);
/* The same for a set that is not in the list: tests open float64. */
elbow_status elb_native_open_set(elb_device **dev, elb_error *err, const elb_native_set *set);

/* ---- cpu_x86.c, cpu_any.c ---- */

/* Whether this processor executes a set's instructions. */
bool elb_cpu_has(const char *isa);

/* ---- threads_pool.c ---- */

typedef void elb_task(void *with, uint32_t first, uint32_t last);
/* How many threads elb_parallel uses. */
uint32_t elb_threads(void);
/* Changes that for calls from this thread. */
void elb_set_threads(uint32_t count);
/* Calls the task with ranges that together are [0, count), each number once, in any order, on several threads. */
void elb_parallel(uint32_t count, elb_task *task, void *with);

#endif
