#!/usr/bin/env python3
"""once.py - how near one network for a range of weights (elbow sweep --once) comes to one network for each.

    tools/once.py ELBOW --cache DIR [--data mnist] [--epochs N] [--once-epochs N] [--write]

Runs both sweeps over seven weights into DIR, where a script that was stopped goes on, and prints rate and distortion of
each on the test images; --write puts the table into docs/sweep.md.
"""

import argparse
import json
import pathlib

from evidence import run, write_between_marks

BETAS = "0.1,0.25,0.5,1,2,4,8"


def rows(arguments, name, epochs, extra):
    out = arguments.cache / f"{arguments.data}-{name}-{epochs}"
    command = [arguments.elbow, "sweep", arguments.data, "--betas", BETAS, "--latent", "20", "--hidden", "400", "--epochs",
               str(epochs), "--device", "native", "--quiet", "--json", "--out", str(out), *extra]
    return json.loads(run(command))["rows"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("elbow")
    parser.add_argument("--cache", type=pathlib.Path, required=True)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--once-epochs", type=int, default=10)
    parser.add_argument("--write", action="store_true")
    arguments = parser.parse_args()
    arguments.cache.mkdir(parents=True, exist_ok=True)
    once = rows(arguments, "once", arguments.once_epochs, ["--once"])
    each = rows(arguments, "each", arguments.epochs, [])
    lines = [f"{arguments.data}, 784-400-20, Bernoulli on grey pixels; one network for all: {arguments.once_epochs} epochs; "
             f"one for each: {arguments.epochs} epochs each. Nats per test image.", "",
             "| β | rate: each | once | off by | distortion: each | once | off by | objective D + βR: each | once |",
             "|---|---|---|---|---|---|---|---|---|"]
    for a, b in zip(each, once):
        goal = [r["distortion"] + a["beta"] * r["rate"] for r in (a, b)]
        lines.append(f"| {a['beta']:g} | {a['rate']:.1f} | {b['rate']:.1f} | {b['rate'] - a['rate']:+.1f} | "
                     f"{a['distortion']:.1f} | {b['distortion']:.1f} | {b['distortion'] - a['distortion']:+.1f} | "
                     f"{goal[0]:.1f} | {goal[1]:.1f} |")
    print("\n".join(lines))
    if arguments.write:
        write_between_marks("sweep.md", "tools/once.py", lines)


if __name__ == "__main__":
    main()
