"""Weights that came quantized: batch norm folded into codes, encodings, codebooks."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.errors import UnsupportedOpError
from tests.frontend.lowering import OneInput, batch_norm, codes, layers, lower, op

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402
from torch.ao.quantization.fx import _decomposed  # noqa: E402, F401 - registers quantized_decomposed

qd = torch.ops.quantized_decomposed


def quantized(x, scale=0.25, zero_point=0):
    x = qd.quantize_per_tensor(x, scale, zero_point, -128, 127, torch.int8)
    return qd.dequantize_per_tensor(x, scale, zero_point, -128, 127, torch.int8)


class Layer(nn.Module):
    """A 1x1 convolution of one channel with the given codes, limits and zero points, then batch norm."""

    def __init__(self, values, limits, zero_points=None, norm=None, scale=0.5) -> None:
        super().__init__()
        self.register_buffer("codes", torch.tensor(values, dtype=torch.int16).reshape(len(values), -1, 1, 1))
        self.register_buffer("scale", torch.full((len(values),), scale))
        self.register_buffer("zero_point", torch.tensor(zero_points or [0] * len(values)))
        self.limits, self.norm = limits, norm

    def weight(self):
        return self.codes

    def forward(self, x):
        w = qd.dequantize_per_channel(self.weight(), self.scale, self.zero_point, 0, *self.limits, torch.int16)
        y = F.conv2d(quantized(x), w)
        return y if self.norm is None else self.norm(y)


def folded(values, limits, gains, zero_points=None):
    """Return the convolution that batch norm with these gains, offset 1, mean 0 went into, and its kept graph."""
    norm = batch_norm(gains, [1.0] * len(gains), [0.0] * len(gains), [1.0] * len(gains))
    norm.eps = 0.0
    graph = lower(Layer(values, limits, zero_points, norm), (1, 2, 2))
    assert layers(graph) == [("conv2d", "conv2d+requantize")]
    return op(graph, "conv2d.acc")


def test_batch_norm_goes_into_scale_codes_and_bias() -> None:
    made = folded([3, 3, -4, 5], (-127, 127), [2.0, -2.0, -0.5, 0.0])
    assert made.weight.array.reshape(-1).tolist() == [3, -3, 4, 0]
    assert made.weight_scale == (1.0, 1.0, 0.25, 0.5)
    assert made.bias.array.tolist() == [4, 4, 16, 8]  # 1 over steps of scale / 4
    assert made.weight_zero_point.array.tolist() == 0


@pytest.mark.parametrize(("limits", "zero_points", "values", "expected", "kept"), [
    ((-127, 127), [5, 7], [10, -20], ([10, 20], [5, -7]), "s8"),  # the limits hold the negated codes
    ((-128, 127), [0, 0], [10, -128], ([10, 127], [0, -1]), "s8"),  # -128 has no negative: mirrored about -1
    ((0, 255), [128, 130], [10, 255], ([10, 0], [128, 125]), "u8"),  # unsigned: about 255
    ((-128, 127), [0, 0], [10, -127], ([10, 127], [0, 0]), "s8"),
])
def test_negative_gains_mirror_codes_zero_points_and_stay_in_the_limits(
    limits, zero_points, values, expected, kept
) -> None:
    made = folded(values, limits, [1.0, -1.0], zero_points)
    zeros = made.weight_zero_point.array.tolist()
    assert (made.weight.array.reshape(-1).tolist(), zeros if isinstance(zeros, list) else [zeros] * 2) == expected
    assert str(made.weight_type) == kept
    real = [(c - z) for c, z in zip(*expected, strict=True)]
    assert real == [values[0] - zero_points[0], -(values[1] - zero_points[1])]


def test_a_gain_of_zero_is_the_zero_point() -> None:
    made = folded([10, 20], (0, 255), [0.0, 1.0], [128, 7])
    assert made.weight.array.reshape(-1).tolist() == [128, 20]
    assert made.weight_zero_point.array.tolist() == [128, 7]


def test_a_gain_that_has_trained_away() -> None:
    """A bias of 1 over steps of 1e-30: weights of 0 at the other channel's scale, not a refusal."""
    made = folded([3, 3], (-127, 127), [1e-30, 1.0])
    assert made.weight.array.reshape(-1).tolist() == [0, 3]
    assert made.bias.array.tolist() == [8, 8]


