"""Product of two values, and of a value with a constant."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import sizes
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.program import Ref
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State


@dataclass(frozen=True)
class Multiply(fg.FloatOp):
    """Multiply two values, element by element."""

    COMPUTES = True

    @property
    def settings(self) -> frozenset[str]:
        """Those of its products."""
        return frozenset({"acc", "acc_overflow", "preset"})


@dataclass(frozen=True)
class Factor(fg.FloatOp):
    """Multiply by one positive number: the scale takes it."""

    COMPUTES = RIDES = True

    gain: float


@translates("mul", "div")
def _multiply(r: Reader) -> Translated:
    first, second = r.get(0, "self"), r.get(1, "other")
    constants = [not isinstance(v, Ref) or r.weights.is_constant(v.name) for v in (first, second)]
    if not any(constants):
        if r.call.op == "div":
            raise r.unsupported("a quotient of two computed values has no lowering; multiply by a constant instead")
        return Multiply(), (r.value(0, "self"), r.value(1, "other"))
    place = 1 if constants[1] else 0
    if r.call.op == "div" and place == 0:
        raise r.unsupported("a constant divided by a computed value has no lowering; multiply instead")
    value = r.value(1 - place, ("other", "self")[place])
    other = (first, second)[place]
    array = np.asarray(r.weights.real(other.name) if isinstance(other, Ref) else float(other))
    with np.errstate(divide="ignore"):  # a divisor of 0 is refused below
        gain = np.asarray(1 / array if r.call.op == "div" else array)
    if gain.size == 1 and np.isfinite(gain).all() and gain.item() > 0:
        return Factor(gain.item()), (value,)
    return _per_channel(r, gain, value), (value,)


def _per_channel(r: Reader, gain: fg.FloatArray, value: str) -> fg.BatchNorm:
    """Return a factor per channel as a batch norm without offset, which goes into the convolution before it."""
    shape = sizes(r, value)
    aligned = (1,) * (len(shape) + 1 - gain.ndim) + gain.shape
    along = len(shape) > 0 and aligned[1:] == (shape[0],) + (1,) * (len(shape) - 1) and aligned[0] == 1
    if not np.isfinite(gain).all() or not (along or gain.size == 1):
        raise r.unsupported(
            f"a constant factor of shape {list(gain.shape)} has no lowering; use one positive number, or one number "
            "per channel of (N, C, ...)")
    gains = np.broadcast_to(gain.reshape(-1), (shape[0],)).copy()
    return fg.BatchNorm(gains, np.zeros_like(gains))


@lowers(Multiply)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    x1, x2 = (context.operand(s) for s in states)
    value = context.summed("mul", [x1.value, x2.value], node)
    return State(value, x1.scale * x2.scale, 0, code=False, reach=x1.reach * x2.reach, layer=node.layer, sum=True,
                 long=context.long(value, node.layer))


@lowers(Factor)
def _lower_factor(context: Context, states: list[State], node: fg.FloatNode) -> State:
    del context
    assert isinstance(node.op, Factor)
    state, gain = states[0], node.op.gain
    limit = fg.Limit(state.limit.lo * gain, state.limit.hi * gain)
    return replace(state, scale=state.scale * gain, reach=state.reach * gain, limit=limit, code=False, restated=True)
