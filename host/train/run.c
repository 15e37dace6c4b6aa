#include "train/run.h"

#include "base/file.h"
#include "base/sha256.h"
#include "io/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The words of run.json, in the order of the public enumerations. */
static const char *const model_names[] = {"mlp", "linear", NULL};
static const char *const activation_names[] = {"relu", "tanh", "sigmoid", "softplus", NULL};
static const char *const likelihood_names[] = {
#define X(name, text) text,
    ELBOW_LIKELIHOODS(X)
#undef X
        NULL};
static const char *const spread_names[] = {"fixed", "learned", "pixel", "optimal", NULL};
static const char *const output_names[] = {"auto", "sigmoid", "linear", NULL};
static const char *const objective_names[] = {"elbo", "iwae", NULL};
static const char *const reduction_names[] = {"sum", "mean", NULL};
static const char *const binarise_names[] = {"none", "dynamic", "threshold", NULL};
static const char *const rate_names[] = {"constant", "step", "cosine", NULL};
static const char *const schedule_names[] = {"constant", "linear",     "sigmoid", "cosine",  "cyclical",
                                             "capacity", "least-rate", "geco",    "control", NULL};
static const char *const maths_names[] = {"exact", "fast", NULL};
static const char *const nonfinite_names[] = {"stop", "skip", NULL};

/* One field of a struct and its name in the file. Writing and reading both go through the tables below, so that what
 * one writes the other reads. */
typedef enum field_kind { CHOICE, UINT32, UINT64, NUMBER } field_kind;

typedef struct field {
    const char *name;
    field_kind kind;
    /* The generation of files that first has it. An elbow before did what the default does (otherwise
     * ELBOW_BITS_VERSION has changed), so that is what a file without it means. */
    uint32_t since;
    size_t offset;
    double low, high;         /* of a number */
    const char *const *names; /* of a choice */
} field;

#define RECIPE(member) offsetof(elbow_recipe, member)
static const field recipe_fields[] = {
    {"model", CHOICE, 0, RECIPE(model), 0, 0, model_names},
    {"latent", UINT32, 0, RECIPE(latent), 1, UINT32_MAX, NULL},
    {"activation", CHOICE, 0, RECIPE(activation), 0, 0, activation_names},
    {"likelihood", CHOICE, 0, RECIPE(likelihood), 0, 0, likelihood_names},
    {"sigma2", NUMBER, 0, RECIPE(sigma2), 0, HUGE_VAL, NULL},
    {"spread", CHOICE, 0, RECIPE(spread), 0, 0, spread_names},
    {"output", CHOICE, 0, RECIPE(output), 0, 0, output_names},
    {"pixels", CHOICE, 0, RECIPE(pixels), 0, 0, reduction_names},
    {"latents", CHOICE, 0, RECIPE(latents), 0, 0, reduction_names},
    {"batch_reduction", CHOICE, 0, RECIPE(batch), 0, 0, reduction_names},
    {"weight", NUMBER, 0, RECIPE(weight), 0, HUGE_VAL, NULL},
    {"objective", CHOICE, 2, RECIPE(objective), 0, 0, objective_names},
    {"samples", UINT32, 2, RECIPE(samples), 1, UINT32_MAX, NULL},
    {"beta_low", NUMBER, 3, RECIPE(beta_low), 0, HUGE_VAL, NULL},
    {"beta_high", NUMBER, 3, RECIPE(beta_high), 0, HUGE_VAL, NULL},
    {"binarise", CHOICE, 0, RECIPE(binarise), 0, 0, binarise_names},
    {"seed", UINT64, 0, RECIPE(seed), 0, 0, NULL},
};

