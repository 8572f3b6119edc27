"""CNN_Compress's YAML: the third party's own files, literal text, and what the layout cannot say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import yaml

from edgeq import Graph, GraphBuilder, IntType
from edgeq.codecs.cnn_compress import Document, dump, parse
from edgeq.emitters.parameters import parameters
from edgeq.emitters.yaml_a import document_of, read, write, write_coo, write_csc, write_csr
from edgeq.errors import CodecError, InputError
from tests.data import need_data

U8, S10 = IntType(8, signed=False), IntType(10)
LENET = "lenet5_reference/lenet5_sparse_quantized_int"


def graph(**changes: Any) -> Graph:
    """A conv and a linear with a pool between them; ``changes`` go to the conv or its requantize."""
    b = GraphBuilder("net")
    x = b.input("x", (1, 3, 3), S10, zero_point=128, scale=0.5)
    conv = {"weight_type": U8, "weight_zero_point": 120, "name": "conv1"} | changes.get("conv", {})
    y = b.conv2d(x, [[[[120, 7], [120, 255]]]], [-411], **conv)
    scale = {"rounding": "floor", "zero_point": 124, "type": S10, "scale": 0.25} | changes.get("requantize", {})
    y = b.requantize(y, scale.pop("multiplier", 186), scale.pop("shift", 18), **scale)
    y = b.linear(b.flatten(b.max_pool2d(y, 2)), [[3], [120]], weight_type=U8, weight_zero_point=120, name="fc")
    b.output(b.requantize(y, 129, 17, rounding="floor", zero_point=70, type=S10, scale=0.125))
    return b.build()


def test_literal_document() -> None:
    (file,) = write(graph(), {})
    assert file.path == "net_int.yml"
    assert file.data.startswith(b"# Written by edgeq ")
    text = file.data.decode().split("\n", 1)[1]
    assert text.startswith(
        "head: int_values\nins: 0.5\ninz: 128\nlayers:\n- bias:\n    data:\n    - -411\n    size:\n    - 1\n"
        "  bs: 0.0001773834228515625\n  bz: 0\n  ins: 0.5\n  inz: 128\n  mn: 10\n  mqm0: 186\n  n_bits: 8\n"
        "  name: conv1\n  outs: 0.25\n  outz: 124\n  weight:\n    data:\n    - - - - 120\n          - 7\n"
        "        - - 120\n          - 255\n    size:\n    - 1\n    - 1\n    - 2\n    - 2\n"
        "  ws: 0.000354766845703125\n  wz: 120\n- bias:\n")
    assert text.endswith("outs: 0.125\noutz: 70\n")


def test_literal_coordinates() -> None:
    (file,) = write_coo(graph(), {})
    assert file.path == "net_int_coo.yml"
    first, second = yaml.safe_load(file.data)["layers"]
    assert first["weight"] == {"indices": [[0, 0], [0, 0], [0, 1], [1, 1]], "nnz": 2, "size": [1, 1, 2, 2],
                               "values": [7, 255]}
    assert first["bias"] == {"indices": [[0]], "nnz": 1, "size": [1], "values": [-411]}
    assert second["weight"] == {"indices": [[0], [0]], "nnz": 1, "size": [2, 1], "values": [3]}
    assert second["bias"] == {"indices": [[]], "nnz": 0, "size": [2], "values": []}


def test_literal_compressed_rows_and_columns() -> None:
    for writer, form, indptr in ((write_csr, "csr", [0, 2]), (write_csc, "csc", [0, 0, 1, 1, 2])):
        (file,) = writer(graph(), {})
        assert file.path == f"net_int_{form}.yml"
        first, second = yaml.safe_load(file.data)["layers"]
        indices = [1, 3] if form == "csr" else [0, 0]
        assert first["weight"] == {"form": form, "indices": indices, "indptr": indptr, "nnz": 2, "size": [1, 1, 2, 2],
                                   "values": [7, 255]}
        assert second["weight"]["values"] == [3]


@pytest.mark.parametrize("writer", [write, write_coo, write_csr, write_csc])
def test_every_form_is_read_back(writer: Any) -> None:
    net = graph()
    (file,) = writer(net, {})
    got = read({file.path: file.data}, {"path": file.path, **file.holds})
    expected = {p.name: p.array for p in parameters(net)}
    assert len(got) == 10
    for tensor, array in got.items():
        assert np.array_equal(array, expected[tensor]), tensor


@pytest.mark.parametrize(("sparse", "name"), [(False, f"{LENET}.yml"), (True, f"{LENET}_coo.yml")])
@pytest.mark.judge
def test_the_third_party_files_are_read_and_written_byte_for_byte(sparse: bool, name: str) -> None:
    data = need_data(name).read_bytes()
    document = parse(data, name)
    assert (document.ins, document.inz, document.outs, document.outz) == (
        0.007843137718737125, 128, 0.11027712374925613, 129)
    assert [(v.name, v.mn, v.mqm0, v.wz, v.weight.shape) for v in document.layers] == [
        ("conv1", 10, 186, 120, (6, 1, 5, 5)), ("conv2", 9, 129, 96, (16, 6, 5, 5)),
        ("conv3", 8, 205, 129, (120, 16, 5, 5)), ("fc1", 8, 133, 123, (84, 120)), ("fc2", 9, 229, 127, (10, 84))]
    first = document.layers[0]
    assert first.bias.tolist() == [-411, 15947, 1208, 10814, 2081, 4628]
    assert first.weight[0, 0].tolist() == [
        [74, 61, 93, 166, 223], [40, 42, 85, 120, 187], [120, 46, 120, 179, 223], [68, 79, 67, 175, 215],
        [72, 69, 120, 159, 187]]
    assert dump(document, "coo" if sparse else "dense") == data


@pytest.mark.judge
def test_the_third_party_files_agree_and_make_a_graph_that_is_written_as_they_are() -> None:
    dense, sparse = (parse(need_data(f"{LENET}{end}").read_bytes(), end) for end in (".yml", "_coo.yml"))
    for one, other in zip(dense.layers, sparse.layers, strict=True):
        assert np.array_equal(one.weight, other.weight)
        assert np.array_equal(one.bias, other.bias)
    document = document_of(lenet(dense))
    for got, want in zip(document.layers, dense.layers, strict=True):
        assert {k: v for k, v in vars(got).items() if k in EXACT} == {k: v for k, v in vars(want).items() if k in EXACT}
        assert np.array_equal(got.weight, want.weight)
        assert np.array_equal(got.bias, want.bias)


EXACT = ("name", "n_bits", "ins", "inz", "outs", "outz", "wz", "bz", "mn", "mqm0")


def lenet(document: Document) -> Graph:
    """Build the network of the third party's document."""
    b = GraphBuilder("lenet5")
    y = b.input("x", (1, 32, 32), S10, zero_point=document.inz, scale=document.ins)
    for k, v in enumerate(document.layers):
        kept = {"weight_type": U8, "weight_zero_point": v.wz, "name": v.name}
        if v.weight.ndim == 2 and len(y.type.shape) == 3:
            y = b.flatten(y)
        acc = (b.linear if v.weight.ndim == 2 else b.conv2d)(y, v.weight, v.bias, **kept)
        y = b.requantize(acc, v.mqm0, v.mn + v.n_bits, rounding="floor", zero_point=v.outz, type=S10, scale=v.outs)
        if k < 2:
            y = b.max_pool2d(b.clamp(y, v.outz, S10.qmax), 2)
    b.output(y)
    return b.build()


