/* elbow.h - train variational autoencoders on any OpenCL device, with the same bits on every one of them.
 *
 * The header reads from simple to advanced:
 *   1. statuses and messages     3. data       5. training and the run folder     7. what a weight means
 *   2. context and devices       4. models     6. measuring and drawing           8. selftest    9. sweeps
 *  10. comparing and tuning devices
 * include/elbow_cl.h lends and borrows OpenCL objects.
 *
 * Law of this API
 *   - Every function that can fail returns an elbow_status; the sentence with the numbers in it (what failed, on what,
 *     where, what to do) is elbow_message(context) until the next call on that context.
 *   - The library never prints and never exits. It keeps no global state: contexts are independent. One context is
 *     used by one thread at a time.
 *   - open, load, new and train give ownership; close and free take it and accept NULL. All else borrows.
 *   - Quantities are in nats per datum unless said otherwise; arrays are float32, row major, rows are data.
 */
#ifndef ELBOW_H
#define ELBOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define ELBOW_API __attribute__((visibility("default")))
#else
#define ELBOW_API
#endif

/* ---- 1. statuses and messages -------------------------------------------------------------------------------------
 */

#define ELBOW_STATUSES(X)                                                                                              \
    X(OK, "done")                                                                                                      \
    X(USAGE, "an argument is out of its range")                                                                        \
    X(NOT_FOUND, "a file, name or device does not exist")                                                              \
    X(BAD_FILE, "a file is damaged or not of the expected kind")                                                       \
    X(BAD_DATA, "the data do not fit the model or the likelihood")                                                     \
    X(IO, "the operating system refused to read or write")                                                             \
    X(MEMORY, "memory ran out, on the host or on the device")                                                          \
    X(DEVICE, "a device or its driver failed")                                                                         \
    X(WRONG_BITS, "a device computes other bits than the native reference")                                            \
    X(NOT_FINITE, "a loss or gradient became infinite or not a number")                                                \
    X(STOPPED, "the caller asked to stop; the state is saved")                                                         \
    X(UNSUPPORTED, "this build of the library lacks the feature")

typedef enum elbow_status {
#define X(name, text) ELBOW_##name,
    ELBOW_STATUSES(X)
#undef X
} elbow_status;

/* The one-line meaning of a status; never NULL. Static storage. */
ELBOW_API const char *elbow_status_text(elbow_status status);

/* Version of the library, "0.1.0", and of the conventions that fix the bits (docs/bits.md). */
ELBOW_API const char *elbow_version(void);
#define ELBOW_BITS_VERSION 1

/* ---- 2. context and devices ----------------------------------------------------------------------------------------
 */

typedef struct elbow_context elbow_context;

/* Opens a context on a device: "auto" (the best usable one), "native" (no OpenCL needed) or an id that elbow_devices
 * lists, such as "pocl:0". A context is given even on failure, so that the message can be read: close it always.
 * Errors: NOT_FOUND no such device (the message lists those there are), DEVICE, WRONG_BITS, MEMORY (*context NULL). */
ELBOW_API elbow_status elbow_open(elbow_context **context, const char *device);
ELBOW_API void elbow_close(elbow_context *context);

/* A team: several devices of any kinds share each step of elbow_train, with the bits that one would give for the same
 * shards (elbow_train_options.shards: S = 1 leaves all to one device). elbow_open makes one of "A,B,...", a list of ids
 * without spaces, or of "all": every usable piece of hardware once. All but training is done by the first device. A
 * device that fails while it trains is left out with a remark, and so for good; if it was the first, another is first.
 *
 * elbow_join gives a context's device to another context's team, such as one from elbow_open_cl (elbow_cl.h): member is
 * closed with context then. Nothing may have been made with member. Errors: USAGE (member has a team itself); it then
 * stays the caller's. */
ELBOW_API elbow_status elbow_join(elbow_context *context, elbow_context *member);

/* What failed in the last call on the context, in one line; "" if nothing did. Valid until the next call. */
ELBOW_API const char *elbow_message(const elbow_context *context);

/* A remark that is no failure (one device offered twice, a warning about the weight, ...). May be called from any
 * function that takes the context; the text is valid during the call. Without a listener remarks are dropped. */
typedef void elbow_listener(void *user, const char *remark);
ELBOW_API void elbow_listen(elbow_context *context, elbow_listener *listener, void *user);

typedef struct elbow_device_info {
    char id[64];            /* "native", "pocl:0" */
    char name[160];         /* "Intel(R) Xeon(R) Processor" */
    char backend[16];       /* "native" or "opencl" */
    char platform[128];     /* "Portable Computing Language"; "" for native */
    char version[128];      /* "OpenCL 3.0 PoCL 3.1"; the instruction set for native */
    char driver[128];       /* the driver's version */
    bool usable;            /* may be opened */
    bool preferred;         /* what "auto" would open */
    char reason[256];       /* why not usable, or which other id is the same physical device; "" otherwise */
    uint32_t compute_units; /* cores or multiprocessors */
    uint64_t memory_bytes;  /* the device's memory */
} elbow_device_info;

/* Lists every device there is into a new array that the caller frees with elbow_devices_free. Needs no opened device:
 * context may be one whose elbow_open failed. A missing OpenCL library is no failure: a remark says so. */
ELBOW_API elbow_status elbow_devices(elbow_context *context, elbow_device_info **devices, size_t *count);
ELBOW_API void elbow_devices_free(elbow_device_info *devices);

/* The device in use. Borrowed from the context. */
ELBOW_API const elbow_device_info *elbow_device(const elbow_context *context);
/* Several processes, as mpirun or Slurm starts them (MPI), share each step of elbow_train likewise, each with the
 * devices of its context: all make the same model of the same data and call it with the same options. Rank 0's
 * parameters are what training starts from, and it alone writes a run folder; its progress function alone may stop. A
 * rank that fails ends the training on all. MPI is begun if the program has not, and then ended by elbow_close. The
 * caller's thread is the only one that uses it. Errors: UNSUPPORTED (a build without MPI), DEVICE. */
