"""Small models for the tests of the lowering, and short ways to read what it made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import edgeq
from edgeq.ir.graph import Graph

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402


class Function(nn.Module):
    """A model that is one function of its parts and its inputs."""

    def __init__(self, function: Callable[..., Any], **parts: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, part)

    def forward(self, *x):
        return self.function(self, *x)


class OneInput(Function):
    """The same with an input that is called x."""

    def forward(self, x):
        return self.function(self, x)


class TwoInputs(Function):
    """The same with two inputs."""

    def forward(self, left, right):
        return self.function(self, left, right)


def conv(rows: Sequence[Any], bias: Sequence[float] | None = None, **options: Any) -> nn.Conv2d:
    """Return a convolution with the given weight (O, I/groups, KH, KW)."""
    weight = torch.tensor(np.array(rows, np.float64), dtype=torch.float32)
    outputs, inputs, height, width = weight.shape
    groups = options.get("groups", 1)
    layer = nn.Conv2d(inputs * groups, outputs, (height, width), bias=bias is not None, **options)
    return _filled(layer, weight, bias)


def linear(rows: Sequence[Any], bias: Sequence[float] | None = None) -> nn.Linear:
    """Return a linear layer with the given weight (O, K)."""
    weight = torch.tensor(np.array(rows, np.float64), dtype=torch.float32)
    return _filled(nn.Linear(weight.shape[1], weight.shape[0], bias=bias is not None), weight, bias)


def _filled(layer: Any, weight: Any, bias: Sequence[float] | None) -> Any:
    with torch.no_grad():
        layer.weight.copy_(weight)
        if bias is not None:
            layer.bias.copy_(torch.tensor(list(bias), dtype=torch.float64))
    return layer


def batch_norm(gamma: Any, beta: Any, mean: Any, var: Any, kind: type = nn.BatchNorm2d) -> nn.Module:
    """Return batch norm with the given parameters and statistics."""
    layer = kind(len(gamma))
    state = {"weight": gamma, "bias": beta, "running_mean": mean, "running_var": var}
    with torch.no_grad():
        for name, values in state.items():
            getattr(layer, name).copy_(torch.tensor(list(values), dtype=torch.float64))
    return layer.eval()


def stored(module: nn.Module, name: str) -> list[Any]:
    """Return a parameter's float32 numbers, exactly, one row per output channel (a list for a vector)."""
    tensor = getattr(module, name).detach().double()
    return tensor.flatten(1).tolist() if tensor.ndim > 1 else tensor.tolist()


def zeros(*shape: int) -> Any:
    """Return an example input of two samples."""
    return torch.zeros(2, *shape)


def lower(model: nn.Module, *shapes: tuple[int, ...], **options: Any) -> Graph:
    """Lower a model whose inputs have the given sample shapes."""
    return edgeq.lower(model.eval(), tuple(zeros(*s) for s in shapes), **options)


def op(graph: Graph, name: str) -> Any:
    """Return the op that computes a value."""
    return graph.node(name).op


def layers(graph: Graph) -> list[tuple[str, str]]:
    """Return the name and the ops of every layer."""
    return [(layer.name, "+".join(n.op.KIND for n in layer.nodes)) for layer in graph.layers]


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    """Return normal float32 numbers."""
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def codes(graph: Graph, data: np.ndarray) -> dict[str, np.ndarray]:
    """Return every value of a run on one input, as int64."""
    run = edgeq.simulate(graph, {graph.inputs[0].name: data})
    return {name: array.astype(np.int64) for name, array in run.values.items()}


def centred(graph: Graph, values: dict[str, np.ndarray], name: str) -> np.ndarray:
    """Return a value's codes without their zero point."""
    return values[name] - graph.types[name].zero_point


def rescaled(acc: np.ndarray, scale: float | list[float], kept: Any, axis: int = 1) -> list[int]:
    """Return what contract section 5 makes of sums at ``scale``, in Python ints: 31-bit multipliers, ties up."""
    from tests.oracles.lowering import multiplier

    made = [multiplier(s / kept.scale) for s in (scale if isinstance(scale, list) else [scale] * acc.shape[axis])]
    results = []
    for place in np.ndindex(*acc.shape):
        m, shift = made[place[axis]]
        exact = int(acc[place]) * m
        y = (exact + (1 << (shift - 1)) >> shift if shift > 0 else exact << -shift) + kept.zero_point
        results.append(min(max(y, kept.type.qmin), kept.type.qmax))
    return results


def restored(graph: Graph, data: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the real numbers that the graph's outputs stand for."""
    outputs = edgeq.simulate(graph, data).outputs
    types = {o.name: graph.types[o.value] for o in graph.outputs}
    return {n: (a.astype(np.float64) - types[n].zero_point) * types[n].scale for n, a in outputs.items()}
