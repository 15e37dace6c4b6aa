/* Which OpenCL devices there are and what each says of itself. */
#include "device/opencl_internal.h"
#include "device/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PLATFORMS = 64, MOST_DEVICES = 64 };

/* Parameters of extensions, whose headers not every system has. */
enum {
    PARAM_UUID = 0x106A,    /* cl_khr_device_uuid */
    PARAM_PCI = 0x410F,     /* cl_khr_pci_bus_info: domain, bus, device, function */
    PARAM_PCI_AMD = 0x4037, /* cl_amd_device_attribute_query: type, then 20 bytes */
    PARAM_BUS_NV = 0x4008,  /* cl_nv_device_attribute_query */
    PARAM_SLOT_NV = 0x4009,
    PARAM_DOMAIN_NV = 0x400A
};

/* A text without the blanks around it that some drivers leave. */
static void copy_text(char *out, size_t size, const char *from)
{
    while (*from == ' ') from++;
    size_t length = strlen(from);
    while (length && (from[length - 1] == ' ' || from[length - 1] == '\n')) length--;
    elb_format(out, size, "%.*s", (int)length, from);
}

static void device_text(char *out, size_t size, const elb_cl *cl, cl_device_id device, cl_device_info what)
{
    char text[2048] = "";
    if (cl->GetDeviceInfo(device, what, sizeof text - 1, text, NULL) != CL_SUCCESS) text[0] = 0;
    copy_text(out, size, text);
}

/* A number of 32 or 64 bits; 0 if the device does not say. */
static uint64_t device_number(const elb_cl *cl, cl_device_id device, cl_device_info what)
{
    union {
        uint32_t narrow;
        uint64_t wide;
    } value = {.wide = 0};
    size_t size = 0;
    if (cl->GetDeviceInfo(device, what, sizeof value, &value, &size) != CL_SUCCESS) return 0;
    return size == sizeof value.narrow ? value.narrow : value.wide;
}

static void hardware_key(elb_found *found, const elb_cl *cl, cl_device_id device)
{
    uint32_t pci[4];
    unsigned char amd[24], uuid[16];
    char *out = found->hardware;
    const size_t size = sizeof found->hardware;
    if (!found->gpu) {
        elb_format(out, size, "cpu");
        return;
    }
    const uint64_t bus = device_number(cl, device, PARAM_BUS_NV), slot = device_number(cl, device, PARAM_SLOT_NV);
    if (cl->GetDeviceInfo(device, PARAM_PCI, sizeof pci, pci, NULL) == CL_SUCCESS)
        elb_format(out, size, "pci:%04x:%02x:%02x.%x", pci[0], pci[1], pci[2], pci[3]);
    else if (bus || slot) /* the slot holds device and function */
        elb_format(out, size, "pci:%04x:%02x:%02x.%x", (unsigned)device_number(cl, device, PARAM_DOMAIN_NV),
                   (unsigned)bus, (unsigned)slot >> 3, (unsigned)slot & 7);
    else if (cl->GetDeviceInfo(device, PARAM_PCI_AMD, sizeof amd, amd, NULL) == CL_SUCCESS && amd[0] == 1)
        elb_format(out, size, "pci:0000:%02x:%02x.%x", amd[21], amd[22], amd[23]);
    else if (cl->GetDeviceInfo(device, PARAM_UUID, sizeof uuid, uuid, NULL) == CL_SUCCESS)
        for (size_t i = 0; i < sizeof uuid; i++) elb_format(out + 2 * i, size - 2 * i, "%02x", uuid[i]);
}

/* Writes why the device cannot be used; "" if nothing it says speaks against it. */
static void say_why_not(elb_found *found, const elb_cl *cl, cl_device_id device)
{
    const uint64_t needed = CL_FP_ROUND_TO_NEAREST | CL_FP_INF_NAN;
    const uint64_t precision = device_number(cl, device, CL_DEVICE_SINGLE_FP_CONFIG);
    int major = 0, minor = 0;
    const bool versioned = sscanf(found->info.version, "OpenCL %d.%d", &major, &minor) == 2;
    char *out = found->info.reason, memory[32];
    const size_t size = sizeof found->info.reason;
    if (!device_number(cl, device, CL_DEVICE_AVAILABLE))
        elb_format(out, size, "its driver calls it not available");
    else if (!device_number(cl, device, CL_DEVICE_COMPILER_AVAILABLE))
        elb_format(out, size, "it has no compiler");
    else if (!versioned || major * 10 + minor < 12)
        elb_format(out, size, "it has %.60s; 1.2 is needed", found->info.version);
    else if (!device_number(cl, device, CL_DEVICE_ENDIAN_LITTLE))
        elb_format(out, size, "it is big endian");
    else if ((precision & needed) != needed)
        elb_format(out, size, "its float32 lacks round-to-nearest or infinities and NaN (CL_DEVICE_SINGLE_FP_CONFIG)");
    else if (found->info.memory_bytes < (uint64_t)64 << 20)
        elb_format(out, size, "it has only %s of memory; 64 MiB are needed",
                   elb_bytes_text(memory, found->info.memory_bytes));
}

