"""CNN_Compress's tensors and documents: literal text in every form, the third party's sizes, every fault named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edgeq.codecs.cnn_compress import (
    FORMS,
    Document,
    LayerValues,
    RealDocument,
    RealLayer,
    dump,
    dump_reals,
    parse,
    parse_reals,
)
from edgeq.errors import CodecError
from tests.data import need_data

WEIGHT = np.array([[[[5, 1], [5, -2]]], [[[5, 5], [5, 5]]], [[[0, 5], [3, 255]]]])  # (3, 1, 2, 2), zero point 5
BIAS = np.array([0, -7, 0])
REALS = RealDocument((
    RealLayer("conv", np.array([[0.0, 0.25], [-1.5, 0.0], [0.0, 0.0]], np.float32), np.array([0.0, 1e-5, 0.0])),
    RealLayer("", np.array([[0.1]], np.float32)),
))


def document(weight: Any = WEIGHT, bias: Any = BIAS) -> Document:
    layer = LayerValues("conv", 8, 0.5, 1, 0.25, 2, 0.125, 5, 0.0625, 0, 3, 129, weight, bias)
    return Document(0.5, 1, 0.25, 2, (layer,))


def weight_text(form: str) -> str:
    text = dump(document(), form).decode()
    return text[text.index("  weight:\n") : text.index("  ws:")]


def block(name: str, values: list[int]) -> str:
    return f"    {name}:\n" + "".join(f"    - {v}\n" for v in values)


def test_compressed_rows_are_output_channels() -> None:
    assert weight_text("csr") == (
        "  weight:\n    form: csr\n" + block("indices", [1, 3, 0, 2, 3]) + block("indptr", [0, 2, 2, 5])
        + "    nnz: 5\n" + block("size", [3, 1, 2, 2]) + block("values", [1, -2, 0, 3, 255]))


def test_compressed_columns() -> None:
    assert weight_text("csc") == (
        "  weight:\n    form: csc\n" + block("indices", [2, 0, 2, 0, 2]) + block("indptr", [0, 1, 2, 3, 5])
        + "    nnz: 5\n" + block("size", [3, 1, 2, 2]) + block("values", [0, 1, 3, -2, 255]))


def test_a_bias_is_a_matrix_of_one_column() -> None:
    for form, indices, indptr in (("csr", [0], [0, 0, 1, 1]), ("csc", [1], [0, 1])):
        text = dump(document(), form).decode()
        assert "- bias:\n    form: " + form + "\n" + block("indices", indices) + block("indptr", indptr) in text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weight", [
    WEIGHT, np.full((2, 3), 5), np.array([[7]]), np.arange(24).reshape(2, 3, 4), np.array([[1 << 62, -(1 << 63)]]),
])
def test_every_form_comes_back(form: str, weight: Any) -> None:
    (layer,) = parse(dump(document(weight), form), "net.yml").layers
    assert np.array_equal(layer.weight, weight)
    assert layer.weight.shape == weight.shape
    assert layer.weight.dtype == np.int64
    assert layer.bias.tolist() == [0, -7, 0]


def test_literal_reals() -> None:
    assert dump_reals(REALS).decode() == (
        "head: float_value\nlayers:\n- bias:\n    data:\n    - 0.0\n    - 1.0e-05\n    - 0.0\n    size:\n    - 3\n"
        "  name: conv\n  weight:\n    data:\n    - - 0.0\n      - 0.25\n    - - -1.5\n      - 0.0\n    - - 0.0\n"
        "      - 0.0\n    size:\n    - 3\n    - 2\n- bias:\n    data: []\n    size: []\n  name: ''\n  weight:\n"
        "    data:\n    - - 0.10000000149011612\n    size:\n    - 1\n    - 1\n")


def test_literal_reals_without_zeros() -> None:
    text = dump_reals(REALS, "coo").decode()
    assert text.startswith("head: float_value\nlayers:\n- bias:\n    indices:\n    - - 1\n    nnz: 1\n    size:\n"
                           "    - 3\n    values:\n    - 1.0e-05\n  name: conv\n  weight:\n    indices:\n    - - 0\n"
                           "      - 1\n"
                           "    - - 1\n      - 0\n    nnz: 2\n    size:\n    - 3\n    - 2\n    values:\n    - 0.25\n"
                           "    - -1.5\n- bias:\n    indices: []\n    nnz: 0\n    size: []\n    values: []\n")


@pytest.mark.parametrize("form", FORMS)
def test_reals_come_back(form: str) -> None:
    first, second = parse_reals(dump_reals(REALS, form), "net.yml").layers
    assert (first.name, second.name, second.bias) == ("conv", "", None)
    assert first.weight.dtype == np.float64
    assert first.weight.tolist() == [[0.0, 0.25], [-1.5, 0.0], [0.0, 0.0]]
    assert first.bias is not None
    assert first.bias.tolist() == [0.0, 1e-5, 0.0]
    assert second.weight.tolist() == [[float(np.float32(0.1))]]


@pytest.mark.judge
@pytest.mark.parametrize(("form", "named", "size"), [("dense", True, 1_074_661), ("coo", False, 347_768)])
def test_the_third_partys_reals_make_files_of_its_sizes(form: str, named: bool, size: int) -> None:
    """The sizes of CNN_Compress's example/lenet5_sparse_quantized_float.yml and _float_coo.yml, commit 4dd2961."""
    torch = pytest.importorskip("torch")
    path = need_data("lenet5_reference/lenet5_sparse_quantized.pt")
    state = torch.load(path, weights_only=True, map_location="cpu")
    layers = tuple(
        RealLayer(name if named else "", *(state[f"{name}.{part}"].numpy() for part in ("weight", "bias")))
        for name in ("conv1", "conv2", "conv3", "fc1", "fc2"))
    data = dump_reals(RealDocument(layers), form)
    assert len(data) == size
    for got, want in zip(parse_reals(data, "net.yml").layers, layers, strict=True):
        assert got.name == want.name
        assert np.array_equal(got.weight, want.weight)
        assert np.array_equal(got.bias, want.bias)


