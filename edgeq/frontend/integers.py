"""Turn a float network with quantizers into the integer graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

import edgeq.ops  # noqa: F401 - fills the registry
from edgeq.arith.types import IntType, Overflow, Rounding, smallest_type, width_of
from edgeq.errors import GraphError, ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.inputs import Quantizing
from edgeq.frontend.names import unused
from edgeq.frontend.presets import preset
from edgeq.frontend.rescaling import common_scale, rescaling
from edgeq.frontend.settings import LayerSettings, Settings
from edgeq.frontend.states import FREE, State, clamp_for, code_limits
from edgeq.frontend.weight_codes import Operand, declared_products, reduces, weight_codes
from edgeq.ir.builder import GraphBuilder, Value
from edgeq.ir.op import OPS, Bounds, Op
from edgeq.ir.quantization import InputQuantization

_FINE_SHIFT = 12
"""Extra fraction bits under an average that is rounded to another scale right after."""


_PASSES_ON = fg.Flatten | fg.Reshape | fg.MaxPool | fg.Pad | fg.Limit


@dataclass
class Integers:
    """Lower node by node; ``traced`` records which integer value stands for which value of the program."""

    settings: Settings
    quantize_input: Quantizing
    builder: GraphBuilder
    states: dict[str, State] = field(default_factory=dict)
    traced: list[tuple[Value, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    readers: Mapping[str, list[fg.FloatNode]] = field(default_factory=dict)

    def lower(self, graph: fg.FloatGraph) -> None:
        """Lower every node, then the outputs, each under its layer's name, numbered where two are one."""
        self.readers = graph.consumers()
        for item in graph.inputs:
            self._input(item, self.readers.get(item.name, []))
        for node in graph.nodes:
            try:
                self.states[node.value] = self._node(node)
            except GraphError as error:
                raise ModelError(f"{node.where}: {error}") from None
        names = {node.value: node.layer for node in graph.nodes}
        leaving = {value: self._leaving(value, names.get(value, value)) for value in dict.fromkeys(graph.outputs)}
        wanted = [self.builder.name_of(leaving[value]) for value in graph.outputs]
        for k, value in enumerate(graph.outputs):
            name = wanted[k] if wanted[k] not in wanted[:k] else unused(wanted[k], wanted)
            wanted[k] = name
            self.builder.output(leaving[value], name)

    def _leaving(self, value: str, layer: str) -> Value:
        """Return an output as a code, or as 32 bits at one scale."""
        state = self.states[value]
        settled = self._settled(state if state.code else self._wide(state, None), layer)
        if not any(settled.value is v for v, _ in self.traced):
            self.traced.append((settled.value, value))
        return settled.value

    def _node(self, node: fg.FloatNode) -> State:
        states = [self.states[v] for v in node.inputs]
        match node.op:
            case fg.Quantize() as op:
                return self._quantize(states[0], op, node)
            case fg.Convolve() as op:
                return self._convolve(self._operand(states[0]), op, node)
            case fg.Sum():
                return self._sum(states, node)
            case fg.Limit() as op:
                return _limited(states[0], op)
            case fg.AvgPool() as op:
                return self._average(self._operand(states[0]), op, node)
        return self._move(self._operand(states[0]), node)

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
        value = self.builder.input(item.name, item.shape, kept, first.zero_point, first.scale, quantization)
        self.states[item.name] = _code(value, first, item.name)
        self.traced.append((value, item.name))

    def _quantize(self, state: State, op: fg.Quantize, node: fg.FloatNode) -> State:
        kept = smallest_type(op.lo, op.hi)
        same = state.code and state.scale.item() == op.scale and state.zero_point == op.zero_point
        if same and state.value.type.type == kept:
            value, clamp = state.value, clamp_for(state.limit, op)
            if clamp is not None and (clamp[0] > value.type.lo or clamp[1] < value.type.hi):
                value = self.builder.clamp(value, *clamp, name=node.layer)
        else:
            name = None if state.sum else node.layer
            value = self._requantize(
                state, op.scale, op.zero_point, kept, clamp_for(state.limit, op), name, node.layer,
                self.settings.of(state.layer).rules.rescale.overflow,
            )
        self.traced.append((value, node.inputs[0]))
        return _code(value, op, node.layer)

    def _requantize(
        self, state: State, scale: float, zero_point: int, kept: IntType, clamp: tuple[int, int] | None,
        name: str | None, layer: str, overflow: Overflow = Overflow.saturate,
    ) -> Value:
        """Add the op that brings a value to one scale."""
        made = rescaling(state, scale, self.settings.of(state.layer))
        if made.flushed is not None:
            self.notes.append(f"layer '{layer}': scale of channel {made.flushed} is too small and became 0")
        return self.builder.requantize(
            state.value, **made.fields, zero_point=zero_point, type=kept, overflow=overflow, clamp=clamp, axis=None,
            scale=scale, name=name,
        )

    def _wide(self, state: State, name: str | None, scale: float | None = None) -> State:
        """Bring an accumulator to 32 bits at one scale, zero point 0, its limit carried out."""
        if state.scale.size == 1 and scale is None and state.limit == FREE and state.value.type.type == IntType(32):
            return state
        one = scale or self._one_scale(state)
        kept = IntType(32)
        bound = int(np.ceil(state.reach / one)) + 2
        quantizer = fg.Quantize(one, 0, max(-bound, kept.qmin), min(bound, kept.qmax))
        if state.scale.size == 1 and state.scale.item() == one:
            value = self.builder.requantize(
                state.value, 1, 0, type=kept, clamp=code_limits(state.limit, quantizer), scale=one, name=name
            )
        else:
            value = self._requantize(state, one, 0, kept, code_limits(state.limit, quantizer), name, state.layer)
        return State(value, np.array([one]), 0, code=False, reach=state.reach, layer=state.layer)

    def _one_scale(self, state: State) -> float:
        """Return an accumulator's own scale where it has one and fits 32 bits, else a common one."""
        own = state.scale.item() if state.scale.size == 1 and not state.code else 0.0
        common = common_scale(state.reach, self.settings.of(state.layer))
        return own if own and state.reach / own < 2**31 - 2 else common

    def _settled(self, state: State, name: str | None = None) -> State:
        """Carry out a limit that is still pending, under a name."""
        if state.limit == FREE:
            return state
        if not state.code:
            return self._wide(state, None)
        op = fg.Quantize(state.scale.item(), state.zero_point, state.value.type.lo, state.value.type.hi)
        clamp = code_limits(state.limit, op)
        value = state.value if clamp == (op.lo, op.hi) else self.builder.clamp(state.value, *clamp, name=name)
        return replace(state, value=value, limit=FREE, sum=False)

    def _operand(self, state: State) -> State:
        """Return a value that pools and moves may read: a code, or 32 bits at one scale."""
        ready = state.scale.size == 1 and state.value.type.type.bits <= 32
        return self._settled(state) if state.code or ready else self._wide(state, None)

    def _convolve(self, x: State, op: fg.Convolve, node: fg.FloatNode) -> State:
        chosen = self.settings.of(node.layer)
        operand = Operand(x.scale.item(), x.value.type.type.bits)
        codes = weight_codes(op, operand, chosen, node.where)
        if codes.wrapped:
            self.notes.append(f"layer '{node.layer}': {codes.wrapped} weights or biases do not fit and wrap")
        fields: dict[str, Any] = {
            "weight": codes.weight, "bias": codes.bias, "weight_type": codes.type, "weight_scale": _one(codes.scale),
            "bias_real": None if op.bias is None else _one(op.bias), "weight_zero_point": codes.zero_point,
            "bias_fraction_bits": chosen.bias_fraction_bits,
        }
        if not op.dense:
            fields |= {"stride": op.stride, "padding": op.padding, "dilation": op.dilation, "groups": op.groups}
        kind = "linear" if op.dense else "conv2d"
        fields |= declared_products(codes, chosen)
        bounds = _bounds(kind, fields, x.value, node.layer)
        fields |= self._accumulator(bounds, chosen, node.layer)
        value = getattr(self.builder, kind)(x.value, **fields, name=node.layer)
        largest = np.maximum(np.abs(bounds.lo), np.abs(bounds.hi)).astype(np.float64)
        reach = float((largest * codes.acc_scale).max())
        return State(value, codes.acc_scale, 0, code=False, reach=reach, layer=node.layer, sum=True,
                     fraction_bits=chosen.bias_fraction_bits, long=reduces(chosen, operand))

    def _accumulator(self, bounds: Bounds, chosen: LayerSettings, layer: str) -> dict[str, Any]:
        """Return the accumulator's declaration: the proven width, the preset's, or the one the user chose."""
        needed = width_of(int(bounds.lo.min()), int(bounds.hi.max()))
        usual = chosen.rules.accumulator
        width = needed if usual is None else chosen.activation_bits
        acc = IntType(max(chosen.acc or width, 8))
        rule = chosen.acc_overflow or (Overflow.wrap if usual is None else usual.overflow).name
        if acc.bits < needed:
            rule = chosen.acc_overflow or (Overflow.error if usual is None else usual.overflow).name
            short = f"accumulator has {acc.bits} bits, its proof needs {needed}; overflow {rule}"
            self.notes.append(f"layer '{layer}': {short}")
        return {"acc": acc, "acc_overflow": rule}

    def _sum(self, states: list[State], node: fg.FloatNode) -> State:
        scale = common_scale(max(s.reach for s in states), self.settings.of(node.layer))
        a, b = (self._wide(s, f"{node.layer}.x{k + 1}", scale) for k, s in enumerate(states))
        value = self.builder.add(a.value, b.value, acc=IntType(32), acc_overflow=Overflow.wrap, name=node.layer)
        reach = a.reach + b.reach
        return State(value, np.array([scale]), 0, code=False, reach=reach, layer=node.layer, sum=True)

    def _average(self, state: State, op: fg.AvgPool, node: fg.FloatNode) -> State:
        following = [(q.scale, q.zero_point) for q in self._quantizers(node.value)] if state.code else []
        own = (state.scale.item(), state.zero_point) if state.code else None
        if any(code != own for code in following):
            fine = state.scale.item() / 2**_FINE_SHIFT
            value = self.builder.requantize(state.value, 1, 0, _FINE_SHIFT, type=IntType(32), scale=fine,
                                            clamp=_fine_limits(state), name=f"{node.layer}.x")
            state = State(value, np.array([fine]), 0, code=False, reach=state.reach, layer=node.layer)
        rules = self.settings.of(node.layer).rules
        rounding, domain = rules.average
        if own in following and rules == preset(LayerSettings().preset):  # the model's own quantizer: ties to even
            rounding, domain = Rounding.ties_even, "centered"
        height, width = state.value.type.shape[1:]
        kernel = op.kernel or (height, width)
        value = self.builder.avg_pool2d(
            state.value, kernel, op.stride or kernel, op.padding, op.count_include_pad, op.ceil_mode,
            rounding, domain, name=node.layer,
        )
        self.traced.append((value, node.value))
        if not op.keep:
            value = self.builder.flatten(value, name=f"{node.layer}.flatten")
        return replace(state, value=value, layer=node.layer, sum=op.keep)

    def _quantizers(self, value: str) -> Iterator[fg.Quantize]:
        """Yield the quantizers that read a value, moved or limited or neither."""
        for reader in self.readers.get(value, []):
            if isinstance(reader.op, fg.Quantize):
                yield reader.op
            elif isinstance(reader.op, _PASSES_ON):
                yield from self._quantizers(reader.value)

    def _move(self, state: State, node: fg.FloatNode) -> State:
        """Lower an op that moves values: the scale stays."""
        b, x, name = self.builder, state.value, node.layer
        match node.op:
            case fg.MaxPool() as op:
                value = b.max_pool2d(x, op.kernel, op.stride, op.padding, op.ceil_mode, name=name)
            case fg.Flatten():
                value = b.flatten(x, name=name)
            case fg.Reshape() as op:
                value = b.reshape(x, op.shape, name=name)
            case fg.Pad() as op:
                kept = fg.Quantize(state.scale.item(), state.zero_point, x.type.type.qmin, x.type.type.qmax)
                fill = code_limits(fg.Limit(op.value, op.value), kept)[0]
                value = b.pad(x, op.before, op.after, fill, name=name)
            case _:
                raise ModelError(f"{node.where}: cannot be folded; export the model in evaluation mode")
        self.traced.append((value, node.value))
        return replace(state, value=value, layer=node.layer, sum=False)


