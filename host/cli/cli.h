/* cli.h - what the commands share: a table of options that help, parsing and messages all come from.
 *
 * A result goes to stdout, everything else to stderr. The command uses the public API alone. */
#ifndef CLI_H
#define CLI_H

#include "elbow.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <time.h>

/* Exit statuses. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_WRONG_USAGE = 2 };

#define CLI_COUNT_OF(array) (sizeof(array) / sizeof *(array))

/* ---- the table of options (parse.c, help.c) ---- */

typedef enum cli_type {
    CLI_FLAG,   /* bool */
    CLI_TEXT,   /* const char * */
    CLI_COUNT,  /* uint32_t */
    CLI_SEED,   /* uint64_t */
    CLI_NUMBER, /* double */
    CLI_CHOICE, /* an enum numbered from 0 in the order of choices */
    CLI_OWN     /* by functions of its own */
} cli_type;

typedef struct cli_why {
    char text[256]; /* why a value is refused: follows "--name value: " */
} cli_why;

typedef struct cli_own {
    bool (*parse)(void *field, const char *text, cli_why *why);
    void (*show)(char *out, size_t size, const void *field); /* writes it as it would be typed */
} cli_own;

typedef struct cli_option {
    const char *name, *metavar; /* "latent", "M" */
    cli_type type;
    bool above, below;    /* of a NUMBER: least, or most, is itself out of range */
    size_t offset;        /* of the field in the command's settings */
    double least, most;   /* of a COUNT or NUMBER; most 0: no upper bound */
    const char *unit;     /* "latents": in the message of a value out of range */
    const char *choices;  /* "mlp|linear" */
    const char *foreign;  /* "mse: what it is here": of a CHOICE, a word from elsewhere and its answer */
    const cli_own *own;   /* of an OWN */
    const char *standard; /* the default in words; NULL: the settings' default as it would be typed */
    const char *help;
    const char *group;    /* heading of a group that begins here, or goes on */
    const char *synonyms; /* what people type instead, between spaces: " learning-rate " */
} cli_option;

typedef struct cli_argument {
    const char *name; /* "DATA" */
    size_t offset;    /* of a const char * in the settings */
    const char *hint; /* what to do when it is missing; NULL: it may be */
} cli_argument;

#define CLI_MAX_OPTIONS   48
#define CLI_MAX_ARGUMENTS 2
#define CLI_MAX_EXAMPLES  5

struct cli_args;

typedef struct cli_command {
    const char *name, *summary, *purpose; /* summary: half a line for the list; purpose: a paragraph */
    const char *examples[CLI_MAX_EXAMPLES];
    cli_argument arguments[CLI_MAX_ARGUMENTS];
    const cli_option *options; /* its own */
    size_t option_count;
    const struct cli_command *like; /* a command whose options it has too, behind its own, which hide those of the same
                                       name, and whose conflicts; its settings begin with that one's. NULL: none */
    const char *unlike;             /* names, between spaces, of options of `like` that it does not have */
    const char *foreign;            /* "resume: what to do here": an option that others have, and what is said of it */
    const char *(*conflicts)[2];    /* pairs of options that exclude each other, ended by NULL */
    size_t settings_size;
    void (*defaults)(void *settings);
    int (*check)(const void *settings, const struct cli_args *args); /* of what the table cannot say; may be NULL */
    int (*run)(void *settings, const struct cli_args *args);         /* returns the exit status */
} cli_command;

/* What was typed. */
typedef struct cli_args {
    const cli_command *command;
    const char *values[CLI_MAX_OPTIONS]; /* of each option by cli_option_at's index; NULL: not given */
    const char *words[CLI_MAX_ARGUMENTS];
    bool help, dry_run; /* dry_run: only say whether the command line is right; for tests */
} cli_args;

/* The options of a command, its own and those of the one it is like: from index 0 until NULL. */
const cli_option *cli_option_at(const cli_command *command, size_t index);

/* Reads argv (after the command's name). Returns DONE, or WRONG_USAGE after saying why. */
int cli_parse(cli_args *args, const cli_command *command, int argc, char **argv);
/* Writes what was typed over the settings. All of it was checked by cli_parse. */
void cli_apply(void *settings, const cli_args *args);
bool cli_given(const cli_args *args, const char *option);
/* Writes the command line anew, as a shell would read it, without one of the options; cut to size. */
void cli_retype(char *out, size_t size, const cli_args *args, const char *without);
/* The option's value in the settings, as it would be typed; "" for a text that is NULL. */
void cli_show(char *out, size_t size, const cli_option *option, const void *settings);
/* What a COUNT or NUMBER may be: "1 to 65,536 latents". */
void cli_range(char *out, size_t size, const cli_option *option);

void cli_help(const cli_command *command);
/* Prints text in lines of at most width columns, each but the first after indent spaces. at: the column it starts in.
 */
void cli_wrapped(const char *text, int at, int indent, int width);

extern const cli_command cli_devices, cli_selftest, cli_train, cli_evaluate, cli_sample, cli_reconstruct, cli_traverse,
    cli_encode, cli_explain, cli_advise, cli_diagnose, cli_sweep, cli_compare, cli_tune;

/* ---- spelling (spell.c) ---- */

