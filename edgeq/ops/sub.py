"""Difference of two tensors of one scale in a declared accumulator.

Source: integer contract, section 6 (sub).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeq.arith.elementwise import subtract
from edgeq.arith.jit import kernel
from edgeq.arith.types import IntType, Overflow
from edgeq.ir import fields
from edgeq.ir.op import Bounds, Check, Finding, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType
from edgeq.ops.broadcasting import broadcast, broadcast_axis, broadcast_rows, one_scale
from edgeq.ops.weighted import accumulator_constraints, narrowing


@register
@dataclass(frozen=True)
class Sub(Op):
    """Subtract ``x2`` from ``x1``, which are at one scale: nothing is rescaled here.

    Semantics: ``acc = overflow((x1 - x1_zero_point) - (x2 - x2_zero_point), acc)``, shapes broadcast as in numpy.

    Operands: x1, x2, at most 32 bits each.

    Constraints:
        C1: the shapes broadcast
        C2: operands have at most 32 bits
        C3: the operands' scales, where both are known, are equal to 6 digits
        A1, A2: the accumulator's width fits its overflow rule

    Accumulator: ``acc``, ``acc_overflow``.
    Hardware: one subtractor per lane; both streams in the same order.
    """

    KIND = "sub"
    OPERANDS = ("x1", "x2")
    ARITHMETIC = True

    acc: IntType = attribute(fields.int_type, IntType(32))
    acc_overflow: Overflow = attribute(fields.acc_rule, Overflow.wrap)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3, A1, A2."""
        x1, x2 = xs
        yield "C1", broadcast(x1.shape, x2.shape) is not None, f"shapes {x1.shape} and {x2.shape} do not broadcast"
        widest = max(x1.type.bits, x2.type.bits)
        yield "C2", widest <= 32, f"operands {x1.type} and {x2.type} must have at most 32 bits; requantize first"
        yield "C3", one_scale(x1, x2), (
            f"operands stand at the scales {x1.scale} and {x2.scale}; requantize them to one scale first")
        yield from accumulator_constraints(self.acc, self.acc_overflow)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the broadcast shape in the accumulator's type, zero point 0."""
        shape = broadcast(xs[0].shape, xs[1].shape) or ()
        x1, x2 = xs
        alike = x1.scale == x2.scale and (not isinstance(x1.scale, tuple) or (x1.shape, x1.axis) == (x2.shape, x2.axis))
        return TensorType(shape, self.acc, 0, x1.scale if alike else None, broadcast_axis(x1, x2, shape))

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return the limits of the difference, one for all channels."""
        x1, x2 = xs
        lo = (x1.lo - x1.zero_point) - (x2.hi - x2.zero_point)
        hi = (x1.hi - x1.zero_point) - (x2.lo - x2.zero_point)
        return Bounds(np.array([lo]), np.array([hi]))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return the differences (N, ...)."""
        del reference
        shape = self.infer(*types).shape
        x1, x2 = broadcast_rows(xs, shape)
        y = np.empty((xs[0].shape[0], *shape), np.int64)
        found = np.zeros(2, np.int64)
        stopped = _sub(x1, types[0].zero_point, x2, types[1].zero_point, *narrowing(self.acc, self.acc_overflow),
                       y.reshape(-1), found)
        return Finding(int(found[0]), int(found[1])) if stopped else y


@kernel
def _sub(
    x1: IntArray, zero1: int, x2: IntArray, zero2: int, lo: int, hi: int, overflow: int, stops: bool, y: IntArray,
    found: IntArray,
) -> bool:
    for i in range(y.size):
        y[i] = subtract(x1[i], zero1, x2[i], zero2, lo, hi, overflow)
        if stops and (y[i] < lo or y[i] > hi):
            found[0], found[1] = i, y[i]
            return True
    return False
