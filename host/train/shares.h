/* shares.h - how many of a batch's shards each device of a team is given. */
#ifndef ELB_SHARES_H
#define ELB_SHARES_H

#include <stdint.h>

/* Whole shards in proportion to speed (shards a second, above 0): counts sum to `shards` and the time until the last
 * device is done, max(counts[i] / speed[i]), is the least that there is. A device may get none. */
void elb_shares(uint32_t *counts, const double *speed, uint32_t devices, uint32_t shards);

/* That time, of these counts. */
double elb_shares_time(const uint32_t *counts, const double *speed, uint32_t devices);

#endif
