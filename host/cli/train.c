/* train.c - elbow train: trains, evaluates, draws; writes a run. */
#include "cli/train.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The shares to hold out, when a run.json does not say: a source without a test split needs one first. */
static void choose_shares(elbow_run *run, const train_settings *s, bool own_test)
{
    if (s->holdout > 0 && !own_test) run->test_share = s->holdout;
    if (s->holdout > 0 && own_test) run->validation_share = s->holdout;
    if (s->train.patience > 0 && run->validation_share <= 0) run->validation_share = 0.1;
}

/* session->run says which source and, if it came from a run.json without other data, its splits. */
int train_load_data(train_settings *s, cli_session *session)
{
    elbow_run *run = &session->run;
    elbow_context *context = session->context;
    elbow_data **data = &session->data;
    if (s->data != NULL && strcmp(s->data, run->source) != 0) {
        if (strlen(s->data) >= sizeof run->source) return cli_failure("%.60s...: the path is too long", s->data);
        memcpy(run->source, s->data, strlen(s->data) + 1);
        if (!s->resume) run->data_sha256[0] = '\0';
        if (!s->resume) run->test_share = run->validation_share = 0;
    }
    if (run->limit != s->limit) run->data_sha256[0] = '\0';
    run->limit = s->limit;
    if (run->source[0] == '\0') return cli_failure("the run's data came from memory: say which DATA to use");
    elbow_status status = elbow_data_load(data, context, run->source, run->limit);
    if (status != ELBOW_OK) return cli_library_failed(context, status);
    if (!s->resume) choose_shares(run, s, elbow_data_about(*data)->own_test);
    if (run->test_share > 0) status = elbow_data_hold_out(*data, context, ELBOW_TEST, run->test_share);
    if (status == ELBOW_OK && run->validation_share > 0)
        status = elbow_data_hold_out(*data, context, ELBOW_VALIDATION, run->validation_share);
    if (status != ELBOW_OK) return cli_library_failed(context, status);
    const char *was = run->data_sha256;
    if (was[0] == '\0' || strcmp(was, elbow_data_about(*data)->sha256) == 0) return CLI_DONE;
    if (s->resume)
        return cli_failure("%s: not the images that %s is trained on (their SHA-256 differs)", run->source, s->out);
    cli_warn("%s: not the images that the run of %s was trained on (their SHA-256 differs)", run->source, s->config);
    return CLI_DONE;
}

/* Whether a run folder has a file. */
static bool holds(const char *run, const char *name)
{
    char path[4200];
    struct stat there;
    snprintf(path, sizeof path, "%s/%s", run, name);
    return stat(path, &there) == 0;
}

/* Makes a folder and those above it. Returns false if that fails; a folder that exists is no failure unless fresh. */
static bool make_folders(const char *path, bool fresh)
{
    char part[4096];
    const size_t length = strlen(path);
    for (size_t i = 1; i < length && i < sizeof part; i++) {
        if (path[i] != '/') continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) return false;
    }
    return mkdir(path, 0777) == 0 || (errno == EEXIST && !fresh);
}

/* Makes the run's folder: --out, or the first runs/DATA-n that is free, written into name. */
static int make_run(train_settings *s, char name[4096], const elbow_data *data)
{
    char base[80];
    if (s->out != NULL) {
        if (!s->resume && !s->overwrite && holds(s->out, "state.safetensors"))
            return cli_failure(
                "%s holds a run: go on with --resume, start anew with --overwrite, or give another --out", s->out);
        if (make_folders(s->out, false)) return CLI_DONE;
        return cli_failure("%s: cannot be made: %s", s->out, strerror(errno));
    }
    snprintf(base, sizeof base, "%s", elbow_data_about(data)->name);
    for (char *c = base; *c != '\0'; c++) {
        if (*c == '/' || *c == ' ') *c = '-';
    }
    for (unsigned n = 1; n < 1000000; n++) {
        snprintf(name, 4096, "runs/%s-%u", base[0] != '\0' ? base : "data", n);
        if (make_folders(name, true)) {
            s->out = name;
            return CLI_DONE;
        }
        if (errno != EEXIST) break;
    }
    return cli_failure("%s: cannot be made: %s; give another folder with --out", name, strerror(errno));
}

