/* native.c - the device that needs no OpenCL: buffers are host memory and a launch is done when it returns. */
#include "device/native.h"
#include "device/profile.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ALIGNMENT 64
/* Launches that touch fewer elements run on one thread: waking the others would take longer. */
#define FEW_ELEMENTS 16384
#define LARGE_BUFFER ((size_t)16 << 20)

typedef struct native {
    elb_device common;
    const elb_native_set *set;
} native;

typedef struct native_buffer {
    elb_buffer common;
    char *bytes;
} native_buffer;

static char *bytes_of(elb_buffer *buffer)
{
    return ((native_buffer *)buffer)->bytes;
}

/* ---- memory ---- */

/* Bytes that can be had without swapping, as Linux estimates them; what the machine has, if it does not tell. */
static uint64_t available_memory(const elb_device *dev)
{
    char line[256];
    unsigned long long kib = dev->info.memory_bytes / 1024;
    FILE *file = fopen("/proc/meminfo", "r");
    if (!file) return dev->info.memory_bytes;
    while (fgets(line, sizeof line, file) && sscanf(line, "MemAvailable: %llu", &kib) != 1) continue;
    fclose(file);
    return kib * 1024;
}

/* Linux promises memory that it does not have, and ends who then touches it: large requests are checked first. */
static elbow_status check_memory(const elb_device *dev, size_t bytes)
{
    char asked[32], there[32], used[32];
    if (bytes < LARGE_BUFFER) return ELBOW_OK;
    const uint64_t available = available_memory(dev);
    if (bytes <= available) return ELBOW_OK;
    return elb_fail(dev->err, ELBOW_MEMORY, "%s: no memory for a buffer of %s: %s are left (%s in buffers already)",
                    dev->info.id, elb_bytes_text(asked, bytes), elb_bytes_text(there, available),
                    elb_bytes_text(used, dev->bytes_in_use));
}

static elbow_status buffer_new(elb_device *dev, elb_buffer **buffer, size_t bytes)
{
    char asked[32], used[32];
    native_buffer *new = NULL;
    *buffer = NULL;
    TRY(check_memory(dev, bytes));
    TRY(elb_new(dev->err, &new, 1, sizeof *new, "a buffer"));
    new->common = (elb_buffer){dev, bytes};
    const size_t room = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT;
    new->bytes = aligned_alloc(ALIGNMENT, room);
    if (!new->bytes) {
        free(new);
        return elb_fail(dev->err, ELBOW_MEMORY, "%s: no memory for a buffer of %s (%s in buffers already)",
                        dev->info.id, elb_bytes_text(asked, bytes), elb_bytes_text(used, dev->bytes_in_use));
    }
    memset(new->bytes, 0, room);
    *buffer = &new->common;
    return ELBOW_OK;
}

static void buffer_free(elb_buffer *buffer)
{
    free(bytes_of(buffer));
    free(buffer);
}

static elbow_status write_bytes(elb_device *dev, elb_buffer *buffer, size_t at, const void *from, size_t bytes)
{
    (void)dev;
    memcpy(bytes_of(buffer) + at, from, bytes);
    return ELBOW_OK;
}

static elbow_status read_bytes(elb_device *dev, void *to, elb_buffer *buffer, size_t at, size_t bytes)
{
    (void)dev;
    memcpy(to, bytes_of(buffer) + at, bytes);
    return ELBOW_OK;
}

static elbow_status copy_bytes(elb_device *dev, elb_buffer *to, size_t to_at, elb_buffer *from, size_t from_at,
                               size_t bytes)
{
    (void)dev;
    memmove(bytes_of(to) + to_at, bytes_of(from) + from_at, bytes);
    return ELBOW_OK;
}

static elbow_status zero_bytes(elb_device *dev, elb_buffer *buffer, size_t at, size_t bytes)
{
    (void)dev;
    memset(bytes_of(buffer) + at, 0, bytes);
    return ELBOW_OK;
}

static elbow_status map(elb_device *dev, void **pointer, elb_buffer *buffer)
{
    (void)dev;
    *pointer = bytes_of(buffer);
    return ELBOW_OK;
}

static elbow_status unmap(elb_device *dev, elb_buffer *buffer, void *pointer)
{
    (void)dev, (void)buffer, (void)pointer;
    return ELBOW_OK;
}

/* ---- launches ---- */

typedef struct launch_task {
    elb_native_function *function;
    const void *options;
    const elb_value *values;
    void *pointers[ELB_MAX_ARGS];
    elb_range groups;
} launch_task;

static void run_groups(void *with, uint32_t first, uint32_t last)
{
    const launch_task *task = with;
    task->function(task->options, task->values, task->pointers, task->groups, first, last);
}

