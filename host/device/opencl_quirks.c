/* What is known of platforms and not reported by them: all of it here, each with where it was seen. */
#include "device/opencl_internal.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct quirk {
    const char *platform; /* what its name begins with */
    const char *slug;     /* its short name */
    bool on_processor;    /* its devices are the host's processor, whatever type they report */
    bool gpu_like;        /* its devices want work-groups and local memory, though they run on the processor */
} quirk;

static const quirk quirks[] = {
    {"Portable Computing Language", "pocl", false, false},
    {"Intel(R)", "intel", false, false},
    {"NVIDIA", "nvidia", false, false},
    {"AMD", "amd", false, false},
    {"rusticl", "rusticl", false, false},
    {"Clover", "clover", false, false},
    {"Apple", "apple", false, false},
    {"ARM", "arm", false, false},
    {"QUALCOMM", "qualcomm", false, false},
    /* Reports all device types at once. Work-groups of several items are what it is asked to find races in. */
    {"Oclgrind", "oclgrind", true, true},
};

/* Mesa's drivers that compute on the processor, found in the device's name. llvmpipe runs the threads of a work-group
 * as a GPU does, in SIMD lanes: scalar items and groups suit it, wide vectors are taken apart. */
static const char *const processor_drivers[] = {"llvmpipe", "softpipe", "swrast"};

static const quirk *find(const char *platform)
{
    for (size_t i = 0; i < COUNT(quirks); i++)
        if (strncasecmp(platform, quirks[i].platform, strlen(quirks[i].platform)) == 0) return &quirks[i];
    return NULL;
}

static bool is_processor_driver(const char *device)
{
    for (size_t i = 0; i < COUNT(processor_drivers); i++)
        if (strstr(device, processor_drivers[i])) return true;
    return false;
}

void elb_quirk_slug(char *out, size_t size, const char *platform)
{
    const quirk *known = find(platform);
    if (known) {
        elb_format(out, size, "%s", known->slug);
        return;
    }
    size_t length = 0;
    for (const char *c = platform; *c && length + 1 < size && length < 24; c++) {
        if (isalnum((unsigned char)*c))
            out[length++] = (char)tolower((unsigned char)*c);
        else if (length && out[length - 1] != '-')
            out[length++] = '-';
    }
    while (length && out[length - 1] == '-') length--;
    out[length] = 0;
    if (!length) elb_format(out, size, "opencl");
}

bool elb_quirk_on_processor(const char *platform, const char *device)
{
    const quirk *known = find(platform);
    return (known && known->on_processor) || is_processor_driver(device);
}

bool elb_quirk_gpu_like(const char *platform, const char *device)
{
    const quirk *known = find(platform);
    return (known && known->gpu_like) || is_processor_driver(device);
}

/* LP_MAX_TGSI_LOOP_ITERATIONS in Mesa's gallivm: seen with 22.3.6. */
uint32_t elb_quirk_most_turns(const char *device)
{
    return strstr(device, "llvmpipe") ? 65535 : 0;
}

/* Three for each unit: on an NVIDIA H200 (132 units) tiles of half the size are quicker up to 325 groups, slower from
 * 416 on. */
uint32_t elb_quirk_busy_groups(bool gpu, uint32_t units)
{
    return gpu ? 3 * units : 0;
}

elb_shape elb_quirk_shape(bool gpu_like, uint32_t native_width, size_t largest_group)
{
    if (gpu_like) {
        /* Scalar items in whole warps, neighbours on neighbouring elements; 4 x 4 accumulators an item. */
        int32_t group = 64;
        while (group > 1 && (size_t)group > largest_group) group /= 2;
        return (elb_shape){.width = 1, .group = group, .block = 1, .tile_rows = 4, .tile_vectors = 4};
    }
    /* 8 x 2 accumulators of 16 floats fill half of AVX-512's 32 registers: 240-320 GF/s on two cores, on PoCL and on
     * Intel's runtime. With 16 registers 6 x 2 (AVX2), 4 x 2 (SSE) leave room for the operands, as on native. */
    if (native_width >= 16)
        return (elb_shape){.width = 16, .group = 1, .block = 1024, .tile_rows = 8, .tile_vectors = 2};
    if (native_width >= 8) return (elb_shape){.width = 8, .group = 1, .block = 1024, .tile_rows = 6, .tile_vectors = 2};
    return (elb_shape){.width = 4, .group = 1, .block = 1024, .tile_rows = 4, .tile_vectors = 2};
}
