#include "train/model_state.h"

#include "base/random.h"
#include "base/sha256.h"
#include "io/tensors.h"
#include "train/run.h"
#include "train/step.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a network made without a batch in mind: for evaluation and pictures. */
enum { ROWS = 256 };

static elbow_status make(elbow_model *model)
{
    elb_device *dev = model->context->dev;
    const elbow_recipe *recipe = &model->recipe;
    model->beta = elbow_recipe_has_betas(recipe) ? fmin(fmax(1, recipe->beta_low), recipe->beta_high) : (double)NAN;
    TRY(elb_model_reserve(model, ROWS, ROWS));
    const size_t count = elb_model_parameters(model->net); /* at most INT32_MAX */
    model->parameters = (uint32_t)count;
    elb_buffer **const vectors[] = {&model->w, &model->m, &model->v};
    for (size_t i = 0; i < COUNT(vectors); i++) {
        TRY(elb_buffer_new(vectors[i], dev, count * dev->real_size));
        TRY(elb_zero(*vectors[i], 0, count * dev->real_size));
    }
    return ELBOW_OK;
}

elbow_status elb_model_make(elbow_model **out, elbow_context *context, const elbow_recipe *recipe, uint32_t height,
                            uint32_t width, uint32_t channels)
{
    *out = NULL;
    elbow_model *model;
    size_t pixels;
    if (!elb_times(&pixels, height, width) || !elb_times(&pixels, pixels, channels) || pixels == 0 ||
        pixels > INT32_MAX)
        return elb_fail(&context->err, ELBOW_USAGE, "images of %u x %u x %u are not possible", height, width, channels);
    TRY(elb_new(&context->err, &model, 1, sizeof *model, "a model"));
    model->context = context;
    model->recipe = *recipe;
    model->height = height, model->width = width, model->channels = channels;
    model->pixels = (uint32_t)pixels;
    const elbow_status status = make(model);
    if (status == ELBOW_OK)
        *out = model;
    else
        elbow_model_free(model);
    return status;
}

static elbow_status stand(elbow_model *model)
{
    return elb_model_condition(model->net, elb_recipe_stands(&model->recipe, model->beta));
}

elbow_status elb_model_reserve(elbow_model *model, uint32_t rows, uint32_t draws)
{
    const uint32_t had_rows = model->net ? elb_model_max_rows(model->net) : 0,
                   had_draws = model->net ? elb_model_max_draws(model->net) : 0;
    if (had_rows >= rows && had_draws >= draws) return ELBOW_OK;
    if (rows < had_rows) rows = had_rows;
    if (draws < had_draws) draws = had_draws;
    elb_model_free(model->net);
    model->net = NULL;
    TRY(elb_model_new(&model->net, model->context->dev, &model->recipe, model->pixels, rows,
                      draws > rows ? draws : rows));
    return isnan(model->beta) ? ELBOW_OK : stand(model);
}

elbow_status elbow_model_set_beta(elbow_model *model, double beta)
{
    elb_error *err = elb_begin(model->context);
    const elbow_recipe *recipe = &model->recipe;
    if (isnan(model->beta))
        return elb_fail(
            err, ELBOW_USAGE,
            "beta %g: this model was trained for one weight alone: train one with elbow train --betas LOW..HIGH", beta);
    if (!(beta >= recipe->beta_low && beta <= recipe->beta_high))
        return elb_fail(err, ELBOW_USAGE, "beta %g is outside what the model was trained for: %g to %g", beta,
                        recipe->beta_low, recipe->beta_high);
    model->beta = beta;
    return stand(model);
}

double elbow_model_beta(const elbow_model *model)
{
    return model->beta;
}

void elbow_model_free(elbow_model *model)
{
    if (!model) return;
    elb_model_free(model->net);
    elb_buffer_free(model->w);
    elb_buffer_free(model->m);
    elb_buffer_free(model->v);
    free(model);
}

/* What a parameter is stored as (docs/bits.md). */
static float canonical(float value)
{
    return fabsf(value) < 0x1p-40f ? 0 : value;
}

static elbow_status initialise(elbow_model *model)
{
    float *w;
    uint32_t count;
    const elb_tensor_place *places = elb_model_tensors(model->net, &count);
    TRY(elb_new(&model->context->err, &w, model->parameters, sizeof *w, "the initial weights"));
    for (uint32_t i = 0; i < count; i++) {
        const size_t size = (size_t)places[i].shape[0] * (places[i].axes == 2 ? places[i].shape[1] : 1);
        if (places[i].bound > 0)
            elb_initial_weights(w + places[i].offset, (uint32_t)size, (float)places[i].bound, model->recipe.seed, i);
        else
            for (size_t e = 0; e < size; e++) w[places[i].offset + e] = canonical((float)places[i].start);
    }
    const elbow_status status = elb_write_reals(elb_flat(model, model->w), w);
    free(w);
    return status;
}

