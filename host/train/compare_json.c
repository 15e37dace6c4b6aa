/* compare_json.c - a comparison as JSON, and back. docs/compare.md lists the members. */
#include "train/compare.h"

#include "base/file.h"
#include "train/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

static void write_work(cJSON *to, const elbow_comparison *c)
{
    elb_json_add_text(to, "elbow", c->version);
    elb_json_add_uint(to, "bits_version", ELBOW_BITS_VERSION);
    elb_json_add_text(to, "host", c->host);
    elb_json_add_bool(to, "all_devices", c->all);
    elb_json_add_text(to, "command", c->command);
    elb_recipe_write(elb_json_add_object(to, "recipe"), &c->recipe);
    elb_train_write(elb_json_add_object(to, "train"), &c->train);
    elb_json_add_uint(to, "steps", c->steps);
    elb_json_add_uint(to, "turn", c->turn);
    cJSON *data = elb_json_add_object(to, "data");
    elb_json_add_text(data, "name", c->data);
    elb_json_add_text(data, "sha256", c->sha256);
    elb_json_add_uint(data, "height", c->height);
    elb_json_add_uint(data, "width", c->width);
    elb_json_add_uint(data, "channels", c->channels);
    elb_json_add_uint(data, "images", c->images);
    elb_json_add_text(to, "digest", c->digest);
}

static void write_kernel(cJSON *to, const elbow_kernel_time *k)
{
    elb_json_add_text(to, "kernel", k->kernel);
    elb_json_add_text(to, "options", k->options);
    elb_json_add_text(to, "build", k->build);
    elb_json_add_number(to, "launches", k->launches);
    elb_json_add_number(to, "ms", k->ms);
    elb_json_add_number(to, "flops", k->flops);
    elb_json_add_number(to, "bytes", k->bytes);
    elb_json_add_number(to, "of_peak_flops", k->of_peak_flops);
    elb_json_add_number(to, "of_peak_bytes", k->of_peak_bytes);
}

static void write_breakdown(cJSON *to, const elbow_device_result *r)
{
    elb_json_add_text(to, "reason", r->reason);
    cJSON *about = elb_json_add_object(to, "device");
    elb_json_add_text(about, "backend", r->device.backend);
    elb_json_add_text(about, "platform", r->device.platform);
    elb_json_add_text(about, "version", r->device.version);
    elb_json_add_text(about, "driver", r->device.driver);
    elb_json_add_uint(about, "compute_units", r->device.compute_units);
    elb_json_add_uint(about, "memory_bytes", r->device.memory_bytes);
    cJSON *start = elb_json_add_object(to, "start_s");
    elb_json_add_number(start, "cold", r->cold_s);
    elb_json_add_number(start, "cached", r->cached_s);
    elb_json_add_uint(to, "memory_bytes", r->memory_bytes);
    cJSON *peak = elb_json_add_object(to, "peak");
    elb_json_add_number(peak, "flops", r->peak_flops);
    elb_json_add_number(peak, "memory_bytes", r->peak_memory);
    elb_json_add_number(peak, "cache_bytes", r->peak_cache);
    elb_json_add_number(to, "profiled_ms", r->profiled_ms);
    elb_json_add_number(to, "rest_ms", r->rest_ms);
    cJSON *kernels = elb_json_add_array(to, "kernels");
    for (size_t i = 0; i < r->kernel_count; i++) write_kernel(elb_json_add_object(kernels, NULL), &r->kernels[i]);
    elb_json_add_text(to, "difference", r->difference);
}

/* A device that failed has nulls for its figures. */
static double figure(const elbow_device_result *r, double value)
{
    return r->reason[0] ? NAN : value;
}

static void write_device(cJSON *to, const elbow_device_result *r)
{
    elb_json_add_text(to, "id", r->device.id);
    elb_json_add_text(to, "name", r->device.name);
    elb_json_add_number(to, "images_per_s", figure(r, r->images_per_s));
    cJSON *step = elb_json_add_object(to, "step_ms");
    elb_json_add_number(step, "median", figure(r, r->median_ms));
    elb_json_add_number(step, "p10", figure(r, r->p10_ms));
    elb_json_add_number(step, "p90", figure(r, r->p90_ms));
    write_breakdown(elb_json_add_object(to, "breakdown"), r);
    elb_json_add_text(to, "digest", r->digest);
    elb_json_add_bool(to, "same_bits", r->same_bits);
}

