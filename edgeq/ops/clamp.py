"""Codes limited to a range: ReLU, ReLU6, hard tanh.

Source: integer contract, section 6 (clamp).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.primitives import saturate
from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType


@register
@dataclass(frozen=True)
class Clamp(Op):
    """Limit ``x`` to ``[lo, hi]``; ReLU is ``lo`` at the zero point.

    Semantics: ``y = saturate(x, lo, hi)``

    Operands: x of any shape.

    Constraints:
        C1: lo <= hi, both inside x's type

    Hardware: two comparisons.
    """

    KIND = "clamp"
    ENDS_LAYER = True

    lo: int = attribute(fields.integer)
    hi: int = attribute(fields.integer)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1."""
        kept = xs[0].type
        yield "C1", self.lo <= self.hi and kept.holds(self.lo, self.hi), (
            f"{self.lo}..{self.hi} is not a range inside {kept}")

    def infer(self, *xs: TensorType) -> TensorType:
        """Return x's type within the new limits."""
        (x,) = xs
        limits = tuple(saturate(q, self.lo, self.hi) for q in (x.lo, x.hi))
        return replace(x, limits=(limits[0], limits[1]))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the limited codes."""
        del types, reference
        y = np.empty(xs[0].shape, np.int64)
        _clamp(xs[0].reshape(-1), self.lo, self.hi, y.reshape(-1))
        return y


@kernel
def _clamp(x: IntArray, lo: int, hi: int, y: IntArray) -> None:
    for i in range(x.size):
        y[i] = saturate(x[i], lo, hi)
