/* groups.cl - a kernel without options, in two dimensions. */
#include "language.h"

/* Each work-group adds a number of its own at its place. x only makes the launch large. */
kernel void sample_groups(global uint *seen, const global real *x)
{
    (void)x;
    const uint i = (uint)get_group_id(1) * (uint)get_num_groups(0) + (uint)get_group_id(0);
    if (get_local_id(0) == 0) seen[i] += 1000u * (uint)get_group_id(1) + (uint)get_group_id(0) + 1u;
}
