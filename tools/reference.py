#!/usr/bin/env python3
"""reference.py - trains the reference rows on MNIST and writes docs/reference.md.

    ELBOW_DATA=FOLDER tools/reference.py [--elbow build/elbow] [--device auto]

FOLDER holds a folder mnist with the four IDX files (or is one itself). Each row: MLP 784-400-20, ReLU, Adam at 1e-3,
batch 128, 10 epochs, measured on the 10,000 test images. The exit status is 1 if a mean over the seeds lies outside the
range that other code reached (the ranges are in ROWS). The ½SSE row has more seeds than the others because they spread
it more: tools/reference_pytorch.py shows the same of PyTorch.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

# What is minimised, the options that say so, how many seeds, and the ranges of other code's results over two seeds, widened by about
# one percent and by one unit: seeds and initial weights differ.
ROWS = [
    ("BCE sum/sum, β 1", ["--loss", "bce"], 2,
     {"bce": (79.0, 81.5), "rate": (24.7, 25.8), "sse": (10.2, 10.8), "active_units": (19, 20)}),
    ("BCE mean/sum, β 1 as written", ["--loss", "bce", "--reduction", "mean/sum", "--weight", "1"], 2,
     {"bce": (205.0, 207.5), "rate": (0.0, 0.01), "sse": (52.5, 53.5), "active_units": (0, 0)}),
    ("½SSE sum, σ = 1", ["--loss", "half-sse"], 6,
     {"rate": (6.4, 6.8), "sse": (25.6, 26.3), "active_units": (9, 12)}),
]


def measure(elbow, device, options, seed, epochs, folder):
    """Trains one run and returns what `elbow evaluate --json` says of it."""
    run = str(pathlib.Path(folder) / f"run-{seed}")
    subprocess.run([elbow, "train", "mnist", "--out", run, "--device", device, "--epochs", str(epochs), "--seed",
                    str(seed), *options], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    done = subprocess.run([elbow, "evaluate", run, "--device", device, "--json"], check=True, capture_output=True,
                          text=True)
    result = json.loads(done.stdout)
    result["bce"] = result["distortion"] if "bce" in options else None
    return result


def span(values, form):
    """The seeds' values as `least–most`, or one if they print alike."""
    if values[0] is None:
        return "–"
    ends = [form.format(end(values)) for end in (min, max)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def outside(results, ranges):
    """Sentences about means over the seeds that lie outside their range."""
    means = {name: sum(r[name] for r in results) / len(results) for name in ranges}
    return [f"{name}: the mean {means[name]:.3f} is not in {low}..{high}" for name, (low, high) in ranges.items()
            if not low <= means[name] <= high]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbow", default="build/elbow")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--epochs", type=int, default=10, help="fewer for a trial: then nothing is written or judged")
    arguments = parser.parse_args()

    lines, bad = [], []
    for title, options, seeds, ranges in ROWS:
        with tempfile.TemporaryDirectory(prefix="elbow-reference-") as folder:
            results = [measure(arguments.elbow, arguments.device, options, seed, arguments.epochs, folder)
                       for seed in range(seeds)]
        cells = [title, str(seeds), span([r["bce"] for r in results], "{:.1f}"), span([r["rate"] for r in results], "{:.2f}"),
                 span([r["sse"] for r in results], "{:.1f}"), span([r["active_units"] for r in results], "{:d}"),
                 "`" + " ".join(options) + "`", f"`{results[0]['digest'][:12]}`"]
        lines.append("| " + " | ".join(cells) + " |")
        bad += [f"{title}: {sentence}" for sentence in outside(results, ranges)]
        print(lines[-1], flush=True)
    if arguments.epochs != 10:
        return 0
    for sentence in bad:
        print(sentence, file=sys.stderr)
    if not bad:
        page = pathlib.Path(__file__).resolve().parent.parent / "docs" / "reference.md"
        page.write_text(HEAD + "\n".join(lines) + "\n", encoding="utf-8")
        print(f"written: {page}")
    return 1 if bad else 0


HEAD = """# Reference runs

Written by `tools/reference.py`, which fails if the mean over the seeds leaves the range that other code reaches. MNIST,
MLP 784-400-20, ReLU, Adam 1e-3, batch 128, 10 epochs, seeds from 0; test set of 10,000; nats per image, least and most of
the seeds. BCE is the distortion of the Bernoulli rows; one draw of z. Any device gives the digest (of seed 0).

| objective | seeds | BCE | KL | SSE | active of 20 | options of `elbow train mnist` | digest |
|---|---|---|---|---|---|---|---|
"""

if __name__ == "__main__":
    sys.exit(main())
