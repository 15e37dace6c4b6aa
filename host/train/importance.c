/* importance.c - the importance-weighted bound over a data set (Burda et al. 2015). */
#include "train/measure.h"

#include "../cl/choices.h"

#include <math.h>
#include <stdlib.h>

/* Draws that go through the decoder together: enough to keep a device busy, few enough to stay in a CPU's cache. */
enum { DRAWS = 1024 };

double elb_log_mean_exp(const double *x, uint32_t count)
{
    double most = x[0], sum = 0;
    for (uint32_t k = 1; k < count; k++) most = x[k] > most ? x[k] : most;
    for (uint32_t k = 0; k < count; k++) sum += exp(x[k] - most);
    return most + log(sum / count);
}

/* What is needed for a batch of so many rows, drawn so often at once. */
typedef struct weights {
    uint32_t samples, rows, copies;
    double *log_w;            /* (rows, samples) */
    float *distortion, *rate; /* (rows copies) host copies of what was measured at once */
} weights;

static elbow_status open_weights(weights *of, elb_error *err, uint32_t samples, uint32_t draws, uint32_t count)
{
    const uint32_t parts = (samples - 1) / draws + 1;
    of->samples = samples;
    of->copies = (samples - 1) / parts + 1;
    of->rows = draws / of->copies < count ? draws / of->copies : count;
    const size_t most = (size_t)of->rows * of->copies;
    TRY(elb_new(err, &of->log_w, (size_t)of->rows * samples, sizeof *of->log_w, "the weights of draws"));
    TRY(elb_new(err, &of->distortion, most, sizeof *of->distortion, "draws' distortions"));
    return elb_new(err, &of->rate, most, sizeof *of->rate, "draws' rates");
}

static void close_weights(weights *of)
{
    free(of->log_w);
    free(of->distortion);
    free(of->rate);
}

/* Draws `copies` of each row from number `done` on, and files their weights. */
static elbow_status weigh(weights *of, elbow_model *model, elb_view w, elb_batch *batch, uint32_t done)
{
    const uint32_t rows = batch->x.rows, left = of->samples - done;
    const elb_losses losses = elb_model_losses(model->net);
    batch->draw = done;
    batch->copies = left < of->copies ? left : of->copies;
    TRY(elb_model_forward(model->net, w, batch));
    TRY(elb_read_reals(of->distortion, elb_cols(losses.distortion, 0, rows * batch->copies)));
    TRY(elb_read_reals(of->rate, elb_cols(losses.rate, 0, rows * batch->copies)));
    for (uint32_t i = 0; i < rows; i++)
        for (uint32_t k = 0; k < batch->copies; k++) {
            const size_t draw = (size_t)i * batch->copies + k;
            of->log_w[(size_t)i * of->samples + done + k] = -((double)of->distortion[draw] + (double)of->rate[draw]);
        }
    return ELBOW_OK;
}

static elbow_status sum_bounds(double *sum, weights *of, elbow_model *model, elb_view w, elb_feed *feed, uint32_t count,
                               elbow_on_data *progress, void *user)
{
    TRY(elb_feed_start(feed, 0));
    for (uint32_t first = 0; first < count; first += of->rows) {
        const uint32_t rows = count - first < of->rows ? count - first : of->rows;
        elb_batch batch = {.purpose = IMPORTANCE, .scale = 1};
        TRY(elb_feed_batch(&batch.x, &batch.samples, feed, first, rows));
        for (uint32_t done = 0; done < of->samples; done += of->copies) TRY(weigh(of, model, w, &batch, done));
        for (uint32_t i = 0; i < rows; i++) *sum += elb_log_mean_exp(of->log_w + (size_t)i * of->samples, of->samples);
        if (progress && progress(user, first + rows, count))
            return elb_fail(&model->context->err, ELBOW_STOPPED, "stopped after %u of %u images", first + rows, count);
    }
    return ELBOW_OK;
}

elbow_status elb_measure_iwae(double *nll, elbow_model *model, elbow_data *data, elbow_split split, uint32_t samples,
                              uint32_t draws, elbow_on_data *progress, void *user)
{
    elb_device *dev = model->context->dev;
    const uint32_t count = elb_data_part(data, split)->count;
    weights of = {0};
    elb_feed *feed = NULL;
    double sum = 0;
    elbow_status status = open_weights(&of, dev->err, samples, draws, count);
    if (status == ELBOW_OK) status = elb_model_reserve(model, of.rows, of.rows * of.copies);
    if (status == ELBOW_OK)
        status = elb_feed_new(&feed, dev, data, split, of.rows, &model->recipe, elb_feed_limit(dev));
    if (status == ELBOW_OK)
        status = sum_bounds(&sum, &of, model, elb_flat(model, model->w), feed, count, progress, user);
    *nll = (feed ? elb_feed_constant(feed) : 0) - sum / (count ? count : 1);
    elb_feed_free(feed);
    close_weights(&of);
    return status;
}

/* As many draws at once as are useful and take no more than a quarter of the device's memory. */
static uint32_t draws_for(const elbow_model *model)
{
    const elb_device *dev = model->context->dev;
    const uint32_t rows = elb_model_max_rows(model->net);
    uint32_t draws = DRAWS;
    size_t parameters;
    while (draws > 1 && dev->info.memory_bytes > 0 &&
           elb_model_bytes(&parameters, &model->recipe, model->pixels, rows, draws > rows ? draws : rows,
                           dev->real_size) > dev->info.memory_bytes / 4)
        draws /= 2;
    return draws;
}

elbow_status elbow_evaluate_iwae(double *nll, elbow_model *model, elbow_data *data, elbow_split split, uint32_t samples,
                                 elbow_on_data *progress, void *user)
{
    elb_error *err = elb_begin(model->context);
    TRY(elb_model_fits(model, data));
    if (samples < 1 || samples > ELBOW_MAX_SAMPLES)
        return elb_fail(err, ELBOW_USAGE, "the bound takes 1 to %d samples, not %u", ELBOW_MAX_SAMPLES, samples);
    TRY(elb_split_filled(err, data, split));
    return elb_measure_iwae(nll, model, data, split, samples, draws_for(model), progress, user);
}
