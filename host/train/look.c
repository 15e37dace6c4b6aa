/* look.c - what people look at: codes, decoded images, grids of them, curves. */
#include "../cl/choices.h"
#include "base/file.h"
#include "base/random.h"
#include "io/curves.h"
#include "io/json.h"
#include "io/npy.h"
#include "io/png_grid.h"
#include "train/measure.h"
#include "train/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

elbow_status elbow_write_npy(elbow_context *context, const char *path, const float *values, size_t rows, size_t cols)
{
    return elb_npy_write(elb_begin(context), path, values, 2, (const uint64_t[]){rows, cols});
}

/* What is made of codes: the mean of p(x|z), or with a seed one draw from it. */
static elbow_status decode(float *images, elbow_model *model, elb_buffer *z, elb_buffer *y, const float *codes,
                           uint32_t count, const uint64_t *seed)
{
    const uint32_t most = elb_model_max_rows(model->net), latent = model->recipe.latent;
    for (uint32_t first = 0; first < count; first += most) {
        const uint32_t rows = count - first < most ? count - first : most;
        const elb_view from = elb_matrix(z, 0, rows, latent), to = elb_matrix(y, 0, rows, model->pixels);
        TRY(elb_write_reals(from, codes + (size_t)first * latent));
        if (seed)
            TRY(elb_model_draw(model->net, to, elb_flat(model, model->w), from, *seed, first));
        else
            TRY(elb_model_decode(model->net, to, elb_flat(model, model->w), from));
        TRY(elb_read_reals(images + (size_t)first * model->pixels, to));
    }
    return ELBOW_OK;
}

static elbow_status decode_codes(float *images, elbow_model *model, const float *codes, uint32_t count,
                                 const uint64_t *seed)
{
    elb_device *dev = model->context->dev;
    const size_t rows = elb_model_max_rows(model->net);
    elb_buffer *z = NULL, *y = NULL;
    elbow_status status = elb_buffer_new(&z, dev, rows * model->recipe.latent * dev->real_size);
    if (status == ELBOW_OK) status = elb_buffer_new(&y, dev, rows * model->pixels * dev->real_size);
    if (status == ELBOW_OK) status = decode(images, model, z, y, codes, count, seed);
    elb_buffer_free(z);
    elb_buffer_free(y);
    return status;
}

elbow_status elbow_decode(float *images, elbow_model *model, const float *z, uint32_t count)
{
    elb_begin(model->context);
    return decode_codes(images, model, z, count, NULL);
}

elbow_status elbow_draw(float *images, elbow_model *model, const float *z, uint32_t count, uint64_t seed)
{
    elb_begin(model->context);
    return decode_codes(images, model, z, count, &seed);
}

/* What is taken of a batch that has been gathered. */
typedef elbow_status take(void *user, elbow_model *model, const elb_batch *batch, uint32_t done);

/* Goes over images [first, first + count) of a split in batches. */
static elbow_status each_batch(elbow_model *model, elbow_data *data, elbow_split split, uint32_t first, uint32_t count,
                               take *taker, void *user)
{
    elb_device *dev = model->context->dev;
    const uint32_t held = elb_data_part(data, split)->count, most = elb_model_max_rows(model->net);
    elb_feed *feed;
    TRY(elb_model_fits(model, data));
    if (first > held || count > held - first)
        return elb_fail(dev->err, ELBOW_USAGE, "images %u to %u: the split of %s has %u", first, first + count,
                        data->info.name, held);
    TRY(elb_feed_new(&feed, dev, data, split, most, &model->recipe, elb_feed_limit(dev)));
    elbow_status status = elb_feed_start(feed, 0);
    for (uint32_t done = 0; done < count && status == ELBOW_OK; done += most) {
        const uint32_t rows = count - done < most ? count - done : most;
        elb_batch batch = {.purpose = EVALUATION_NOISE, .use_mean = true, .scale = 1};
        status = elb_feed_batch(&batch.x, &batch.samples, feed, first + done, rows);
        if (status == ELBOW_OK) status = taker(user, model, &batch, done);
    }
    elb_feed_free(feed);
    return status;
}

struct codes {
    float *mu, *logvar, *both;
};