@pytest.mark.parametrize(("changes", "fault"), [
    ({"requantize": {"rounding": "ties_up"}}, "layer 'conv1': rounding ties_up, where this layout's readers floor; "
                                              "lower with --preset cnn_compress"),
    ({"requantize": {"left_shift": 1}}, "layer 'conv1': left_shift, bias_fraction_bits and acc_product have no place"),
    ({"conv": {"bias_fraction_bits": 2}}, "layer 'conv1': left_shift, bias_fraction_bits and acc_product"),
    ({"requantize": {"shift": 7}}, "layer 'conv1': shift 7 is below n_bits 8"),
    ({"requantize": {"scale": None}}, "value 'conv1' has no scale; this layout holds one real scale per tensor"),
])
def test_what_the_layout_cannot_say_is_refused(changes: dict[str, Any], fault: str) -> None:
    with pytest.raises(InputError) as caught:
        list(write(graph(**changes), {}))
    assert str(caught.value).startswith(f"yaml: {fault}")


def test_graphs_that_the_layout_cannot_say() -> None:
    b = GraphBuilder("net")
    x = b.input("x", (2, 3, 3), S10, scale=0.5)
    y = b.conv2d(x, np.ones((2, 1, 1, 1)).astype(int), groups=2, name="conv")
    b.output(b.requantize(y, [1, 2], 9, rounding="floor", scale=0.5))
    with pytest.raises(InputError, match="layer 'conv': multiplier differs between channels, this layout holds one"):
        list(write(b.build(), {}))
    b = GraphBuilder("net")
    x = b.input("x", (2, 3, 3), S10, scale=0.5)
    b.output(b.requantize(b.add(x, x, name="sum"), 1, 9, scale=0.5))
    with pytest.raises(InputError, match="layer 'sum': op add has no place in this layout; use readmemh, coo or c"):
        list(write(b.build(), {}))
    b.output(x)
    with pytest.raises(InputError, match="graph 'net' has 1 inputs and 2 outputs"):
        list(write(b.build(), {}))
    b = GraphBuilder("net")
    b.output(b.linear(b.input("x", (2,), S10, scale=0.5), [[1, 2]], name="fc"))
    with pytest.raises(InputError, match="layer 'fc': its accumulator is not requantized"):
        list(write(b.build(), {}))