ELBOW_API elbow_status elbow_join_job(elbow_context *context, uint32_t *rank, uint32_t *ranks);
/* Of a team, by number: 0 is the first, elbow_device; NULL beyond the last. */
ELBOW_API const elbow_device_info *elbow_team_device(const elbow_context *context, uint32_t index);
/* How many of a batch's shards it had in the last step of training: all of them where it was alone. */
ELBOW_API uint32_t elbow_team_share(const elbow_context *context, uint32_t index);

/* ---- 3. data
 * --------------------------------------------------------------------------------------------------------- */

/* A data set: images in 0..1 (stored as bytes where the source has bytes), or rows of numbers, split into training and
 * test images. */
typedef struct elbow_data elbow_data;

typedef enum elbow_split { ELBOW_TRAIN, ELBOW_VALIDATION, ELBOW_TEST } elbow_split;

typedef struct elbow_data_info {
    char name[64];                    /* "fashion-mnist", or the path's last part */
    char sha256[65];                  /* of all pixels, training then test */
    uint32_t height, width, channels; /* pixels = height width channels */
    uint32_t pixels;                  /* D, the number of outputs */
    uint32_t train, validation, test; /* images in each split */
    double minimum, maximum, mean;    /* of the training pixels, on the 0..1 scale */
    double grey;                      /* share of training pixels that are neither 0 nor 1 */
    bool bytes;                       /* stored as 8-bit values that mean value/255 */
    bool counts;                      /* no bytes: all training values are whole, none below 0, some above 1 */
    bool own_test;                    /* false: the source has no test split and the training images stand in */
} elbow_data_info;

/* Loads "fashion-mnist", "mnist" (found along ELBOW_DATA, then where Debian's package puts it), "shapes" (made by the
 * library: 32x32, factors shape, scale, rotation, x, y), or a path (docs/data.md has every rule):
 *   - a folder with the four IDX files, gzipped or not; with PNG or JPEG images, all alike, in it or in a
 *     sub-folder for each class, both below train and test or not; with the binary files of CIFAR-10 or CIFAR-100;
 *   - one file of IDX; .npy or .npz, (N, D), (N, H, W) or (N, H, W, C); .csv, N rows of D numbers; CIFAR's .bin.
 * Bytes mean value/255; other numbers stay as they are. D numbers are an image of 1xD, or square if D = side^2 with a
 * side of 16 or more. limit: only the first so many training images; 0: all. Owned by the caller, freed before the
 * context. Errors: NOT_FOUND, BAD_FILE, BAD_DATA (a constant set, sizes that differ, NaN), IO, MEMORY, UNSUPPORTED (a
 * JPEG in a build without libjpeg). */
ELBOW_API elbow_status elbow_data_load(elbow_data **data, elbow_context *context, const char *source, uint32_t limit);

/* The same from memory: count images of height x width x channels floats, copied. test may be NULL with test_count 0.
 */
ELBOW_API elbow_status elbow_data_from_floats(elbow_data **data, elbow_context *context, uint32_t height,
                                              uint32_t width, uint32_t channels, const float *train,
                                              uint32_t train_count, const float *test, uint32_t test_count);

/* Moves a share (0 < share < 1) of the training images, chosen by a fixed hash of their index, to the validation split
 * (split VALIDATION) or to a test split for a source that has none (split TEST). */
ELBOW_API elbow_status elbow_data_hold_out(elbow_data *data, elbow_context *context, elbow_split split, double share);
ELBOW_API const elbow_data_info *elbow_data_about(const elbow_data *data);
ELBOW_API void elbow_data_free(elbow_data *data);

/* ---- 4. models
 * ------------------------------------------------------------------------------------------------------- */

#define ELBOW_MAX_HIDDEN  8
#define ELBOW_MAX_SAMPLES 5000

typedef enum elbow_model_kind { ELBOW_MLP, ELBOW_LINEAR } elbow_model_kind;
typedef enum elbow_activation { ELBOW_RELU, ELBOW_TANH, ELBOW_SIGMOID, ELBOW_SOFTPLUS } elbow_activation;
/* p(x|z) and its name. Numbers in 0..1: BERNOULLI (of pixels that are 0 or 1), CONTINUOUS_BERNOULLI. Bytes, each a bin
 * of width 1/255 of which 0 and 255 take the tails: DISCRETISED_LOGISTIC. Counts 0, 1, 2, ...: POISSON,
 * NEGATIVE_BINOMIAL. Any numbers: GAUSSIAN, LAPLACE. docs/maths.md has the formulas and their sources. */
#define ELBOW_LIKELIHOODS(X)                                                                                           \
    X(BERNOULLI, "bernoulli")                                                                                          \
    X(GAUSSIAN, "gaussian")                                                                                            \
    X(LAPLACE, "laplace")                                                                                              \
    X(CONTINUOUS_BERNOULLI, "continuous-bernoulli")                                                                    \
    X(DISCRETISED_LOGISTIC, "logistic")                                                                                \
    X(POISSON, "poisson")                                                                                              \
    X(NEGATIVE_BINOMIAL, "negative-binomial")

typedef enum elbow_likelihood {
#define X(name, text) ELBOW_##name,
    ELBOW_LIKELIHOODS(X)
#undef X
} elbow_likelihood;

/* "continuous-bernoulli"; never NULL. Static storage. */
ELBOW_API const char *elbow_likelihood_name(elbow_likelihood likelihood);
/* Whether the density has a scale that sigma2 and spread are about. */
ELBOW_API bool elbow_likelihood_has_scale(elbow_likelihood likelihood);

/* Where the density's scale comes from. */
typedef enum elbow_spread {
    ELBOW_SPREAD_FIXED,   /* sigma2 as given */
    ELBOW_SPREAD_LEARNED, /* one scale, a parameter like the others */
    ELBOW_SPREAD_PIXEL,   /* one for each pixel */
    ELBOW_SPREAD_OPTIMAL  /* GAUSSIAN: the best for each batch: sigma2 = SSE / D; its running value serves evaluation */
} elbow_spread;
typedef enum elbow_output { ELBOW_OUTPUT_AUTO, ELBOW_OUTPUT_SIGMOID, ELBOW_OUTPUT_LINEAR } elbow_output;
typedef enum elbow_reduction { ELBOW_SUM, ELBOW_MEAN } elbow_reduction;
typedef enum elbow_maths { ELBOW_EXACT, ELBOW_FAST } elbow_maths;
typedef enum elbow_objective {
    ELBOW_OBJECTIVE_ELBO,
    ELBOW_OBJECTIVE_IWAE /* the importance-weighted bound (Burda et al. 2015) */
} elbow_objective;
typedef enum elbow_binarise { ELBOW_BINARISE_NONE, ELBOW_BINARISE_DYNAMIC, ELBOW_BINARISE_THRESHOLD } elbow_binarise;

