"""Probabilities of the codes along one axis, by one of three integer rules.

Source: integer contract, section 8; TFLite's `reference/softmax.h`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

import numpy as np

from edgeq.arith.lookup import interpolate_rounded
from edgeq.arith.types import IntType, Rounding
from edgeq.errors import GraphError
from edgeq.ir.fields import constant, int_type, integer, one_of, optional, rounding
from edgeq.ir.op import Check, Finding, Op, attribute, register
from edgeq.ir.tensor import Constant, IntArray, TensorType
from edgeq.ops.lut import line_table_faults
from edgeq.ops.requantize import Requantize
from edgeq.ops.softmax_rows import gemmlowp_rows, table_rows, tflite_s16_rows

MOST_ENTRIES = 1 << 16
"""Longest row: no sum of exponentials passes 2**47."""
_S16 = IntType(16)
_RECENTER = _S16.qmax


class _Rule(NamedTuple):
    """What a rule takes and gives: width of x, widths of y, what exp(0) may be, in words, who makes its table."""

    x_bits: int
    y_bits: tuple[int, ...]
    ones: tuple[int, ...]
    one: str
    maker: str


_BY_DISTANCE = {
    "table": _Rule(12, tuple(range(8, 17)), tuple(1 << b for b in range(31)), "a power of two", "exponential_table"),
    "gemmlowp": _Rule(8, (8, 16), ((1 << 31) - 1,), "2^31-1, 1 in Q0.31", "gemmlowp_table"),
}


@register
@dataclass(frozen=True)
class Softmax(Op):
    """Give each code its share of the exponentials along ``axis``.

    Semantics, with ``d = largest - x`` and limits lo, hi of the output type:
    ``table``: ``e = table[d]``, ``y = softmax_table(e, sum(e), bits, lo, hi)``.
    ``gemmlowp``: ``e = table[d]``, ``s = sum(softmax_term(e))``,
    ``y = softmax_gemmlowp(e, softmax_reciprocal(s), s, bits, lo, hi)``.
    ``tflite_s16``: ``e`` is read by `interpolate_rounded` from ``table`` at ``requantize(x, largest, ..)``, which
    scales by multiplier, left_shift and shift and adds 32767; ``r`` likewise from ``reciprocal`` at
    ``softmax_s16_fraction(sum(e))``; ``y = softmax_s16(e, r, sum(e))``.
    A result stands at scale ``2**-bits`` with zero point lo, of tflite_s16 at ``2**-15`` with zero point 0.
    `edgeq.arith.softmax_tables` makes tables and scales.

    Operands: x of rank 1 or more.

    Constraints:
        C1: axis is an axis of x, of 1..65536 codes
        C2: x has at most 12 bits (table), 8 bits (gemmlowp), is s16 (tflite_s16)
        C3: table has an entry per distance in 0..2**31-1, which do not rise; the first, exp(0), is a power of two
            (table) or 2**31-1 (gemmlowp)
        C4: the output type has 8..16 bits (table), 8 or 16 bits (gemmlowp), is s16 (tflite_s16)
        C5: tflite_s16: both tables have 513 entries of 16 bits, exponentials are not negative, the last is not 0
        C6: tflite_s16: multiplier and shifts are those of a plain requantize of a 17-bit distance
        C7: reciprocal, multiplier and shifts are given for tflite_s16 alone

    Accumulator: ``s`` of gemmlowp is less than 2**28 for 8-bit results (512 codes equal to the largest pass it; TFLite
    Micro aborts there) and less than 2**31 for 16-bit ones; a run stops beyond.
    Hardware: three passes over a row: largest, sum, output; the tables are what it loads.
    """

    KIND = "softmax"

    axis: int = attribute(integer)
    rule: str = attribute(one_of("table", "gemmlowp", "tflite_s16"))
    table: Constant = attribute(constant)
    reciprocal: Constant | None = attribute(optional(constant), None)
    multiplier: int = attribute(integer, 0)
    shift: int = attribute(integer, 0)
    left_shift: int = attribute(integer, 0)
    rounding: Rounding = attribute(rounding, Rounding.two_stage)
    type: IntType = attribute(int_type, IntType(8))

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C7."""
        (x,) = xs
        rank = len(x.shape)
        yield "C1", -rank <= self.axis < rank, f"axis {self.axis} is not an axis of {x}"
        entries = x.shape[self.axis]
        yield "C1", 1 <= entries <= MOST_ENTRIES, f"axis {self.axis} of {x} must have 1..{MOST_ENTRIES} codes"
        if self.rule == "tflite_s16":
            yield from self._tflite_constraints(x)
        else:
            yield from self._distance_constraints(x)

    def _distance_constraints(self, x: TensorType) -> Iterator[Check]:
        rule = _BY_DISTANCE[self.rule]
        exact = self.rule == "gemmlowp"
        yield "C2", x.type.bits == rule.x_bits if exact else x.type.bits <= rule.x_bits, (
            f"rule {self.rule} needs x of {'' if exact else 'at most '}{rule.x_bits} bits, got {x.type}")
        entries = 1 << x.type.bits
        yield "C3", self.table.shape == (entries,), (
            f"table has shape {self.table.shape}, distances of {x.type} need ({entries},)")
        lo, hi = self.table.limits
        yield "C3", lo >= 0 and hi < 1 << 31, f"exponentials {lo}..{hi} must be in 0..2^31-1"
        first, made = int(self.table.array[0]), f"softmax_tables.{rule.maker} makes the table of rule {self.rule}"
        yield "C3", first in rule.ones, f"table starts with {first}, exp(0) must be {rule.one}; {made}"
        rises = np.flatnonzero(np.diff(self.table.array) > 0)
        yield "C3", not rises.size, f"table rises after entry {rises[:1].sum()}, exponentials fall; {made}"
        yield "C4", self.type.bits in rule.y_bits, (
            f"rule {self.rule} gives {rule.y_bits[0]} to {rule.y_bits[-1]} bits, not {self.type}")
        unused = self.reciprocal is None and not (self.multiplier or self.shift or self.left_shift)
        yield "C7", unused, f"rule {self.rule} has no reciprocal, multiplier, shift or left_shift"

    def _tflite_constraints(self, x: TensorType) -> Iterator[Check]:
        yield "C2", x.type == _S16, f"rule tflite_s16 needs x of type s16, got {x.type}"
        yield "C4", self.type == _S16, f"rule tflite_s16 gives s16, not {self.type}"
        for name, table in (("table", self.table), ("reciprocal", self.reciprocal)):
            yield "C5", table is not None, f"rule tflite_s16 needs {name}, 513 entries"
            assert table is not None
            for fault in line_table_faults(table):
                yield "C5", False, f"{name}: {fault}"
        last = interpolate_rounded(_S16.qmax, *(int(e) for e in self.table.array[-2:]))
        yield "C5", self.table.limits[0] >= 0 and last > 0, (
            f"exponentials from {self.table.limits[0]} must not be negative, and the last, {last}, not 0")
        try:
            scaling, distance = self._scaling, replace(x, zero_point=0, limits=(-(_S16.qmax - _S16.qmin), 0))
        except GraphError as error:
            yield "C6", False, str(error)
        for label, holds, text in scaling.constraints(distance):
            yield "C6", holds, f"{label} of requantize: {text}"
        yield "C6", scaling.fits(distance, wide=False), (
            f"a distance << {self.left_shift} times {self.multiplier} passes 62 bits, or the shift {self.shift} passes "
            "62; use smaller ones")

    @property
    def _scaling(self) -> Requantize:
        """The change of scale of a distance."""
        return Requantize(Constant(self.multiplier), Constant(self.shift), Constant(self.left_shift), self.rounding,
                          _RECENTER, _S16)

    @property
    def acc(self) -> IntType:
        """What the sum of exponentials must stay in."""
        return IntType(28 if self.type.bits == 8 else 31, signed=False)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return x's shape in the output type at its fixed scale."""
        (x,) = xs
        if self.rule == "tflite_s16":
            return TensorType(x.shape, self.type, 0, 2.0**-15, x.axis, (0, _S16.qmax))
        return TensorType(x.shape, self.type, self.type.qmin, 2.0**-self.type.bits, x.axis)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return the probabilities in the shape of x."""
        del reference
        x, shape = xs[0], types[0].shape
        axis = self.axis % len(shape)
        rows = (x.shape[0] * prod(shape[:axis]), shape[axis], prod(shape[axis + 1 :]))
        y = np.empty(x.shape, np.int64)
        given, taken = x.reshape(rows), y.reshape(rows)
        kept = np.array([self.type.bits, self.type.qmin, self.type.qmax], np.int64)
        if self.rule == "table":
            table_rows(given, self.table.array, kept, taken)
        elif self.reciprocal is not None:
            scaling = np.array([self.multiplier, self.left_shift, self.shift, self.rounding], np.int64)
            tflite_s16_rows(given, self.table.array, self.reciprocal.array, scaling, taken)
        else:
            found = np.zeros(2, np.int64)
            if gemmlowp_rows(given, self.table.array, kept, self.acc.qmax, taken, found):
                return Finding(int(found[0]), int(found[1]))
        return y