#define TRAIN(member) offsetof(elbow_train_options, member)
static const field train_fields[] = {
    {"epochs", UINT32, 0, TRAIN(epochs), 0, UINT32_MAX, NULL},
    {"batch", UINT32, 0, TRAIN(batch), 1, UINT32_MAX, NULL},
    {"learning_rate", NUMBER, 0, TRAIN(learning_rate), 0, HUGE_VAL, NULL},
    {"rate", CHOICE, 0, TRAIN(rate), 0, 0, rate_names},
    {"rate_every", NUMBER, 0, TRAIN(rate_every), 0, HUGE_VAL, NULL},
    {"rate_factor", NUMBER, 0, TRAIN(rate_factor), 0, HUGE_VAL, NULL},
    {"rate_growth", NUMBER, 0, TRAIN(rate_growth), 1, HUGE_VAL, NULL},
    {"rate_warmup", NUMBER, 0, TRAIN(rate_warmup), 0, HUGE_VAL, NULL},
    {"clip", NUMBER, 0, TRAIN(clip), 0, HUGE_VAL, NULL},
    {"schedule", CHOICE, 0, TRAIN(schedule), 0, 0, schedule_names},
    {"schedule_epochs", NUMBER, 0, TRAIN(schedule_epochs), 0, HUGE_VAL, NULL},
    {"schedule_from", NUMBER, 0, TRAIN(schedule_from), 0, HUGE_VAL, NULL},
    {"schedule_cycles", NUMBER, 0, TRAIN(schedule_cycles), 0, HUGE_VAL, NULL},
    {"schedule_ratio", NUMBER, 0, TRAIN(schedule_ratio), 0, 1, NULL},
    {"schedule_target", NUMBER, 0, TRAIN(schedule_target), -HUGE_VAL, HUGE_VAL, NULL},
    {"schedule_gain", NUMBER, 0, TRAIN(schedule_gain), 0, HUGE_VAL, NULL},
    {"schedule_pull", NUMBER, 0, TRAIN(schedule_pull), 0, HUGE_VAL, NULL},
    {"schedule_most", NUMBER, 1, TRAIN(schedule_most), 0, HUGE_VAL, NULL},
    {"free_bits", NUMBER, 0, TRAIN(free_bits), 0, HUGE_VAL, NULL},
    {"free_bits_group", UINT32, 0, TRAIN(free_bits_group), 1, UINT32_MAX, NULL},
    {"patience", UINT32, 0, TRAIN(patience), 0, UINT32_MAX, NULL},
    {"shards", UINT32, 0, TRAIN(shards), 0, UINT32_MAX, NULL},
    {"maths", CHOICE, 0, TRAIN(maths), 0, 0, maths_names},
    {"nonfinite", CHOICE, 0, TRAIN(nonfinite), 0, 0, nonfinite_names},
    {"save_every", NUMBER, 0, TRAIN(save_every), 0, HUGE_VAL, NULL},
};

enum { GENERATION = ELB_FINGERPRINTS - 1 };

static void write_field(cJSON *to, const field *f, const void *from)
{
    const char *at = (const char *)from + f->offset;
    int choice;
    uint32_t small;
    uint64_t large;
    double number;
    switch (f->kind) {
    case CHOICE:
        memcpy(&choice, at, sizeof choice);
        elb_json_add_text(to, f->name, f->names[choice]);
        break;
    case UINT32:
        memcpy(&small, at, sizeof small);
        elb_json_add_uint(to, f->name, small);
        break;
    case UINT64:
        memcpy(&large, at, sizeof large);
        elb_json_add_uint(to, f->name, large);
        break;
    case NUMBER:
        memcpy(&number, at, sizeof number);
        elb_json_add_number(to, f->name, number);
        break;
    }
}

static elbow_status read_field(void *to, elb_error *err, const field *f, const cJSON *from)
{
    char *at = (char *)to + f->offset;
    int choice;
    uint64_t large;
    double number;
    switch (f->kind) {
    case CHOICE:
        TRY(elb_json_choice(&choice, err, from, f->name, f->names));
        memcpy(at, &choice, sizeof choice);
        break;
    case UINT32:
        TRY(elb_json_uint(&large, err, from, f->name, (uint64_t)f->low, UINT32_MAX));
        memcpy(at, &(uint32_t){(uint32_t)large}, sizeof(uint32_t));
        break;
    case UINT64:
        TRY(elb_json_uint(&large, err, from, f->name, 0, UINT64_MAX));
        memcpy(at, &large, sizeof large);
        break;
    case NUMBER:
        TRY(elb_json_number(&number, err, from, f->name, f->low, f->high));
        memcpy(at, &number, sizeof number);
        break;
    }
    return ELBOW_OK;
}

