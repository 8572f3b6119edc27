"""State what leaky_relu and prelu share: a change of scale on each side of the zero point.

Source: integer contract, sections 5 and 6; TFLite's `reference/leaky_relu.h` and `prelu.h`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import NamedTuple

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.lookup import is_below
from edgeq.arith.primitives import multiply, requantize, requantize_wide
from edgeq.arith.types import IntType, Overflow, Rounding, width_of
from edgeq.ir.op import Check, Finding, Op
from edgeq.ir.tensor import Constant, IntArray, Scale, TensorType
from edgeq.ops.requantize import SIGN_ALONE, Requantize, rescaled

_ERROR = int(Overflow.error)


@dataclass(frozen=True)
class Side(Requantize):
    """The change of scale of one side; its multiplier may be negative."""

    SIGNED = True


class _Taken(NamedTuple):
    """One side: its change of scale, and what can come to it."""

    rule: Side
    x: TensorType


class Sided(Op):
    """Two changes of scale, chosen by the sign of ``x - x_zero_point``, into one type and zero point.

    The fields are those of requantize, with ``negative_`` before what holds for values below the zero point.
    """

    ENDS_LAYER = True

    multiplier: Constant
    shift: Constant
    negative_multiplier: Constant
    negative_shift: Constant
    left_shift: Constant
    negative_left_shift: Constant
    rounding: Rounding
    zero_point: int
    type: IntType
    overflow: Overflow
    clamp: tuple[int, int] | None
    axis: int | None
    scale: Scale

    def slope(self, x: TensorType) -> tuple[Constant, int] | None:
        """Return what values below the zero point are first multiplied by, and its zero point; None for nothing."""
        del x
        return None

    def sides(self, x: TensorType) -> dict[str, _Taken]:
        """Return both sides by name."""
        positive = self._side(self.multiplier, self.shift, self.left_shift)
        negative = self._side(self.negative_multiplier, self.negative_shift, self.negative_left_shift)
        above = replace(x, limits=(max(x.lo, x.zero_point), max(x.hi, x.zero_point)))
        below = replace(x, limits=(min(x.lo, x.zero_point), min(x.hi, x.zero_point)))
        return {"positive": _Taken(positive, above), "negative": _Taken(negative, self._sloped(below))}

    def _side(self, multiplier: Constant, shift: Constant, left_shift: Constant) -> Side:
        return Side(multiplier, shift, left_shift, self.rounding, self.zero_point, self.type, self.overflow,
                    self.clamp, self.axis, self.scale)

    def _sloped(self, below: TensorType) -> TensorType:
        slope = self.slope(below)
        if slope is None:
            return below
        ends = [(below.lo - below.zero_point) * (a - slope[1]) for a in slope[0].limits]
        limits = min(*ends, 0), max(*ends, 0)
        return replace(below, type=IntType(min(width_of(*limits), 64)), zero_point=0, limits=limits)

    def side_constraints(self, x: TensorType) -> Iterator[Check]:
        """Yield C1 to C9 of requantize for each side."""
        for name, side in self.sides(x).items():
            for label, holds, text in side.rule.constraints(side.x):
                yield label, holds, f"{name} side: {text}"

    def proofs(self, *xs: TensorType) -> Mapping[str, bool]:
        """Return ``positive_wide`` and ``negative_wide``: some product of the side passes 63 bits."""
        sides = self.sides(xs[0])
        return {f"{name}_wide": not side.rule.fits(side.x, wide=False) for name, side in sides.items()}

    def infer(self, *xs: TensorType) -> TensorType:
        """Return x's shape in the output type."""
        return self._side(self.multiplier, self.shift, self.left_shift).infer(*xs)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return the requantized values in the shape of x."""
        del reference
        x, kept = xs[0], types[0]
        axis = self.infer(kept).axis
        channels = kept.shape[axis] if kept.shape else 1
        rows = (x.shape[0] * prod(kept.shape[:axis]), channels, prod(kept.shape[axis + 1 :]))
        y = np.empty(x.shape, np.int64)
        found = np.zeros(2, np.int64)
        sides = [side.rule for side in self.sides(kept).values()]
        multiplier, left_shift, shift = (
            np.stack([getattr(side, field).per_channel(channels) for side in sides])
            for field in ("multiplier", "left_shift", "shift"))
        limits = self.clamp or (self.type.qmin, self.type.qmax)
        fixed = np.array([kept.zero_point, self.rounding, self.zero_point, self.type.qmin, self.type.qmax,
                          self.overflow, *limits], np.int64)
        wide = np.array(list(self.proofs(kept).values()))
        slope = self.slope(kept)
        alpha, alpha_zero_point = (slope[0].per_channel(channels), slope[1]) if slope else (np.zeros(0, np.int64), 0)
        stopped = _sides(x.reshape(rows), alpha, alpha_zero_point, multiplier, left_shift, shift, fixed, wide,
                         y.reshape(rows), found)
        if not stopped:
            return y
        index, value = (int(v) for v in found)
        return Finding(index, value, exact=not wide.any() or abs(value) < SIGN_ALONE)


@kernel
def _one(
    x: int, x_zero_point: int, multiplier: int, left_shift: int, shift: int, fixed: IntArray, wide: bool
) -> int:
    """Return the code of one value in the form that was proven for its side."""
    _, rounding, zero_point, lo, hi, overflow, clamp_lo, clamp_hi = fixed
    if wide:
        return requantize_wide(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point, lo, hi, overflow,
                               clamp_lo, clamp_hi)
    return requantize(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point, lo, hi, overflow,
                      clamp_lo, clamp_hi)


@kernel
def _sides(
    x: IntArray, alpha: IntArray, alpha_zero_point: int, multiplier: IntArray, left_shift: IntArray, shift: IntArray,
    fixed: IntArray, wide: IntArray, y: IntArray, found: IntArray,
) -> bool:
    """Requantize x (outer, channels, inner); returns True, with flat index and value, when an overflow stops."""
    zero_point, rounding, y_zero_point, lo, hi, overflow = fixed[:6]
    M, C, S = x.shape
    for m in range(M):
        for c in range(C):
            for i in range(S):
                value, origin = x[m, c, i], zero_point
                side = is_below(value, zero_point)
                if side == 1 and alpha.size:
                    value, origin = multiply(value, zero_point, alpha[c], alpha_zero_point, 0), 0
                mul, left, s = multiplier[side, c], left_shift[side, c], shift[side, c]
                if overflow == _ERROR:
                    t = rescaled(value, origin, mul, left, s, rounding, y_zero_point, wide[side])
                    if t < lo or t > hi:
                        found[0], found[1] = (m * C + c) * S + i, t
                        return True
                y[m, c, i] = _one(value, origin, mul, left, s, fixed, wide[side])
    return False
