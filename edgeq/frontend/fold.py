"""Rewrite the float network without changing what it computes: batch norm and padding go into convolutions.

All folding is in float64. A value's name stays with the node that now computes it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.errors import UnsupportedOpError
from edgeq.frontend.float_graph import BatchNorm, Convolve, FloatGraph, FloatNode, FloatOp, Limit, Pad, Quantize, Same
from edgeq.frontend.fold_codes import scaled_codes
from edgeq.frontend.fold_thresholds import biases_into_thresholds, maps_into_thresholds, thresholds_first


def fold(graph: FloatGraph, shapes: dict[str, tuple[int, ...]]) -> FloatGraph:
    """Return the network with `Same` removed, inputs quantized first, batch norm and padding folded, limits merged.

    ``shapes`` are the sample shapes of values. What stands between a sum and a step goes into the step. A batch norm
    that follows no convolution of its own becomes a depthwise 1x1 convolution.
    """
    graph = _inputs_quantized_first(_skip_same(graph))
    graph = maps_into_thresholds(thresholds_first(graph), shapes)
    graph = biases_into_thresholds(_fold_batch_norm(graph, shapes), shapes)
    graph = _fold_padding(graph)
    return _merge_limits(_limits_before_quantizers(graph))


def _skip_same(graph: FloatGraph) -> FloatGraph:
    """Drop nodes that give their operand; readers read the operand, and an output takes its name over."""
    source: dict[str, str] = {}
    nodes: list[FloatNode] = []
    for node in graph.nodes:
        inputs = tuple(source.get(v, v) for v in node.inputs)
        if isinstance(node.op, Same):
            source[node.value] = inputs[0]
        else:
            nodes.append(replace(node, inputs=inputs))
    return FloatGraph(graph.inputs, tuple(nodes), tuple(source.get(o, o) for o in graph.outputs))


def _inputs_quantized_first(graph: FloatGraph) -> FloatGraph:
    """Turn input, move, quantize into input, quantize, move, where a quantizer alone reads what was moved.

    FX graph mode leaves a flatten of the input in float. A monotone code commutes with a choice of values.
    """
    raw = {i.name for i in graph.inputs}
    moves = []
    for node in graph.nodes:
        if node.op.CHOOSES and node.inputs[0] in raw:
            raw.add(node.value)
            moves.append(node)
    for move in reversed(moves):
        readers = graph.consumers()
        read, alone = readers.get(move.value, []), len(readers[move.inputs[0]]) == 1
        if alone and len(read) == 1 and isinstance(read[0].op, Quantize) and move.value not in graph.outputs:
            graph = _swapped(graph, move, read[0])
    return graph


def _swapped(graph: FloatGraph, move: FloatNode, quantizer: FloatNode) -> FloatGraph:
    """Put a quantizer before the move that it reads; what read it now reads the move."""
    def renamed(values: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(move.value if v == quantizer.value else v for v in values)

    nodes: list[FloatNode] = []
    for node in graph.nodes:
        if node.value == move.value:
            nodes += [replace(quantizer, inputs=move.inputs), replace(move, inputs=(quantizer.value,))]
        elif node.value != quantizer.value:
            nodes.append(replace(node, inputs=renamed(node.inputs)))
    return FloatGraph(graph.inputs, tuple(nodes), renamed(graph.outputs))


def _fold_batch_norm(graph: FloatGraph, shapes: dict[str, tuple[int, ...]]) -> FloatGraph:
    readers, producers = graph.consumers(), graph.producers()
    nodes = {n.value: n for n in graph.nodes}
    for node in graph.nodes:
        if not isinstance(node.op, BatchNorm):
            continue
        before = producers.get(node.inputs[0])
        alone = len(readers[node.inputs[0]]) == 1 and node.inputs[0] not in graph.outputs
        if before is not None and _takes_gain(before, shapes) and alone:
            before = nodes.pop(before.value)
            nodes[node.value] = replace(before, value=node.value, op=_scaled(before.op, node.op))  # type: ignore[arg-type]
        else:
            nodes[node.value] = replace(node, op=_depthwise(node, shapes[node.inputs[0]]))
    order = [nodes[n.value] for n in graph.nodes if n.value in nodes]
    return FloatGraph(graph.inputs, tuple(order), graph.outputs)


def _scaled(conv: Convolve, norm: BatchNorm) -> Convolve:
    """Return the convolution with the batch norm inside: ``w * gain``, ``b * gain + offset``."""
    gain = norm.gain.reshape((-1,) + (1,) * (conv.weight.ndim - 1))
    bias = norm.offset if conv.bias is None else conv.bias * norm.gain + norm.offset
    quantized = None if conv.quantized is None else scaled_codes(conv.quantized, norm.gain)
    return replace(conv, weight=conv.weight * gain, bias=bias, quantized=quantized)


def _takes_gain(node: FloatNode, shapes: dict[str, tuple[int, ...]]) -> bool:
    """Tell whether the channels of batch norm are this layer's outputs: those of a matrix product run last."""
    return isinstance(node.op, Convolve) and (not node.op.dense or len(shapes[node.inputs[0]]) == 1)