@pytest.mark.parametrize(("form", "old", "new", "fault"), [
    ("csr", "    form: csr\n", "", "weight: 'form' is missing or not of kind str"),
    ("csr", "form: csr", "form: rows", "weight: form 'rows' has no indptr; forms with one are csr and csc"),
    ("csr", "form: csr", "form: csc", r"weight: indptr has shape \[4\], expected \[5\]"),
    ("csr", "    - 0\n    - 2\n    - 2\n    - 5\n", "    - 0\n    - 2\n    - 1\n    - 5\n",
     "weight: indptr must ascend from 0 to nnz 5"),
    ("csr", "    - 2\n    - 2\n    - 5\n", "    - 2\n    - 2\n    - 4\n", "indptr must ascend from 0 to nnz 5"),
    ("csr", "    - 0\n    - 2\n    - 3\n    indptr", "    - 0\n    - 2\n    - 4\n    indptr",
     r"weight: coordinate 4 of value 4 is outside axis 1 of \[3, 4\]"),
    ("csr", "    - 0\n    - 2\n    - 3\n    indptr", "    - 0\n    - 2\n    - 2\n    indptr",
     "weight: value 4 is not after the one before it"),
    ("csr", "    - 0\n    - 2\n    - 3\n    indptr", "    - 0\n    - 2\n    indptr",
     r"weight: indices have shape \[4\], expected \[5\]"),
    ("csr", "    nnz: 5\n", "    nnz: 6\n", "weight: has 5 values, nnz says 6"),
    ("csr", "    nnz: 5\n", "    nnz: many\n", "weight: 'nnz' is missing or not of kind int"),
    ("csc", "    - 3\n    - 1\n    - 2\n    - 2\n", "    - 3\n    - 0\n    - 2\n    - 2\n",
     r"weight: size \[3, 0, 2, 2\] is not that of 1 to 2\^28 values"),
    ("coo", "    - 3\n    - 1\n    - 2\n    - 2\n", "    - 268435457\n", r"size \[268435457\] is not that of 1 to 2"),
    ("coo", "    - 3\n    - 1\n    - 2\n    - 2\n", "    - 12\n",
     r"weight: indices have shape \[4, 5\], expected \[1, 5\]"),
])
def test_reading_names_what_is_wrong(form: str, old: str, new: str, fault: str) -> None:
    text = dump(document(), form).decode()
    start = text.index("  weight:\n")
    assert old in text[start:]
    with pytest.raises(CodecError, match=f"net.yml, layer 'conv', {fault}" if fault.startswith("weight") else fault):
        parse((text[:start] + text[start:].replace(old, new, 1)).encode(), "net.yml")


def test_a_zero_point_past_64_bits_is_refused() -> None:
    text = dump(document(), "coo").replace(b"  wz: 5\n", b"  wz: 36893488147419103232\n")
    with pytest.raises(CodecError, match="layer 'conv': 'wz' does not fit 64 bits"):
        parse(text, "net.yml")


@pytest.mark.parametrize(("old", "new", "fault"), [
    ("float_value", "int_values", "net.yml: 'head' is not float_value"),
    ("- 0.25", "- .nan", "layer 'conv', weight: data holds a number that is not finite"),
    ("- 0.25", "- x", "layer 'conv', weight: data must hold numbers"),
    ("      - 0.25\n", "", "layer 'conv', weight: data is ragged"),
    ("  name: conv\n", "", "layer 0: 'name' is missing"),
    ("size:\n    - 1\n    - 1\n", "size:\n    - 2\n    - 1\n", "layer 1, weight: data have shape"),
])
def test_reading_reals_names_what_is_wrong(old: str, new: str, fault: str) -> None:
    text = dump_reals(REALS).decode()
    assert old in text
    with pytest.raises(CodecError, match=fault):
        parse_reals(text.replace(old, new, 1).encode(), "net.yml")


def test_numbers_that_yaml_cannot_hold_are_refused() -> None:
    with pytest.raises(CodecError, match="layer 'conv', weight: holds a number that is not finite"):
        dump_reals(RealDocument((RealLayer("conv", np.array([[np.inf]])),)))
