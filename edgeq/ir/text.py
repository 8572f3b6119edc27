"""Print a graph as text, one value per line, with its attributes and its type."""

from __future__ import annotations

import dataclasses
from enum import IntEnum
from typing import Any

from edgeq.arith.types import Overflow, Rounding
from edgeq.ir.graph import Graph, Node
from edgeq.ir.tensor import Constant, TensorType


def graph_text(graph: Graph) -> str:
    """Return the text form of a graph.

    A tensor is shown by its type and shape. An attribute at its default is left out, but rules are always shown.
    """
    lines = [f"graph {graph.name} {{"]
    for item in graph.inputs:
        lines.append(f"  %{item.name} = input {{{item.quantization.KIND}}} : {_type(item.type)}")
    lines += [f"  {_node(node, graph.types[node.name])}" for node in graph.nodes]
    lines += [f"  output {o.name} = %{o.value}" for o in graph.outputs]
    return "\n".join([*lines, "}"]) + "\n"


def _node(node: Node, kept: TensorType) -> str:
    operands = ", ".join(f"%{name}" for name in node.inputs)
    values = {f.name: (getattr(node.op, f.name), f.default) for f in dataclasses.fields(node.op)}  # type: ignore[arg-type]
    shown = {name: v for name, (v, default) in values.items() if v != default or isinstance(v, Rounding | Overflow)}
    attributes = ", ".join(f"{name}={_attribute(value)}" for name, value in shown.items())
    return f"%{node.name} = {node.op.KIND}({operands}) {{{attributes}}} : {_type(kept)}"


def _attribute(value: Any) -> str:
    if isinstance(value, Constant):
        if not value.shape:
            return str(int(value.array))
        return f"{value.smallest}[{','.join(map(str, value.shape))}]"
    if isinstance(value, IntEnum):
        return value.name
    if isinstance(value, tuple) and len(value) > 8:
        return f"({value[0]}, .. {len(value)} values)"
    return str(value.as_dict() if hasattr(value, "as_dict") else value)


def _type(kept: TensorType) -> str:
    scale = f" scale {kept.scale:.6g}" if isinstance(kept.scale, float) else ""
    return f"{kept}{scale}"
