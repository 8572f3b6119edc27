"""Largest code of each window.

Source: integer contract, section 6 (max_pool2d).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeq.arith.choice import maximum
from edgeq.arith.jit import kernel as compiled
from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType
from edgeq.ops.pooling import pool_constraints, pooled_shape


@register
@dataclass(frozen=True)
class MaxPool2d(Op):
    """Take the maximum over windows of ``x`` (C, H, W); type, zero point and scale stay.

    Semantics: ``y[c,oh,ow] = max(x[c, oh*stride_h - top + kh, ow*stride_w - left + kw])``; padding is the type's
    minimum, so it never wins over a value. ``stride`` defaults to ``kernel``; ``padding`` is top, left, bottom, right.

    Operands: x (C, H, W).

    Constraints:
        P1: x has three dimensions
        P2: kernel and stride are at least 1 and below 2**31
        P3: padding is at least 0 and smaller than the kernel
        P4: the window fits the padded input

    Hardware: a line buffer of KH - 1 rows.
    """

    KIND = "max_pool2d"

    kernel: tuple[int, int] = attribute(fields.pair)
    stride: tuple[int, int] | None = attribute(fields.optional(fields.pair), None)
    padding: tuple[int, int, int, int] = attribute(fields.four_sides, (0, 0, 0, 0))
    ceil_mode: bool = attribute(fields.flag, False)

    @property
    def step(self) -> tuple[int, int]:
        """Stride, the kernel's size unless given."""
        return self.stride or self.kernel

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield P1 to P4."""
        yield from pool_constraints(xs[0], self.kernel, self.step, self.padding, ceil_mode=self.ceil_mode)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (C, OH, OW), otherwise like x."""
        (x,) = xs
        shape = pooled_shape(x, self.kernel, self.step, self.padding, ceil_mode=self.ceil_mode)
        return replace(x, shape=shape)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return (N, C, OH, OW)."""
        del reference
        y = np.empty((xs[0].shape[0], *self.infer(*types).shape), np.int64)
        _max_pool(xs[0], np.array([*self.kernel, *self.step, *self.padding[:2]]), types[0].type.qmin, y)
        return y


@compiled
def _max_pool(x: IntArray, window: IntArray, lowest: int, y: IntArray) -> None:
    KH, KW, stride_h, stride_w, top, left = window
    N, C, H, W = x.shape
    _, _, OH, OW = y.shape
    for n in range(N):
        for c in range(C):
            for oh in range(OH):
                for ow in range(OW):
                    best = lowest
                    for h in range(max(oh * stride_h - top, 0), min(oh * stride_h - top + KH, H)):
                        for w in range(max(ow * stride_w - left, 0), min(ow * stride_w - left + KW, W)):
                            best = maximum(best, x[n, c, h, w])
                    y[n, c, oh, ow] = best