def _bounds(kind: str, fields: Mapping[str, Any], x: Value, name: str) -> Bounds:
    """Return the proven limits of a layer's sums, before its accumulator is chosen."""
    make: Callable[..., Op] = OPS[kind]
    op = make(**fields, acc=IntType(62), acc_overflow=Overflow.wrap)
    op.check(name, [x.type])
    bounds = op.bounds(x.type)
    if bounds is None:
        raise ModelError(f"{kind} '{name}': has no accumulator to prove")
    return bounds


def _one(scale: fg.FloatArray) -> Any:
    """Return the one scale of a tensor, else those of its channels."""
    return scale.item() if scale.size == 1 else scale


def _limited(state: State, limit: fg.Limit) -> State:
    """Add a clamp to what a value still owes."""
    lo, hi = (min(max(v, limit.lo), limit.hi) for v in (state.limit.lo, state.limit.hi))
    return replace(state, limit=fg.Limit(lo, hi))


def _code(value: Value, op: fg.Quantize, layer: str) -> State:
    reach = max(abs(op.lo - op.zero_point), abs(op.hi - op.zero_point)) * op.scale
    return State(value, np.array([op.scale]), op.zero_point, code=True, reach=reach, layer=layer)


def _fine_limits(state: State) -> tuple[int, int]:
    kept = state.value.type
    return (kept.lo - kept.zero_point) * 2**_FINE_SHIFT, (kept.hi - kept.zero_point) * 2**_FINE_SHIFT
