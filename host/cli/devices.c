/* devices.c - elbow devices: what there is to compute on, and why some of it cannot be used. */
#include "cli/cli.h"

#include <string.h>

typedef struct settings {
    bool json;
} settings;

static const cli_option options[] = {
    {.name = "json",
     .type = CLI_FLAG,
     .offset = offsetof(settings, json),
     .help = "print one JSON array instead of the table"},
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.json = false};
}

static int print_json(const elbow_device_info *devices, size_t count)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < count; i++) {
        const elbow_device_info *d = &devices[i];
        cJSON *json = cJSON_CreateObject();
        cJSON_AddStringToObject(json, "id", d->id);
        cJSON_AddStringToObject(json, "name", d->name);
        cJSON_AddStringToObject(json, "backend", d->backend);
        cJSON_AddStringToObject(json, "platform", d->platform);
        cJSON_AddStringToObject(json, "version", d->version);
        cJSON_AddStringToObject(json, "driver", d->driver);
        cJSON_AddBoolToObject(json, "usable", d->usable);
        cJSON_AddStringToObject(json, "reason", d->reason);
        cJSON_AddNumberToObject(json, "compute_units", d->compute_units);
        cJSON_AddNumberToObject(json, "memory_bytes", (double)d->memory_bytes);
        cJSON_AddItemToArray(list, json);
    }
    return cli_print_json(list);
}

/* text cut to width columns, with dots where it was cut. */
static void cut(char *out, size_t size, const char *text, size_t width)
{
    if (strlen(text) <= width)
        snprintf(out, size, "%s", text);
    else
        snprintf(out, size, "%.*s...", (int)width - 3, text);
}

static void print_row(const elbow_device_info *d)
{
    char name[64], version[64], driver[32], memory[32] = "-";
    cut(name, sizeof name, d->name, 30);
    cut(version, sizeof version, d->version, 20);
    cut(driver, sizeof driver, d->driver, 14);
    if (d->memory_bytes > 0) cli_bytes(memory, d->memory_bytes);
    printf("%s %-10s %-30s %5u %9s  %-20s %s\n",
           d->preferred ? "*"
           : d->usable  ? " "
                        : "x",
           d->id, name, (unsigned)d->compute_units, memory, version, driver);
}

static void print_table(const elbow_device_info *devices, size_t count)
{
    bool reasons = false, refused = false;
    printf("%s  %-10s %-30s %5s %9s  %-20s %s%s\n", cli_style(stdout, "1"), "id", "name", "units", "memory", "version",
           "driver", cli_plain(stdout));
    for (size_t i = 0; i < count; i++) {
        print_row(&devices[i]);
        refused = refused || !devices[i].usable;
    }
    for (size_t i = 0; i < count; i++) {
        if (devices[i].reason[0] == '\0') continue;
        printf("%s%s: %s%s\n", reasons ? "" : "\n", devices[i].id,
               devices[i].usable ? "" : "cannot be used: ", devices[i].reason);
        reasons = true;
    }
    printf("\n* what --device auto opens%s\n", refused ? "; x cannot be used" : "");
}

static int run(void *of, const cli_args *args)
{
    const settings *s = of;
    elbow_context *context = NULL;
    elbow_device_info *devices = NULL;
    size_t count = 0;
    (void)args;
    int status = cli_open(&context, "native");
    if (status == CLI_DONE) {
        const elbow_status listed = elbow_devices(context, &devices, &count);
        if (listed != ELBOW_OK)
            status = cli_library_failed(context, listed);
        else if (s->json)
            status = print_json(devices, count);
        else
            print_table(devices, count);
    }
    elbow_devices_free(devices);
    elbow_close(context);
    return status;
}

const cli_command cli_devices = {
    .name = "devices",
    .summary = "every device found, and why one cannot be used",
    .purpose = "Lists every device by the id that --device takes: the native one, which needs no driver, and those of "
               "every OpenCL platform, with units, memory and driver. For a device that cannot be used, or that two "
               "platforms offer, a line below the table says so.",
    .examples = {"elbow devices", "elbow devices --json"},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
