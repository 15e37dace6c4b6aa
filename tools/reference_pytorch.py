#!/usr/bin/env python3
"""reference_pytorch.py - the ½SSE row of tools/reference.py trained in PyTorch: how far seeds alone spread its numbers.

    tools/reference_pytorch.py FOLDER [--seeds 4] [--epochs 10]

FOLDER holds MNIST's gzipped IDX files. MLP 784-400-20, ReLU, sigmoid of the decoder, half the squared error summed over
pixels plus the KL term, Adam at 1e-3, batch 128. One line per seed: squared error and KL in nats on the 10,000 test
images, latents whose mean varies by more than 0.01. Needs torch and numpy.
"""

import argparse
import gzip
import pathlib

import numpy
import torch
from torch import nn
from torch.nn import functional as F


def images(path):
    """(count, 784) floats in 0..1."""
    pixels = numpy.frombuffer(gzip.decompress(path.read_bytes()), numpy.uint8, offset=16)
    return torch.from_numpy(pixels.reshape(-1, 784).astype(numpy.float32) / 255)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.code = nn.Linear(784, 400), nn.Linear(400, 40)
        self.hidden, self.decoder = nn.Linear(20, 400), nn.Linear(400, 784)

    def forward(self, x):
        """Squared error, KL and mu of each image."""
        mu, logvar = self.code(F.relu(self.encoder(x))).chunk(2, 1)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        y = torch.sigmoid(self.decoder(F.relu(self.hidden(z))))
        return (x - y).square().sum(1), 0.5 * (mu.square() + logvar.expm1() - logvar).sum(1), mu


def train(seed, x, epochs):
    torch.manual_seed(seed)
    model = VAE()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(128):
            squared, kl, _ = model(x[batch])
            optimiser.zero_grad()
            (0.5 * squared + kl).mean().backward()
            optimiser.step()
    return model


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=10)
    arguments = parser.parse_args()
    x, test = (images(arguments.folder / f"{part}-images-idx3-ubyte.gz") for part in ("train", "t10k"))
    for seed in range(arguments.seeds):
        model = train(seed, x, arguments.epochs)
        with torch.no_grad():
            squared, kl, mu = model(test)
        print(f"seed {seed}: sse {squared.mean():.2f}  rate {kl.mean():.2f}  active {(mu.var(0) > 0.01).sum()}", flush=True)


if __name__ == "__main__":
    main()
