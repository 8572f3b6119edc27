"""Bring what stands between a sum and a step into the step: batch norm, limits, the sum's own bias.

Nothing is computed: the step keeps the maps in order, and its lowering inverts them in exact rationals.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.frontend.float_graph import BatchNorm, Convolve, FloatGraph, FloatNode, Limit, Threshold
from edgeq.frontend.lowerings.pools import MaxPool

Shapes = dict[str, tuple[int, ...]]


def thresholds_first(graph: FloatGraph) -> FloatGraph:
    """Turn move, step into step, move, where the step alone reads what was moved: it works on single values."""
    for node in graph.nodes:
        if isinstance(node.op, Threshold) and not node.op.before:
            graph = _raised(graph, node)
    return graph


def _raised(graph: FloatGraph, step: FloatNode) -> FloatGraph:
    move = graph.producers().get(step.inputs[0])
    if move is None or not move.op.CHOOSES or isinstance(move.op, MaxPool) or not _alone(graph, move):
        return graph
    value = f"{step.value}.{move.value}"
    first = replace(step, value=value, inputs=move.inputs)
    last = replace(move, value=step.value, inputs=(value,))
    nodes: list[FloatNode] = []
    for node in graph.nodes:
        if node.value == step.value:
            nodes += [first, last]
        elif node.value != move.value:
            nodes.append(node)
    return _raised(FloatGraph(graph.inputs, tuple(nodes), graph.outputs), first)


def maps_into_thresholds(graph: FloatGraph, shapes: Shapes) -> FloatGraph:
    """Put batch norms and limits that a step alone reads into the step."""
    nodes = {n.value: n for n in graph.nodes}
    for node in graph.nodes:
        while isinstance((op := nodes[node.value].op), Threshold):
            before = nodes.get(nodes[node.value].inputs[0])
            if before is None or not isinstance(before.op, BatchNorm | Limit) or not _alone(graph, before):
                break
            source = nodes.get(before.inputs[0])
            if isinstance(before.op, BatchNorm) and source is not None and _channels_last(source, shapes):
                break
            del nodes[before.value]
            nodes[node.value] = replace(nodes[node.value], op=replace(op, before=(before.op, *op.before)),
                                        inputs=before.inputs)
    return FloatGraph(graph.inputs, tuple(nodes[n.value] for n in graph.nodes if n.value in nodes), graph.outputs)


def biases_into_thresholds(graph: FloatGraph, shapes: Shapes) -> FloatGraph:
    """Put the bias of a layer that a step alone reads, maybe through max pools, into the step, where nothing rounds it.

    A maximum and the sum with one number per channel may trade places.
    """
    nodes = {n.value: n for n in graph.nodes}
    for node in graph.nodes:
        if not isinstance(node.op, Threshold):
            continue
        source = nodes.get(node.inputs[0])
        while source is not None and isinstance(source.op, MaxPool) and _alone(graph, source):
            source = nodes.get(source.inputs[0])
        if source is None or not isinstance(source.op, Convolve) or source.op.bias is None or not _alone(graph, source):
            continue
        last = _channels_last(source, shapes)
        if last and node.op.channels > 1:
            continue
        bias = BatchNorm(np.ones_like(source.op.bias), source.op.bias)
        step = replace(node.op, before=(bias, *node.op.before), axis=-1 if last else node.op.axis)
        nodes[source.value] = replace(source, op=replace(source.op, bias=None))
        nodes[node.value] = replace(node, op=step)
    return FloatGraph(graph.inputs, tuple(nodes[n.value] for n in graph.nodes), graph.outputs)


def _channels_last(node: FloatNode, shapes: Shapes) -> bool:
    """Tell whether the channels of a layer's result run last: those of a matrix product of rank 2 and more."""
    return isinstance(node.op, Convolve) and node.op.dense and len(shapes[node.inputs[0]]) > 1


def _alone(graph: FloatGraph, node: FloatNode) -> bool:
    """Tell whether one operator alone reads a value."""
    return len(graph.consumers().get(node.value, [])) == 1 and node.value not in graph.outputs
