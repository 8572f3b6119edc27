"""The values of a sample in another shape, in row-major order.

Source: integer contract, section 6 (reshape).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, TensorType


@register
@dataclass(frozen=True)
class Reshape(Op):
    """Give ``x`` the sample shape ``shape``; one entry may be -1.

    Semantics: the row-major order of the values stays

    Operands: x of any shape.

    Constraints:
        C1: the entries are positive, at most one is -1
        C2: the number of values stays
        C3: one scale for all channels

    Hardware: moves nothing in row-major order.
    """

    KIND = "reshape"

    shape: tuple[int, ...] = attribute(fields.integers)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C3."""
        (x,) = xs
        known = [d for d in self.shape if d != -1]
        yield "C1", all(d >= 1 for d in known) and len(self.shape) - len(known) <= 1, (
            f"shape {self.shape} must hold positive numbers and at most one -1")
        size = 1
        for d in known:
            size *= d
        fits = size == x.size if len(known) == len(self.shape) else x.size % size == 0
        yield "C2", fits, f"{list(x.shape)} has {x.size} values, which do not fill {self.shape}"
        yield "C3", not isinstance(x.scale, tuple), "x has one scale per channel; requantize it to one scale first"

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the new shape, otherwise like x."""
        (x,) = xs
        known = 1
        for d in self.shape:
            known *= d if d != -1 else 1
        shape = tuple(x.size // known if d == -1 else d for d in self.shape)
        return replace(x, shape=shape, axis=0)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return (N, *shape)."""
        del reference
        return xs[0].reshape(xs[0].shape[0], *self.infer(*types).shape)