/* Into a struct that holds the defaults. */
static elbow_status read_fields(void *to, elb_error *err, const field *fields, size_t count, const cJSON *from)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].since == 0 || cJSON_HasObjectItem(from, fields[i].name))
            TRY(read_field(to, err, &fields[i], from));
    return ELBOW_OK;
}

static void write_hidden(cJSON *to, const elbow_recipe *recipe)
{
    cJSON *list = cJSON_AddArrayToObject(to, "hidden");
    for (int i = 0; i < ELBOW_MAX_HIDDEN && recipe->hidden[i]; i++)
        cJSON_AddItemToArray(list, cJSON_CreateNumber(recipe->hidden[i]));
}

static elbow_status read_hidden(elbow_recipe *recipe, elb_error *err, const cJSON *from)
{
    const cJSON *list, *item;
    int count = 0;
    TRY(elb_json_array(&list, err, from, "hidden"));
    cJSON_ArrayForEach(item, list)
    {
        const double width = cJSON_IsNumber(item) ? item->valuedouble : 0;
        if (count == ELBOW_MAX_HIDDEN || !(width >= 1) || width > UINT32_MAX || width != floor(width))
            return elb_fail(err, ELBOW_BAD_FILE, "'hidden' must list at most %d widths from 1 upwards",
                            ELBOW_MAX_HIDDEN);
        recipe->hidden[count++] = (uint32_t)width;
    }
    return ELBOW_OK;
}

void elb_recipe_write(cJSON *to, const elbow_recipe *recipe)
{
    for (size_t i = 0; i < COUNT(recipe_fields); i++) write_field(to, &recipe_fields[i], recipe);
    write_hidden(to, recipe);
}

static void write_data(cJSON *to, const elbow_data *data)
{
    elb_json_add_text(to, "source", data->origin);
    elb_json_add_text(to, "sha256", data->info.sha256);
    elb_json_add_uint(to, "limit", data->limit);
    elb_json_add_number(to, "validation_share", data->held_out[ELBOW_VALIDATION]);
    elb_json_add_number(to, "test_share", data->held_out[ELBOW_TEST]);
    elb_json_add_uint(to, "height", data->info.height);
    elb_json_add_uint(to, "width", data->info.width);
    elb_json_add_uint(to, "channels", data->info.channels);
    elb_json_add_uint(to, "train", data->info.train);
    elb_json_add_uint(to, "validation", data->info.validation);
    elb_json_add_uint(to, "test", data->info.test);
}

static void write_device(cJSON *to, const elbow_device_info *device)
{
    elb_json_add_text(to, "id", device->id);
    elb_json_add_text(to, "name", device->name);
    elb_json_add_text(to, "platform", device->platform);
    elb_json_add_text(to, "version", device->version);
    elb_json_add_text(to, "driver", device->driver);
}

elbow_status elb_run_path(char path[ELB_PATH], elb_error *err, const char *folder, const char *name)
{
    const int length = snprintf(path, ELB_PATH, "%s/%s", folder, name);
    if (length < 0 || length >= ELB_PATH)
        return elb_fail(err, ELBOW_USAGE, "%.60s...: the folder's name is too long: choose a shorter one", folder);
    return ELBOW_OK;
}

bool elb_run_has(const char *folder, const char *name)
{
    char path[ELB_PATH];
    struct stat about;
    elb_error unheard = {0};
    return elb_run_path(path, &unheard, folder, name) == ELBOW_OK && stat(path, &about) == 0;
}

void elb_train_write(cJSON *to, const elbow_train_options *options)
{
    for (size_t i = 0; i < COUNT(train_fields); i++) write_field(to, &train_fields[i], options);
}

void elb_run_add(cJSON *root, const elbow_recipe *recipe, const elbow_train_options *options, const elbow_data *data)
{
    elb_json_add_text(root, "elbow", elbow_version());
    elb_json_add_uint(root, "bits_version", ELBOW_BITS_VERSION);
    elb_recipe_write(elb_json_add_object(root, "recipe"), recipe);
    elb_train_write(elb_json_add_object(root, "train"), options);
    write_data(elb_json_add_object(root, "data"), data);
}