/* What is trained. Start from elbow_recipe_default() and change what differs.
 *
 * The objective of one datum, to be minimised (MATHS: docs/maths.md):
 *     R(x, y) + weight K(mu, logvar)
 * R is -log p(x|y) without its constants, summed over the pixels or averaged (pixels), K the KL divergence to N(0, I),
 * summed over the latents or averaged (latents). The batch's objective is the sum or mean over its data (batch).
 *
 * With IWAE, z is drawn `samples` times for each datum and the objective is -log mean exp(-(R + beta K)) over the
 * draws, K being log q(z|x) - log p(z) of the draw and beta the weight on the ELBO's scale; at beta 1 it is a bound on
 * -log p(x), the closer the more draws. The reductions over pixels and latents scale it as a whole. One draw gives the
 * ELBO with a sampled K: its mean is that of the closed form, its gradient a noisier one. */
typedef struct elbow_recipe {
    elbow_model_kind model;            /* MLP, or LINEAR (no hidden layer, no activation) */
    uint32_t hidden[ELBOW_MAX_HIDDEN]; /* widths from the data inwards, ended by 0; the decoder mirrors them */
    uint32_t latent;                   /* M */
    elbow_activation activation;       /* of hidden layers */
    elbow_likelihood likelihood;       /* p(x|z) */
    double sigma2;       /* the square of the density's scale, or where it starts. The scale is the GAUSSIAN's sigma
                            (--loss sse is sigma2 1/2, half-sse 1), b of LAPLACE, s of DISCRETISED_LOGISTIC and, for
                            NEGATIVE_BINOMIAL, 1/sqrt(r): sigma2 is its dispersion 1/r, Var x = mu + sigma2 mu^2 */
    elbow_spread spread; /* where that scale comes from (Rybkin et al. 2021): but for FIXED a Gaussian's loss has no
                            weight to choose, since the variance is that weight */
    elbow_output output; /* the location of GAUSSIAN, LAPLACE and DISCRETISED_LOGISTIC: the decoder's output, or its
                            sigmoid, which keeps to 0..1; AUTO: SIGMOID for MLP, LINEAR for LINEAR */
    elbow_reduction pixels, latents, batch;
    double weight;              /* on K, as written in the objective above */
    double beta_low, beta_high; /* one network for all betas from low to high, by gates that move with log beta (Bae et
                                   al. 2023, "Multi-rate VAE"): training draws a beta for each datum, even in log beta;
                                   weight is then that of beta 1. 0 and 0: an ordinary network for one weight */
    elbow_objective objective;  /* a batch then holds `samples` draws for each datum */
    uint32_t samples;           /* of IWAE: 1 to ELBOW_MAX_SAMPLES */
    elbow_binarise binarise;    /* of the data, as they are gathered */
    uint64_t seed;              /* of everything that is random */
} elbow_recipe;

ELBOW_API elbow_recipe elbow_recipe_default(void);
/* Whether it is of one network for all betas from beta_low to beta_high. */
ELBOW_API bool elbow_recipe_has_betas(const elbow_recipe *recipe);

/* A model: a recipe, its parameters and Adam's state, on the context's device. */
typedef struct elbow_model elbow_model;

/* A new model with initial weights for images like those of data. Owned by the caller; freed before its context. */
ELBOW_API elbow_status elbow_model_new(elbow_model **model, elbow_context *context, const elbow_recipe *recipe,
                                       const elbow_data *data);
/* The model of a run folder (written by elbow_train), with its recipe. Errors: NOT_FOUND, BAD_FILE, IO. */
ELBOW_API elbow_status elbow_model_load(elbow_model **model, elbow_context *context, const char *run);
ELBOW_API const elbow_recipe *elbow_model_recipe(const elbow_model *model);
/* Bytes of device memory that training such a model takes in batches of so many images, the data set included. */
ELBOW_API uint64_t elbow_model_memory(const elbow_recipe *recipe, const elbow_data *data, uint32_t batch);
ELBOW_API uint64_t elbow_model_parameters(const elbow_model *model);
/* Sets the beta that a network for a range of them stands for from now on, in all that is asked of it; a new or loaded
 * one stands at 1, or at the end of its range that is nearest. Errors: USAGE (an ordinary network; out of its range).
 */
ELBOW_API elbow_status elbow_model_set_beta(elbow_model *model, double beta);
/* What was set, NAN for an ordinary network. */
ELBOW_API double elbow_model_beta(const elbow_model *model);
/* The digest: SHA-256 of the parameters in the order of the model file, 64 hexadecimal digits and a 0. */
ELBOW_API elbow_status elbow_model_digest(elbow_model *model, char digest[65]);
ELBOW_API void elbow_model_free(elbow_model *model);

/* ---- 5. training and the run folder
 * ---------------------------------------------------------------------------------- */

/* Means over one split, in nats per datum, at beta = 1 whatever was trained, constants of the density included. */
typedef struct elbow_metrics {
    uint32_t n;            /* data measured */
    double elbo;           /* -(distortion + rate) */
    double distortion;     /* E -log p(x|z) */
    double rate;           /* KL(q(z|x) || p(z)) */
    double sse, mse;       /* squared error of the decoder's mean, summed over pixels; and per pixel */
    uint32_t active_units; /* latents with Var over data of mu above 0.01 (Burda et al. 2015) */
    uint32_t latent;       /* M */
    uint64_t clamped;      /* values of logvar outside [-30, 20] */
    double sigma2;         /* the square of the density's scale, as given or as found (mean over pixels); NAN where it
                              has none */
    double bits_per_dim;   /* -elbo / (D log 2): what storing a pixel would cost; NAN but for DISCRETISED_LOGISTIC */
    double bound; /* of a training epoch with IWAE: its objective, as a lower bound on log p(x), at the weight that
                     was trained; NAN elsewhere */
} elbow_metrics;

