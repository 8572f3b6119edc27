"""List the constants of a graph as hardware loads them: by layer, with name, axes and declared type."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from edgeq.arith.types import IntType
from edgeq.errors import GraphError
from edgeq.ir.graph import Graph, Node
from edgeq.ir.op import Op
from edgeq.ir.quantization import Table
from edgeq.ir.stems import layer_stems
from edgeq.ir.tensor import Constant, IntArray
from edgeq.memory.layout import weight_axes


@dataclass(frozen=True)
class Parameter:
    """One constant: ``name`` is ``<layer>.<tensor>``, ``stem`` the start of its file's name.

    ``axes`` are its axes in the IR (``oihw``, ``oi``, ``o``, ``ok`` for thresholds, ``ck`` for tables of an input,
    none for a scalar); ``fill_value`` is the weight zero point and ``encoding`` the weight encoding, for weights alone.
    """

    layer: str
    tensor: str
    stem: str
    array: IntArray
    type: IntType
    axes: str
    fill_value: Constant | None = None
    encoding: str = "int"

    @property
    def name(self) -> str:
        """Name in manifests."""
        return f"{self.layer}.{self.tensor}"


def parameters(graph: Graph) -> Iterator[Parameter]:
    """Yield every constant: input tables, then layer by layer in order of execution.

    A bias is given per channel, zeros when the op has none; other scalars (a per-tensor multiplier) stay scalars.
    """
    stems = layer_stems(graph)
    for item in graph.inputs:
        if isinstance(item.quantization, Table):
            table = item.quantization.table
            yield Parameter(item.name, "table", f"{stems[item.name]}.table", table.array, item.type.type, "ck")
    for layer in graph.layers:
        for node in layer.nodes:
            for field, value in _constants(node.op):
                yield _parameter(graph, node, field, value, stems[layer.name])


def find_parameter(graph: Graph, name: str) -> Parameter:
    """Return the constant called ``name``; raises GraphError when there is none."""
    for parameter in parameters(graph):
        if parameter.name == name:
            return parameter
    raise GraphError(f"graph '{graph.name}' has no constant {name!r}")


def _constants(op: Op) -> Iterator[tuple[str, Constant]]:
    for field in dataclasses.fields(op):  # type: ignore[arg-type]
        value = getattr(op, field.name)
        if isinstance(value, Constant):
            yield field.name, value
        elif field.name == "bias":
            yield "bias", Constant(0)


def _parameter(graph: Graph, node: Node, field: str, value: Constant, stem: str) -> Parameter:
    array = value.array
    if field == "bias":
        array = value.per_channel(graph.types[node.name].channels)
    axes = weight_axes(array.ndim) if field == "weight" else "ok"[: array.ndim]
    fill = getattr(node.op, "weight_zero_point", None) if field == "weight" else None
    encoding = "int" if fill is None else getattr(node.op, "weight_encoding", "int")
    return Parameter(node.layer, field, f"{stem}.{field}", array, declared(node.op, field, value), axes, fill, encoding)


def declared(op: Op, field: str, value: Constant) -> IntType:
    """Return the type that the op declares for a constant, else the smallest that holds it."""
    if field.startswith("weight") and hasattr(op, "weight_type"):
        return _int_type(op, "weight_type")
    if field == "bias" and hasattr(op, "acc"):
        return _int_type(op, "acc") if getattr(op, "bias_type", None) is None else _int_type(op, "bias_type")
    return value.smallest


def _int_type(op: Op, field: str) -> IntType:
    kept: IntType = getattr(op, field)
    return kept