static elbow_status launch(elb_device *dev, const elb_kernel *kernel, const void *options, elb_range groups,
                           const elb_value *values)
{
    launch_task task = {((native *)dev)->set->functions[kernel->index], options, values, {NULL}, groups};
    uint64_t elements = 0;
    for (uint32_t a = 0; a < kernel->arg_count; a++) {
        const elb_view *view = &values[a].view;
        const size_t size = elb_arg_size(dev, kernel->args[a].type);
        if (size == 0) continue;
        task.pointers[a] = bytes_of(view->buffer) + view->offset * size;
        elements += (uint64_t)view->rows * view->cols;
    }
    const uint32_t count = groups.x * groups.y;
    const double start = dev->profile ? elb_seconds() : 0;
    if (count == 1 || elements < FEW_ELEMENTS)
        run_groups(&task, 0, count);
    else
        elb_parallel(count, run_groups, &task);
    if (!dev->profile) return ELBOW_OK;
    const double seconds = elb_seconds() - start;
    uint32_t entry;
    TRY(elb_profile_launch(&entry, dev, kernel, options, values));
    dev->profile->entries[entry].seconds += seconds;
    return ELBOW_OK;
}

static elbow_status prepare(elb_device *dev, const elb_kernel *kernel, const void *options)
{
    (void)dev, (void)kernel, (void)options;
    return ELBOW_OK;
}

static elbow_status nothing_waits(elb_device *dev)
{
    (void)dev;
    return ELBOW_OK;
}

/* A launch looks at dev->profile itself. */
static elbow_status keep_times(elb_device *dev, bool on)
{
    (void)dev, (void)on;
    return ELBOW_OK;
}

static void close_native(elb_device *dev)
{
    free(dev);
}

static const elb_device_ops native_ops = {
    .buffer_new = buffer_new,
    .buffer_free = buffer_free,
    .write = write_bytes,
    .write_later = write_bytes,
    .read = read_bytes,
    .read_later = read_bytes,
    .copy = copy_bytes,
    .zero = zero_bytes,
    .map = map,
    .unmap = unmap,
    .launch = launch,
    .prepare = prepare,
    .flush = nothing_waits,
    .finish = nothing_waits,
    .keep_times = keep_times,
    .close = close_native,
};

/* ---- opening ---- */

/* The processor's name, as Linux tells it. */
static void processor_name(char *name, size_t size)
{
    char line[256];
    elb_format(name, size, "this machine's processor");
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (!file) return;
    while (fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (!colon || strncmp(line, "model name", 10) != 0) continue;
        line[strcspn(line, "\n")] = 0;
        elb_format(name, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
        break;
    }
    fclose(file);
}

static uint32_t processor_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (uint32_t)CPU_COUNT(&set);
    const long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (uint32_t)online : 1;
}

static const elb_native_set *best_set(void)
{
    const elb_native_set *const *set = elb_native_sets;
    while (set[1] && !elb_cpu_has((*set)->name)) set++;
    return *set;
}

void elb_native_info(elbow_device_info *info)
{
    *info = (elbow_device_info){.usable = true, .compute_units = processor_count()};
    elb_format(info->id, sizeof info->id, "native");
    elb_format(info->backend, sizeof info->backend, "native");
    elb_format(info->version, sizeof info->version, "%s", best_set()->name);
    elb_format(info->driver, sizeof info->driver, "%u thread%s", elb_threads(), elb_threads() == 1 ? "" : "s");
    processor_name(info->name, sizeof info->name);
    const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    if (pages > 0 && page > 0) info->memory_bytes = (uint64_t)pages * (uint64_t)page;
}

elbow_status elb_native_open_set(elb_device **dev, elb_error *err, const elb_native_set *set)
{
    native *new = NULL;
    *dev = NULL;
    if (!elb_cpu_has(set->name))
        return elb_fail(err, ELBOW_DEVICE, "native:%s: this processor lacks %s; \"native\" takes the best that it has",
                        set->name, set->name);
    TRY(elb_new(err, &new, 1, sizeof *new, "the native device"));
    new->common = (elb_device){.ops = &native_ops,
                               .err = err,
                               .real_size = set->real_size,
                               .shares_memory = true,
                               .shape = set->shape,
                               .standard = set->shape};
    elb_native_info(&new->common.info);
    elb_format(new->common.info.version, sizeof new->common.info.version, "%s", set->name);
    new->set = set;
    *dev = &new->common;
    return ELBOW_OK;
}

elbow_status elb_native_open(elb_device **dev, elb_error *err, const char *isa)
{
    char names[128] = "";
    *dev = NULL;
    if (!isa) return elb_native_open_set(dev, err, best_set());
    for (const elb_native_set *const *set = elb_native_sets; *set; set++) {
        if (strcmp((*set)->name, isa) != 0) continue;
        TRY(elb_native_open_set(dev, err, *set));
        elb_format((*dev)->info.id, sizeof(*dev)->info.id, "native:%s", isa);
        return ELBOW_OK;
    }
    for (const elb_native_set *const *set = elb_native_sets; *set; set++)
        elb_format(names + strlen(names), sizeof names - strlen(names), "%s%s", *names ? ", " : "", (*set)->name);
    return elb_fail(err, ELBOW_NOT_FOUND, "native:%s: this build has no such instruction set; it has %s", isa, names);
}