typedef struct elbow_progress {
    uint32_t epoch, epochs;         /* epoch counts from 1 */
    uint64_t step, steps;           /* of the whole run */
    bool epoch_ends;                /* test and validation are fresh */
    elbow_metrics train;            /* this epoch so far: elbo, distortion, rate, n */
    elbow_metrics validation, test; /* of the last finished epoch; n 0 if not measured */
    double beta;                    /* the weight of this step on the ELBO's scale */
    double learning_rate;
    double images_per_second;     /* of training, this epoch */
    double seconds, seconds_left; /* since the start; predicted */
    uint64_t skipped;             /* steps skipped because of a non-finite gradient */
} elbow_progress;

/* Called at the end of each epoch and about ten times a second. Return true to stop after this step: the state is
 * saved and elbow_train returns STOPPED. */
typedef bool elbow_on_progress(void *user, const elbow_progress *progress);

typedef enum elbow_rate_kind { ELBOW_RATE_CONSTANT, ELBOW_RATE_STEP, ELBOW_RATE_COSINE } elbow_rate_kind;

/* The course of the weight on the KL term over a run. weight is the recipe's. */
typedef enum elbow_schedule {
    ELBOW_SCHEDULE_CONSTANT,
    /* Warm-up: from `from` times the weight to the weight over `epochs`, by this curve (Bowman et al. 2016). */
    ELBOW_SCHEDULE_LINEAR,
    ELBOW_SCHEDULE_SIGMOID,
    ELBOW_SCHEDULE_COSINE,
    /* `cycles` times over `epochs`: a linear warm-up over a share `ratio` of the cycle, then the weight (Fu et al.
       2019) */
    ELBOW_SCHEDULE_CYCLICAL,
    /* weight |K - C|: C rises from `from` to `target` nats over `epochs` (Burgess et al. 2018) */
    ELBOW_SCHEDULE_CAPACITY,
    /* weight max(K, C), C likewise: the rate is free up to C */
    ELBOW_SCHEDULE_LEAST_RATE,
    /* The weight that holds the distortion at `target` nats: it falls while the distortion is above and rises while it
     * is below, by a factor of e^gain a step when it is 0.01 nats per pixel away, or more; the recipe's is the first
     * (GECO: Rezende & Viola 2018) */
    ELBOW_SCHEDULE_GECO,
    /* The weight, between 0 and `most` times the recipe's, that holds the rate at `target` nats: a PI controller with
     * the factors `gain` and `pull`, per nat and step (ControlVAE: Shao et al. 2020) */
    ELBOW_SCHEDULE_CONTROL
} elbow_schedule;

/* Whether it watches the rate or the distortion: what K weighs is then found in training. */
ELBOW_API bool elbow_schedule_watches(elbow_schedule schedule);

typedef enum elbow_nonfinite { ELBOW_NONFINITE_STOP, ELBOW_NONFINITE_SKIP } elbow_nonfinite;

/* How it is trained. Start from elbow_train_default(). */
typedef struct elbow_train_options {
    uint32_t epochs, batch;
    double learning_rate; /* of Adam; beta1 0.9, beta2 0.999, epsilon 1e-8 */
    elbow_rate_kind rate; /* its course over the run ... */
    double rate_every,
        rate_factor;         /* STEP: times factor every so many epochs; COSINE: down to factor times the start */
    double rate_growth;      /* STEP: each step lasts so many times as long as the one before; 1: all alike */
    double rate_warmup;      /* linear rise over so many epochs; 0: none */
    double clip;             /* largest norm of the gradient; 0: none */
    elbow_schedule schedule; /* of the weight on the KL term; its numbers: */
    double schedule_epochs, schedule_from, schedule_cycles, schedule_ratio;
    double schedule_target, schedule_gain, schedule_pull, schedule_most;
    double free_bits; /* K of each group counts as at least so many nats, on the mean over the batch (Kingma et al.
                         2016); 0: none. With CONSTANT and the warm-ups */
    uint32_t free_bits_group; /* neighbouring latents of such a group: 1, each by itself, to all */
    uint32_t patience;        /* stop after so many epochs without a better validation ELBO, best kept; 0: never */
    uint32_t shards;          /* S, logical shards of a batch; 0: from the batch (docs/bits.md) */
    elbow_maths maths;
    elbow_nonfinite nonfinite;
    const char *out;   /* run folder to write; NULL: none */
    bool resume;       /* go on from the state in out */
    bool overwrite;    /* where out holds a run, start anew: its state goes once nothing refuses the new one */
    double save_every; /* seconds between saves of the state inside an epoch; 0: at epochs' ends only */
    elbow_on_progress *progress; /* may be NULL */
    void *user;
} elbow_train_options;

ELBOW_API elbow_train_options elbow_train_default(void);

/* Trains the model on data. With out, the run folder holds run.json, metrics.jsonl, model.safetensors,
 * state.safetensors (docs/run-folder.md); resuming gives the same digest as a run that was never interrupted. Errors:
 * STOPPED, NOT_FINITE (message: step, layer or latent; the last good state is kept), IO, DEVICE, MEMORY, BAD_DATA. */
ELBOW_API elbow_status elbow_train(elbow_model *model, elbow_data *data, const elbow_train_options *options);

/* What a run's run.json says: enough to repeat it. To do so load data with limit, hold out test_share for TEST and then
 * validation_share for VALIDATION (0: do not), make a model of the recipe and train with the options. */
typedef struct elbow_run {
    elbow_recipe recipe;
    elbow_train_options train; /* out is NULL, resume false, progress and user NULL */
    char source[1024];         /* as given to elbow_data_load; "" for data from memory */
    char data_sha256[65];      /* of the data as loaded: elbow_data_info.sha256 */
    uint32_t limit;            /* of training images; 0: all */
    double validation_share, test_share;
} elbow_run;

/* Reads the run.json of a run folder, or a file like it, into *run. Errors: NOT_FOUND, BAD_FILE, IO. */
ELBOW_API elbow_status elbow_run_load(elbow_run *run, elbow_context *context, const char *path);
/* D of the images that a run folder's model is for. Errors: NOT_FOUND, BAD_FILE, IO. */
ELBOW_API elbow_status elbow_run_pixels(uint32_t *pixels, elbow_context *context, const char *run);

