"""Count of thresholds that a value meets: batch norm and sign, multi-bit activations of binary networks.

Source: integer contract, section 6 (threshold).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.arith.lookup import passes_threshold, threshold_level
from edgeq.arith.primitives import accumulate
from edgeq.arith.types import IntType, Overflow
from edgeq.errors import shown
from edgeq.ir.fields import constant, int_type, integer, optional, scale
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import Constant, IntArray, Scale, TensorType

MOST_THRESHOLDS = (1 << 16) - 1
_ERROR = int(Overflow.error)


@register
@dataclass(frozen=True)
class Threshold(Op):
    """Give each value the code that its number of met thresholds says.

    Semantics: ``y = threshold_level(count, start, step)``, ``count`` the number of k with
    ``passes_threshold(x, thresholds[c][k], direction[c])``: ``x >= T``, or ``x <= T`` for direction -1. The order of
    a channel's thresholds does not matter. Sign is one threshold, start -1, step 2. A channel that is constant has
    thresholds that every code meets, or none does.

    Operands: x of any shape, at most 62 bits; its channels are along ``axis``.

    Constraints:
        C1: thresholds are (C, K) or (K,) for all channels, 1 <= K <= 65535; direction is a scalar or (C,), of +1 and -1
        C2: x has at most 62 bits
        C3: thresholds fit one bit more than x, signed: qmin - 1 and qmax + 1 do
        C4: the output type has at most 32 bits and holds start, start + step * K and the zero point
        C5: axis is an axis of x
        C6: scale is one number or one per channel

    Hardware: K comparisons with the channel's row and a count; sorted rows allow a binary search.
    """

    KIND = "threshold"
    ENDS_LAYER = True

    thresholds: Constant = attribute(constant)
    direction: Constant = attribute(constant)
    start: int = attribute(integer, 0)
    step: int = attribute(integer, 1)
    type: IntType = attribute(int_type, IntType(8))
    zero_point: int = attribute(integer, 0)
    scale: Scale = attribute(optional(scale), None)
    axis: int | None = attribute(optional(integer), None)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C5, then C1 to C4, C6."""
        (x,) = xs
        rank = len(x.shape)
        yield "C5", self.axis is None or -rank <= self.axis < rank, f"axis {self.axis} is not an axis of {x}"
        channels, shape = self._channels(x), self.thresholds.shape
        fits = len(shape) in (1, 2) and shape[:-1] in ((), (channels,)) and 1 <= shape[-1] <= MOST_THRESHOLDS
        yield "C1", fits, f"thresholds have shape {shape}, expected ({channels}, K) or (K,), K in 1..{MOST_THRESHOLDS}"
        yield "C1", self.direction.shape in ((), (channels,)), (
            f"direction has shape {self.direction.shape}, expected a scalar or ({channels},)")
        yield "C1", bool(np.isin(self.direction.array, (-1, 1)).all()), "direction must be +1 or -1"
        yield "C2", x.type.bits <= 62, f"x {x.type} must have at most 62 bits"
        wider = IntType(x.type.bits + (1 if x.type.signed else 2))
        yield "C3", wider.holds(*self.thresholds.limits), (
            f"thresholds {self.thresholds.limits} must fit {wider}; none outside {x.type.qmin}..{x.type.qmax + 1} "
            "tells codes apart")
        yield "C4", self.type.bits <= 32 and all(self.type.holds(v, v) for v in (*self._limits, self.zero_point)), (
            f"output type {self.type} must have at most 32 bits and hold {self._limits} and zero point "
            f"{self.zero_point}")
        yield "C6", self.infer(x).scales_fit, (
            f"scale {shown(self.scale)} must be one number or {channels}, one per channel")

    @property
    def _limits(self) -> tuple[int, int]:
        """Smallest and largest result."""
        ends = [threshold_level(count, self.start, self.step) for count in (0, self.thresholds.shape[-1])]
        return min(ends), max(ends)

    def _axis(self, x: TensorType) -> int:
        return x.axis if self.axis is None else self.axis % max(len(x.shape), 1)

    def _channels(self, x: TensorType) -> int:
        return x.shape[self._axis(x)] if x.shape else 1

    def infer(self, *xs: TensorType) -> TensorType:
        """Return x's shape in the output type."""
        (x,) = xs
        return TensorType(x.shape, self.type, self.zero_point, self.scale, self._axis(x), self._limits)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the codes in the shape of x."""
        del reference
        x, kept = xs[0], types[0]
        axis, channels = self._axis(kept), self._channels(kept)
        rows = (x.shape[0] * prod(kept.shape[:axis]), channels, prod(kept.shape[axis + 1 :]))
        table = np.array(np.broadcast_to(self.thresholds.array, (channels, self.thresholds.shape[-1])), order="C")
        y = np.empty(x.shape, np.int64)
        _threshold(x.reshape(rows), table, self.direction.per_channel(channels), self.start, self.step,
                   y.reshape(rows))
        return y


@kernel
def _threshold(
    x: IntArray, thresholds: IntArray, direction: IntArray, start: int, step: int, y: IntArray
) -> None:
    M, C, S = x.shape
    for m in range(M):
        for c in range(C):
            for i in range(S):
                count = 0
                for k in range(thresholds.shape[1]):  # under the rule `error` the count is left as it is
                    met = passes_threshold(x[m, c, i], thresholds[c, k], direction[c])
                    count = accumulate(count, met, 0, 0, _ERROR)
                y[m, c, i] = threshold_level(count, start, step)
