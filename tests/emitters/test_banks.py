"""Weights in banks: literal files, the header, processing elements as FINN has them, damage to any bank."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq.emitters.banks import read, write
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import ArtefactError, CodecError
from tests.emitters.graphs import GRAPHS
from tests.emitters.test_readmemh import WEIGHT, graph

BANK = "01_a_conv.weight.b{:02}.mem"


def files(**options: Any) -> dict[str, EmittedFile]:
    return {f.path: f for f in write(graph(), {}, **options)}


def banks(made: dict[str, EmittedFile]) -> list[list[str]]:
    return [f.data.decode().split() for path, f in sorted(made.items()) if path.startswith("01_a_conv.weight.b")]


@pytest.mark.parametrize(("options", "expected"), [
    ({}, ["12fe56", "34dc78"]),
    ({"banking": "blocked"}, ["1324fd", "ec5768"]),
    ({"banking": "blocked", "banks": 5, "pad_value": 2}, ["132", "4fd", "ec5", "768", "222"]),
    ({"banking": "channels"}, ["13245768", "fdec0000"]),
    ({"banks": 1}, ["1324fdec5768"]),
])
def test_literal_banks_of_one_lane(options: dict[str, Any], expected: list[str]) -> None:
    made = files(**options)
    assert banks(made) == [list(words) for words in expected]


def test_channels_take_whole_words_with_several_lanes() -> None:
    """Two processing elements of three inputs: rows 1324, fdec, 5768 in words of three, the rest padded."""
    made = files(banking="channels", lanes=3, pad_value=-8)
    assert banks(made) == [["231", "884", "675", "888"], ["edf", "88c", "888", "888"]]
    assert made[BANK.format(1)].holds["banks"] == {"index": 1, "count": 2, "banking": "channels", "words": 6}
    assert made[BANK.format(1)].holds["depth"] == 4


def test_processing_elements_are_those_of_a_matrix_vector_unit() -> None:
    """Element p, fold f: row f * PE + p; word s of a row: columns s * SIMD on, as loops over FINN's folding."""
    pe, simd = 2, 2
    matrix = WEIGHT.transpose(0, 2, 3, 1).reshape(3, 4)
    made = banks(files(banking="channels", banks=pe, lanes=simd))
    for p in range(pe):
        expected = []
        for fold in range(2):
            for s in range(4 // simd):
                row = fold * pe + p
                lanes = matrix[row, s * simd : (s + 1) * simd] if row < 3 else [0] * simd
                expected.append(f"{sum((int(v) % 16) << (4 * k) for k, v in enumerate(lanes)):02x}")
        assert made[p] == expected


def test_the_header_gives_the_sizes() -> None:
    made = files(banks=5, word_bits=9)
    text = made["01_a_conv.weight.svh"].data.decode().split("\n")
    assert text[0].startswith("// Written by edgeq ")
    assert text[1:] == ["localparam L01_A_CONV_WEIGHT_BANKS = 5;", "localparam L01_A_CONV_WEIGHT_DEPTH = 3;",
                        "localparam L01_A_CONV_WEIGHT_WIDTH = 9;", ""]
    assert {len(words) for words in banks(made)} == {3}


def test_other_tensors_have_one_file() -> None:
    made = files()
    assert made["01_a_conv.bias.mem"].data == b"1ff\n000\n0ff\n"
    assert sorted(p for p in made if p.startswith("03_fc")) == [
        "03_fc.bias.mem", "03_fc.weight.b00.mem", "03_fc.weight.b01.mem", "03_fc.weight.svh",
        "03_fc.weight_zero_point.mem"]


def test_more_than_a_hundred_banks_are_numbered_with_three_digits() -> None:
    assert {"01_a_conv.weight.b000.mem", "01_a_conv.weight.b100.mem"} <= set(files(banks=101))
    assert BANK.format(99) in files(banks=100)


@pytest.mark.parametrize("banking", ["interleaved", "blocked", "channels"])
@pytest.mark.parametrize("name", ["small", "every_op"])
def test_every_weight_comes_back(name: str, banking: str) -> None:
    net, _ = GRAPHS[name]()
    made = {f.path: f for f in write(net, {}, banking=banking, banks=3, lanes=5, lane0="msb", layout="oihw")}
    held = {path: f.data for path, f in made.items()}
    for path, file in made.items():
        for tensor, array in read(held, {"path": path, **file.holds}).items():
            layer = next(n for n in net.nodes if n.layer == tensor.rpartition(".")[0])
            if tensor.endswith(".weight"):
                assert np.array_equal(array, layer.op.weight.array)


@pytest.mark.parametrize(("bank", "old", "new", "said"), [
    (1, b"3\n", b"g\n", "01_a_conv.weight.b01.mem line 1: 'g' is not a lower-case hexadecimal digit"),
    (1, b"8\n", b"", "01_a_conv.weight.b01.mem: has 5 words, expected 6"),
    (0, b"6\n", b"6", "01_a_conv.weight.b00.mem line 6: the final newline is missing"),
])
def test_damage_names_the_bank_and_the_line(bank: int, old: bytes, new: bytes, said: str) -> None:
    made = files()
    held = {path: f.data for path, f in made.items()}
    held[BANK.format(bank)] = held[BANK.format(bank)].replace(old, new)
    with pytest.raises(CodecError) as caught:
        read(held, {"path": BANK.format(0), **made[BANK.format(0)].holds})
    assert str(caught.value) == said


def test_missing_banks_wrong_pads_and_wrong_manifests() -> None:
    made = files(banks=5, banking="blocked")
    held = {path: f.data for path, f in made.items()}
    holds = {"path": BANK.format(0), **made[BANK.format(0)].holds}
    with pytest.raises(CodecError, match=r"01_a_conv.weight: bank 4: a word after the tensor's last does not hold"):
        read(held | {BANK.format(4): b"0\n1\n0\n"}, holds)
    with pytest.raises(ArtefactError, match="manifest says banks of depth 4, not 3"):
        read(held, {**holds, "depth": 4})
    with pytest.raises(ArtefactError, match="manifest: banks -1 is not a number"):
        read(held, {**holds, "banks": {**holds["banks"], "count": -1}})
    with pytest.raises(ArtefactError, match="manifest says depth 10, not 12"):
        read(held, {**holds, "banks": {**holds["banks"], "words": 10}})
    del held[BANK.format(3)]
    with pytest.raises(ArtefactError, match=r"01_a_conv.weight.b03.mem: is missing"):
        read(held, holds)
