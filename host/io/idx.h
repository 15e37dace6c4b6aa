/* idx.h - the IDX format of MNIST and its relatives, plain or gzipped: one array of up to four axes, big-endian.
 *
 * Integers become bytes (0..255), floating-point values float32 (made canonical: |x| < 2^-40 is +0, docs/bits.md).
 * The header is believed only as far as the file's size allows: nothing is allocated for a claim that cannot be true.
 */
#ifndef ELB_IO_IDX_H
#define ELB_IO_IDX_H

#include "base/base.h"

typedef struct elb_idx {
    uint32_t axes;    /* 1 labels, 3 grey images, 4 images with channels */
    uint32_t size[4]; /* count, height, width, channels; 1 where there is no such axis */
    bool bytes;       /* values are uint8_t, else float */
    void *values;
} elb_idx;

/* Reads a file; with a limit that is not 0 only the first so many items of the first axis. Freed with elb_idx_free,
 * also after a failure. Errors: NOT_FOUND, IO, BAD_FILE (not IDX, cut short, too long, corrupt gzip), BAD_DATA (NaN or
 * infinite values, integers outside 0..255, nothing in it), MEMORY. */
elbow_status elb_idx_read(elb_idx *idx, elb_error *err, const char *path, uint32_t limit);
void elb_idx_free(elb_idx *idx);

#endif
