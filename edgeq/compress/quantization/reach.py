"""Find the first and the last layers of a network: nothing weighted lies before them, or after."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from torch.fx import Graph, Node

from edgeq.compress.quantization.operators import WEIGHTED
from edgeq.compress.tracing import operator_of


def outermost(graph: Graph, inputs: tuple[str, ...]) -> set[Node]:
    """Return the weighted operators that no other weighted one separates from an input or an output."""
    ends = [node for node in graph.nodes if node.op == "output"]
    starts = [node for node in graph.nodes if node.op == "placeholder" and node.name in inputs]
    return _met(starts, lambda node: node.users) | _met(ends, lambda node: node.all_input_nodes)


def _met(starts: list[Node], following: Callable[[Node], Iterable[Node]]) -> set[Node]:
    found, seen, waiting = set(), set(starts), list(starts)
    while waiting:
        for node in following(waiting.pop()):
            if node in seen:
                continue
            seen.add(node)
            if node.op == "call_function" and operator_of(node) in WEIGHTED:
                found.add(node)
            elif node.op == "call_function":
                waiting.append(node)
    return found
