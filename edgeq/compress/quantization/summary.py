"""Say of each layer of a quantized model how its weight and its result are quantized, and which codes are used."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch.fx import GraphModule, Node

from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.layers import QuantizedLayer
from edgeq.compress.quantization.preparation import check_quantized
from edgeq.table import table


@dataclass(frozen=True)
class WeightSummary:
    """How a weight is quantized.

    ``scale``: the least and the largest of its channels; ``codes``: how many different codes it has; ``nonzero``: the
    numbers whose code does not stand for 0.
    """

    shape: tuple[int, ...]
    method: str
    bits: int
    scale: tuple[float, float]
    codes: int
    nonzero: int

    @property
    def parameters(self) -> int:
        """How many numbers it has."""
        return torch.Size(self.shape).numel()


@dataclass(frozen=True)
class ActivationSummary:
    """How a value is quantized; binary ones have scale 1 and zero point 0."""

    method: str
    bits: int
    scale: float
    zero_point: int


@dataclass(frozen=True)
class LayerSummary:
    """A layer by name: its weight, and the quantizer of its result, None where there is none."""

    layer: str
    weight: WeightSummary | None = None
    activation: ActivationSummary | None = None


def summarize(quantized: GraphModule) -> tuple[LayerSummary, ...]:
    """Return the layers in the order of the model; what has no quantizer at all is left out.

    Raises ModelError for a weight without integers, CalibrationError for an activation without a range.
    """
    check_quantized(quantized, "summarize")
    exact = copy.deepcopy(quantized).cpu().double().eval()
    found: dict[str, LayerSummary] = {}
    for node in exact.graph.nodes:
        module = exact.get_submodule(str(node.target)) if node.op == "call_module" else None
        name = node.meta.get("layer", node.name)
        if isinstance(module, QuantizedLayer) and module.weight_quantizer is not None:
            entry = found.get(name, LayerSummary(name))
            found[name] = replace(entry, weight=_weight(exact, node, module))
        elif isinstance(module, ActivationQuantizer):
            entry = found.get(name, LayerSummary(name))
            found[name] = replace(entry, activation=_activation(module))
    return tuple(found.values())


def shown(layers: Sequence[LayerSummary]) -> str:
    """Return the table of layers as people read it."""
    head = ["layer", "weight", "bits", "scale", "codes used", "zeros", "result", "result bits", "result scale",
            "zero point"]
    return table(head, [[each.layer, *_weight_cells(each.weight), *_activation_cells(each.activation)]
                        for each in layers])


def _weight_cells(weight: WeightSummary | None) -> list[object]:
    if weight is None:
        return [None] * 5
    lo, hi = weight.scale
    scale = f"{lo:.4g}" if lo == hi else f"{lo:.4g}..{hi:.4g}"
    return [weight.method, weight.bits, scale, weight.codes, weight.parameters - weight.nonzero]


def _activation_cells(activation: ActivationSummary | None) -> list[object]:
    if activation is None:
        return [None] * 4
    return [activation.method, activation.bits, float(f"{activation.scale:.4g}"), activation.zero_point]


def _weight(model: GraphModule, node: Node, layer: QuantizedLayer) -> WeightSummary:
    source, norm = (_handed(model, each) for each in node.args[1:3])
    made = layer.codes(source, norm).weight
    outputs = made.zero_point.reshape(-1, *(1,) * (made.codes.ndim - 1))
    quantizer = layer.weight_quantizer
    assert quantizer is not None
    return WeightSummary(
        tuple(made.codes.shape), quantizer.method, quantizer.asked_bits,
        (float(made.scale.min()), float(made.scale.max())), int(torch.unique(made.codes).numel()),
        int((made.codes != outputs).sum()))


def _handed(model: GraphModule, argument: Any) -> Any:
    """Return the module that a node of the graph hands to a layer."""
    return model.get_submodule(str(argument.target)) if isinstance(argument, Node) else None


def _activation(quantizer: ActivationQuantizer) -> ActivationSummary:
    made = quantizer.codes()
    scale, zero_point = (1.0, 0) if made is None else (made.scale, made.zero_point)
    return ActivationSummary(quantizer.method, quantizer.asked_bits, scale, zero_point)
