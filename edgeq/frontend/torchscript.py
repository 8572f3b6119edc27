"""Turn a TorchScript module into an fx graph of the same operators.

The module is loaded already: whoever loads one lets it run code (``--allow-code``). Its graph must be a straight line;
branches are read only where they do nothing but raise.
"""

from __future__ import annotations

import copy
import operator
import re
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import nn
from torch.fx import Graph, GraphModule, Node

from edgeq.errors import UnsupportedOpError
from edgeq.frontend.quiet import quiet

_ELEMENTS = {
    0: torch.uint8, 1: torch.int8, 2: torch.int16, 3: torch.int32, 4: torch.int64, 5: torch.float16,
    6: torch.float32, 7: torch.float64, 11: torch.bool, 12: torch.qint8, 13: torch.quint8, 14: torch.qint32,
    15: torch.bfloat16,
}  # fmt: skip
"""torch's numbers of element types. Source: c10/core/ScalarType.h."""
_PASSES = ("prim::NumToTensor", "aten::Int", "aten::IntImplicit", "aten::ScalarImplicit")
_UNPACKS = ("prim::TupleUnpack", "prim::ListUnpack")


def from_torchscript(model: torch.jit.ScriptModule) -> GraphModule:
    """Return the module as an fx graph; raises UnsupportedOpError, with its place, for what is no plain operator."""
    with quiet():
        frozen = torch.jit.freeze(copy.deepcopy(model).eval(), optimize_numerics=False)
        graph = frozen.graph
        torch._C._jit_pass_inline(graph)
        torch._C._jit_pass_dce(graph)
    return _Reader(_needed(graph)).read(graph)


def _needed(graph: Any) -> set[str]:
    """Return the names of the values that the outputs depend on: what only assertions read is left out."""
    needed = {value.debugName() for value in graph.outputs()}
    for node in reversed(list(graph.nodes())):
        if any(value.debugName() in needed for value in node.outputs()):
            needed |= {value.debugName() for value in node.inputs()}
    return needed


@dataclass
class _Reader:
    """Read node by node; ``values`` holds an fx node or a plain Python value for each name."""

    needed: set[str]
    graph: Graph = field(default_factory=Graph)
    root: nn.Module = field(default_factory=nn.Module)
    values: dict[str, Any] = field(default_factory=dict)

    def read(self, script: Any) -> GraphModule:
        """Return the graph of a frozen, inlined script."""
        for value in script.inputs():
            if isinstance(value.type(), torch._C.TensorType):
                self.values[value.debugName()] = self.graph.placeholder(_plain(value.debugName()))
        for node in script.nodes():
            if any(value.debugName() in self.needed for value in node.outputs()):
                self._node(node)
        outputs = [self.values[value.debugName()] for value in script.outputs()]
        self.graph.output(outputs[0] if len(outputs) == 1 else tuple(outputs))
        return GraphModule(self.root, self.graph)

    def _node(self, node: Any) -> None:
        kind = node.kind()
        outputs = [value.debugName() for value in node.outputs()]
        if kind == "prim::Constant":
            self.values[outputs[0]] = self._constant(outputs[0], node.output().toIValue())
            return
        args = [self._operand(node, value.debugName()) for value in node.inputs()]
        if kind in ("prim::ListConstruct", "prim::TupleConstruct"):
            self.values[outputs[0]] = args if kind == "prim::ListConstruct" else tuple(args)
        elif kind in _UNPACKS:
            whole = args[0]
            parts = whole if isinstance(whole, list | tuple) else [
                self.graph.call_function(operator.getitem, (whole, k)) for k in range(len(outputs))]
            self.values.update(zip(outputs, parts, strict=True))
        elif kind in _PASSES:
            self.values[outputs[0]] = args[0]
        else:
            self.values[outputs[0]] = self._call(node, kind, args)

    def _operand(self, node: Any, name: str) -> Any:
        if name not in self.values:
            raise _unsupported(node, "it reads what is no tensor")
        return self.values[name]

    def _constant(self, name: str, value: Any) -> Any:
        """Return a plain value, or a node for a stored tensor or packed weights, under their own name."""
        if not isinstance(value, torch.Tensor | torch.ScriptObject):
            return value
        path = _plain(name.removeprefix("self."), dots=True)
        holder, _, leaf = path.rpartition(".")
        module = self.root
        for part in filter(None, holder.split(".")):
            if not hasattr(module, part):
                module.add_module(part, nn.Module())
            module = getattr(module, part)
        if isinstance(value, torch.Tensor):
            module.register_buffer(leaf, value.detach())
        else:
            setattr(module, leaf, value)
        return self.graph.get_attr(path)

    def _call(self, node: Any, kind: str, args: list[Any]) -> Node:
        if kind == "aten::quantize_per_tensor":
            return self.graph.call_function(torch.quantize_per_tensor, (*args[:3], _ELEMENTS.get(args[3], args[3])))
        if kind == "aten::dequantize":
            return self.graph.call_method("dequantize", (args[0],))
        if kind == "aten::size":
            return self.graph.call_method("size", tuple(args))
        namespace, _, name = kind.partition("::")
        schema = re.match(r"[\w:]+(?:\.(\w+))?\(", str(node.schema()))
        packet = getattr(getattr(torch.ops, namespace), name, None) if namespace in ("aten", "quantized") else None
        if packet is None or schema is None:
            raise _unsupported(node, "it is no plain operator; export the model with torch.export.export instead")
        if namespace == "quantized":
            return self.graph.call_function(packet, tuple(args))
        function = getattr(packet, schema.group(1) or "default")
        declared = list(zip(function._schema.arguments, args, strict=True))
        plain = [(a, _typed(str(a.real_type), v)) for a, v in declared if "MemoryFormat" not in str(a.real_type)]
        positional = tuple(v for a, v in plain if not a.kwarg_only)
        return self.graph.call_function(function, positional, {a.name: v for a, v in plain if a.kwarg_only})


def _typed(kind: str, value: Any) -> Any:
    """Return an argument as Python calls it: TorchScript numbers element types."""
    return _ELEMENTS.get(value, value) if "ScalarType" in kind and type(value) is int else value


def _unsupported(node: Any, why: str) -> UnsupportedOpError:
    source = str(node.sourceRange()).strip().splitlines()
    place = next((line.strip() for line in source if line.strip().startswith("File ")), "")
    return UnsupportedOpError(f"{node.kind()}{f' ({place})' if place else ''}: {why}")


def _plain(name: str, *, dots: bool = False) -> str:
    """Return a value's name without the number that TorchScript adds.

    >>> _plain("x.1"), _plain("stem.0.weight", dots=True), _plain("fc.bias.2", dots=True), _plain("7")
    ('x', 'stem.0.weight', 'fc.bias', 'value_7')
    """
    plain = re.sub(r"\.\d+$", "", name)
    plain = plain if dots else plain.replace(".", "_")
    return f"value_{plain}" if plain[:1].isdigit() and "." not in plain else plain