void elb_opencl_describe(elb_found *found, const elb_cl *cl, cl_platform_id platform, cl_device_id device)
{
    *found = (elb_found){.platform = platform, .handle = device};
    elbow_device_info *info = &found->info;
    char name[1024] = "";
    if (cl->GetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name - 1, name, NULL) != CL_SUCCESS) name[0] = 0;
    copy_text(info->platform, sizeof info->platform, name);
    elb_quirk_slug(info->id, sizeof info->id, info->platform);
    elb_format(info->backend, sizeof info->backend, "opencl");
    device_text(info->name, sizeof info->name, cl, device, CL_DEVICE_NAME);
    device_text(info->version, sizeof info->version, cl, device, CL_DEVICE_VERSION);
    device_text(info->driver, sizeof info->driver, cl, device, CL_DRIVER_VERSION);
    info->compute_units = (uint32_t)device_number(cl, device, CL_DEVICE_MAX_COMPUTE_UNITS);
    info->memory_bytes = device_number(cl, device, CL_DEVICE_GLOBAL_MEM_SIZE);
    found->speed = (double)info->compute_units * (double)device_number(cl, device, CL_DEVICE_MAX_CLOCK_FREQUENCY);
    found->gpu = !(device_number(cl, device, CL_DEVICE_TYPE) & CL_DEVICE_TYPE_CPU) &&
                 !elb_quirk_on_processor(info->platform, info->name);
    hardware_key(found, cl, device);
    say_why_not(found, cl, device);
    info->usable = !info->reason[0];
}

/* Appends a platform's devices. *count is the room used of found, which grows. */
static elbow_status add_platform(elb_error *err, elb_found **found, size_t *count, const elb_cl *cl,
                                 cl_platform_id platform)
{
    cl_device_id devices[MOST_DEVICES];
    cl_uint there = 0;
    const cl_int code = cl->GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, MOST_DEVICES, devices, &there);
    if (code == CL_DEVICE_NOT_FOUND || (code == CL_SUCCESS && !there)) return ELBOW_OK;
    if (code != CL_SUCCESS) {
        char name[256] = "?";
        cl->GetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
        elb_remark(err, "the OpenCL platform %s does not list its devices: %s (%d)", name, elb_cl_error_name(code),
                   code);
        return ELBOW_OK;
    }
    if (there > MOST_DEVICES) there = MOST_DEVICES;
    elb_found *grown;
    TRY(elb_new(err, &grown, *count + there, sizeof *grown, "the list of devices"));
    if (*count) memcpy(grown, *found, *count * sizeof *grown);
    free(*found);
    *found = grown;
    for (cl_uint i = 0; i < there; i++) elb_opencl_describe(&grown[(*count)++], cl, platform, devices[i]);
    return ELBOW_OK;
}

/* "pocl" and "pocl" become "pocl:0" and "pocl:1". */
static void number_ids(elb_found *found, size_t count)
{
    for (size_t i = count; i-- > 0;) {
        elbow_device_info *info = &found[i].info;
        unsigned number = 0;
        for (size_t j = 0; j < i; j++) number += strcmp(found[j].info.id, info->id) == 0;
        const size_t length = strlen(info->id);
        elb_format(info->id + length, sizeof info->id - length, ":%u", number);
        if (!found[i].hardware[0]) elb_format(found[i].hardware, sizeof found[i].hardware, "id:%.50s", info->id);
    }
}

elbow_status elb_opencl_find(elb_error *err, elb_found **found, size_t *count)
{
    *found = NULL;
    *count = 0;
    elb_cl cl;
    elb_error missing = {0};
    if (elb_cl_load(&cl, &missing) != ELBOW_OK) {
        elb_remark(err, "%s: only the native device is there", missing.text);
        return ELBOW_OK;
    }
    cl_platform_id platforms[MOST_PLATFORMS];
    cl_uint there = 0;
    const cl_int code = cl.GetPlatformIDs(MOST_PLATFORMS, platforms, &there);
    if (code != CL_SUCCESS || !there) {
        elb_remark(err, "OpenCL finds no driver (clGetPlatformIDs: %s): only the native device is there",
                   elb_cl_error_name(code));
        return ELBOW_OK;
    }
    if (there > MOST_PLATFORMS) there = MOST_PLATFORMS;
    for (cl_uint i = 0; i < there; i++) {
        const elbow_status status = add_platform(err, found, count, &cl, platforms[i]);
        if (status != ELBOW_OK) {
            free(*found);
            *found = NULL;
            *count = 0;
            return status;
        }
    }
    number_ids(*found, *count);
    return ELBOW_OK;
}
