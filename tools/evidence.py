"""evidence.py - what the scripts have in common that train, measure, and write numbers into docs/."""

import json
import pathlib
import subprocess
import tempfile

DOCS = pathlib.Path(__file__).resolve().parent.parent / "docs"


def run(command):
    """Runs a command that must succeed and returns what it prints; its messages are shown only if it fails."""
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def measured(elbow, kept, data, options, split="test"):
    """Trains a run on the native device and returns what `elbow evaluate --json` says of it.

    The answer is kept in the file `kept`, so that a script that was stopped goes on where it was; a file that is there
    already is the answer.
    """
    if not kept.exists():
        with tempfile.TemporaryDirectory(prefix="elbow-evidence-") as folder:
            out = str(pathlib.Path(folder) / "run")
            run([elbow, "train", data, "--out", out, "--device", "native", "--quiet", *options])
            answer = run([elbow, "evaluate", out, "--device", "native", "--split", split, "--json"])
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(answer, encoding="utf-8")
    return json.loads(kept.read_text(encoding="utf-8"))


def write_between_marks(page, script, lines):
    """Replaces what docs/`page` holds between the two marks of that script."""
    begin, end = f"<!-- {script} writes from here -->\n", "<!-- to here -->"
    path = DOCS / page
    before, rest = path.read_text(encoding="utf-8").split(begin)
    path.write_text(before + begin + "\n".join(lines) + "\n" + end + rest.split(end, 1)[1], encoding="utf-8")
    print(f"written: {path}")
