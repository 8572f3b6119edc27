"""The axes of a sample in another order.

Source: integer contract, section 6 (transpose).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType


@register
@dataclass(frozen=True)
class Transpose(Op):
    """Give axis ``k`` of the result what axis ``perm[k]`` of ``x`` holds; the channel axis moves along.

    Semantics: ``y[i[perm[0]], i[perm[1]], ..] = x[i[0], i[1], ..]``

    Operands: x of any shape.

    Constraints:
        C1: perm holds every axis of x once, counted from 0

    Hardware: moves values, no arithmetic; needs a buffer of what it reorders.
    """

    KIND = "transpose"

    perm: tuple[int, ...] = attribute(fields.integers)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1."""
        (x,) = xs
        yield "C1", sorted(self.perm) == list(range(len(x.shape))), (
            f"perm {self.perm} must hold each of the axes 0..{len(x.shape) - 1} of {x} once; N is not counted")

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the reordered shape, otherwise like x."""
        (x,) = xs
        axis = self.perm.index(x.axis) if self.perm else 0
        return replace(x, shape=tuple(x.shape[k] for k in self.perm), axis=axis)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the reordered codes."""
        del types, reference
        return np.ascontiguousarray(xs[0].transpose(0, *(k + 1 for k in self.perm)))
