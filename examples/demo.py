"""The main job end to end on real handwriting: lower, simulate, write vectors, emit, verify.

``python examples/demo.py [FOLDER]`` runs the commands that a user would type, shows each with its output, and ends
with one line: DEMO PASS or DEMO FAIL.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from edgeq.frontend.archive import read_archive
from edgeq.frontend.interpret import run

DIGITS = Path(__file__).parent / "digits"


def edgeq(*arguments: str | Path, show: bool = True) -> str:
    """Run one edgeq command, show it and what it prints, and return that; stop the demo when it fails."""
    words = [str(a) for a in arguments]
    print(f"\n$ edgeq {' '.join(words)}", flush=True)
    done = subprocess.run([sys.executable, "-m", "edgeq", *words], capture_output=True, text=True, check=False)
    if show or done.returncode:
        print(done.stdout + done.stderr, end="")
    if done.returncode:
        print("DEMO FAIL")
        sys.exit(1)
    return done.stdout


def float_accuracy(x: np.ndarray, y: np.ndarray) -> int:
    """Return how many images the float network gets right."""
    program = read_archive(DIGITS / "digits.pt2")
    scores = run(program, {program.inputs[0].name: x})[program.outputs[0]]
    return int((scores.argmax(axis=1) == y).sum())


def main() -> None:
    """Run the demo into the folder named on the command line."""
    out = Path(sys.argv[1] if len(sys.argv) > 1 else "demo_out")
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    bundle, vectors, emitted = out / "digits.edgeq", out / "vectors", out / "emitted"
    x, y = np.load(DIGITS / "test_x.npy"), np.load(DIGITS / "test_y.npy")

    edgeq("lower", DIGITS / "digits.pt2", "--calib", DIGITS / "calib.npy", "-o", bundle)
    edgeq("show", bundle)
    edgeq("simulate", bundle, "--input", DIGITS / "test_x.npy", "--labels", DIGITS / "test_y.npy", "--jobs", "2",
          "--output", out / "outputs")
    edgeq("simulate", bundle, "--input", DIGITS / "test_x.npy", "--vectors", vectors, "--count", "16")
    edgeq("emit", bundle, "--format", "c", "--format", "readmemh", "--format", "coo", "--vectors", vectors,
          "-o", emitted)
    report = json.loads(edgeq("verify", emitted, "--json", show=False))

    scores = np.load(next((out / "outputs").glob("*.npy")))
    right, count = int((scores.argmax(axis=1) == y).sum()), len(y)
    shown = json.loads(subprocess.run([sys.executable, "-m", "edgeq", "show", str(bundle), "--json"],
                                           capture_output=True, text=True, check=True).stdout)
    layers = sum(not row["ops"].startswith("input") for row in shown["rows"])
    files = sum(p.is_file() for p in out.rglob("*"))
    programs = [r for r in report["rows"] if r["check"] == "make check"]
    print("\n".join(f"{r['status']}: {r['detail']}" for r in programs))
    passed = report["ok"] and bool(programs) and all(r["status"] == "PASS" for r in programs)
    print(f"\nfloat accuracy    {float_accuracy(x, y)} of {count}")
    print(f"integer accuracy  {right} of {count}")
    print(f"compared          {layers} layers, {report['values']:,} values, {len(report['rows'])} checks")
    print(f"files written     {files} in {out}")
    print("DEMO PASS" if passed else "DEMO FAIL")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
