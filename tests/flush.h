/* flush.h - the processor's mode in which subnormal numbers are zero, as operands and as results: what some devices
 * always do. Threads that are started inherit it, those that run do not change: for work on the caller's thread. */
#ifndef ELB_TEST_FLUSH_H
#define ELB_TEST_FLUSH_H

#if defined(__SSE2__)
#include <immintrin.h>
#define CAN_FLUSH 1

static inline void flush_subnormals(int on)
{
    const unsigned bits = 0x8040; /* FTZ, DAZ */
    _mm_setcsr(on ? _mm_getcsr() | bits : _mm_getcsr() & ~bits);
}

#elif defined(__aarch64__)
#define CAN_FLUSH 1

static inline void flush_subnormals(int on)
{
    const unsigned long long bit = 1ull << 24; /* FZ */
    unsigned long long mode;
    __asm__ __volatile__("mrs %0, fpcr" : "=r"(mode));
    mode = on ? mode | bit : mode & ~bit;
    __asm__ __volatile__("msr fpcr, %0" : : "r"(mode));
}

#else
#define CAN_FLUSH 0

static inline void flush_subnormals(int on)
{
    (void)on;
}
#endif

#endif
