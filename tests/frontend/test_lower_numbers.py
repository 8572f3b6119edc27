"""Every integer of a lowered layer equals what the contract's formulas give on Fraction and int."""

from __future__ import annotations

import numpy as np
import pytest

import edgeq
from edgeq.arith.types import IntType
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from tests.frontend.lowering import OneInput, conv, layers, linear, lower, op, stored  # noqa: E402

WEIGHT = [
    [[[0.7, -0.31], [0.02, 0.4]], [[-0.9, 0.11], [0.5, 0.3]]],
    [[[0.013, 0.0], [-0.02, 0.007]], [[0.0045, 0.001], [0.019, -0.006]]],
    [[[3.0, 2.0], [1.0, -2.5]], [[0.25, 0.5], [-0.125, 3.0]]],
]
BIAS = [0.25, -0.0031, 1.75]
X, Y = (-1.3, 2.1), (-4.0, 7.5)


def columns(constant: object, channels: int) -> list[int]:
    """Return a parameter of a requantize, one number per channel."""
    return constant.per_channel(channels).tolist()


@pytest.mark.parametrize("weights", ["per_channel", "per_tensor"])
@pytest.mark.parametrize(("wbits", "abits"), [(2, 2), (3, 5), (4, 8), (8, 8), (8, 3), (12, 10), (16, 16)])
def test_convolution(wbits: int, abits: int, weights: str) -> None:
    first = conv(WEIGHT, BIAS)
    graph = lower(OneInput(lambda m, x: m.last(m.first(x)), first=first, last=nn.MaxPool2d(2)), (2, 4, 5),
                  ranges={"x": X, "first": Y}, wbits=wbits, abits=abits, weights=weights)
    x, y = oracle.activation(*X, abits), oracle.activation(*Y, abits)
    rows, bias = stored(first, "weight"), stored(first, "bias")
    made = oracle.weights(rows, bias, x, wbits, per_channel=weights == "per_channel")

    assert graph.types["x"].type == IntType(abits)
    assert (graph.types["x"].zero_point, graph.types["x"].scale) == (x.zero_point, x.scale)
    product = op(graph, "first.acc")
    assert product.weight_type == IntType(wbits)
    assert product.weight.array.reshape(3, -1).tolist() == made.codes
    assert product.bias.array.tolist() == made.bias
    assert product.weight_zero_point.array.tolist() == 0
    assert product.weight_scale == (tuple(made.scales) if weights == "per_channel" else made.scales[0])
    assert product.bias_real == tuple(bias)
    assert product.acc == IntType(max(oracle.signed_bits(*oracle.acc_limits(made, x)), 8))
    assert product.acc_overflow.name == "wrap"
    last = op(graph, "first")
    expected = oracle.multipliers(made, x, y)
    net = [s - left for s, left in zip(columns(last.shift, 3), columns(last.left_shift, 3), strict=True)]
    assert list(zip(columns(last.multiplier, 3), net, strict=True)) == expected
    assert min(columns(last.shift, 3)) >= 0
    assert (last.zero_point, last.type, last.clamp, last.scale) == (y.zero_point, IntType(abits), None, y.scale)
    assert (last.rounding.name, last.overflow.name) == ("ties_up", "saturate")


