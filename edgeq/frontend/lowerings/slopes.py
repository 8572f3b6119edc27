"""Leaky ReLU and PReLU: another slope below zero, for all values or per channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from edgeq.arith.types import IntType, smallest_type
from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import sizes
from edgeq.frontend.context import Context, code_state
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.rescaling import common_scale, rescaling
from edgeq.frontend.states import State


@dataclass(frozen=True, eq=False)
class Slope(fg.FloatOp):
    """Multiply what is below zero by ``slopes``: one number, or one per channel of (N, C, ...)."""

    COMPUTES = RIDES = True

    slopes: fg.FloatArray

    @property
    def settings(self) -> frozenset[str]:
        """The preset's multipliers."""
        return frozenset({"preset"})


@translates("leaky_relu")
def _leaky_relu(r: Reader) -> Translated:
    return Slope(np.array([float(r.get(1, "negative_slope", 0.01))])), (r.value(0, "self"),)


@translates("prelu")
def _prelu(r: Reader) -> Translated:
    value, slopes = r.value(0, "self"), r.constant(1, "weight")
    if slopes is None or slopes.size not in (1, sizes(r, value)[0]):
        raise r.unsupported("prelu needs one slope, or one per channel")
    return Slope(slopes.reshape(-1)), (value,)


@lowers(Slope)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    """Change the scale of each side of zero, from the sum itself where nothing else reads that."""
    op, state = node.op, context.settled(states[0])
    assert isinstance(op, Slope)
    if state.scale.size > 1 and op.slopes.size > 1 and state.value.type.axis != 0:
        state = context.wide(state, None)
    reach = state.reach * max(1.0, float(np.abs(op.slopes).max()))
    chosen = context.settings.of(state.layer)
    target = context.target(node.value)
    wide = fg.Quantize(common_scale(reach, chosen), 0, IntType(32).qmin, IntType(32).qmax)
    q = target or wide
    fields, flushed = _sides(state, op.slopes, q.scale, context)
    if flushed is not None:
        context.notes.append(f"layer '{node.layer}': scale of channel {flushed} is too small and became 0")
    kept = smallest_type(q.lo, q.hi)
    clamp = None if (q.lo, q.hi) == (kept.qmin, kept.qmax) else (q.lo, q.hi)
    value = context.builder.leaky_relu(
        state.value, **fields, zero_point=q.zero_point, type=kept, overflow=chosen.rules.rescale.overflow, clamp=clamp,
        axis=0 if op.slopes.size > 1 else None, scale=q.scale, name=None if state.sum else context.table_name(node),
    )
    if target is not None:
        return code_state(value, target, node.layer)
    return State(value, np.array([q.scale]), 0, code=False, reach=reach, layer=node.layer)


def _sides(
    state: State, slopes: fg.FloatArray, scale: float, context: Context
) -> tuple[dict[str, Any], int | None]:
    """Return multipliers and shifts above and below zero; a slope of 0 or less only changes the multiplier's sign."""
    chosen = context.settings.of(state.layer)
    above = rescaling(state, scale, chosen)
    sizes_below = np.where(slopes == 0, 1.0, np.abs(slopes))
    below = rescaling(replace(state, scale=state.scale * sizes_below), scale, chosen)
    names = ("multiplier", "shift", "left_shift")
    fields = {name: above.fields[name] for name in names} | {"rounding": above.fields["rounding"]}
    fields |= {f"negative_{name}": below.fields[name] for name in names}
    signs = np.sign(slopes).astype(np.int64)
    signed = np.asarray(below.fields["multiplier"], np.int64) * signs
    fields["negative_multiplier"] = int(signed[0]) if np.unique(signed).size == 1 else signed
    return fields, above.flushed if above.flushed is not None else below.flushed
