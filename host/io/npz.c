/* npz.c - reading ZIP archives of arrays. Record layouts: PKWARE's APPNOTE.TXT, sections 4.3.6 to 4.5.3. */
#include "io/npz.h"

#include "base/file.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LOCAL = 30, ENTRY = 46, END = 22, LOCATOR = 20, END64 = 56 };
enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1, MOST_MEMBERS = 4096, LONGEST_COMMENT = 65535 };
/* Deflate cannot shrink anything further (zlib's technical details): a larger claim is a lie. */
#define MOST_RATIO 1032

/* count bytes, the lowest first */
static uint64_t little(const unsigned char *at, int count)
{
    uint64_t value = 0;
    for (int i = count - 1; i >= 0; i--) value = value << 8 | at[i];
    return value;
}

/* Whether [at, at + length) lies in the archive. */
static bool inside(const elb_npz *npz, uint64_t at, uint64_t length)
{
    return at <= npz->size && length <= npz->size - at;
}

static bool has_mark(const unsigned char *at, char third, char fourth)
{
    return at[0] == 'P' && at[1] == 'K' && at[2] == (unsigned char)third && at[3] == (unsigned char)fourth;
}

typedef struct directory {
    uint64_t at, size, count;
} directory;

/* The ZIP64 end record, where the plain one at `end` has no room for the numbers. */
static elbow_status read_end64(directory *out, elb_error *err, const elb_npz *npz, size_t end)
{
    const unsigned char *locator = npz->bytes + end - LOCATOR;
    if (end < LOCATOR || !has_mark(locator, 6, 7)) return ELBOW_OK;
    const uint64_t at = little(locator + 8, 8);
    if (!inside(npz, at, END64) || !has_mark(npz->bytes + at, 6, 6))
        return elb_fail(err, ELBOW_BAD_FILE, "its ZIP64 directory is damaged: copy it again");
    const unsigned char *record = npz->bytes + at;
    *out = (directory){.at = little(record + 48, 8), .size = little(record + 40, 8), .count = little(record + 32, 8)};
    return ELBOW_OK;
}

static elbow_status find_directory(directory *out, elb_error *err, const elb_npz *npz)
{
    const size_t furthest = npz->size > END + LONGEST_COMMENT ? npz->size - END - LONGEST_COMMENT : 0;
    for (size_t at = npz->size >= END ? npz->size - END : 0; npz->size >= END; at--) {
        const unsigned char *record = npz->bytes + at;
        if (has_mark(record, 5, 6) && at + END + little(record + 20, 2) == npz->size) {
            *out = (directory){
                .at = little(record + 16, 4), .size = little(record + 12, 4), .count = little(record + 10, 2)};
            return read_end64(out, err, npz, at);
        }
        if (at == furthest) break;
    }
    if (npz->size >= 6 && !memcmp(npz->bytes, "\x93NUMPY", 6))
        return elb_fail(err, ELBOW_BAD_FILE, "it is one array (.npy): save several with numpy.savez(path, x=x, ...)");
    if (npz->size >= 4 && has_mark(npz->bytes, 3, 4))
        return elb_fail(err, ELBOW_BAD_FILE, "it is a ZIP archive cut short, without its directory: copy it again");
    return elb_fail(err, ELBOW_BAD_FILE, "it is no .npz file: write one with numpy.savez(path, x=x, ...)");
}

/* ZIP64's extra field holds, in this order, those numbers that did not fit into the entry. */
static bool read_extra64(elb_npz_member *member, const unsigned char *extra, size_t length)
{
    uint64_t *const wide[] = {&member->size, &member->packed, &member->header};
    while (length >= 4) {
        const size_t kind = little(extra, 2), size = little(extra + 2, 2);
        extra += 4, length -= 4;
        if (size > length) return false;
        size_t at = 0;
        for (size_t i = 0; kind == 1 && i < COUNT(wide); i++) {
            if (*wide[i] != UINT32_MAX) continue;
            if (at + 8 > size) return false;
            *wide[i] = little(extra + at, 8);
            at += 8;
        }
        extra += size, length -= size;
    }
    return true;
}

/* The array's name: the member's without ".npy". */
static void copy_name(char to[ELB_NPZ_NAME + 1], const unsigned char *name, size_t length)
{
    if (length > 4 && !memcmp(name + length - 4, ".npy", 4)) length -= 4;
    if (length > ELB_NPZ_NAME) length = ELB_NPZ_NAME;
    for (size_t i = 0; i < length; i++) to[i] = (char)(name[i] >= ' ' && name[i] != 0x7f ? name[i] : '?');
    to[length] = 0;
}