/* ---- 6. measuring and drawing
 * ---------------------------------------------------------------------------------------- */

/* Measures one split. use_mean: z = mu instead of one draw from q(z|x). */
ELBOW_API elbow_status elbow_evaluate(elbow_metrics *metrics, elbow_model *model, elbow_data *data, elbow_split split,
                                      bool use_mean);

/* Called now and then with how many of n data are done. Return true to stop: the function returns STOPPED. */
typedef bool elbow_on_data(void *user, uint32_t done, uint32_t n);

/* The importance-weighted bound on log p(x) of Burda et al. 2015 (equation 8), whatever was trained, as *nll: the mean
 * over the split of -log mean exp(log p(x|z) + log p(z) - log q(z|x)) over `samples` draws (1 to ELBOW_MAX_SAMPLES) for
 * each datum, constants of the density included, nats per datum. It falls towards -log p(x) as the samples grow. Draw k
 * of a datum is the same whatever their number; neither the device nor how many fit it at once changes a bit. progress
 * may be NULL. Errors: USAGE, BAD_DATA, MEMORY, DEVICE, STOPPED. */
ELBOW_API elbow_status elbow_evaluate_iwae(double *nll, elbow_model *model, elbow_data *data, elbow_split split,
                                           uint32_t samples, elbow_on_data *progress, void *user);

/* How well the latents take the data's factors apart, each 0 to 1 (docs/maths.md). */
typedef struct elbow_factor_scores {
    double mig;        /* the mutual information gap (Chen et al. 2018) */
    double beta_vae;   /* accuracies: beta-VAE's (Higgins et al. 2017) */
    double factor_vae; /* and FactorVAE's (Kim & Mnih 2018) score; by chance 1 / factors */
    uint32_t factors;
} elbow_factor_scores;

/* Scores a split of data whose factors are known: "shapes". Errors: BAD_DATA where they are not, MEMORY, DEVICE. */
ELBOW_API elbow_status elbow_evaluate_factors(elbow_factor_scores *scores, elbow_model *model, elbow_data *data,
                                              elbow_split split);

/* Means of p(x|z) into images (count, pixels) that the caller owns: in 0..1 for images, rates for counts; of a
 * DISCRETISED_LOGISTIC the location. */
ELBOW_API elbow_status elbow_decode(float *images, elbow_model *model, const float *z, uint32_t count);
/* One draw from p(x|z) for each z instead. The same seed draws the same pixels on every device. */
ELBOW_API elbow_status elbow_draw(float *images, elbow_model *model, const float *z, uint32_t count, uint64_t seed);
/* mu and logvar (count, latent) of images [first, first + count) of a split. */
ELBOW_API elbow_status elbow_encode(float *mu, float *logvar, elbow_model *model, elbow_data *data, elbow_split split,
                                    uint32_t first, uint32_t count);
/* The images of a split as the model sees them (count, pixels). */
ELBOW_API elbow_status elbow_images(float *images, elbow_model *model, elbow_data *data, elbow_split split,
                                    uint32_t first, uint32_t count);

/* Draw grids as PNG: samples from the prior; data above their reconstructions; one latent moved from -3 to 3 per row.
 */
ELBOW_API elbow_status elbow_draw_samples(elbow_model *model, const char *path, uint32_t rows, uint32_t columns,
                                          uint64_t seed);
/* The same samples with their pixels drawn from p(x|z) too, where elbow_draw_samples shows its mean. */
ELBOW_API elbow_status elbow_draw_pixels(elbow_model *model, const char *path, uint32_t rows, uint32_t columns,
                                         uint64_t seed);
ELBOW_API elbow_status elbow_draw_reconstructions(elbow_model *model, elbow_data *data, const char *path, uint32_t rows,
                                                  uint32_t columns);
ELBOW_API elbow_status elbow_draw_traversal(elbow_model *model, elbow_data *data, const char *path, uint32_t image,
                                            uint32_t columns);
/* Draws curves.svg in a run folder from its metrics.jsonl: ELBO, distortion and rate over the epochs. */
ELBOW_API elbow_status elbow_draw_curves(elbow_context *context, const char *run);

/* Writes a (rows, cols) array as NumPy reads it. */
ELBOW_API elbow_status elbow_write_npy(elbow_context *context, const char *path, const float *values, size_t rows,
                                       size_t cols);

/* ---- 7. what a weight means
 * ------------------------------------------------------------------------------------------ */

/* A weight on the KL term in its two equivalent readings (docs/weight.md has the table and its sources). */
typedef struct elbow_weight {
    double beta;      /* on the ELBO's scale: R summed over pixels, K over latents */
    double beta_norm; /* beta M / D, Higgins et al. 2017 */
    double sigma2;    /* the decoder variance at which beta = 1 has the same optimum; NAN but for a Gaussian of fixed
                         sigma: with one that is found it is beta times that of elbow_metrics */
} elbow_weight;

/* What the recipe's weight means for images of so many pixels. Errors: none that a valid recipe can cause. */
ELBOW_API elbow_weight elbow_explain(const elbow_recipe *recipe, uint32_t pixels);
/* The weight that gives this beta under the recipe's reductions. */
ELBOW_API double elbow_weight_for_beta(const elbow_recipe *recipe, uint32_t pixels, double beta);
/* The same in one sentence for people, without a newline, cut to size: "beta 1 on the ELBO's scale (beta_norm 0.026):
 * the plain ELBO". */
ELBOW_API void elbow_weight_sentence(char *out, size_t size, const elbow_recipe *recipe, uint32_t pixels);

/* A loss as a well-known code writes it, at the sizes that code uses. All text is static. */
typedef struct elbow_preset {
    const char *name;    /* "pytorch-vae" */
    const char *code;    /* how it is written there */
    const char *source;  /* whose code, which file */
    const char *note;    /* what to know about it */
    elbow_recipe recipe; /* latent, likelihood, sigma2, pixels, latents and weight; the rest is 0 */
    uint32_t pixels;
} elbow_preset;

ELBOW_API const elbow_preset *elbow_presets(size_t *count);

