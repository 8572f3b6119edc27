"""Compile the C reader of blobs with its driver, once, and run it on many blobs."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from edgeq.artefacts.templates import template_folder
from edgeq.emitters.c_library import reader_files
from tests.tools import C_FLAGS, SANITIZE, need_tool, run

DRIVER = Path(__file__).parent / "read_blobs.c"
STATUS = ("OK", "END", "TRUNCATED", "MAGIC", "VERSION", "CODEC", "TYPE", "SHAPE", "FILL_VALUE", "COUNT", "SECTIONS",
          "LENGTH", "CRC", "PARAMETER", "TABLE", "RESTART", "PLACE", "VALUE", "SYMBOL", "LEFTOVER", "LIMIT",
          "SMALL_WORKSPACE", "WIDE", "SEGMENT")
"""`enum edgeq_blob_status` in order."""


@dataclass(frozen=True)
class Result:
    """What the reader says of a blob: fault, its section (-1: header) and byte, and the elements, row-major."""

    status: str
    section: int
    offset: int
    elements: npt.NDArray[np.int64]


def sources(codec: str | None = None) -> list[str]:
    """Return the .c files of the reader."""
    return [str(path) for path in reader_files(codec) if path.suffix == ".c"]


def compile_reader(folder: Path, main: Path, files: Sequence[str], flags: Sequence[str] = SANITIZE) -> Path:
    """Compile a program with the reader, every warning an error and the sanitizers on."""
    program = folder / main.stem
    include = f"-I{template_folder() / 'c'}"
    run([need_tool("gcc"), *C_FLAGS, *flags, include, str(main), *files, "-o", str(program)], folder)
    return program


def results(program: Path, blobs: Iterable[bytes], most_elements: int) -> list[Result]:
    """Return the result of each blob."""
    data = b"".join(len(blob).to_bytes(4, "little") + blob for blob in blobs)
    done = subprocess.run([program, str(most_elements)], input=data, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()[-4000:]
    numbers = np.frombuffer(done.stdout, np.int64)
    found, at = [], 0
    while at < numbers.size:
        status, section, offset, count = numbers[at : at + 4].tolist()
        found.append(Result(STATUS[status], section, offset, numbers[at + 4 : at + 4 + count]))
        at += 4 + count
    return found
