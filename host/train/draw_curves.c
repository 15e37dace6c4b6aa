/* draw_curves.c - curves.svg of a run, from its metrics.jsonl. */
#include "base/file.h"
#include "io/curves.h"
#include "io/json.h"
#include "train/context.h"
#include "train/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The curves of a run: one number per epoch, quantity and split. */
enum { QUANTITIES = 3, SPLITS = 3 };
static const char *const quantities[QUANTITIES] = {"elbo", "distortion", "rate"};
static const char *const titles[QUANTITIES] = {"ELBO", "Distortion", "Rate"};
static const char *const splits[SPLITS] = {"training", "validation", "test"};

typedef struct history {
    size_t epochs, room;
    double *epoch, *value[QUANTITIES][SPLITS];
    bool held_out; /* there is a validation split */
} history;

static double member(const cJSON *object, const char *name)
{
    const cJSON *item = object ? cJSON_GetObjectItemCaseSensitive(object, name) : NULL;
    return item && cJSON_IsNumber(item) ? item->valuedouble : (double)NAN;
}

static void add_epoch(history *h, const cJSON *line)
{
    const cJSON *part[SPLITS] = {line, cJSON_GetObjectItemCaseSensitive(line, splits[1]),
                                 cJSON_GetObjectItemCaseSensitive(line, splits[2])};
    h->epoch[h->epochs] = member(line, "epoch");
    for (int q = 0; q < QUANTITIES; q++)
        for (int s = 0; s < SPLITS; s++) h->value[q][s][h->epochs] = member(part[s], quantities[q]);
    h->held_out |= part[1] != NULL;
    h->epochs++;
}

static elbow_status read_lines(history *h, elb_error *err, char *text, const char *path)
{
    for (char *line = text, *end; *line; line = end) {
        end = line + strcspn(line, "\n");
        if (*end) *end++ = 0;
        cJSON *json;
        TRY(elb_json_parse(&json, err, line, strlen(line), path));
        add_epoch(h, json);
        cJSON_Delete(json);
    }
    return ELBOW_OK;
}

static elbow_status new_history(history *h, elb_error *err, const char *text)
{
    for (; *text; text++) h->room += *text == '\n';
    h->room++;
    TRY(elb_new(err, &h->epoch, h->room, sizeof(double), "the curves"));
    for (int q = 0; q < QUANTITIES; q++)
        for (int s = 0; s < SPLITS; s++) TRY(elb_new(err, &h->value[q][s], h->room, sizeof(double), "the curves"));
    return ELBOW_OK;
}

static void free_history(history *h)
{
    free(h->epoch);
    for (int q = 0; q < QUANTITIES; q++)
        for (int s = 0; s < SPLITS; s++) free(h->value[q][s]);
}

static elbow_status draw(const history *h, elb_error *err, const char *run)
{
    char path[ELB_PATH];
    elb_panel panels[QUANTITIES];
    TRY(elb_run_path(path, err, run, "curves.svg"));
    for (int q = 0; q < QUANTITIES; q++) {
        panels[q] = (elb_panel){.title = titles[q], .x_name = "epoch", .y_name = "nats per image"};
        for (int s = 0; s < SPLITS; s++)
            if (s != 1 || h->held_out)
                panels[q].series[panels[q].count++] =
                    (elb_series){.name = splits[s], .x = h->epoch, .y = h->value[q][s], .count = h->epochs};
    }
    return elb_curves_svg(err, path, run, panels, QUANTITIES);
}

elbow_status elbow_draw_curves(elbow_context *context, const char *run)
{
    elb_error *err = elb_begin(context);
    char path[ELB_PATH];
    void *text = NULL;
    size_t size;
    history h = {0};
    TRY(elb_run_path(path, err, run, "metrics.jsonl"));
    TRY(elb_file_read(err, &text, &size, path, 1 << 30));
    elbow_status status = new_history(&h, err, text);
    if (status == ELBOW_OK) status = read_lines(&h, err, text, path);
    if (status == ELBOW_OK) status = draw(&h, err, run);
    free_history(&h);
    free(text);
    return status;
}