/* What is wrong with a model that was trained anywhere, from what it makes of some data. */
#define ELBOW_MAX_ADVICE 16
typedef struct elbow_diagnosis {
    uint32_t n;                         /* data measured: those without NaN or infinity */
    uint32_t pixels, latent;            /* D and M */
    elbow_weight weight;                /* what the loss's weight means at these sizes */
    double distortion, rate;            /* as in elbow_metrics, at the loss's own variance; NAN if there are none */
    double sse, mse;                    /* of x_hat; with logits of their sigmoid */
    uint32_t active_units;              /* latents with Var over data of mu above 0.01 (Burda et al. 2015) */
    uint64_t clamped;                   /* values of logvar outside [-30, 20], where elbow would clamp them */
    uint32_t advices;                   /* 0: nothing is out of balance */
    char advice[ELBOW_MAX_ADVICE][512]; /* sentences for people, the gravest first */
} elbow_diagnosis;

/* Reads an .npz file with the arrays x and x_hat (data and reconstructions, of one shape), mu and logvar (data,
 * latents) of floats, integers or booleans, and judges them. loss: likelihood, sigma2, pixels, latents and weight of
 * the objective they were trained with; its other fields are ignored. logits: x_hat comes before the sigmoid.
 * docs/diagnose.md has the lines that save such a file. Errors: NOT_FOUND (the file, or an array), BAD_FILE, BAD_DATA
 * (shapes that differ), USAGE (a likelihood other than BERNOULLI and GAUSSIAN), IO, MEMORY. */
ELBOW_API elbow_status elbow_diagnose(elbow_diagnosis *diagnosis, elbow_context *context, const char *path,
                                      const elbow_recipe *loss, bool logits);

/* Before any training: what to expect at each weight. The closed form of the linear VAE on the data's spectrum says
 * from which beta on all latents are lost, exactly; for a deep model a small one of its kind is trained for some
 * seconds while beta rises, and its rates are what is foreseen (docs/advise.md says how close that is).
 *
 *     elbow_advice advice;
 *     elbow_recipe recipe = elbow_recipe_default();
 *     elbow_status status = elbow_advise(&advice, context, data, &recipe, NULL);
 *     for (uint32_t i = 0; status == ELBOW_OK && i < advice.row_count; i++)
 *         printf("beta %g: rate %.1f\n", advice.rows[i].beta, advice.rows[i].rate);
 */
#define ELBOW_MAX_ADVICE_ROWS 32

typedef struct elbow_advice_row {
    double beta, sigma2; /* the weight in its two readings, as in elbow_weight */
    uint32_t active_units;
    double rate, distortion; /* as elbow_evaluate reports them */
} elbow_advice_row;

typedef struct elbow_advice {
    uint32_t images, pixels, latent;
    double variance;        /* total variance of the data on the likelihood's scale */
    double largest;         /* l_1, the largest eigenvalue of the covariance on that scale */
    double collapse_beta;   /* every latent is lost from this beta on */
    double learnt_collapse; /* the same where the Gaussian's variance is learnt; NAN for Bernoulli */
    double linear_sigma2;   /* the variance that a linear VAE learns at beta 1; NAN for Bernoulli */
    double optimal_beta;    /* beta that is best for the likelihood: 1 for Bernoulli, for a Gaussian that whose sigma2
                               is optimal_sigma2 */
    double optimal_sigma2;  /* the Gaussian's variance that is best at beta 1; NAN for Bernoulli */
    double start_beta;      /* recommended to begin with ... */
    double start_weight;    /* ... as a weight under the recipe's reductions */
    char why[512];          /* ... and the reason, for people */
    char caution[160];      /* what is foreseen badly of such a model, for people; "" if nothing is known to be */
    elbow_advice_row own;   /* at the recipe's own weight; beta 0 where that is 0 */
    uint32_t row_count;     /* beta rises */
    elbow_advice_row rows[ELBOW_MAX_ADVICE_ROWS];
    elbow_advice_row linear[ELBOW_MAX_ADVICE_ROWS]; /* the same of the linear VAE: a bound that needs no measurement */
} elbow_advice;

/* done: of all the work, 0 to 1. Return true to stop; elbow_advise then returns STOPPED. */
typedef bool elbow_on_advice(void *user, const char *doing, double done);

/* How. Zeroed, or NULL, it stands for the usual. */
typedef struct elbow_advise_options {
    const double *betas;       /* above 0; NULL: powers of two that lead to the collapse */
    uint32_t beta_count;       /* at most ELBOW_MAX_ADVICE_ROWS */
    elbow_on_advice *progress; /* may be NULL */
    void *user;
} elbow_advise_options;

/* Of the recipe counts what decides: model, hidden, latent, activation, likelihood, sigma2, output, binarise, seed, and
 * pixels, latents and weight for the start. Computes on the native device, whatever the context's: the same advice
 * everywhere. A recipe of the LINEAR model is answered by the closed form alone. Errors: USAGE, MEMORY, STOPPED,
 * BAD_DATA, UNSUPPORTED (a likelihood other than BERNOULLI and GAUSSIAN). */
ELBOW_API elbow_status elbow_advise(elbow_advice *advice, elbow_context *context, const elbow_data *data,
                                    const elbow_recipe *recipe, const elbow_advise_options *options);
/* Draws active units, rate and distortion over beta, foreseen and linear, as SVG. */
ELBOW_API elbow_status elbow_draw_advice(elbow_context *context, const char *path, const elbow_advice *advice);

/* The short form, at the recipe's own weight and within half a second for images like MNIST's: a sample of the data, a
 * smaller model, fewer steps. Above 2,048 pixels the linear VAE's closed form alone. A variance that is found in
 * training is foreseen as a linear VAE's; a deep model's is smaller and its rate higher. */
typedef struct elbow_forecast {
    uint32_t active;      /* latents that will be active */
    double rate;          /* nats per datum */
    double distortion;    /* nats per datum, constants of the density included */
    double collapse_beta; /* every latent is lost from this beta on */
    char sentence[256];   /* the same for people */
} elbow_forecast;

/* Errors: MEMORY; UNSUPPORTED for a likelihood without such a theory: all but BERNOULLI and GAUSSIAN; BAD_DATA for
 * pixels that a Bernoulli does not take. */
