"""What every lowering needs: the graph under construction, and the ways to bring a value to another form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from edgeq.arith.types import IntType, Overflow, smallest_type, width_of
from edgeq.errors import ModelError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.rescaling import common_scale, rescaling
from edgeq.frontend.settings import LayerSettings, Settings
from edgeq.frontend.states import FREE, State, clamp_for, code_limits, scales_of
from edgeq.ir.builder import GraphBuilder, Value
from edgeq.ir.op import OPS, Bounds, Op


@dataclass
class Context:
    """Collect the integer graph; ``traced`` records which value stands for which value of the program."""

    settings: Settings
    builder: GraphBuilder
    states: dict[str, State] = field(default_factory=dict)
    traced: list[tuple[Value, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    readers: Mapping[str, list[fg.FloatNode]] = field(default_factory=dict)
    outputs: tuple[str, ...] = ()
    out_bits: int | None = None

    def target(self, value: str) -> fg.Quantize | None:
        """Return the quantizer that alone reads a value, None where something else does too."""
        quantizers = [r.op for r in self.readers.get(value, []) if isinstance(r.op, fg.Quantize)]
        alone = len(quantizers) == len(self.readers.get(value, [])) and value not in self.outputs
        return quantizers[0] if alone and len(set(quantizers)) == 1 else None

    def quantize(self, state: State, op: fg.Quantize, name: str | None, layer: str) -> State:
        """Bring a value to the codes of a quantizer, its limit carried out; ``name`` is that of a new layer."""
        kept = smallest_type(op.lo, op.hi)
        same = state.code and (state.scale.item(), state.zero_point) == (op.scale, op.zero_point)
        if same and state.value.type.type == kept:
            value, clamp = state.value, clamp_for(state.limit, op)
            if clamp is not None and (clamp[0] > value.type.lo or clamp[1] < value.type.hi):
                value = self.builder.clamp(value, *clamp, name=name)
        else:
            value = self.requantize(
                state, op.scale, op.zero_point, kept, clamp_for(state.limit, op), None if state.sum else name, layer,
                self.settings.of(state.layer).rules.rescale.overflow,
            )
        return code_state(value, op, layer)

    def requantize(
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

    def wide(self, state: State, name: str | None, scale: float | None = None) -> State:
        """Bring an accumulator to 32 bits at one scale, zero point 0, its limit carried out."""
        ready = state.scale.size == 1 and scale is None and state.limit == FREE and not state.restated
        if ready and state.value.type.type == IntType(32):
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
            value = self.requantize(state, one, 0, kept, code_limits(state.limit, quantizer), name, state.layer)
        return State(value, np.array([one]), 0, code=False, reach=state.reach, layer=state.layer)

    def _one_scale(self, state: State) -> float:
        """Return an accumulator's own scale where it has one and fits 32 bits, else a common one."""
        own = state.scale.item() if state.scale.size == 1 and not state.code else 0.0
        common = common_scale(state.reach, self.settings.of(state.layer), map(float, state.scale))
        return own if own and state.reach / own < 2**31 - 2 else common

    def settled(self, state: State, name: str | None = None) -> State:
        """Carry out a limit that is still pending, under a name."""
        if state.limit == FREE:
            return state
        if not state.code:
            return self.wide(state, None)
        op = fg.Quantize(state.scale.item(), state.zero_point, state.value.type.lo, state.value.type.hi)
        clamp = code_limits(state.limit, op)
        value = state.value if clamp == (op.lo, op.hi) else self.builder.clamp(state.value, *clamp, name=name)
        return replace(state, value=value, limit=FREE, sum=False)

    def operand(self, state: State) -> State:
        """Return a value that pools and moves may read: a code, or 32 bits at one scale."""
        ready = state.scale.size == 1 and state.value.type.type.bits <= 32 and not state.restated
        return self.settled(state) if state.code or ready else self.wide(state, None)

    def aligned(self, states: list[State], node: fg.FloatNode) -> list[State]:
        """Return operands whose codes mean the same: those of the one quantizer that reads the result.

        Without one, codes that agree stay, and others are brought to 32 bits at one scale.
        """
        target, layer, first = self.target(node.value), node.layer, states[0]
        if target is not None:
            return [self.quantize(s, target, f"{layer}.x{k + 1}", s.layer) for k, s in enumerate(states)]
        if all(s.code and s.value.type.type == first.value.type.type and s.same_scale(first) for s in states):
            return [self.settled(s, f"{layer}.x{k + 1}") for k, s in enumerate(states)]
        scale = common_scale(max(s.reach for s in states), self.settings.of(layer), scales_of(states))
        return [self.wide(s, None if s.sum else f"{layer}.x{k + 1}", scale) for k, s in enumerate(states)]

    def table_name(self, node: fg.FloatNode) -> str:
        """Return the name of an op that gives a layer's codes, or comes before the change of scale that does."""
        alone = self.target(node.value) is not None or not self.readers.get(node.value)
        return node.layer if alone else f"{node.layer}.table"

    def codes(self, state: State, node: fg.FloatNode, what: str) -> State:
        """Return a quantized value; refuses one that no quantizer made."""
        if not state.code:
            raise ModelError(
                f"{node.where}: {what} reads codes, and '{state.layer}' gives it a sum without a quantizer; give "
                "calibration data (--calib), or quantize it in the model")
        return self.settled(state)

    def moved(self, state: State, value: Value, node: fg.FloatNode) -> State:
        """Return what a value became that was moved, its scale as it was."""
        self.traced.append((value, node.value))
        return replace(state, value=value, layer=node.layer, sum=False)

    def accumulator(self, bounds: Bounds, chosen: LayerSettings, layer: str, *, declared: bool) -> dict[str, Any]:
        """Return an accumulator: the proven width, the preset's where ``declared``, or the one the user chose."""
        needed = width_of(int(bounds.lo.min()), int(bounds.hi.max()))
        usual = chosen.rules.accumulator if declared else None
        width = needed if usual is None else chosen.activation_bits
        acc = IntType(max(chosen.acc or width, 8))
        rule = chosen.acc_overflow or (Overflow.wrap if usual is None else usual.overflow).name
        if acc.bits < needed:
            rule = chosen.acc_overflow or (Overflow.error if usual is None else usual.overflow).name
            short = f"accumulator has {acc.bits} bits, its proof needs {needed}; overflow {rule}"
            self.notes.append(f"layer '{layer}': {short}")
        return {"acc": acc, "acc_overflow": rule}

    def summed(self, kind: str, operands: list[Value], node: fg.FloatNode, **fields: Any) -> Value:
        """Add an op that sums computed values, with a proven accumulator."""
        bounds = proven(kind, fields, operands, node.layer)
        fields |= self.accumulator(bounds, self.settings.of(node.layer), node.layer, declared=False)
        added: Value = getattr(self.builder, kind)(*operands, **fields, name=node.layer)
        return added

    def long(self, value: Value, layer: str) -> bool:
        """Tell whether a preset reduces the multiplier of a sum that 32 bits may not hold."""
        return self.settings.of(layer).rules.rescale.reduced16 and value.type.type.bits > 32


def proven(kind: str, fields: Mapping[str, Any], operands: list[Value], name: str) -> Bounds:
    """Return the proven limits of a layer's sums, before its accumulator is chosen."""
    make: Callable[..., Op] = OPS[kind].make
    types = [v.type for v in operands]
    op = make(types, **fields, acc=IntType(62), acc_overflow=Overflow.wrap)
    op.check(name, types)
    bounds = op.bounds(*types)
    if bounds is None:
        raise ModelError(f"{kind} '{name}': has no accumulator to prove")
    return bounds


def code_state(value: Value, op: fg.Quantize, layer: str) -> State:
    """Return what is known of codes that a quantizer describes."""
    reach = max(abs(op.lo - op.zero_point), abs(op.hi - op.zero_point)) * op.scale
    return State(value, np.array([op.scale]), op.zero_point, code=True, reach=reach, layer=layer)


def one_or_all(numbers: fg.FloatArray) -> Any:
    """Return the one number of a tensor, else those of its channels."""
    return numbers.item() if numbers.size == 1 else numbers
