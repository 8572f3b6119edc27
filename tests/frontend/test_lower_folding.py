"""Batch norm and padding go into convolutions in float64; what cannot go stays, and stays right."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest

import edgeq
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from tests.frontend.lowering import (  # noqa: E402
    Function,
    OneInput,
    batch_norm,
    conv,
    layers,
    linear,
    lower,
    noise,
    op,
    restored,
    stored,
)

X, Y = (-1.3, 2.1), (-4.0, 7.5)
NORM = ([1.25, -0.5], [0.3, -0.01], [0.75, 0.125], [0.51, 2.2])
WEIGHT = [[[[0.7, -0.31]], [[0.02, 0.4]]], [[[0.013, 0.1]], [[-0.02, 0.007]]]]


def folded(norm: nn.Module, rows: list[list[float]], bias: list[float]) -> tuple[list[list[float]], list[float]]:
    """Return weights and bias with batch norm inside, in Python's float64."""
    gamma, beta, mean, var = (stored(norm, n) for n in ("weight", "bias", "running_mean", "running_var"))
    gain = [g / math.sqrt(v + norm.eps) for g, v in zip(gamma, var, strict=True)]
    offset = [b - m * g for b, m, g in zip(beta, mean, gain, strict=True)]
    weights = [[w * g for w in row] for row, g in zip(rows, gain, strict=True)]
    return weights, [b * g + o for b, g, o in zip(bias, gain, offset, strict=True)]


@pytest.mark.parametrize("bias", [None, [9876.543, -0.33]])
def test_batch_norm_folds_in_float64(bias: list[float] | None) -> None:
    """With a bias of 2**27 steps, float32 folding would miss by whole steps."""
    first, norm = conv(WEIGHT, bias), batch_norm(*NORM)
    model = OneInput(lambda m, x: m.last(torch.relu(m.bn(m.first(x)))), first=first, bn=norm, last=nn.Flatten())
    graph = lower(model, (2, 3, 4), ranges={"x": X, "first": Y})
    x = oracle.activation(*X, 8)
    rows, offsets = folded(norm, stored(first, "weight"), stored(first, "bias") if bias else [0.0, 0.0])
    made = oracle.weights(rows, offsets, x, 8)
    assert layers(graph) == [("first", "conv2d+requantize"), ("last", "flatten")]
    assert op(graph, "first.acc").weight.array.reshape(2, -1).tolist() == made.codes
    assert op(graph, "first.acc").bias.array.tolist() == made.bias
    expected = [m for m, _ in oracle.multipliers(made, x, oracle.activation(*Y, 8))]
    assert op(graph, "first").multiplier.array.tolist() == expected


def test_batch_norm_folds_into_linear_and_grouped_convolution() -> None:
    norm = batch_norm(*NORM, kind=nn.BatchNorm1d)
    fc = linear([[0.5, -0.25], [0.125, 1.0]], [0.0, 0.1])
    graph = lower(OneInput(lambda m, x: m.bn(m.fc(x)), fc=fc, bn=norm), (2,), ranges={"x": X, "fc": Y}, out_bits=8)
    rows, offsets = folded(norm, stored(fc, "weight"), stored(fc, "bias"))
    made = oracle.weights(rows, offsets, oracle.activation(*X, 8), 8)
    assert op(graph, "fc.acc").weight.array.tolist() == made.codes
    assert op(graph, "fc.acc").bias.array.tolist() == made.bias

    grouped, norm = conv([[[[0.5]]], [[[-0.25]]]], groups=2), batch_norm(*NORM)
    graph = lower(OneInput(lambda m, x: m.bn(m.conv(x)), conv=grouped, bn=norm), (2, 2, 2), ranges={"x": X})
    rows, offsets = folded(norm, [[0.5], [-0.25]], [0.0, 0.0])
    made = oracle.weights(rows, offsets, oracle.activation(*X, 8), 8)
    assert op(graph, "conv.acc").groups == 2
    assert op(graph, "conv.acc").weight.array.reshape(2, 1).tolist() == made.codes


def test_batch_norm_alone_is_depthwise() -> None:
    """After a pool, after a convolution that others read, and on an input there is nothing to fold into."""
    norm = batch_norm(*NORM)
    rows, offsets = folded(norm, [[1.0], [1.0]], [0.0, 0.0])
    model = OneInput(lambda m, x: m.bn(m.pool(x)), pool=nn.MaxPool2d(2), bn=norm)
    graph = lower(model, (2, 4, 4), ranges={"x": X})
    made = oracle.weights(rows, offsets, oracle.activation(*X, 8), 8)
    assert layers(graph) == [("pool", "max_pool2d"), ("bn", "conv2d+requantize")]
    assert op(graph, "bn.acc").groups == 2
    assert op(graph, "bn.acc").weight.array.shape == (2, 1, 1, 1)
    assert op(graph, "bn.acc").weight.array.reshape(2, 1).tolist() == made.codes
    assert op(graph, "bn.acc").bias.array.tolist() == made.bias

    def both(m, x):
        y = m.conv(x)
        return m.bn(y) + y

    graph = lower(OneInput(both, conv=conv(WEIGHT), bn=norm), (2, 3, 4), ranges={"x": X, "conv": Y, "bn": Y})
    assert [n for n, _ in layers(graph)] == ["conv", "bn", "add.x1", "add.x2", "add"]


