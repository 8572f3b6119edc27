"""Decide which values are quantized: the rule by which lowering quantizes a float model after training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch.fx import Graph, Node

from edgeq.compress.quantization import operators as ops
from edgeq.compress.tracing import operator_of, shape_of


@dataclass(frozen=True)
class Point:
    """A value to quantize: the result of ``node``, named after the ``first`` operator that the quantizer completes."""

    layer: str
    node: Node
    first: Node
    is_input: bool = False


def points(
    graph: Graph, inputs: tuple[str, ...], names: Mapping[Node, str], outputs: Callable[[str], bool]
) -> list[Point]:
    """Return the values to quantize, in order: inputs, and results that are computed.

    A result that only a limit, a factor, a slope, a concat, a maximum or a minimum reads is quantized after it, under
    the first one's name. What moves or pools stays at its operand's scale. A result that only leaves the network, or is
    only compared, is quantized where ``outputs`` says so of its layer.
    """
    leaving = leaves(graph)
    found = [Point(n.name, n, n, is_input=True) for n in graph.nodes if n.op == "placeholder" and n.name in inputs]
    for node in graph.nodes:
        if not ops.computes(node) or _rides(node, leaving):
            continue
        first = node
        while (before := _alone_before(first, leaving)) is not None:
            first = before
        if any(not ops.compares(r) for r in readers(node)) or outputs(names[first]):
            found.append(Point(names[first], node, first))
    return found


def absorbed(norm: Node, leaving: set[Node]) -> bool:
    """Tell whether a batch norm becomes part of the layer before it: nothing else reads that, or shares its weight."""
    layer = norm.args[0]
    if operator_of(norm) not in ops.NORMS or not isinstance(layer, Node) or operator_of(layer) not in ops.WEIGHTED:
        return False
    weight, dense = layer.args[1], operator_of(layer) == "linear"
    channels_last = dense and len(shape_of(layer) or ()) != 2
    alone = len(readers(layer)) == 1 and layer not in leaving
    return alone and not channels_last and isinstance(weight, Node) and len(readers(weight)) == 1


def readers(node: Node) -> list[Node]:
    """Return the operators that read a node's values, not the end of the graph and not what only reads its size."""
    return [user for user in node.users if user.op == "call_function" and ops.is_value(user)]


def leaves(graph: Graph) -> set[Node]:
    """Return the nodes whose values leave the network."""
    return {node for end in graph.nodes if end.op == "output" for node in end.all_input_nodes}


def source_of(node: Node, quantized: Mapping[Node, object]) -> Node | None:
    """Return the quantized node whose codes a value carries, itself or what it was moved from, None without one."""
    while node not in quantized:
        if node.op != "call_function" or not ops.keeps(node) or not node.all_input_nodes:
            return None
        node = node.all_input_nodes[0]
    return node


def _rides(node: Node, leaving: set[Node]) -> bool:
    """Tell whether one operator alone reads a value, and quantizes it with its own result."""
    read = readers(node)
    return node not in leaving and len(read) == 1 and (ops.rides(read[0]) or absorbed(read[0], leaving))


def _alone_before(node: Node, leaving: set[Node]) -> Node | None:
    """Return the node that computes what this node ends: the sum that a limit or a batch norm alone reads."""
    if not (absorbed(node, leaving) or (ops.rides(node) and ops.reads_one(node))):
        return None
    before = node.args[0]
    found = isinstance(before, Node) and ops.computes(before) and _rides(before, leaving)
    return before if found and isinstance(before, Node) else None