/* One entry of the directory; *at moves past it. */
static elbow_status read_entry(elb_npz_member *member, elb_error *err, const elb_npz *npz, uint64_t *at, uint64_t end)
{
    const unsigned char *entry = npz->bytes + *at;
    if (end - *at < ENTRY || !has_mark(entry, 1, 2))
        return elb_fail(err, ELBOW_BAD_FILE, "its directory is damaged at byte %" PRIu64 ": copy it again", *at);
    const size_t name = little(entry + 28, 2), extra = little(entry + 30, 2), comment = little(entry + 32, 2);
    if (end - *at - ENTRY < name + extra + comment)
        return elb_fail(err, ELBOW_BAD_FILE, "its directory ends inside an entry: copy it again");
    *member = (elb_npz_member){.method = (uint16_t)little(entry + 10, 2),
                               .crc = (uint32_t)little(entry + 16, 4),
                               .packed = little(entry + 20, 4),
                               .size = little(entry + 24, 4),
                               .header = little(entry + 42, 4)};
    copy_name(member->name, entry + ENTRY, name);
    if (!read_extra64(member, entry + ENTRY + name, extra))
        return elb_fail(err, ELBOW_BAD_FILE, "'%s': its ZIP64 sizes are damaged: copy it again", member->name);
    if (little(entry + 8, 2) & ENCRYPTED)
        return elb_fail(err, ELBOW_BAD_FILE, "'%s' is encrypted: save it without a password", member->name);
    *at += ENTRY + name + extra + comment;
    return ELBOW_OK;
}

static elbow_status read_entries(elb_npz *out, elb_error *err)
{
    directory where = {0};
    TRY(find_directory(&where, err, out));
    if (!inside(out, where.at, where.size) || where.count > MOST_MEMBERS || where.count > where.size / ENTRY)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "its directory claims %" PRIu64 " arrays in %" PRIu64 " bytes at byte %" PRIu64
                        ", which cannot be: copy it again",
                        where.count, where.size, where.at);
    TRY(elb_new(err, &out->member, (size_t)where.count, sizeof *out->member, "the list of arrays"));
    const uint64_t end = where.at + where.size;
    for (uint64_t at = where.at; out->count < where.count; out->count++) {
        const char *name = out->member[out->count].name;
        TRY(read_entry(&out->member[out->count], err, out, &at, end));
        for (size_t i = 0; i < out->count; i++)
            if (!strcmp(out->member[i].name, name))
                return elb_fail(err, ELBOW_BAD_FILE, "it holds two arrays named '%s'", name);
    }
    return ELBOW_OK;
}

elbow_status elb_npz_parse(elb_npz *out, elb_error *err, const void *file, size_t size)
{
    *out = (elb_npz){.bytes = file, .size = size};
    return read_entries(out, err);
}

elbow_status elb_npz_read(elb_npz *out, elb_error *err, const char *path)
{
    void *file = NULL;
    size_t size;
    *out = (elb_npz){0};
    TRY(elb_file_read(err, &file, &size, path, SIZE_MAX / 2));
    const elbow_status status = elb_npz_parse(out, err, file, size);
    out->file = file;
    return status == ELBOW_OK ? ELBOW_OK : elb_blame(err, "%s", path);
}

void elb_npz_free(elb_npz *npz)
{
    free(npz->member);
    free(npz->file);
    *npz = (elb_npz){0};
}

/* "x, mu, logvar" */
static void list_names(char *out, size_t size, const elb_npz *npz)
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < npz->count && at + 1 < size; i++) {
        elb_format(out + at, size - at, "%s%s", i ? ", " : "", npz->member[i].name);
        at += strlen(out + at);
    }
}

static elbow_status no_member(elb_error *err, const elb_npz *npz, const char *name)
{
    char list[400];
    if (!npz->count) return elb_fail(err, ELBOW_NOT_FOUND, "holds no arrays at all");
    list_names(list, sizeof list, npz);
    return elb_fail(err, ELBOW_NOT_FOUND, "holds no array '%s'; it has %s: numpy.savez(path, %s=...) names it", name,
                    list, name);
}

/* Where a member's bytes begin: its local header has a name and an extra field of its own lengths. */
static elbow_status find_body(const unsigned char **body, elb_error *err, const elb_npz *npz, const elb_npz_member *m)
{
    if (!inside(npz, m->header, LOCAL) || !has_mark(npz->bytes + m->header, 3, 4))
        return elb_fail(err, ELBOW_BAD_FILE, "'%s': nothing of it at byte %" PRIu64 ": copy the file again", m->name,
                        m->header);
    const unsigned char *local = npz->bytes + m->header;
    const uint64_t at = m->header + LOCAL + little(local + 26, 2) + little(local + 28, 2);
    if (!inside(npz, at, m->packed))
        return elb_fail(err, ELBOW_BAD_FILE, "'%s': its %" PRIu64 " bytes reach past the file's end: copy it again",
                        m->name, m->packed);
    *body = npz->bytes + at;
    return ELBOW_OK;
}

