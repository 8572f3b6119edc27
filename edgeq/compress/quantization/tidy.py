"""Bring a traced graph to the form that is quantized: no in-place operators, assertions or casts between floats."""

from __future__ import annotations

import torch
from torch.fx import Graph, Node

from edgeq.compress.tracing import arguments_of, operator_of

_ASSERTIONS = ("_assert", "sym_constrain", "_check")


def tidy(graph: Graph) -> None:
    """Rewrite a graph in place; what it computes stays."""
    for node in list(graph.nodes):
        if node.op != "call_function":
            continue
        name = str(getattr(node.target, "__name__", node.target))
        if any(part in name for part in _ASSERTIONS) and not node.users:
            graph.erase_node(node)
        elif _is_cast(node):
            node.replace_all_uses_with(node.args[0])
            graph.erase_node(node)
        elif _is_in_place(node):
            _out_of_place(node)
    graph.eliminate_dead_code(lambda node: node.op in ("placeholder", "output"))


def _is_cast(node: Node) -> bool:
    """Tell whether a node changes a floating type at most: the quantized model's own holds throughout."""
    if operator_of(node) not in ("to", "_to_copy") or not isinstance(node.args[0], Node):
        return False
    before, after = node.args[0].meta.get("val"), node.meta.get("val")
    return all(isinstance(v, torch.Tensor) and v.is_floating_point() for v in (before, after)) and (
        "dtype" in arguments_of(node))


def _is_in_place(node: Node) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.name.endswith("_") and schema.name.startswith("aten::")


def _out_of_place(node: Node) -> None:
    """Put the functional operator in place, and let whatever reads the changed operand later read the result."""
    changed, schema = node.args[0], node.target._schema  # type: ignore[union-attr]
    packet = getattr(torch.ops.aten, schema.name.removeprefix("aten::").removesuffix("_"))
    node.target = getattr(packet, schema.overload_name or "default")
    order = {each: k for k, each in enumerate(node.graph.nodes)}
    if isinstance(changed, Node):
        changed.replace_all_uses_with(node, delete_user_cb=lambda user: order[user] > order[node])
