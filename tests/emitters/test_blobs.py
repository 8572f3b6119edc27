"""Blobs of a graph: literal bytes and manifest lines, encodings, parts, every constant read back."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq import codecs as blob_codecs
from edgeq.artefacts.npy import npy_bytes
from edgeq.codecs.choice import choices
from edgeq.emission import formats
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EMITTERS, EmittedFile
from edgeq.emitters.stored import encoding_text, from_codes
from edgeq.errors import CodecError, InputError
from tests.emitters.graphs import GRAPHS

U8 = IntType(8, signed=False)


def graph() -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (2, 2, 2), IntType(8))
    weight = np.full((3, 2, 1, 2), 120)
    weight[0, 1, 0, 1], weight[2, 0, 0, 0], weight[2, 1, 0, 0] = 0, 255, 7
    b.output(b.conv2d(x, weight, [1, -2, 3], weight_type=U8, weight_zero_point=120, acc=IntType(20), name="conv"))
    return b.build()


def encoded(weight: Any, encoding: str, **options: Any) -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (np.shape(weight)[1],), IntType(8))
    b.output(b.linear(x, weight, weight_encoding=encoding, name="fc", **options))
    return b.build()


def files(net: Graph, format: str, **options: Any) -> dict[str, EmittedFile]:
    formats()
    return {f.path: f for f in EMITTERS[format].write(net, {}, **options)}


def read(made: dict[str, EmittedFile], path: str, held: dict[str, bytes] | None = None, **changes: Any) -> Any:
    kept = {p: f.data for p, f in made.items()} | (held or {})
    format = path.split(".")[-2] if path.endswith(".bin") else path.split(".")[-3]
    reader = EMITTERS[format].read
    assert reader is not None
    return reader(kept, {"path": path, **made[path].holds, **changes})


def test_a_format_per_codec() -> None:
    assert set(choices()) <= set(formats())
    assert {"packed", "coo", "csr", "csc", "bitmask", "zero_runs", "fixed_point", "vanilla", "best"} <= set(formats())


def test_literal_bytes_and_line_of_a_weight() -> None:
    made = files(graph(), "coo")
    assert sorted(made) == ["01_conv.bias.coo.bin", "01_conv.weight.coo.bin", "01_conv.weight_zero_point.coo.bin"]
    file = made["01_conv.weight.coo.bin"]
    assert file.data.hex(" ") == (
        "45 51 42 01 04 08 04 03 02 01 02 f0 01 03 03 04 03 03 02 01 00 01 28 a0 80 00 ff 07 6c c3 64 a7")
    assert file.holds == {
        "tensor": "conv.weight", "layer": "conv", "shape": [3, 2, 1, 2], "axes": "oihw", "layout": "oihw",
        "type": {"bits": 8, "signed": False}, "codec": "coo", "bytes": 32, "stored_values": 3, "fill_value": 120}


def test_other_constants_are_packed() -> None:
    file = files(graph(), "csr", layout="ohwi")["01_conv.bias.csr.bin"]
    assert file.data.hex(" ") == "45 51 42 01 01 94 01 03 00 03 01 08 00 00 1f ff fe 00 00 30 3d f3 b8 1b"
    assert file.holds == {
        "tensor": "conv.bias", "layer": "conv", "shape": [3], "axes": "o", "layout": "o",
        "type": {"bits": 20, "signed": True}, "codec": "packed", "bytes": 24, "stored_values": 3}


def test_the_layout_is_the_order_of_the_blob() -> None:
    made = files(graph(), "coo", layout="hwio", parts=True)
    coords = np.load(io.BytesIO(made["01_conv.weight.coo.coords.npy"].data))
    assert coords.tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 1], [2, 2, 0]]
    assert np.load(io.BytesIO(made["01_conv.weight.coo.data.npy"].data)).tolist() == [255, 7, 0]
    assert np.load(io.BytesIO(made["01_conv.bias.coo.data.npy"].data)).tolist() == [1, -2, 3]
    assert read(made, "01_conv.weight.coo.bin")["conv.weight"].tolist() == next(
        p.array.tolist() for p in parameters(graph()) if p.tensor == "weight")
    assert made["01_conv.weight.coo.data.npy"].holds["part"] == "data"
    assert read(made, "01_conv.weight.coo.data.npy") == {}


def test_options_are_the_codecs_own() -> None:
    formats()
    assert EMITTERS["zero_runs"].options.keys() >= {"layout", "parts", "run_bits", "word_bits", "restart"}
    assert EMITTERS["packed"].options == {"layout": "oihw", "parts": False}
    assert files(graph(), "zero_runs", run_bits=2)["01_conv.weight.zero_runs.bin"].data != files(
        graph(), "zero_runs", run_bits=3)["01_conv.weight.zero_runs.bin"].data
    for format, options, message in (
        ("coo", {"layout": "io"}, "layout 'io' does not exist; weights are written as one of ohwi, oihw"),
        ("coo", {"parts": 1}, "parts=1: write true or false"),
        ("zero_runs", {"restart": "channel", "layout": "hwio"}, "restart=channel needs a layout that starts with o"),
        ("zero_runs", {"run_bits": 1}, "run_bits 1"),
    ):
        with pytest.raises(InputError, match=message):
            files(graph(), format, **options)


@pytest.mark.parametrize(("name", "format"), [
    *(("every_op", codec) for codec in choices()), ("widths", "coo"), ("small", "best")])
def test_every_constant_of_every_op_comes_back(name: str, format: str) -> None:
    net, _ = GRAPHS[name]()
    made = files(net, format, layout="ohwi", parts=True)
    got: dict[str, Any] = {}
    for path in made:
        got |= read(made, path)
    expected = {p.name: p.array for p in parameters(net)}
    assert sorted(got) == sorted(expected)
    for tensor, array in expected.items():
        assert np.array_equal(got[tensor], array), tensor


def codes(net: Graph, format: str = "packed", **options: Any) -> tuple[list[int], dict[str, Any]]:
    """Return the codes in the weight's blob, as its parts hold them, and its line."""
    made = files(net, format, parts=True, **options)
    assert read(made, f"01_fc.weight.{format}.bin")["fc.weight"].tolist() == next(
        p.array.tolist() for p in parameters(net) if p.tensor == "weight")
    data = np.load(io.BytesIO(made[f"01_fc.weight.{format}.data.npy"].data))
    return data.tolist(), dict(made[f"01_fc.weight.{format}.bin"].holds)


