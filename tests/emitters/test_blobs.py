"""Sparse files of a graph: literal parts, the zero point as fill value, read back."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import yaml

from edgeq import Graph, GraphBuilder, IntType
from edgeq.artefacts.npy import npy_bytes
from edgeq.emitters.coo import read, write
from edgeq.emitters.parameters import parameters
from edgeq.emitters.registry import EmittedFile
from edgeq.errors import CodecError, InputError
from tests.emitters.graphs import GRAPHS

U8 = IntType(8, signed=False)


def graph() -> Graph:
    b = GraphBuilder("net")
    x = b.input("x", (2, 2, 2), IntType(8))
    weight = np.full((3, 2, 1, 2), 120)
    weight[0, 1, 0, 1], weight[2, 0, 0, 0], weight[2, 1, 0, 0] = 0, 255, 7
    b.output(b.conv2d(x, weight, [1, -2, 3], weight_type=U8, weight_zero_point=120, name="conv"))
    return b.build()


def files(net: Graph, **options: Any) -> dict[str, EmittedFile]:
    return {f.path: f for f in write(net, {}, **options)}


def load(data: bytes) -> np.ndarray:
    array: np.ndarray = np.load(io.BytesIO(data))
    return array


def test_literal_parts() -> None:
    made = files(graph())
    assert sorted(made) == [
        "01_conv.bias.npy", "01_conv.weight.coo.yaml", "01_conv.weight.coords.npy", "01_conv.weight.data.npy",
        "01_conv.weight_zero_point.npy"]
    coords = load(made["01_conv.weight.coords.npy"].data)
    assert coords.dtype == np.uint8
    assert coords.tolist() == [[0, 2, 2], [1, 0, 1], [0, 0, 0], [1, 0, 0]]
    data = load(made["01_conv.weight.data.npy"].data)
    assert data.dtype == np.uint8
    assert data.tolist() == [0, 255, 7]
    assert load(made["01_conv.bias.npy"].data).tolist() == [1, -2, 3]


def test_the_index_says_all_that_a_reader_needs() -> None:
    text = files(graph())["01_conv.weight.coo.yaml"].data.decode()
    assert text.startswith("# Written by edgeq ")
    assert yaml.safe_load(text) == {
        "tensor": "conv.weight", "layout": "oihw", "shape": [3, 2, 1, 2], "nnz": 3, "fill_value": 120,
        "coords": {"path": "01_conv.weight.coords.npy", "bits": [2, 1, 1, 1], "signed": False},
        "data": {"path": "01_conv.weight.data.npy", "bits": 8, "signed": False},
    }


def test_another_layout_sorts_by_it() -> None:
    made = files(graph(), layout="hwio")
    assert load(made["01_conv.weight.coords.npy"].data).tolist() == [[0, 0, 0], [0, 0, 1], [0, 1, 1], [2, 2, 0]]
    assert load(made["01_conv.weight.data.npy"].data).tolist() == [255, 7, 0]
    with pytest.raises(InputError, match="layout 'io' does not exist"):
        files(graph(), layout="io")


@pytest.mark.parametrize("layout", ["oihw", "ohwi"])
@pytest.mark.parametrize("name", sorted(GRAPHS))
def test_every_constant_of_every_op_comes_back(name: str, layout: str) -> None:
    net, _ = GRAPHS[name]()
    made = files(net, layout=layout)
    held = {path: f.data for path, f in made.items()}
    got: dict[str, Any] = {}
    for path, file in made.items():
        got |= read(held, {"path": path, **file.holds})
    expected = {p.name: p.array for p in parameters(net)}
    assert sorted(got) == sorted(expected)
    for tensor, array in expected.items():
        assert np.array_equal(got[tensor], array), tensor


def test_a_zero_point_per_channel_needs_channels_first() -> None:
    net, _ = GRAPHS["every_op"]()
    with pytest.raises(InputError, match="a zero point per output channel needs a layout that starts with o"):
        files(net, layout="hwio")


def test_reading_names_what_is_wrong() -> None:
    made = files(graph())
    held = {path: f.data for path, f in made.items()}
    holds = {"path": "01_conv.weight.coo.yaml", **made["01_conv.weight.coo.yaml"].holds}
    with pytest.raises(CodecError, match=r"01_conv.weight.data.npy: value 256 at 0 does not fit u8"):
        read(held | {"01_conv.weight.data.npy": npy_bytes(np.array([256, 1, 2]))}, holds)
    with pytest.raises(CodecError, match=r"01_conv.weight.coo.yaml: value 1 is not after the one before it"):
        read(held | {"01_conv.weight.coords.npy": npy_bytes(np.zeros((4, 3), np.uint8))}, holds)
    with pytest.raises(CodecError, match=r"01_conv.weight.coords.npy: not a .npy file"):
        read(held | {"01_conv.weight.coords.npy": b"text"}, holds)
    with pytest.raises(CodecError, match="not valid YAML at line 1"):
        read(held | {"01_conv.weight.coo.yaml": b"a: ]"}, holds)
