/* npz_files.h - .npz files as numpy writes them, and as it does not. */
#ifndef ELB_TEST_NPZ_FILES_H
#define ELB_TEST_NPZ_FILES_H

#include "io_files.h"

typedef struct zip {
    unsigned char *bytes;
    size_t room, size;
    unsigned char directory[4096];
    size_t directory_size;
    unsigned count;
} zip;

__attribute__((unused)) static size_t put(unsigned char *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) to[i] = (unsigned char)(i < 8 ? value >> 8 * i : 0);
    return (size_t)bytes;
}

/* A member. Its local header has numpy's ZIP64 form: the sizes there are all ones, with an extra field. wide: the
 * directory leaves the packed size and the place to its own extra field, but not the size. */
__attribute__((unused)) static void zip_add(zip *z, const char *name, const void *data, size_t size, bool packed,
                                            bool wide)
{
    const size_t length = strlen(name), header = z->size;
    unsigned char *at = z->bytes + z->size, *body;
    const uint32_t crc = (uint32_t)crc32(0, data, (uInt)size);
    size_t body_size = size;
    ck_assert_uint_le(z->size + 30 + length + 20 + size + 64, z->room);
    body = at + 30 + length + 20;
    memcpy(body, data, size);
    if (packed) {
        z_stream s = {
            .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)size, .next_out = body, .avail_out = 1 << 20};
        ck_assert_int_eq(deflateInit2(&s, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
        ck_assert_int_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
        body_size = s.total_out;
        deflateEnd(&s);
    }
    at += put(at, 0x04034b50, 4), at += put(at, 45, 2), at += put(at, 0, 2), at += put(at, packed ? 8 : 0, 2);
    at += put(at, 0, 4), at += put(at, crc, 4), at += put(at, UINT32_MAX, 4), at += put(at, UINT32_MAX, 4);
    at += put(at, length, 2), at += put(at, 20, 2);
    memcpy(at, name, length), at += length;
    at += put(at, 1, 2), at += put(at, 16, 2), at += put(at, size, 8), put(at, body_size, 8);
    z->size = (size_t)(body - z->bytes) + body_size;

    unsigned char *d = z->directory + z->directory_size;
    d += put(d, 0x02014b50, 4), d += put(d, 45, 2), d += put(d, 45, 2), d += put(d, 0, 2),
        d += put(d, packed ? 8 : 0, 2);
    d += put(d, 0, 4), d += put(d, crc, 4), d += put(d, wide ? UINT32_MAX : body_size, 4);
    d += put(d, size, 4), d += put(d, length, 2), d += put(d, wide ? 20 : 0, 2);
    d += put(d, 0, 10), d += put(d, wide ? UINT32_MAX : header, 4);
    memcpy(d, name, length), d += length;
    if (wide) d += put(d, 1, 2), d += put(d, 16, 2), d += put(d, body_size, 8), d += put(d, header, 8);
    z->directory_size = (size_t)(d - z->directory);
    z->count++;
}

/* Writes the directory and the record that ends the file; wide: ZIP64's records as well. */
__attribute__((unused)) static void zip_end(zip *z, bool wide)
{
    unsigned char *at = z->bytes + z->size;
    const size_t directory = z->size, end64 = z->size + z->directory_size;
    memcpy(at, z->directory, z->directory_size), at += z->directory_size;
    if (wide) {
        at += put(at, 0x06064b50, 4), at += put(at, 44, 8), at += put(at, 45, 2), at += put(at, 45, 2);
        at += put(at, 0, 8), at += put(at, z->count, 8), at += put(at, z->count, 8);
        at += put(at, z->directory_size, 8), at += put(at, directory, 8);
        at += put(at, 0x07064b50, 4), at += put(at, 0, 4), at += put(at, end64, 8), at += put(at, 1, 4);
    }
    at += put(at, 0x06054b50, 4), at += put(at, 0, 4), at += put(at, wide ? 0xffff : z->count, 2);
    at += put(at, wide ? 0xffff : z->count, 2), at += put(at, wide ? UINT32_MAX : z->directory_size, 4);
    at += put(at, wide ? UINT32_MAX : directory, 4), at += put(at, 0, 2);
    z->size = (size_t)(at - z->bytes);
}

/* A .npy file of float32 into out; its size. */
__attribute__((unused)) static size_t npy_bytes(unsigned char *out, const char *shape, const float *values,
                                                size_t count)
{
    char text[128];
    elb_format(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }\n", shape);
    memcpy(out, "\x93NUMPY\1\0", 8);
    put(out + 8, strlen(text), 2);
    memcpy(out + 10, text, strlen(text));
    if (count) memcpy(out + 10 + strlen(text), values, count * sizeof *values);
    return 10 + strlen(text) + count * sizeof *values;
}

#endif
