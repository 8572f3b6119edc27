"""Run a quantized model on calibration data beside the float model that it holds, layer by layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch.fx import GraphModule, Node
from torch.fx.node import map_arg

from edgeq.compress.quantization import operators as ops
from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.layers import Average, QuantizedLayer
from edgeq.compress.quantization.norms import Norm
from edgeq.errors import InputError

Batches = Sequence[torch.Tensor]


@dataclass(frozen=True)
class Visit:
    """A call of a layer: what it reads in both models, and what the float one makes of it, batch by batch.

    ``limit`` applies the ReLU or clamp that alone reads the result, if there is one.
    """

    layer: QuantizedLayer
    source: ActivationQuantizer | None
    norm: Norm | None
    plain: Batches
    given: Batches
    wanted: Batches
    limit: Callable[[torch.Tensor], torch.Tensor]

    def quantized(self) -> list[torch.Tensor]:
        """Return what the quantized layer makes of its operand, as it is now."""
        return [self.layer(x, self.source, self.norm) for x in self.given]


@torch.no_grad()
def walk(model: GraphModule, data: Sequence[tuple[torch.Tensor, ...]]) -> Iterator[Visit]:
    """Yield the layers in the order in which they run, those called once alone.

    The quantized model runs on after each as the reader of this has left the layer. ``data`` are batches of inputs.
    """
    run = _Run(model, data)
    for node in model.graph.nodes:
        if node.op == "output":
            return
        visit = run.step(node)
        if visit is not None:
            yield visit
            run.quantized[node] = visit.quantized()
        run.forget(node)


class _Run:
    """Values of nodes so far, in both models, by batch."""

    def __init__(self, model: GraphModule, data: Sequence[tuple[torch.Tensor, ...]]) -> None:
        self.model, self.data = model, data
        self.plain: dict[Node, list[Any]] = {}
        self.quantized: dict[Node, list[Any]] = {}
        self.calls = Counter(node.target for node in model.graph.nodes if node.op == "call_module")
        self.inputs = [node for node in model.graph.nodes if node.op == "placeholder"]
        if any(len(batch) != len(self.inputs) for batch in data):
            raise InputError(f"calibration: {len(data[0])} arrays given, the model has {len(self.inputs)} inputs")

    def step(self, node: Node) -> Visit | None:
        """Compute a node; of a layer that is called once the float value alone, and return it."""
        if node.op == "placeholder":
            index = self.inputs.index(node)
            self.plain[node] = self.quantized[node] = [batch[index] for batch in self.data]
            return None
        if node.op == "get_attr":
            self.plain[node] = self.quantized[node] = [_attribute(self.model, str(node.target))] * len(self.data)
            return None
        if node.op != "call_module":
            function = getattr(torch.Tensor, str(node.target)) if node.op == "call_method" else node.target
            self.plain[node] = self._applied(function, node, self.plain)
            self.quantized[node] = self._applied(function, node, self.quantized)
            return None
        module = self.model.get_submodule(str(node.target))
        self.plain[node] = self._applied(_float_of(module), node, self.plain)
        if isinstance(module, QuantizedLayer) and self.calls[node.target] == 1:
            return self._visit(module, node)
        self.quantized[node] = self._applied(module, node, self.quantized)
        return None

    def _visit(self, layer: QuantizedLayer, node: Node) -> Visit:
        read = node.args[0]
        source, norm = (self.quantized[each][0] if isinstance(each, Node) else None
                        for each in (*node.args[1:3], None, None)[:2])
        assert isinstance(read, Node)
        return Visit(layer, source, norm, self.plain[read], self.quantized[read], self.plain[node], self._limit(node))

    def _limit(self, node: Node) -> Callable[[torch.Tensor], torch.Tensor]:
        """Return the ReLU or clamp that alone reads a node, or what changes nothing."""
        user = next(iter(node.users))
        if len(node.users) > 1 or user.args[0] is not node or user.kwargs:
            return lambda x: x
        rest = user.args[1:]
        target = self.model.get_submodule(str(user.target)) if user.op == "call_module" else user.target
        name = getattr(getattr(target, "operator", target), "_schema", None)
        if name is None or str(name.name).removeprefix("aten::") not in ops.LIMITS:
            return lambda x: x
        return lambda x: target(x, *rest)  # type: ignore[operator]

    def _applied(self, function: Any, node: Node, values: dict[Node, list[Any]]) -> list[Any]:
        def at(value: Any, k: int) -> Any:
            return map_arg(value, lambda n: values[n][k])

        return [function(*at(node.args, k), **at(node.kwargs, k)) for k in range(len(self.data))]

    def forget(self, node: Node) -> None:
        """Drop the values that no later node reads."""
        for read in node.all_input_nodes:
            if list(read.users)[-1] is node:
                self.plain.pop(read, None)
                self.quantized.pop(read, None)


def _float_of(module: Any) -> Callable[..., Any]:
    """Return what a module computes in the float model."""
    if isinstance(module, QuantizedLayer):
        return lambda x, _source=None, norm=None: module.plain(x, norm)
    if isinstance(module, ActivationQuantizer):
        return lambda x: x
    if isinstance(module, Average):
        return lambda x, _source=None: module.call(x)
    return module  # type: ignore[no-any-return]


def _attribute(model: GraphModule, path: str) -> Any:
    owner, _, leaf = path.rpartition(".")
    return getattr(model.get_submodule(owner), leaf)
