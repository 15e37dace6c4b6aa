#!/usr/bin/env python3
"""resume.py ELBOW KILL_AT.so - a run that is interrupted and resumed has the digest of one that never was.

50 seeded moments: half of them inside a save (the process dies before its n-th durable call), half at a random time
(kill -9, every fifth Ctrl-C). Each run is resumed until it ends, then compared: digest, metrics and model file.
"""
import hashlib, json, os, pathlib, random, signal, subprocess, sys, tempfile, time

elbow, kill_at = sys.argv[1:3]
moments = int(sys.argv[3]) if len(sys.argv) > 3 else 50
random.seed(20261123)
OPTIONS = ("train shapes --limit 1500 --epochs 4 --batch 100 --hidden 48 --latent 4 --lr-schedule cosine:warmup=1 "
           "--clip 5 --patience 3 --holdout 0.2 --device native --seed 3 --save-every 0.02").split()


def train(out, env=None, resume=False):
    return subprocess.Popen([elbow, *OPTIONS, "--out", str(out)] + (["--resume"] if resume else []),
                            env={**os.environ, **(env or {})}, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finish(process):
    out, err = process.communicate(timeout=300)
    return process.returncode, out.decode(), err.decode()


def steady(line):
    """A line of metrics without what the clock says."""
    return {k: v for k, v in json.loads(line).items() if k not in ("seconds", "images_per_s")}


def what_counts(run):
    metrics = [steady(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return hashlib.sha256((run / "model.safetensors").read_bytes()).hexdigest(), metrics


with tempfile.TemporaryDirectory() as folder:
    folder = pathlib.Path(folder)
    calls = folder / "calls"
    seconds, durable = float("inf"), 1 << 30
    for take in range(3):  # the quickest of three, so that most moments lie inside a run
        whole = folder / f"whole{take}"
        start = time.monotonic()
        code, out, err = finish(train(whole, {"LD_PRELOAD": kill_at, "ELBOW_COUNT_CALLS": str(calls)}))
        seconds, durable = min(seconds, time.monotonic() - start), min(durable, int(calls.read_text()))
        if code != 0:
            sys.exit(f"the uninterrupted run failed ({code}): {err}")
    expected = what_counts(whole)
    digest = out.strip().splitlines()[-1].split()[-1]
    if durable == 0:
        sys.exit("no durable call was seen: the preloaded library is not in the way")
    print(f"uninterrupted: {seconds:.2f} s, {durable} durable calls, digest {digest[:16]}")
    interrupted = wrong = 0
    for moment in range(moments):
        run = folder / f"run{moment}"
        if moment % 2 == 0:
            n = random.randint(1, durable)
            what = f"killed before durable call {n}"
            process = train(run, {"LD_PRELOAD": kill_at, "ELBOW_KILL_AT": str(n)})
        else:
            after = random.uniform(0.02, seconds)
            sign = signal.SIGINT if moment % 5 == 0 else signal.SIGKILL
            what = f"{sign.name} after {after:.3f} s"
            process = train(run)
            time.sleep(after)
            process.send_signal(sign)
        code = finish(process)[0]
        interrupted += code != 0
        code, out, err = finish(train(run, resume=True))
        same = code == 0 and what_counts(run) == expected and out.strip().splitlines()[-1].split()[-1] == digest
        wrong += not same
        if not same:
            print(f"moment {moment}: {what}: DIFFERS (exit {code}) {err.strip()[-300:]}")
    print(f"{moments} moments, {interrupted} interrupted the run, {wrong} differ")
    if wrong or interrupted < moments * 0.6:
        sys.exit(1)
