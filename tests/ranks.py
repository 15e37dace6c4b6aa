#!/usr/bin/env python3
"""ranks.py ELBOW - processes that mpirun starts share each step: the digest of one process, whoever is with whom, after a
resume by another number of them too; one that dies or differs ends the job, and what was saved goes on. Where network
namespaces can be made, also on two hosts.
"""
import os, pathlib, re, shutil, signal, subprocess, sys, tempfile, time

elbow = sys.argv[1]
RECIPE = ("shapes --limit 300 --batch 64 --shards 7 --hidden 33 --latent 3 --free-bits 0.1 --sigma optimal --seed 3 "
          "--quiet --overwrite").split()
ENV = {**os.environ, "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1", "NO_COLOR": "1",
       "ELBOW_THREADS": "1"}
LIMIT = 60
HOSTS = pathlib.Path(__file__).parent / "two_hosts.sh"
wrong = 0


def job(*parts, mpirun=("mpirun", "--oversubscribe")):
    """mpirun with parts (ranks, arguments of elbow)."""
    command = [*mpirun, "--bind-to", "none"]
    for number, (ranks, arguments) in enumerate(parts):
        command += ([":"] if number else []) + ["-n", str(ranks), elbow, "train", *arguments]
    return subprocess.Popen(command, env=ENV, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                            stdin=subprocess.DEVNULL)


def finish(process):
    try:
        out, err = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.terminate()
        return -1, "no digest", f"not done after {LIMIT} seconds"
    found = re.findall(r"\b[0-9a-f]{64}\b", out)
    return process.returncode, (found[-1] if len(found) == 1 else f"{len(found)} digests"), err


def expect(what, holds, told):
    global wrong
    print(f"{what:60} {'right' if holds else 'WRONG: ' + str(told)[-400:]}", flush=True)
    wrong += not holds


def mpirun_on_two_hosts():
    """mpirun with room for two ranks on another host than its own; None where this user may not make namespaces."""
    for user in ([], ["--user", "--map-root-user"]):
        among = ["unshare", *user, "--net", "--uts", "sh", str(HOSTS)]
        tried = subprocess.run([*among, "true"], capture_output=True, text=True, check=False)
        if tried.returncode == 0:
            return [*among, "mpirun", "--host", "near:1,far:2"]
        print(f"two hosts: no network namespaces here: {tried.stderr.strip()[-200:]}", flush=True)
    return None


def check_two_hosts(new, again, right):
    """What a rank of the far host adds to the sum comes over the wire: a vector of all parameters in each step."""
    mpirun = mpirun_on_two_hosts()
    if mpirun is None:
        return
    steps, parameters = 10, 1024 * 33 + 33 * 1024
    for what, arguments in (("3 ranks on two hosts", new), ("begun by 2 ranks, resumed by 3 on two hosts", again)):
        told = finish(job((3, arguments), mpirun=mpirun))
        moved = int(re.search(r"two_hosts.sh: (\d+) bytes", told[2] + "two_hosts.sh: 0 bytes")[1])
        expect(what, told[:2] == right and moved > 4 * steps * parameters, (moved, told))
        steps //= 2


def main():
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        new = lambda run, epochs, *more: [*RECIPE, "--out", str(folder / run), "--epochs", str(epochs), *more]
        alone = subprocess.run([elbow, "train", *new("alone", 2, "--device", "native")], env=ENV, capture_output=True,
                               text=True, timeout=LIMIT, check=True)
        digest = re.findall(r"\b[0-9a-f]{64}\b", alone.stdout)[-1]
        metrics = lambda run: len((folder / run / "metrics.jsonl").read_text().splitlines())

        for ranks in (1, 2, 3, 4):
            told = finish(job((ranks, new("run", 2, "--device", "native"))))
            expect(f"{ranks} ranks", told[:2] == (0, digest) and metrics("run") == 2, told)
        told = finish(job((1, new("run", 2, "--device", "native:baseline")),
                          (2, new("run", 2, "--device", "native,native:baseline"))))
        expect("ranks of one and of two devices, a slow one first", told[:2] == (0, digest), told)

        finish(job((2, new("run", 1, "--device", "native"))))
        shutil.copytree(folder / "run", folder / "begun")
        resume = lambda run: ["--resume", "--quiet", "--out", str(folder / run), "--device", "native"]
        told = finish(job((4, [*resume("run"), "--epochs", "2"])))
        expect("begun by 2 ranks, resumed by 4", told[:2] == (0, digest), told)
        check_two_hosts(new("run", 2, "--device", "native"), [*resume("begun"), "--epochs", "2"], (0, digest))

        told = finish(job((1, new("run", 2, "--device", "native")), (1, new("run", 2, "--device", "native", "--lr", "1"))))
        expect("ranks of different recipes end with a line", told[0] != 0 and "another recipe" in told[2], told)
        told = finish(job((1, new("run", 2, "--device", "native")), (1, ["shapes", "--device", "nonsense"])))
        expect("a rank that cannot begin ends the job", told[0] != 0 and "nonsense" in told[2], told)

        long = new("long", 40, "--device", "native", "--save-every", "0.02")
        process = job((3, long))
        state = folder / "long" / "state.safetensors"
        start = time.monotonic()
        while not state.exists() and time.monotonic() - start < LIMIT:
            time.sleep(0.05)
        ranks = subprocess.run(["pgrep", "-P", str(process.pid)], capture_output=True, text=True, check=False).stdout
        victim = ranks.split()[-1]
        os.kill(int(victim), signal.SIGKILL)
        told = finish(process)
        expect("a rank that dies ends the job", told[0] != 0, told)
        told = finish(job((2, resume("long"))))
        whole = finish(job((1, new("whole", 40, "--device", "native"))))
        expect("what it had saved is resumed by 2", told[:2] == whole[:2] and told[0] == 0, told)
    print("all right" if not wrong else f"{wrong} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    if shutil.which("mpirun") is None:
        print("no mpirun: skipped")
        sys.exit(77)
    sys.exit(main())
