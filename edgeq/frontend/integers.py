"""Turn a float network with quantizers into the integer graph."""

from __future__ import annotations

from dataclasses import dataclass

import edgeq.frontend.lowerings
import edgeq.ops  # noqa: F401 - fills the registry
from edgeq.arith.types import smallest_type
from edgeq.errors import GraphError, ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.context import Context, code_state
from edgeq.frontend.families import LOWERINGS, lowers
from edgeq.frontend.inputs import Quantizing
from edgeq.frontend.states import State
from edgeq.ir.builder import Value
from edgeq.ir.quantization import InputQuantization
from edgeq.scheme.naming import unused


@dataclass
class Integers:
    """Lower a network node by node into a context."""

    context: Context
    quantize_input: Quantizing

    def lower(self, graph: fg.FloatGraph) -> None:
        """Lower every node, then the outputs, each under its layer's name, numbered where two are one."""
        context = self.context
        context.readers, context.outputs = graph.consumers(), graph.outputs
        for item in graph.inputs:
            self._input(item, context.readers.get(item.name, []))
        for node in graph.nodes:
            try:
                context.states[node.value] = self._node(node)
            except GraphError as error:
                raise ModelError(f"{node.where}: {error}") from None
        names = {node.value: node.layer for node in graph.nodes}
        leaving = {value: self._leaving(value, names.get(value, value)) for value in dict.fromkeys(graph.outputs)}
        wanted = [context.builder.name_of(leaving[value]) for value in graph.outputs]
        for k, value in enumerate(graph.outputs):
            name = wanted[k] if wanted[k] not in wanted[:k] else unused(wanted[k], wanted)
            wanted[k] = name
            context.builder.output(leaving[value], name)

    def _leaving(self, value: str, layer: str) -> Value:
        """Return an output as a code, or as 32 bits at one scale."""
        context = self.context
        state = context.states[value]
        settled = context.settled(state if state.code else context.wide(state, None if state.sum else layer), layer)
        if not any(settled.value is v for v, _ in context.traced):
            context.traced.append((settled.value, value))
        return settled.value

    def _node(self, node: fg.FloatNode) -> State:
        lowering = LOWERINGS.get(type(node.op))
        if lowering is None:
            raise ModelError(f"{node.where}: cannot be folded; export the model in evaluation mode")
        return lowering(self.context, [self.context.states[v] for v in node.inputs], node)

    def _input(self, item: fg.FloatInput, readers: list[fg.FloatNode]) -> None:
        quantizers = [r.op for r in readers if isinstance(r.op, fg.Quantize)]
        if not quantizers or len(quantizers) < len(readers):
            raise ModelError(
                f"input '{item.name}' is read without a quantizer; give calibration data (--calib) to a float model, "
                "or quantize the input in the model"
            )
        first = quantizers[0]
        kept = smallest_type(first.lo, first.hi)
        quantization: InputQuantization = self.quantize_input(item.name, item.shape, first, kept)
        value = self.context.builder.input(item.name, item.shape, kept, first.zero_point, first.scale, quantization)
        self.context.states[item.name] = code_state(value, first, item.name)
        self.context.traced.append((value, item.name))


@lowers(fg.Quantize)
def _quantize(context: Context, states: list[State], node: fg.FloatNode) -> State:
    assert isinstance(node.op, fg.Quantize)
    made = context.quantize(states[0], node.op, node.layer, node.layer)
    context.traced.append((made.value, node.inputs[0]))
    return made
