#include "train/feed.h"

#include "base/random.h"
#include "nn/likelihood.h"
#include "nn/update.h"

#include <stdlib.h>
#include <string.h>

/* Bytes of a streamed chunk: enough batches that collecting and copying it costs little beside computing on it. */
enum { CHUNK_BYTES = 32 << 20 };

struct elb_feed {
    elb_device *dev;
    const elb_part *part;
    bool bytes; /* 8-bit pixels */
    uint32_t pixels, max_rows;
    elbow_recipe recipe;
    double constant;     /* of the density */
    uint32_t epoch;      /* of the order; 0: the split's own */
    uint32_t *order;     /* (count) sample numbers in the order of the epoch */
    elb_buffer *samples; /* the same on the device */
    elb_buffer *x;       /* the batch */
    bool resident;
    uint32_t chunk;           /* data in a chunk; resident: all of them */
    elb_buffer *store[2];     /* pixels: of all data in the split's source, or of two chunks */
    elb_buffer *at;           /* streamed: 0, 1, ... */
    unsigned char *collected; /* streamed: the host's copy of the chunk on its way */
    uint32_t ready[2];        /* streamed: number of the chunk in each store, plus 1; 0: none */
};

static size_t datum_bytes(const elb_feed *feed)
{
    return (size_t)feed->pixels * (feed->bytes ? 1 : sizeof(float));
}

/* Device memory for count data, in the device's own reals where they are not bytes. */
static elbow_status new_store(elb_buffer **store, elb_feed *feed, uint32_t count)
{
    size_t bytes;
    if (!elb_times(&bytes, feed->pixels, feed->bytes ? 1 : feed->dev->real_size) || !elb_times(&bytes, bytes, count))
        return elb_fail(feed->dev->err, ELBOW_MEMORY, "%u images of %u pixels do not fit into any memory", count,
                        feed->pixels);
    return elb_buffer_new(store, feed->dev, bytes);
}

static elbow_status fill_store(elb_feed *feed, elb_buffer *store, const void *pixels, uint32_t count)
{
    if (feed->bytes) return elb_write(store, 0, pixels, (size_t)count * feed->pixels);
    return elb_write_reals(elb_matrix(store, 0, count, feed->pixels), pixels);
}

static elbow_status make_resident(elb_feed *feed)
{
    const elb_images *images = feed->part->images;
    feed->chunk = images->count;
    TRY(new_store(&feed->store[0], feed, images->count));
    return fill_store(feed, feed->store[0], images->pixels, images->count);
}

static elbow_status make_streamed(elb_feed *feed)
{
    const uint32_t batches = (uint32_t)(CHUNK_BYTES / datum_bytes(feed) / feed->max_rows) + 1;
    feed->chunk = batches * feed->max_rows;
    if (feed->chunk > feed->part->count) feed->chunk = feed->part->count;
    TRY(new_store(&feed->store[0], feed, feed->chunk));
    TRY(new_store(&feed->store[1], feed, feed->chunk));
    TRY(elb_new(feed->dev->err, &feed->collected, feed->chunk, datum_bytes(feed), "a chunk of images"));
    uint32_t *numbers;
    TRY(elb_new(feed->dev->err, &numbers, feed->chunk, sizeof *numbers, "a chunk's numbers"));
    for (uint32_t i = 0; i < feed->chunk; i++) numbers[i] = i;
    elbow_status status = elb_buffer_new(&feed->at, feed->dev, feed->chunk * sizeof *numbers);
    if (status == ELBOW_OK) status = elb_write(feed->at, 0, numbers, feed->chunk * sizeof *numbers);
    free(numbers);
    return status;
}

/* What a density of counts leaves out, on the mean over the data. */
static double count_constant(const elb_part *part, uint32_t pixels)
{
    double sum = 0;
    for (uint32_t i = 0; i < part->count; i++) {
        const float *datum = (const float *)part->images->pixels + (size_t)part->rows[i] * pixels;
        for (uint32_t j = 0; j < pixels; j++) sum += elb_count_constant((double)datum[j]);
    }
    return part->count ? sum / part->count : 0;
}

static elbow_status make(elb_feed *feed, uint64_t resident_limit)
{
    const uint32_t count = feed->part->count;
    TRY(elb_new(feed->dev->err, &feed->order, count, sizeof *feed->order, "the order of an epoch"));
    TRY(elb_buffer_new(&feed->samples, feed->dev, count * sizeof *feed->order));
    TRY(elb_buffer_new(&feed->x, feed->dev, (size_t)feed->max_rows * feed->pixels * feed->dev->real_size));
    feed->resident = (uint64_t)feed->part->images->count * datum_bytes(feed) <= resident_limit;
    return feed->resident ? make_resident(feed) : make_streamed(feed);
}

