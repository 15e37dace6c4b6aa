/* cost.h - what a launch of each kernel has to do: for profiles and the roofline. */
#ifndef ELB_COST_H
#define ELB_COST_H

#include "device/profile.h"

/* Of one launch: an elb_cost_function. Operations as the kernel's source writes them, those of cl/math.h included
 * (where a device divides or takes roots by itself it does fewer); comparisons, choices and integers count nothing. A
 * kernel that the table lacks costs nothing; tests/check_cost.c finds it. */
elb_cost elb_cost_of(const elb_device *dev, const elb_kernel *kernel, const void *options, const elb_value *values);

/* Whether the table has a kernel, by names that the kernel still has. */
bool elb_cost_known(const elb_kernel *kernel);

#endif
