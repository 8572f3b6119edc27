"""Change of scale: the only op that multiplies by a scale.

Source: integer contract, section 5.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import ClassVar

import numpy as np

from edgeq.arith import primitives
from edgeq.arith.jit import kernel
from edgeq.arith.primitives import requantize, requantize_wide, rescale, rescale_wide
from edgeq.arith.trace import Trace, trace
from edgeq.arith.types import MAX_SHIFT, IntType, Overflow, Rounding
from edgeq.ir.fields import constant, int_type, integer, limits, optional, overflow, rounding, scale
from edgeq.ir.op import Check, Finding, Op, attribute, register
from edgeq.ir.tensor import Constant, IntArray, Scale, TensorType

_ERROR = int(Overflow.error)
_TWO_STAGE = (Rounding.two_stage, Rounding.two_stage_up)
_EXACT_WIDE = 1 << 44
"""`mul_shift_wide` is exact where the first rounding stays below this; beyond, it is far outside every output type."""
SIGN_ALONE = 1 << 43
"""From here on a value of the wide form, its zero point added, may be one of which only sign and size are kept."""


@register
@dataclass(frozen=True)
class Requantize(Op):
    """Bring ``x`` to another scale, zero point and type; a clamp (ReLU, ReLU6) rides along.

    Semantics: ``t = round_shift(((x - x_zero_point) << left_shift) * multiplier, shift, rounding) + zero_point``;
    ``y = clamp(overflow(t, type))``. Scalars, or one value per channel along ``axis``.

    Operands: x of any shape, at most 64 bits.

    Constraints:
        C1: multiplier, shift, left_shift and scale are scalars or one per channel
        C2: 0 <= multiplier < 2**32
        C3: 0 <= shift <= 94 and 0 <= left_shift <= 31
        C4: the output type has at most 32 bits and holds the zero point
        C5: clamp is a range inside the output type
        C6: two-stage rounding: x within 32 bits, multiplier below 2**31
        C7: 64 bits hold every intermediate of the plain or of the wide form, whatever x is
        C8: the wide form wraps only what it computes exactly
        C9: axis is an axis of x

    Hardware: one multiplier and shift per channel, streamed beside the accumulators.
    """

    KIND = "requantize"
    ENDS_LAYER = True
    SIGNED: ClassVar[bool] = False
    """Whether multipliers may be negative: the slope of one side of zero is, a scale is not."""

    multiplier: Constant = attribute(constant)
    shift: Constant = attribute(constant)
    left_shift: Constant = attribute(constant, Constant(0))
    rounding: Rounding = attribute(rounding, Rounding.ties_up)
    zero_point: int = attribute(integer, 0)
    type: IntType = attribute(int_type, IntType(8))
    overflow: Overflow = attribute(overflow, Overflow.saturate)
    clamp: tuple[int, int] | None = attribute(optional(limits), None)
    axis: int | None = attribute(optional(integer), None)
    scale: Scale = attribute(optional(scale), None)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C9."""
        (x,) = xs
        rank = len(x.shape)
        yield "C9", self.axis is None or -rank <= self.axis < rank, f"axis {self.axis} is not an axis of {x}"
        channels = x.shape[self._axis(x)] if rank else 1
        for name in ("multiplier", "shift", "left_shift"):
            shape = getattr(self, name).shape
            yield "C1", shape in ((), (channels,)), f"{name} has shape {shape}, expected a scalar or ({channels},)"
        scales = len(self.scale) if isinstance(self.scale, tuple) else channels
        yield "C1", scales == channels, f"scale has {scales} values, expected one or {channels}"
        lo, hi = self.multiplier.limits
        least = "-2^31" if self.SIGNED else "0"
        yield "C2", lo >= (-(1 << 31) if self.SIGNED else 0) and hi < 1 << 32, (
            f"multipliers {lo}..{hi} must be in {least}..2^32-1")
        yield "C3", self.shift.limits[0] >= 0 and self.shift.limits[1] <= MAX_SHIFT, (
            f"shift {self.shift.limits} must be in 0..{MAX_SHIFT}; a left shift goes into left_shift")
        yield "C3", self.left_shift.limits[0] >= 0 and self.left_shift.limits[1] <= 31, (
            f"left_shift {self.left_shift.limits} must be in 0..31")
        yield "C4", self.type.bits <= 32 and self.type.holds(self.zero_point, self.zero_point), (
            f"output type {self.type} must have at most 32 bits and hold zero point {self.zero_point}")
        lo, hi = self.limits
        yield "C5", lo <= hi and self.type.holds(lo, hi), f"clamp {self.clamp} is not a range inside {self.type}"
        if self.rounding in _TWO_STAGE:
            yield "C6", IntType(32).holds(x.lo, x.hi), f"{self.rounding.name} needs x within 32 bits, got {x.type}"
            yield "C6", self.multiplier.limits[1] < 1 << 31, (
                f"{self.rounding.name} needs multipliers below 2^31, got {self.multiplier.limits}")
        yield from self._host_constraints(x)

    def _host_constraints(self, x: TensorType) -> Iterator[Check]:
        if self.fits(x, wide=False):
            return
        yield "C7", self.fits(x, wide=True), (
            f"{x.type} << {self.left_shift.limits[1]} needs more than 64 bits; use a smaller left_shift or type")
        first = self._first_rounding(x)
        needs_exact = self.overflow is Overflow.wrap or self.rounding in _TWO_STAGE
        yield "C8", not needs_exact or first < _EXACT_WIDE, (
            f"{self.rounding.name} with overflow {self.overflow.name} on {x.type} passes 2^44 before it is narrowed; "
            "use saturate and a one-stage rounding, or a narrower operand")

    def _first_rounding(self, x: TensorType) -> int:
        """Return an upper limit of what the first rounding gives."""
        shift = self.shift.array if self.rounding not in _TWO_STAGE else np.minimum(self.shift.array, 31)
        pairs = np.broadcast_arrays(self.multiplier.array, self.left_shift.array, shift)
        columns = zip(*(p.flat for p in pairs), strict=True)
        reached: list[int] = [x.reach * 2 ** int(left) * abs(int(m)) // 2 ** int(s) for m, left, s in columns]
        return max(reached) + 1

    def fits(self, x: TensorType, *, wide: bool) -> bool:
        """Tell whether 64 bits hold every intermediate of the plain or of the wide form."""
        return self.trace(x, wide=wide).proven

    def trace(self, x: TensorType, *, wide: bool) -> Trace:
        """Trace the scalar rule with this op's own parameters: the exact width of every intermediate."""
        rule = primitives.requantize_wide if wide else primitives.requantize
        fixed = {"x_zero_point": x.zero_point, "rounding": int(self.rounding), "zero_point": self.zero_point,
                 "lo": self.type.qmin, "hi": self.type.qmax, "overflow": int(self.overflow),
                 "clamp_lo": self.limits[0], "clamp_hi": self.limits[1]}
        given = {"x": (x.lo, x.hi), "multiplier": self.multiplier.limits, "shift": self.shift.limits,
                 "left_shift": self.left_shift.limits}
        return trace("requantize", rule, given | {name: (value, value) for name, value in fixed.items()})

    def proofs(self, *xs: TensorType) -> Mapping[str, bool]:
        """Return ``wide``: some product passes 63 bits, the wide form has to run."""
        return {"wide": not self.fits(xs[0], wide=False)}

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value that leaves the op."""
        return self.clamp or (self.type.qmin, self.type.qmax)

    def _axis(self, x: TensorType) -> int:
        return x.axis if self.axis is None else self.axis % max(len(x.shape), 1)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return x's shape in the output type."""
        (x,) = xs
        return TensorType(x.shape, self.type, self.zero_point, self.scale, self._axis(x), self.clamp)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return the requantized values in the shape of x."""
        del reference
        x, kept = xs[0], types[0]
        axis = self._axis(kept)
        channels = kept.shape[axis] if kept.shape else 1
        rows = (x.shape[0] * prod(kept.shape[:axis]), channels, prod(kept.shape[axis + 1 :]))
        y = np.empty(x.shape, np.int64)
        found = np.zeros(2, np.int64)
        fixed = np.array([kept.zero_point, self.rounding, self.zero_point, self.type.qmin, self.type.qmax,
                          self.overflow, *self.limits], np.int64)
        wide = not self.fits(kept, wide=False)
        stopped = _requantize(x.reshape(rows), self.multiplier.per_channel(channels),
                              self.shift.per_channel(channels), self.left_shift.per_channel(channels), fixed,
                              wide, y.reshape(rows), found)
        if not stopped:
            return y
        index, value = (int(v) for v in found)
        return Finding(index, value, exact=not wide or abs(value) < SIGN_ALONE)


@kernel
def _requantize(
    x: IntArray, multiplier: IntArray, shift: IntArray, left_shift: IntArray, fixed: IntArray, wide: bool, y: IntArray,
    found: IntArray,
) -> bool:
    """Requantize x (outer, channels, inner); returns True, with flat index and value, when an overflow stops."""
    x_zero_point, rounding, zero_point, lo, hi, overflow, clamp_lo, clamp_hi = fixed
    M, C, S = x.shape
    for m in range(M):
        for c in range(C):
            mul, s, left = multiplier[c], shift[c], left_shift[c]
            if wide:
                for i in range(S):
                    y[m, c, i] = requantize_wide(x[m, c, i], x_zero_point, mul, left, s, rounding, zero_point,
                                                 lo, hi, overflow, clamp_lo, clamp_hi)
            else:
                for i in range(S):
                    y[m, c, i] = requantize(x[m, c, i], x_zero_point, mul, left, s, rounding, zero_point,
                                            lo, hi, overflow, clamp_lo, clamp_hi)
            if overflow == _ERROR:
                for i in range(S):
                    t = rescaled(x[m, c, i], x_zero_point, mul, left, s, rounding, zero_point, wide)
                    if t < lo or t > hi:
                        found[0], found[1] = (m * C + c) * S + i, t
                        return True
    return False


@kernel
def rescaled(
    x: int, x_zero_point: int, mul: int, left: int, shift: int, rounding: int, zero_point: int, wide: bool
) -> int:
    """Return the value before it is narrowed, in the form that was proven."""
    if wide:
        return rescale_wide(x, x_zero_point, mul, left, shift, rounding, zero_point)
    return rescale(x, x_zero_point, mul, left, shift, rounding, zero_point)