elbow_status elb_feed_new(elb_feed **out, elb_device *dev, const elbow_data *data, elbow_split split, uint32_t max_rows,
                          const elbow_recipe *recipe, uint64_t resident_limit)
{
    elb_feed *feed;
    *out = NULL;
    TRY(elb_new(dev->err, &feed, 1, sizeof *feed, "a feed of data"));
    feed->dev = dev;
    feed->part = elb_data_part(data, split);
    feed->bytes = data->info.bytes;
    feed->pixels = data->info.pixels;
    feed->max_rows = max_rows;
    feed->recipe = *recipe;
    feed->constant = elb_density_constant(recipe, feed->pixels);
    if (elb_density_of(recipe)->accepts == ELB_COUNTS && !feed->bytes)
        feed->constant += count_constant(feed->part, feed->pixels);
    const elbow_status status = make(feed, resident_limit);
    if (status == ELBOW_OK)
        *out = feed;
    else
        elb_feed_free(feed);
    return status;
}

void elb_feed_free(elb_feed *feed)
{
    if (!feed) return;
    elb_buffer_free(feed->samples);
    elb_buffer_free(feed->x);
    elb_buffer_free(feed->store[0]);
    elb_buffer_free(feed->store[1]);
    elb_buffer_free(feed->at);
    free(feed->collected);
    free(feed->order);
    free(feed);
}

elbow_status elb_feed_start(elb_feed *feed, uint32_t epoch)
{
    const uint32_t count = feed->part->count;
    feed->epoch = epoch;
    feed->ready[0] = feed->ready[1] = 0;
    memcpy(feed->order, feed->part->rows, count * sizeof *feed->order);
    if (epoch) elb_shuffle(feed->order, count, feed->recipe.seed, epoch);
    return elb_write(feed->samples, 0, feed->order, count * sizeof *feed->order);
}

/* Collects chunk number `chunk` of the order and copies it into its store. On a queue the device still works on the
 * chunk before, in the other store, while the host collects. */
static elbow_status stream(elb_feed *feed, uint32_t chunk)
{
    const size_t size = datum_bytes(feed);
    const uint32_t first = chunk * feed->chunk, left = feed->part->count - first;
    const uint32_t count = left < feed->chunk ? left : feed->chunk;
    for (uint32_t i = 0; i < count; i++) {
        const unsigned char *pixels = feed->part->images->pixels;
        memcpy(feed->collected + i * size, pixels + feed->order[first + i] * size, size);
    }
    feed->ready[chunk & 1] = chunk + 1;
    return fill_store(feed, feed->store[chunk & 1], feed->collected, count);
}

/* Gathers data that lie in one store. */
static elbow_status gather(elb_feed *feed, uint32_t row, uint32_t first, uint32_t rows)
{
    const uint32_t chunk = feed->resident ? 0 : first / feed->chunk;
    if (!feed->resident && feed->ready[chunk & 1] != chunk + 1) TRY(stream(feed, chunk));
    const elb_view pixels = elb_matrix(feed->store[chunk & 1], 0, feed->chunk, feed->pixels);
    const elb_view samples = elb_matrix(feed->samples, first, 1, rows);
    const elb_view at = feed->resident ? samples : elb_matrix(feed->at, first - chunk * feed->chunk, 1, rows);
    return elb_gather(feed->dev, elb_matrix(feed->x, (size_t)row * feed->pixels, rows, feed->pixels), pixels,
                      feed->bytes, at, samples, (int)feed->recipe.binarise, feed->recipe.seed, feed->epoch);
}

elbow_status elb_feed_batch(elb_view *x, elb_view *samples, elb_feed *feed, uint32_t first, uint32_t rows)
{
    for (uint32_t done = 0; done < rows;) {
        const uint32_t left = feed->chunk - (feed->resident ? 0 : (first + done) % feed->chunk);
        const uint32_t part = feed->resident || rows - done < left ? rows - done : left;
        TRY(gather(feed, done, first + done, part));
        done += part;
    }
    *x = elb_matrix(feed->x, 0, rows, feed->pixels);
    *samples = elb_matrix(feed->samples, first, 1, rows);
    return ELBOW_OK;
}

double elb_feed_constant(const elb_feed *feed)
{
    return feed->constant;
}

uint64_t elb_feed_limit(const elb_device *dev)
{
    return dev->info.memory_bytes / 2;
}