def test_batch_norm_of_a_vector_is_a_diagonal() -> None:
    norm = batch_norm(*NORM, kind=nn.BatchNorm1d)
    graph = lower(OneInput(lambda m, x: m.bn(x), bn=norm), (2,), ranges={"x": X})
    rows, offsets = folded(norm, [[1.0], [1.0]], [0.0, 0.0])
    made = oracle.weights([[rows[0][0], 0.0], [0.0, rows[1][0]]], offsets, oracle.activation(*X, 8), 8)
    assert op(graph, "bn.acc").weight.array.tolist() == made.codes


@pytest.mark.parametrize("channels", [2, 3])
def test_batch_norm_of_rows_is_a_layer_of_its_own(channels: int) -> None:
    """Of (N, C, L) the channels are not the outputs of the matrix product, even where the numbers agree."""
    fc = linear(noise(channels, 4).tolist())
    model = OneInput(lambda m, x: m.bn(m.fc(x)), fc=fc, bn=batch_norm(*NORM, kind=nn.BatchNorm1d))
    graph = lower(model, (2, 4), ranges={"x": X, "fc": Y})
    assert [n.op.KIND for n in graph.nodes] == ["linear", "requantize", "conv1d", "requantize"]
    rows, offsets = folded(model.bn, [[1.0], [1.0]], [0.0, 0.0])
    made = oracle.weights(rows, offsets, oracle.activation(*Y, 8), 8)
    assert op(graph, "bn.acc").weight.array.reshape(2, 1).tolist() == made.codes
    assert op(graph, "bn.acc").groups == 2


def test_two_batch_norms_and_one_without_parameters() -> None:
    plain = nn.BatchNorm2d(2, affine=False)
    model = OneInput(lambda m, x: m.b(m.a(m.conv(x))), conv=conv(WEIGHT), a=batch_norm(*NORM), b=plain).eval()
    x = noise(16, 2, 3, 4)
    graph = edgeq.lower(model, (torch.zeros(2, 2, 3, 4),), x, wbits=16, abits=16)
    real = model(torch.from_numpy(x)).detach().numpy()
    # the reference is float32 and the codes have 16 bits: a wrong gain or offset is off by percents
    assert np.abs(restored(graph, {"x": x})["b"] - real).max() < 1e-3 * np.abs(real).max()


def test_a_decomposed_batch_norm_folds_too() -> None:
    """After run_decompositions the operator is another and gives three results."""
    model = OneInput(lambda m, x: m.bn(m.conv(x)), conv=conv(WEIGHT), bn=batch_norm(*NORM)).eval()
    example = (torch.zeros(2, 2, 3, 4),)
    exported = torch.export.export(model, example, dynamic_shapes=({0: torch.export.Dim.AUTO},))
    plain = edgeq.lower(exported, ranges={"x": X})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's, about its own tree
        decomposed = edgeq.lower(exported.run_decompositions(), ranges={"x": X})
    assert op(decomposed, "conv.acc") == op(plain, "conv.acc")
    assert op(decomposed, "conv") == op(plain, "conv")


def padded(function, **options) -> edgeq.Graph:
    model = OneInput(function, conv=conv(WEIGHT, [0.1, 0.2]), pool=nn.MaxPool2d(2))
    return lower(model, (2, 3, 4), **({"ranges": {"x": X}} | options))


def test_padding_with_zero_folds() -> None:
    graph = padded(lambda m, x: m.conv(F.pad(x, (0, 1, 2, 3))))
    assert layers(graph) == [("conv", "conv2d+requantize")]
    assert op(graph, "conv.acc").padding == (2, 0, 3, 1)  # top, left, bottom, right
    graph = padded(lambda m, x: F.conv2d(F.pad(x, (1, 2, 1, 0)), m.conv.weight, padding=(0, 3)))
    assert layers(graph) == [("conv", "conv2d+requantize")]
    assert op(graph, "conv.acc").padding == (1, 4, 0, 5)

    def shared(m, x):
        wide = F.pad(x, (1, 1))
        return m.conv(wide) + F.conv2d(wide, m.conv.weight)

    both = padded(shared, ranges=None, calibration=noise(4, 2, 3, 4))
    assert not [n for n in both.nodes if n.op.KIND == "pad"]
    assert [n.op.padding for n in both.nodes if n.op.KIND == "conv2d"] == [(0, 1, 0, 1)] * 2


