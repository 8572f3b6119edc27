"""Softmax over one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from edgeq.arith.softmax_tables import (
    exponential_table,
    gemmlowp_scaling,
    gemmlowp_table,
    tflite_s16_scaling,
    tflite_s16_tables,
)
from edgeq.arith.types import IntType, smallest_type
from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import axis
from edgeq.frontend.context import Context, code_state
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.settings import LayerSettings
from edgeq.frontend.states import State
from edgeq.ops.lut import MOST_BITS

_FRACTION_BITS = 24
"""Fraction bits of an exponential of the rule table."""


@dataclass(frozen=True)
class Softmax(fg.FloatOp):
    """Share of the exponentials along an axis; its result has codes of a fixed scale, no quantizer of its own."""

    READS_CODES = True

    axis: int

    @property
    def settings(self) -> frozenset[str]:
        """The width of its codes and the preset's rule."""
        return frozenset({"abits", "preset"})


@translates("softmax", "_softmax")
def _softmax(r: Reader) -> Translated:
    value = r.value(0, "self")
    return Softmax(axis(r, value, r.get(1, "dim"))), (value,)


@translates("log_softmax", "_log_softmax")
def _log_softmax(r: Reader) -> Translated:
    raise r.unsupported("log_softmax has no lowering; leave it out and take the logits, whose order is the same")


@lowers(Softmax)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    assert isinstance(node.op, Softmax)
    x = context.codes(states[0], node, "softmax")
    chosen = context.settings.of(node.layer)
    target = context.target(node.value)
    leaving = context.out_bits if node.value in context.outputs else None
    wanted = IntType(min(max(leaving or chosen.activation_bits, 8), 16))
    wanted = wanted if target is None else smallest_type(target.lo, target.hi)
    if x.value.type.type.bits > MOST_BITS:
        x, fields, kept = _of_16_bits(context, x, node)
    else:
        fields, kept = _of_distances(x, wanted, chosen)
    narrower = leaving is not None and leaving < kept.bits
    name = f"{node.layer}.table" if narrower else node.layer
    value = context.builder.softmax(x.value, node.op.axis, **fields, type=kept, name=name)
    made = value.type
    assert isinstance(made.scale, float)
    state = code_state(value, fg.Quantize(made.scale, made.zero_point, made.type.qmin, made.type.qmax), node.layer)
    if leaving is not None and leaving != kept.bits:
        state = _leaving(context, state, leaving, node)
    context.traced.append((state.value, node.value))
    return state


def _leaving(context: Context, state: State, bits: int, node: fg.FloatNode) -> State:
    """Return an output in so many bits where they are fewer than softmax made; it makes 16 at most."""
    had = state.value.type.type.bits
    if bits > had:
        context.notes.append(f"layer '{node.layer}': softmax gives {had} bits; {bits} output bits have no effect on it")
        return state
    kept = IntType(bits)
    codes = fg.Quantize(2.0**-bits, kept.qmin, kept.qmin, kept.qmax)
    value = context.requantize(state, codes.scale, codes.zero_point, kept, None, node.layer, node.layer)
    return code_state(value, codes, node.layer)


def _of_distances(x: State, wanted: IntType, chosen: LayerSettings) -> tuple[dict[str, Any], IntType]:
    """Return the table of a rule that has an entry per distance of codes, and the type of the result."""
    bits, scale = x.value.type.type.bits, x.scale.item()
    kept = wanted if 8 <= wanted.bits <= 16 else IntType(8, signed=wanted.signed)
    if chosen.rules.functions.softmax == "gemmlowp" and bits == 8 and kept.bits in (8, 16):
        return {"rule": "gemmlowp", "table": gemmlowp_table(*gemmlowp_scaling(scale))}, kept
    return {"rule": "table", "table": exponential_table(scale, _FRACTION_BITS, 1 << bits)}, kept


def _of_16_bits(context: Context, x: State, node: fg.FloatNode) -> tuple[State, dict[str, Any], IntType]:
    """Return the operand as 16 signed bits, and TFLite's tables."""
    s16 = IntType(16)
    if x.value.type.type != s16:
        raised = context.builder.requantize(x.value, 1, 0, type=s16, scale=x.scale.item(), name=f"{node.layer}.x")
        op = fg.Quantize(x.scale.item(), 0, s16.qmin, s16.qmax)
        x = code_state(raised, op, x.layer)
    table, reciprocal = tflite_s16_tables()
    multiplier, shift, left_shift = tflite_s16_scaling(x.scale.item())
    return x, {"rule": "tflite_s16", "table": table, "reciprocal": reciprocal, "multiplier": multiplier,
               "shift": shift, "left_shift": left_shift}, s16
