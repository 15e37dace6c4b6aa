#include "io/idx.h"

#include "io/values.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

enum { UBYTE = 0x08, SBYTE = 0x09, SHORT = 0x0B, INT = 0x0C, FLOAT = 0x0D, DOUBLE = 0x0E };

/* Deflate codes at most 258 bytes in two bits: no gzip file holds more than 1,032 times its own size. */
enum { DEFLATE_RATIO = 1032, CHUNK = 1 << 16 };

typedef struct reader {
    gzFile file;
    const char *path;
    uint64_t stored; /* the file's size on disk */
    int type;
    size_t width;   /* bytes of an element */
    size_t item;    /* elements of one image */
    uint64_t bytes; /* of the whole file as its header says, uncompressed */
    uint64_t done;  /* read so far, uncompressed */
} reader;

static const char *items(const elb_idx *idx)
{
    return idx->axes >= 3 ? "images" : "items";
}

static elbow_status open_file(reader *in, elb_error *err)
{
    struct stat about;
    if (stat(in->path, &about))
        return elb_fail(err, errno == ENOENT || errno == ENOTDIR ? ELBOW_NOT_FOUND : ELBOW_IO, "%s: %s", in->path,
                        strerror(errno));
    if (!S_ISREG(about.st_mode)) return elb_fail(err, ELBOW_BAD_FILE, "%s is not a regular file", in->path);
    in->stored = (uint64_t)about.st_size;
    errno = 0;
    in->file = gzopen(in->path, "rb");
    if (!in->file) return elb_fail(err, ELBOW_IO, "%s: %s", in->path, errno ? strerror(errno) : "no memory");
    gzbuffer(in->file, CHUNK);
    return ELBOW_OK;
}

/* Reads up to size bytes; *got is less at the end of the file, which is not a failure here. */
static elbow_status read_some(reader *in, elb_error *err, void *out, size_t size, size_t *got)
{
    *got = 0;
    while (*got < size) {
        const size_t rest = size - *got;
        const int now = gzread(in->file, (char *)out + *got, (unsigned)(rest < (1u << 30) ? rest : 1u << 30));
        if (now < 0) {
            int code;
            const char *text = gzerror(in->file, &code);
            if (code == Z_BUF_ERROR) break; /* the compressed stream ends early: judged by the caller's count */
            if (code == Z_ERRNO) return elb_fail(err, ELBOW_IO, "%s: %s", in->path, strerror(errno));
            const char *colon = strrchr(text, ':');
            return elb_fail(err, ELBOW_BAD_FILE,
                            "%s: the gzip data are corrupt at byte %" PRIu64 " (%s): copy it again", in->path,
                            in->done + *got, colon ? colon + 2 : text);
        }
        if (!now) break;
        *got += (size_t)now;
    }
    in->done += *got;
    return ELBOW_OK;
}

static size_t width_of(int type)
{
    switch (type) {
    case UBYTE:
    case SBYTE:
        return 1;
    case SHORT:
        return 2;
    case INT:
    case FLOAT:
        return 4;
    case DOUBLE:
        return 8;
    default:
        return 0;
    }
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static elbow_status read_magic(elb_idx *idx, reader *in, elb_error *err)
{
    uint8_t magic[4] = {0};
    size_t got;
    TRY(read_some(in, err, magic, sizeof magic, &got));
    if (got < sizeof magic)
        return elb_fail(err, ELBOW_BAD_FILE, "%s is too short for an IDX file (%zu bytes): copy it again", in->path,
                        got);
    if (magic[0] || magic[1])
        return elb_fail(err, ELBOW_BAD_FILE, "%s is not an IDX file: it starts with %02x %02x %02x %02x, not 00 00",
                        in->path, magic[0], magic[1], magic[2], magic[3]);
    in->type = magic[2];
    in->width = width_of(in->type);
    idx->bytes = in->type != FLOAT && in->type != DOUBLE;
    if (!in->width)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "%s: 0x%02x is no IDX type (08 ubyte, 09 byte, 0b short, 0c int, 0d float, 0e double)",
                        in->path, magic[2]);
    idx->axes = magic[3];
    if (idx->axes != 1 && idx->axes != 3 && idx->axes != 4)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "%s has %u axes; images have 3 (count, height, width) or 4 (and channels), labels 1", in->path,
                        idx->axes);
    return ELBOW_OK;
}