def test_bipolar_weights_take_one_bit() -> None:
    net = encoded([[1, -1, -1], [1, 1, -1]], "bipolar", weight_type=IntType(2))
    data, line = codes(net)
    assert data == [1, 0, 0, 1, 1, 0]
    assert line["stored"] == {"bits": 1, "signed": False}
    assert line["mapping"] == {"encoding": "bipolar", "multiply": 2, "add": -1}
    assert line["type"] == {"bits": 2, "signed": True}
    assert line["fill_value"] == 0  # no weight is zero: the most frequent code, the smaller of two
    assert files(net, "packed")["01_fc.weight.packed.bin"].data.hex(" ") == (
        "45 51 42 01 01 01 02 02 03 00 06 01 01 98 5b fc 9a b5")


def test_bipolar_weights_of_more_bits() -> None:
    data, line = codes(encoded([[7, -7, 1, -1]], "bipolar", weight_type=IntType(4)))
    assert data == [7, 0, 4, 3]
    assert line["stored"] == {"bits": 3, "signed": False}
    assert line["mapping"] == {"encoding": "bipolar", "multiply": 2, "add": -7}


def test_ternary_weights_take_two_bits() -> None:
    data, line = codes(encoded([[1, 0, -1, 0]], "ternary"), "coo")
    assert data == [1, -1]
    assert line["stored"] == {"bits": 2, "signed": True}
    assert line["mapping"] == {"encoding": "ternary", "multiply": 1, "add": 0}
    assert line["fill_value"] == 0
    _, line = codes(encoded([[1, 0, 1]], "ternary", weight_type=IntType(1, signed=False)))
    assert "mapping" not in line  # one bit is less than two


def test_a_codebook_is_stored_as_indices() -> None:
    net = encoded([[100, -9, 0, 0], [55, 0, -9, 100]], "codebook", weight_zero_point=55)
    data, line = codes(net, "bitmask")
    assert data == [3, 0, 1, 1, 1, 0, 3]  # places in -9, 0, 55, 100; the zero point has place 2
    assert line["stored"] == {"bits": 2, "signed": False}
    assert line["mapping"] == {"encoding": "codebook", "values": [-9, 0, 55, 100]}
    assert line["fill_value"] == 2
    _, line = codes(encoded([[1, 0, 2, 3]], "codebook", weight_type=IntType(2, signed=False)))
    assert "mapping" not in line  # indices would take as many bits
    made = files(net, "vanilla", parts=True)["01_fc.weight.vanilla.bin"].holds
    assert "mapping" not in made  # the codec has a codebook of its own


def test_encodings_in_words() -> None:
    """What `edgeq show` says of weights."""
    for weight, encoding, kept, text in (
        ([[1, 2]], "int", 8, "s8"), ([[1, -1]], "bipolar", 2, "s2, bipolar, 1 bit"),
        ([[7, -7]], "bipolar", 4, "s4, bipolar, 3 bits"), ([[1, 0]], "ternary", 2, "s2, ternary"),
        ([[5, 0, 9], [5, 1, 9]], "codebook", 8, "s8, codebook of 4 values, 2-bit indices"),
        ([list(range(16))], "codebook", 8, "s8, codebook of 16 values, 4-bit indices"),
        ([[5, 0, 9], [5, 1, 9]], "codebook_per_channel", 8, "s8, codebook of 3 values per channel, 2-bit indices"),
    ):
        net = encoded(weight, encoding, weight_type=IntType(kept))
        found = next(p for p in parameters(net) if p.tensor == "weight")
        assert encoding_text(found) == text


