"""Product of two matrices that are both computed, or of one with a constant."""

from __future__ import annotations

from dataclasses import dataclass

from edgeq.frontend import float_graph as fg
from edgeq.frontend.arguments import sizes
from edgeq.frontend.context import Context
from edgeq.frontend.families import Translated, lowers, translates
from edgeq.frontend.program import Ref
from edgeq.frontend.reader import Reader
from edgeq.frontend.states import State


@dataclass(frozen=True)
class Matmul(fg.FloatOp):
    """Multiply the last two axes of two values."""

    COMPUTES = True

    @property
    def settings(self) -> frozenset[str]:
        """Those of its sums."""
        return frozenset({"acc", "acc_overflow", "preset"})


@translates("matmul", "mm", "bmm")
def _matmul(r: Reader) -> Translated:
    name = "other" if r.call.op == "matmul" else "mat2"
    other = r.get(1, name)
    if isinstance(other, Ref) and not r.weights.is_constant(other.name):
        values = r.value(0, "self"), r.value(1, name)
        if any(len(sizes(r, v)) < 2 for v in values):
            raise r.unsupported("a product with a vector has no lowering; give both operands two axes per sample")
        return Matmul(), values
    weight = r.constant(1, name)
    if weight is None or weight.ndim != 2:
        raise r.unsupported("a constant factor must have two dimensions; write it as a linear layer")
    return fg.Convolve(weight.T.copy(), None, dense=True), (r.value(0, "self"),)


@lowers(Matmul)
def _lower(context: Context, states: list[State], node: fg.FloatNode) -> State:
    x1, x2 = (context.operand(s) for s in states)
    value = context.summed("matmul", [x1.value, x2.value], node)
    terms = x1.value.shape[-1]
    return State(value, x1.scale * x2.scale, 0, code=False, reach=x1.reach * x2.reach * terms, layer=node.layer,
                 sum=True, long=context.long(value, node.layer))
