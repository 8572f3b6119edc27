"""Sums and means over axes of a sample."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import axis
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.lowerings.pools import AvgPool
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State


@dataclass(frozen=True)
class Reduce(fg.FloatOp):
    """Sum over axes, or mean: the scale takes 1/n."""

    COMPUTES = True

    axes: tuple[int, ...]
    keepdims: bool
    mean: bool

    @property
    def settings(self) -> frozenset[str]:
        """Those of its sums."""
        return frozenset({"acc", "acc_overflow", "preset"})


@translates("mean", "sum")
def _reduce(r: Reader) -> Translated:
    value = r.value(0, "self")
    given = r.get(1, "dim", ())
    axes = tuple(sorted(axis(r, value, d) for d in (given if isinstance(given, tuple) else (given,))))
    keep, mean = bool(r.get(2, "keepdim", False)), r.call.op == "mean"
    if mean and len(r.shape(value)) == 4 and axes == (1, 2):
        return AvgPool(None, keep=keep), (value,)
    return Reduce(axes, keep, mean), (value,)


@lowers(Reduce)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    op, x = node.op, context.operand(states[0])
    assert isinstance(op, Reduce)
    value = context.summed("reduce_sum", [x.value], node, axes=op.axes, keepdims=op.keepdims)
    count = x.value.type.size // value.type.size
    parts = count if op.mean else 1
    return State(value, x.scale / parts, 0, code=False, reach=x.reach * count / parts, layer=node.layer, sum=True,
                 long=context.long(value, node.layer), restated=op.mean)
