#!/usr/bin/env python3
"""warm_up.py - what a warm-up of the KL term's weight does to deep nets, beside what `elbow advise` foresees.

    ELBOW_DATA=FOLDER tools/warm_up.py [--elbow build/elbow] [--cache build/warm-up]

FOLDER holds a folder mnist with the four IDX files; fashion-mnist is found as elbow finds it. Each run: MLP, 20 latents,
ReLU, Bernoulli, Adam at 1e-3, batch 128, measured on the test images: 8 epochs at the full weight, 8 epochs of which the
first 4 raise it (--schedule linear:epochs=4), and 32 epochs at the full weight. Finished runs are kept in the cache, so
that a script that was stopped goes on where it was. Writes the table of docs/advise.md between its two marks there.
"""

import argparse
import pathlib
import statistics

from evidence import measured, write_between_marks
from predictions import DEEPER, HELD_OUT, advise, cells, options

WAYS = {"8 epochs": ["--epochs", "8"], "warmed up": ["--epochs", "8", "--schedule", "linear:epochs=4"],
        "32 epochs": ["--epochs", "32"]}


def collect(arguments):
    """A row for each data set, net and beta: what was foreseen, and what came of each way to train."""
    for data in ("mnist", HELD_OUT):
        for hidden, betas in DEEPER.items():
            model = options("bernoulli", 20, hidden)
            foreseen = advise(arguments.elbow, data, betas, *model)["rows"]
            for beta, is_ in zip(betas, foreseen):
                row = {"data": data, "hidden": hidden, "beta": beta, "foreseen": is_}
                for way, more in WAYS.items():
                    kept = arguments.cache / f"{data}-{hidden}-{beta}-{way.replace(' ', '-')}.json"
                    row[way] = measured(arguments.elbow, kept, data, ["--beta", str(beta), *model, *more])
                print(line(row), flush=True)
                yield row


def line(row):
    return " | ".join([f"| {row['data']}", row["hidden"], f"{row['beta']:g}", cells(row["foreseen"]),
                       *(cells(row[way]) for way in WAYS)]) + " |"


def objective(row, way):
    """What was minimised: distortion + beta rate."""
    return row[way]["distortion"] + row["beta"] * row[way]["rate"]


def summary(rows):
    for way in WAYS:
        active = [row["foreseen"]["active_units"] - row[way]["active_units"] for row in rows]
        rate = [abs(row["foreseen"]["rate"] / row[way]["rate"] - 1) * 100 for row in rows]
        lower = sum(objective(row, way) < objective(row, "8 epochs") for row in rows)
        yield (f"- {way}: active latents foreseen {statistics.median(active):+g} too many in the median "
               f"({min(active):+d} to {max(active):+d}), the rate off by {statistics.median(rate):.1f} % in the median"
               + ("" if way == "8 epochs" else f"; the objective D + βR lower than at 8 epochs in {lower} of {len(rows)}")
               + ".")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbow", default="build/elbow")
    parser.add_argument("--cache", default="build/warm-up", type=pathlib.Path)
    arguments = parser.parse_args()
    rows = list(collect(arguments))
    found = list(summary(rows))
    print("\n".join(found))
    write_between_marks("advise.md", "tools/warm_up.py",
                        ["Distortion / rate / active latents:", "", "| data | hidden | β | foreseen | "
                         + " | ".join(WAYS) + " |", "|---|---|---|---|" + "---|" * len(WAYS), *map(line, rows), "", *found])


if __name__ == "__main__":
    main()
