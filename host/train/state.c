#include "train/state.h"

#include "io/tensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Every field of elb_state, once: U an integer, D a double (kept in hexadecimal, so that it comes back to the bit), N
 * one that is newer than the first states: 0 where it is missing. */
#define STATE_FIELDS(U, D, N)                                                                                          \
    U(step, UINT64_MAX)                                                                                                \
    U(epoch, UINT32_MAX)                                                                                               \
    U(batch, UINT32_MAX)                                                                                               \
    U(finished, 1)                                                                                                     \
    U(skipped, UINT64_MAX)                                                                                             \
    U(n, UINT32_MAX)                                                                                                   \
    D(distortion)                                                                                                      \
    D(rate)                                                                                                            \
    N(bound)                                                                                                           \
    U(clamped, UINT64_MAX)                                                                                             \
    D(best_elbo)                                                                                                       \
    U(best_epoch, UINT32_MAX)                                                                                          \
    U(metrics_bytes, UINT64_MAX)                                                                                       \
    D(seconds)                                                                                                         \
    D(control)                                                                                                         \
    D(control_average)                                                                                                 \
    D(control_begun)                                                                                                   \
    D(control_weight)

#define NOTE_SIZE 80
#define MAX_NOTES 24

typedef struct notes {
    elb_note note[MAX_NOTES];
    char text[MAX_NOTES][NOTE_SIZE];
    size_t count;
} notes;

static char *add_note(notes *to, const char *key)
{
    const size_t i = to->count++;
    elb_format(to->note[i].key, sizeof to->note[i].key, "%s", key);
    to->note[i].text = to->text[i];
    return to->text[i];
}

static void describe(notes *all, const elb_state *state, const char *fingerprint)
{
#define U(name, high) snprintf(add_note(all, #name), NOTE_SIZE, "%" PRIu64, (uint64_t)state->name);
#define D(name)       snprintf(add_note(all, #name), NOTE_SIZE, "%a", state->name);
    STATE_FIELDS(U, D, D)
#undef U
#undef D
    snprintf(add_note(all, "recipe"), NOTE_SIZE, "%s", fingerprint);
}

/* Of all that the state says: a file with another bit somewhere would go on to another digest without a word. */
static void checksum(char text[9], const elb_note *note, size_t notes_count, const elb_vectors *vectors)
{
    const float *const data[] = {vectors->w, vectors->m, vectors->v, vectors->best};
    uLong sum = crc32(0, NULL, 0);
    for (size_t i = 0; i < notes_count; i++)
        if (strcmp(note[i].key, "crc32") != 0)
            sum = crc32(sum, (const unsigned char *)note[i].text, (uInt)strlen(note[i].text) + 1);
    for (size_t i = 0; i < COUNT(data); i++)
        if (data[i]) sum = crc32_z(sum, (const unsigned char *)data[i], vectors->count * sizeof *data[i]);
    elb_format(text, 9, "%08lx", sum);
}

elbow_status elb_state_write(elb_error *err, const char *folder, const elb_state *state, const elb_vectors *vectors,
                             const char *fingerprint)
{
    char path[ELB_PATH], sum[9];
    TRY(elb_run_path(path, err, folder, "state.safetensors"));
    notes all = {.count = 0};
    describe(&all, state, fingerprint);
    checksum(sum, all.note, all.count, vectors);
    snprintf(add_note(&all, "crc32"), NOTE_SIZE, "%s", sum);
    const float *const data[] = {vectors->w, vectors->m, vectors->v, vectors->best};
    static const char *const names[] = {"parameters", "adam.m", "adam.v", "best"};
    elb_tensor tensors[COUNT(data)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT(data); i++)
        if (data[i]) tensors[count++] = elb_tensor_of(names[i], ELB_F32, 1, &vectors->count, data[i]);
    return elb_tensors_write(err, path, tensors, count, all.note, all.count);
}

static elbow_status read_whole(uint64_t *out, elb_error *err, const elb_tensors *file, const char *key, uint64_t high)
{
    const char *text = elb_tensors_note(file, key);
    char *end = NULL;
    const unsigned long long value = text ? strtoull(text, &end, 10) : 0;
    if (!text || end == text || *end || value > high || text[0] == '-')
        return elb_fail(err, ELBOW_BAD_FILE, "'%s' is '%s' where a whole number is expected", key,
                        text ? text : "missing");
    *out = value;
    return ELBOW_OK;
}