ELBOW_API elbow_status elbow_foresee(elbow_forecast *forecast, elbow_context *context, const elbow_data *data,
                                     const elbow_recipe *recipe);

/* ---- 8. selftest
 * ------------------------------------------------------------------------------------------------------ */

typedef struct elbow_verdict {
    char device[64], kernel[64], options[192];
    char result[8];   /* "same"; otherwise "close", by up to 4 ulp, or "wrong" */
    uint64_t max_ulp; /* largest distance from native, in units in the last place */
} elbow_verdict;

/* Runs every kernel with every combination of options on the context's device and on native and compares the bytes.
 * on_verdict is called for each. Returns WRONG_BITS if any is not the same; the message names the first. */
typedef void elbow_on_verdict(void *user, const elbow_verdict *verdict);
ELBOW_API elbow_status elbow_selftest(elbow_context *context, elbow_on_verdict *on_verdict, void *user);

/* ---- 9. sweeps: the same model at many weights
 * ------------------------------------------------------------------------ */

#define ELBOW_MAX_BETAS 64

/* What became of one weight. */
typedef struct elbow_sweep_row {
    elbow_weight weight;
    elbow_metrics test;       /* of the test images, at beta 1 */
    elbow_forecast predicted; /* what elbow_foresee said before; NAN where it has no theory of the likelihood */
    char digest[65];
    char run[32]; /* its run folder in `out`: "beta-4" */
} elbow_sweep_row;

typedef struct elbow_sweep_progress {
    uint32_t run, runs;             /* which one this is about, from 1, in the order of the betas; of how many */
    uint32_t done;                  /* runs that have ended */
    double beta;                    /* of this one ... */
    const char *device;             /* ... and the device that it is on */
    const elbow_progress *training; /* how its training goes; NULL when it has ended ... */
    const elbow_sweep_row *row;     /* ... and this is what became of it */
    bool kept;                      /* it had ended before elbow_sweep was called */
    double seconds, seconds_left;   /* of the whole sweep: since the call; predicted, NAN while nothing is known */
} elbow_sweep_progress;

/* Called as elbow_on_progress is, and when a run has ended; from several threads when there are several devices, but
 * never twice at a time. It must not use the contexts. Return true to stop: states are saved. */
typedef bool elbow_on_sweep(void *user, const elbow_sweep_progress *progress);

typedef struct elbow_sweep_options {
    const double *betas;        /* (count), each 0 or more and above the one before */
    uint32_t count;             /* up to ELBOW_MAX_BETAS */
    bool once;                  /* one network for all of them (beta_low and beta_high of a recipe), trained in
                                   `out`/network on the context's device, instead of one for each */
    const char *out;            /* the folder to write */
    bool overwrite;             /* start anew where it holds a sweep */
    const char *const *devices; /* (device_count) ids of devices that take runs beside the context's own: each gets a
                                   thread and a context of its own */
    uint32_t device_count;
    const char *command; /* how the sweep is repeated, for its report; NULL: not said */
    elbow_on_sweep *progress;
    void *user;
} elbow_sweep_options;

/* Trains one model for each beta, each in a run folder of its own inside `out`, and measures and draws it: rows (count)
 * belong to the caller, and `out` gets sweep.json and report.html (docs/sweep.md). The recipe's weight, and out,
 * resume, progress and user of train, do not count. A sweep that was stopped or killed goes on when it is called again,
 * and ends with the same files: runs that have ended are not trained again, and betas may be added.
 *
 *     const double betas[] = {0.5, 1, 2};
 *     elbow_sweep_row rows[3];
 *     const elbow_sweep_options options = {.betas = betas, .count = 3, .out = "runs/sweep"};
 *     elbow_status status = elbow_sweep(rows, context, data, &recipe, &train, &options);
 *
 * Errors: USAGE (betas; a folder with a sweep of another recipe), STOPPED, and those of elbow_train. */
ELBOW_API elbow_status elbow_sweep(elbow_sweep_row *rows, elbow_context *context, elbow_data *data,
                                   const elbow_recipe *recipe, const elbow_train_options *train,
                                   const elbow_sweep_options *options);

/* ---- 10. comparing and tuning devices
 * ---------------------------------------------------------------------------------- */

/* Where the time of a training step goes: one kernel with one set of options. Figures are of one step. */
typedef struct elbow_kernel_time {
    char kernel[64], options[192];
    char build[384];      /* what the driver's compiler was told; the instruction set of native */
    double launches;      /* in a step */
    double ms;            /* by the device's own clock */
    double flops, bytes;  /* a second: operations (an fma is two), and bytes, each element counted once */
    double of_peak_flops; /* of elbow_device_result's peaks: 1 is all that the device can do */
    double of_peak_bytes;
} elbow_kernel_time;

/* One device's part of a comparison. */
typedef struct elbow_device_result {
    elbow_device_info device;
    char reason[512];                 /* why there are no figures; "" if there are */
    double images_per_s;              /* a batch by the median time of a step */
    double median_ms, p10_ms, p90_ms; /* of a step: median, 10th and 90th percentile over the turns */
    double cold_s, cached_s;          /* from opening the device to the end of the first step: nothing built; all */
    uint64_t memory_bytes;            /* of buffers */
    double peak_flops;                /* operations a second, of fma in registers */
    double peak_memory, peak_cache;   /* bytes a second through large arrays, and through small ones */
    double profiled_ms;               /* a step while times are kept: what follows adds up to it */
    elbow_kernel_time *kernels;       /* the dearest first */
    size_t kernel_count;
    double rest_ms;       /* copies, launching and waiting */
    char digest[65];      /* of the parameters after all steps */
    bool same_bits;       /* as native */
    char difference[512]; /* where the bits differ first, by how much; "" if they are the same */
} elbow_device_result;

typedef struct elbow_comparison {
    elbow_recipe recipe;
    elbow_train_options train; /* as in elbow_run; batch and shards are what they came to with these images */
    uint32_t steps, turn;      /* timed steps on each device, so many at a time */
    char data[64], sha256[65]; /* the images' name and hash */
    uint32_t height, width, channels, images;
    char host[160];     /* "Linux 6.1.0 x86_64" */
    char version[32];   /* of elbow */
    char command[1024]; /* that does the same work; "": not known */
    bool all;           /* every usable device was asked for */
    char digest[65];    /* native's, which the others' must be */
    elbow_device_result *devices;
    size_t count;
    const char *json; /* all of it as one JSON document (docs/compare.md) */
} elbow_comparison;

