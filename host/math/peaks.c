#include "math/peaks.h"

#include "elb_kernels.h"
#include "math/cost.h"
#include "math/ranges.h"

enum {
    CHAIN_LAUNCHES = 6,
    TRIAD_LAUNCHES = 12,
    MOST_TURNS = 1 << 15, /* llvmpipe ends all loops of a work-item after 65,535 */
    CACHED = 1 << 16,     /* reals of an array of 256 KiB: three fit a core's cache. Up to 64 times that is tried too */
    UNCACHED = 1 << 24    /* 64 MiB: three of them fit no cache of today */
};

/* A launch that takes longer than this drowns what starting it costs. */
static const double LONG_ENOUGH = 2e-3;

typedef struct arrays {
    elb_device *dev;
    elb_buffer *memory[3];
} arrays;

static elbow_status open_arrays(arrays *a, elb_device *dev, uint32_t count)
{
    *a = (arrays){.dev = dev};
    for (size_t i = 0; i < COUNT(a->memory); i++) {
        TRY(elb_buffer_new(&a->memory[i], dev, count * dev->real_size));
        TRY(elb_zero(a->memory[i], 0, a->memory[i]->bytes));
    }
    return ELBOW_OK;
}

static void close_arrays(arrays *a)
{
    for (size_t i = 0; i < COUNT(a->memory); i++) elb_buffer_free(a->memory[i]);
}

static elb_view array(const arrays *a, int i, uint32_t count)
{
    return elb_matrix(a->memory[i], 0, 1, count);
}

/* Elements that give every unit of the device enough to do: some launches of a processor's thread, a GPU's full load.
 */
static uint32_t chain_elements(const elb_device *dev)
{
    const uint32_t units = dev->info.compute_units ? dev->info.compute_units : 1;
    const uint32_t tile = (uint32_t)dev->shape.tile_rows * elb_tile_cols(dev);
    const uint32_t items = dev->shape.group > 1 ? 2048 : 64;
    const uint64_t wanted = (uint64_t)units * items * tile;
    return wanted < UNCACHED ? (uint32_t)wanted : UNCACHED;
}

static elbow_status chain(const arrays *a, uint32_t count, uint32_t turns)
{
    return launch_fma_chain(a->dev, elb_chain_range(a->dev, count), array(a, 0, count), array(a, 1, count), count,
                            turns, 0x1.fcp-1, 0x1.5p-4);
}

static elbow_status triad(const arrays *a, uint32_t count, uint32_t turns)
{
    (void)turns;
    return launch_triad(a->dev, elb_block_range(a->dev, count), array(a, 0, count), array(a, 1, count),
                        array(a, 2, count), count, 0.5);
}

typedef elbow_status run_kernel(const arrays *a, uint32_t count, uint32_t turns);

/* One launch by itself: what it cost and the seconds it took. */
static elbow_status time_one(elb_profile_entry *entry, const arrays *a, run_kernel *run, uint32_t count, uint32_t turns)
{
    elb_profile profile = {.entries = NULL};
    TRY(elb_profile_begin(a->dev, &profile, elb_cost_of));
    const elbow_status status = run(a, count, turns), ended = elb_profile_end(a->dev);
    if (profile.count) *entry = profile.entries[0];
    elb_profile_free(&profile);
    return status == ELBOW_OK ? ended : status;
}

/* The best of some launches after one that builds the program and touches the memory. */
static elbow_status best_of(elb_cost *rate, const arrays *a, run_kernel *run, uint32_t count, uint32_t turns,
                            int launches)
{
    *rate = (elb_cost){0, 0};
    TRY(run(a, count, turns));
    for (int i = 0; i < launches; i++) {
        elb_profile_entry entry = {.launches = 0};
        TRY(time_one(&entry, a, run, count, turns));
        if (!(entry.seconds > 0)) continue;
        const elb_cost now = {entry.cost.flops / entry.seconds, entry.cost.bytes / entry.seconds};
        if (now.flops > rate->flops) *rate = now;
    }
    return ELBOW_OK;
}

static elbow_status measure_flops(double *flops, elb_device *dev)
{
    const uint32_t count = chain_elements(dev);
    uint32_t turns = 64;
    arrays a;
    elb_cost rate = {0, 0};
    elb_profile_entry entry = {.launches = 0};
    elbow_status status = open_arrays(&a, dev, count);
    if (status == ELBOW_OK) status = chain(&a, count, turns);
    for (bool enough = false; status == ELBOW_OK && !enough; turns *= enough ? 1 : 2) {
        status = time_one(&entry, &a, chain, count, turns);
        enough = entry.seconds > LONG_ENOUGH || turns >= MOST_TURNS;
    }
    if (status == ELBOW_OK) status = best_of(&rate, &a, chain, count, turns, CHAIN_LAUNCHES);
    close_arrays(&a);
    *flops = rate.flops;
    return status;
}

/* A GPU is also asked with more elements to an item: starting millions of items takes it longer than the bytes do. */
static elbow_status measure_bytes(double *bytes, elb_device *dev, uint32_t count)
{
    const elb_shape usual = dev->shape;
    elb_shape shape = usual;
    arrays a;
    elbow_status status = open_arrays(&a, dev, count);
    *bytes = 0;
    for (int tried = 0; tried < (dev->prefers_local ? 2 : 1) && status == ELBOW_OK; tried++, shape.block *= 4) {
        elb_cost rate = {0, 0};
        status = elb_device_reshape(dev, shape);
        if (status == ELBOW_OK) status = best_of(&rate, &a, triad, count, 0, TRIAD_LAUNCHES);
        if (rate.bytes > *bytes) *bytes = rate.bytes;
    }
    close_arrays(&a);
    const elbow_status back = elb_device_reshape(dev, usual);
    return status == ELBOW_OK ? back : status;
}

elbow_status elb_peaks_measure(elb_peaks *peaks, elb_device *dev)
{
    *peaks = (elb_peaks){.flops = 0};
    /* Three arrays take no more than a sixteenth of a small device's memory. */
    uint32_t count = UNCACHED;
    while (count > CACHED && 48 * (uint64_t)count * dev->real_size > dev->info.memory_bytes) count /= 2;
    TRY(measure_flops(&peaks->flops, dev));
    for (uint32_t cached = CACHED; cached <= 64 * CACHED && cached < count; cached *= 4) {
        double rate;
        TRY(measure_bytes(&rate, dev, cached));
        if (rate > peaks->cache_bytes) peaks->cache_bytes = rate;
    }
    return measure_bytes(&peaks->memory_bytes, dev, count);
}
