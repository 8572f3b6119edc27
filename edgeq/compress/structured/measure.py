"""Run a traced graph and take rows of numbers where a layer reads and makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import Node
from torch.fx.node import map_arg
from torch.nn import functional as F  # noqa: N812 - torch's own abbreviation

from edgeq.compress.structured.layers import Layer
from edgeq.compress.tracing import Traced, arguments_of, operator_of
from edgeq.errors import InputError

_CHUNK = 64


@dataclass(frozen=True)
class Rows:
    """Inputs (rows, inputs of a product) and outputs (rows, outputs) of a layer, in float64."""

    x: torch.Tensor
    y: torch.Tensor


def check_measurable(layers: Sequence[Layer]) -> None:
    """Refuse layers whose inputs are not taken apart."""
    for layer in layers:
        kind = operator_of(layer.nodes[0])
        if kind not in ("linear", "conv1d", "conv2d"):
            raise InputError(f"'{layer.name}' is a {kind}, whose output error is not measured; choose by method l1, l2 "
                             "or random without calibration data")


def rows_of(
    traced: Traced, stored: Mapping[str, torch.Tensor], data: Sequence[torch.Tensor], layers: Sequence[Layer],
    positions: int, seed: int,
) -> dict[str, Rows]:
    """Return the rows of each layer by weight, at most ``positions`` random places of each sample."""
    parts: dict[str, list[Rows]] = {layer.weight: [] for layer in layers}
    wanted = {node: layer.weight for layer in layers for node in layer.nodes}
    generator = torch.Generator().manual_seed(seed)
    for batch in _batches(traced, data):
        for node, x, y in _run(traced, stored, batch, wanted):
            parts[wanted[node]].append(_rows(node, x, y, positions, generator))
    return {name: Rows(torch.cat([p.x for p in found]), torch.cat([p.y for p in found]))
            for name, found in parts.items()}


def _batches(traced: Traced, data: Sequence[torch.Tensor]) -> Iterator[tuple[torch.Tensor, ...]]:
    size = traced.batch or _CHUNK
    total = len(data[0])
    if any(len(item) != total for item in data):
        raise InputError(f"calibration: inputs have {[len(item) for item in data]} samples, expected equally many")
    if len(data) != len(traced.inputs):
        raise InputError(f"calibration: {len(data)} arrays given, the model has {len(traced.inputs)} inputs")
    if traced.batch and total % size:
        raise InputError(f"calibration: {total} samples; the model's forward fixes batches of {size}")
    for start in range(0, total, size):
        yield tuple(item[start : start + size].clone() for item in data)


@torch.no_grad()
def _run(
    traced: Traced, stored: Mapping[str, torch.Tensor], inputs: Sequence[torch.Tensor], wanted: Mapping[Node, str]
) -> Iterator[tuple[Node, torch.Tensor, torch.Tensor]]:
    """Run a graph; yield input and output of wanted calls, to be used before the next is taken."""
    values: dict[Node, Any] = {}
    given = dict(zip(traced.inputs, inputs, strict=True))
    left = len(wanted)
    for node in traced.graph.nodes:
        if node.op == "placeholder":
            values[node] = given[node.name] if node.name in given else stored.get(traced.tensors.get(node.name, ""))
            continue
        if node.op == "output" or not left:
            return
        args, kwargs = map_arg(node.args, values.__getitem__), map_arg(node.kwargs, values.__getitem__)
        values[node] = node.target(*args, **kwargs)
        if node in wanted:
            left -= 1
            yield node, values[node.args[0]], values[node]


def _rows(node: Node, x: torch.Tensor, y: torch.Tensor, positions: int, generator: torch.Generator) -> Rows:
    """Return what each output of a call is the product of, at random places."""
    if operator_of(node) == "linear":
        return Rows(_float64(x.reshape(-1, x.shape[-1])), _float64(y.reshape(-1, y.shape[-1])))
    args = arguments_of(node)
    patches, y = patches_of(x, [int(n) for n in args["weight"].meta["val"].shape[2:]], args), y.flatten(2)
    count = patches.shape[2]
    if count > positions:
        places = torch.randperm(count, generator=generator)[:positions].to(x.device)
        patches, y = patches[:, :, places], y[:, :, places]
    return Rows(_float64(patches.transpose(1, 2).flatten(0, 1)), _float64(y.transpose(1, 2).flatten(0, 1)))


def _float64(values: torch.Tensor) -> torch.Tensor:
    """Copy: an in-place operator that follows would change the values."""
    return values.to("cpu", torch.float64, copy=True)


def patches_of(x: torch.Tensor, kernel: list[int], args: Mapping[str, Any]) -> torch.Tensor:
    """Return (N, C * KH * KW, places) of a convolution's input; ``args`` are the convolution's, by name."""
    stride, dilation = _each(args["stride"], kernel), _each(args["dilation"], kernel)
    pads: list[int] = []
    for axis, size in enumerate(kernel):
        pads = [*_sides(args["padding"], axis, dilation[axis] * (size - 1)), *pads]
    x = F.pad(x, pads)
    if len(kernel) == 1:
        x, kernel, stride, dilation = x.unsqueeze(2), [1, *kernel], [1, *stride], [1, *dilation]
    return F.unfold(x, tuple(kernel), dilation=tuple(dilation), stride=tuple(stride))


def _sides(padding: Any, axis: int, total: int) -> tuple[int, int]:
    """Return the padding before and after an axis; torch puts the odd one of 'same' at the end."""
    if padding == "same":
        return total // 2, total - total // 2
    if padding == "valid":
        return 0, 0
    side = int(padding[axis] if len(padding) > 1 else padding[0])
    return side, side


def _each(value: Any, kernel: Sequence[int]) -> list[int]:
    return [int(value[axis] if len(value) > 1 else value[0]) for axis in range(len(kernel))]