ENCODINGS = {
    "binary": ([[1, -1], [-1, 1]], (-1, 1), "bipolar", "s2"),
    "ternary": ([[1, 0], [-1, 1]], (-1, 1), "ternary", "s2"),
    "dorefa": ([[3, -1] * 32, [1, -3] * 32], (-3, 3), "bipolar", "s3"),
    "dorefa 8": ([[255, -1] * 32, [1, -3] * 32], (-255, 255), "bipolar", "s9"),
    "even": ([[3, -1] * 32, [0, -3] * 32], (-3, 3), "int", "s3"),
    "few": ([[127], [-127]], (-127, 127), "int", "s8"),
    "uneven limits": ([[1], [-1]], (-2, 1), "int", "s2"),
    "other limits": ([[5, -5] * 32], (-5, 5), "int", "s4"),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_encodings(name) -> None:
    values, limits, encoding, kept = ENCODINGS[name]
    graph = lower(Layer(values, limits), (len(values[0]), 1, 1))
    made = op(graph, "conv2d.acc")
    assert (made.weight_encoding, str(made.weight_type)) == (encoding, kept)
    assert made.weight.array.reshape(len(values), -1).tolist() == values


def test_zero_weights_of_a_binary_layer_make_it_ternary() -> None:
    assert folded([1, 1], (-1, 1), [0.0, -1.0]).weight_encoding == "ternary"
    assert folded([1, 1], (-1, 1), [1.0, -1.0]).weight_encoding == "bipolar"


class Book(Layer):
    """The same layer with weights from a table."""

    def __init__(self, lookup, table, places, **options) -> None:
        super().__init__([[0]] * len(places), (-128, 127), **options)
        self.register_buffer("table", torch.tensor(table, dtype=torch.int16))
        self.register_buffer("places", torch.tensor(places))
        self.lookup = lookup

    def weight(self):
        return self.lookup(self).reshape(*self.places.shape, 1, 1)


LOOKUPS = {
    "index": (lambda m: m.table.to(torch.int8)[m.places].to(torch.int16), [-7, 0, 100], "codebook"),
    "embedding": (lambda m: F.embedding(m.places, m.table.reshape(-1, 1)).squeeze(-1), [-7, 0, 100], "codebook"),
    "gather": (lambda m: torch.gather(m.table, 1, m.places), [[-7, 0, 100], [3, 0, 1]], "codebook_per_channel"),
    "gather alike": (lambda m: torch.gather(m.table, 1, m.places), [[-7, 0, 100]] * 2, "codebook"),
}


@pytest.mark.parametrize("name", LOOKUPS)
def test_codebooks(name, tmp_path: Path) -> None:
    """In memory and from a file that is read without torch's unpickler; the layer has its module's name."""
    lookup, table, encoding = LOOKUPS[name]
    places = [[2, 1, 0, 1], [0, 0, 2, 1]]
    model = OneInput(lambda m, x: m.fc(x), fc=Book(lookup, table, places)).eval()
    expected = [[(table[o] if isinstance(table[0], list) else table)[p] for p in row] for o, row in enumerate(places)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.export.save(torch.export.export(model, (torch.zeros(2, 4, 1, 1),)), tmp_path / "m.pt2")
    for graph in (lower(model, (4, 1, 1)), edgeq.lower(tmp_path / "m.pt2")):
        made = op(graph, "fc.acc")
        assert (made.weight_encoding, str(made.weight_type)) == (encoding, "s8")
        assert made.weight.array.reshape(2, 4).tolist() == expected
    y = codes(graph, np.ones((1, 4, 1, 1), np.float32))["fc.acc"].reshape(-1)
    assert y.tolist() == [4 * sum(row) for row in expected]


def test_a_table_of_vectors_is_no_codebook() -> None:
    """Entries that are rows give plain integers."""
    book = Book(lambda m: F.embedding(m.places, m.table).reshape(2, 2), [[1, 2], [3, 4]], [[0], [1]])
    book.weight = lambda: book.lookup(book).reshape(2, 2, 1, 1)
    made = op(lower(OneInput(lambda m, x: m.fc(x), fc=book), (2, 1, 1)), "fc.acc")
    assert made.weight_encoding == "int"
    assert made.weight.array.reshape(-1).tolist() == [1, 2, 3, 4]


def test_a_table_that_the_input_reads_is_refused() -> None:
    model = OneInput(lambda m, x: F.embedding(x, m.w), w=nn.Parameter(torch.zeros(3, 2)))
    with pytest.raises(UnsupportedOpError, match=r"aten\.embedding.*look up constants alone"):
        edgeq.lower(model.eval(), (torch.zeros(2, 3, dtype=torch.int64),))
