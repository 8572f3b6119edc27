"""Tensors one behind the other along an axis.

Source: integer contract, section 6 (concat).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from edgeq.ir import fields
from edgeq.ir.op import Check, Op, attribute, register
from edgeq.ir.tensor import IntArray, Scale, TensorType
from edgeq.ops.broadcasting import alike


@register
@dataclass(frozen=True)
class Concat(Op):
    """Join the tensors ``xs`` along ``axis`` of a sample, in their order; nothing is rescaled here.

    Semantics: ``y[.., start_k + i, ..] = x_k[.., i, ..]``, where ``start_k`` is the length of all before ``x_k``

    Operands: xs, a list of one or more of one type, zero point and scale.

    Constraints:
        C1: axis is an axis of the first operand
        C2: the shapes agree but along axis
        C3: one type and one zero point
        C4: the scales, where known, are equal to 6 digits; along the channel axis each may have its own per channel

    Hardware: moves values, no arithmetic.
    """

    KIND = "concat"
    OPERANDS = ("xs",)
    MANY = True

    axis: int = attribute(fields.integer, 0)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C4."""
        first, rank = xs[0], len(xs[0].shape)
        yield "C1", -rank <= self.axis < rank, f"axis {self.axis} is not an axis of {first}"
        for k, x in enumerate(xs):
            yield "C2", self._rest(x) == self._rest(first), (
                f"operand {k} is {x}, which differs from {first} elsewhere than along axis {self.axis}")
            yield "C3", (x.type, x.zero_point) == (first.type, first.zero_point), (
                f"operand {k} is {x}, the first {first}; requantize them to one type and zero point first")
            yield "C4", self._joins_scales(xs) or alike(first, x, rank), (
                f"operand {k} stands at the scale {x.scale}, the first at {first.scale}; requantize them to one first")

    def infer(self, *xs: TensorType) -> TensorType:
        """Return the joined shape, otherwise like the operands."""
        (first, *_), at = xs, self._at(xs[0])
        shape = (*first.shape[:at], sum(x.shape[at] for x in xs), *first.shape[at + 1 :])
        limits = (min(x.lo for x in xs), max(x.hi for x in xs))
        return replace(first, shape=shape, scale=self._scale(xs), limits=limits)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray:
        """Return the joined codes."""
        del reference
        return np.concatenate(xs, axis=1 + self._at(types[0]))

    def _at(self, x: TensorType) -> int:
        return self.axis % len(x.shape)

    def _rest(self, x: TensorType) -> tuple[int | None, ...]:
        """Return the shape with nothing along the axis."""
        return tuple(None if k == self.axis % len(x.shape) else d for k, d in enumerate(x.shape))

    def _joins_scales(self, xs: Sequence[TensorType]) -> bool:
        """Tell whether every operand has scales per channel, and the channels are what is joined."""
        return all(isinstance(x.scale, tuple) and x.axis == self._at(x) for x in xs)

    def _scale(self, xs: Sequence[TensorType]) -> Scale:
        if self._joins_scales(xs):
            return tuple(s for x in xs if isinstance(x.scale, tuple) for s in x.scale)
        return xs[0].scale if all(x.scale is not None for x in xs) else None