def _depthwise(node: FloatNode, shape: tuple[int, ...]) -> Convolve:
    """Return the same map as a depthwise 1x1 convolution, or a diagonal matrix for a vector."""
    norm = node.op
    assert isinstance(norm, BatchNorm)
    channels = norm.gain.size
    if len(shape) == 1:
        return Convolve(np.diag(norm.gain), norm.offset, dense=True)
    if len(shape) > 3:
        raise UnsupportedOpError(
            f"{node.where}: batch norm of {len(shape) + 1} dimensions has no lowering; use at most 4")
    return Convolve(norm.gain.reshape(channels, *(1,) * len(shape)), norm.offset, groups=channels)


def _fold_padding(graph: FloatGraph) -> FloatGraph:
    """Put a border of real zeros, read by convolutions alone, into their own padding."""
    readers, producers = graph.consumers(), graph.producers()

    def foldable(value: str) -> bool:
        node = producers.get(value)
        if node is None or not isinstance(node.op, Pad) or node.op.value != 0 or value in graph.outputs:
            return False
        around = len(node.op.before) in (2, 3) and node.op.before[0] == node.op.after[0] == 0
        return around and all(_takes_border(r.op) for r in readers[value])

    nodes: list[FloatNode] = []
    for node in graph.nodes:
        if foldable(node.value):
            continue
        if isinstance(node.op, Convolve) and foldable(node.inputs[0]):
            pad = producers[node.inputs[0]]
            node = replace(node, op=_padded(node.op, pad.op), inputs=pad.inputs)  # type: ignore[arg-type]
        nodes.append(node)
    return FloatGraph(graph.inputs, tuple(nodes), graph.outputs)


def _takes_border(op: FloatOp) -> bool:
    return isinstance(op, Convolve) and not op.dense and not op.transposed


def _padded(conv: Convolve, pad: Pad) -> Convolve:
    top, left, bottom, right = conv.padding
    (above, before), (below, after) = ((0, *ends[1:])[-2:] for ends in (pad.before, pad.after))
    return replace(conv, padding=(top + above, left + before, bottom + below, right + after))


def _limits_before_quantizers(graph: FloatGraph) -> FloatGraph:
    """Turn quantize, limit, quantize to the same codes into limit, quantize: a clamp commutes with a monotone code.

    The limit then rides on the requantize that the quantizer becomes.
    """
    readers = graph.consumers()
    nodes = {n.value: n for n in graph.nodes}

    def alone(value: str) -> bool:
        return len(readers.get(value, [])) == 1 and value not in graph.outputs

    for node in graph.nodes:
        limit = nodes.get(node.inputs[0]) if isinstance(node.op, Quantize) else None
        first = nodes.get(limit.inputs[0]) if limit is not None and isinstance(limit.op, Limit) else None
        if limit is None or first is None or first.op != node.op or not alone(limit.value) or not alone(first.value):
            continue
        del nodes[first.value]
        nodes[limit.value] = replace(limit, inputs=first.inputs)
    return FloatGraph(graph.inputs, tuple(nodes[n.value] for n in graph.nodes if n.value in nodes), graph.outputs)


def _merge_limits(graph: FloatGraph) -> FloatGraph:
    """Turn a limit right after a limit into one."""
    readers, producers = graph.consumers(), graph.producers()
    nodes = {n.value: n for n in graph.nodes}
    for node in graph.nodes:
        before = nodes.get(node.inputs[0]) if node.inputs else None
        if not isinstance(node.op, Limit) or before is None or not isinstance(before.op, Limit):
            continue
        if len(readers[before.value]) == 1 and before.value not in graph.outputs and before.value in producers:
            lo, hi = (min(max(v, node.op.lo), node.op.hi) for v in (before.op.lo, before.op.hi))
            del nodes[before.value]
            nodes[node.value] = replace(node, op=Limit(lo, hi), inputs=before.inputs, layer=before.layer)
    return FloatGraph(graph.inputs, tuple(nodes[n.value] for n in graph.nodes if n.value in nodes), graph.outputs)