elbow_status elbow_model_new(elbow_model **model, elbow_context *context, const elbow_recipe *recipe,
                             const elbow_data *data)
{
    elb_begin(context);
    TRY(elb_model_make(model, context, recipe, data->info.height, data->info.width, data->info.channels));
    const elbow_status status = initialise(*model);
    if (status == ELBOW_OK) return ELBOW_OK;
    elbow_model_free(*model);
    *model = NULL;
    return status;
}

const elbow_recipe *elbow_model_recipe(const elbow_model *model)
{
    return &model->recipe;
}

uint64_t elbow_model_parameters(const elbow_model *model)
{
    return model->parameters;
}

void elb_parameters_digest(char digest[65], const float *w, size_t count)
{
    unsigned char bytes[ELB_SHA256_BYTES];
    elb_sha256_of(bytes, w, count * sizeof *w);
    elb_sha256_hex(digest, bytes);
}

elbow_status elbow_model_digest(elbow_model *model, char digest[65])
{
    float *w;
    TRY(elb_new(elb_begin(model->context), &w, model->parameters, sizeof *w, "the parameters"));
    const elbow_status status = elb_read_reals(w, elb_flat(model, model->w));
    if (status == ELBOW_OK) elb_parameters_digest(digest, w, model->parameters);
    free(w);
    return status;
}

elbow_status elb_model_fits(const elbow_model *model, const elbow_data *data)
{
    const elbow_data_info *info = &data->info;
    if (info->height == model->height && info->width == model->width && info->channels == model->channels)
        return ELBOW_OK;
    return elb_fail(
        &model->context->err, ELBOW_BAD_DATA,
        "%s has images of %u x %u x %u, the model was made for %u x %u x %u: choose the data it was trained on",
        info->name, info->height, info->width, info->channels, model->height, model->width, model->channels);
}

/* ---- model.safetensors ---- */

static elb_tensor tensor_at(const elb_tensor_place *place, const float *w)
{
    const uint64_t shape[2] = {place->shape[0], place->shape[1]};
    return elb_tensor_of(place->name, ELB_F32, place->axes, shape, w ? w + place->offset : NULL);
}

elbow_status elb_parameters_write(elb_error *err, const char *folder, const elbow_model *model, const float *w)
{
    char path[ELB_PATH], image[48], digest[65];
    uint32_t count;
    elb_tensor *tensors;
    const elb_tensor_place *places = elb_model_tensors(model->net, &count);
    TRY(elb_run_path(path, err, folder, "model.safetensors"));
    TRY(elb_new(err, &tensors, count, sizeof *tensors, "the list of tensors"));
    for (uint32_t i = 0; i < count; i++) tensors[i] = tensor_at(&places[i], w);
    elb_format(image, sizeof image, "%ux%ux%u", model->height, model->width, model->channels);
    elb_parameters_digest(digest, w, model->parameters);
    const elb_note notes[] = {{"format", "pt"}, {"image", image}, {"sha256", digest}};
    const elbow_status status = elb_tensors_write(err, path, tensors, count, notes, COUNT(notes));
    free(tensors);
    return status;
}

/* Numbers from files are made canonical (docs/bits.md); what is not finite is refused. */
static elbow_status take_canonical(float *to, elb_error *err, const elb_tensor *from)
{
    memcpy(to, from->data, from->bytes);
    for (size_t i = 0; i < from->bytes / sizeof *to; i++) {
        if (!isfinite(to[i]))
            return elb_fail(err, ELBOW_BAD_FILE, "value %zu of '%s' is %g: train the model anew", i, from->name,
                            (double)to[i]);
        to[i] = canonical(to[i]);
    }
    return ELBOW_OK;
}

static elbow_status copy_tensors(float *w, elb_error *err, const elb_tensors *file, const elbow_model *model)
{
    uint32_t count;
    const elb_tensor_place *places = elb_model_tensors(model->net, &count);
    for (uint32_t i = 0; i < count; i++) {
        const elb_tensor *found, wanted = tensor_at(&places[i], NULL);
        TRY(elb_tensors_get(&found, err, file, wanted.name, ELB_F32, wanted.axes, wanted.shape));
        TRY(take_canonical(w + places[i].offset, err, found));
    }
    return ELBOW_OK;
}

/* Resuming writes the model's file anew from the state, if there is one. */
static elbow_status model_damaged(elb_error *err, const char *folder)
{
    if (!elb_run_has(folder, "state.safetensors")) return elb_cure(err, "copy it again, or train anew");
    return elb_cure(err, "write it anew with 'elbow train --resume --out %s'", folder);
}

