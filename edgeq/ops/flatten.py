"""All values of a sample in one row, in a declared order.

Source: integer contract, section 6 (flatten).
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
class Flatten(Op):
    """Turn ``x`` into one axis; ``order`` chw keeps the channel slowest, hwc makes it fastest.

    Semantics: chw ``y[(c*H + h)*W + w] = x[c,h,w]``; hwc ``y[(h*W + w)*C + c] = x[c,h,w]``

    Operands: x of any shape for chw, (C, H, W) for hwc.

    Constraints:
        C1: hwc needs three dimensions
        C2: one scale for all channels

    Hardware: moves values, no arithmetic; the order permutes the columns of the next layer's weights.
    """

    KIND = "flatten"

    order: str = attribute(fields.one_of("chw", "hwc"), "chw")

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1, C2."""
        (x,) = xs
        yield "C1", self.order == "chw" or len(x.shape) == 3, f"order hwc needs (C, H, W), got {list(x.shape)}"
        yield "C2", not isinstance(x.scale, tuple), "x has one scale per channel; requantize it to one scale first"

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (size,), otherwise like x."""
        (x,) = xs
        return replace(x, shape=(x.size,), axis=0)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return (N, size)."""
        del types, reference
        x = xs[0].transpose(0, 2, 3, 1) if self.order == "hwc" else xs[0]
        return np.ascontiguousarray(x).reshape(x.shape[0], int(np.prod(x.shape[1:])))
