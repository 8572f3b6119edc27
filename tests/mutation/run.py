"""Break one rule after the other in a copy of the package, and see which judge finds it.

``python -m tests.mutation.run`` prints the table and ends with 1 when a wrong rule went unseen.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, TextIO

from tests.mutation.judges import keep_answers
from tests.mutation.mutants import MUTANTS, Mutant
from tests.tools import find_tool

ROOT = Path(__file__).parents[2]
UNCHANGED = Mutant("nothing: the rules as they are", ())


class Verdict(NamedTuple):
    """The judge that found a wrong rule, ``none`` where all let it pass, and what it said first."""

    mutant: Mutant
    judge: str
    said: str


def changed(text: str, was: str, becomes: str, where: str) -> str:
    """Return a text with its only ``was`` replaced; raises ValueError when it is not there once."""
    if text.count(was) != 1:
        raise ValueError(f"{where}: {was!r} is there {text.count(was)} times, not once")
    return text.replace(was, becomes)


def copy_with(mutant: Mutant, folder: Path) -> None:
    """Copy package and tests, and rewrite the package."""
    for room in ("edgeq", "tests"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    for path, was, becomes in mutant.rewrites:
        file = folder / "edgeq" / path
        file.write_text(changed(file.read_text(), was, becomes, f"{mutant.name}: {path}"))


def verdict(mutant: Mutant, data: Path, answers: Path) -> Verdict:
    """Judge one mutant in a copy of its own; raises RuntimeError where the judges did not run on the copy."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        copy_with(mutant, folder)
        environment = {**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": place, "OMP_NUM_THREADS": "1"}
        command = [sys.executable, "-m", "tests.mutation.judges", str(data), str(answers)]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        lines = done.stdout.split("\n")
        if done.returncode or Path(lines[0]) != folder / "edgeq":
            raise RuntimeError(f"{mutant.name}: the judges did not run: {done.stderr[-2000:]}")
        judge, said = lines[1].split("\t")
        return Verdict(mutant, judge, said)


def verdicts(mutants: Iterable[Mutant], data: Path, answers: Path, jobs: int) -> Iterator[Verdict]:
    """Judge every mutant, ``jobs`` at a time; raises ValueError when the rules as they are do not pass."""
    clean = verdict(UNCHANGED, data, answers)
    if clean.judge != "none":
        raise ValueError(f"{clean.judge} differs before anything is changed: {clean.said}")
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda m: verdict(m, data, answers), mutants)


def missing() -> list[str]:
    """Return what the judges lack here."""
    tools = [name for name in ("g++", "tosa", "ap_fixed") if not find_tool(name)]
    return tools + ([] if os.environ.get("EDGEQ_DATA") else ["EDGEQ_DATA"])


def report(found: Iterable[Verdict], out: TextIO) -> int:
    """Write a line per mutant and one for all; return how many went unseen."""
    count = unseen = 0
    for mutant, judge, said in found:
        count, unseen = count + 1, unseen + (judge == "none")
        out.write(f"{mutant.name:48} {'UNSEEN' if judge == 'none' else judge:9} {said[:60]}\n")
        out.flush()
    out.write(f"{count} wrong rules, {unseen} unseen\n")
    return unseen


def main() -> int:
    """Print the table; return 1 when a wrong rule went unseen, 0 without judges unless they are required."""
    absent = missing()
    if absent:
        required = set(os.environ.get("EDGEQ_REQUIRE_TOOLS", "").split(",")) & set(absent)
        sys.stdout.write(f"wrong rules were not judged: {', '.join(absent)} missing; see `make judges`\n")
        return int(bool(required))
    tosa = find_tool("tosa")
    assert tosa is not None
    with tempfile.TemporaryDirectory() as place:
        keep_answers(Path(place), Path(tosa).parents[3] / "bin" / "python")
        found = verdicts(MUTANTS, Path(os.environ["EDGEQ_DATA"]), Path(place), os.cpu_count() or 1)
        return int(report(found, sys.stdout) > 0)


if __name__ == "__main__":
    sys.exit(main())