def test_values_are_those_of_the_contract() -> None:
    """One pixel through one layer, every step in Python ints."""
    first = conv(WEIGHT, BIAS)
    graph = lower(OneInput(lambda m, x: m.last(m.first(x)), first=first, last=nn.MaxPool2d(1)), (2, 2, 2),
                  ranges={"x": X, "first": Y})
    pixels = [-1.29, 0.0, 2.09, 0.5, 1.0, -0.7, 3.0, 0.3]
    run = edgeq.simulate(graph, {"x": np.array(pixels, np.float64).reshape(1, 2, 2, 2)})
    x, y = oracle.activation(*X, 8), oracle.activation(*Y, 8)
    made = oracle.weights(stored(first, "weight"), stored(first, "bias"), x, 8)
    codes = [x.of(p) for p in pixels]
    assert run.values["x"].ravel().tolist() == codes
    accs = [b + sum(w * (c - x.zero_point) for w, c in zip(row, codes, strict=True))
            for row, b in zip(made.codes, made.bias, strict=True)]
    assert run.values["first.acc"].ravel().tolist() == accs
    results = [((a * m + (1 << (s - 1))) >> s) + y.zero_point
               for a, (m, s) in zip(accs, oracle.multipliers(made, x, y), strict=True)]
    assert run.values["first"].ravel().tolist() == [min(max(r, -128), 127) for r in results]


