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
from typing import NamedTuple

from tests.mutation.mutants import MUTANTS, Mutant

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


def main() -> int:
    """Print a line per mutant; return 1 when one went unseen."""
    data, python = Path(os.environ["EDGEQ_DATA"]), Path(os.environ.get("EDGEQ_JUDGES", ROOT / ".venv-judges"))
    unseen = 0
    with tempfile.TemporaryDirectory() as place:
        from tests.mutation.judges import keep_answers

        keep_answers(Path(place), python / "bin" / "python")
        for found in verdicts(MUTANTS, data, Path(place), os.cpu_count() or 1):
            unseen += found.judge == "none"
            sys.stdout.write(f"{found.mutant.name:58} {'UNSEEN' if found.judge == 'none' else found.judge:9} "
                             f"{found.said[:80]}\n")
            sys.stdout.flush()
    sys.stdout.write(f"{len(MUTANTS)} wrong rules, {unseen} unseen\n")
    return int(unseen > 0)


if __name__ == "__main__":
    sys.exit(main())
