#!/usr/bin/env python3
"""faults.py ELBOW CL_FAULTS.so - what a run does when OpenCL fails and goes on failing, hangs or lies (tests/cl_faults.c);
tests/check_opencl_faults.c is about single calls.

Each fault meets a run of PoCL alone, which must end with one line and a state that resumes to the right digest, or a team
of PoCL and native, which must end with that digest at once. Whatever happens: no hang, no OpenCL object left over. And
a bit that a kernel gets wrong is found by the check of its program before that is used, and by elbow compare, which names
the kernel.
"""
import json, os, pathlib, random, re, subprocess, sys, tempfile, time

elbow, layer = sys.argv[1:3]
samples = int(sys.argv[3]) if len(sys.argv) > 3 else 4  # of each kind of run; 0: every call
random.seed(20261126)
OPTIONS = ("train shapes --limit 120 --epochs 2 --batch 40 --shards 4 --hidden 17 --latent 3 --free-bits 0.1 --seed 3 "
           "--binarise dynamic --quiet --overwrite").split()
RESUME = ["train", "--resume", "--quiet", "--device", "native"]
LIMIT = 120


class Wrong(Exception):
    """A run did what it must not."""


def run(env, arguments):
    return subprocess.run([elbow, *arguments], env={**os.environ, **env}, capture_output=True, text=True, timeout=LIMIT,
                          stdin=subprocess.DEVNULL, check=False)


def digest_of(done):
    found = re.findall(r"\b[0-9a-f]{64}\b", done.stdout)
    return found[-1] if found else None


class Tries:
    def __init__(self, folder, pocl):
        self.out, self.report, self.pocl = folder / "run", folder / "report", pocl
        # Drivers keep programs of their own: both caches are filled by the first run.
        self.env = {"XDG_CACHE_HOME": str(folder / "cache"), "POCL_CACHE_DIR": str(folder / "pocl"), "NO_COLOR": "1"}
        self.right = digest_of(run(self.env, [*OPTIONS, "--out", str(folder / "native"), "--device", "native"]))

    def train(self, device, fault):
        env = {**self.env, "OPENCL_LAYERS": layer, "ELBOW_FAULT_REPORT": str(self.report), "ELBOW_FAULT": fault}
        self.report.unlink(missing_ok=True)
        if fault.startswith("hang"):
            env["ELBOW_HANG_LIMIT"] = "2"
        return run(env, [*OPTIONS, "--out", str(self.out), "--device", device])

    def numbers(self):
        """Calls, reads and objects left over of the last run."""
        return [int(word) for word in self.report.read_text().split()] if self.report.exists() else [0, 0, 0]

    def check(self, device, fault, team, leaks=True):
        done = self.train(device, fault)
        lines = [line for line in done.stderr.splitlines() if line.startswith("elbow: ") and "warning" not in line]
        if done.returncode < 0 or done.returncode > 1:
            raise Wrong(f"exit status {done.returncode}: {done.stderr[-500:]}")
        if leaks and self.numbers()[2] != 0:
            raise Wrong(f"{self.numbers()[2]} OpenCL objects left over; {lines}")
        if done.returncode == 0 and digest_of(done) == self.right:
            return "left out" if "left out" in done.stderr else "same"
        if done.returncode == 0:
            raise Wrong("OTHER BITS")
        if team:
            raise Wrong(f"a team ended with {lines or done.stderr[-500:]}")
        if len(lines) != 1:
            raise Wrong(f"not one line but {lines or done.stderr[-500:]}")
        if (self.out / "state.safetensors").exists():
            resumed = run(self.env, [*RESUME, "--out", str(self.out)])
            if digest_of(resumed) != self.right:
                raise Wrong(f"resumed after {lines}: {digest_of(resumed)}; {resumed.stderr[-300:]}")
            return "resumed"
        return "stopped"


def check_flips(tries, device):
    """Reads of the check that programs pass when they are first used: a fresh cache knows of none."""
    wrong, cache = 0, tries.env["XDG_CACHE_HOME"]
    for n in (2, 5, 11):
        tries.env["XDG_CACHE_HOME"] += "x"
        done = tries.train(device, f"flip:{n}")
        if done.returncode != 1 or "computes other bits than native" not in done.stderr:
            wrong += 1
            print(f"flip:{n} on {device}: exit status {done.returncode}: {done.stderr[-300:]}", flush=True)
    tries.env["XDG_CACHE_HOME"] = cache
    return wrong


