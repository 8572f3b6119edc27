"""Weights for the Verilog Huffman decoder: literal memories and constants, read back, and a project that runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from edgeq import Graph, GraphBuilder, IntType, emit, verify
from edgeq.checks import FAIL, NOT_RUN, PASS
from edgeq.emitters.huffman_rtl import read, write
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import CodecError, InputError
from tests.emitters.graphs import GRAPHS
from tests.tools import find_tool, need_tool

WEIGHT = np.array([[[[3, 3]], [[3, 0]]], [[[3, -1]], [[3, 0]]], [[[3, 3]], [[0, 3]]]])  # (3, 2, 1, 2)


def graph() -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (2, 3, 3), IntType(7))
    y = b.requantize(b.conv2d(x, WEIGHT, [1, 2, 3], weight_type=IntType(4), name="a/conv"), 3, 6, type=IntType(8))
    b.output(b.linear(b.flatten(y), np.arange(36).reshape(2, 18) - 18, weight_zero_point=-18, name="fc"))
    return b.build()


def files(net: Graph | None = None, **options: Any) -> dict[str, EmittedFile]:
    return {f.path: f for f in write(net or graph(), {}, **options)}


def decoded(made: Mapping[str, EmittedFile]) -> dict[str, np.ndarray]:
    held, got = {path: f.data for path, f in made.items()}, {}
    for path, file in made.items():
        for name, array in read(held, {"path": path, **file.holds}).items():
            if file.holds["part"] == "words":
                got[name] = array
    return got


def test_literal_memories() -> None:
    """Of 12 weights 8 are 3 (code 0), 3 are 0 (11), one is -1 (10): in ohwi 3 3 3 0, 3 3 -1 0, 3 0 3 3."""
    made = files(mode="values", low_bits=0, word_bits=8)
    parts = ("words", "values", "restart", "expected")
    text = {part: made[f"huffman_rtl/01_a_conv.weight.{part}.hex"].data for part in parts}
    assert text["values"] == b"3\nf\n0\n"  # in canonical order: by length, then by number
    assert text["words"] == b"".join(b"%02x\n" % int(b, 2) for b in ("00011001", "01101100"))
    assert text["restart"] == b"0000000900000000\n"
    assert text["expected"] == b"3\n3\n3\n0\n3\n3\nf\n0\n3\n0\n3\n3\n"
    assert "huffman_rtl/01_a_conv.weight.runs.hex" not in made


def test_literal_constants() -> None:
    lines = files(mode="values", low_bits=0, word_bits=8)["huffman_rtl/01_a_conv.weight.vh"].data.decode().splitlines()
    assert lines[2] == "// a/conv.weight: shape [3, 1, 2, 2] in order ohwi, s4"
    for line in ("integer MODE = 0", "integer WORD_BITS = 8", "integer BITS = 4", "integer VALUE_LONGEST = 2",
                 "integer VALUE_ENTRIES = 3", "integer ELEMENTS = 12", "integer SEGMENT = 12", "integer WORDS = 2",
                 "[3:0] FILL = 4'h0", "[194:0] VALUE_COUNTS = 195'h4001",
                 'WORDS_FILE = "01_a_conv.weight.words.hex"'):
        assert f"localparam {line};" in lines


def test_literal_runs_and_restart() -> None:
    """Channels of 18 with the zero point once, in front: run 1 of 17 values, then 18 values without a run."""
    made = files(mode="runs", low_bits=0, restart="channel", run_bits=2)
    assert made["huffman_rtl/03_fc.weight.runs.hex"].data == b"0\n1\n"
    assert made["huffman_rtl/03_fc.weight.restart.hex"].data.splitlines()[0] == b"0000001100000000"
    second = made["huffman_rtl/03_fc.weight.restart.hex"].data.splitlines()[1]
    assert second[:8] == b"00000012"
    assert int(second[8:], 16) > 0
    assert made["huffman_rtl/03_fc.weight.words.hex"].holds["segment"] == 18


OPTIONS: list[dict[str, Any]] = [
    {}, {"mode": "runs", "run_bits": 3, "restart": "channel", "layout": "oihw"}, {"mode": "values", "word_bits": 64},
    {"mode": "joint", "run_bits": 3, "restart": "bank", "banks": 2, "word_bits": 8}]


@pytest.mark.parametrize(("name", "options"), [
    *((name, OPTIONS[k % 4]) for k, name in enumerate(sorted(GRAPHS))), *(("every_op", o) for o in OPTIONS)])
def test_every_weight_of_every_op_comes_back(name: str, options: dict[str, Any]) -> None:
    net, _ = GRAPHS[name]()
    expected = {p.name: p.array for p in parameters(net) if p.tensor == "weight"}
    if not expected:
        with pytest.raises(InputError, match="has no weights; format huffman_rtl has nothing to write"):
            files(net, **options)
        return
    got = decoded(files(net, **options))
    assert sorted(got) == sorted(expected)
    for tensor, array in expected.items():
        assert np.array_equal(got[tensor], array), tensor


def test_columns_after_a_flatten_may_be_moved() -> None:
    made = files(flatten="hwc")
    expected = made["huffman_rtl/03_fc.weight.expected.hex"].data.split()
    assert expected[:4] == [b"ee", b"f4", b"fa", b"ef"]  # columns 0, 6, 12 and 1: h, w, c of three channels of six
    assert np.array_equal(decoded(made)["fc.weight"], np.arange(36).reshape(2, 18) - 18)


def test_reading_names_what_is_wrong() -> None:
    made = files(mode="values", low_bits=0, word_bits=8)
    held = {path: f.data for path, f in made.items()}
    path = "huffman_rtl/01_a_conv.weight.words.hex"
    holds = {"path": path, **made[path].holds}
    wrong: list[tuple[dict[str, bytes], dict[str, Any], str]] = [
        ({path: b"19\n"}, {}, "has 1 words, expected 2"),
        ({path: b"19\n6d\n"}, {}, "segment 0: the segment ends within a code"),
        ({path: b"19\n6c\n00\n"}, {"words": 3}, "segment 0: words are left over"),
        ({path: b"196c000000000001\n"}, {"words": 1, "word_bits": 64}, "segment 0: bits of padding are not zero"),
        ({}, {"value_counts": [1, 1] + [0] * 13}, "has 3 words, expected 2"),
        ({}, {"value_counts": [1, 2]}, r"numbers of codes \[1, 2\] are not those of 3 entries"),
        ({}, {"low_bits": -1}, "do not exist"), ({}, {"segments": 2}, "do not exist"),
        ({}, {"shape": [3, 2, 1, 1 << 40]}, "01_a_conv.weight.expected.hex: has 12 lines, expected 6597069766656"),
        ({path.replace("words", "restart"): b"0000000900000003\n"}, {}, "the restart table leaves the stream"),
    ]
    for data, fields, message in wrong:
        fields = fields | ({"segments": 1, "segment": 6 << 40} if "shape" in fields else {})
        with pytest.raises(CodecError, match=message):
            read(held | data, holds | fields)


def test_options_that_do_not_exist() -> None:
    with pytest.raises(InputError, match="layout 'hwio' has no rows of one output channel; use ohwi or oihw"):
        files(layout="hwio")
    with pytest.raises(InputError, match="word_bits 12"):
        files(word_bits=12)
    with pytest.raises(InputError, match="mode 'best'"):
        files(mode="best")
    with pytest.raises(InputError, match="flatten 'hw' does not exist"):
        files(flatten="hw")


@pytest.mark.hardware
def test_verify_simulates_the_project(tmp_path: Path) -> None:
    need_tool("iverilog")
    emit(graph(), "huffman_rtl", tmp_path / "out", mode="runs", restart="channel", word_bits=16)
    emit(graph(), "csr_rtl", tmp_path / "out")
    rows = {(r.check, r.subject): r for r in verify(tmp_path / "out").rows}
    assert {r.status for r in rows.values()} == {PASS}
    for kind in ("huffman_rtl", "csr_rtl"):
        assert rows["make check", kind].detail == "EDGEQ_RTL PASS tensors=2 values=48"


@pytest.mark.hardware
def test_a_project_of_wrong_words_fails(tmp_path: Path) -> None:
    """What `verify` does not run, because its bytes are not edgeq's, fails when it is run all the same."""
    from edgeq.emitters.registry import EMITTERS
    from edgeq.project_run import run_project

    need_tool("iverilog")
    made = {path: f.data for path, f in files(word_bits=8, mode="values", low_bits=0).items()}
    check = EMITTERS["huffman_rtl"].check
    assert check is not None
    assert run_project("huffman_rtl", check, made).status == PASS
    path = "huffman_rtl/01_a_conv.weight.words.hex"
    row = run_project("huffman_rtl", check, made | {path: made[path].replace(b"19", b"99")})
    assert row.status == FAIL
    assert row.detail.startswith("EDGEQ_RTL FAIL errors=")


