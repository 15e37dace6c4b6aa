#!/usr/bin/env python3
"""diagnose_elsewhere.py ELBOW SOURCE PyTorch|Keras|JAX - elbow diagnose on a VAE of another framework.

Trains a small VAE for a short while on made-up digits-like images, with BCE and KL both summed (beta 1) and with BCE
averaged over pixels (beta 784, which collapses), saves each with the framework's lines of docs/diagnose.md as they
stand there, and compares what elbow says with what numpy computes in double precision. Exit status 77 (skipped)
without numpy and the framework.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

elbow, source, framework = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
backend = next((name for name in ("jax", "torch", "tensorflow") if find_spec(name)), None)  # what Keras runs on
needed = {"PyTorch": "torch", "Keras": "keras", "JAX": "jax"}[framework]
if not find_spec("numpy") or not find_spec(needed) or backend is None:
    print(f"{framework} or numpy is not installed: skipped")
    sys.exit(77)

import numpy

PIXELS, HIDDEN, LATENTS, STEPS, BATCH = 784, 128, 20, 120, 64
page = (source / "docs/diagnose.md").read_text()
save_lines = re.search(rf"^{framework}, .*?```python\n(.*?)```", page, re.S | re.M).group(1)
assert len(save_lines.strip().splitlines()) == 5, save_lines


def squares(count, seed):
    """White squares on black, 28x28, of random place and size."""
    random = numpy.random.default_rng(seed)
    images = numpy.zeros((count, 28, 28), "float32")
    for image in images:
        size = random.integers(4, 12)
        row, column = random.integers(0, 28 - size, 2)
        image[row : row + size, column : column + size] = 1
    return images


def pytorch_names(kl_weight):
    """After a training: what the page's lines take for granted (here model, test_loader, device), and the encoder,
    from an array of images to mu and logvar."""
    import torch
    from torch import nn

    class VAE(nn.Module):
        def __init__(self):
            super().__init__()
            self.inwards = nn.Sequential(nn.Linear(PIXELS, HIDDEN), nn.ReLU())
            self.mu, self.logvar = nn.Linear(HIDDEN, LATENTS), nn.Linear(HIDDEN, LATENTS)
            self.outwards = nn.Sequential(
                nn.Linear(LATENTS, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, PIXELS), nn.Sigmoid()
            )

        def forward(self, x):
            hidden = self.inwards(x.view(-1, PIXELS))
            mu, logvar = self.mu(hidden), self.logvar(hidden)
            return self.outwards(mu + torch.exp(logvar / 2) * torch.randn_like(mu)), mu, logvar

    torch.set_num_threads(1)
    torch.manual_seed(1)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for x in torch.from_numpy(squares(STEPS * BATCH, 1)).split(BATCH):
        x_hat, mu, logvar = model(x)
        bce = nn.functional.binary_cross_entropy(x_hat, x.view(-1, PIXELS), reduction="sum")
        kl = -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())
        optimizer.zero_grad()
        ((bce / kl_weight + kl) / BATCH).backward()
        optimizer.step()
    batches = torch.from_numpy(squares(1200, 2)[:, None]).split(500)
    encode = lambda x: [a.detach().numpy() for a in model(torch.from_numpy(x))[1:]]
    return encode, {"torch": torch, "model": model, "device": "cpu", "test_loader": [(batch, None) for batch in batches]}


def keras_names(kl_weight):
    """encoder, decoder, x_test."""
    os.environ.setdefault("KERAS_BACKEND", backend)
    import keras
    from keras import layers, ops

    class Sampling(layers.Layer):
        def __init__(self):
            super().__init__()
            self.seeds = keras.random.SeedGenerator(1)

        def call(self, of):
            mu, logvar = of
            self.add_loss(-0.5 * ops.mean(ops.sum(1 + logvar - mu**2 - ops.exp(logvar), axis=1)))
            return mu + ops.exp(logvar / 2) * keras.random.normal(ops.shape(mu), seed=self.seeds)

    def bce(x, x_hat):
        each = keras.losses.binary_crossentropy(ops.reshape(x, (-1, PIXELS)), ops.reshape(x_hat, (-1, PIXELS)))
        return PIXELS * each / kl_weight

    keras.utils.disable_interactive_logging()
    keras.utils.set_random_seed(1)
    images = keras.Input((28, 28, 1))
    hidden = layers.Dense(HIDDEN, "relu")(layers.Flatten()(images))
    mu, logvar = layers.Dense(LATENTS)(hidden), layers.Dense(LATENTS)(hidden)
    encoder = keras.Model(images, [mu, logvar, Sampling()([mu, logvar])])
    outwards = [layers.Dense(HIDDEN, "relu"), layers.Dense(PIXELS, "sigmoid"), layers.Reshape((28, 28, 1))]
    decoder = keras.Sequential([keras.Input((LATENTS,)), *outwards])
    model = keras.Model(images, decoder(encoder(images)[2]))
    model.compile(optimizer=keras.optimizers.Adam(1e-3), loss=bce)
    x = squares(STEPS * BATCH, 1)[..., None]
    model.fit(x, x, batch_size=BATCH, verbose=0)
    return lambda x: encoder.predict(x[..., None])[:2], {"encoder": encoder, "decoder": decoder, "x_test": squares(1200, 2)[..., None]}


def jax_names(kl_weight):
    """encode, decode, params, test_images, key."""
    import jax
    from jax import numpy as jnp

    shapes = [(PIXELS, HIDDEN), (HIDDEN, 2 * LATENTS), (LATENTS, HIDDEN), (HIDDEN, PIXELS)]
    keys = jax.random.split(jax.random.key(1), len(shapes))
    params = [(jax.random.normal(k, s) / s[0] ** 0.5, jnp.zeros(s[1])) for k, s in zip(keys, shapes)]

    def perceptron(layers, x):
        (w, b), (v, c) = layers
        return jax.nn.relu(x @ w + b) @ v + c

    def encode(params, x):
        return jnp.split(perceptron(params[:2], x), 2, axis=-1)

    def decode(params, z):
        return jax.nn.sigmoid(perceptron(params[2:], z))

    def loss(params, x, key):
        mu, logvar = encode(params, x)
        a = perceptron(params[2:], mu + jnp.exp(logvar / 2) * jax.random.normal(key, mu.shape))
        kl = -0.5 * jnp.sum(1 + logvar - mu**2 - jnp.exp(logvar))
        return (jnp.sum(jax.nn.softplus(a) - x * a) / kl_weight + kl) / BATCH

    @jax.jit
    def adam(params, first, second, step, x):
        gradient = jax.grad(loss)(params, x, jax.random.key(step))
        first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
        second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
        rate = 1e-3 * jnp.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        return jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + 1e-8), params, first, second), first, second

    first = second = jax.tree.map(jnp.zeros_like, params)
    for step, x in enumerate(squares(STEPS * BATCH, 1).reshape(STEPS, BATCH, PIXELS), 1):
        params, first, second = adam(params, first, second, step, x)
    return lambda x: encode(params, x.reshape(-1, PIXELS)), {"jax": jax, "jnp": jnp, "encode": encode, "decode": decode, "params": params,
            "test_images": squares(1200, 2).reshape(-1, PIXELS), "key": jax.random.key(2)}  # fmt: skip


def measure(path):
    """Distortion, rate and active units of the file; as PyTorch does, logarithms are cut at -100."""
    arrays = {name: a.astype("float64").reshape(len(a), -1) for name, a in numpy.load(path).items()}
    x, x_hat, mu, logvar = (arrays[name] for name in ("x", "x_hat", "mu", "logvar"))
    assert x.shape == x_hat.shape == (1000, PIXELS) and mu.shape == logvar.shape == (1000, LATENTS)
    with numpy.errstate(divide="ignore"):
        white, black = (numpy.maximum(numpy.log(p), -100) for p in (x_hat, 1 - x_hat))
    kl = 0.5 * (mu**2 + numpy.expm1(logvar) - logvar)
    return -(x * white + (1 - x) * black).sum(1).mean(), kl.sum(1).mean(), int((mu.var(0) > 0.01).sum())


def diagnose(encode, names, folder, *options):
    path = folder / "vae.npz"
    exec(save_lines.replace('"vae.npz"', "path"), names | {"numpy": numpy, "path": path})
    saved, images = numpy.load(path), squares(1200, 2)[:1000]
    assert (saved["x"].reshape(images.shape) == images).all() and (saved["x_hat"].ravel() != saved["x"].ravel()).any()
    for name, a in zip(("mu", "logvar"), encode(images)):
        assert numpy.allclose(saved[name], a, rtol=1e-3, atol=1e-4), name
    command = [elbow, "diagnose", str(path), "--loss", "bce", *options, "--json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    distortion, rate, active = measure(path)
    assert abs(found["distortion"] / distortion - 1) < 1e-4, (found, distortion)
    assert abs(found["rate"] - rate) < 1e-4 * (1 + rate), (found, rate)
    assert found["active_units"] == active, (found, active)
    return found


trained = {"PyTorch": pytorch_names, "Keras": keras_names, "JAX": jax_names}[framework]
with tempfile.TemporaryDirectory() as place:
    found = diagnose(*trained(1), Path(place))
    assert found["beta"] == 1 and found["active_units"] > 0, found
    assert not any("collapsed" in advice or "logits" in advice for advice in found["advice"]), found
    found = diagnose(*trained(PIXELS), Path(place), "--reduction", "mean/sum")
    assert found["beta"] == PIXELS and found["active_units"] == 0, found
    assert "collapsed" in found["advice"][0] and "number of pixels" in found["advice"][1], found