static elbow_status read_double(double *out, elb_error *err, const elb_tensors *file, const char *key)
{
    const char *text = elb_tensors_note(file, key);
    char *end = NULL;
    *out = text ? strtod(text, &end) : 0;
    if (!text || end == text || *end || isnan(*out))
        return elb_fail(err, ELBOW_BAD_FILE, "'%s' is '%s' where a number is expected", key, text ? text : "missing");
    return ELBOW_OK;
}

static elbow_status read_vector(float *to, elb_error *err, const elb_tensors *file, const char *name, uint64_t count)
{
    const elb_tensor *tensor;
    TRY(elb_tensors_get(&tensor, err, file, name, ELB_F32, 1, &count));
    memcpy(to, tensor->data, tensor->bytes);
    return ELBOW_OK;
}

static bool is_one_of(char fingerprints[ELB_FINGERPRINTS][65], const char *recipe)
{
    for (size_t i = 0; recipe && i < ELB_FINGERPRINTS; i++)
        if (fingerprints[i][0] && strcmp(recipe, fingerprints[i]) == 0) return true;
    return false;
}

static elbow_status read_state(elb_state *state, elb_vectors *vectors, bool *has_best, elb_error *err,
                               const elb_tensors *file)
{
    uint64_t whole = 0;
#define U(name, high)                                                                                                  \
    TRY(read_whole(&whole, err, file, #name, high));                                                                   \
    state->name = (__typeof__(state->name))whole;
#define D(name) TRY(read_double(&state->name, err, file, #name));
#define N(name)                                                                                                        \
    state->name = 0;                                                                                                   \
    if (elb_tensors_note(file, #name)) D(name)
    STATE_FIELDS(U, D, N)
#undef U
#undef D
#undef N
    TRY(read_vector(vectors->w, err, file, "parameters", vectors->count));
    TRY(read_vector(vectors->m, err, file, "adam.m", vectors->count));
    TRY(read_vector(vectors->v, err, file, "adam.v", vectors->count));
    *has_best = state->best_epoch > 0;
    if (*has_best) TRY(read_vector(vectors->best, err, file, "best", vectors->count));
    return ELBOW_OK;
}

static elbow_status check_sum(elb_error *err, const elb_tensors *file, const elb_vectors *vectors, bool has_best)
{
    char sum[9];
    const char *written = elb_tensors_note(file, "crc32");
    elb_vectors held = *vectors;
    if (!has_best) held.best = NULL;
    checksum(sum, file->note, file->notes, &held);
    if (!written || strcmp(written, sum) == 0) return ELBOW_OK; /* the first states have none */
    return elb_fail(err, ELBOW_BAD_FILE, "its checksum is %s, not %s: it is damaged", sum, written);
}

elbow_status elb_state_damaged(elb_error *err)
{
    return elb_cure(err, "copy the run again if it is a copy, or start anew with --overwrite");
}

static elbow_status refuse_other(elb_error *err, const char *path)
{
    return elb_fail(err, ELBOW_BAD_FILE,
                    "%s: the state is of another recipe or other data: repeat the options of its run.json (--config), "
                    "or choose another folder",
                    path);
}

elbow_status elb_state_read(elb_state *state, elb_vectors *vectors, bool *has_best, elb_error *err, const char *folder,
                            char fingerprints[ELB_FINGERPRINTS][65])
{
    char path[ELB_PATH];
    TRY(elb_run_path(path, err, folder, "state.safetensors"));
    elb_tensors file = {0};
    elbow_status status = elb_tensors_read(&file, err, path);
    const bool other = status == ELBOW_OK && !is_one_of(fingerprints, elb_tensors_note(&file, "recipe"));
    if (other) status = refuse_other(err, path);
    if (status == ELBOW_OK) {
        status = read_state(state, vectors, has_best, err, &file);
        if (status == ELBOW_OK) status = check_sum(err, &file, vectors, *has_best);
        if (status != ELBOW_OK) elb_blame(err, "%s", path);
    }
    elb_tensors_free(&file);
    return status == ELBOW_BAD_FILE && !other ? elb_state_damaged(err) : status;
}