elbow_status elb_run_write(elb_error *err, const char *folder, const elbow_recipe *recipe,
                           const elbow_train_options *options, const elbow_data *data, const elbow_context *context)
{
    char path[ELB_PATH];
    TRY(elb_run_path(path, err, folder, "run.json"));
    cJSON *root = cJSON_CreateObject();
    elb_run_add(root, recipe, options, data);
    cJSON *devices = cJSON_AddArrayToObject(root, "devices");
    const elbow_device_info *device;
    for (uint32_t i = 0; (device = elbow_team_device(context, i)); i++) {
        cJSON *one = cJSON_CreateObject();
        write_device(one, device);
        cJSON_AddItemToArray(devices, one);
    }

    char *text = NULL;
    elbow_status status = elb_json_print(&text, err, root, true);
    if (status == ELBOW_OK) status = elb_file_write(err, path, text, strlen(text));
    free(text);
    cJSON_Delete(root);
    return status;
}

elbow_status elb_recipe_read(elbow_recipe *recipe, elb_error *err, const cJSON *from)
{
    *recipe = elbow_recipe_default();
    memset(recipe->hidden, 0, sizeof recipe->hidden);
    TRY(read_fields(recipe, err, recipe_fields, COUNT(recipe_fields), from));
    return read_hidden(recipe, err, from);
}

elbow_status elb_train_read(elbow_train_options *options, elb_error *err, const cJSON *from)
{
    *options = elbow_train_default();
    return read_fields(options, err, train_fields, COUNT(train_fields), from);
}

static elbow_status read_data(elbow_run *run, elb_error *err, const cJSON *from)
{
    uint64_t limit;
    TRY(elb_json_text(run->source, sizeof run->source, err, from, "source"));
    TRY(elb_json_text(run->data_sha256, sizeof run->data_sha256, err, from, "sha256"));
    TRY(elb_json_uint(&limit, err, from, "limit", 0, UINT32_MAX));
    run->limit = (uint32_t)limit;
    TRY(elb_json_number(&run->validation_share, err, from, "validation_share", 0, 1));
    return elb_json_number(&run->test_share, err, from, "test_share", 0, 1);
}

static elbow_status read_run(elbow_run *run, elb_error *err, const cJSON *root)
{
    const cJSON *recipe, *train, *data;
    uint64_t bits;
    TRY(elb_json_uint(&bits, err, root, "bits_version", 1, UINT32_MAX));
    if (bits != ELBOW_BITS_VERSION)
        return elb_fail(err, ELBOW_BAD_FILE, "made under version %d of the conventions that fix the bits; this is %d",
                        (int)bits, ELBOW_BITS_VERSION);
    TRY(elb_json_object(&recipe, err, root, "recipe"));
    TRY(elb_recipe_read(&run->recipe, err, recipe));
    TRY(elb_json_object(&train, err, root, "train"));
    TRY(elb_train_read(&run->train, err, train));
    TRY(elb_json_object(&data, err, root, "data"));
    return read_data(run, err, data);
}

elbow_status elb_run_read(elbow_run *run, elb_error *err, const char *path)
{
    char file[ELB_PATH];
    struct stat about;
    const bool folder = stat(path, &about) == 0 && S_ISDIR(about.st_mode);
    if (folder)
        TRY(elb_run_path(file, err, path, "run.json"));
    else
        elb_format(file, sizeof file, "%s", path);

    *run = (elbow_run){0};
    void *text = NULL;
    size_t size;
    cJSON *root = NULL;
    elbow_status status = elb_file_read(err, &text, &size, file, 1 << 20);
    if (status == ELBOW_NOT_FOUND)
        return elb_fail(err, status,
                        folder ? "%s holds no run.json: it is not a run that 'elbow train' wrote"
                               : "there is no run %s: 'elbow train' writes one",
                        path);
    TRY(status);
    status = elb_json_parse(&root, err, text, size, file);
    if (status == ELBOW_BAD_FILE)
        elb_cure(err, folder ? "it is damaged: copy it again" : "it is no run.json, or damaged: name a run's folder");
    if (status == ELBOW_OK && (status = read_run(run, err, root)) != ELBOW_OK) elb_blame(err, "%s", file);
    cJSON_Delete(root);
    free(text);
    return status;
}

