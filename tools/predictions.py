#!/usr/bin/env python3
"""predictions.py - how good `elbow advise` is: what it predicts beside what training gives.

    ELBOW_DATA=FOLDER tools/predictions.py [--elbow build/elbow] [--cache FOLDER] [--only DATA,...]

FOLDER holds a folder mnist with the four IDX files. Each run: MLP D-400-20, ReLU, Adam at 1e-3, batch 128, about 3,750
steps (8 epochs of 60,000 images), measured on the test images. Finished runs are kept in the cache, and a script that
was stopped goes on from them.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

EPOCHS = {"mnist": 8, "shapes": 38, "fashion-mnist": 8}
BETAS = {"bernoulli": [0.5, 1, 2, 3.92, 8, 16, 39.2], "gaussian": [0.01, 0.03, 0.1, 0.3, 1, 1.96, 3.92]}
LATENT = 20


def train(elbow, data, likelihood, beta, seed, latent=LATENT, epochs=None):
    """Trains one run and returns what `elbow evaluate --json` says of it."""
    with tempfile.TemporaryDirectory(prefix="elbow-predictions-") as folder:
        run = str(pathlib.Path(folder) / "run")
        subprocess.run([elbow, "train", data, "--out", run, "--device", "native", "--epochs", str(epochs or EPOCHS[data]),
                        "--likelihood", likelihood, "--beta", str(beta), "--latent", str(latent), "--seed", str(seed),
                        "--quiet"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        done = subprocess.run([elbow, "evaluate", run, "--device", "native", "--json"], check=True,
                              capture_output=True, text=True)
    return json.loads(done.stdout)


def trained(elbow, cache, data, likelihood, beta, seed, latent=LATENT, epochs=None):
    """The same from the cache, where it is."""
    name = f"{data}-{likelihood}-{beta}-{latent}-{seed}" + (f"-{epochs}" if epochs else "")
    path = cache / f"{name}.json"
    if not path.exists():
        result = train(elbow, data, likelihood, beta, seed, latent, epochs)
        path.write_text(json.dumps(result), encoding="utf-8")
    return json.loads(path.read_text(encoding="utf-8"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbow", default="build/elbow")
    parser.add_argument("--cache", default="build/predictions")
    parser.add_argument("--only", default=",".join(EPOCHS))
    arguments = parser.parse_args()
    cache = pathlib.Path(arguments.cache)
    cache.mkdir(parents=True, exist_ok=True)
    for data in arguments.only.split(","):
        for likelihood, betas in BETAS.items():
            for beta in betas:
                r = trained(arguments.elbow, cache, data, likelihood, beta, 0)
                print(f"{data} {likelihood} {beta}: D {r['distortion']:.2f} R {r['rate']:.3f} sse {r['sse']:.2f} "
                      f"active {r['active_units']}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
