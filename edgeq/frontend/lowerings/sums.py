"""Sum and difference of two values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from edgeq.arith.types import IntType, Overflow
from edgeq.frontend import float_graph as fg
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.reader import Reader
from edgeq.frontend.rescaling import common_scale
from edgeq.frontend.states import State


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
    scale = common_scale(max(s.reach for s in states), context.settings.of(node.layer))
    a, b = (context.wide(s, f"{node.layer}.x{k + 1}", scale) for k, s in enumerate(states))
    join = getattr(context.builder, node.op.kind)
    value = join(a.value, b.value, acc=IntType(32), acc_overflow=Overflow.wrap, name=node.layer)
    return State(value, np.array([scale]), 0, code=False, reach=a.reach + b.reach, layer=node.layer, sum=True)