def test_a_codebook_has_its_table_beside_it() -> None:
    made = files(encoded([[100, -9, 0, 0], [55, 0, -9, 100]], "codebook"), "packed")
    table = made["01_fc.weight.table.packed.bin"]
    assert blob_codecs.decode(table.data, max_elements=4).tolist() == [-9, 0, 55, 100]
    assert table.holds["axes"] == "k"
    assert read(made, "01_fc.weight.table.packed.bin") == {}
    with pytest.raises(CodecError, match=r"table\.packed\.bin"):
        read(made, "01_fc.weight.table.packed.bin", {"01_fc.weight.table.packed.bin": table.data[:-1]})
    assert "01_fc.weight.table.huffman.bin" not in files(encoded([[100, -9, 0, 0]], "codebook"), "huffman")


def test_a_codebook_per_channel() -> None:
    """Places in -9, 0, 100 and in 0, 55, filled with a zero that no code numbers."""
    net = encoded([[100, -9, 0, 0], [55, 0, 0, 55]], "codebook_per_channel")
    data, line = codes(net, layout="ihwo")
    assert data == [2, 1, 0, 0, 1, 0, 1, 1]  # channels last
    assert line["stored"] == {"bits": 2, "signed": False}
    assert line["mapping"] == {"encoding": "codebook_per_channel", "values": [[-9, 0, 100], [0, 55, 0]]}
    table = files(net, "packed")["01_fc.weight.table.packed.bin"]
    assert blob_codecs.decode(table.data, max_elements=6).tolist() == [[-9, 0, 100], [0, 55, 0]]
    with pytest.raises(CodecError, match="a codebook of 2 channels for 3"):
        from_codes(np.zeros((3, 4), np.int64), {"values": [[1], [2]]}, "x")


def test_the_fill_value_of_zero_points_per_channel_is_the_most_frequent() -> None:
    weight = [[4, 4], [9, 4], [9, 9], [4, 9]]
    for zero_points, fill, count in (([4, 9, 9, 0], 9, 4), ([9, 4, 9, 4], 4, 4), ([5, 5, 7, 8], 5, 8)):
        made = files(encoded(weight, "int", weight_zero_point=zero_points), "coo")
        assert made["01_fc.weight.coo.bin"].holds["fill_value"] == fill
        assert made["01_fc.weight.coo.bin"].holds["stored_values"] == count
        assert read(made, "01_fc.weight.coo.bin")["fc.weight"].tolist() == weight


def test_best_records_what_was_tried() -> None:
    line = files(graph(), "best")["01_conv.weight.best.bin"].holds
    assert set(line["tried"]) <= set(choices()) - {"best"}
    assert line["bytes"] == min(line["tried"].values()) == line["tried"][line["codec"]]
    assert line["tried"]["packed"] == 32
    assert json.dumps(line)


def test_reading_names_what_is_wrong() -> None:
    made = files(graph(), "coo", parts=True)
    weight, data = "01_conv.weight.coo.bin", "01_conv.weight.coo.data.npy"
    whole = made[weight].data
    for held, changes, message in (
        ({weight: whole[:-1]}, {}, r"01_conv.weight.coo.bin: "),
        ({weight: whole[:25] + b"\1" + whole[26:]}, {}, "the blob is damaged"),
        ({}, {"codec": "csr"}, r"01_conv.weight.coo.bin: is coo of u8\[3, 2, 1, 2\], the manifest says csr of u8"),
        ({}, {"type": {"bits": 9, "signed": True}}, r"the manifest says coo of s9\[3, 2, 1, 2\]"),
        ({}, {"layout": "ohwi"}, r"the manifest says coo of u8\[3, 1, 2, 2\]"),
        ({}, {"mapping": {"values": [1, 2]}}, "a code is outside the 2 values of its codebook"),
    ):
        with pytest.raises(CodecError, match=message):
            read(made, weight, held, **changes)
    for part, message in (
        (npy_bytes(np.array([0, 255, 8], np.uint8)), r"data.npy: differs from section 'data' of 01_conv.weig"),
        (npy_bytes(np.array([0, 255, 7])), "differs from section"), (b"text", "data.npy: not a .npy file"),
    ):
        with pytest.raises(CodecError, match=message):
            read(made, data, {data: part})


@pytest.mark.parametrize("given", [[-1], [0, 3]])
def test_a_code_beyond_its_codebook_is_refused(given: list[int]) -> None:
    assert from_codes(np.array([2, 0]), {"values": [7, 8, 9]}, "x").tolist() == [9, 7]
    with pytest.raises(CodecError, match="x: a code is outside the 3 values of its codebook"):
        from_codes(np.array(given), {"values": [7, 8, 9]}, "x")