LIMITS = {
    "relu": (nn.ReLU(), 0.0, None),
    "relu6": (nn.ReLU6(), 0.0, 6.0),
    "hardtanh": (nn.Hardtanh(-1.5, 2.25), -1.5, 2.25),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_the_clamp_of_requantize(name: str) -> None:
    limit, lo, hi = LIMITS[name]
    first = conv(WEIGHT, BIAS)
    model = OneInput(lambda m, x: m.last(m.act(m.first(x))), first=first, act=limit, last=nn.MaxPool2d(2))
    graph = lower(model, (2, 4, 5), ranges={"x": X, "first": Y})
    y = oracle.activation(*Y, 8)
    assert layers(graph) == [("first", "conv2d+requantize"), ("last", "max_pool2d")]
    assert op(graph, "first").clamp == (y.of(lo), y.hi if hi is None else y.of(hi))
    assert (graph.types["first"].lo, graph.types["first"].hi) == op(graph, "first").clamp


@pytest.mark.parametrize(("call", "lo", "hi"), [
    (lambda x: torch.clamp(x, -0.5, 1.0), -0.5, 1.0),
    (lambda x: torch.clamp(x, min=0.5), 0.5, None),
    (lambda x: torch.clamp(x, max=-0.25), None, -0.25),
    (lambda x: x.clamp_min(0.75), 0.75, None),
    (lambda x: x.clamp_max(3.0), None, 3.0),
    (lambda x: torch.relu(torch.clamp(x, max=2.0)), 0.0, 2.0),
    (lambda x: torch.nn.functional.relu6(torch.clamp(x, -7.0, -3.0)), 0.0, 0.0),
    (lambda x: torch.clamp(torch.relu(x), max=-1.0), -1.0, -1.0),
])  # fmt: skip
def test_functional_limits(call, lo: float | None, hi: float | None) -> None:
    """Two limits in a row are one; where they exclude each other, the later wins as in torch."""
    model = OneInput(lambda m, x: m.last(call(m.first(x))), first=conv(WEIGHT, BIAS), last=nn.MaxPool2d(2))
    graph = lower(model, (2, 4, 5), ranges={"x": X, "first": Y})
    y = oracle.activation(*Y, 8)
    assert op(graph, "first").clamp == (y.lo if lo is None else y.of(lo), y.hi if hi is None else y.of(hi))


def test_limits_at_the_ends_of_the_type_need_no_clamp() -> None:
    """The range of a ReLU starts at 0, whose code is the smallest there is."""
    model = OneInput(lambda m, x: m.last(torch.relu(m.first(x))), first=conv(WEIGHT, BIAS), last=nn.MaxPool2d(2))
    graph = lower(model, (2, 4, 5), ranges={"x": X, "first": (0.0, 7.5)})
    assert (op(graph, "first").clamp, op(graph, "first").zero_point) == (None, -128)


def test_a_limit_after_a_pool_is_a_requantize_of_its_own() -> None:
    model = OneInput(lambda m, x: m.last(m.act(m.pool(m.first(x)))), first=conv(WEIGHT, BIAS),
                     pool=nn.MaxPool2d(2), act=nn.ReLU(), last=nn.Flatten())
    graph = lower(model, (2, 5, 5), ranges={"x": X, "first": Y, "act": (0.0, 7.0)})
    assert layers(graph) == [("first", "conv2d+requantize"), ("pool", "max_pool2d"), ("act", "requantize"),
                             ("last", "flatten")]
    y, act = oracle.activation(*Y, 8), oracle.activation(0.0, 7.0, 8)
    kept = op(graph, "act")
    assert (int(kept.multiplier.array), int(kept.shift.array)) == oracle.multiplier(y.scale / act.scale)
    assert (kept.zero_point, kept.clamp) == (-128, None)


def test_linear_of_rank_two_samples() -> None:
    """(R, K) maps to (R, O); scales run along the last axis."""
    rows = [[0.5, -0.25, 0.125], [100.0, 3.0, -50.0]]
    layer = linear(rows, [0.1, -20.0])
    graph = lower(OneInput(lambda m, x: m.fc(x), fc=layer), (4, 3), ranges={"x": X, "fc": Y}, out_bits=8)
    x, y = oracle.activation(*X, 8), oracle.activation(*Y, 8)
    made = oracle.weights(stored(layer, "weight"), stored(layer, "bias"), x, 8)
    assert graph.types["fc"].shape == (4, 2)
    assert op(graph, "fc.acc").weight.array.tolist() == made.codes
    assert op(graph, "fc.acc").bias.array.tolist() == made.bias
    found = list(zip(columns(op(graph, "fc").multiplier, 2), columns(op(graph, "fc").shift, 2), strict=True))
    assert found == oracle.multipliers(made, x, y)


def test_a_zero_channel_and_a_zero_layer() -> None:
    """Channels of zeros borrow a scale; a layer of zeros has some scale and only zeros come out."""
    graph = lower(OneInput(lambda m, x: m.fc(x), fc=linear([[0.5, -0.5], [0.0, 0.0]])), (2,), ranges={"x": X})
    assert op(graph, "fc.acc").weight.array.tolist() == [[127, -127], [0, 0]]
    for bias in (None, [0.0, 0.0]):
        model = OneInput(lambda m, x: m.fc(x), fc=linear([[0.0, 0.0], [0.0, 0.0]], bias))
        graph = lower(model, (2,), ranges={"x": X})
        assert edgeq.simulate(graph, {"x": np.full((1, 2), 2.0)}).outputs["fc"].tolist() == [[0, 0]]
    both = OneInput(lambda m, x: m.a(x) + m.b(x), a=linear([[0.0, 0.0]]), b=linear([[0.0, 0.0]]))
    graph = lower(both, (2,), ranges={"x": X, "a": (0.0, 1.0), "b": (-1.0, 0.0)})
    assert edgeq.simulate(graph, {"x": np.full((1, 2), 2.0)}).outputs["add"].tolist() == [[0]]


def test_weights_too_small_for_float32_scales() -> None:
    graph = lower(OneInput(lambda m, x: m.fc(x), fc=linear([[0.5, -0.5], [1e-44, 0.0]])), (2,), ranges={"x": X})
    assert op(graph, "fc.acc").weight.array.tolist() == [[127, -127], [0, 0]]


def test_a_large_bias_raises_the_scale_of_the_weights() -> None:
    """A bias of 2**28 steps is the most; beyond, the weights lose bits instead of the accumulator."""
    layer = linear([[1e-6, -1e-6]], [1000.0])
    graph = lower(OneInput(lambda m, x: m.fc(x), fc=layer), (2,), ranges={"x": X})
    x = oracle.activation(*X, 8)
    scale = oracle.float32(1000.0 / (x.scale * 2**28))
    assert op(graph, "fc.acc").bias.array.tolist() == [round(1000.0 / (scale * x.scale))]
    assert op(graph, "fc.acc").weight.array.tolist() == [[round(stored(layer, "weight")[0][0] / scale),
                                                          round(stored(layer, "weight")[0][1] / scale)]]
