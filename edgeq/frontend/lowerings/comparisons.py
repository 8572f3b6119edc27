"""Values compared: the larger or smaller of two, the place of the largest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.errors import UnsupportedOpError
from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import axis
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State


@dataclass(frozen=True)
class Extreme(fg.FloatOp):
    """The larger or the smaller of two values."""

    COMPUTES = RIDES = True

    kind: str


@dataclass(frozen=True)
class Argmax(fg.FloatOp):
    """Place of the largest value along an axis."""

    COMPARES = True

    axis: int
    keepdims: bool


@translates("maximum", "minimum")
def _extreme(r: Reader) -> Translated:
    return Extreme(r.call.op), (r.value(0, "self"), r.value(1, "other"))


@translates("argmax")
def _argmax(r: Reader) -> Translated:
    value = r.value(0, "self")
    return Argmax(axis(r, value, r.get(1, "dim")), bool(r.get(2, "keepdim", False))), (value,)


@lowers(Extreme)
def _lower_extreme(context: Context, states: list[State], node: fg.FloatNode) -> State:
    """Compare codes of one meaning: rounding to codes keeps the order."""
    assert isinstance(node.op, Extreme)
    parts = context.aligned(states, node)
    value = getattr(context.builder, node.op.kind)(*(p.value for p in parts), name=node.layer)
    return State(value, parts[0].scale, parts[0].zero_point, code=parts[0].code, reach=max(p.reach for p in parts),
                 layer=node.layer)


@lowers(Argmax)
def _lower_argmax(context: Context, states: list[State], node: fg.FloatNode) -> State:
    assert isinstance(node.op, Argmax)
    if context.readers.get(node.value):
        raise UnsupportedOpError(
            f"{node.where}: argmax is lowered as the last operator; what reads its indices must leave the model")
    state = context.operand(states[0])
    value = context.builder.argmax(state.value, node.op.axis, node.op.keepdims, name=node.layer)
    return State(value, np.array([1.0]), 0, code=True, reach=float(value.type.hi), layer=node.layer)