static elbow_status take_codes(void *user, elbow_model *model, const elb_batch *batch, uint32_t done)
{
    struct codes *to = user;
    const uint32_t latent = model->recipe.latent;
    TRY(elb_model_forward(model->net, elb_flat(model, model->w), batch));
    TRY(elb_read_reals(to->both, elb_rows(elb_model_losses(model->net).mu_logvar, 0, batch->x.rows)));
    for (uint32_t i = 0; i < batch->x.rows; i++) {
        const float *row = to->both + (size_t)i * 2 * latent;
        memcpy(to->mu + ((size_t)done + i) * latent, row, latent * sizeof *row);
        memcpy(to->logvar + ((size_t)done + i) * latent, row + latent, latent * sizeof *row);
    }
    return ELBOW_OK;
}

elbow_status elbow_encode(float *mu, float *logvar, elbow_model *model, elbow_data *data, elbow_split split,
                          uint32_t first, uint32_t count)
{
    struct codes to = {.mu = mu, .logvar = logvar};
    const size_t most = elb_model_max_rows(model->net);
    TRY(elb_new(elb_begin(model->context), &to.both, most * 2 * model->recipe.latent, sizeof *to.both,
                "a batch's codes"));
    const elbow_status status = each_batch(model, data, split, first, count, take_codes, &to);
    free(to.both);
    return status;
}

static elbow_status take_images(void *user, elbow_model *model, const elb_batch *batch, uint32_t done)
{
    float *images = user;
    return elb_read_reals(images + (size_t)done * model->pixels, batch->x);
}

elbow_status elbow_images(float *images, elbow_model *model, elbow_data *data, elbow_split split, uint32_t first,
                          uint32_t count)
{
    elb_begin(model->context);
    return each_batch(model, data, split, first, count, take_images, images);
}

/* ---- grids ---- */

/* rows x columns of host memory for codes and images, and the grid that shows the images. */
typedef struct sheet {
    elb_grid grid;
    uint32_t count;
    float *codes, *images;
} sheet;

static elbow_status open_sheet(sheet *s, const elbow_model *model, uint32_t rows, uint32_t columns)
{
    elb_error *err = &model->context->err;
    *s = (sheet){.grid = {.rows = rows,
                          .columns = columns,
                          .height = model->height,
                          .width = model->width,
                          .channels = model->channels,
                          .gap = 2}};
    if (!rows || !columns || rows > 1000 || columns > 1000)
        return elb_fail(err, ELBOW_USAGE, "a picture of %u x %u images: both must lie in 1..1000", rows, columns);
    s->count = rows * columns;
    TRY(elb_new(err, &s->codes, s->count, model->recipe.latent * sizeof *s->codes, "a picture's codes"));
    return elb_new(err, &s->images, s->count, model->pixels * sizeof *s->images, "a picture");
}

/* Black and white are 0 and 1, but for counts, of which the largest is white, and for numbers that lie far outside, as
 * those of a table may: of them the smallest and the largest of the sheet are. A model of 0..1 that only oversteps
 * keeps its colours. */
static void set_contrast(sheet *s, const elbow_model *model)
{
    static const float far = 1;
    const size_t values = (size_t)s->count * model->pixels;
    const bool counts = elb_density_of(&model->recipe)->accepts == ELB_COUNTS;
    float least = 0, most = 1;
    for (size_t i = 0; i < values; i++) {
        least = fminf(least, s->images[i]); /* which pass over what is no number */
        most = fmaxf(most, s->images[i]);
    }
    if (!counts && least >= -far && most <= 1 + far) return;
    for (size_t i = 0; i < values; i++) s->images[i] = (s->images[i] - least) / (most - least);
}

/* Decodes the codes (where decode is asked for) and writes the picture; frees the sheet's memory in any case. seed: of
 * pixels that are drawn; NULL: their means. */
static elbow_status close_sheet(sheet *s, elbow_model *model, const char *path, elbow_status status, bool decoded,
                                const uint64_t *seed)
{
    if (status == ELBOW_OK && decoded) status = decode_codes(s->images, model, s->codes, s->count, seed);
    if (status == ELBOW_OK) set_contrast(s, model);
    if (status == ELBOW_OK) status = elb_png_grid(&model->context->err, path, s->images, &s->grid);
    free(s->codes);
    free(s->images);
    return status;
}

