"""A border of one code around a tensor.

Source: integer contract, section 6 (pad).
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
class Pad(Op):
    """Put ``before`` and ``after`` codes along each axis of a sample; ``value`` is the zero point unless given.

    Semantics: ``y[i] = x[i - before]`` inside, else ``value``

    Operands: x of any shape.

    Constraints:
        C1: before and after have one entry, at least 0 and below 2**31, per axis of x
        C2: value is inside x's type
        C3: one scale for all channels where channels are added

    Hardware: moves values, no arithmetic.
    """

    KIND = "pad"

    before: tuple[int, ...] = attribute(fields.integers)
    after: tuple[int, ...] = attribute(fields.integers)
    value: int | None = attribute(fields.optional(fields.integer), None)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3."""
        (x,) = xs
        rank = len(x.shape)
        sides = (0, *self.before, *self.after)
        fits = len(self.before) == len(self.after) == rank and min(sides) >= 0 and max(sides) < 1 << 31
        yield "C1", fits, (
            f"before {self.before} and after {self.after} need {rank} entries of at least 0 each, below 2^31")
        filled = self.fill(x)
        yield "C2", x.type.holds(filled, filled), f"value {filled} is outside {x.type}"
        grows = isinstance(x.scale, tuple) and self.before[x.axis] + self.after[x.axis] > 0
        yield "C3", not grows, "x has one scale per channel and channels are added; requantize it to one scale first"

    def fill(self, x: TensorType) -> int:
        """Return the code of the border."""
        return x.zero_point if self.value is None else self.value

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the larger shape, otherwise like x."""
        (x,) = xs
        shape = tuple(b + d + a for b, d, a in zip(self.before, x.shape, self.after, strict=True))
        filled = self.fill(x)
        return replace(x, shape=shape, limits=(min(x.lo, filled), max(x.hi, filled)))

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the padded codes."""
        del reference
        widths = [(0, 0), *zip(self.before, self.after, strict=True)]
        return np.pad(xs[0], widths, constant_values=self.fill(types[0]))