/* The header's claim against what the file can hold. */
static elbow_status check_sizes(elb_idx *idx, reader *in, elb_error *err)
{
    uint32_t pixels;
    if (__builtin_mul_overflow(idx->size[1], idx->size[2], &pixels) ||
        __builtin_mul_overflow(pixels, idx->size[3], &pixels) || pixels > INT32_MAX)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "%s: its header claims images of %ux%ux%u values, which cannot be: copy it again", in->path,
                        idx->size[1], idx->size[2], idx->size[3]);
    if (!idx->size[0] || !pixels)
        return elb_fail(err, ELBOW_BAD_DATA, "%s holds %u %s of %ux%ux%u values: there is nothing to learn from",
                        in->path, idx->size[0], items(idx), idx->size[1], idx->size[2], idx->size[3]);
    in->item = pixels;
    uint64_t body;
    const bool fits = !__builtin_mul_overflow((uint64_t)idx->size[0] * pixels, (uint64_t)in->width, &body) &&
                      !__builtin_add_overflow(body, in->done, &in->bytes);
    const bool plain = gzdirect(in->file);
    if (fits && plain && in->stored > in->bytes)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "%s is longer than its header says (%" PRIu64 " bytes, not %" PRIu64 "): copy it again",
                        in->path, in->stored, in->bytes);
    if (fits && in->bytes <= (plain ? in->stored : in->stored * DEFLATE_RATIO)) return ELBOW_OK;
    const uint64_t whole = plain ? (in->stored - in->done) / in->width / pixels : 0;
    char a[32], b[32], c[32], d[32];
    elb_count_text(b, idx->size[0]);
    if (plain && fits)
        return elb_fail(err, ELBOW_BAD_FILE, "%s ends after %s of %s %s (%s of %s bytes): copy it again", in->path,
                        elb_count_text(a, whole), b, items(idx), elb_count_text(c, in->stored),
                        elb_count_text(d, in->bytes));
    return elb_fail(err, ELBOW_BAD_FILE,
                    "%s: its header claims %s %s of %u values, more than %s %scan hold: copy it again", in->path, b,
                    items(idx), pixels, elb_bytes_text(a, in->stored), plain ? "" : "of gzip ");
}

static elbow_status read_header(elb_idx *idx, reader *in, elb_error *err)
{
    TRY(read_magic(idx, in, err));
    uint8_t raw[16];
    size_t got;
    TRY(read_some(in, err, raw, 4 * (size_t)idx->axes, &got));
    if (got < 4 * (size_t)idx->axes)
        return elb_fail(err, ELBOW_BAD_FILE, "%s ends inside its header (%" PRIu64 " of %u bytes): copy it again",
                        in->path, in->done, 4 + 4 * idx->axes);
    for (uint32_t i = 0; i < 4; i++) idx->size[i] = i < idx->axes ? big_endian(raw + (size_t)4 * i) : 1;
    return check_sizes(idx, in, err);
}

static elbow_status ends_early(const elb_idx *idx, const reader *in, elb_error *err, size_t elements)
{
    char a[32], b[32], c[32], d[32];
    return elb_fail(err, ELBOW_BAD_FILE, "%s ends after %s of %s %s (%s of %s bytes): copy it again", in->path,
                    elb_count_text(a, elements / in->item), elb_count_text(b, idx->size[0]), items(idx),
                    elb_count_text(c, in->done), elb_count_text(d, in->bytes));
}

