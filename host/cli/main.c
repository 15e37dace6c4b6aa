/* main.c - elbow COMMAND: finds the command, reads its options, runs it. */
#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cli_command *const commands[] = {
    &cli_train,  &cli_evaluate, &cli_sample, &cli_reconstruct, &cli_traverse, &cli_encode,  &cli_explain,
    &cli_advise, &cli_diagnose, &cli_sweep,  &cli_devices,     &cli_selftest, &cli_compare, &cli_tune};
enum { COMMANDS = CLI_COUNT_OF(commands) };

static void overview(FILE *stream)
{
    fprintf(stream,
            "%selbow COMMAND [arguments] [options]%s\n\n"
            "Trains variational autoencoders on any OpenCL device, or without one, with the same bits on each,\n"
            "and says what the weight on the KL term means.\n\n",
            cli_style(stream, "1"), cli_plain(stream));
    for (size_t i = 0; i < COMMANDS; i++) fprintf(stream, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n'elbow COMMAND --help' shows a command's options with their defaults, and examples.\n"
          "A first run:  elbow train fashion-mnist\n",
          stream);
}

static const cli_command *find_command(const char *name)
{
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    }
    return NULL;
}

static int no_command(const char *name)
{
    const char *names[COMMANDS + 1];
    for (size_t i = 0; i < COMMANDS; i++) names[i] = commands[i]->name;
    names[COMMANDS] = "help";
    const char *nearest = cli_nearest(name, names, COMMANDS + 1);
    if (nearest != NULL) return cli_wrong("no command '%s'; did you mean 'elbow %s'?", name, nearest);
    return cli_wrong("no command '%s': 'elbow --help' lists them", name);
}

static int run_command(const cli_command *command, int argc, char **argv)
{
    cli_args args;
    int status = cli_parse(&args, command, argc, argv);
    if (status != CLI_DONE) return status;
    if (args.help) {
        cli_help(command);
        return CLI_DONE;
    }
    void *settings = calloc(1, command->settings_size);
    if (settings == NULL) return cli_failure("no memory for the settings");
    command->defaults(settings);
    cli_apply(settings, &args);
    if (command->check != NULL) status = command->check(settings, &args);
    if (status == CLI_DONE && !args.dry_run) status = command->run(settings, &args);
    free(settings);
    return status;
}

/* elbow help [COMMAND] */
static int help(int argc, char **argv)
{
    if (argc == 0) {
        overview(stdout);
        return CLI_DONE;
    }
    const cli_command *command = find_command(argv[0]);
    if (command == NULL) return no_command(argv[0]);
    cli_help(command);
    return CLI_DONE;
}

static int dispatch(int argc, char **argv)
{
    if (argc < 2) {
        overview(stderr);
        return CLI_WRONG_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--version") == 0) {
        printf("elbow %s, bits version %d\n", elbow_version(), ELBOW_BITS_VERSION);
        return CLI_DONE;
    }
    if (strcmp(name, "help") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return help(argc - 2, argv + 2);
    if (name[0] == '-')
        return cli_wrong(
            "no option '%s' before a command: --help, which lists the commands, and --version are all there are", name);
    const cli_command *command = find_command(name);
    return command != NULL ? run_command(command, argc - 2, argv + 2) : no_command(name);
}

/* A stream that is closed would be the next file that is opened, and what is printed would go into it. Standard output
 * is opened such that printing fails: a result that nobody gets is said. */
static void open_closed_streams(void)
{
    for (int stream = 0; stream <= STDERR_FILENO; stream++) {
        if (fcntl(stream, F_GETFD) < 0 && open("/dev/null", stream == STDOUT_FILENO ? O_RDONLY : O_RDWR) != stream)
            return;
    }
}

int main(int argc, char **argv)
{
    open_closed_streams();
    const int status = dispatch(argc, argv);
    const bool failed = ferror(stdout); /* long ago, perhaps: errno says nothing of it */
    errno = 0;
    if (fflush(stdout) == 0 && !failed) return status;
    return cli_failure("standard output: %s", errno ? strerror(errno) : "not all of it could be written");
}
