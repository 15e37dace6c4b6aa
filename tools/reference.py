#!/usr/bin/env python3
"""reference.py - trains the reference rows on MNIST and sets them beside other code's, in docs/reference.md.

    ELBOW_DATA=FOLDER tools/reference.py [--elbow build/elbow] [--cache build/reference]

FOLDER holds a folder mnist with the four IDX files. Each row: MLP 784-400-20, ReLU, Adam at 1e-3, batch 128, 10 epochs,
measured on the 10,000 test images. The exit status is 1 if a mean over the seeds lies outside the range that other code
reached (the ranges are in ROWS). The ½SSE row has more seeds than the others because they spread it more:
tools/reference_pytorch.py shows the same of PyTorch.
"""

import argparse
import pathlib
import statistics
import sys

from evidence import measured, write_between_marks

# What is minimised, the options that say so, how many seeds, and the ranges of other code's results over two seeds (test set).
ROWS = [
    ("BCE sum/sum, β 1", ["--loss", "bce"], 2,
     {"bce": (80.0, 80.6), "rate": (25.0, 25.5), "sse": (10.4, 10.6), "active_units": (20, 20)}),
    ("BCE mean/sum, β 1 as written", ["--loss", "bce", "--reduction", "mean/sum", "--weight", "1"], 2,
     {"bce": (206.1, 206.3), "rate": (0.0, 0.0), "sse": (53.0, 53.0), "active_units": (0, 0)}),
    ("BCE mean/mean, 1 as written", ["--loss", "bce", "--reduction", "mean/mean", "--weight", "1"], 2,
     {"bce": (206.0, 206.2), "rate": (0.0, 0.0), "sse": (53.0, 53.0), "active_units": (0, 0)}),
    ("BCE mean/mean, 0.1 as written", ["--loss", "bce", "--reduction", "mean/mean", "--weight", "0.1"], 2,
     {"bce": (111.3, 111.8), "rate": (9.5, 9.7), "sse": (20.9, 21.0), "active_units": (14, 14)}),
    ("SSE mean/mean, 0.1 as written", ["--loss", "sse", "--reduction", "mean/mean", "--weight", "0.1"], 2,
     {"rate": (2.72, 2.72), "sse": (36.9, 37.0), "active_units": (6, 6)}),
    ("½SSE sum, σ = 1", ["--loss", "half-sse"], 6,
     {"rate": (6.5, 6.7), "sse": (25.9, 26.0), "active_units": (10, 11)}),
    ("Gaussian, optimal σ", ["--sigma", "optimal"], 2,
     {"rate": (62.0, 63.0), "sse": (6.5, 6.5), "active_units": (20, 20)}),
]
# How far a mean over the seeds may lie outside: seeds and initial weights differ.
BEYOND = {"bce": 0.012, "rate": 0.03, "sse": 0.012}  # shares
BEYOND_UNITS, BEYOND_NATS = 2, 0.01


FORMS = {"bce": "{:.1f}", "rate": "{:.2f}", "sse": "{:.1f}", "active_units": "{:d}"}


def reference(arguments, options, seed):
    """What `elbow evaluate --json` says of one run; bce is the distortion, of the rows that have it."""
    kept = arguments.cache / f"{'-'.join(options).replace('/', '-')}-{arguments.epochs}-{seed}.json"
    result = measured(arguments.elbow, kept, "mnist", ["--epochs", str(arguments.epochs), "--seed", str(seed), *options])
    result["bce"] = result["distortion"] if "bce" in options else None
    return result


def span(values, form):
    """The seeds' values as `least–most`, or one if they print alike."""
    if values[0] is None:
        return "–"
    ends = [form.format(end(values)) for end in (min, max)]
    return ends[0] if ends[0] == ends[1] else "–".join(ends)


def outside(results, ranges):
    """Sentences about means over the seeds that lie outside what other code reached, widened."""
    sentences = []
    for name, (low, high) in ranges.items():
        mean = statistics.mean(r[name] for r in results)
        slack = BEYOND_UNITS if name == "active_units" else BEYOND[name] * high + BEYOND_NATS
        if not low - slack <= mean <= high + slack:
            sentences.append(f"{name}: the mean {mean:.3f} is not in {low - slack:.3f}..{high + slack:.3f}")
    return sentences


def line(title, options, results, ranges):
    """A row of the page: each number's span, and in brackets the span of other code."""
    cells = [title, str(len(results))]
    for name, form in FORMS.items():
        ours = span([r[name] for r in results], form)
        cells.append(ours if name not in ranges else f"{ours} ({span(ranges[name], form)})")
    return "| " + " | ".join([*cells, "`" + " ".join(options) + "`", f"`{results[0]['digest'][:12]}`"]) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbow", default="build/elbow")
    parser.add_argument("--cache", default="build/reference", type=pathlib.Path)
    parser.add_argument("--epochs", type=int, default=10, help="fewer for a trial: then nothing is written or judged")
    arguments = parser.parse_args()

    lines, bad = [HEAD, "|---|---|---|---|---|---|---|---|"], []
    for title, options, seeds, ranges in ROWS:
        results = [reference(arguments, options, seed) for seed in range(seeds)]
        lines.append(line(title, options, results, ranges))
        bad += [f"{title}: {sentence}" for sentence in outside(results, ranges)]
        print(lines[-1], flush=True)
    if arguments.epochs != 10:
        return 0
    for sentence in bad:
        print(sentence, file=sys.stderr)
    if not bad:
        write_between_marks("reference.md", "tools/reference.py", lines)
    return 1 if bad else 0


HEAD = "| objective | seeds | BCE | KL | SSE | active of 20 | options of `elbow train mnist` | digest |"

if __name__ == "__main__":
    sys.exit(main())
