/* random.h - what the host draws: shuffles and initial weights, from the same Philox as the kernels. */
#ifndef ELB_RANDOM_H
#define ELB_RANDOM_H

#include <stdint.h>

/* Philox4x32-10. Counter: purpose (enum purpose of cl/choices.h), epoch or draw, index, block of four. */
void elb_philox(uint32_t out[4], uint64_t key, const uint32_t counter[4]);

/* ((word >> 9) + 1/2) 2^-23: in (0, 1), exact. */
float elb_uniform(uint32_t word);

/* Shuffles n indices (Fisher and Yates, from the last one down), each order as likely as any other. The stream depends
 * on seed and epoch only; index and block count its words. */
void elb_shuffle(uint32_t *indices, uint32_t n, uint64_t seed, uint32_t epoch);

/* Fills count weights with uniforms in ±bound, made canonical: weight e of tensor t is word e % 4 of block e / 4. */
void elb_initial_weights(float *weights, uint32_t count, float bound, uint64_t seed, uint32_t tensor);

#endif
