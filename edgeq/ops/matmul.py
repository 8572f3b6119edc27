"""Product of two matrices that both vary, into a declared accumulator.

Source: integer contract, sections 4 and 6 (matmul).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from edgeq.arith.types import IntType, Overflow
from edgeq.ir import fields
from edgeq.ir.op import Bounds, Check, Finding, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType
from edgeq.ops.broadcasting import broadcast, lifted, spread
from edgeq.ops.sum_of_products import Products
from edgeq.ops.weighted import HOST_LIMIT, MOST_LANES, Product, Sums, accumulator_constraints, product
from edgeq.ops.window import Window


@register
@dataclass(frozen=True)
class Matmul(Op):
    """Multiply the last two axes of ``x1`` (..., M, K) and ``x2`` (..., K, P) into accumulators (..., M, P).

    Semantics: ``acc[..,m,p] = sum over k of (x1[..,m,k] - x1_zero_point) * (x2[..,k,p] - x2_zero_point)``; leading
    axes broadcast as in numpy. ``transpose1`` says that x1 is (..., K, M), ``transpose2`` that x2 is (..., P, K).

    Operands: x1, x2 of rank 2 and more, at most 32 bits each.

    Constraints:
        C1: both have at least two axes
        C2: the columns of x1 are as many as the rows of x2
        C3: the leading axes broadcast
        C4: operands have at most 32 bits
        C5: no product needs more than 62 bits
        C6: acc_lanes is 1..65536
        A1, A2: the accumulator's width fits its overflow rule
        A3: acc_product either narrows by a rule or holds every product

    Accumulator: ``acc``, ``acc_overflow``, ``acc_lanes``, ``acc_product`` as in ops with weights; the order is k
    ascending. The proof takes the four products of the operands' limits and 0, K times.
    Hardware: a systolic array; the scale of the result is the product of the operands' scales.
    """

    KIND = "matmul"
    OPERANDS = ("x1", "x2")
    ARITHMETIC = True

    transpose1: bool = attribute(fields.flag, False)
    transpose2: bool = attribute(fields.flag, False)
    acc: IntType = attribute(fields.int_type, IntType(32), keyword=True)
    acc_overflow: Overflow = attribute(fields.acc_rule, Overflow.wrap, keyword=True)
    acc_lanes: int = attribute(fields.integer, 1, keyword=True)
    acc_product: Product | None = attribute(fields.optional(product), None, keyword=True)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C6, A1 to A3."""
        x1, x2 = xs
        said = f"x1 {list(x1.shape)}, x2 {list(x2.shape)}, transpose1={self.transpose1}, transpose2={self.transpose2}"
        yield "C1", min(len(x1.shape), len(x2.shape)) >= 2, f"operands need two axes or more; {said}"
        (_, columns), (rows, _) = self._matrices(x1, x2)
        yield "C2", columns == rows, f"x1 has {columns} columns, x2 has {rows} rows; {said}"
        yield "C3", broadcast(x1.shape[:-2], x2.shape[:-2]) is not None, f"leading axes do not broadcast; {said}"
        widest = max(x1.type.bits, x2.type.bits)
        yield "C4", widest <= 32, f"operands {x1.type} and {x2.type} must have at most 32 bits; requantize first"
        lo, hi = self._products(x1, x2)
        yield "C5", max(-lo, hi) < HOST_LIMIT, (
            f"a product of {x1.type} and {x2.type} needs more than 62 bits; requantize one of them")
        yield "C6", 1 <= self.acc_lanes <= MOST_LANES, f"acc_lanes {self.acc_lanes} must be 1..{MOST_LANES}"
        yield from accumulator_constraints(self.acc, self.acc_overflow)
        yield "A3", self.acc_product is None or self.acc_product.fits(lo, hi), (
            "acc_product stops on overflow, and a product can leave its type; widen it or narrow by a rule")

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (..., M, P) in the accumulator's type, zero point 0."""
        x1, x2 = xs
        (rows, _), (_, columns) = self._matrices(x1, x2)
        shape = (*(broadcast(x1.shape[:-2], x2.shape[:-2]) or ()), rows, columns)
        known = isinstance(x1.scale, float) and isinstance(x2.scale, float)
        scale = x1.scale * x2.scale if known else None  # type: ignore[operator]  # both are numbers
        return TensorType(shape, self.acc, 0, scale, len(shape) - 1)

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return limits that no partial sum leaves, one for all channels."""
        lo, hi = self._products(*xs)
        if self.acc_product is not None:
            lo, hi = self.acc_product.range(lo, hi)
        terms = self._matrices(*xs)[0][1]
        return Bounds(np.array([min(lo, 0) * terms], object), np.array([max(hi, 0) * terms], object))

    def proofs(self, *xs: TensorType) -> Mapping[str, bool]:
        """Return ``exact``: 62 bits hold every sum, and the accumulator does too or wraps: no order can differ."""
        return {"exact": self._sums.exact(self.bounds(*xs))}

    @property
    def _sums(self) -> Sums:
        return Sums(self.acc, self.acc_overflow, lanes=self.acc_lanes, product=self.acc_product)

    def _matrices(self, x1: TensorType, x2: TensorType) -> tuple[tuple[int, int], tuple[int, int]]:
        """Return rows and columns of both, transposed where that is declared."""
        (a, b), (c, d) = x1.shape[-2:], x2.shape[-2:]
        return (b, a) if self.transpose1 else (a, b), (d, c) if self.transpose2 else (c, d)

    def _products(self, x1: TensorType, x2: TensorType) -> tuple[int, int]:
        """Return the smallest and the largest product: two of the four corners."""
        corners = [(a - x1.zero_point) * (b - x2.zero_point) for a in (x1.lo, x1.hi) for b in (x2.lo, x2.hi)]
        return min(corners), max(corners)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return (N, ..., M, P): each pair of matrices is one group of a 1x1 convolution over a column of M rows."""
        x1 = xs[0] if self.transpose1 else xs[0].swapaxes(-1, -2)
        x2 = xs[1].swapaxes(-1, -2) if not self.transpose2 else xs[1]
        kept = self.infer(*types)
        lead = (xs[0].shape[0], *kept.shape[:-2])
        (M, K), (_, P) = self._matrices(*types)
        groups = prod(lead)
        columns = _spread(x1, lead).reshape(1, groups * K, M, 1)
        weight = _spread(x2, lead).reshape(groups * P, K, 1, 1)
        channels = np.zeros(groups * P, np.int64)
        products = Products(self._sums, Window((1, 1), groups=groups), types[0].zero_point, weight,
                            channels + types[1].zero_point, channels, self.bounds(*types))
        acc = products.run(columns, reference=reference)
        if isinstance(acc, Finding):
            group, place = divmod(acc.index, M * P)
            return Finding(group * M * P + place % M * P + place // M, acc.value)
        return np.ascontiguousarray(acc.reshape(*lead, P, M).swapaxes(-1, -2))


def _spread(x: IntArray, lead: tuple[int, ...]) -> IntArray:
    """Return x with its leading axes broadcast to ``lead``, contiguous."""
    whole = (*lead, *x.shape[-2:])
    return spread(lifted(x, len(whole)), whole)