static uint32_t crc_of(const unsigned char *bytes, uint64_t size)
{
    uLong crc = crc32(0, NULL, 0);
    while (size) {
        const uInt part = size < INT_MAX ? (uInt)size : INT_MAX;
        crc = crc32(crc, bytes, part);
        bytes += part, size -= part;
    }
    return (uint32_t)crc;
}

/* Inflates packed bytes into exactly size bytes; zlib counts in 32 bits, hence the parts. */
static bool inflate_all(unsigned char *to, uint64_t size, const unsigned char *from, uint64_t packed)
{
    z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)from, .next_out = to};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
    int result = Z_OK;
    while (result == Z_OK) {
        const uint64_t in = packed - (uint64_t)(stream.next_in - from), out = size - (uint64_t)(stream.next_out - to);
        stream.avail_in = in < INT_MAX ? (uInt)in : INT_MAX;
        stream.avail_out = out < INT_MAX ? (uInt)out : INT_MAX;
        result = inflate(&stream, Z_NO_FLUSH);
    }
    const bool whole = (uint64_t)(stream.next_out - to) == size && (uint64_t)(stream.next_in - from) == packed;
    inflateEnd(&stream);
    return result == Z_STREAM_END && whole;
}

/* The bytes of a member, not yet checked: in the archive, or inflated into *own. */
static elbow_status unpack(const unsigned char **bytes, void **own, elb_error *err, const elb_npz *npz,
                           const elb_npz_member *m)
{
    const unsigned char *body = NULL;
    TRY(find_body(&body, err, npz, m));
    *bytes = body;
    if (m->method == STORED && m->packed == m->size) return ELBOW_OK;
    if (m->method != DEFLATED)
        return elb_fail(err, ELBOW_BAD_FILE,
                        "'%s' is packed by a method (%u) that is not read: use numpy.savez or numpy.savez_compressed",
                        m->name, (unsigned)m->method);
    if (m->size / MOST_RATIO > m->packed)
        return elb_fail(err, ELBOW_BAD_FILE, "'%s' claims %" PRIu64 " bytes out of %" PRIu64 ", which cannot be",
                        m->name, m->size, m->packed);
    TRY(elb_new(err, own, (size_t)m->size, 1, m->name));
    *bytes = *own;
    if (inflate_all(*own, m->size, body, m->packed)) return ELBOW_OK;
    return elb_fail(err, ELBOW_BAD_FILE, "'%s' cannot be unpacked to its %" PRIu64 " bytes: copy it again", m->name,
                    m->size);
}

static const elb_npz_member *find_member(const elb_npz *npz, const char *name)
{
    for (size_t i = 0; i < npz->count; i++)
        if (!strcmp(npz->member[i].name, name)) return &npz->member[i];
    return NULL;
}

bool elb_npz_has(const elb_npz *npz, const char *name)
{
    return find_member(npz, name) != NULL;
}

/* The .npy file that a member is. */
static elbow_status member_file(const unsigned char **bytes, size_t *size, void **own, elb_error *err,
                                const elb_npz *npz, const char *name)
{
    const elb_npz_member *m = find_member(npz, name);
    if (!m) return no_member(err, npz, name);
    TRY(unpack(bytes, own, err, npz, m));
    *size = (size_t)m->size;
    if (crc_of(*bytes, m->size) == m->crc) return ELBOW_OK;
    return elb_fail(err, ELBOW_BAD_FILE, "'%s' is damaged (its CRC differs): copy it again", m->name);
}

elbow_status elb_npz_look(elb_npy_view *out, void **own, elb_error *err, const elb_npz *npz, const char *name)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    *own = NULL;
    TRY(member_file(&bytes, &size, own, err, npz, name));
    return elb_npy_look(out, err, bytes, size) == ELBOW_OK ? ELBOW_OK : elb_blame(err, "'%s'", name);
}

elbow_status elb_npz_array(elb_npy *out, elb_error *err, const elb_npz *npz, const char *name)
{
    const unsigned char *bytes = NULL;
    size_t size = 0;
    void *own = NULL;
    *out = (elb_npy){0};
    elbow_status status = member_file(&bytes, &size, &own, err, npz, name);
    if (status == ELBOW_OK && (status = elb_npy_parse(out, err, bytes, size)) != ELBOW_OK) elb_blame(err, "'%s'", name);
    free(own);
    return status;
}
