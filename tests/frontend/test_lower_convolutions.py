"""Convolutions of lines and transposed ones: torch's own sums of the integer codes, in float64, are the oracle."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import edgeq
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

from tests.frontend.lowering import OneInput, centred, codes, layers, lower, noise, op, rescaled  # noqa: E402

X, Y = (-2.5, 3.0), (-4.0, 6.0)


def filled(layer: Any, seed: int = 0) -> Any:
    """Give a layer normal weights."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return layer.eval()


def biases(layer: Any) -> list[float]:
    """Return the bias of a layer."""
    numbers: list[float] = layer.bias.detach().double().tolist()
    return numbers


def outputs_first(weight: Any, groups: int) -> Any:
    """Return torch's (I, O/G, ...) as (O, I/G, ...), output by output."""
    inputs, per_group = weight.shape[:2]
    rows = []
    for o in range(per_group * groups):
        g, k = divmod(o, per_group)
        first = g * (inputs // groups)
        rows.append(weight[first : first + inputs // groups, k])
    return torch.stack(rows)


def torch_first(weight: np.ndarray, groups: int) -> Any:
    """Return (O, I/G, ...) as torch's (I, O/G, ...)."""
    outs, per_group = weight.shape[:2]
    made = torch.zeros(per_group * groups, outs // groups, *weight.shape[2:], dtype=torch.float64)
    for o in range(outs):
        g, k = divmod(o, outs // groups)
        made[g * per_group : (g + 1) * per_group, k] = torch.from_numpy(weight[o]).double()
    return made


LINES = {
    "plain": {}, "stride": {"stride": 3}, "padding": {"padding": 2}, "dilation": {"dilation": 2, "padding": 1},
    "groups": {"groups": 2}, "same": {"padding": "same"}, "valid": {"padding": "valid"},
}  # fmt: skip


@pytest.mark.parametrize("name", LINES)
def test_conv1d(name: str) -> None:
    options = LINES[name]
    layer = filled(nn.Conv1d(4, 6, 4, **options))
    graph = lower(OneInput(lambda m, x: F.relu(m.c(x)), c=layer), (4, 11), ranges={"x": X, "c": Y}, out_bits=8)
    assert layers(graph) == [("c", "conv1d+requantize")]
    x = oracle.activation(*X, 8)
    made = oracle.weights(layer.weight.detach().double().flatten(1).tolist(), biases(layer), x, 8)
    product = op(graph, "c.acc")
    assert product.weight.array.reshape(6, -1).tolist() == made.codes
    assert product.bias.array.tolist() == made.bias
    values = codes(graph, noise(3, 4, 11))
    inner = torch.from_numpy(centred(graph, values, "x")).double()
    weight = torch.tensor(made.codes).double().reshape(layer.weight.shape)
    acc = F.conv1d(inner, weight, torch.tensor(made.bias).double(), **options)
    assert (values["c.acc"] == acc.numpy()).all()
    kept, scales = graph.types["c"], [s * x.scale for s in made.scales]
    limited = np.maximum(rescaled(values["c.acc"], scales, kept), kept.zero_point)
    assert limited.tolist() == values["c"].ravel().tolist()


TRANSPOSED = {
    "plain": {}, "stride": {"stride": 2}, "padding": {"stride": 2, "padding": 1},
    "output padding": {"stride": (3, 2), "padding": 1, "output_padding": (2, 1)}, "groups": {"groups": 2, "stride": 2},
    "dilation": {"dilation": (2, 1), "stride": (1, 2)},
}  # fmt: skip


@pytest.mark.parametrize("name", TRANSPOSED)
def test_conv_transpose2d(name: str) -> None:
    options = TRANSPOSED[name]
    groups = options.get("groups", 1)
    layer = filled(nn.ConvTranspose2d(4, 6, (3, 2), **options))
    graph = lower(OneInput(lambda m, x: m.c(x), c=layer), (4, 5, 4), ranges={"x": X, "c": Y}, out_bits=8)
    assert layers(graph) == [("c", "conv_transpose2d+requantize")]
    x = oracle.activation(*X, 8)
    rows = outputs_first(layer.weight.detach().double(), groups)
    made = oracle.weights(rows.flatten(1).tolist(), biases(layer), x, 8)
    assert op(graph, "c.acc").weight.array.reshape(6, -1).tolist() == made.codes
    values = codes(graph, noise(2, 4, 5, 4))
    inner = torch.from_numpy(centred(graph, values, "x")).double()
    weight = torch_first(np.array(made.codes).reshape(rows.shape), groups)
    acc = F.conv_transpose2d(inner, weight, torch.tensor(made.bias).double(), **options)
    assert (values["c.acc"] == acc.numpy()).all()
    scales = [s * x.scale for s in made.scales]
    assert rescaled(values["c.acc"], scales, graph.types["c"]) == values["c"].ravel().tolist()


def test_conv_transpose1d_is_one_row() -> None:
    layer = filled(nn.ConvTranspose1d(3, 4, 4, stride=2, padding=1, output_padding=1))
    graph = lower(OneInput(lambda m, x: F.relu(m.c(x)), c=layer), (3, 7), ranges={"x": X, "c": Y}, out_bits=8)
    values = codes(graph, noise(2, 3, 7))
    weight = torch_first(op(graph, "c.sum").weight.array[:, :, 0].copy(), 1)
    acc = F.conv_transpose1d(torch.from_numpy(centred(graph, values, "x")).double(), weight,
                             torch.tensor(op(graph, "c.sum").bias.array.tolist()).double(), stride=2, padding=1,
                             output_padding=1)
    assert (values["c.line"] == acc.numpy()).all()
    assert graph.types[graph.outputs[0].value].shape == (4, 15)


@pytest.mark.parametrize("layer", [nn.Conv1d(3, 4, 3, padding=1), nn.ConvTranspose1d(3, 4, 3), nn.Conv2d(3, 4, 3),
                                   nn.ConvTranspose2d(3, 4, 3, stride=2)], ids=lambda m: type(m).__name__)
def test_batch_norm_goes_into_it(layer: Any) -> None:
    """The folded float weights are those of the formula, so the codes are those of the same layer without a norm."""
    flat = type(layer).__name__.endswith("1d")
    norm = filled((nn.BatchNorm1d if flat else nn.BatchNorm2d)(4), seed=1)
    norm.running_mean.copy_(torch.tensor([0.5, -1.0, 2.0, 0.0]))
    norm.running_var.copy_(torch.tensor([0.5, 1.0, 2.0, 4.0]))
    shape = (3, 9) if flat else (3, 5, 5)
    filled(layer)
    graph = lower(OneInput(lambda m, x: m.n(m.c(x)), c=layer, n=norm), shape, ranges={"x": X, "c": Y}, out_bits=8)
    gain = (norm.weight.double() / torch.sqrt(norm.running_var.double() + norm.eps)).detach()
    offset = norm.bias.detach().double() - norm.running_mean.double() * gain
    transposed = "Transpose" in type(layer).__name__
    weight = layer.weight.detach().double()
    rows = (outputs_first(weight, 1) if transposed else weight).flatten(1) * gain[:, None]
    made = oracle.weights(rows.tolist(), (layer.bias.detach().double() * gain + offset).tolist(),
                          oracle.activation(*X, 8), 8)
    product = next(n.op for n in graph.nodes if n.op.KIND.startswith("conv"))
    assert product.weight.array.reshape(4, -1).tolist() == made.codes
    assert product.bias.array.tolist() == made.bias


def test_padding_of_a_line_goes_into_it_and_not_into_a_transposed_one() -> None:
    line = filled(nn.Conv1d(2, 3, 3))
    graph = lower(OneInput(lambda m, x: m.c(F.pad(x, (2, 1))), c=line), (2, 6), ranges={"x": X}, out_bits=None)
    assert [n.op.KIND for n in graph.nodes] == ["conv1d", "requantize"]
    assert op(graph, "c.acc").padding == (2, 1)
    image = filled(nn.ConvTranspose2d(2, 3, 2))
    graph = lower(OneInput(lambda m, x: m.c(F.pad(x, (1, 0))), c=image), (2, 3, 3), ranges={"x": X})
    assert [n.op.KIND for n in graph.nodes] == ["pad", "conv_transpose2d", "requantize"]


def test_pools_of_a_line_are_those_of_one_row() -> None:
    graph = lower(OneInput(lambda m, x: F.avg_pool1d(F.max_pool1d(x, 3, 2, padding=1), 2)), (3, 12), ranges={"x": X})
    values = codes(graph, noise(4, 3, 12))
    largest = F.max_pool1d(torch.from_numpy(values["x"]).double(), 3, 2, padding=1)
    assert (values["max_pool1d.line"] == largest.numpy()).all()
    sums = 2 * F.avg_pool1d(largest, 2).numpy()
    away = np.sign(sums) * np.floor((np.abs(sums) + 1) / 2)  # the mean of two, half away from zero, of raw codes
    assert (values["avg_pool1d.line"] == away).all()
    assert graph.types["avg_pool1d.line"].shape == (3, 3)
    assert edgeq.simulate(graph, {"x": noise(1, 3, 12)}).outputs["avg_pool1d.line"].shape == (1, 3, 3)
