"""The larger code of two tensors.

Source: integer contract, section 6 (maximum).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeq.arith.elementwise import larger
from edgeq.arith.jit import kernel
from edgeq.ir.op import Check, Op, register
from edgeq.ir.tensor import IntArray, TensorType
from edgeq.ops.broadcasting import broadcast_rows, compared, comparison_constraints


@register
@dataclass(frozen=True)
class Maximum(Op):
    """Take the larger of ``x1`` and ``x2``, whose codes mean the same.

    Semantics: ``y = larger(x1, x2)``, shapes broadcast as in numpy. The result has the type that holds both.

    Operands: x1, x2 of any shape.

    Constraints:
        C1: the shapes broadcast
        C2: one zero point
        C3: the operands' scales, where both are known, are equal to 6 digits

    Hardware: one comparison per lane.
    """

    KIND = "maximum"
    OPERANDS = ("x1", "x2")

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3."""
        yield from comparison_constraints(*xs)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the broadcast shape, with the limits that the larger code has."""
        x1, x2 = xs
        return compared(x1, x2, (larger(x1.lo, x2.lo), larger(x1.hi, x2.hi)))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the larger codes (N, ...)."""
        del reference
        shape = self.infer(*types).shape
        x1, x2 = broadcast_rows(xs, shape)
        y = np.empty((xs[0].shape[0], *shape), np.int64)
        _maximum(x1, x2, y.reshape(-1))
        return y


@kernel
def _maximum(x1: IntArray, x2: IntArray, y: IntArray) -> None:
    for i in range(y.size):
        y[i] = larger(x1[i], x2[i])
