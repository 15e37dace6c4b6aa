/* diagnose_advice.c - what is out of balance, and what to change: one sentence for each finding, the gravest first. */
#include "theory/diagnose.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define FEW       100 /* data */
#define MUCH_GREY 0.05
#define FAR       2.0 /* a factor by which things may differ before it is said */
#define LISTED    8   /* dead latents named */

__attribute__((format(printf, 2, 3))) static void say(elbow_diagnosis *out, const char *format, ...)
{
    va_list list;
    if (out->advices == ELBOW_MAX_ADVICE) return;
    va_start(list, format);
    vsnprintf(out->advice[out->advices++], sizeof out->advice[0], format, list);
    va_end(list);
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-3 * fabs(b);
}

static bool far_from(double a, double b)
{
    return a > FAR * b || b > FAR * a;
}

static void on_unreal(elbow_diagnosis *out, const elb_findings *found)
{
    const elb_place *at = &found->unreal;
    char left[32];
    if (!at->array) return;
    say(out,
        "%s of the data left out%s: the first value that is no number is %s[%zu, %zu] = %g (counted from 0, each datum "
        "flattened). A logvar that runs off, or too large a step, makes such: clamp logvar, clip the gradient, lower "
        "the learning rate",
        elb_count_text(left, found->unreal_rows), out->n ? "" : ", which is all of them", at->array, at->row,
        at->column, at->value);
}

static void on_clamp(elbow_diagnosis *out, const elb_findings *found)
{
    char values[32];
    if (!out->clamped) return;
    say(out,
        "%s values of logvar lie outside -30 .. 20, the first is logvar[%zu, %zu] = %.4g: exp of it overflows float32 "
        "above 88.7 and drowns the loss long before. Make sure that it is the logarithm of the variance, and clamp it "
        "where the encoder gives it",
        elb_count_text(values, out->clamped), found->clamp.row, found->clamp.column, found->clamp.value);
}

/* No decoder gives back every value to the bit. */
static void on_same(elbow_diagnosis *out, const elb_findings *found)
{
    if (!found->same) return;
    say(out, "x_hat is x itself, to the bit: x was saved twice, so the distortion says nothing of the model. Save as "
             "x_hat what the decoder gives");
}

/* x and x_hat on the wrong scale, or on the wrong side of the sigmoid */
static void on_ranges(elbow_diagnosis *out, const elb_findings *found, bool bernoulli)
{
    const elb_span x = found->x, y = found->x_hat;
    const double width = x.high - x.low;
    if (bernoulli && (x.low < -1e-3 || x.high > 1 + 1e-3))
        say(out,
            "x reaches from %.4g to %.4g, and cross-entropy is a likelihood within 0 .. 1 only: train on "
            "(x - %.4g) / %.4g, or with squared error",
            x.low, x.high, x.low, width);
    if (found->logits_seen)
        say(out,
            "x_hat reaches from %.4g to %.4g, as no probability does: it was taken for logits, before the sigmoid. Say "
            "that they are, or save sigmoid(x_hat)",
            y.low, y.high);
    else if (found->logits && y.low >= 0 && y.high <= 1)
        say(out,
            "x_hat was to be logits, yet all of it lies in 0 .. 1 as probabilities do: the sigmoid was taken twice");
    if (!bernoulli && !found->logits && (y.low < x.low - width || y.high > x.high + width))
        say(out,
            "x_hat reaches from %.4g to %.4g where x reaches from %.4g to %.4g: if it comes before the decoder's "
            "sigmoid, say that it is logits; if not, its range alone costs squared error",
            y.low, y.high, x.low, x.high);
    if (!bernoulli && (x.low < -1e-3 || x.high > 1 + 1e-3))
        say(out,
            "x reaches from %.4g to %.4g: sigma^2 %.4g is on that scale, and for x brought to 0 .. 1 it is %.4g. "
            "Squared error grows with the square of the scale, so the weight means something else there",
            x.low, x.high, out->weight.sigma2, out->weight.sigma2 / (width * width));
    if (found->saturated) {
        char values[32];
        say(out,
            "%s probabilities in x_hat are 0 or 1 where x is not: their logarithm was cut at -100. Train with the "
            "cross-entropy of logits instead",
            elb_count_text(values, found->saturated));
    }
}

static void on_collapse(elbow_diagnosis *out, const elb_findings *found, const elbow_recipe *loss)
{
    const double beta = out->weight.beta;
    double most = 0;
    if (out->active_units || out->n < 2) return;
    for (uint32_t j = 0; j < out->latent; j++) most = fmax(most, found->latent[j].spread);
    if (beta > 1)
        say(out,
            "The KL term has collapsed: no latent tells data apart (their mu varies by %.2g at most; rate %.3g nats). "
            "Beta %.4g weighs it %.4g times more than the ELBO does; the weight %.4g, as your loss is written, is beta "
            "1",
            most, out->rate, beta, beta, elbow_weight_for_beta(loss, out->pixels, 1));
    else
        say(out,
            "The KL term has collapsed: no latent tells data apart (their mu varies by %.2g at most; rate %.3g nats), "
            "though beta is only %.4g. Raise the weight from 0 over the first epochs (Bowman et al. 2016), give free "
            "bits (Kingma et al. 2016), and see that the decoder reads z",
            most, out->rate, beta);
}