@pytest.mark.parametrize(("old", "new", "fault"), [
    ("head: int_values", "head: float_values", "'head' is not int_values"),
    ("  mn: 10\n", "", "layer 'conv1': 'mn' is missing or not of kind int"),
    ("  mn: 10\n", "  mn: true\n", "layer 'conv1': 'mn' is missing or not of kind int"),
    ("  bs: 0.0001773834228515625", "  bs: big", "layer 'conv1': 'bs' is missing or not a number"),
    ("          - 255\n", "", "layer 'conv1', weight: data is ragged"),
    ("    size:\n    - 1\n    - 1\n    - 2", "    size:\n    - 1\n    - 1\n    - 3", r"data have shape \[1, 1, 2, 2\]"),
    ("          - 255\n", "          - 2.5\n", "layer 'conv1', weight: data must hold integers"),
    ("head:", "\thead:", "not valid YAML at line"),
])
def test_reading_names_what_is_wrong(old: str, new: str, fault: str) -> None:
    (file,) = write(graph(), {})
    text = file.data.decode()
    assert old in text
    with pytest.raises(CodecError, match=fault):
        parse(text.replace(old, new, 1).encode(), "net.yml")


def test_reading_coordinates_names_what_is_wrong() -> None:
    (file,) = write_coo(graph(), {})
    text = file.data.decode()
    with pytest.raises(CodecError, match="layer 'conv1', weight: has 2 values, nnz says 3"):
        parse(text.replace("nnz: 2", "nnz: 3", 1).encode(), "net.yml")
    with pytest.raises(CodecError, match="layer 'conv1', bias: coordinate 1 of value 0 is outside axis 0"):
        parse(text.replace("indices:\n    - - 0\n", "indices:\n    - - 1\n", 1).encode(), "net.yml")
