"""Two values: sub, mul, matmul, maximum, minimum, concat, and sums over axes, value by value in Python ints."""

from __future__ import annotations

import numpy as np
import pytest

import edgeq
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from tests.frontend.lowering import (  # noqa: E402
    OneInput,
    TwoInputs,
    centred,
    codes,
    conv,
    layers,
    linear,
    lower,
    noise,
    op,
    rescaled,
)

X, Y, Z = (-1.3, 2.1), (-3.0, 2.0), (-2.5, 4.0)
EYE = np.eye(2).reshape(2, 2, 1, 1)


def two(function, left, right, result, shape=(2, 3), *, bits: int | None = 8):
    """Lower a function of two inputs and run it."""
    graph = lower(TwoInputs(function), shape, shape, ranges={"left": left, "right": right, **result}, out_bits=bits)
    run = edgeq.simulate(graph, {"left": noise(5, *shape), "right": noise(5, *shape, seed=1)})
    return graph, {name: array.astype(np.int64) for name, array in run.values.items()}


def test_sub() -> None:
    graph, values = two(lambda m, a, b: a - b, X, Y, {"sub": Z})
    assert [n.op.KIND for n in graph.nodes] == ["requantize", "requantize", "sub", "requantize"]
    scale = graph.types["sub.x1"].scale
    assert scale == graph.types["sub.x2"].scale
    for side, name in (("left", "sub.x1"), ("right", "sub.x2")):
        wide = rescaled(centred(graph, values, side), graph.types[side].scale, graph.types[name])
        assert values[name].ravel().tolist() == wide
    assert (values["sub.acc"] == values["sub.x1"] - values["sub.x2"]).all()
    assert values["sub"].ravel().tolist() == rescaled(values["sub.acc"], scale, graph.types["sub"])


def test_mul_of_two_values() -> None:
    graph, values = two(lambda m, a, b: a * b, X, Y, {"mul": Z})
    assert layers(graph) == [("mul", "mul+requantize")]
    assert (values["mul.acc"] == centred(graph, values, "left") * centred(graph, values, "right")).all()
    scale = graph.types["left"].scale * graph.types["right"].scale
    assert values["mul"].ravel().tolist() == rescaled(values["mul.acc"], scale, graph.types["mul"])
    ends = [(-128 - graph.types[n].zero_point, 127 - graph.types[n].zero_point) for n in ("left", "right")]
    products = [a * b for a in ends[0] for b in ends[1]]
    assert op(graph, "mul.acc").acc == edgeq.IntType(oracle.signed_bits(min(products), max(products)))


def test_mul_broadcasts_a_gate_over_rows_and_columns() -> None:
    model = OneInput(lambda m, x: x * torch.sigmoid(m.f(x.mean((2, 3))))[:, :, None, None], f=linear(np.eye(2)))
    graph = edgeq.lower(model.eval(), (torch.zeros(2, 2, 3, 3),), noise(32, 2, 3, 3))
    values = codes(graph, noise(4, 2, 3, 3))
    gate = (values["sigmoid"] - graph.types["sigmoid"].zero_point)[:, :, None, None]
    assert (values["mul.acc"] == centred(graph, values, "x") * gate).all()


@pytest.mark.parametrize("transposed", [False, True])
def test_matmul(transposed: bool) -> None:
    shape = (3, 4)
    function = (lambda m, a, b: a @ b.transpose(1, 2)) if transposed else (lambda m, a, b: a.permute(0, 2, 1) @ b)
    graph, values = two(function, X, Y, {"matmul": Z}, shape)
    a, b = centred(graph, values, "left"), centred(graph, values, "right")
    acc = np.einsum("nij,nkj->nik", a, b) if transposed else np.einsum("nji,njk->nik", a, b)
    assert (values["matmul.acc"] == acc).all()
    scale = graph.types["left"].scale * graph.types["right"].scale
    assert values["matmul"].ravel().tolist() == rescaled(acc, scale, graph.types["matmul"])


def test_a_positive_factor_is_part_of_the_scale() -> None:
    """0.375 * 0.5 joins the multiplier of the layer before it: no op is added."""
    layer = linear([[0.5, -0.25], [0.125, 1.0]])
    graph = lower(OneInput(lambda m, x: F.relu(m.fc(x) * 0.375) * 0.5, fc=layer), (2,),
                  ranges={"x": X, "fc": (0.0, 0.4)}, out_bits=8)
    assert layers(graph) == [("fc", "linear+requantize")]
    x, values = oracle.activation(*X, 8), codes(graph, noise(9, 2))
    made = oracle.weights([[0.5, -0.25], [0.125, 1.0]], [0.0, 0.0], x, 8)
    scales = [s * x.scale * 0.375 * 0.5 for s in made.scales]
    expected = np.maximum(rescaled(values["fc.acc"], scales, graph.types["fc"]), graph.types["fc"].zero_point)
    assert values["fc"].ravel().tolist() == expected.tolist()


def test_a_factor_of_codes_is_one_requantize() -> None:
    graph = lower(OneInput(lambda m, x: F.max_pool2d(x * 0.375, 2)), (2, 2, 2), ranges={"x": X, "mul": (-0.5, 0.8)})
    assert [n.op.KIND for n in graph.nodes] == ["requantize", "max_pool2d"]
    values = codes(graph, noise(4, 2, 2, 2))
    scaled = graph.types["x"].scale * 0.375
    assert values["mul"].ravel().tolist() == rescaled(centred(graph, values, "x"), scaled, graph.types["mul"])


