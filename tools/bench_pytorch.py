#!/usr/bin/env python3
"""bench_pytorch.py - the training step of tools/bench in PyTorch, for comparison in the same run on the same cores.
With --device cuda on a GPU, waited for at the end of each round of 20 steps, as tools/bench_step.c does.

MLP 784-400-20, batch 128, Bernoulli, Adam, float32: forward, backward and update. One line of JSON: the median, the
10th and the 90th percentile of a step, eager and compiled. Needs torch, which nothing else here does.
"""

import argparse
import json
import statistics
import sys
import time

try:
    import torch
    from torch import nn
    from torch.nn import functional as F
except ImportError:
    sys.exit("bench_pytorch.py: torch is not installed (pip install torch): nothing to compare with")


class VAE(nn.Module):
    """784-400-20-400-784 with ReLU, as elbow train's default."""

    def __init__(self, pixels=784, hidden=400, latent=20):
        super().__init__()
        self.encoder = nn.Linear(pixels, hidden)
        self.mu, self.logvar = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.decoder = nn.ModuleList([nn.Linear(latent, hidden), nn.Linear(hidden, pixels)])

    def forward(self, x):
        """The mean negative ELBO of a batch."""
        hidden = F.relu(self.encoder(x))
        mu, logvar = self.mu(hidden), self.logvar(hidden)
        z = mu + torch.randn_like(mu) * torch.exp(0.5 * logvar)
        logits = self.decoder[1](F.relu(self.decoder[0](z)))
        distortion = F.binary_cross_entropy_with_logits(logits, x, reduction="sum")
        rate = 0.5 * (mu.square() + logvar.expm1() - logvar).sum()
        return (distortion + rate) / x.shape[0]


def steps(model, x, rounds, each, warm):
    """Milliseconds of a training step in each of so many rounds of so many steps, after rounds that are not counted."""
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    times = []
    for _ in range(warm + rounds):
        start = time.perf_counter()
        for _ in range(each):
            optimiser.zero_grad(set_to_none=True)
            model(x).backward()
            optimiser.step()
        if x.is_cuda:
            torch.cuda.synchronize()
        times.append(1e3 * (time.perf_counter() - start) / each)
    return times[warm:]


def summary(times):
    """Median and spread."""
    tenths = statistics.quantiles(times, n=10)
    return {"median": round(statistics.median(times), 3), "p10": round(tenths[0], 3), "p90": round(tenths[-1], 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--no-compile", action="store_true", help="eager only")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(0)
    x = torch.rand(arguments.batch, 784).to(arguments.device)
    rounds = (200, 1, 30) if arguments.device == "cpu" else (20, 20, 3)
    plain, compiled = VAE().to(arguments.device), VAE().to(arguments.device)
    result = {"torch": torch.__version__, "threads": arguments.threads, "device": arguments.device,
              "batch": arguments.batch, "eager_ms": summary(steps(plain, x, *rounds))}
    if not arguments.no_compile:
        try:
            result["compiled_ms"] = summary(steps(torch.compile(compiled), x, *rounds))
        except Exception as error:  # whatever the compiler's own tools lack on this machine
            result["compiled_ms"], result["compile_error"] = None, str(error).splitlines()[0]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