/* A weight that is exactly a count is a mean in one place and a sum in another. True if one was found. */
static bool on_slip(elbow_diagnosis *out, const elbow_recipe *loss)
{
    const double d = out->pixels, m = out->latent, n = out->n;
    const struct {
        double beta;
        const char *what;
    } slips[] = {
        {d, "the number of pixels, as if the reconstruction were averaged over pixels and the KL not over latents"},
        {d / m, "pixels / latents, as if both terms were averaged, each over its own count"},
        {1 / d,
         "1 / pixels, as if the KL were divided by the number of pixels and the reconstruction summed over them"},
        {1 / m, "1 / latents, as if the KL were averaged over latents and the reconstruction summed over pixels"},
        {1 / (n * d), "1 / (data * pixels), as if the KL were divided by both and the reconstruction summed over both"},
        {1 / n, "1 / data, as if the KL were averaged over the batch and the reconstruction summed over it"},
    };
    for (size_t i = 0; i < COUNT(slips); i++) {
        if (near(slips[i].beta, 1) || !near(out->weight.beta, slips[i].beta)) continue;
        say(out, "Beta %.4g is %s. Sum both, or take the weight %.4g, which is beta 1 as your loss is written",
            out->weight.beta, slips[i].what, elbow_weight_for_beta(loss, out->pixels, 1));
        return true;
    }
    return false;
}

/* Gaussian: the variance that the weight stands for, beside the one there is (Rybkin et al. 2021). */
static void on_variance(elbow_diagnosis *out, const elbow_recipe *loss)
{
    const double says = out->weight.sigma2, is = out->mse, beta = is / loss->sigma2;
    if (!(is > 0) || !far_from(says, is)) return;
    char times[64] = "does not weigh at all";
    if (says > 0)
        elb_format(times, sizeof times, "weighs %.3g times too %s", fmax(says / is, is / says),
                   says > is ? "much" : "little");
    say(out,
        "The weight says that pixels vary by sigma^2 %.4g about x_hat, and they vary by %.4g (the mean squared error): "
        "the KL term %s. Sigma^2 %.4g is beta %.4g, the weight %.4g as your loss is written%s",
        says, is, times, is, beta, elbow_weight_for_beta(loss, out->pixels, beta),
        says > is ? "; it falls further as training goes on, so set it anew, or learn sigma (Rybkin et al. 2021)" : "");
}

static void on_beta(elbow_diagnosis *out, const elbow_recipe *loss)
{
    const double beta = out->weight.beta;
    if (beta > 0 && !far_from(beta, 1)) return;
    say(out,
        "Cross-entropy is a whole likelihood, so the ELBO's weight is beta 1, and yours is %.4g: %s. The weight %.4g, "
        "as your loss is written, is beta 1",
        beta, beta > 1 ? "fewer latents stay active, and images blur" : "samples from the prior miss what is encoded",
        elbow_weight_for_beta(loss, out->pixels, 1));
}

static void on_dead(elbow_diagnosis *out, const elb_findings *found)
{
    const uint32_t dead = out->latent - out->active_units;
    char list[128];
    size_t at = 0;
    uint32_t listed = 0;
    if (!dead || !out->active_units || out->n < 2) return;
    for (uint32_t j = 0; j < out->latent && listed < LISTED; j++) {
        if (found->latent[j].active) continue;
        elb_format(list + at, sizeof list - at, "%s%" PRIu32, listed++ ? ", " : "", j);
        at += strlen(list + at);
    }
    say(out,
        "%" PRIu32 " of %" PRIu32 " latents are dead, their mu the same for all data: %s%s. Nothing is lost without "
        "them; a smaller beta would wake some",
        dead, out->latent, list, dead > listed ? ", ..." : "");
}

/* The codes of all data together are what samples from the prior should look like. */
static void on_codes(elbow_diagnosis *out, const elb_findings *found)
{
    uint32_t outside = 0, worst = 0;
    double furthest = 1;
    for (uint32_t j = 0; j < out->latent && out->n > 1; j++) {
        const elb_latent *latent = &found->latent[j];
        const double second = latent->mean * latent->mean + latent->spread + latent->variance;
        if (!latent->active || !far_from(second, 1)) continue;
        outside++;
        if (fabs(log(second)) > fabs(log(furthest))) worst = j, furthest = second;
    }
    if (!outside) return;
    say(out,
        "The codes do not fill N(0, 1): E z^2 of latent %" PRIu32 " over all data is %.3g, not 1 (outside 1/2 .. 2: "
        "%" PRIu32 " of %" PRIu32 " active latents), so samples from the prior miss where data are encoded. A larger "
        "beta, or longer training, brings the two together",
        worst, furthest, outside, out->active_units);
}

void elb_diagnose_advise(elbow_diagnosis *out, const elb_findings *found, const elbow_recipe *loss)
{
    const bool bernoulli = loss->likelihood == ELBOW_BERNOULLI;
    char data[32];
    on_unreal(out, found);
    if (!out->n) return;
    on_same(out, found);
    on_clamp(out, found);
    on_ranges(out, found, bernoulli);
    on_collapse(out, found, loss);
    const bool slipped = on_slip(out, loss);
    if (!bernoulli)
        on_variance(out, loss);
    else if (!slipped)
        on_beta(out, loss);
    on_dead(out, found);
    on_codes(out, found);
    if (bernoulli && found->grey > MUCH_GREY)
        say(out,
            "x is grey (%.0f %% of its values lie between 0 and 1): the cross-entropy of grey values is no likelihood, "
            "and its ELBO no bound. It trains all the same; the continuous Bernoulli is the likelihood that it lacks "
            "(Loaiza-Ganem & Cunningham 2019)",
            100 * found->grey);
    if (out->n < FEW)
        say(out, "%s data are few to judge by: active units need many. Save 1,000 or more",
            elb_count_text(data, out->n));
}