/* What goes on with the run. */
static const char *resume(char command[4200], const train_settings *s)
{
    snprintf(command, 4200, "elbow train --resume --out %s", s->out);
    return command;
}

/* Trains and says how it ended if that is not well. */
static int train(train_settings *s, const cli_session *session)
{
    char command[4200];
    cli_progress progress = {.quiet = s->quiet, .scheduled = s->train.schedule != ELBOW_SCHEDULE_CONSTANT};
    s->train.out = s->out;
    s->train.resume = s->resume && s->rank == 0 && holds(s->out, "state.safetensors");
    s->train.overwrite = s->overwrite;
    s->train.progress = cli_on_progress;
    s->train.user = &progress;
    cli_catch_interrupts();
    const elbow_status status = elbow_train(session->model, session->data, &s->train);
    cli_progress_end(&progress);
    if (status == ELBOW_OK) return CLI_DONE;
    return cli_progress_failed(&progress, session->context, status, resume(command, s));
}

/* The pictures that people look at. */
static int draw(const train_settings *s, const cli_session *session)
{
    char samples[4096], reconstructions[4096], command[4200];
    int status = cli_output_path(samples, NULL, s->out, "samples.png");
    if (status == CLI_DONE) status = cli_output_path(reconstructions, NULL, s->out, "reconstructions.png");
    if (status != CLI_DONE) return status;
    elbow_status drawn = elbow_draw_samples(session->model, samples, 8, 8, s->recipe.seed);
    if (drawn == ELBOW_OK) drawn = elbow_draw_reconstructions(session->model, session->data, reconstructions, 8, 8);
    if (drawn == ELBOW_USAGE) { /* two channels, or rows of thousands: no reason to lose the result */
        cli_warn("no pictures: %s", elbow_message(session->context));
        drawn = ELBOW_OK;
    }
    if (drawn == ELBOW_OK) drawn = elbow_draw_curves(session->context, s->out);
    return drawn == ELBOW_OK ? CLI_DONE : cli_broke_off(session->context, drawn, resume(command, s));
}

/* Measures on the test images and prints the result: its last line names the run and its digest. */
static int report(const train_settings *s, const cli_session *session)
{
    cli_report result;
    const int status = cli_measure(&result, session, ELBOW_TEST, false);
    if (status != CLI_DONE) return status;
    if (s->json) {
        cJSON *json = cli_report_json(&result);
        cJSON_AddStringToObject(json, "run", s->out);
        return cli_print_json(json);
    }
    cli_print_report(&result);
    printf("%s  sha256 %s\n", s->out, result.digest);
    return CLI_DONE;
}

int train_read_run(train_settings *s, cli_session *session, const cli_args *args)
{
    if (s->resume && !holds(s->out, "run.json")) {
        if (errno != ENOENT && errno != ENOTDIR) return cli_failure("%s: %s", s->out, strerror(errno));
        if (s->data == NULL) return cli_failure("%s holds no run to go on with", s->out);
        cli_warn("%s holds no run to go on with yet: starting it", s->out);
        s->resume = false;
    }
    const char *path = s->resume ? s->out : s->config;
    if (path == NULL) {
        train_settle(s, args);
        return CLI_DONE;
    }
    const elbow_status status = elbow_run_load(&session->run, session->context, path);
    if (status != ELBOW_OK) return cli_library_failed(session->context, status);
    return train_from_run(s, &session->run, args);
}

