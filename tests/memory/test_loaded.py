"""Simulators and yosys load what is written, at every width and packing, and hold the same numbers."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from edgeq.arith.types import IntType
from edgeq.emitters.banks import write
from edgeq.memory.digits import BINARY, HEX
from edgeq.memory.hexadecimal import readmem_format
from edgeq.memory.packing import Packing, pack_words
from tests.emitters.test_readmemh import WEIGHT, graph
from tests.oracles.memories import values_of, words_of
from tests.tools import need_tool, run_yosys, simulate_iverilog, verilate
from tests.tools import run as run_tool

PACKINGS = [
    Packing(1), Packing(3), Packing(8), Packing(9), Packing(18), Packing(32), Packing(1, 3), Packing(1, 9, "msb"),
    Packing(3, 3), Packing(3, 3, "msb"), Packing(9, 2), Packing(9, 2, "msb"), Packing(9, 8), Packing(9, 8, "msb"),
    Packing(18, 4), Packing(25, 4, "msb"), Packing(8, 12, "lsb", 0, 100), Packing(8, 12, "msb", 0, 100),
    Packing(36, 2), Packing(64),
]
DEPTH = 5
TASKS = ((HEX, "strict"), (BINARY, "strict"), (HEX, "simulation"), (BINARY, "simulation"))
BANKS = {"banking": "channels", "banks": 2, "lanes": 3}


@dataclass(frozen=True)
class Memory:
    """A memory of the testbenches: its file, how it is loaded, and the words that it has to hold."""

    name: str
    file: str
    task: str
    size: str
    words: tuple[int, ...]

    @property
    def declaration(self) -> str:
        return f"    reg {self.size.format(self.name)};\n"

    @property
    def load(self) -> str:
        return f'$readmem{self.task}("{self.file}", {self.name});\n'


def values_for(packing: Packing) -> list[int]:
    kept, rng = IntType(packing.bits), random.Random(packing.word_bits)
    fixed = [kept.qmin, kept.qmax, 0, -1]
    return fixed + [rng.randint(kept.qmin, kept.qmax) for _ in range(DEPTH * packing.lanes - len(fixed))]


def written(folder: Path) -> list[Memory]:
    """Write a file per packing and task, and banks with their header; return what each has to hold."""
    made = []
    for k, packing in enumerate(PACKINGS):
        values = values_for(packing)
        rows = pack_words(np.array(values), IntType(packing.bits), packing, "w")
        words = words_of(values, packing.bits, packing.lanes, packing.lane0, 0)
        assert values_of(words, packing.bits, packing.lanes, packing.lane0, signed=True) == values
        for unit, profile in TASKS:
            task = "h" if unit == HEX else "b"
            name = f"m{k}_{task}_{profile}"
            size = f"[{packing.word_bits - 1}:0] {{}} [0:{DEPTH - 1}]"
            data = readmem_format(packing.word_bits, unit, profile).encode(rows, "Written by a test")
            (folder / f"{name}.txt").write_bytes(data)
            made.append(Memory(name, f"{name}.txt", task, size, tuple(words)))
    return made + banks(folder)


def banks(folder: Path) -> list[Memory]:
    """Write the banks of a small graph: rows of four inputs in words of three, two processing elements."""
    for file in write(graph(), {}, **BANKS):
        (folder / file.path).write_bytes(file.data)
    matrix = [*WEIGHT.transpose(0, 2, 3, 1).reshape(3, 4).tolist(), [0] * 4]
    size = "[L01_A_CONV_WEIGHT_WIDTH-1:0] {} [0:L01_A_CONV_WEIGHT_DEPTH-1]"
    made = []
    for k in range(2):
        words = [word for row in (matrix[k], matrix[k + 2]) for word in words_of(row, 4, 3, "lsb", 0)]
        made.append(Memory(f"bank{k}", f"01_a_conv.weight.b{k:02}.mem", "h", size, tuple(words)))
    return made


HEADER = '`include "01_a_conv.weight.svh"\n'


def bench(memories: Sequence[Memory]) -> str:
    """Return a testbench that loads every memory and prints its words."""
    body = "".join(
        f"        {m.load}        for (i = 0; i < {len(m.words)}; i = i + 1) "
        f'$display("{m.name} %h", {m.name}[i]);\n' for m in memories)
    declarations = "".join(m.declaration for m in memories)
    return (f"module bench;\n{HEADER}{declarations}    integer i;\n    initial begin\n{body}"
            '        $display("banks %h", L01_A_CONV_WEIGHT_BANKS);\n        $finish;\n    end\nendmodule\n')


def shown(memories: Sequence[Memory], lines: Sequence[str]) -> dict[str, list[int]]:
    """Return the words that a simulator printed, by memory; digits of other numbers would be x or z."""
    got: dict[str, list[int]] = {m.name: [] for m in memories}
    got["banks"] = []
    for line in lines:
        if not line.startswith("- "):  # what verilator says of $finish
            name, word = line.split()
            got[name].append(int(word, 16))
    return got


def expected(memories: Sequence[Memory]) -> dict[str, list[int]]:
    return {m.name: list(m.words) for m in memories} | {"banks": [2]}


@pytest.mark.hardware
def test_iverilog_loads_the_same_words(tmp_path: Path) -> None:
    memories = written(tmp_path)
    (tmp_path / "bench.v").write_text(bench(memories))
    assert shown(memories, simulate_iverilog([Path("bench.v")], tmp_path)) == expected(memories)


@pytest.mark.hardware
def test_verilator_loads_the_same_words(tmp_path: Path) -> None:
    need_tool("verilator")
    memories = written(tmp_path)
    (tmp_path / "bench.v").write_text(bench(memories))
    main = '#include "Vbench.h"\n#include "verilated.h"\nint main() {\n    Vbench top;\n    top.eval();\n}\n'
    program = verilate([tmp_path / "bench.v"], main, tmp_path)
    lines = run_tool([str(program)], tmp_path).decode().splitlines()
    assert shown(memories, lines) == expected(memories)


@pytest.mark.hardware
def test_yosys_initialises_memories_with_the_same_words(tmp_path: Path) -> None:
    memories = written(tmp_path)
    ports = ", ".join(f"output wire [{max(len(bin(w)) for w in m.words)}:0] y_{m.name}" for m in memories)
    reads = "".join(f"    assign y_{m.name} = {m.name}[i];\n    initial {m.load}" for m in memories)
    declarations = "".join(m.declaration for m in memories)
    (tmp_path / "top.v").write_text(
        f"module top (input wire [2:0] i, {ports});\n{HEADER}{declarations}{reads}endmodule\n")
    run_yosys("read_verilog top.v; proc; memory_collect; write_json top.json", tmp_path)
    got = {}
    for cell in json.loads((tmp_path / "top.json").read_text())["modules"]["top"]["cells"].values():
        if cell["type"] == "$mem_v2":
            fields = cell["parameters"]
            width, depth = int(fields["WIDTH"], 2), int(fields["SIZE"], 2)
            bits = int(fields["INIT"], 2)
            got[fields["MEMID"].lstrip("\\")] = [bits >> (width * k) & ((1 << width) - 1) for k in range(depth)]
    assert got == {m.name: list(m.words) for m in memories}