/* Takes the fields away that came after a generation; false if one of them is not what that generation did. */
static bool take_later_of(cJSON *root, const field *fields, size_t count, uint32_t generation, const cJSON *standard)
{
    bool same = true;
    for (size_t i = 0; i < count; i++) {
        const char *name = fields[i].name;
        if (fields[i].since <= generation) continue;
        same = same && cJSON_Compare(cJSON_GetObjectItemCaseSensitive(root, name),
                                     cJSON_GetObjectItemCaseSensitive(standard, name), true);
        cJSON_DeleteItemFromObjectCaseSensitive(root, name);
    }
    return same;
}

static bool take_later(cJSON *root, uint32_t generation)
{
    const elbow_recipe recipe = elbow_recipe_default();
    const elbow_train_options options = elbow_train_default();
    cJSON *standard = cJSON_CreateObject();
    elb_recipe_write(standard, &recipe);
    elb_train_write(standard, &options);
    const bool as_recipe = take_later_of(root, recipe_fields, COUNT(recipe_fields), generation, standard);
    const bool as_train = take_later_of(root, train_fields, COUNT(train_fields), generation, standard);
    cJSON_Delete(standard);
    return as_recipe && as_train;
}

static bool fingerprint(char hex[65], const elbow_recipe *recipe, const elbow_train_options *options,
                        const elbow_data *data, uint32_t generation)
{
    elbow_train_options fixed = *options;
    fixed.epochs = fixed.patience = 0;
    fixed.save_every = 0;
    elb_error unheard = {0};
    cJSON *root = cJSON_CreateObject();
    elb_recipe_write(root, recipe);
    elb_train_write(root, &fixed);
    write_data(root, data);
    cJSON_DeleteItemFromObject(root, "source"); /* the same data may lie elsewhere now */
    const bool was = take_later(root, generation);
    char *text = NULL;
    unsigned char digest[ELB_SHA256_BYTES] = {0};
    if (elb_json_print(&text, &unheard, root, false) == ELBOW_OK) elb_sha256_of(digest, text, strlen(text));
    elb_sha256_hex(hex, digest);
    free(text);
    cJSON_Delete(root);
    return was;
}

void elb_run_fingerprints(char hex[ELB_FINGERPRINTS][65], const elbow_recipe *recipe,
                          const elbow_train_options *options, const elbow_data *data)
{
    for (uint32_t age = 0; age < ELB_FINGERPRINTS; age++)
        if (!fingerprint(hex[age], recipe, options, data, GENERATION - age)) hex[age][0] = 0;
}

/* A run's recipe, options and data in one object, without what two runs of one recipe may differ in. */
static cJSON *essence(const elbow_run *run)
{
    cJSON *all = cJSON_CreateObject();
    elb_recipe_write(all, &run->recipe);
    elb_train_write(all, &run->train);
    cJSON_DeleteItemFromObject(all, "save_every");
    elb_json_add_uint(all, "limit", run->limit);
    elb_json_add_number(all, "validation_share", run->validation_share);
    elb_json_add_number(all, "test_share", run->test_share);
    elb_json_add_text(all, "sha256", run->data_sha256);
    return all;
}

elbow_status elb_run_difference(char *out, size_t size, elb_error *err, const elbow_run *there, const elbow_run *wanted)
{
    cJSON *a = essence(there), *b = essence(wanted);
    char *was = NULL, *is = NULL;
    elbow_status status = ELBOW_OK;
    out[0] = 0;
    if (!cJSON_IsObject(a) || !cJSON_IsObject(b)) status = elb_fail(err, ELBOW_MEMORY, "no memory to compare recipes");
    const cJSON *mine = status == ELBOW_OK ? a->child : NULL, *other = mine ? b->child : NULL;
    for (; mine && other && !out[0] && status == ELBOW_OK; mine = mine->next, other = other->next) {
        status = elb_json_print(&was, err, mine, false);
        if (status == ELBOW_OK) status = elb_json_print(&is, err, other, false);
        if (status == ELBOW_OK && strcmp(was, is) != 0)
            elb_format(out, size, "\"%s\" %s, not %s", mine->string, was, is);
        free(was), free(is);
        was = is = NULL;
    }
    cJSON_Delete(a);
    cJSON_Delete(b);
    return status;
}
