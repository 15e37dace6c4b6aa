/* session.c - a device, a run's model and its data: what most commands open first. */
#include "cli/cli.h"

#include <math.h>
#include <string.h>

static void on_remark(void *user, const char *remark)
{
    (void)user;
    cli_warn("%s", remark);
}

int cli_open(elbow_context **context, const char *device)
{
    const elbow_status status = elbow_open(context, device);
    if (*context != NULL) elbow_listen(*context, on_remark, NULL);
    return status == ELBOW_OK ? CLI_DONE : cli_library_failed(*context, status);
}

int cli_load_data(elbow_data **data, elbow_context *context, const elbow_run *run)
{
    elbow_status status = elbow_data_load(data, context, run->source, run->limit);
    if (status == ELBOW_OK && run->test_share > 0)
        status = elbow_data_hold_out(*data, context, ELBOW_TEST, run->test_share);
    if (status == ELBOW_OK && run->validation_share > 0)
        status = elbow_data_hold_out(*data, context, ELBOW_VALIDATION, run->validation_share);
    return status == ELBOW_OK ? CLI_DONE : cli_library_failed(context, status);
}

/* The run's own data, or those that replace them. */
static int load_data(cli_session *session, const char *run, const char *data)
{
    elbow_run source = session->run;
    if (data != NULL) {
        source = (elbow_run){.limit = 0};
        if (strlen(data) >= sizeof source.source) return cli_failure("%.60s...: the path is too long", data);
        memcpy(source.source, data, strlen(data) + 1);
    }
    if (source.source[0] == '\0') return cli_failure("%s: its data came from memory: say which DATA to use", run);
    const int status = cli_load_data(&session->data, session->context, &source);
    if (status != CLI_DONE || data != NULL || source.data_sha256[0] == '\0') return status;
    if (strcmp(elbow_data_about(session->data)->sha256, source.data_sha256) != 0)
        cli_warn("%s: not the images that %s was trained on (their SHA-256 differs)", source.source, run);
    return CLI_DONE;
}

int cli_session_open_model(cli_session *session, const char *device, const char *run)
{
    *session = (cli_session){.context = NULL};
    const int opened = cli_open(&session->context, device);
    if (opened != CLI_DONE) return opened;
    elbow_status status = elbow_run_load(&session->run, session->context, run);
    if (status == ELBOW_OK) status = elbow_model_load(&session->model, session->context, run);
    return status == ELBOW_OK ? CLI_DONE : cli_library_failed(session->context, status);
}

int cli_session_set_beta(cli_session *session, double beta)
{
    const elbow_status status = isnan(beta) ? ELBOW_OK : elbow_model_set_beta(session->model, beta);
    return status == ELBOW_OK ? CLI_DONE : cli_library_failed(session->context, status);
}

int cli_session_open(cli_session *session, const char *device, const char *run, const char *data)
{
    const int status = cli_session_open_model(session, device, run);
    return status == CLI_DONE ? load_data(session, run, data) : status;
}

void cli_session_close(cli_session *session)
{
    elbow_model_free(session->model);
    elbow_data_free(session->data);
    elbow_close(session->context);
}

int cli_output_path(char out[4096], const char *path, const char *run, const char *name)
{
    const size_t length = strlen(run);
    const char *slash = length > 0 && run[length - 1] == '/' ? "" : "/";
    const int written =
        path != NULL ? snprintf(out, 4096, "%s", path) : snprintf(out, 4096, "%s%s%s", run, slash, name);
    return written < 4096 ? CLI_DONE : cli_failure("%.60s...: the path is too long", path != NULL ? path : run);
}
