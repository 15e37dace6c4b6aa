/* sweep_file.c - sweep.json: what a sweep was made with, and a row for each run that has ended. */
#include "base/file.h"
#include "train/sweep.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of a row in the file: writing and reading go through one table. */
typedef enum kind { COUNT32, COUNT64, REAL } kind;

typedef struct field {
    const char *name;
    kind kind;
    size_t offset;
} field;

#define ROW(member) offsetof(elbow_sweep_row, member)
static const field row_fields[] = {
    {"beta", REAL, ROW(weight.beta)},      {"beta_norm", REAL, ROW(weight.beta_norm)},
    {"sigma2", REAL, ROW(weight.sigma2)},  {"n", COUNT32, ROW(test.n)},
    {"elbo", REAL, ROW(test.elbo)},        {"distortion", REAL, ROW(test.distortion)},
    {"rate", REAL, ROW(test.rate)},        {"sse", REAL, ROW(test.sse)},
    {"mse", REAL, ROW(test.mse)},          {"active_units", COUNT32, ROW(test.active_units)},
    {"latent", COUNT32, ROW(test.latent)}, {"clamped", COUNT64, ROW(test.clamped)},
};
static const field predicted_fields[] = {
    {"rate", REAL, ROW(predicted.rate)},
    {"distortion", REAL, ROW(predicted.distortion)},
    {"active_units", COUNT32, ROW(predicted.active)},
    {"collapse_beta", REAL, ROW(predicted.collapse_beta)},
};

static void write_fields(cJSON *to, const field *fields, size_t count, const elbow_sweep_row *row)
{
    for (size_t i = 0; i < count; i++) {
        const char *at = (const char *)row + fields[i].offset;
        uint32_t small;
        uint64_t large;
        double real;
        switch (fields[i].kind) {
        case COUNT32:
            memcpy(&small, at, sizeof small);
            elb_json_add_uint(to, fields[i].name, small);
            break;
        case COUNT64:
            memcpy(&large, at, sizeof large);
            elb_json_add_uint(to, fields[i].name, large);
            break;
        case REAL:
            memcpy(&real, at, sizeof real);
            elb_json_add_number(to, fields[i].name, real);
            break;
        }
    }
}

/* null stands for what is not finite. */
static elbow_status read_real(double *real, elb_error *err, const cJSON *from, const char *name)
{
    *real = (double)NAN;
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(from, name))) return ELBOW_OK;
    return elb_json_number(real, err, from, name, -HUGE_VAL, HUGE_VAL);
}

static elbow_status read_fields(elbow_sweep_row *row, elb_error *err, const field *fields, size_t count,
                                const cJSON *from)
{
    for (size_t i = 0; i < count; i++) {
        char *at = (char *)row + fields[i].offset;
        uint64_t large;
        double real;
        switch (fields[i].kind) {
        case COUNT32:
            TRY(elb_json_uint(&large, err, from, fields[i].name, 0, UINT32_MAX));
            memcpy(at, &(uint32_t){(uint32_t)large}, sizeof(uint32_t));
            break;
        case COUNT64:
            TRY(elb_json_uint(&large, err, from, fields[i].name, 0, UINT64_MAX));
            memcpy(at, &large, sizeof large);
            break;
        case REAL:
            TRY(read_real(&real, err, from, fields[i].name));
            memcpy(at, &real, sizeof real);
            break;
        }
    }
    return ELBOW_OK;
}

static void write_row(cJSON *to, const elbow_sweep_row *row)
{
    write_fields(to, row_fields, COUNT(row_fields), row);
    write_fields(elb_json_add_object(to, "predicted"), predicted_fields, COUNT(predicted_fields), row);
    elb_json_add_text(to, "digest", row->digest);
    elb_json_add_text(to, "run", row->run);
}

static elbow_status read_row(elbow_sweep_row *row, elb_error *err, const cJSON *from)
{
    const cJSON *predicted;
    TRY(read_fields(row, err, row_fields, COUNT(row_fields), from));
    TRY(elb_json_object(&predicted, err, from, "predicted"));
    TRY(read_fields(row, err, predicted_fields, COUNT(predicted_fields), predicted));
    TRY(elb_json_text(row->digest, sizeof row->digest, err, from, "digest"));
    return elb_json_text(row->run, sizeof row->run, err, from, "run");
}

elbow_status elb_sweep_write(elb_error *err, const elb_sweep *sweep)
{
    char path[ELB_PATH], *text = NULL;
    TRY(elb_run_path(path, err, sweep->options->out, "sweep.json"));
    cJSON *root = cJSON_CreateObject();
    elb_run_add(root, &sweep->about.recipe, &sweep->about.train, sweep->data);
    cJSON *rows = elb_json_add_array(root, "rows");
    for (uint32_t i = 0; i < sweep->options->count; i++)
        if (sweep->course[i].ready) write_row(elb_json_add_object(rows, NULL), &sweep->rows[i]);
    elbow_status status = elb_json_print(&text, err, root, true);
    if (status == ELBOW_OK) status = elb_file_write(err, path, text, strlen(text));
    free(text);
    cJSON_Delete(root);
    return status;
}

static elbow_status take_rows(elb_sweep *sweep, bool found[ELBOW_MAX_BETAS], elb_error *err, const cJSON *root)
{
    const cJSON *list, *item;
    TRY(elb_json_array(&list, err, root, "rows"));
    cJSON_ArrayForEach(item, list)
    {
        elbow_sweep_row row = {.run = ""};
        TRY(read_row(&row, err, item));
        for (uint32_t i = 0; i < sweep->options->count; i++) {
            if (strcmp(sweep->rows[i].run, row.run) != 0 || sweep->options->betas[i] != row.weight.beta) continue;
            sweep->rows[i] = row;
            found[i] = true;
        }
    }
    return ELBOW_OK;
}

elbow_status elb_sweep_read(elb_sweep *sweep, bool found[ELBOW_MAX_BETAS], elb_error *err)
{
    char path[ELB_PATH], difference[256];
    elbow_run there;
    void *text = NULL;
    size_t size;
    cJSON *root = NULL;
    TRY(elb_run_path(path, err, sweep->options->out, "sweep.json"));
    const elbow_status read = elb_file_read(err, &text, &size, path, 1 << 24);
    if (read == ELBOW_NOT_FOUND) return ELBOW_OK;
    TRY(read);
    elbow_status status = elb_json_parse(&root, err, text, size, path);
    if (status == ELBOW_OK) status = elb_run_read(&there, err, path);
    if (status == ELBOW_OK) status = elb_run_difference(difference, sizeof difference, err, &there, &sweep->about);
    if (status == ELBOW_OK && difference[0])
        status =
            elb_fail(err, ELBOW_USAGE,
                     "%s holds a sweep of another recipe (%s): choose another --out, or start anew with --overwrite",
                     sweep->options->out, difference);
    if (status == ELBOW_OK && (status = take_rows(sweep, found, err, root)) != ELBOW_OK) elb_blame(err, "%s", path);
    cJSON_Delete(root);
    free(text);
    return status;
}
