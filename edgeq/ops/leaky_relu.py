"""Change of scale with another slope below zero.

Source: integer contract, section 6 (leaky_relu); TFLite's `QuantizeLeakyRelu`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeq.arith.types import IntType, Overflow, Rounding
from edgeq.ir.fields import constant, int_type, integer, limits, optional, overflow, rounding, scale
from edgeq.ir.op import Check, attribute, register
from edgeq.ir.tensor import Constant, Scale, TensorType
from edgeq.ops.sided import Sided


@register
@dataclass(frozen=True)
class LeakyRelu(Sided):
    """Requantize ``x`` by one multiplier where ``x >= x_zero_point``, by another below.

    Semantics: ``y = requantize(x, ..)`` with multiplier, shift and left_shift, or below the zero point with
    negative_multiplier, negative_shift and negative_left_shift. Scalars, or one value per channel along ``axis``.

    Operands: x of any shape, at most 64 bits.

    Constraints:
        C1 to C9: those of requantize for each side; multipliers may be negative, from -2**31

    Hardware: one multiplier; the sign selects its operands.
    """

    KIND = "leaky_relu"

    multiplier: Constant = attribute(constant)
    shift: Constant = attribute(constant)
    negative_multiplier: Constant = attribute(constant)
    negative_shift: Constant = attribute(constant)
    left_shift: Constant = attribute(constant, Constant(0))
    negative_left_shift: Constant = attribute(constant, Constant(0))
    rounding: Rounding = attribute(rounding, Rounding.ties_up)
    zero_point: int = attribute(integer, 0)
    type: IntType = attribute(int_type, IntType(8))
    overflow: Overflow = attribute(overflow, Overflow.saturate)
    clamp: tuple[int, int] | None = attribute(optional(limits), None)
    axis: int | None = attribute(optional(integer), None)
    scale: Scale = attribute(optional(scale), None)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C9."""
        yield from self.side_constraints(xs[0])
