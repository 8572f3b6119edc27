"""Break one rule after the other in a copy of the package, and see which judge finds it.

``python -m tests.mutation.run`` prints the table and ends with 1 when a wrong rule went unseen.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, TextIO

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
    """Copy package and tests with what is compiled of them, and rewrite the package."""
    for room in ("edgeq", "tests"):
        shutil.copytree(ROOT / room, folder / room)
    for path, was, becomes in mutant.rewrites:
        file = folder / "edgeq" / path
        file.write_text(changed(file.read_text(), was, becomes, f"{mutant.name}: {path}"))
        for compiled in (file.parent / "__pycache__").glob(f"{file.stem}.*"):
            compiled.unlink()


def judges_of(folder: Path) -> ModuleType:
    """Import the judges of a copy into this process, made for it; raises RuntimeError where that is not what came."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "tests"]:
        del sys.modules[name]
    os.chdir(folder)
    sys.path.insert(0, str(folder))
    judges = import_module("tests.mutation.judges")
    if Path(judges.edgeq.__file__).parent != folder / "edgeq":
        raise RuntimeError(f"{folder}: the judges came with {judges.edgeq.__file__}")
    return judges


def judged(mutant: Mutant, data: Path, answers: Path) -> tuple[str, str]:
    """Return judge and words of a `Verdict`; the mutant gets a copy and a process of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place).resolve()
        copy_with(mutant, folder)
        judge, said = judges_of(folder).first_to_differ(mutant.judge, data, answers)
        return judge, said


def keep(name: str, *arguments: Path) -> None:
    """Let the judges of the package as it is keep third parties' answers."""
    getattr(judges_of(ROOT), name)(*arguments)


def processes(jobs: int) -> Executor:
    """Give processes, each for one task: they fork from one that has imported all but edgeq, and compile nothing."""
    os.environ |= {"NUMBA_DISABLE_JIT": "1", "OMP_NUM_THREADS": "1"}
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["numba.extending", "numpy", "pytest", "yaml", "mpmath"])
    return ProcessPoolExecutor(jobs, context, max_tasks_per_child=1)


def verdicts(mutants: Iterable[Mutant], data: Path, answers: Path, pool: Executor) -> Iterator[Verdict]:
    """Judge every mutant; raises ValueError when the rules as they are do not pass."""
    mutants = (UNCHANGED, *mutants)
    answered = [pool.submit(judged, mutant, data, answers) for mutant in mutants]
    judge, said = answered[0].result()
    if judge != "none":
        pool.shutdown(cancel_futures=True)
        raise ValueError(f"{judge} differs before anything is changed: {said}")
    for mutant, answer in zip(mutants[1:], answered[1:], strict=True):
        yield Verdict(mutant, *answer.result())


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
    with tempfile.TemporaryDirectory() as place, processes(os.cpu_count() or 1) as pool:
        answers = Path(place)
        asked = (pool.submit(keep, "keep_xilinx", answers),
                 pool.submit(keep, "keep_tosa", answers, Path(tosa).parents[3] / "bin" / "python"))
        for done in asked:
            done.result()
        found = verdicts(MUTANTS, Path(os.environ["EDGEQ_DATA"]).resolve(), answers, pool)
        return int(report(found, sys.stdout) > 0)


if __name__ == "__main__":
    sys.exit(main())
