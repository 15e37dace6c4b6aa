#!/usr/bin/env python3
"""linear.py - trains linear VAEs and sets them beside the closed form, in docs/reference.md.

    ELBOW_DATA=FOLDER tools/linear.py [--elbow build/elbow] [--cache build/linear]

FOLDER holds a folder mnist with the four IDX files; fashion-mnist is found as elbow finds it. 20 latents, Adam at 5e-3
falling to a five-hundredth of that along a cosine, batch 128, 150 epochs: a latent whose eigenvalue is near beta
sigma^2 grows or fades slowly. Measured on the 60,000 training images, whose covariance the closed form is of. sigma is
that of plain squared error (`--loss sse`: 1/2 is its square) or learned. The exit status is 1 if a rate or a squared
error is more than 1 % off, or a number of active latents is another.
"""

import argparse
import json
import math
import pathlib
import sys

from evidence import measured, run, write_between_marks

DATA = ["mnist", "fashion-mnist"]
BETAS = [0.25, 1, 4]
LATENT = 20
PIXELS = 784
TRAINING = ["--model", "linear", "--latent", str(LATENT), "--lr", "5e-3", "--lr-schedule", "cosine:to=0.002",
            "--epochs", "150"]
FIXED_OPTIONS = ["--loss", "sse"]
LEARNED_OPTIONS = ["--sigma", "learned"]
FIXED = 0.5  # sigma^2 of --loss sse
BEYOND = 1.1  # times the beta where all is lost: the row of the collapse
MOST_OFF = 0.01
LEAST = 0.01  # nats: what is left of the rate of a collapsed model has no relative error


def closed_form(elbow, data, t):
    """Active latents, rate, squared error, and the largest eigenvalue: at t = beta sigma^2, asked for as beta at sigma 1."""
    answer = json.loads(run([elbow, "advise", data, "--model", "linear", "--likelihood", "gaussian", "--latent",
                             str(LATENT), "--betas", repr(t), "--json"]))
    row = answer["rows"][0]
    sse = 2 * row["distortion"] - PIXELS * math.log(2 * math.pi)
    return {"active_units": row["active_units"], "rate": row["rate"], "sse": sse, "collapse": answer["collapse_beta"]}


def closed_form_learned(elbow, data, beta):
    """The same where sigma^2 = SSE/D, by Newton's steps: SSE is linear in t while the active latents are the same."""
    sigma2 = closed_form(elbow, data, 1e6)["sse"] / PIXELS
    while True:
        form = closed_form(elbow, data, beta * sigma2)
        if abs(form["sse"] / PIXELS - sigma2) < 1e-7 * sigma2:
            return form
        active = form["active_units"]
        sigma2 = (form["sse"] - active * beta * sigma2) / (PIXELS - active * beta)


def rows(elbow, data):
    """What is trained: how sigma is given, the options for it, beta, and the closed form."""
    collapse = closed_form(elbow, data, 1)["collapse"]
    for beta in [*BETAS, round(BEYOND * collapse / FIXED, 2)]:
        yield "σ² = ½", FIXED_OPTIONS, beta, closed_form(elbow, data, beta * FIXED)
    total = closed_form(elbow, data, 1e6)["sse"]
    for beta in [*BETAS, round(BEYOND * PIXELS * collapse / total, 2)]:
        yield "learned", LEARNED_OPTIONS, beta, closed_form_learned(elbow, data, beta)


def off(is_, form):
    """What is not as it should be, in words."""
    wrong = [] if is_["active_units"] == form["active_units"] else ["active"]
    for name in ("rate", "sse"):
        if abs(is_[name] - form[name]) > max(MOST_OFF * form[name], LEAST if form["active_units"] == 0 else 0):
            wrong.append(name)
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--elbow", default="build/elbow")
    parser.add_argument("--cache", default="build/linear", type=pathlib.Path)
    arguments = parser.parse_args()

    lines = ["| data | σ | β | rate: trained / closed form | squared error | active | off by |", "|---|---|---|---|---|---|---|"]
    bad = []
    for data in DATA:
        for sigma, options, beta, form in rows(arguments.elbow, data):
            kept = arguments.cache / f"{data}-{'-'.join(options)}-{beta}.json"
            is_ = measured(arguments.elbow, kept, data, [*TRAINING, *options, "--beta", str(beta)], "train")
            share = [f"{100 * (is_[name] / form[name] - 1):+.2f} %" if form[name] else "–" for name in ("rate", "sse")]
            lines.append(f"| {data} | {sigma} | {beta:g} | {is_['rate']:.3f} / {form['rate']:.3f} | {is_['sse']:.3f} / "
                         f"{form['sse']:.3f} | {is_['active_units']} / {form['active_units']} | {', '.join(share)} |")
            print(lines[-1], flush=True)
            wrong = off(is_, form)
            if wrong:
                bad.append(f"{data}, sigma {sigma}, beta {beta:g}: {', '.join(wrong)}")
    for sentence in bad:
        print(sentence, file=sys.stderr)
    write_between_marks("reference.md", "tools/linear.py", lines)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
