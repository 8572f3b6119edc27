"""Channels moved into space: each pixel becomes a square of pixels.

Source: integer contract, section 6 (pixel_shuffle); the names of the orders are those of ONNX DepthToSpace.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType


@register
@dataclass(frozen=True)
class PixelShuffle(Op):
    """Turn ``x`` (C * factor**2, H, W) into (C, H * factor, W * factor).

    Semantics: ``y[c, h*factor + i, w*factor + j] = x[k, h, w]``; ``order`` says which channel k is:
    crd (torch's pixel_shuffle) ``k = (c*factor + i)*factor + j``, dcr (ONNX's default, TensorFlow's depth_to_space)
    ``k = (i*factor + j)*C + c``. They differ where C > 1.

    Operands: x (C * factor**2, H, W).

    Constraints:
        C1: x has three dimensions
        C2: factor is at least 1, and its square divides the channels
        C3: one scale for all channels

    Hardware: moves values, no arithmetic; a buffer of factor rows.
    """

    KIND = "pixel_shuffle"

    factor: int = attribute(fields.integer)
    order: str = attribute(fields.one_of("crd", "dcr"), "crd")

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3."""
        (x,) = xs
        yield "C1", len(x.shape) == 3, f"x {x} must be (C, H, W)"
        yield "C2", self.factor >= 1 and x.shape[0] % self.factor**2 == 0, (
            f"factor {self.factor} must be at least 1, and its square must divide the {x.shape[0]} channels")
        yield "C3", not isinstance(x.scale, tuple), "x has one scale per channel; requantize it to one scale first"

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (C, OH, OW), otherwise like x."""
        (x,) = xs
        C, H, W = x.shape
        return replace(x, shape=(C // self.factor**2, H * self.factor, W * self.factor), axis=0)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return (N, C, OH, OW)."""
        del reference
        C, OH, OW = self.infer(*types).shape
        N, f, (H, W) = xs[0].shape[0], self.factor, xs[0].shape[2:]
        if self.order == "crd":
            moved = xs[0].reshape(N, C, f, f, H, W).transpose(0, 1, 4, 2, 5, 3)
        else:
            moved = xs[0].reshape(N, f, f, C, H, W).transpose(0, 3, 4, 1, 5, 2)
        return np.ascontiguousarray(moved).reshape(N, C, OH, OW)
