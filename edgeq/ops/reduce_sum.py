"""Sum over axes into a declared accumulator; a requantize makes it a mean.

Source: integer contract, section 6 (reduce_sum).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from edgeq.arith.types import IntType, Overflow
from edgeq.ir import fields
from edgeq.ir.op import Bounds, Check, Finding, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType
from edgeq.ops.sum_of_products import Products
from edgeq.ops.weighted import Sums, accumulator_constraints
from edgeq.ops.window import Window


@register
@dataclass(frozen=True)
class ReduceSum(Op):
    """Sum ``x`` over ``axes`` of a sample; with ``keepdims`` these stay with length 1.

    Semantics: ``acc = sum of (x - x_zero_point)`` over the axes, added in row-major order whatever the order in
    ``axes``. A mean is a requantize whose multiplier holds 1/n; `edgeq.arith.multiplier.mean_multiplier` has TFLite's.

    Operands: x of any shape, at most 32 bits.

    Constraints:
        C1: axes name axes of x, each once; negative ones count from the end
        C2: x has at most 32 bits
        C3: one scale along the axes
        A1, A2: the accumulator's width fits its overflow rule

    Accumulator: ``acc``, ``acc_overflow``.
    Hardware: one accumulator per result, or per lane when the summed axes are the slowest.
    """

    KIND = "reduce_sum"
    ARITHMETIC = True

    axes: tuple[int, ...] = attribute(fields.integers)
    acc: IntType = attribute(fields.int_type, IntType(32), keyword=True)
    acc_overflow: Overflow = attribute(fields.acc_rule, Overflow.wrap, keyword=True)
    keepdims: bool = attribute(fields.flag, False, keyword=True)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3, A1, A2."""
        (x,) = xs
        rank = len(x.shape)
        known = all(-rank <= a < rank for a in self.axes) and len({a % rank for a in self.axes}) == len(self.axes)
        yield "C1", known, f"axes {self.axes} must be different axes of {x}"
        yield "C2", x.type.bits <= 32, f"operand type {x.type} is wider than 32 bits; requantize it first"
        mixed = isinstance(x.scale, tuple) and x.axis in self._summed(x)
        yield "C3", not mixed, "x has one scale per channel along a summed axis; requantize it to one scale first"
        yield from accumulator_constraints(self.acc, self.acc_overflow)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the axes that are left, in the accumulator's type, zero point 0, the scale that of x."""
        (x,) = xs
        summed = self._summed(x)
        axis = 0 if x.axis in summed else x.axis
        if self.keepdims:
            shape = tuple(1 if a in summed else d for a, d in enumerate(x.shape))
            return TensorType(shape, self.acc, 0, x.scale, axis)
        shape = tuple(d for a, d in enumerate(x.shape) if a not in summed)
        return TensorType(shape, self.acc, 0, x.scale, axis - sum(a < axis for a in summed))

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return limits that no partial sum leaves, one for all channels."""
        (x,) = xs
        count = prod(x.shape[a] for a in self._summed(x))
        lo, hi = min(x.lo - x.zero_point, 0), max(x.hi - x.zero_point, 0)
        return Bounds(np.array([lo * count], object), np.array([hi * count], object))

    def _summed(self, x: TensorType) -> list[int]:
        """Return the axes as numbers from 0, ascending."""
        return sorted(a % len(x.shape) for a in self.axes)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return the sums (N, ...): a 1x1 convolution with weights of 1 whose channels are the summed values."""
        (x,), (kept,) = xs, types
        summed = [1 + a for a in self._summed(kept)]
        left = [a for a in range(1, x.ndim) if a not in summed]
        count = prod(x.shape[a] for a in summed)
        rows = np.ascontiguousarray(x.transpose(0, *summed, *left)).reshape(len(x), count, kept.size // count, 1)
        none = np.zeros(1, np.int64)
        products = Products(Sums(self.acc, self.acc_overflow), Window((1, 1)), kept.zero_point,
                            np.ones((1, count, 1, 1), np.int64), none, none, self.bounds(kept))
        acc = products.run(rows, reference=reference)
        return acc if isinstance(acc, Finding) else acc.reshape(len(x), *self.infer(kept).shape)
