"""Weights for the Verilog decoder of sparse rows: literal memories, read back."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.emitters.csr_rtl import read, write
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import CodecError, InputError
from tests.emitters.graphs import GRAPHS
from tests.tools import need_tool

WEIGHT = np.array([[0, 0, -1, 0, 5], [0, 0, 0, 0, 0], [7, 0, 0, 0, 0]])


def graph() -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (5,), IntType(8))
    b.output(b.linear(x, WEIGHT, weight_type=IntType(4), name="fc"))
    return b.build()


def files(net: Graph, **options: Any) -> dict[str, EmittedFile]:
    return {f.path: f for f in write(net, {}, **options)}


def test_literal_memories() -> None:
    made = files(graph())
    assert made["csr_rtl/01_fc.weight.indptr.hex"].data == b"0000\n0002\n0002\n0003\n"
    assert made["csr_rtl/01_fc.weight.entries.hex"].data == b"2f\n45\n07\n"  # column above 4 bits of value
    assert made["csr_rtl/01_fc.weight.expected.hex"].data.split() == list(b"0 0 f 0 5 0 0 0 0 0 7 0 0 0 0".split())
    lines = made["csr_rtl/01_fc.weight.vh"].data.decode().splitlines()
    for line in ("integer ROWS = 3", "integer COLUMNS = 5", "integer BITS = 4", "integer ROW_BITS = 2",
                 "integer COLUMN_BITS = 3", "integer COUNT_BITS = 16", "integer ENTRIES = 3", "[3:0] FILL = 4'h0"):
        assert f"localparam {line};" in lines


@pytest.mark.hardware
@pytest.mark.parametrize("simulator", ["foo", "", "iverilog verilator"])
def test_an_unknown_simulator_is_refused_in_one_line(simulator: str, tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_bytes(files(graph())["csr_rtl/Makefile"].data)
    command = [need_tool("make"), "--no-print-directory", "check", f"SIMULATOR={simulator}", "IVERILOG=echo called"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert f"SIMULATOR '{simulator}' does not exist; use iverilog or verilator" in ended.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["Makefile"]


@pytest.mark.parametrize(("name", "layout"), [
    *((name, "ohwi") for name in sorted(GRAPHS)), ("every_op", "oihw")])
def test_every_weight_of_every_op_comes_back(name: str, layout: str) -> None:
    net, _ = GRAPHS[name]()
    expected = {p.name: p.array for p in parameters(net) if p.tensor == "weight"}
    if not expected:
        with pytest.raises(InputError, match="has no weights; format csr_rtl has nothing to write"):
            files(net, layout=layout)
        return
    made = files(net, layout=layout)
    held = {path: f.data for path, f in made.items()}
    for part in ("entries", "expected"):
        got: dict[str, Any] = {}
        for path, file in made.items():
            if file.holds.get("part") == part:
                got |= read(held, {"path": path, **file.holds})
        assert sorted(got) == sorted(expected)
        for tensor, array in expected.items():
            assert np.array_equal(got[tensor], array), tensor


def test_reading_names_what_is_wrong() -> None:
    made = files(graph())
    held = {path: f.data for path, f in made.items()}
    path, indptr = "csr_rtl/01_fc.weight.entries.hex", "csr_rtl/01_fc.weight.indptr.hex"
    holds = {"path": path, **made[path].holds}
    wrong: list[tuple[dict[str, bytes], dict[str, Any], str]] = [
        ({path: b"45\n2f\n07\n"}, {}, "columns do not ascend within their row"),
        ({path: b"2f\n55\n07\n"}, {}, "columns do not ascend within their row"),
        ({path: b"2f\n45\n"}, {}, "has 2 words, expected 3"),
        ({indptr: b"0000\n0002\n0001\n0003\n"}, {}, "does not ascend from 0 to 3"),
        ({indptr: b"0000\n0002\n0002\n0002\n"}, {}, "does not ascend from 0 to 3"),
        ({}, {"shape": [3, 6]}, "01_fc.weight.expected.hex: has 15 lines, expected 18"),
    ]
    for data, fields, message in wrong:
        with pytest.raises(CodecError, match=message):
            read(held | data, holds | fields)
