"""Image of another size, interpolated between four codes with integer weights.

Source: integer contract, section 6 (resize_bilinear); the sampling positions, the meaning of scale, offset and
border, and the scale of the result are those of TOSA's RESIZE in its integer BILINEAR mode.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from edgeq.arith.elementwise import bilinear, resize_codes, source_index, source_weight
from edgeq.arith.jit import kernel
from edgeq.arith.trace import trace
from edgeq.arith.types import IntType, Overflow
from edgeq.ir import fields
from edgeq.ir.op import Bounds, Check, Finding, Op, attribute, register
from edgeq.ir.tensor import IntArray, Scale, TensorType
from edgeq.ops.sampling import sampled
from edgeq.ops.weighted import accumulator_constraints, narrowing

_ACC = IntType(32)
MOST_UNITS = 1 << 16
"""Largest numerator: with it 64 bits hold the interpolation of codes of 16 bits and more."""


@register
@dataclass(frozen=True)
class ResizeBilinear(Op):
    """Sample ``x`` (C, H, W) at OH rows and OW columns; the result is scaled by both numerators.

    Semantics: row oh lies at ``y = (oh * denominator + offset) / numerator`` of x, columns likewise;
    ``acc = overflow(bilinear(..), acc)`` of the four codes around it, indices limited to the image, each axis with
    the weights ``numerator - r`` and ``r``, where r is `source_weight`. The scale of the result is that of x divided
    by both numerators: a requantize follows.

    `make` takes ``size`` (OH, OW) and a ``mode`` that gives the positions: half_pixel (torch with align_corners
    False), align_corners, asymmetric (``oh * H / OH``); or ``scale`` as (numerator, denominator) of both axes,
    ``offset``, and ``size`` or TOSA's ``border``. The op holds pairs (rows, columns).

    Operands: x (C, H, W), at most 32 bits.

    Constraints:
        C1: x has three dimensions and at most 32 bits
        C2: size is at least 1 and below 2**31
        C3: 1 <= numerator <= 2**16, 1 <= denominator < 2**31, offset within 32 bits
        C4: 64 bits hold every intermediate of the interpolation
        C5: scales, if several, are those of the channels
        A1, A2: the accumulator's width fits its overflow rule

    Accumulator: ``acc``, ``acc_overflow``.
    Hardware: a line buffer of two rows, four multipliers; positions advance by denominator.
    """

    KIND = "resize_bilinear"
    ARITHMETIC = True

    size: tuple[int, int] = attribute(fields.pair)
    numerator: tuple[int, int] = attribute(fields.pair)
    denominator: tuple[int, int] = attribute(fields.pair)
    offset: tuple[int, int] = attribute(fields.pair, (0, 0))
    acc: IntType = attribute(fields.int_type, _ACC)
    acc_overflow: Overflow = attribute(fields.acc_rule, Overflow.wrap)

    @classmethod
    def make(
        cls, xs: Sequence[TensorType], size: Any = None, mode: Any = None, *, scale: Any = None, offset: Any = None,
        border: Any = None, acc: Any = _ACC, acc_overflow: Any = Overflow.wrap,
    ) -> ResizeBilinear:
        """Derive the sampling positions from a size and a mode, or take those that are given."""
        made = sampled(xs[0], size, mode, scale, offset, border)
        return cls(made.size, made.numerator, made.denominator, made.offset, acc, acc_overflow)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C5, A1, A2."""
        (x,) = xs
        yield "C1", len(x.shape) == 3 and x.type.bits <= 32, f"x {x} must be (C, H, W) of at most 32 bits"
        yield "C2", min(self.size) >= 1 and max(self.size) < 1 << 31, f"size {self.size} must be 1..2^31-1"
        yield "C3", min(self.numerator) >= 1 and max(self.numerator) <= MOST_UNITS, (
            f"numerator {self.numerator} must be 1..2^16")
        yield "C3", min(self.denominator) >= 1 and max(self.denominator) < 1 << 31, (
            f"denominator {self.denominator} must be 1..2^31-1")
        yield "C3", IntType(32).holds(min(self.offset), max(self.offset)), f"offset {self.offset} must fit 32 bits"
        yield "C4", self._fits(x), (
            f"interpolating {x} by numerators {self.numerator} passes 64 bits; requantize x to a narrower type")
        yield "C5", not isinstance(x.scale, tuple) or x.axis == 0, (
            f"x has one scale per index of axis {x.axis}, which is resized; requantize it to one scale first")
        yield from accumulator_constraints(self.acc, self.acc_overflow)

    def _fits(self, x: TensorType) -> bool:
        given = dict.fromkeys(("top_left", "top_right", "bottom_left", "bottom_right"), (x.lo, x.hi))
        for axis, unit in zip("yx", self.numerator, strict=True):
            given |= {f"weight_{axis}": (0, unit - 1), f"unit_{axis}": (unit, unit)}
        return trace("bilinear", bilinear, given | {"zero_point": (x.zero_point, x.zero_point)}).proven

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (C, OH, OW) in the accumulator's type, zero point 0."""
        (x,) = xs
        return TensorType((x.shape[0], *self.size), self.acc, 0, _divided(x.scale, self._unit), x.axis)

    @property
    def _unit(self) -> int:
        return self.numerator[0] * self.numerator[1]

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return the limits of the interpolated value, one for all channels."""
        (x,) = xs
        lo, hi = ((q - x.zero_point) * self._unit for q in (x.lo, x.hi))
        return Bounds(np.array([lo]), np.array([hi]))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return (N, C, OH, OW)."""
        del reference
        (kept,) = types
        y = np.empty((xs[0].shape[0], *self.infer(kept).shape), np.int64)
        found = np.zeros(2, np.int64)
        positions = np.array([*self.numerator, *self.denominator, *self.offset], np.int64)
        stopped = _resize(xs[0], kept.zero_point, positions, *narrowing(self.acc, self.acc_overflow), y, found)
        return Finding(int(found[0]), int(found[1])) if stopped else y


def _divided(scale: Scale, unit: int) -> Scale:
    """Return a scale, or each of several, divided by an integer."""
    if scale is None:
        return None
    return tuple(s / unit for s in scale) if isinstance(scale, tuple) else scale / unit


@kernel
def _resize(
    x: IntArray, zero_point: int, positions: IntArray, lo: int, hi: int, overflow: int, stops: bool, y: IntArray,
    found: IntArray,
) -> bool:
    unit_y, unit_x, step_y, step_x, offset_y, offset_x = positions
    N, C, H, W = x.shape
    _, _, OH, OW = y.shape
    for n in range(N):
        for c in range(C):
            for oh in range(OH):
                row = source_index(oh, step_y, offset_y, unit_y)
                weight_y = source_weight(oh, step_y, offset_y, unit_y)
                top, bottom = min(max(row, 0), H - 1), min(max(row + 1, 0), H - 1)
                for ow in range(OW):
                    column = source_index(ow, step_x, offset_x, unit_x)
                    weight_x = source_weight(ow, step_x, offset_x, unit_x)
                    left, right = min(max(column, 0), W - 1), min(max(column + 1, 0), W - 1)
                    y[n, c, oh, ow] = resize_codes(
                        x[n, c, top, left], x[n, c, top, right], x[n, c, bottom, left], x[n, c, bottom, right],
                        zero_point, weight_y, unit_y, weight_x, unit_x, lo, hi, overflow)
                    if stops and (y[n, c, oh, ow] < lo or y[n, c, oh, ow] > hi):
                        found[0], found[1] = ((n * C + c) * OH + oh) * OW + ow, y[n, c, oh, ow]
                        return True
    return False