def test_without_a_simulator_the_check_is_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    need_tool("make")
    emit(graph(), "huffman_rtl", tmp_path / "out")
    (tmp_path / "bin").mkdir()
    for tool in ("make", "gcc"):
        found = find_tool(tool)
        if found:
            (tmp_path / "bin" / tool).symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    row = next(r for r in verify(tmp_path / "out").rows if r.check == "make check")
    assert (row.status, row.detail) == (NOT_RUN, "iverilog is not installed")


def test_the_manifest_line() -> None:
    made = files(mode="values", low_bits=0, word_bits=8)
    holds = yaml.safe_load(yaml.safe_dump(dict(made["huffman_rtl/01_a_conv.weight.words.hex"].holds)))
    assert holds == {
        "tensor": "a/conv.weight", "layer": "a/conv", "shape": [3, 2, 1, 2], "axes": "oihw", "layout": "ohwi",
        "type": {"bits": 4, "signed": True}, "part": "words", "stem": "01_a_conv.weight", "fill_value": 0, "mode": 0,
        "word_bits": 8, "low_bits": 0, "run_bits": 1, "escape": [0, 0], "segment": 12, "segments": 1, "words": 2,
        "value_counts": [1, 2] + [0] * 13, "run_counts": [1] + [0] * 14}
