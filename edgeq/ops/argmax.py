"""Index of the largest code along an axis.

Source: integer contract, section 6 (argmax).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from edgeq.arith.elementwise import index_of_larger, larger
from edgeq.arith.jit import kernel
from edgeq.arith.types import smallest_type
from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType


@register
@dataclass(frozen=True)
class Argmax(Op):
    """Find where the largest code of ``x`` along ``axis`` lies; the lowest index of equal ones.

    Semantics: ``y = index_of_larger(best, y, x[.., k, ..], k)`` for k = 1, 2, ..; ``best = larger(best, x[.., k, ..])``

    The result has the smallest unsigned type that holds the indices, zero point 0 and no scale. The axis goes, or
    has length 1 with ``keepdims``.

    Operands: x of one dimension or more.

    Constraints:
        C1: axis is an axis of x
        C2: one scale along axis

    Hardware: one comparison per code, two registers.
    """

    KIND = "argmax"

    axis: int = attribute(fields.integer, 0)
    keepdims: bool = attribute(fields.flag, False)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1, C2."""
        (x,) = xs
        rank = len(x.shape)
        yield "C1", -rank <= self.axis < rank, f"axis {self.axis} is not an axis of {x}"
        yield "C2", not isinstance(x.scale, tuple) or x.axis != self.axis % rank, (
            f"x has one scale per index of axis {x.axis}, its codes do not compare; requantize it to one scale first")

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the shape without the axis, in the type of the indices."""
        (x,) = xs
        at = self.axis % len(x.shape)
        shape = (*x.shape[:at], *(1,) * self.keepdims, *x.shape[at + 1 :])
        last = x.shape[at] - 1
        return TensorType(shape, smallest_type(0, last), limits=(0, last))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the indices."""
        del reference
        (x,), N = types, xs[0].shape[0]
        at = self.axis % len(x.shape)
        outer, inner = N * prod(x.shape[:at]), prod(x.shape[at + 1 :])
        y = np.empty((N, *self.infer(x).shape), np.int64)
        _argmax(xs[0].reshape(outer, x.shape[at], inner), y.reshape(outer, inner))
        return y


@kernel
def _argmax(x: IntArray, y: IntArray) -> None:
    M, K, S = x.shape
    for m in range(M):
        for i in range(S):
            best, index = x[m, 0, i], 0
            for k in range(1, K):
                index = index_of_larger(best, index, x[m, k, i], k)
                best = larger(best, x[m, k, i])
            y[m, i] = index