/* Whether this is one of the processes of a job that MPI's launchers start. */
static bool is_of_job(void)
{
    static const char *const signs[] = {"OMPI_COMM_WORLD_SIZE", "PMIX_RANK", "PMI_RANK"};
    for (size_t i = 0; i < CLI_COUNT_OF(signs); i++) {
        if (getenv(signs[i]) != NULL) return true;
    }
    return false;
}

/* Processes on one machine that fill PoCL's empty cache at once spoil it for each other. Drivers read this later. */
static void part_caches(void)
{
    const char *rank = getenv("OMPI_COMM_WORLD_LOCAL_RANK"), *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    char folder[4096];
    if (rank == NULL || strcmp(rank, "0") == 0 || (cache == NULL && home == NULL)) return;
    snprintf(folder, sizeof folder, "%s%s/elbow/pocl-%s", cache != NULL ? cache : home, cache != NULL ? "" : "/.cache",
             rank);
    if (make_folders(folder, false)) setenv("POCL_CACHE_DIR", folder, 0);
}

/* Joins the job. Ranks but the first say nothing and write nothing. */
static int join_job(train_settings *s, const cli_session *session)
{
    const elbow_status status = elbow_join_job(session->context, &s->rank, &s->ranks);
    if (status != ELBOW_OK) return cli_library_failed(session->context, status);
    if (s->rank > 0) s->quiet = true;
    return CLI_DONE;
}

/* With S = 1 all but one of several devices would be idle. */
static void settle_shards(train_settings *s, const cli_args *args)
{
    const bool several = strchr(s->device, ',') != NULL || strcmp(s->device, "all") == 0 || s->ranks > 1;
    if (several && !s->resume && s->config == NULL && !cli_given(args, "shards")) s->train.shards = 0;
}

int train_settle_weight(train_settings *s, const cli_session *session, uint32_t pixels, const cli_args *args)
{
    const double before = session->run.recipe.weight;
    if (cli_given(args, "beta") || elbow_recipe_has_betas(&s->recipe))
        s->recipe.weight = elbow_weight_for_beta(&s->recipe, pixels, s->beta);
    if (s->resume && fabs(s->recipe.weight - before) > 1e-9 * fabs(before))
        return cli_wrong("--beta %g: the run was started with weight %g; leave it out to resume", s->beta, before);
    return CLI_DONE;
}

static int all_steps(bool *trains, train_settings *s, cli_session *session, const cli_args *args)
{
    char name[4096];
    const bool job = is_of_job();
    if (job) part_caches();
    int status = cli_open(&session->context, s->device);
    if (status == CLI_DONE && job) status = join_job(s, session);
    if (status == CLI_DONE) status = train_read_run(s, session, args);
    if (status == CLI_DONE) settle_shards(s, args);
    if (status == CLI_DONE) status = train_load_data(s, session);
    if (status == CLI_DONE) status = train_settle_weight(s, session, elbow_data_about(session->data)->pixels, args);
    if (status != CLI_DONE) return status;
    const elbow_status made = elbow_model_new(&session->model, session->context, &s->recipe, session->data);
    if (made != ELBOW_OK) return cli_library_failed(session->context, made);
    if (s->rank == 0) status = make_run(s, name, session->data);
    if (status != CLI_DONE) return status;
    if (s->rank == 0) train_announce(session->context, s, session->data, session->model);
    *trains = true;
    status = train(s, session);
    if (!s->quiet && s->ranks < 2) train_say_team(session->context);
    if (status == CLI_DONE && s->rank == 0) status = draw(s, session);
    return status == CLI_DONE && s->rank == 0 ? report(s, session) : status;
}

int train_run(void *settings, const cli_args *args)
{
    cli_session session = {.context = NULL};
    const train_settings *s = settings;
    bool trains = false;
    const int status = all_steps(&trains, settings, &session, args);
    /* A rank that fails before the others wait for it ends without a farewell: mpirun then ends them. */
    if (s->ranks < 2 || trains) cli_session_close(&session);
    return status;
}
