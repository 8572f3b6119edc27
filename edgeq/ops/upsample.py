"""Each code repeated in both directions: nearest neighbour by integer factors.

Source: integer contract, section 6 (upsample).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType


@register
@dataclass(frozen=True)
class Upsample(Op):
    """Repeat each code of ``x`` (C, H, W) ``factors`` times down and across.

    Semantics: ``y[c,oh,ow] = x[c, oh // factor_h, ow // factor_w]``

    Operands: x (C, H, W).

    Constraints:
        C1: x has three dimensions
        C2: the factors are at least 1 and below 2**31
        C3: scales, if several, are those of the channels

    Hardware: moves values, no arithmetic; a line buffer of one row.
    """

    KIND = "upsample"

    factors: tuple[int, int] = attribute(fields.pair)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3."""
        (x,) = xs
        yield "C1", len(x.shape) == 3, f"x {x} must be (C, H, W)"
        yield "C2", min(self.factors) >= 1 and max(self.factors) < 1 << 31, (
            f"factors {self.factors} must be at least 1 and below 2^31")
        yield "C3", not isinstance(x.scale, tuple) or x.axis == 0, (
            f"x has one scale per index of axis {x.axis}, which is repeated; requantize it to one scale first")

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (C, H * factor_h, W * factor_w), otherwise like x."""
        (x,) = xs
        C, H, W = x.shape
        return replace(x, shape=(C, H * self.factors[0], W * self.factors[1]))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return (N, C, OH, OW)."""
        del types, reference
        return xs[0].repeat(self.factors[0], axis=2).repeat(self.factors[1], axis=3)
