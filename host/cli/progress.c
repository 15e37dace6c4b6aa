/* progress.c - how training goes: one line redrawn on a terminal, one line per epoch elsewhere; and Ctrl-C. */
#include "cli/cli.h"

#include <math.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

bool cli_draw_work(const char *doing, double done)
{
    if (!isatty(STDERR_FILENO)) return false;
    fprintf(stderr, "\r\033[K%3.0f %%  %.90s", 100 * done, doing);
    return true;
}

void cli_clear_line(void)
{
    if (isatty(STDERR_FILENO)) fputs("\r\033[K", stderr);
}

/* The only way a signal handler can tell the rest of the program anything. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal_number)
{
    (void)signal_number;
    interrupted = 1;
}

void cli_catch_interrupts(void)
{
    struct sigaction action = {.sa_handler = on_interrupt};
    action.sa_flags = (int)(SA_RESETHAND | SA_RESTART); /* reset: the second one kills at once */
    sigemptyset(&action.sa_mask);
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < CLI_COUNT_OF(signals); i++) {
        struct sigaction before;
        /* nohup, and shells that start what runs in the background, ignore one for us: it stays so. */
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
            sigaction(signals[i], &action, NULL);
    }
}

static void eta_text(char *out, size_t size, double seconds)
{
    if (!(seconds >= 0) || seconds > 1e8)
        snprintf(out, size, "%s", "");
    else if (seconds < 60)
        snprintf(out, size, "eta %.0f s", seconds);
    else if (seconds < 3600)
        snprintf(out, size, "eta %.0f min %02.0f s", floor(seconds / 60), floor(fmod(seconds, 60)));
    else
        snprintf(out, size, "eta %.0f h %02.0f min", floor(seconds / 3600), floor(fmod(seconds, 3600) / 60));
}

/* Digits of a number, so that "epoch  3/10" keeps its width. */
static int digits(uint32_t value)
{
    int count = 1;
    while (value >= 10) {
        value /= 10;
        count++;
    }
    return count;
}

static void draw_bar(FILE *stream, double done, int width)
{
    const int filled = (int)(done * width);
    fprintf(stream, "%s[", cli_style(stream, "32"));
    for (int i = 0; i < width; i++) fputc(i < filled ? '=' : i == filled ? '>' : '.', stream);
    fprintf(stream, "]%s", cli_plain(stream));
}

/* The whole run's share that is done, for the bar. */
static double share_done(const elbow_progress *now)
{
    if (now->steps == 0) return 0;
    const double share = (double)now->step / (double)now->steps;
    return share < 0 ? 0 : share > 1 ? 1 : share;
}

/* "  beta 0.53" where the weight has a course. */
static const char *beta_text(char out[32], const cli_progress *progress, const elbow_progress *now)
{
    out[0] = '\0';
    if (progress->scheduled) snprintf(out, 32, "  beta %.3g", now->beta);
    return out;
}

static void draw_line(const cli_progress *progress, const elbow_progress *now)
{
    char rate[32], eta[48], head[48], beta[32], tail[224];
    const int wide = digits(now->epochs), width = cli_width(stderr) - 1;
    eta_text(eta, sizeof eta, now->seconds_left);
    const double images = now->images_per_second;
    cli_count(rate, isfinite(images) && images > 0 ? (uint64_t)images : 0);
    const int head_length =
        snprintf(head, sizeof head, "epoch %*u/%u  ", wide, (unsigned)now->epoch, (unsigned)now->epochs);
    const int tail_length =
        snprintf(tail, sizeof tail, "  ELBO %.1f  D %.1f  R %.1f%s   %s images/s   %s", now->train.elbo,
                 now->train.distortion, now->train.rate, beta_text(beta, progress, now), rate, eta);
    int bar = width - head_length - tail_length - 2;
    if (bar > 20) bar = 20;
    fprintf(stderr, "\r\033[K%s", head);
    if (bar >= 5) draw_bar(stderr, share_done(now), bar);
    const int room = width - head_length - (bar >= 5 ? bar + 2 : 0);
    fprintf(stderr, "%.*s", room > 0 ? room : 0, tail);
    fflush(stderr);
}

static void plain_split(const char *name, const elbow_metrics *m)
{
    if (m->n > 0) fprintf(stderr, "  %s ELBO %.2f D %.2f R %.2f", name, m->elbo, m->distortion, m->rate);
}

static void plain_line(const cli_progress *progress, const elbow_progress *now)
{
    char rate[32], skipped[32], beta[32];
    fprintf(stderr, "epoch %*u/%u", digits(now->epochs), (unsigned)now->epoch, (unsigned)now->epochs);
    plain_split("train", &now->train);
    if (isfinite(now->train.bound)) fprintf(stderr, " bound %.2f", now->train.bound);
    plain_split("validation", &now->validation);
    plain_split("test", &now->test);
    fputs(beta_text(beta, progress, now), stderr);
    const double images = now->images_per_second;
    if (isfinite(images) && images > 0) fprintf(stderr, "  %s images/s", cli_count(rate, (uint64_t)images));
    if (now->skipped > 0) fprintf(stderr, "  %s steps skipped", cli_count(skipped, now->skipped));
    fputc('\n', stderr);
}

