"""NumPy files of a graph: literal bytes, what numpy itself reads, read back, every fault named."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import numpy as np
import pytest

from edgeq import Graph, GraphBuilder, IntType
from edgeq.artefacts.npy import npy_bytes
from edgeq.emitters.npy import read, read_archive, write, write_archive
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import CodecError, InputError
from tests.emitters.graphs import GRAPHS, built

WEIGHT = np.array([[[[1, 2]], [[3, 4]]], [[[-1, -2]], [[-3, -8]]]])  # (2, 2, 1, 2)


def graph() -> Graph:
    b = GraphBuilder("a/net")
    y = b.conv2d(b.input("x", (2, 3, 3), IntType(7)), WEIGHT, [-1, 255], weight_type=IntType(4), bias_type=IntType(9),
                 name="a/conv")
    b.output(b.requantize(y, [3, 200], 17))
    return b.build()


def files(net: Graph, **options: Any) -> dict[str, EmittedFile]:
    return {f.path: f for f in write(net, {}, **options)}


def archive(net: Graph, **options: Any) -> EmittedFile:
    (file,) = write_archive(net, {}, **options)
    return file


def test_literal_arrays() -> None:
    made = files(graph(), layout="ohwi")
    loaded = {path: np.load(io.BytesIO(f.data)) for path, f in made.items()}
    assert {path: (a.dtype.name, a.tolist()) for path, a in loaded.items()} == {
        "npy/01_a_conv.weight.npy": ("int8", [[[[1, 3], [2, 4]]], [[[-1, -3], [-2, -8]]]]),
        "npy/01_a_conv.bias.npy": ("int16", [-1, 255]),
        "npy/01_a_conv.weight_zero_point.npy": ("int8", 0),
        "npy/01_a_conv.multiplier.npy": ("uint8", [3, 200]),
        "npy/01_a_conv.shift.npy": ("uint8", 17),
        "npy/01_a_conv.left_shift.npy": ("uint8", 0),
    }
    assert made["npy/01_a_conv.weight.npy"].data[128:] == bytes([1, 3, 2, 4, 255, 253, 254, 248])
    assert made["npy/01_a_conv.weight.npy"].holds == {
        "tensor": "a/conv.weight", "layer": "a/conv", "shape": [2, 2, 1, 2], "axes": "oihw", "layout": "ohwi",
        "type": {"bits": 4, "signed": True}}


def test_numpy_reads_the_archive_and_its_bytes_never_change() -> None:
    file = archive(graph())
    assert file.path == "a_net.npz"
    with np.load(io.BytesIO(file.data)) as loaded:
        assert sorted(loaded) == [f"01_a_conv.{t}" for t in (
            "bias", "left_shift", "multiplier", "shift", "weight", "weight_zero_point")]
        assert loaded["01_a_conv.weight"].tolist() == WEIGHT.tolist()
    with zipfile.ZipFile(io.BytesIO(file.data)) as held:
        assert [(i.filename, i.date_time, i.compress_type, i.create_system) for i in held.infolist()] == [
            (f"01_a_conv.{t}.npy", (1980, 1, 1, 0, 0, 0), 0, 3)
            for t in ("bias", "left_shift", "multiplier", "shift", "weight", "weight_zero_point")]
    assert hashlib.sha256(file.data).hexdigest() == (
        "bc5c48bf43741777b5e76a2f63b3e096863f1f9ea0fd8caa56b3eb5b752004ad")


@pytest.mark.parametrize("layout", ["oihw", "hwio"])
@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_constant_of_every_op_comes_back(name: str, layout: str) -> None:
    net = built(name)
    expected = {p.name: p.array for p in parameters(net)}
    made, one = files(net, layout=layout), archive(net, layout=layout)
    got: dict[str, Any] = {}
    for path, file in made.items():
        got |= read({path: file.data}, {"path": path, **file.holds})
    for tensors in (got, read_archive({one.path: one.data}, {"path": one.path, **one.holds})):
        assert sorted(tensors) == sorted(expected)
        for tensor, array in expected.items():
            assert tensors[tensor].shape == array.shape
            assert np.array_equal(tensors[tensor], array), tensor


def test_reading_names_what_is_wrong() -> None:
    path = "npy/01_a_conv.weight.npy"
    file = files(graph())[path]
    holds = {"path": path, **file.holds}
    for data, fault in (
        (file.data[:-1], r"npy/01_a_conv.weight.npy: header says \[2, 2, 1, 2\] of int8, which does not match 7 bytes"),
        (b"text", "npy/01_a_conv.weight.npy: not a .npy file"),
        (npy_bytes(np.zeros((2, 2, 2, 1), np.int8)), r"shape \[2, 2, 2, 1\], the manifest says \[2, 2, 1, 2\]"),
        (npy_bytes(np.full((2, 2, 1, 2), 8)), "npy/01_a_conv.weight.npy: value 8 at 0 does not fit s4"),
        (npy_bytes(np.zeros((2, 2, 1, 2))), "npy/01_a_conv.weight.npy: expected integers, got float64"),
    ):
        with pytest.raises(CodecError, match=fault):
            read({path: data}, holds)


def zipped(members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as held:
        for name, data in members.items():
            held.writestr(name, data)
    return stream.getvalue()


def test_reading_an_archive_names_what_is_wrong() -> None:
    file = archive(graph())
    holds = {"path": "a_net.npz", **file.holds}
    with zipfile.ZipFile(io.BytesIO(file.data)) as held:
        members = {name: held.read(name) for name in held.namelist()}
    weight = "01_a_conv.weight.npy"
    flipped = bytearray(file.data)
    flipped[file.data.index(b"\x01\x02\x03\x04")] ^= 1
    for data, fault in (
        (file.data[:-30], "a_net.npz: not a whole .npz file"),
        (b"", "a_net.npz: not a whole .npz file"),
        (bytes(flipped), r"a_net.npz: not a whole .npz file \(Bad CRC-32 for file '01_a_conv.weight.npy'\)"),
        (zipped(members, zipfile.ZIP_DEFLATED), "a_net.npz, 01_a_conv.bias.npy: is compressed or encrypted"),
        (zipped(dict(reversed(members.items()))), "a_net.npz: its members are not those of the manifest, sorted"),
        (zipped({**members, "extra": b""}), "a_net.npz: its members are not those of the manifest, sorted"),
        (zipped({**members, weight: members[weight][:-1]}), "a_net.npz, 01_a_conv.weight.npy: header says"),
        (zipped({**members, weight: members["01_a_conv.bias.npy"]}), r"weight.npy: shape \[2\], the manifest says"),
    ):
        with pytest.raises(CodecError, match=fault):
            read_archive({"a_net.npz": data}, holds)


def test_columns_after_a_flatten() -> None:
    b = GraphBuilder("net")
    b.output(b.linear(b.flatten(b.input("x", (2, 1, 3), IntType(8))), np.arange(6)[None], name="fc"))
    net = b.build()
    file = files(net, flatten="hwc")["npy/02_fc.weight.npy"]
    assert np.load(io.BytesIO(file.data)).tolist() == [[0, 3, 1, 4, 2, 5]]
    assert read({file.path: file.data}, {"path": file.path, **file.holds})["fc.weight"].tolist() == [[0, 1, 2, 3, 4, 5]]


def test_layouts_that_do_not_exist() -> None:
    for writer in (write, write_archive):
        with pytest.raises(InputError, match="layout 'iohw' does not exist; weights are written as one of ohwi, oihw"):
            list(writer(graph(), {}, layout="iohw"))
        with pytest.raises(InputError, match="layout 4 does not exist"):
            list(writer(graph(), {}, layout=4))
