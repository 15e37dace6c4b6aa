/* threads_openmp.c - work on several threads. OMP_NUM_THREADS says how many. */
#include "device/native.h"

#include <omp.h>

/* Ranges for each thread: enough that a slow core does not keep the others waiting. */
#define RANGES 4

uint32_t elb_threads(void)
{
    return omp_in_parallel() ? 1 : (uint32_t)omp_get_max_threads();
}

void elb_set_threads(uint32_t count)
{
    omp_set_num_threads((int)count);
}

/* The team keeps its size even if there is less to do: changing it costs more than idle threads do. */
void elb_parallel(uint32_t count, elb_task *task, void *with)
{
    const uint32_t threads = elb_threads();
    const uint32_t ranges = count < threads * RANGES ? count : threads * RANGES;
#pragma omp parallel for schedule(dynamic, 1) if (threads > 1 && ranges > 1)
    for (uint32_t r = 0; r < ranges; r++)
        task(with, (uint32_t)((uint64_t)count * r / ranges), (uint32_t)((uint64_t)count * (r + 1) / ranges));
}
