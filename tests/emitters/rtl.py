"""Projects of decoders in a folder, and what their testbench said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from edgeq.emitters.csr_rtl import Rows
from edgeq.emitters.huffman_files import constants, memory_files
from edgeq.emitters.huffman_image import make_image
from edgeq.emitters.rtl_project import Checked, project_files
from tests.emitters.huffman_streams import Case
from tests.tools import need_tool, run, verilate_testbench

RUNS = ("1,0,0,0", "2,128,0,1", "3,0,128,1", "4,160,160,0", "5,40,200,0")
"""Seed, stalls of 256 clocks on the side of the words and of the elements, segments in descending order."""


def write_huffman(case: Case, folder: Path, name: str | None = None, damage: Mapping[str, tuple[int, int]] | None = None
                  ) -> Checked:
    """Write one tensor's memories; ``damage`` names by part a line and the bit of it to turn over."""
    image, stem = make_image(case.coded, case.name), name or case.name
    for file in memory_files(image, case.array, stem, {}):
        part = file.path.split(".")[-2]
        write_damaged(folder / file.path, file.data, (damage or {}).get(part))
    return constants(image, stem, "a test's tensor")


def write_csr(rows: Rows, folder: Path, name: str, damage: Mapping[str, tuple[int, int]] | None = None) -> Checked:
    """Write one sparse tensor's memories as `write_huffman` does."""
    for file in rows.files(name):
        write_damaged(folder / file.path, file.data, (damage or {}).get(file.path.split(".")[-2]))
    return rows.constants(name, "a test's tensor")


def write_damaged(path: Path, data: bytes, place: tuple[int, int] | None) -> None:
    """Write a memory file, with one bit of one line turned over where a place is given."""
    lines = data.decode().split()
    if place:
        line, bit = place
        lines[line] = f"{int(lines[line], 16) ^ 1 << bit:0{len(lines[line])}x}"
    path.write_text("\n".join(lines) + "\n")


def write_project(tensors: Sequence[Checked], folder: Path) -> list[str]:
    """Write what is around the memories; return the sources."""
    names = []
    for file in project_files(tensors, "for a test"):
        (folder / file.path).write_bytes(file.data)
        names.append(file.path)
    return [n for n in names if n.endswith(".v")]


def simulate(sources: Sequence[str], folder: Path, runs: Sequence[str], simulator: str) -> list[list[str]]:
    """Compile a testbench once and return the lines of each run."""
    if simulator == "iverilog":
        need_tool("vvp")
        run([need_tool("iverilog"), "-Wall", "-g2005", "-s", "testbench", "-o", "testbench.vvp", *sources], folder)
        command = ["vvp", "-n", "testbench.vvp"]
    else:
        command = [str(verilate_testbench(sources, folder))]
    said = []
    for line in runs:
        seed, words, elements, reverse = line.split(",")
        given = [f"+seed={seed}", f"+in_stall={words}", f"+out_stall={elements}", f"+reverse={reverse}"]
        text = run([*command, *given], folder).decode().splitlines()
        said.append([t for t in text if not t.startswith("- ")])
    return said


def figures(lines: Sequence[str], name: str) -> dict[str, int]:
    """Return what the testbench says of one tensor: elements, clocks, errors."""
    own = [line for line in lines if line.startswith(f"{name}: elements=")]
    assert len(own) == 1, f"{name}: {lines}"
    return {key: int(value) for key, value in re.findall(r"(\w+)=(\d+)", own[0])}


def sparse(rows: int, columns: int, dense: float, seed: int, low: int = -128, high: int = 127) -> np.ndarray:
    """Return a matrix of zeros and some values."""
    source = np.random.default_rng(seed)
    return np.where(source.random((rows, columns)) < dense, source.integers(low, high + 1, (rows, columns)), 0)