/* A pair of standard normals by Box and Muller, for pictures only: no digest hangs on these bits. */
static void draw_codes(float *codes, uint32_t count, uint64_t seed)
{
    const double pi = acos(-1);
    for (uint32_t i = 0; i < count; i += 2) {
        uint32_t word[4];
        elb_philox(word, seed, (const uint32_t[]){SAMPLING, 0, 0, i / 2});
        const double radius = sqrt(-2 * log((double)elb_uniform(word[0]))),
                     angle = 2 * pi * (double)elb_uniform(word[1]);
        codes[i] = (float)(radius * cos(angle));
        if (i + 1 < count) codes[i + 1] = (float)(radius * sin(angle));
    }
}

static elbow_status draw_samples(elbow_model *model, const char *path, uint32_t rows, uint32_t columns, uint64_t seed,
                                 bool pixels)
{
    sheet s;
    elb_begin(model->context);
    const elbow_status status = open_sheet(&s, model, rows, columns);
    if (status == ELBOW_OK) draw_codes(s.codes, s.count * model->recipe.latent, seed);
    return close_sheet(&s, model, path, status, true, pixels ? &seed : NULL);
}

elbow_status elbow_draw_samples(elbow_model *model, const char *path, uint32_t rows, uint32_t columns, uint64_t seed)
{
    return draw_samples(model, path, rows, columns, seed, false);
}

elbow_status elbow_draw_pixels(elbow_model *model, const char *path, uint32_t rows, uint32_t columns, uint64_t seed)
{
    return draw_samples(model, path, rows, columns, seed, true);
}

/* Fills the sheet with pairs of rows: images of the test split, and under them what the model makes of their means. */
static elbow_status fill_pairs(sheet *s, elbow_model *model, elbow_data *data)
{
    const uint32_t columns = s->grid.columns, latent = model->recipe.latent;
    const size_t line = (size_t)columns * model->pixels;
    float *logvar;
    TRY(elb_new(&model->context->err, &logvar, columns, latent * sizeof *logvar, "a picture's codes"));
    elbow_status status = ELBOW_OK;
    for (uint32_t row = 0; row + 1 < s->grid.rows && status == ELBOW_OK; row += 2) {
        const uint32_t first = row / 2 * columns;
        status = elbow_images(s->images + row * line, model, data, ELBOW_TEST, first, columns);
        if (status == ELBOW_OK) status = elbow_encode(s->codes, logvar, model, data, ELBOW_TEST, first, columns);
        if (status == ELBOW_OK) status = decode_codes(s->images + (row + 1) * line, model, s->codes, columns, NULL);
    }
    free(logvar);
    return status;
}

elbow_status elbow_draw_reconstructions(elbow_model *model, elbow_data *data, const char *path, uint32_t rows,
                                        uint32_t columns)
{
    sheet s;
    elb_begin(model->context);
    const uint32_t held = elb_data_part(data, ELBOW_TEST)->count;
    if (columns > held) columns = held; /* a small set fills what it can */
    if (columns && rows > held / columns) rows = held / columns;
    elbow_status status = open_sheet(&s, model, 2 * rows, columns);
    if (status == ELBOW_OK) status = fill_pairs(&s, model, data);
    return close_sheet(&s, model, path, status, false, NULL);
}

/* One row for each latent, which moves from -3 to 3 while the others stay at the image's means. */
static elbow_status fill_traversal(sheet *s, elbow_model *model, elbow_data *data, uint32_t image)
{
    const uint32_t latent = model->recipe.latent, columns = s->grid.columns;
    float *mu;
    TRY(elb_new(&model->context->err, &mu, 2, latent * sizeof *mu, "an image's code"));
    const elbow_status status = elbow_encode(mu, mu + latent, model, data, ELBOW_TEST, image, 1);
    for (uint32_t j = 0; j < s->grid.rows; j++)
        for (uint32_t i = 0; i < columns; i++) {
            float *code = s->codes + ((size_t)j * columns + i) * latent;
            memcpy(code, mu, latent * sizeof *mu);
            code[j] = columns > 1 ? -3 + 6 * (float)i / (float)(columns - 1) : 0;
        }
    free(mu);
    return status;
}

elbow_status elbow_draw_traversal(elbow_model *model, elbow_data *data, const char *path, uint32_t image,
                                  uint32_t columns)
{
    sheet s;
    elb_begin(model->context);
    elbow_status status = open_sheet(&s, model, model->recipe.latent, columns);
    if (status == ELBOW_OK) status = fill_traversal(&s, model, data, image);
    return close_sheet(&s, model, path, status, true, NULL);
}