/* Called now and then with what is being done ("intel:0: building") and how much of all is done, 0..1. Return true to
 * stop: the function that calls it then returns STOPPED. */
typedef bool elbow_on_work(void *user, const char *doing, double done);

/* The made-up images' height and width. */
#define ELBOW_MADE_UP_SIDE 28

/* What is compared. Start from elbow_compare_default(). */
typedef struct elbow_compare_options {
    const char *devices; /* ids with commas between them; "all": every usable one */
    elbow_recipe recipe;
    elbow_train_options train; /* how; the maths is exact whatever it says, and nothing is written or measured */
    uint32_t steps;            /* timed on each device */
    bool cold;                 /* build all programs anew once, to time that */
    const char *command;       /* that does the same work, for whom the result is shown to; may be NULL */
    elbow_on_work *progress;   /* may be NULL */
    void *user;
} elbow_compare_options;

ELBOW_API elbow_compare_options elbow_compare_default(void);

/* Trains the same model on each device, in turns of a few steps so that drift favours none, and measures speed, where
 * the time goes and whether the bits are native's. data: NULL for made-up images (counts, if p(x|z) is of counts).
 * context may have any device: those compared are opened besides. A device that fails has the reason in its result; it
 * is no failure of the comparison. What elbow_train refuses is refused, without its remarks. Owned by the caller.
 * Errors: NOT_FOUND (no such device), USAGE, BAD_DATA, MEMORY, STOPPED. */
ELBOW_API elbow_status elbow_compare(elbow_comparison **comparison, elbow_context *context, const elbow_data *data,
                                     const elbow_compare_options *options);
ELBOW_API void elbow_comparison_free(elbow_comparison *comparison);

/* Writes the JSON document; reads one that was written so. Errors: IO; NOT_FOUND, BAD_FILE. */
ELBOW_API elbow_status elbow_comparison_save(const elbow_comparison *comparison, elbow_context *context,
                                             const char *path);
ELBOW_API elbow_status elbow_comparison_load(elbow_comparison **comparison, elbow_context *context, const char *path);

/* Writes report.html, one file without links (table, bars, rooflines, versions, build options), and compare.json into a
 * folder, which is made if need be. Errors: IO, MEMORY. */
ELBOW_API elbow_status elbow_comparison_report(const elbow_comparison *comparison, elbow_context *context,
                                               const char *folder);

/* What differs from an earlier comparison of the same work. */
#define ELBOW_MAX_CHANGES 64
typedef struct elbow_changes {
    uint32_t count;
    uint32_t worse; /* how many of them are for the worse: slower, other bits, failed, gone */
    struct {
        char device[64];
        bool worse;
        char sentence[320];
    } list[ELBOW_MAX_CHANGES];
} elbow_changes;

/* A device is slower (or faster) if its median is so by more than margin (0.05: 5 %) and its steps' spread, 10th to
 * 90th percentile, lies outside the earlier one. Errors: BAD_DATA if the work is not the same; the message says where
 * it differs. */
ELBOW_API elbow_status elbow_comparison_against(elbow_changes *changes, elbow_context *context,
                                                const elbow_comparison *now, const elbow_comparison *before,
                                                double margin);

/* How a device's kernels may be shaped. No shape changes a bit. */
typedef struct elbow_shape {
    int32_t width;                   /* elements of a vector */
    int32_t group;                   /* work-items of a work-group */
    int32_t block;                   /* elements that a work-item of an elementwise kernel handles */
    int32_t tile_rows, tile_vectors; /* of a product that a work-item computes */
    char set[16];                    /* native's instruction set, whose shape the others are; "" elsewhere */
} elbow_shape;

typedef struct elbow_tuning {
    elbow_shape standard, best;    /* what the device has without tuning; what was found: may be the same */
    double standard_ms, best_ms;   /* a training step with each, measured in turns */
    uint32_t tried, wrong, failed; /* shapes; those of other bits than native's; those that did not build or run */
    bool kept;                     /* best is not the standard, and is used from now on whenever the device is opened */
    double fast_ms, fast_own_ms;   /* with FAST: a step by whoever computes each product quickest, and one by best
                                      beside it; else NAN */
    char libraries[256]; /* that were tried: "OpenBLAS 0.3.21 (SkylakeX), oneDNN 2.6.3"; empty: none is found */
    char fast[512];      /* "of 11 matrix products 2 by OpenBLAS 0.3.21 (SkylakeX), 9 by elbow's own kernels" */
    bool fast_kept;      /* these are quicker than best; otherwise elbow's own kernels are what is kept */
    double seconds;      /* that it took */
} elbow_tuning;

/* For what a device is tuned. Start from elbow_tune_default(). */
typedef struct elbow_tune_options {
    elbow_recipe recipe;
    uint32_t batch, shards;  /* as in elbow_train_options */
    uint32_t pixels;         /* of an image: a multiple of 28 */
    elbow_maths maths;       /* FAST: then also who computes the products of --maths fast */
    double seconds;          /* to be done in about so many */
    elbow_on_work *progress; /* may be NULL */
    void *user;
} elbow_tune_options;

ELBOW_API elbow_tune_options elbow_tune_default(void);

/* Tries shapes of kernels on the context's device for the products of the recipe's model, then whole training steps
 * with the quickest of them, and keeps the winner in the cache, with the device and driver that it belongs to; contexts
 * that are opened later use it. A shape that gives other bits than native cannot win, nor one that is not clearly
 * quicker than the standard. With FAST the libraries for products are tried after that, each against the exact product
 * with the tolerance of docs/devices.md, and who is quickest is kept for trainings with FAST and such a model and
 * batch. The context's own device stays as it is. Errors: STOPPED, DEVICE, MEMORY, IO. */
ELBOW_API elbow_status elbow_tune(elbow_tuning *tuning, elbow_context *context, const elbow_tune_options *options);

#ifdef __cplusplus
}
#endif
#endif
