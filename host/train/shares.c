#include "train/shares.h"

/* One shard after another to the device that would be done with it first: no other way ends sooner, since the last
 * shard of the device that ends last would have ended later anywhere else. */
void elb_shares(uint32_t *counts, const double *speed, uint32_t devices, uint32_t shards)
{
    for (uint32_t i = 0; i < devices; i++) counts[i] = 0;
    for (uint32_t given = 0; given < shards; given++) {
        uint32_t best = 0;
        for (uint32_t i = 1; i < devices; i++)
            if ((counts[i] + 1) / speed[i] < (counts[best] + 1) / speed[best]) best = i;
        counts[best]++;
    }
}

double elb_shares_time(const uint32_t *counts, const double *speed, uint32_t devices)
{
    double most = 0;
    for (uint32_t i = 0; i < devices; i++)
        if (counts[i] / speed[i] > most) most = counts[i] / speed[i];
    return most;
}
