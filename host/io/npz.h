/* npz.h - NumPy's archives of arrays: a ZIP file whose members are .npy files, stored or deflated.
 *
 * The central directory is what is believed, and only as far as the file's size allows; numpy.savez writes local
 * headers whose sizes are not filled in. ZIP64 is read: numpy uses it for arrays of 4 GiB and more. */
#ifndef ELB_IO_NPZ_H
#define ELB_IO_NPZ_H

#include "io/npy.h"

#define ELB_NPZ_NAME 127

typedef struct elb_npz_member {
    char name[ELB_NPZ_NAME + 1]; /* of the array: "mu" for the member mu.npy */
    uint16_t method;             /* 0 stored, 8 deflated */
    uint32_t crc;
    uint64_t packed, size, header; /* bytes in the archive, bytes unpacked, place of the local header */
} elb_npz_member;

typedef struct elb_npz {
    elb_npz_member *member; /* in the archive's order */
    size_t count;
    const unsigned char *bytes;
    size_t size;
    void *file; /* bytes, if they were read from a file; else NULL */
} elb_npz;

/* Reads an archive's directory. Freed with elb_npz_free, also after a failure. Errors: NOT_FOUND, IO, MEMORY, BAD_FILE.
 * parse: the same from memory, which stays the caller's and must outlive *out. */
elbow_status elb_npz_read(elb_npz *out, elb_error *err, const char *path);
elbow_status elb_npz_parse(elb_npz *out, elb_error *err, const void *file, size_t size);
void elb_npz_free(elb_npz *npz);

/* Unpacks one array, checked against its CRC. Freed with free(out->values). Errors: NOT_FOUND (the message lists the
 * names there are), BAD_FILE, MEMORY. */
elbow_status elb_npz_array(elb_npy *out, elb_error *err, const elb_npz *npz, const char *name);

/* The same without its conversion to floats: the array lies in the archive's bytes, or in *own where it was deflated,
 * which is freed with free(), also after a failure. */
elbow_status elb_npz_look(elb_npy_view *out, void **own, elb_error *err, const elb_npz *npz, const char *name);

/* Whether there is an array of this name. */
bool elb_npz_has(const elb_npz *npz, const char *name);

#endif
