/* train_settings.c - how the options of elbow train combine: with each other, with a run.json, with a resumed run. */
#include "cli/train.h"

#include <math.h>
#include <string.h>

int train_check_data(const train_settings *s, const cli_args *args)
{
    if (s->data != NULL || s->config != NULL || s->resume) return CLI_DONE;
    return cli_wrong("%s needs DATA: fashion-mnist, mnist, shapes, or the path of a folder or a file, such as "
                     "'elbow %s shapes'",
                     args->command->name, args->command->name);
}

int train_check_recipe(const train_settings *s, const cli_args *args)
{
    if (cli_given(args, "sigma") && cli_given(args, "likelihood") && !elbow_likelihood_has_scale(s->recipe.likelihood))
        return cli_wrong(
            "--sigma: %s has no scale: it needs --likelihood gaussian, laplace, logistic or negative-binomial",
            elbow_likelihood_name(s->recipe.likelihood));
    if (s->recipe.model == ELBOW_LINEAR && (cli_given(args, "hidden") || cli_given(args, "activation")))
        return cli_wrong("--model linear has no hidden layer: leave --hidden and --activation out");
    return CLI_DONE;
}

int train_check(const void *settings, const cli_args *args)
{
    const train_settings *s = settings;
    int status = train_check_data(s, args);
    if (status == CLI_DONE) status = train_check_recipe(s, args);
    if (status != CLI_DONE) return status;
    if (s->resume && s->out == NULL) return cli_wrong("--resume needs the run to go on with: --resume --out RUN");
    if (s->resume && s->config != NULL)
        return cli_wrong("--resume and --config: a resumed run has its recipe already; leave --config out");
    if (s->resume && s->overwrite) return cli_wrong("--resume and --overwrite contradict each other: give one of them");
    return CLI_DONE;
}

/* Options that change nothing that a resumed run must keep, and those that train_settle turns into others. */
static bool may_change(const char *option)
{
    static const char *const names[] = {"epochs", "device", "out",  "resume", "save-every", "quiet",
                                        "json",   "sigma",  "loss", "beta",   "holdout"};
    for (size_t i = 0; i < CLI_COUNT_OF(names); i++) {
        if (strcmp(names[i], option) == 0) return true;
    }
    return false;
}

/* Refuses options that would make a resumed run another one. */
static int check_same(const train_settings *now, const train_settings *before, const elbow_run *run,
                      const cli_args *args)
{
    char is[128], was[128];
    const cli_option *option;
    for (size_t i = 0; (option = cli_option_at(args->command, i)) != NULL; i++) {
        if (!cli_given(args, option->name) || may_change(option->name)) continue;
        cli_show(is, sizeof is, option, now);
        cli_show(was, sizeof was, option, before);
        if (strcmp(is, was) != 0)
            return cli_wrong("--%s %s: the run was started with %s; leave it out to resume", option->name, is, was);
    }
    const bool shared = now->holdout == run->validation_share || now->holdout == run->test_share; /* NOLINT: as typed */
    if (cli_given(args, "holdout") && !shared)
        return cli_wrong("--holdout %g: the run was started with another share; leave it out to resume", now->holdout);
    const double change = fabs(now->recipe.sigma2 - before->recipe.sigma2);
    const bool other =
        now->recipe.likelihood != before->recipe.likelihood || now->recipe.spread != before->recipe.spread;
    if (other || change > 1e-9 * before->recipe.sigma2)
        return cli_wrong("--loss, --likelihood or --sigma: not what the run was started with; leave it out to resume");
    return CLI_DONE;
}

int train_from_run(train_settings *s, const elbow_run *run, const cli_args *args)
{
    train_settings before = *s;
    before.recipe = run->recipe;
    before.train = run->train;
    before.limit = run->limit;
    before.sigma = (train_spread){run->recipe.spread, sqrt(run->recipe.sigma2)};
    before.loss = LOSS_NOT_GIVEN;
    *s = before;
    cli_apply(s, args);
    train_settle(s, args);
    return s->resume ? check_same(s, &before, run, args) : CLI_DONE;
}

void train_settle(train_settings *s, const cli_args *args)
{
    elbow_recipe *recipe = &s->recipe;
    if (cli_given(args, "sigma")) {
        if (recipe->likelihood == ELBOW_BERNOULLI) recipe->likelihood = ELBOW_GAUSSIAN;
        recipe->spread = s->sigma.from;
        recipe->sigma2 = s->sigma.value * s->sigma.value;
    }
    if (cli_given(args, "loss")) {
        recipe->likelihood = s->loss == LOSS_BCE ? ELBOW_BERNOULLI : ELBOW_GAUSSIAN;
        recipe->sigma2 = s->loss == LOSS_SSE ? 0.5 : 1;
        recipe->spread = ELBOW_SPREAD_FIXED;
    }
    if (recipe->model == ELBOW_LINEAR) memset(recipe->hidden, 0, sizeof recipe->hidden);
}