static double value_of(int type, const uint8_t *at)
{
    switch (type) {
    case SBYTE:
        return (double)(int8_t)at[0];
    case SHORT:
        return (double)(int16_t)(at[0] << 8 | at[1]);
    case INT:
        return (double)(int32_t)big_endian(at);
    case FLOAT: {
        const uint32_t bits = big_endian(at);
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    default: {
        const uint64_t bits = (uint64_t)big_endian(at) << 32 | big_endian(at + 4);
        double value;
        memcpy(&value, &bits, sizeof value);
        return value;
    }
    }
}

/* Turns one chunk of big-endian elements into bytes or floats at element `first`. */
static elbow_status convert(elb_idx *idx, const reader *in, elb_error *err, const uint8_t *raw, size_t first,
                            size_t count)
{
    char place[96];
    for (size_t i = 0; i < count; i++) {
        const double value = value_of(in->type, raw + i * in->width);
        if (idx->bytes) {
            if (value < 0 || value > 255)
                return elb_fail(err, ELBOW_BAD_DATA, "%s: %s is %.0f; integers must be 0..255 (write floats otherwise)",
                                in->path, elb_place(place, idx->size, first + i), value);
            ((uint8_t *)idx->values)[first + i] = (uint8_t)value;
            continue;
        }
        if (elb_unfit(value))
            return elb_fail(err, ELBOW_BAD_DATA, "%s: %s is %s: remove or replace it", in->path,
                            elb_place(place, idx->size, first + i), elb_unfit(value));
        ((float *)idx->values)[first + i] = elb_canonical((float)value);
    }
    return ELBOW_OK;
}

static elbow_status read_body(elb_idx *idx, reader *in, elb_error *err, uint32_t take)
{
    const size_t total = (size_t)take * in->item;
    TRY(elb_new(err, &idx->values, total, idx->bytes ? 1 : sizeof(float), in->path));
    size_t got;
    if (in->type == UBYTE) {
        TRY(read_some(in, err, idx->values, total, &got));
        return got < total ? ends_early(idx, in, err, got) : ELBOW_OK;
    }
    uint8_t raw[8192];
    for (size_t at = 0; at < total;) {
        const size_t room = sizeof raw / in->width, count = total - at < room ? total - at : room;
        TRY(read_some(in, err, raw, count * in->width, &got));
        TRY(convert(idx, in, err, raw, at, got / in->width));
        if (got < count * in->width) return ends_early(idx, in, err, at + got / in->width);
        at += count;
    }
    return ELBOW_OK;
}

/* After the last item there is nothing more, and the gzip checksum was right: zlib looks at it at the end. */
static elbow_status check_end(reader *in, elb_error *err)
{
    uint8_t extra;
    size_t got;
    TRY(read_some(in, err, &extra, 1, &got));
    if (got)
        return elb_fail(err, ELBOW_BAD_FILE, "%s is longer than its header says (%" PRIu64 " bytes): copy it again",
                        in->path, in->bytes);
    int code;
    gzerror(in->file, &code);
    if (code != Z_OK && code != Z_STREAM_END)
        return elb_fail(err, ELBOW_BAD_FILE, "%s: the gzip data end before their checksum: copy it again", in->path);
    return ELBOW_OK;
}

elbow_status elb_idx_read(elb_idx *idx, elb_error *err, const char *path, uint32_t limit)
{
    memset(idx, 0, sizeof *idx);
    reader in = {.path = path};
    elbow_status status;
    TRY_DONE(open_file(&in, err));
    TRY_DONE(read_header(idx, &in, err));
    const uint32_t take = limit && limit < idx->size[0] ? limit : idx->size[0];
    TRY_DONE(read_body(idx, &in, err, take));
    if (take == idx->size[0]) TRY_DONE(check_end(&in, err));
    idx->size[0] = take;
done:
    if (in.file) gzclose(in.file);
    return status;
}

void elb_idx_free(elb_idx *idx)
{
    free(idx->values);
    memset(idx, 0, sizeof *idx);
}
