"""Find the fully connected weights whose columns follow a flatten, and put those in an engine's order.

The graph flattens in the order of its `Flatten` op, c, h, w where lowered from PyTorch. An engine whose values lie
channel fastest feeds them h, w, c; then the columns of the weight have to be in that order too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from edgeq.errors import ArtefactError, InputError, shown
from edgeq.ir.graph import Graph, Node
from edgeq.ir.op import Op
from edgeq.ir.tensor import Array, Constant
from edgeq.memory.layout import from_layout, restrict, to_layout, value_axes
from edgeq.ops.flatten import Flatten
from edgeq.ops.linear import Linear
from edgeq.ops.reshape import Reshape
from edgeq.ops.weighted import Weighted

FLATTEN = ("chw", "hwc")
_PASSING = frozenset({"requantize", "clamp", "lut", "leaky_relu", "prelu", "threshold"})
_TABLES = ("table", "thresholds")


@dataclass(frozen=True)
class Columns:
    """The columns of a weight as the value that was flattened: ``shape`` and ``axes`` of one sample, ``order``."""

    shape: tuple[int, ...]
    axes: str
    order: str

    def as_dict(self) -> dict[str, Any]:
        """Return the manifest's fields."""
        return {"shape": list(self.shape), "axes": self.axes, "order": self.order}

    def turned(self, weight: Array) -> Array:
        """Return a weight (O, I) of the graph, its columns in h, w, c order; those that are so already stay."""
        cut = weight.reshape(len(weight), *self.shape)
        return to_layout(cut, self.axes, restrict("hwc", self.axes)).reshape(weight.shape)


def restore_columns(weight: Array, columns: Mapping[str, Any], where: str) -> Array:
    """Return the weight (O, I) of the graph from one whose columns `Columns.turned` has moved."""
    shape, axes = tuple(columns["shape"]), columns["axes"]
    if weight.ndim != 2 or int(np.prod(shape)) != weight.shape[1]:
        raise ArtefactError(f"{where}: manifest says columns of {list(shape)}, the weight is {list(weight.shape)}")
    return from_layout(weight, axes, restrict("hwc", axes), (len(weight), *shape)).reshape(weight.shape)


def moved_columns(graph: Graph, flatten: str) -> dict[str, Columns]:
    """Return by layer the weights whose columns ``flatten`` (chw: as the graph has them; hwc) moves.

    Raises InputError for another order, and for a weight whose columns follow a flatten through an op that does not
    keep their places.
    """
    if flatten not in FLATTEN:
        raise InputError(f"flatten {shown(flatten)} does not exist; use one of {', '.join(FLATTEN)}")
    if flatten == FLATTEN[0]:
        return {}
    nodes = {node.name: node for node in graph.nodes}
    found = {n.layer: _source(graph, nodes, n, n.inputs[0]) for n in graph.nodes if isinstance(n.op, Linear)}
    return {layer: columns for layer, columns in found.items() if columns is not None}


def _source(graph: Graph, nodes: Mapping[str, Node], reader: Node, value: str) -> Columns | None:
    """Return the flattened value that ``value`` has the places of, None when it has those of no image."""
    if value not in nodes:
        return None
    node = nodes[value]
    if isinstance(node.op, Flatten | Reshape):
        return _flattened(graph, nodes, reader, node)
    if node.op.KIND in _PASSING and _is_uniform(node.op):
        return _source(graph, nodes, reader, node.inputs[0])
    if isinstance(node.op, Weighted):
        return None
    if any(_source(graph, nodes, reader, v) for v in node.inputs):
        raise InputError(f"flatten hwc: columns of {reader.op.KIND} '{reader.layer}' follow a flatten through "
                         f"{node.op.KIND} '{node.layer}', where their places are not followed; use flatten=chw")
    return None


def _flattened(graph: Graph, nodes: Mapping[str, Node], reader: Node, node: Node) -> Columns | None:
    before, after = graph.types[node.inputs[0]], graph.types[node.name]
    if len(before.shape) == 1 and len(after.shape) == 1:
        return _source(graph, nodes, reader, node.inputs[0])
    if len(after.shape) != 1:
        if _source(graph, nodes, reader, node.inputs[0]):
            raise InputError(f"flatten hwc: columns of {reader.op.KIND} '{reader.layer}' follow a flatten through "
                             f"{node.op.KIND} '{node.layer}', where their places are not followed; use flatten=chw")
        return None
    if isinstance(node.op, Flatten) and node.op.order == "hwc":
        return None
    axes = value_axes(len(before.shape), before.axis)
    moves = sum(n > 1 for n in before.shape) > 1 and restrict("hwc", axes) != axes
    return Columns(before.shape, axes, restrict("hwc", axes)) if moves else None


def _is_uniform(op: Op) -> bool:
    """Tell whether every constant of the op is one for all places; `table` and `thresholds` are rows of it."""
    values = {field.name: getattr(op, field.name) for field in fields(op)}  # type: ignore[arg-type]
    return all(not isinstance(v, Constant) or v.array.ndim <= (name in _TABLES) for name, v in values.items())
