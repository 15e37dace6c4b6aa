/* presets.c - the losses of well-known codes, as they are written there, with the sizes they are used at. Each was read
 * in the source that it names. */
#include "base/base.h"

#define LOSS(kind, variance, pixels_, latents_, weight_, size)                                                         \
    .recipe = {.likelihood = (kind),                                                                                   \
               .sigma2 = (variance),                                                                                   \
               .pixels = (pixels_),                                                                                    \
               .latents = (latents_),                                                                                  \
               .weight = (weight_),                                                                                    \
               .latent = (size)}
#define BCE(pixels_, latents_, weight_, size) LOSS(ELBOW_BERNOULLI, 1, pixels_, latents_, weight_, size)
#define SSE(pixels_, latents_, weight_, size) LOSS(ELBOW_GAUSSIAN, 0.5, pixels_, latents_, weight_, size)

static const elbow_preset presets[] = {
    {.name = "pytorch",
     .code = "binary_cross_entropy(reduction='sum') + sum of KL",
     .source = "pytorch/examples, vae/main.py (784-400-20, MNIST)",
     .note = "the plain ELBO; grey pixels make its cross-entropy no likelihood (Loaiza-Ganem & Cunningham 2019)",
     .pixels = 784,
     BCE(ELBOW_SUM, ELBOW_SUM, 1, 20)},
    {.name = "pytorch-vae",
     .code = "mse_loss (mean over all values) + 0.00025 * mean over the batch of the KL summed over latents",
     .source = "AntixK/PyTorch-VAE, models/vanilla_vae.py and kld_weight of configs/vae.yaml (64x64x3, CelebA)",
     .note = "the small number is no small weight; its validation loss takes the weight 1 instead (experiment.py), "
             "beta 12,288: its two curves do not compare",
     .pixels = 12288,
     SSE(ELBOW_MEAN, ELBOW_SUM, 0.00025, 128)},
    {.name = "keras",
     .code = "binary_crossentropy summed over the image + KL summed over latents",
     .source = "keras-team/keras-io, examples/generative/vae.py (28x28, MNIST, 2 latents)",
     .note = "the plain ELBO",
     .pixels = 784,
     BCE(ELBOW_SUM, ELBOW_SUM, 1, 2)},
    {.name = "keras-2",
     .code = "784 * binary_crossentropy (a mean over pixels) + KL summed over latents",
     .source = "keras-team/keras, examples/variational_autoencoder.py as of Keras 2",
     .note = "784 times the mean is the sum: the plain ELBO",
     .pixels = 784,
     BCE(ELBOW_SUM, ELBOW_SUM, 1, 2)},
    {.name = "keras-2-deconv",
     .code = "784 * binary_crossentropy (a mean over pixels) + KL averaged over latents",
     .source = "keras-team/keras, examples/variational_autoencoder_deconv.py as of early 2017",
     .note = "the mean over 2 latents halves the KL term",
     .pixels = 784,
     BCE(ELBOW_SUM, ELBOW_MEAN, 1, 2)},
    {.name = "keras-1",
     .code = "binary_crossentropy (a mean over pixels) + KL summed over latents",
     .source = "keras-team/keras, examples/variational_autoencoder.py as of 2016",
     .note = "all latents would be lost; that example hid it by drawing z with a hundredth of the noise (epsilon_std)",
     .pixels = 784,
     BCE(ELBOW_MEAN, ELBOW_SUM, 1, 2)},
    {.name = "beta-vae",
     .code = "mse_loss summed / batch + 10 * KL summed over latents",
     .source = "1Konny/Beta-VAE, solver.py and run_celeba_H_beta10_z32.sh (64x64x3, CelebA)",
     .note = "a beta of 10 beside the whole squared error is sigma^2 5, not 10",
     .pixels = 12288,
     SSE(ELBOW_SUM, ELBOW_SUM, 10, 32)},
    {.name = "normalised",
     .code = "squared error / pixels + 0.1 * KL / latents",
     .source = "the question stats.stackexchange.com/questions/332179, at MNIST's size with 20 latents",
     .note = "a tenth of one mean beside the other is nearly four times the ELBO's KL: Higgins' beta_norm, 0.1",
     .pixels = 784,
     SSE(ELBOW_MEAN, ELBOW_MEAN, 0.1, 20)},
};

const elbow_preset *elbow_presets(size_t *count)
{
    *count = COUNT(presets);
    return presets;
}
