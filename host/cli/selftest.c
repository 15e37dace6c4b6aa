/* selftest.c - elbow selftest: every kernel on a device against the native reference, bit for bit. */
#include "cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct settings {
    const char *device;
    bool json;
} settings;

static const cli_option options[] = {
    {.name = "device",
     .metavar = "ID|all",
     .type = CLI_TEXT,
     .offset = offsetof(settings, device),
     .help = "the device to test: auto, native, an id that 'elbow devices' lists, or several with commas"},
    {.name = "json",
     .type = CLI_FLAG,
     .offset = offsetof(settings, json),
     .help = "print one JSON array instead of the table"},
};

static void defaults(void *of)
{
    *(settings *)of = (settings){.device = "auto"};
}

/* One line of the table is one kernel on one device. */
typedef struct tally {
    char device[64], kernel[64];
    uint64_t same, close, wrong, max_ulp;
    char first_wrong[192]; /* the options of the first combination that is wrong */
} tally;

typedef struct totals {
    tally now;
    uint64_t same, close, wrong;
    bool json, headed; /* headed: the table has begun */
    cJSON *list;
} totals;

/* Prints the line of the kernel that is complete. */
static void print_line(totals *all)
{
    const tally *t = &all->now;
    if (t->kernel[0] == '\0') return;
    cli_clear_line();
    if (!all->headed)
        printf("%s%-12s %-24s %7s %7s %7s%s\n", cli_style(stdout, "1"), "device", "kernel", "same", "close", "wrong",
               cli_plain(stdout));
    all->headed = true;
    printf("%-12s %-24s %7llu %7llu %7llu   ", t->device, t->kernel, (unsigned long long)t->same,
           (unsigned long long)t->close, (unsigned long long)t->wrong);
    if (t->wrong > 0)
        printf("%swrong%s %s", cli_style(stdout, "31"), cli_plain(stdout), t->first_wrong);
    else if (t->close > 0)
        printf("within %llu ulp", (unsigned long long)t->max_ulp);
    else
        printf("%ssame bits%s", cli_style(stdout, "32"), cli_plain(stdout));
    putchar('\n');
    fflush(stdout);
}

static void add_json(cJSON *list, const elbow_verdict *v)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "device", v->device);
    cJSON_AddStringToObject(json, "kernel", v->kernel);
    cJSON_AddStringToObject(json, "options", v->options);
    cJSON_AddStringToObject(json, "result", v->result);
    cJSON_AddNumberToObject(json, "max_ulp", (double)v->max_ulp);
    cJSON_AddItemToArray(list, json);
}

static void on_verdict(void *user, const elbow_verdict *v)
{
    totals *all = user;
    tally *now = &all->now;
    if (strcmp(now->device, v->device) != 0 || strcmp(now->kernel, v->kernel) != 0) {
        if (!all->json) print_line(all);
        *now = (tally){.same = 0};
        memcpy(now->device, v->device, sizeof now->device);
        memcpy(now->kernel, v->kernel, sizeof now->kernel);
    }
    const bool same = strcmp(v->result, "same") == 0, close = strcmp(v->result, "close") == 0;
    if (!same && !close && now->wrong == 0) memcpy(now->first_wrong, v->options, sizeof now->first_wrong);
    *(same ? &now->same : close ? &now->close : &now->wrong) += 1;
    *(same ? &all->same : close ? &all->close : &all->wrong) += 1;
    if (v->max_ulp > now->max_ulp) now->max_ulp = v->max_ulp;
    if (all->json) add_json(all->list, v);
    const unsigned long long checked = all->same + all->close + all->wrong;
    if (isatty(STDERR_FILENO) && checked % 16 == 1)
        fprintf(stderr, "\r\033[K%s  %s  %llu combinations checked", v->device, v->kernel, checked);
}

/* Tests one device. Returns FAILED if it is wrong or cannot be opened. */
static int test_device(totals *all, const char *device)
{
    elbow_context *context = NULL;
    int status = cli_open(&context, device);
    if (status == CLI_DONE) {
        const elbow_status tested = elbow_selftest(context, on_verdict, all);
        if (!all->json) print_line(all);
        all->now = (tally){.same = 0};
        cli_clear_line();
        if (tested != ELBOW_OK) status = cli_library_failed(context, tested);
    }
    elbow_close(context);
    return status;
}

/* Every usable device. One that two platforms offer is tested twice: another driver may give other bits. */
static int test_all(totals *all)
{
    elbow_context *context = NULL;
    elbow_device_info *devices = NULL;
    size_t count = 0;
    int status = cli_open(&context, "native");
    if (status != CLI_DONE) {
        elbow_close(context);
        return status;
    }
    const elbow_status listed = elbow_devices(context, &devices, &count);
    if (listed != ELBOW_OK) status = cli_library_failed(context, listed);
    for (size_t i = 0; i < count && listed == ELBOW_OK; i++) {
        const elbow_device_info *d = &devices[i];
        if (!d->usable) {
            cli_warn("%s left out: %s", d->id, d->reason);
            continue;
        }
        const int tested = test_device(all, d->id);
        if (tested != CLI_DONE) status = tested;
    }
    elbow_devices_free(devices);
    elbow_close(context);
    return status;
}

/* The devices named between commas. */
static int test_named(totals *all, const char *names)
{
    int status = CLI_DONE;
    char *copy = strdup(names), *rest = NULL;
    if (copy == NULL) return cli_failure("no memory for the devices' names");
    for (char *name = strtok_r(copy, ",", &rest); name != NULL; name = strtok_r(NULL, ",", &rest)) {
        const int tested = test_device(all, name);
        if (tested != CLI_DONE) status = tested;
    }
    free(copy);
    return status;
}

static int run(void *of, const cli_args *args)
{
    const settings *s = of;
    totals all = {.json = s->json, .list = s->json ? cJSON_CreateArray() : NULL};
    (void)args;
    int status = strcmp(s->device, "all") == 0 ? test_all(&all) : test_named(&all, s->device);
    if (s->json) {
        const int printed = cli_print_json(all.list);
        if (status == CLI_DONE) status = printed;
        return status == CLI_DONE && all.wrong > 0 ? CLI_FAILED : status;
    }
    if (all.headed)
        printf("%llu the same, %llu close, %llu wrong\n", (unsigned long long)all.same, (unsigned long long)all.close,
               (unsigned long long)all.wrong);
    return status == CLI_DONE && all.wrong > 0 ? CLI_FAILED : status;
}

const cli_command cli_selftest = {
    .name = "selftest",
    .summary = "every kernel on a device against the native reference, bit for bit",
    .purpose = "Runs every kernel with every combination of its options on a device and on the native reference, and "
               "compares the bytes. A device whose bits are wrong has a broken driver or compiler: elbow refuses to "
               "train on it. Exit status 1 if a byte differs: close (by up to 4 ulp) is not the same.",
    .examples = {"elbow selftest", "elbow selftest --device native", "elbow selftest --device all --json"},
    .options = options,
    .option_count = CLI_COUNT_OF(options),
    .settings_size = sizeof(settings),
    .defaults = defaults,
    .run = run,
};