def test_an_output_that_a_factor_made_says_its_scale() -> None:
    graph = lower(OneInput(lambda m, x: x / 4), (2,), ranges={"x": X})
    (output,) = graph.outputs
    values, kept = codes(graph, noise(4, 2)), graph.types[output.value]
    real = centred(graph, values, "x") * graph.types["x"].scale / 4
    # a 32-bit value stands at a scale of 2**-24 of its reach
    assert np.abs(values[output.value] * kept.scale - real).max() <= kept.scale / 2


@pytest.mark.parametrize("gain", [[1.0, -2.0], [-0.75]], ids=["per channel", "negative"])
def test_other_constant_factors_go_into_the_convolution(gain: list[float]) -> None:
    factor = torch.tensor(gain).view(1, -1, 1, 1) if len(gain) > 1 else gain[0]
    graph = lower(OneInput(lambda m, x: m.c(x) * factor, c=conv(EYE)), (2, 2, 2), ranges={"x": X})
    assert [n.op.KIND for n in graph.nodes] == ["conv2d", "requantize"]
    signs = np.sign(np.broadcast_to(gain, (2,)))
    assert op(graph, "c.acc").weight.array.reshape(2, 2).tolist() == (np.diag(signs) * 127).astype(int).tolist()


@pytest.mark.parametrize("kind", ["maximum", "minimum"])
def test_the_larger_and_the_smaller(kind: str) -> None:
    graph, values = two(lambda m, a, b: getattr(torch, kind)(a, b), X, Y, {kind: Z})
    kept, choose = graph.types[kind], np.maximum if kind == "maximum" else np.minimum
    parts = [rescaled(centred(graph, values, n), graph.types[n].scale, kept) for n in ("left", "right")]
    assert values[kind].ravel().tolist() == choose(*parts).tolist()


def test_concat_stands_at_the_scale_of_its_result() -> None:
    """Sums go straight to the common scale, codes are requantized to it."""
    parts = {"a": conv(EYE * 0.75), "b": conv(EYE * -1.25)}
    last = conv(np.ones((1, 6, 1, 1)))
    model = OneInput(lambda m, x: m.c(torch.cat([m.a(x), F.relu(m.b(x)), x], 1)), **parts, c=last)
    graph = lower(model, (2, 2, 3), ranges={"x": X, "cat": Z})
    assert layers(graph)[:4] == [("a", "conv2d+requantize"), ("b", "conv2d+requantize"), ("cat.x3", "requantize"),
                                 ("cat", "concat")]
    values, kept, x = codes(graph, noise(4, 2, 2, 3)), graph.types["cat"], oracle.activation(*X, 8)
    for name, gain in (("a", 0.75), ("b", -1.25)):
        made = oracle.weights(np.ravel(EYE * gain).reshape(2, 2).tolist(), [0.0, 0.0], x, 8)
        expected = np.array(rescaled(values[f"{name}.acc"], [s * x.scale for s in made.scales], kept))
        expected = np.maximum(expected, kept.zero_point) if name == "b" else expected
        assert values[name].ravel().tolist() == expected.tolist()
    assert values["cat.x3"].ravel().tolist() == rescaled(centred(graph, values, "x"), x.scale, kept)
    assert (values["cat"] == np.concatenate([values["a"], values["b"], values["cat.x3"]], 1)).all()


def test_concat_of_one_scale_moves_codes() -> None:
    graph = lower(OneInput(lambda m, x: torch.cat([x[:, 1:], x], 1)), (2, 3), ranges={"x": X, "cat": X}, out_bits=8)
    assert [n.op.KIND for n in graph.nodes] == ["slice", "concat"]
    values = codes(graph, noise(2, 2, 3))
    assert (values["cat"] == np.concatenate([values["x"][:, 1:], values["x"]], 1)).all()


@pytest.mark.parametrize("name", ["mean", "sum"])
@pytest.mark.parametrize("keepdim", [False, True])
def test_sums_over_axes(name: str, keepdim: bool) -> None:
    layer = "mean" if name == "mean" else "sum_1"
    graph = lower(OneInput(lambda m, x: getattr(x, name)((1, 3), keepdim=keepdim)), (3, 4, 5),
                  ranges={"x": X, layer: Z}, out_bits=8)
    values = codes(graph, noise(3, 3, 4, 5))
    acc = centred(graph, values, "x").sum((1, 3), keepdims=keepdim)
    assert (values[f"{layer}.acc"] == acc).all()
    scale = graph.types["x"].scale / (15 if name == "mean" else 1)
    assert values[layer].ravel().tolist() == rescaled(acc, scale, graph.types[layer])
    assert graph.types[layer].shape == ((1, 4, 1) if keepdim else (4,))


def test_a_mean_that_leaves_says_its_scale() -> None:
    graph = lower(OneInput(lambda m, x: x.mean(1)), (3, 4), ranges={"x": X})
    values, kept = codes(graph, noise(3, 3, 4)), graph.types["mean"]
    real = centred(graph, values, "x").mean(1) * graph.types["x"].scale
    assert np.abs(values["mean"] * kept.scale - real).max() <= kept.scale / 2


def test_argmax_reads_the_sums_themselves() -> None:
    model = OneInput(lambda m, x: m.fc(x).argmax(1), fc=nn.Linear(3, 5)).eval()
    graph = edgeq.lower(model, (torch.zeros(2, 3),), noise(8, 3))
    assert graph.types["fc"].type == edgeq.IntType(32)
    values = codes(graph, noise(16, 3))
    assert values["argmax"].tolist() == [row.tolist().index(max(row.tolist())) for row in values["fc"]]
    assert [o.name for o in graph.outputs] == ["argmax"]
