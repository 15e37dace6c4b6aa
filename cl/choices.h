/* choices.h - what may be chosen: for kernels when they are built, for noise when it is drawn. Plain C. */
#ifndef CHOICES_H
#define CHOICES_H

/* The decoder's density. */
enum likelihood {
    BERNOULLI,
    GAUSSIAN,
    LAPLACE,
    CONTINUOUS_BERNOULLI,
    DISCRETISED_LOGISTIC,
    POISSON,
    NEGATIVE_BINOMIAL
};

/* What makes the density's mean of the decoder's output, by the names of generalised linear models: its sigmoid, itself,
 * the mean of the continuous Bernoulli, its exponential. */
enum link { LOGIT_LINK, IDENTITY_LINK, CONTINUOUS_LINK, LOG_LINK };

/* Where the density's spread (a Gaussian's sigma) comes from: it is fixed; one parameter that all pixels share; one
 * parameter for each; or the best there is for the batch at hand. */
enum spread_source { FIXED, SHARED, EACH, OPTIMAL };

/* Where the weight of the KL term comes from: built in; an argument of the launch; memory on the device. */
enum weighting { CONSTANT, ARGUMENT, GIVEN };

/* How weights follow from what a batch measures (weigh.cl). */
enum rule { FREE_BITS, CAPACITY, LEAST_RATE, TARGET_DISTORTION, TARGET_RATE };

/* What a layer does to its sums. */
enum activation { IDENTITY, RELU, TANH, SIGMOID, SOFTPLUS };

/* How a term of the loss is reduced over pixels, latents or the batch. */
enum reduction { SUM, MEAN };

/* What becomes of grey pixels: kept, drawn as 0 or 1 at each visit, or compared with one half. */
enum binarise { KEEP, DYNAMIC, THRESHOLD };

/* What a random number is for: the first word of Philox's counter. A number never moves to another purpose, since the
 * digests of all earlier runs hang on it: append only. */
enum purpose {
    INITIAL_WEIGHTS,
    SHUFFLE,
    LATENT_NOISE,
    BINARISATION,
    EVALUATION_NOISE,
    SAMPLING,
    IMPORTANCE,
    PIXEL_NOISE,
    CONDITION
};

#endif