def test_string_padding() -> None:
    """torch puts what is odd to the bottom and right."""
    rows = np.ones((1, 2, 2, 3)).tolist()
    for name, sides in {"same": (0, 1, 1, 1), "valid": (0, 0, 0, 0)}.items():
        graph = lower(OneInput(lambda m, x: m.c(x), c=conv(rows, padding=name)), (2, 4, 5), ranges={"x": X})
        assert op(graph, "c.acc").padding == sides
    graph = lower(OneInput(lambda m, x: m.c(x), c=conv(rows, padding="same", dilation=(3, 2))), (2, 5, 7),
                  ranges={"x": X})
    assert (op(graph, "c.acc").padding, op(graph, "c.acc").dilation) == ((1, 2, 2, 2), (3, 2))


def test_padding_that_others_read_or_of_another_value_stays() -> None:
    x = oracle.activation(*X, 8)
    graph = padded(lambda m, v: m.conv(F.pad(v, (1, 1, 0, 0), value=1.5)))
    assert layers(graph) == [("pad", "pad"), ("conv", "conv2d+requantize")]
    kept = op(graph, "pad")
    assert (kept.before, kept.after, kept.value) == ((0, 0, 1), (0, 0, 1), x.of(1.5))
    graph = padded(lambda m, v: m.pool(F.pad(v, (1, 1))))
    assert (op(graph, "pad").value, layers(graph)) == (x.zero_point, [("pad", "pad"), ("pool", "max_pool2d")])

    def shared(m, v):
        wide = F.pad(v, (1, 1))
        return m.pool(wide), m.conv(wide)

    graph = padded(shared)
    assert [n.op.KIND for n in graph.nodes][:2] == ["pad", "max_pool2d"]
    assert op(graph, "conv.acc").padding == (0, 0, 0, 0)


def test_a_border_outside_the_range_widens_it() -> None:
    """ReLU's values start at 0; a border of -1 around them must not become 0."""
    def function(m, v):
        return m.conv(F.pad(m.pool(torch.relu(v)), (1, 1, 1, 1), value=-1.0))

    model = OneInput(function, conv=conv(WEIGHT), pool=nn.MaxPool2d(1)).eval()
    x = noise(8, 2, 3, 4)
    graph = edgeq.lower(model, (torch.zeros(2, 2, 3, 4),), x)
    relu = oracle.activation(-1.0, float(x.max()), 8)
    assert (graph.types["relu"].scale, graph.types["relu"].zero_point) == (relu.scale, relu.zero_point)
    assert op(graph, "pad").value == relu.of(-1.0)


def test_the_input_that_is_padded_by_infinity_before_max_pool() -> None:
    graph = padded(lambda m, v: m.pool(F.pad(v, (1, 1), value=-math.inf)))
    assert op(graph, "pad").value == -128


def test_average_pool_counts_its_border() -> None:
    """A border of 0 around values of at least 1 is less than they are: no proof may forget it."""
    def function(m, v):
        return m.conv(m.avg(torch.clamp(v, 1.0, 2.0)))

    pool = nn.AvgPool2d(3, 1, padding=1)
    model = OneInput(function, conv=conv(np.ones((1, 2, 1, 1)).tolist()), avg=pool).eval()
    x = noise(8, 2, 4, 4) + 1.0
    graph = edgeq.lower(model, (torch.zeros(2, 2, 4, 4),), x)
    run = edgeq.simulate(graph, {"x": x})
    kept = graph.types["avg"]
    assert kept.lo <= run.values["avg"].min()
    assert run.values["avg"].max() <= kept.hi


def test_several_inputs_fold_by_their_own_names() -> None:
    model = Function(lambda m, a, b: m.conv(F.pad(a, (1, 1))) + b, conv=conv(WEIGHT))
    data = {"x_0": noise(4, 2, 3, 4), "x_1": noise(4, 2, 3, 5)}
    shapes = (torch.zeros(2, 2, 3, 4), torch.zeros(2, 2, 3, 5))
    graph = edgeq.lower(model.eval(), shapes, data)
    assert [i.name for i in graph.inputs] == ["x_0", "x_1"]
    real = model(*map(torch.from_numpy, data.values())).detach().numpy()
    noise_power = ((restored(graph, data)["add"] - real) ** 2).mean()
    assert 10 * np.log10((real**2).mean() / noise_power) > 30  # dB of 8 bits; a misplaced border gives less than 10
