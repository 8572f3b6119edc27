"""Hold a network of integer ops: inputs, nodes in order of execution, outputs, and the type of every value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from edgeq.errors import GraphError
from edgeq.ir.naming import refuse_collisions
from edgeq.ir.op import Op
from edgeq.ir.quantization import Codes, InputQuantization
from edgeq.ir.rules import check_layers, check_name
from edgeq.ir.tensor import TensorType, check_size


@dataclass(frozen=True)
class GraphInput:
    """A value that comes from outside, and how the user's data become its codes."""

    name: str
    type: TensorType
    quantization: InputQuantization = field(default_factory=Codes)


@dataclass(frozen=True)
class Node:
    """One op applied to named values; ``name`` is that of its result, ``layer`` the layer it belongs to."""

    name: str
    op: Op
    inputs: tuple[str, ...]
    layer: str


@dataclass(frozen=True)
class GraphOutput:
    """A value that leaves the graph under a name."""

    name: str
    value: str


@dataclass(frozen=True)
class Layer:
    """An op, or an arithmetic op and the requantize or clamp that alone consumes its result."""

    name: str
    nodes: tuple[Node, ...]

    @property
    def inputs(self) -> tuple[str, ...]:
        """Values that the layer reads."""
        return self.nodes[0].inputs

    @property
    def acc(self) -> str | None:
        """Value of the accumulator, None when the layer is a single op with no accumulator name."""
        return next((n.name for n in self.nodes if n.name == f"{self.name}.acc"), None)

    @property
    def output(self) -> str:
        """Value that the layer gives."""
        return self.nodes[-1].name

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        fields = [getattr(n.op, f) for n in self.nodes for f in n.op.WEIGHTS]
        return sum(f.array.size for f in fields if f is not None)


@dataclass(frozen=True)
class Graph:
    """A checked network; making one raises GraphError when any rule is broken.

    ``types`` maps every value to its type. ``metadata`` holds plain data for reports, never for results.
    """

    name: str
    inputs: tuple[GraphInput, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[GraphOutput, ...]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    types: Mapping[str, TensorType] = field(init=False)

    def __post_init__(self) -> None:
        check_name("graph", self.name)
        types = _infer_types(self)
        object.__setattr__(self, "types", MappingProxyType(types))
        _check_outputs(self)
        check_layers(self.nodes)
        refuse_collisions([*types, *{n.layer for n in self.nodes}])

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Layers in order of execution."""
        grouped: dict[str, list[Node]] = {}
        for node in self.nodes:
            grouped.setdefault(node.layer, []).append(node)
        return tuple(Layer(name, tuple(nodes)) for name, nodes in grouped.items())

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        return sum(layer.parameters for layer in self.layers)

    def node(self, name: str) -> Node:
        """Return the node whose result is ``name``; raises GraphError when there is none."""
        for node in self.nodes:
            if node.name == name:
                return node
        raise GraphError(f"graph '{self.name}' has no value '{name}'")

    def consumers(self, name: str) -> tuple[Node, ...]:
        """Return the nodes that read a value."""
        return tuple(n for n in self.nodes if name in n.inputs)


def _infer_types(graph: Graph) -> dict[str, TensorType]:
    types: dict[str, TensorType] = {}
    if not graph.inputs:
        raise GraphError(f"graph '{graph.name}' has no input")
    for item in graph.inputs:
        check_input(item)
        _refuse_second(types, item.name, graph)
        types[item.name] = item.type
    for node in graph.nodes:
        check_name(node.op.KIND, node.name)
        check_name("layer", node.layer)
        missing = [v for v in node.inputs if v not in types]
        if missing:
            raise GraphError(f"{node.op.KIND} '{node.name}': operand '{missing[0]}' is not computed before it")
        _refuse_second(types, node.name, graph)
        types[node.name] = node.op.check(node.name, [types[v] for v in node.inputs])
    return types


def _refuse_second(types: Mapping[str, TensorType], name: str, graph: Graph) -> None:
    if name in types:
        raise GraphError(f"graph '{graph.name}': the name '{name}' is given to two values")


def check_input(item: GraphInput) -> None:
    """Raise GraphError for an input whose shape, zero point or quantization does not fit its type."""
    kept = item.type
    check_name("input", item.name)
    if any(not isinstance(d, int) or d < 1 for d in kept.shape):
        raise GraphError(f"input '{item.name}': shape {kept.shape} must hold positive integers")
    check_size(f"input '{item.name}'", kept)
    if not kept.type.holds(kept.zero_point, kept.zero_point):
        raise GraphError(f"input '{item.name}': zero point {kept.zero_point} is outside {kept.type}")
    if isinstance(kept.scale, tuple) and not kept.scales_fit:
        raise GraphError(f"input '{item.name}': has {len(kept.scale)} scales for {kept.channels} channels")
    quantization: object = item.quantization
    if not isinstance(quantization, InputQuantization):
        got = type(quantization).__name__
        raise GraphError(f"input '{item.name}': its quantization must be Codes, Table or Affine, got {got}")
    quantization.check(item.name, kept)


def _check_outputs(graph: Graph) -> None:
    if not graph.outputs:
        raise GraphError(f"graph '{graph.name}' has no output; call output(value)")
    names = [o.name for o in graph.outputs]
    for output in graph.outputs:
        check_name("output", output.name)
        if output.value not in graph.types:
            raise GraphError(f"output '{output.name}': value '{output.value}' does not exist")
        if names.count(output.name) > 1:
            raise GraphError(f"graph '{graph.name}': two outputs are called '{output.name}'")
    refuse_collisions(names, "output file")
