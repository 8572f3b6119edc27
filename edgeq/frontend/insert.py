"""Decide which values of a float network are quantized, and put the quantizers in: post-training quantization."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edgeq.frontend.activation_codes import activation_codes
from edgeq.frontend.float_graph import (
    AvgPool,
    Convolve,
    Flatten,
    FloatGraph,
    FloatNode,
    Limit,
    MaxPool,
    Pad,
    Quantize,
    Reshape,
    Sum,
)
from edgeq.frontend.ranges import Range
from edgeq.frontend.settings import Settings

_COMPUTES = (Convolve, Sum, Limit)
QUANTIZER = frozenset({"abits", "range", "preset"})
"""Settings that matter to a value which post-training quantization quantizes."""
_SUMS = frozenset({"acc", "acc_overflow", "preset", "bias_fraction_bits"})
_WEIGHTS = frozenset({"wbits", "weights"})


@dataclass(frozen=True)
class Point:
    """A value to quantize: ``layer`` names its range, ``value`` is the program's name.

    ``unlimited`` is what the layer's limit reads, the value itself where it has none.
    """

    layer: str
    value: str
    unlimited: str


def is_quantized(graph: FloatGraph) -> bool:
    """Tell whether the network carries its own quantizers."""
    return any(isinstance(n.op, Quantize) for n in graph.nodes)


def effects_of(graph: FloatGraph) -> dict[str, frozenset[str]]:
    """Return the settings that matter to each layer, quantizers of post-training quantization apart."""
    effects: dict[str, frozenset[str]] = {}
    for node in graph.nodes:
        if isinstance(node.op, Convolve):
            effects[node.layer] = _SUMS | (_WEIGHTS if node.op.quantized is None else frozenset())
        elif isinstance(node.op, Sum | AvgPool):
            effects[node.layer] = frozenset({"preset"})
    return effects


def points(graph: FloatGraph, outputs: Callable[[str], bool]) -> list[Point]:
    """Return the values to quantize, in order: inputs, and results of convolutions, sums and limits.

    A result that only a limit reads is quantized after the limit, under the first one's name. Pools, reshapes
    and padding stay at their operand's scale. A result that only leaves the network is quantized where ``outputs``
    says so of its layer.
    """
    readers = graph.consumers()
    found = [Point(i.name, i.name, i.name) for i in graph.inputs]
    producers = graph.producers()
    for node in graph.nodes:
        if not isinstance(node.op, _COMPUTES):
            continue
        read = readers.get(node.value, [])
        leaves = node.value in graph.outputs
        if not leaves and len(read) == 1 and isinstance(read[0].op, Limit):
            continue
        first = _first(node, producers, readers, graph)
        if read or outputs(first.layer):
            found.append(Point(first.layer, node.value, first.value))
    return found


def _first(
    node: FloatNode, producers: Mapping[str, FloatNode], readers: Mapping[str, list[FloatNode]], graph: FloatGraph
) -> FloatNode:
    """Return the node that computes what this node ends: the sum that a limit alone reads, else itself."""
    before = producers.get(node.inputs[0])
    if isinstance(node.op, Limit) and before is not None and isinstance(before.op, Convolve | Sum):
        alone = len(readers[before.value]) == 1 and before.value not in graph.outputs
        return before if alone else node
    return node


def with_padding(seen: Range, graph: FloatGraph, point: Point) -> Range:
    """Return the range widened to the borders that are padded, at this value's scale, around it."""
    lo, hi = seen
    readers = graph.consumers()
    following = [*readers.get(point.value, [])]
    while following:
        node = following.pop()
        if isinstance(node.op, Pad) and math.isfinite(node.op.value):
            lo, hi = min(lo, node.op.value), max(hi, node.op.value)
        if isinstance(node.op, Pad | MaxPool | AvgPool | Flatten | Reshape):
            following += readers.get(node.value, [])
    return lo, hi


def insert(
    graph: FloatGraph, chosen: list[Point], ranges: Mapping[str, Range], settings: Settings, out_bits: int | None
) -> FloatGraph:
    """Return the network with a quantizer behind each chosen value; ``ranges`` goes by layer name."""
    names = {p.value: f"{p.value}.q" for p in chosen}
    quantizers = {p.value: _quantizer(graph, p, ranges, settings, out_bits) for p in chosen}
    nodes = [_node(p, quantizers[p.value], names) for p in chosen if p.value in {i.name for i in graph.inputs}]
    by_value = {p.value: p for p in chosen}
    for node in graph.nodes:
        nodes.append(replace(node, inputs=tuple(names.get(v, v) for v in node.inputs)))
        if node.value in names:
            nodes.append(_node(by_value[node.value], quantizers[node.value], names))
    return FloatGraph(graph.inputs, tuple(nodes), tuple(names.get(o, o) for o in graph.outputs))


def _quantizer(
    graph: FloatGraph, point: Point, ranges: Mapping[str, Range], settings: Settings, out_bits: int | None
) -> Quantize:
    chosen = settings.of(point.layer)
    bits = out_bits if out_bits is not None and point.value in graph.outputs else chosen.activation_bits
    seen = chosen.range or ranges.get(point.layer, (0.0, 0.0))
    is_input = any(point.value == i.name for i in graph.inputs)
    return activation_codes(seen, bits, chosen.rules, f"layer '{point.layer}'", is_input=is_input)


def _node(point: Point, op: Quantize, names: Mapping[str, str]) -> FloatNode:
    return FloatNode(names[point.value], op, (point.value,), point.layer, f"layer '{point.layer}'")
