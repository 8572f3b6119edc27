"""Let Xilinx's ap_fixed compute conversions and dot products, in one C++ program each; its answers can be kept.

With kept answers the judge needs neither the compiler nor Numba, so that it can run again over changed rules::

    python -m tests.judges.xilinx store answers.npz
    NUMBA_DISABLE_JIT=1 python -m tests.judges.xilinx judge answers.npz 16   # each 16th conversion
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from tests.judges.fixed_point import conversion_codes, conversions, dot_rows, dots, judge_conversions, judge_dots
from tests.tools import need_tool, run

SOURCE = Path(__file__).with_name("ap_fixed.cc")


def conversion_answers(folder: Path) -> np.ndarray:
    """Return the codes after each of `conversions`, one after the other."""
    codes = [conversion_codes(*pair) for pair in conversions()]
    calls = [f"convert<{source.cpp}, {target.cpp}>(read({len(given)}));"
             for (source, target), given in zip(conversions(), codes, strict=True)]
    return _answers(calls, codes, folder)


def dot_answers(folder: Path) -> np.ndarray:
    """Return the sums of each of `dots`, one after the other."""
    rows = [dot_rows(kind) for kind in dots()]
    calls = [f"dot<{kind.cpp}>(read({given.size}), {kind.taps});" for kind, given in zip(dots(), rows, strict=True)]
    return _answers(calls, rows, folder)


def _answers(calls: Sequence[str], codes: Sequence[np.ndarray], folder: Path) -> np.ndarray:
    """Return what a program of these calls writes, given these codes."""
    compiler, headers = need_tool("g++"), need_tool("ap_fixed")
    lines = [f'#include "{SOURCE}"', "int main() {", *(f"    {call}" for call in calls), "}"]
    (folder / "main.cc").write_text("\n".join(lines) + "\n")
    warnings = ["-Wall", "-Wextra", "-Werror", "-isystem", headers]
    run([compiler, "-std=c++17", "-O0", *warnings, "main.cc", "-o", "main"], folder)
    data = np.concatenate([c.ravel() for c in codes]).astype(np.int64)
    return np.frombuffer(run([str(folder / "main")], folder, data.tobytes()), np.int64)


if __name__ == "__main__":
    task, file = sys.argv[1], Path(sys.argv[2])
    if task == "store":
        with tempfile.TemporaryDirectory() as place:
            np.savez(file, conversions=conversion_answers(Path(place)), dots=dot_answers(Path(place)))
    else:
        with np.load(file) as answers:
            counts = judge_conversions(answers["conversions"], int(sys.argv[3])), judge_dots(answers["dots"])
        sys.stdout.write(f"{counts[0]} conversions, {counts[1]} dot products\n")
