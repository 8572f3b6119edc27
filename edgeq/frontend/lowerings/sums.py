"""Sum and difference of two values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.arith.multiplier import quantize_multiplier
from edgeq.arith.types import IntType, Overflow
from edgeq.frontend import float_graph as fg
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.rescaling import common_scale
from edgeq.frontend.states import State, scales_of


@dataclass(frozen=True)
class Sum(fg.FloatOp):
    """Add two values, or subtract the second."""

    COMPUTES = True

    kind: str = "add"

    @property
    def settings(self) -> frozenset[str]:
        """The preset's multipliers."""
        return frozenset({"preset"})


@translates("add", "sub")
def _sum(r: Reader) -> Translated:
    if r.get(2, "alpha", 1) != 1:
        raise r.unsupported(f"{r.call.op} with alpha other than 1 has no lowering")
    return Sum(r.call.op), (r.value(0, "self"), r.value(1, "other"))


@lowers(Sum)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    assert isinstance(node.op, Sum)
    scale, (a, b) = _aligned(context, states, node)
    join = getattr(context.builder, node.op.kind)
    value = join(a.value, b.value, acc=IntType(32), acc_overflow=Overflow.wrap, name=node.layer)
    return State(value, np.array([scale]), 0, code=False, reach=a.reach + b.reach, layer=node.layer, sum=True)


def _aligned(context: Context, states: list[State], node: fg.FloatNode) -> tuple[float, list[State]]:
    """Return the operands in 32 bits at one scale: the preset's where both are codes, else a common one."""
    chosen = context.settings.of(node.layer)
    rule, bits = chosen.rules.sums, max(s.value.type.type.bits for s in states)
    if rule is not None and bits <= 16 and all(s.code for s in states):
        return _with_headroom(context, states, node, rule.headroom if bits <= 8 else rule.wide_headroom)
    scale = common_scale(max(s.reach for s in states), chosen, scales_of(states))
    return scale, [context.wide(s, f"{node.layer}.x{k + 1}", scale) for k, s in enumerate(states)]


def _with_headroom(
    context: Context, states: list[State], node: fg.FloatNode, headroom: int
) -> tuple[float, list[State]]:
    """Return codes shifted left and multiplied by their scale over twice the larger one.

    Source: TensorFlow Lite, kernels/add.cc (`twice_max_input_scale`, `left_shift`); the same in TOSA's legalization.
    """
    rules = context.settings.of(node.layer).rules.rescale
    settled = [context.settled(s, f"{node.layer}.x{k + 1}.limit") for k, s in enumerate(states)]
    twice = 2 * max(s.scale.item() for s in settled)
    scale, made = twice / 2**headroom, []
    for k, state in enumerate(settled):
        m = quantize_multiplier(state.scale.item() / twice, rounding=rules.made)
        value = context.builder.requantize(
            state.value, m.multiplier, m.shift, headroom, rules.rounding, type=IntType(32), axis=None, scale=scale,
            name=f"{node.layer}.x{k + 1}")
        made.append(State(value, np.array([scale]), 0, code=False, reach=state.reach, layer=state.layer))
    return scale, made
