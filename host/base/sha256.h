/* sha256.h - SHA-256 (FIPS 180-4): digests of parameters and keys of caches. */
#ifndef ELB_SHA256_H
#define ELB_SHA256_H

#include <stddef.h>
#include <stdint.h>

#define ELB_SHA256_BYTES 32

typedef struct elb_sha256 {
    uint32_t state[8];
    uint64_t length; /* bytes added so far */
    unsigned char block[64];
} elb_sha256;

void elb_sha256_start(elb_sha256 *sha);
void elb_sha256_add(elb_sha256 *sha, const void *bytes, size_t size);
/* Writes the digest; sha must be started again before it is used again. */
void elb_sha256_end(unsigned char digest[ELB_SHA256_BYTES], elb_sha256 *sha);

/* All three in one. */
void elb_sha256_of(unsigned char digest[ELB_SHA256_BYTES], const void *bytes, size_t size);
/* 64 digits of lower case and a closing zero. */
void elb_sha256_hex(char hex[2 * ELB_SHA256_BYTES + 1], const unsigned char digest[ELB_SHA256_BYTES]);

#endif