/* The nearest of count names to what was typed, or NULL if none is near. */
const char *cli_nearest(const char *typed, const char *const *names, size_t count);

/* ---- words and numbers (terminal.c) ---- */

/* Each prints one line "elbow: ..." to stderr. */
int cli_wrong(const char *format, ...) __attribute__((format(printf, 1, 2)));   /* returns WRONG_USAGE */
int cli_failure(const char *format, ...) __attribute__((format(printf, 1, 2))); /* returns FAILED */
void cli_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same with the library's message; returns WRONG_USAGE for its status USAGE, else FAILED. */
int cli_library_failed(const elbow_context *context, elbow_status status);
/* The same of work under way: what a disk or a device broke off, or the user, says the command that goes on with it. */
int cli_broke_off(const elbow_context *context, elbow_status status, const char *command);

char *cli_count(char out[32], uint64_t count); /* "31,234" */
char *cli_bytes(char out[32], uint64_t bytes); /* "1.9 GiB" */
int cli_width(FILE *stream);                   /* columns of its terminal; 100 if it is none */
/* The codes that begin and end a style: bold "1", green "32", red "31"; "" where there is no terminal or NO_COLOR. */
const char *cli_style(FILE *stream, const char *code);
const char *cli_plain(FILE *stream);

/* ---- what many commands do first (session.c) ---- */

typedef struct cli_session {
    elbow_context *context;
    elbow_run run; /* of the run folder; source "" if none was loaded */
    elbow_model *model;
    elbow_data *data;
} cli_session;

/* Opens a device with remarks going to stderr. Like those below returns DONE, or an exit status after saying why. */
int cli_open(elbow_context **context, const char *device);
/* Loads data and holds out what the run says. */
int cli_load_data(elbow_data **data, elbow_context *context, const elbow_run *run);
/* Opens the device and loads the run's model, and its data or, unless NULL, other data. close it always. */
int cli_session_open(cli_session *session, const char *device, const char *run, const char *data);
/* The same without data. */
int cli_session_open_model(cli_session *session, const char *device, const char *run);
/* Asks a network for a range of weights for one of them (OPTION_RUN_BETA); NAN: for none. */
int cli_session_set_beta(cli_session *session, double beta);
void cli_session_close(cli_session *session);
/* path, or if that is NULL the run's folder with name added, into out. */
int cli_output_path(char out[4096], const char *path, const char *run, const char *name);

/* ---- results (report.c) ---- */

/* What evaluate and train report. */
typedef struct cli_report {
    elbow_metrics metrics;
    elbow_weight weight; /* of what was trained, or of the beta that a network for a range was asked for ... */
    bool range;          /* ... from `lowest` to `highest` */
    double lowest, highest;
    char digest[65];
    const char *split;     /* "test" */
    bool mean;             /* the mean of q(z|x) was decoded, no draw from it */
    uint32_t iwae_samples; /* of the importance-weighted bound; 0: not measured */
    double iwae_nll;
    elbow_factor_scores scores; /* factors 0: not measured */
    bool found;                 /* the scale of p(x|z), in training */
} cli_report;

int cli_measure(cli_report *report, const cli_session *session, elbow_split split, bool use_mean);
/* Adds the importance-weighted bound to a report. progress: say how far it is. */
int cli_measure_iwae(cli_report *report, const cli_session *session, elbow_split split, uint32_t samples,
                     bool progress);
/* Adds MIG and the scores of beta-VAE and FactorVAE. */
int cli_measure_factors(cli_report *report, const cli_session *session, elbow_split split);
void cli_print_report(const cli_report *report);
cJSON *cli_report_json(const cli_report *report);
/* A member; null if it is not finite. */
void cli_add_number(cJSON *json, const char *name, double value);
/* Prints the document to stdout and frees it. */
int cli_print_json(cJSON *json);

/* ---- progress (progress.c) ---- */

/* On a terminal draws "  7 %  doing" over the line that stands there, and is true; done: 0 to 1. */
bool cli_draw_work(const char *doing, double done);
/* On a terminal removes what was drawn. */
void cli_clear_line(void);

typedef struct cli_progress {
    bool quiet, drawn;
    bool begun;     /* something was done */
    bool scheduled; /* the weight has a course: it is shown */
    double last;    /* when the line was last drawn */
    uint32_t said;  /* last epoch that has its plain line */
} cli_progress;

/* After the first Ctrl-C cli_on_progress and cli_on_sweep ask to stop; a second kills at once. */
void cli_catch_interrupts(void);
bool cli_on_progress(void *progress, const elbow_progress *now);
bool cli_on_sweep(void *progress, const elbow_sweep_progress *now);
void cli_progress_end(cli_progress *progress);
/* cli_broke_off, for a training that was shown so; of one that never began there is nothing to go on with. */
int cli_progress_failed(const cli_progress *progress, const elbow_context *context, elbow_status status,
                        const char *command);

typedef struct cli_data_progress {
    const char *words; /* for what is being done */
    bool quiet;
    time_t begun;  /* 0: at the first call */
    uint32_t said; /* the last share of it */
} cli_data_progress;

/* elbow_on_data for a cli_data_progress. */
bool cli_on_data(void *progress, uint32_t done, uint32_t n);

#include "cli/options.h"

#endif