elbow_status elb_comparison_write(elbow_comparison *comparison, elb_error *err)
{
    char *text = NULL;
    cJSON *root = cJSON_CreateObject();
    write_work(elb_json_add_object(root, "work"), comparison);
    cJSON *devices = elb_json_add_array(root, "devices");
    for (size_t i = 0; i < comparison->count; i++)
        write_device(elb_json_add_object(devices, NULL), &comparison->devices[i]);
    const elbow_status status = elb_json_print(&text, err, root, true);
    cJSON_Delete(root);
    comparison->json = text;
    return status;
}

elbow_status elbow_comparison_save(const elbow_comparison *comparison, elbow_context *context, const char *path)
{
    return elb_file_write(elb_begin(context), path, comparison->json, strlen(comparison->json));
}

/* ---- reading ---- */

static elbow_status read_count(uint32_t *out, elb_error *err, const cJSON *from, const char *name, uint32_t least)
{
    uint64_t count;
    TRY(elb_json_uint(&count, err, from, name, least, UINT32_MAX));
    *out = (uint32_t)count;
    return ELBOW_OK;
}

/* NaN where there is null. */
static elbow_status read_figure(double *out, elb_error *err, const cJSON *from, const char *name)
{
    *out = NAN;
    if (cJSON_IsNull(cJSON_GetObjectItemCaseSensitive(from, name))) return ELBOW_OK;
    return elb_json_number(out, err, from, name, 0, HUGE_VAL);
}

static elbow_status read_work(elbow_comparison *c, elb_error *err, const cJSON *from)
{
    const cJSON *recipe, *train, *data;
    uint64_t bits;
    TRY(elb_json_uint(&bits, err, from, "bits_version", 1, UINT32_MAX));
    if (bits != ELBOW_BITS_VERSION)
        return elb_fail(err, ELBOW_BAD_FILE, "made under version %d of the conventions that fix the bits; this is %d",
                        (int)bits, ELBOW_BITS_VERSION);
    TRY(elb_json_text(c->version, sizeof c->version, err, from, "elbow"));
    TRY(elb_json_text(c->host, sizeof c->host, err, from, "host"));
    TRY(elb_json_bool(&c->all, err, from, "all_devices"));
    TRY(elb_json_text(c->command, sizeof c->command, err, from, "command"));
    TRY(elb_json_object(&recipe, err, from, "recipe"));
    TRY(elb_recipe_read(&c->recipe, err, recipe));
    TRY(elb_json_object(&train, err, from, "train"));
    TRY(elb_train_read(&c->train, err, train));
    TRY(read_count(&c->steps, err, from, "steps", 1));
    TRY(read_count(&c->turn, err, from, "turn", 1));
    TRY(elb_json_object(&data, err, from, "data"));
    TRY(elb_json_text(c->data, sizeof c->data, err, data, "name"));
    TRY(elb_json_text(c->sha256, sizeof c->sha256, err, data, "sha256"));
    TRY(read_count(&c->height, err, data, "height", 1));
    TRY(read_count(&c->width, err, data, "width", 1));
    TRY(read_count(&c->channels, err, data, "channels", 1));
    TRY(read_count(&c->images, err, data, "images", 1));
    return elb_json_text(c->digest, sizeof c->digest, err, from, "digest");
}

static elbow_status read_kernel(elbow_kernel_time *k, elb_error *err, const cJSON *from)
{
    TRY(elb_json_text(k->kernel, sizeof k->kernel, err, from, "kernel"));
    TRY(elb_json_text(k->options, sizeof k->options, err, from, "options"));
    TRY(elb_json_text(k->build, sizeof k->build, err, from, "build"));
    TRY(read_figure(&k->launches, err, from, "launches"));
    TRY(read_figure(&k->ms, err, from, "ms"));
    TRY(read_figure(&k->flops, err, from, "flops"));
    TRY(read_figure(&k->bytes, err, from, "bytes"));
    TRY(read_figure(&k->of_peak_flops, err, from, "of_peak_flops"));
    return read_figure(&k->of_peak_bytes, err, from, "of_peak_bytes");
}

static elbow_status read_kernels(elbow_device_result *r, elb_error *err, const cJSON *from)
{
    const cJSON *list, *item;
    TRY(elb_json_array(&list, err, from, "kernels"));
    const size_t count = (size_t)cJSON_GetArraySize(list);
    TRY(elb_new(err, &r->kernels, count ? count : 1, sizeof *r->kernels, "a device's kernels"));
    cJSON_ArrayForEach(item, list)
    {
        TRY(read_kernel(&r->kernels[r->kernel_count], err, item));
        r->kernel_count++;
    }
    return ELBOW_OK;
}

