"""Product of two tensors in a declared accumulator.

Source: integer contract, section 6 (mul).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeq.arith.elementwise import centred_product, multiply_codes
from edgeq.arith.jit import kernel
from edgeq.arith.trace import Trace, trace
from edgeq.arith.types import IntType, Overflow
from edgeq.ir import fields
from edgeq.ir.op import Bounds, Check, Finding, Op, attribute, register
from edgeq.ir.tensor import IntArray, Scale, TensorType
from edgeq.ops.broadcasting import broadcast, broadcast_axis, broadcast_rows
from edgeq.ops.weighted import accumulator_constraints, narrowing


@register
@dataclass(frozen=True)
class Mul(Op):
    """Multiply ``x1`` by ``x2``; the scales need not agree, the result's is their product.

    Semantics: ``acc = overflow((x1 - x1_zero_point) * (x2 - x2_zero_point), acc)``, shapes broadcast as in numpy.

    Operands: x1, x2, at most 32 bits each.

    Constraints:
        C1: the shapes broadcast
        C2: operands have at most 32 bits
        C3: 64 bits hold the product of every two codes that can occur
        A1, A2: the accumulator's width fits its overflow rule

    Accumulator: ``acc``, ``acc_overflow``.
    Hardware: one multiplier per lane; both streams in the same order.
    """

    KIND = "mul"
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
        product = self.trace(x1, x2)
        yield "C3", product.proven, (
            f"the product of {x1} and {x2} needs more than 64 bits; requantize one operand to a narrower type, "
            "or to zero point 0")
        yield from accumulator_constraints(self.acc, self.acc_overflow)

    def trace(self, x1: TensorType, x2: TensorType) -> Trace:
        """Trace the exact product with the operands' own limits and zero points."""
        return trace("centred_product", centred_product, {
            "x1": (x1.lo, x1.hi), "x1_zero_point": (x1.zero_point,) * 2,
            "x2": (x2.lo, x2.hi), "x2_zero_point": (x2.zero_point,) * 2})

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the broadcast shape in the accumulator's type, zero point 0."""
        x1, x2 = xs
        shape = broadcast(x1.shape, x2.shape) or ()
        return TensorType(shape, self.acc, 0, _product(x1.scale, x2.scale), broadcast_axis(x1, x2, shape))

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return the limits of the product, one for all channels."""
        ((lo, hi),) = self.trace(*xs).result_intervals
        return Bounds(np.array([lo]), np.array([hi]))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return the products (N, ...)."""
        del reference
        shape = self.infer(*types).shape
        x1, x2 = broadcast_rows(xs, shape)
        y = np.empty((xs[0].shape[0], *shape), np.int64)
        found = np.zeros(2, np.int64)
        stopped = _mul(x1, types[0].zero_point, x2, types[1].zero_point, *narrowing(self.acc, self.acc_overflow),
                       y.reshape(-1), found)
        return Finding(int(found[0]), int(found[1])) if stopped else y


def _product(a: Scale, b: Scale) -> float | None:
    """Return the scale of a product; None unless both are known and single."""
    return a * b if isinstance(a, float) and isinstance(b, float) else None


@kernel
def _mul(
    x1: IntArray, zero1: int, x2: IntArray, zero2: int, lo: int, hi: int, overflow: int, stops: bool, y: IntArray,
    found: IntArray,
) -> bool:
    for i in range(y.size):
        y[i] = multiply_codes(x1[i], zero1, x2[i], zero2, lo, hi, overflow)
        if stops and (y[i] < lo or y[i] > hi):
            found[0], found[1] = i, y[i]
            return True
    return False