/* Reads folder/model.safetensors; path becomes its name. Free *file in any case. */
static elbow_status read_model(elb_tensors *file, char path[ELB_PATH], elb_error *err, const char *folder)
{
    *file = (elb_tensors){0};
    TRY(elb_run_path(path, err, folder, "model.safetensors"));
    const elbow_status status = elb_tensors_read(file, err, path);
    return status == ELBOW_BAD_FILE || status == ELBOW_NOT_FOUND ? model_damaged(err, folder) : status;
}

/* Other programs may change the parameters and keep the notes: that is said, and no failure. */
static void remark_changes(elb_error *err, const elb_tensors *file, const char *path, const float *w, size_t count)
{
    char digest[65];
    const char *written = elb_tensors_note(file, "sha256");
    elb_parameters_digest(digest, w, count);
    if (written && strcmp(written, digest) != 0)
        elb_remark(err, "%s: its parameters are not those that it was written with (its note sha256 differs)", path);
}

elbow_status elb_parameters_read(float *w, elb_error *err, const char *folder, const elbow_model *model)
{
    char path[ELB_PATH];
    elb_tensors file;
    elbow_status status = read_model(&file, path, err, folder);
    if (status == ELBOW_OK && (status = copy_tensors(w, err, &file, model)) != ELBOW_OK) elb_blame(err, "%s", path);
    if (status == ELBOW_OK) remark_changes(err, &file, path, w, model->parameters);
    elb_tensors_free(&file);
    return status;
}

/* The size of the images a model file was made for, from its note "28x28x1". */
static elbow_status read_image_size(uint32_t size[3], elb_error *err, const char *folder)
{
    char path[ELB_PATH], rest;
    elb_tensors file;
    elbow_status status = read_model(&file, path, err, folder);
    const char *text = status == ELBOW_OK ? elb_tensors_note(&file, "image") : NULL;
    if (status == ELBOW_OK && (!text || sscanf(text, "%9ux%9ux%9u%c", &size[0], &size[1], &size[2], &rest) != 3))
        status = elb_fail(err, ELBOW_BAD_FILE,
                          "%s: does not say what size of image it is for: was it written by elbow?", path);
    elb_tensors_free(&file);
    return status;
}

static elbow_status load_parameters(elbow_model *model, const char *run)
{
    float *w;
    elb_error *err = &model->context->err;
    TRY(elb_new(err, &w, model->parameters, sizeof *w, "the parameters"));
    elbow_status status = elb_parameters_read(w, err, run, model);
    if (status == ELBOW_OK) status = elb_write_reals(elb_flat(model, model->w), w);
    free(w);
    return status;
}

elbow_status elbow_model_load(elbow_model **model, elbow_context *context, const char *run)
{
    elb_error *err = elb_begin(context);
    elbow_run about;
    uint32_t size[3];
    *model = NULL;
    TRY(elb_run_read(&about, err, run));
    TRY(read_image_size(size, err, run));
    TRY(elb_model_make(model, context, &about.recipe, size[0], size[1], size[2]));
    const elbow_status status = load_parameters(*model, run);
    if (status == ELBOW_OK) return ELBOW_OK;
    elbow_model_free(*model);
    *model = NULL;
    return status;
}

elbow_status elbow_run_load(elbow_run *run, elbow_context *context, const char *path)
{
    return elb_run_read(run, elb_begin(context), path);
}

elbow_status elbow_run_pixels(uint32_t *pixels, elbow_context *context, const char *run)
{
    elb_error *err = elb_begin(context);
    uint32_t size[3];
    TRY(read_image_size(size, err, run));
    const double product = (double)size[0] * size[1] * size[2];
    if (!(product >= 1 && product <= (double)UINT32_MAX))
        return elb_fail(err, ELBOW_BAD_FILE, "%s: its model is for images of %ux%ux%u, which cannot be", run, size[0],
                        size[1], size[2]);
    *pixels = size[0] * size[1] * size[2];
    return ELBOW_OK;
}

uint64_t elbow_model_memory(const elbow_recipe *recipe, const elbow_data *data, uint32_t batch)
{
    const elbow_data_info *info = &data->info;
    const uint64_t images = (uint64_t)info->train + info->validation + info->test;
    const uint32_t rows = batch > ROWS ? batch : ROWS;
    const uint64_t draws = (uint64_t)elb_recipe_draws(recipe) * batch;
    size_t parameters = 0;
    if (draws > UINT32_MAX) return UINT64_MAX;
    const uint64_t workspace =
        elb_model_bytes(&parameters, recipe, info->pixels, rows, draws > rows ? (uint32_t)draws : rows, sizeof(float));
    if (workspace == UINT64_MAX) return UINT64_MAX;
    /* w, m, v, a gradient; the batch; the losses of an epoch. */
    return workspace + 4 * sizeof(float) * parameters +
           (uint64_t)info->pixels * (info->bytes ? 1 : sizeof(float)) * images +
           (uint64_t)rows * info->pixels * sizeof(float) + ELB_LOSSES * sizeof(float) * (uint64_t)info->train;
}
