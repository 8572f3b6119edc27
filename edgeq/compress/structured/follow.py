"""Follow channels through a traced graph, operator by operator."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator

from torch.fx import Node

from edgeq.compress.structured.layers import Structure
from edgeq.compress.structured.rules import RULES, Place
from edgeq.compress.structured.units import Axes
from edgeq.compress.tracing import Traced, operator_of, place_of, shape_of

Rule = Callable[[Place], Axes | None]


def follow(traced: Traced) -> Structure:
    """Return the channels of a graph.

    Channels that pass an operator without a rule are kept, with the operator's name as the reason; so are the
    channels that leave the model.
    """
    structure = Structure()
    for node in traced.graph.nodes:
        if node.op == "placeholder":
            structure.values[node] = _stored(traced, node, structure)
        elif node.op == "output":
            _keep(structure, node, "they leave the model")
        elif node.target is operator.getitem:
            structure.values[node] = structure.values.get(node.args[0], {})
        elif _has_tensor(node):
            structure.values[node] = _followed(traced, node, structure)
    return structure


def _stored(traced: Traced, node: Node, structure: Structure) -> Axes:
    """Label every axis of a stored tensor; the axes of an input hold no channels that could be removed."""
    name, shape = traced.tensors.get(node.name), shape_of(node)
    if name is None or shape is None:
        return {}
    if name not in structure.tensors:
        structure.tensors[name] = {axis: structure.units.fresh(size) for axis, size in enumerate(shape)}
    axes = structure.tensors[name]
    if node.name in traced.constants:
        for labels in axes.values():
            structure.units.keep(labels, f"the constant '{name}' of the code has their number; make it a buffer")
    return axes


def _followed(traced: Traced, node: Node, structure: Structure) -> Axes:
    rule = RULES.get(operator_of(node))
    axes = rule(Place(node, structure, traced.tensors)) if rule else None
    if axes is None:
        _keep(structure, node, f"operator '{operator_of(node)}' at '{place_of(node)}' is not followed")
        return {}
    return axes


def _keep(structure: Structure, node: Node, reason: str) -> None:
    for source in node.all_input_nodes:
        for labels in structure.values.get(source, {}).values():
            structure.units.keep(labels, reason)


def _has_tensor(node: Node) -> bool:
    value = node.meta.get("val")
    return any(hasattr(item, "shape") for item in _items(value))


def _items(value: object) -> Iterator[object]:
    yield from value if isinstance(value, list | tuple) else (value,)
