/* threads_none.c - a build without OpenMP: one thread. */
#include "device/native.h"

uint32_t elb_threads(void)
{
    return 1;
}

void elb_set_threads(uint32_t count)
{
    (void)count;
}

void elb_parallel(uint32_t count, elb_task *task, void *with)
{
    task(with, 0, count);
}