bool cli_on_progress(void *user, const elbow_progress *now)
{
    cli_progress *progress = user;
    const bool last = now->epoch_ends && now->epoch >= now->epochs;
    progress->begun = true;
    if (progress->quiet) return interrupted;
    if (!isatty(STDERR_FILENO)) {
        if (now->epoch_ends && now->epoch != progress->said) plain_line(progress, now);
        if (now->epoch_ends) progress->said = now->epoch;
    } else if (!progress->drawn || last || now->seconds - progress->last >= 0.1) {
        draw_line(progress, now);
        progress->drawn = true;
        progress->last = now->seconds;
    }
    return interrupted;
}

/* ---- a sweep: a line that stays for each run that has ended, below them the one that is redrawn ---- */

/* Seconds between the lines that say that a long run is alive, where there is no terminal. */
static const double ALIVE_EVERY = 60;

static int run_head(char *out, size_t size, const elbow_sweep_progress *now)
{
    return snprintf(out, size, "run %*u/%u  beta %-8g", digits(now->runs), (unsigned)now->run, (unsigned)now->runs,
                    now->beta);
}

static void ended_line(const elbow_sweep_progress *now)
{
    char head[64], eta[48];
    const elbow_metrics *m = &now->row->test;
    run_head(head, sizeof head, now);
    eta_text(eta, sizeof eta, now->done < now->runs ? now->seconds_left : -1);
    fprintf(stderr, "%s%s  test ELBO %.2f D %.2f R %.2f  %u of %u active%s%s\n",
            isatty(STDERR_FILENO) ? "\r\033[K" : "", head, m->elbo, m->distortion, m->rate, (unsigned)m->active_units,
            (unsigned)m->latent,
            now->kept        ? "  (kept)"
            : eta[0] != '\0' ? "  "
                             : "",
            now->kept ? "" : eta);
}

static void sweep_line(const elbow_sweep_progress *now)
{
    char head[64], tail[192], eta[48];
    const elbow_progress *t = now->training;
    const int width = cli_width(stderr) - 1, head_length = run_head(head, sizeof head, now);
    const double all = now->seconds + now->seconds_left;
    eta_text(eta, sizeof eta, now->seconds_left);
    const int tail_length =
        snprintf(tail, sizeof tail, "  epoch %*u/%u  ELBO %.1f  D %.1f  R %.1f   %s", digits(t->epochs),
                 (unsigned)t->epoch, (unsigned)t->epochs, t->train.elbo, t->train.distortion, t->train.rate, eta);
    int bar = width - head_length - tail_length - 3;
    if (bar > 20) bar = 20;
    fprintf(stderr, "\r\033[K%.*s", width, head);
    if (bar >= 5) draw_bar(stderr, all > 0 ? now->seconds / all : 0, bar);
    const int room = width - head_length - (bar >= 5 ? bar + 2 : 0);
    fprintf(stderr, "%.*s", room > 0 ? room : 0, tail);
    fflush(stderr);
}

static void alive_line(const elbow_sweep_progress *now)
{
    char head[64], eta[48];
    const elbow_progress *t = now->training;
    run_head(head, sizeof head, now);
    eta_text(eta, sizeof eta, now->seconds_left);
    fprintf(stderr, "%s  epoch %u/%u  %s\n", head, (unsigned)t->epoch, (unsigned)t->epochs, eta);
}

bool cli_on_sweep(void *user, const elbow_sweep_progress *now)
{
    cli_progress *progress = user;
    const bool terminal = isatty(STDERR_FILENO);
    const double quiet_for = now->seconds - progress->last;
    progress->begun = true;
    if (progress->quiet) return interrupted;
    if (now->training == NULL) {
        ended_line(now);
        progress->drawn = false;
        progress->last = now->seconds;
    } else if (terminal && (!progress->drawn || quiet_for >= 0.1)) {
        sweep_line(now);
        progress->drawn = true;
        progress->last = now->seconds;
    } else if (!terminal && quiet_for >= ALIVE_EVERY) {
        alive_line(now);
        progress->last = now->seconds;
    }
    return interrupted;
}

void cli_progress_end(cli_progress *progress)
{
    if (progress->drawn) fputc('\n', stderr);
    progress->drawn = false;
}

int cli_progress_failed(const cli_progress *progress, const elbow_context *context, elbow_status status,
                        const char *command)
{
    return progress->begun ? cli_broke_off(context, status, command) : cli_library_failed(context, status);
}

/* Nothing is said of what takes less than two seconds; then a percent at a time on a terminal, a tenth elsewhere. */
bool cli_on_data(void *user, uint32_t done, uint32_t n)
{
    cli_data_progress *progress = user;
    const bool terminal = isatty(STDERR_FILENO);
    const uint32_t steps = terminal ? 100 : 10, step = (uint32_t)((uint64_t)done * steps / n);
    if (progress->begun == 0) progress->begun = time(NULL);
    if (progress->quiet || time(NULL) - progress->begun < 2 || step == progress->said) return interrupted;
    progress->said = step;
    if (terminal && done < n)
        fprintf(stderr, "\r\033[K%s  %u %%", progress->words, (unsigned)step);
    else if (terminal)
        cli_clear_line();
    else
        fprintf(stderr, "%s  %u %%\n", progress->words, (unsigned)step * 10);
    fflush(stderr);
    return interrupted;
}