def compare(tries, device, fault):
    """Exit status and report of elbow compare on a device whose driver lies."""
    env = {**tries.env, "OPENCL_LAYERS": layer, "ELBOW_FAULT": fault}
    done = run(env, ["compare", "--devices", device, "--warm", "--quiet", "--json", "--steps", "5", "--hidden", "17",
                     "--latent", "3", "--batch", "40"])
    if done.returncode not in (0, 1) or not done.stdout:
        raise Wrong(f"compare, {fault}: exit status {done.returncode}: {done.stderr[-300:]}")
    return done.returncode, json.loads(done.stdout)["devices"][0]


def check_compare(tries, device):
    """A kernel that a driver compiled wrongly, by one bit, is the one that the report names, whichever it is."""
    wrong = 0
    for fault in ("none", "bit:gemm", "bit:latent", "bit:adam", "flip:1"):
        status, found = compare(tries, device, fault)
        kind, name = fault.partition(":")[::2]
        told = found["breakdown"]["difference"] or ""
        named = {"none": not told, "flip": told,  # what is wrong once, in the last read, has gone when it is looked for
                 "bit": re.match(rf"kernel {name}[ ,].* 1 of the .* by up to 1 ulp; the first, at row 0, column 0", told)}
        if not named[kind] or status != (fault != "none") or found["same_bits"] != (fault == "none"):
            wrong += 1
            print(f"compare, {fault}: exit status {status}, {found['same_bits']}: {told}", flush=True)
    print(f"compare {device}: kernels with a wrong bit are named: {not wrong}", flush=True)
    return wrong


def check_shares(tries, device):
    """A device whose launches take longer from some moment on gives its shards away."""
    options = ["--limit", "1000", "--batch", "128", "--shards", "32", "--hidden", "200", "--out", str(tries.out)]

    def share(fault, epochs):
        env = {**tries.env, "OPENCL_LAYERS": layer, "ELBOW_FAULT": fault, "ELBOW_FAULT_REPORT": str(tries.report)}
        arguments = ["train", "shapes", "--overwrite", "--device", device, "--epochs", str(epochs), *options]
        done = run(env, arguments)
        found = re.search(r"^team .* pocl:\d+ (\d+) of 32 shards", done.stderr, re.MULTILINE)
        if done.returncode != 0 or not found:
            raise Wrong(f"no line of the team's: {done.stderr[-300:]}")
        return int(found[1])

    before = share("none", 2)
    # A device's speed is an average that moves by a tenth each step: some thirty steps forget what it was before.
    slowed = share(f"slow:{tries.numbers()[0] // 2}:4", 8)
    print(f"slow  {device:16} {before} of 32 shards before, {slowed} when its launches take 4 ms more", flush=True)
    return int(not (slowed < before and slowed <= 2))


def sample(count):
    every = range(1, count + 1)
    return every if samples == 0 or count <= samples else sorted(random.sample(every, samples))


def first_pocl():
    listing = run({}, ["devices", "--json"])
    ids = [d["id"] for d in json.loads(listing.stdout) if d["id"].startswith("pocl:")] if listing.returncode == 0 else []
    return ids[0] if ids else None


def main():
    pocl = first_pocl()
    if pocl is None:
        print("no PoCL: skipped")
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory() as name:
        tries = Tries(pathlib.Path(name), pocl)
        # With the native device first every failure is a mate's; with PoCL first it can be of what is no step.
        alone, mate, first = pocl, f"native,{pocl}", f"{pocl},native"
        counts = {}
        for device in (alone, mate):
            tries.train(device, "none")
            if tries.train(device, "none").returncode != 0 or tries.numbers()[0] == 0:
                print("the OpenCL loader takes no layers: skipped")
                return 77
            counts[device] = tries.numbers()
        # A team whose first device fails before there is a team ends as one alone.
        plans = [("dead", alone, False, sample(counts[alone][0])), ("dead", mate, True, sample(counts[mate][0])),
                 ("dead", first, False, sample(counts[mate][0])),
                 ("nan", mate, True, sample(counts[mate][1])[::2]),
                 ("hang", mate, True, [counts[mate][0] * 3 // 4])]
        wrong += check_flips(tries, alone)
        wrong += check_compare(tries, alone)
        wrong += check_shares(tries, mate)
        for kind, device, team, moments in plans:
            start, seen = time.monotonic(), {}
            for n in moments:
                try:
                    result = tries.check(device, f"{kind}:{n}", team, leaks=kind != "hang")
                    seen[result] = seen.get(result, 0) + 1
                except (Wrong, subprocess.TimeoutExpired) as error:
                    wrong += 1
                    print(f"{kind}:{n} on {device}: {error}", flush=True)
            print(f"{kind:5} {device:16} {len(moments):4} moments {time.monotonic() - start:6.1f} s  {seen}", flush=True)
    print("all right" if not wrong else f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