static elbow_status read_about(elbow_device_info *info, elb_error *err, const cJSON *from)
{
    TRY(elb_json_text(info->backend, sizeof info->backend, err, from, "backend"));
    TRY(elb_json_text(info->platform, sizeof info->platform, err, from, "platform"));
    TRY(elb_json_text(info->version, sizeof info->version, err, from, "version"));
    TRY(elb_json_text(info->driver, sizeof info->driver, err, from, "driver"));
    TRY(read_count(&info->compute_units, err, from, "compute_units", 0));
    return elb_json_uint(&info->memory_bytes, err, from, "memory_bytes", 0, UINT64_MAX);
}

static elbow_status read_breakdown(elbow_device_result *r, elb_error *err, const cJSON *from)
{
    const cJSON *about, *start, *peak;
    TRY(elb_json_text(r->reason, sizeof r->reason, err, from, "reason"));
    TRY(elb_json_object(&about, err, from, "device"));
    TRY(read_about(&r->device, err, about));
    TRY(elb_json_object(&start, err, from, "start_s"));
    TRY(read_figure(&r->cold_s, err, start, "cold"));
    TRY(read_figure(&r->cached_s, err, start, "cached"));
    TRY(elb_json_uint(&r->memory_bytes, err, from, "memory_bytes", 0, UINT64_MAX));
    TRY(elb_json_object(&peak, err, from, "peak"));
    TRY(read_figure(&r->peak_flops, err, peak, "flops"));
    TRY(read_figure(&r->peak_memory, err, peak, "memory_bytes"));
    TRY(read_figure(&r->peak_cache, err, peak, "cache_bytes"));
    TRY(read_figure(&r->profiled_ms, err, from, "profiled_ms"));
    TRY(read_figure(&r->rest_ms, err, from, "rest_ms"));
    TRY(read_kernels(r, err, from));
    return elb_json_text(r->difference, sizeof r->difference, err, from, "difference");
}

static elbow_status read_device(elbow_device_result *r, elb_error *err, const cJSON *from)
{
    const cJSON *step, *breakdown;
    TRY(elb_json_text(r->device.id, sizeof r->device.id, err, from, "id"));
    TRY(elb_json_text(r->device.name, sizeof r->device.name, err, from, "name"));
    TRY(read_figure(&r->images_per_s, err, from, "images_per_s"));
    TRY(elb_json_object(&step, err, from, "step_ms"));
    TRY(read_figure(&r->median_ms, err, step, "median"));
    TRY(read_figure(&r->p10_ms, err, step, "p10"));
    TRY(read_figure(&r->p90_ms, err, step, "p90"));
    TRY(elb_json_object(&breakdown, err, from, "breakdown"));
    TRY(read_breakdown(r, err, breakdown));
    TRY(elb_json_text(r->digest, sizeof r->digest, err, from, "digest"));
    return elb_json_bool(&r->same_bits, err, from, "same_bits");
}

static elbow_status read_all(elbow_comparison *c, elb_error *err, const cJSON *root)
{
    const cJSON *work, *list, *item;
    TRY(elb_json_object(&work, err, root, "work"));
    TRY(read_work(c, err, work));
    TRY(elb_json_array(&list, err, root, "devices"));
    const size_t count = (size_t)cJSON_GetArraySize(list);
    TRY(elb_new(err, &c->devices, count ? count : 1, sizeof *c->devices, "the devices' results"));
    cJSON_ArrayForEach(item, list)
    {
        TRY(read_device(&c->devices[c->count++], err, item));
    }
    return elb_comparison_write(c, err);
}

elbow_status elbow_comparison_load(elbow_comparison **comparison, elbow_context *context, const char *path)
{
    elb_error *err = elb_begin(context);
    elbow_comparison *c = NULL;
    void *text = NULL;
    size_t size;
    cJSON *root = NULL;
    *comparison = NULL;
    TRY(elb_file_read(err, &text, &size, path, 64 << 20));
    elbow_status status = elb_json_parse(&root, err, text, size, path);
    if (status == ELBOW_OK) status = elb_new(err, &c, 1, sizeof *c, "a comparison");
    if (status == ELBOW_OK && (status = read_all(c, err, root)) != ELBOW_OK) elb_blame(err, "%s", path);
    cJSON_Delete(root);
    free(text);
    if (status == ELBOW_OK)
        *comparison = c;
    else
        elbow_comparison_free(c);
    return status;
}
