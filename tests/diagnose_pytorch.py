#!/usr/bin/env python3
"""diagnose_pytorch.py ELBOW SOURCE - elbow diagnose on a VAE as in pytorch/examples, saved by the lines of the docs.

Trains 784-400-20 for a short while on made-up digits-like images, with BCE and KL both summed (beta 1) and with BCE
averaged over pixels (beta 784, which collapses), saves each with the PyTorch lines of docs/diagnose.md as they stand
there, and compares what elbow says with what PyTorch computes. Exit status 77 (skipped) without torch and numpy.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

try:
    import numpy
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:
    print("torch or numpy is not installed: skipped")
    sys.exit(77)

elbow, source = sys.argv[1], Path(sys.argv[2])
save_lines = re.search(r"PyTorch.*?```python\n(.*?)```", (source / "docs/diagnose.md").read_text(), re.S).group(1)
assert len(save_lines.strip().splitlines()) == 5


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.inwards, self.mu, self.logvar = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.outwards = nn.Sequential(nn.Linear(20, 400), nn.ReLU(), nn.Linear(400, 784), nn.Sigmoid())

    def forward(self, x):
        hidden = F.relu(self.inwards(x.view(-1, 784)))
        mu, logvar = self.mu(hidden), self.logvar(hidden)
        return self.outwards(mu + torch.exp(logvar / 2) * torch.randn_like(mu)), mu, logvar


def squares(count):
    """White squares on black, 28x28, of random place and size."""
    images = torch.zeros(count, 1, 28, 28)
    for image in images:
        size = int(torch.randint(4, 12, ()))
        row, column = (int(torch.randint(0, 28 - size, ())) for _ in range(2))
        image[0, row : row + size, column : column + size] = 1
    return images


def terms(x_hat, x, mu, logvar):
    bce = F.binary_cross_entropy(x_hat, x.view(-1, 784), reduction="sum") / len(x)
    return bce, -0.5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp()) / len(x)


def diagnose(model, device, folder, *options):
    test_loader = [(squares(500), None), (squares(700), None)]
    names = {"model": model, "test_loader": test_loader, "device": device, "torch": torch, "numpy": numpy}
    exec(save_lines.replace('"vae.npz"', "path"), names | {"path": folder / "vae.npz"}, kept := {})
    command = [elbow, "diagnose", str(folder / "vae.npz"), "--loss", "bce", *options, "--json"]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    bce, kl = terms(kept["x_hat"], kept["x"], kept["mu"], kept["logvar"])
    active = int((kept["mu"].double().var(0, unbiased=False) > 0.01).sum())
    assert abs(found["distortion"] / float(bce) - 1) < 1e-4, (found, bce)
    assert abs(found["rate"] - float(kl)) < 1e-4 * (1 + float(kl)), (found, kl)
    assert found["active_units"] == active, (found, active)
    return found


def train(steps, pixels):
    torch.manual_seed(1)
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for _ in range(steps):
        x = squares(64)
        x_hat, mu, logvar = model(x)
        bce, kl = terms(x_hat, x, mu, logvar)
        optimizer.zero_grad()
        (bce / pixels + kl).backward()
        optimizer.step()
    return model


torch.set_num_threads(1)
with tempfile.TemporaryDirectory() as place:
    found = diagnose(train(200, 1), "cpu", Path(place))
    assert found["beta"] == 1 and found["active_units"] > 0, found
    assert not any("collapsed" in advice or "logits" in advice for advice in found["advice"]), found
    found = diagnose(train(200, 784), "cpu", Path(place), "--reduction", "mean/sum")
    assert found["beta"] == 784 and found["active_units"] == 0, found
    assert "collapsed" in found["advice"][0] and "number of pixels" in found["advice"][1], found
