"""Compile and run an emitted project by its own `make check`, in a fresh copy, and believe one line of it."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path

from edgeq.checks import FAIL, NOT_RUN, PASS, Row
from edgeq.emitters.registry import Check

_SECONDS = 1800


def run_project(format: str, check: Check, files: Mapping[str, bytes]) -> Row:
    """Run `make check` on exactly ``files``: nothing compiled earlier, nothing unlisted can take part.

    Its output has to end with the one line ``<mark> PASS``, and the program with code 0.
    """
    tools = ["make", *(_compiler() if tool == "cc" else tool for tool in check.tools)]
    missing = [tool for tool in tools if shutil.which(tool) is None]
    if missing:
        return Row("make check", format, 0, NOT_RUN, f"{missing[0]} is not installed")
    with tempfile.TemporaryDirectory(prefix="edgeq.") as scratch:
        for path, data in files.items():
            place = Path(scratch) / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        try:
            done = subprocess.run(
                ["make", f"CC={_compiler()}", "check"], cwd=Path(scratch) / check.folder, capture_output=True,
                timeout=_SECONDS, check=False, stdin=subprocess.DEVNULL, env=_environment())
        except subprocess.TimeoutExpired:
            return Row("make check", format, 0, FAIL, f"did not end within {_SECONDS} s")
    said = [text.decode(errors="replace") for text in (done.stdout, done.stderr)]
    return _judge(format, check.mark, done.returncode, *said)


def _environment() -> dict[str, str]:
    """Return the environment without what a make around this one left in it."""
    return {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEFILES")}


def _compiler() -> str:
    """Return the C compiler: $CC when it names a program, else gcc or cc."""
    given = os.environ.get("CC", "")
    if given and shutil.which(given):
        return given
    return "gcc" if shutil.which("gcc") else "cc"


def _judge(format: str, mark: str, code: int, output: str, errors: str) -> Row:
    verdicts = [line for line in output.splitlines() if line.startswith(f"{mark} ")]
    last = next(reversed(output.splitlines()), "")
    good = len(verdicts) == 1 and verdicts[0] == last and last.startswith(f"{mark} PASS")
    if code == 0 and good and not errors.strip():
        return Row("make check", format, _counted(last), PASS, last)
    said = (verdicts or errors.strip().splitlines() or output.splitlines() or [f"ended with code {code}"])[-1]
    return Row("make check", format, 0, FAIL, said)


def _counted(line: str) -> int:
    found = re.search(r"values=(\d+)", line)
    return int(found.group(1)) if found else 0
