"""Decide which values of a float network are quantized, and put the quantizers in: post-training quantization."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from edgeq.frontend.float_graph import FloatGraph, FloatNode, FloatOp, Limit, Pad, Quantize, steps_alone
from edgeq.frontend.ranges import Range
from edgeq.frontend.settings import Settings
from edgeq.scheme.activation_codes import activation_codes
from edgeq.scheme.presets import Preset

QUANTIZER = frozenset({"abits", "range", "preset"})
"""Settings that matter to a value which post-training quantization quantizes."""


@dataclass(frozen=True)
class Point:
    """A value to quantize: ``layer`` names its range, ``value`` is the program's name.

    ``unlimited`` is what the layer's limit reads, the value itself where it has none; ``op`` computes the value.
    """

    layer: str
    value: str
    unlimited: str
    op: FloatOp

    def codes(self, bits: int, rules: Preset) -> Quantize | None:
        """Return the quantizer that the preset fixes for this operator, None where the range decides."""
        return self.op.codes(bits, rules)


def is_quantized(graph: FloatGraph) -> bool:
    """Tell whether the network carries its own quantizers."""
    return any(isinstance(n.op, Quantize) for n in graph.nodes)


def effects_of(graph: FloatGraph) -> dict[str, frozenset[str]]:
    """Return the settings that matter to each layer, quantizers of post-training quantization apart."""
    return {node.layer: node.op.settings for node in graph.nodes if node.op.settings}


def points(graph: FloatGraph, outputs: Callable[[str], bool], fixed: Callable[[FloatNode], bool]) -> list[Point]:
    """Return the values to quantize, in order: inputs, and results that are computed.

    A result that only a limit, a factor, a slope or a concat reads is quantized after it, under the first one's name,
    unless its own codes are ``fixed``. What moves or pools stays at its operand's scale, and so does what steps alone
    read, maybe through max pools. A result that only leaves the network, or is only compared, is quantized where
    ``outputs`` says so of its layer.
    """
    readers = graph.consumers()
    found = [Point(i.name, i.name, i.name, FloatOp()) for i in graph.inputs]
    producers = graph.producers()
    for node in graph.nodes:
        if not node.op.COMPUTES or (_rides(node, readers, graph) and not fixed(node)):
            continue
        if steps_alone(node.value, readers, graph.outputs) and not fixed(node):
            continue
        first, unlimited = node, node
        while (before := _alone_before(first, producers, readers, graph)) is not None and not fixed(before):
            unlimited = before if isinstance(first.op, Limit) and unlimited is first else unlimited
            first = before
        read = [r for r in readers.get(node.value, []) if not r.op.COMPARES]
        if read or outputs(first.layer):
            found.append(Point(first.layer, node.value, unlimited.value, node.op))
    return found


def missing_points(graph: FloatGraph) -> list[Point]:
    """Return the sums that a table reads in a network with quantizers of its own, which gave them none."""
    producers = graph.producers()
    found: dict[str, Point] = {}
    for reader in graph.nodes:
        value = reader.inputs[0]
        source, moved = producers.get(value), False
        while source is not None and (source.op.KEEPS or isinstance(source.op, Limit)):
            moved |= source.op.KEEPS
            source = producers.get(source.inputs[0])
        if reader.op.READS_CODES and source is not None and source.op.COMPUTES:
            layer = producers[value].layer if moved else source.layer
            found[value] = Point(layer, value, value, FloatOp())
    return list(found.values())


def _rides(node: FloatNode, readers: Mapping[str, list[FloatNode]], graph: FloatGraph) -> bool:
    """Tell whether one operator alone reads a value, and quantizes it with its own result."""
    read = readers.get(node.value, [])
    return node.value not in graph.outputs and len(read) == 1 and read[0].op.RIDES


def _alone_before(
    node: FloatNode, producers: Mapping[str, FloatNode], readers: Mapping[str, list[FloatNode]], graph: FloatGraph
) -> FloatNode | None:
    """Return the node that computes what this node ends: the sum that a limit alone reads."""
    before = producers.get(node.inputs[0]) if node.op.RIDES and len(node.inputs) == 1 else None
    return before if before is not None and before.op.COMPUTES and _rides(before, readers, graph) else None


def with_padding(seen: Range, graph: FloatGraph, point: Point) -> Range:
    """Return the range widened to the borders that are padded, at this value's scale, around it."""
    lo, hi = seen
    readers = graph.consumers()
    following = [*readers.get(point.value, [])]
    while following:
        node = following.pop()
        if isinstance(node.op, Pad) and math.isfinite(node.op.value):
            lo, hi = min(lo, node.op.value), max(hi, node.op.value)
        if node.op.KEEPS:
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
    fixed = point.codes(bits, chosen.rules)
    if fixed is not None:
        return fixed
    seen = chosen.range or ranges.get(point.layer, (0.0, 0.0))
    is_input = any(point.value == i.name for i in graph.inputs)
    codes = activation_codes(seen, bits, chosen.rules, f"layer '{point.layer}'", is_input=is_input)
    return Quantize(**vars(codes))


def _node(point: Point, op: Quantize, names: Mapping[str, str]) -> FloatNode:
    return FloatNode(names[point.value], op, (point.value,), point.layer, f"layer '{point.layer}'")
