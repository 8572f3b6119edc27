"""Mean code of each window, with a named rounding.

Source: integer contract, section 6 (avg_pool2d).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeq.arith.jit import kernel as compiled
from edgeq.arith.primitives import average
from edgeq.arith.types import Rounding
from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType
from edgeq.ops.pooling import pool_constraints, pooled_shape


@register
@dataclass(frozen=True)
class AvgPool2d(Op):
    """Take the mean over windows of ``x`` (C, H, W); type, zero point and scale stay.

    Semantics: ``y = divide_by_count(sum(x - origin), count, rounding) + origin`` with origin 0 in the domain
    ``raw`` and the zero point in ``centered``; padding holds the zero point. ``count`` leaves padding out unless
    ``count_include_pad``; what ``ceil_mode`` adds past the padding is never counted. Global average: kernel (H, W).

    Operands: x (C, H, W), at most 32 bits.

    Constraints:
        P1 to P4: those of every pool
        C1: rounding has one stage
        C2: x has at most 32 bits and a window fewer than 2**24 values

    Hardware: an accumulator per channel and one division, or a multiplication proven equal to it.
    """

    KIND = "avg_pool2d"
    ARITHMETIC = True

    kernel: tuple[int, int] = attribute(fields.pair)
    stride: tuple[int, int] | None = attribute(fields.optional(fields.pair), None)
    padding: tuple[int, int, int, int] = attribute(fields.four_sides, (0, 0, 0, 0))
    count_include_pad: bool = attribute(fields.flag, False)
    ceil_mode: bool = attribute(fields.flag, False)
    rounding: Rounding = attribute(fields.rounding, Rounding.ties_away)
    domain: str = attribute(fields.one_of("raw", "centered"), "raw")

    @property
    def step(self) -> tuple[int, int]:
        """Stride, the kernel's size unless given."""
        return self.stride or self.kernel

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield P1 to P4, C1, C2."""
        (x,) = xs
        yield from pool_constraints(x, self.kernel, self.step, self.padding, ceil_mode=self.ceil_mode)
        one_stage = self.rounding not in (Rounding.two_stage, Rounding.two_stage_up)
        yield "C1", one_stage, f"rounding {self.rounding.name} has two stages; a division has one"
        small = x.type.bits <= 32 and self.kernel[0] * self.kernel[1] < 1 << 24
        yield "C2", small, f"x {x.type} must have at most 32 bits, window {self.kernel} fewer than 2^24 values"

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (C, OH, OW), otherwise like x."""
        (x,) = xs
        shape = pooled_shape(x, self.kernel, self.step, self.padding, ceil_mode=self.ceil_mode)
        if not self.count_include_pad or not any(self.padding):
            return replace(x, shape=shape)
        return replace(x, shape=shape, limits=(min(x.lo, x.zero_point), max(x.hi, x.zero_point)))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return (N, C, OH, OW)."""
        del reference
        (kept,) = types
        y = np.empty((xs[0].shape[0], *self.infer(kept).shape), np.int64)
        origin = kept.zero_point if self.domain == "centered" else 0
        _avg_pool(xs[0], np.array([*self.kernel, *self.step, *self.padding]), kept.zero_point, origin,
                  self.count_include_pad, int(self.rounding), y)
        return y


@compiled
def _avg_pool(
    x: IntArray, window: IntArray, zero_point: int, origin: int, include_pad: bool, rounding: int, y: IntArray
) -> None:
    KH, KW, stride_h, stride_w, top, left, bottom, right = window
    N, C, H, W = x.shape
    _, _, OH, OW = y.shape
    for n in range(N):
        for c in range(C):
            for oh in range(OH):
                for ow in range(OW):
                    h0, w0 = oh * stride_h - top, ow * stride_w - left
                    h1, w1 = min(h0 + KH, H + bottom), min(w0 + KW, W + right)
                    real = (min(h1, H) - max(h0, 0)) * (min(w1, W) - max(w0, 0))
                    count = (h1 - h0) * (w1 - w0) if include_pad else real
                    total = (count - real) * (zero_point - origin)
                    for h in range(max(h0, 0), min(h1, H)):
                        for w in range(max(w0, 0), min(w1, W)):
                            total += x[n, c, h, w] - origin
                    y[n, c, oh, ow] = average(total, count, origin, rounding)
