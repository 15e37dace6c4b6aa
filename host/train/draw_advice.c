/* draw_advice.c - the picture of elbow_advise: what is foreseen over beta, the linear VAE dashed beside it. */
#include "io/curves.h"
#include "train/context.h"

typedef struct columns {
    double beta[ELBOW_MAX_ADVICE_ROWS], active[ELBOW_MAX_ADVICE_ROWS], rate[ELBOW_MAX_ADVICE_ROWS],
        distortion[ELBOW_MAX_ADVICE_ROWS];
} columns;

static void take(columns *to, const elbow_advice_row *rows, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        to->beta[i] = rows[i].beta;
        to->active[i] = rows[i].active_units;
        to->rate[i] = rows[i].rate;
        to->distortion[i] = rows[i].distortion;
    }
}

static elb_panel panel(const char *title, const char *y_name, const columns *deep, const double *foreseen,
                       const double *linear, uint32_t count)
{
    return (elb_panel){.title = title,
                       .x_name = "beta",
                       .y_name = y_name,
                       .x_scale = ELB_LOG,
                       .series = {{"foreseen", deep->beta, foreseen, count, .look = ELB_TRACED},
                                  {"linear VAE", deep->beta, linear, count, .look = ELB_DASHED}},
                       .count = 2};
}

elbow_status elbow_draw_advice(elbow_context *context, const char *path, const elbow_advice *advice)
{
    elb_error *err = elb_begin(context);
    const uint32_t count = advice->row_count;
    columns deep, linear;
    char heading[128];
    if (count == 0 || count > ELBOW_MAX_ADVICE_ROWS)
        return elb_fail(err, ELBOW_USAGE, "%s: advice of %u rows, not 1 to %d, cannot be drawn", path, count,
                        ELBOW_MAX_ADVICE_ROWS);
    take(&deep, advice->rows, count);
    take(&linear, advice->linear, count);
    const elb_panel panels[] = {
        panel("Rate", "nats per datum", &deep, deep.rate, linear.rate, count),
        panel("Active latents", "latents", &deep, deep.active, linear.active, count),
        panel("Distortion", "nats per datum", &deep, deep.distortion, linear.distortion, count),
    };
    elb_format(heading, sizeof heading, "all is lost at beta %.3g; begin with beta %.3g", advice->collapse_beta,
               advice->start_beta);
    return elb_curves_svg(err, path, heading, panels, COUNT(panels));
}
