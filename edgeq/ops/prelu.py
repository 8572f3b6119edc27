"""Change of scale with a slope per channel below zero.

Source: integer contract, section 6 (prelu); TFLite's `reference/prelu.h`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgeq.arith.types import IntType, Overflow, Rounding
from edgeq.ir.fields import constant, int_type, integer, limits, optional, overflow, rounding, scale
from edgeq.ir.op import Check, attribute, register
from edgeq.ir.tensor import Constant, Scale, TensorType
from edgeq.ops.sided import Sided

_S17, _S32 = IntType(17), IntType(32)


@register
@dataclass(frozen=True)
class Prelu(Sided):
    """Requantize ``x``; below its zero point the product of ``x`` and a slope ``alpha`` instead.

    Semantics: ``y = requantize(x, ..)`` with multiplier, shift and left_shift where ``x >= x_zero_point``; below,
    ``requantize(multiply(x, x_zero_point, alpha[c], alpha_zero_point, 0), ..)`` with those called negative.

    Operands: x of any shape, at most 32 bits.

    Constraints:
        C1 to C9: those of requantize for each side, x of the negative one being the product, zero point 0; multipliers
            may be negative, from -2**31
        C10: alpha is a scalar or one per channel along axis, of at most 32 bits, alpha_zero_point of at most 17
        C11: x has at most 32 bits, the product at most 62

    Hardware: one product more than leaky_relu.
    """

    KIND = "prelu"
    WEIGHTS = ("alpha",)

    alpha: Constant = attribute(constant)
    alpha_zero_point: int = attribute(integer)
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
        """Yield C9, C10, C11, then C1 to C8."""
        (x,) = xs
        rank = len(x.shape)
        yield "C9", self.axis is None or -rank <= self.axis < rank, f"axis {self.axis} is not an axis of {x}"
        channels = x.shape[self.infer(x).axis] if rank else 1
        yield "C10", self.alpha.shape in ((), (channels,)), (
            f"alpha has shape {self.alpha.shape}, expected a scalar or ({channels},)")
        yield "C10", _S32.holds(*self.alpha.limits), f"alpha {self.alpha.limits} must have at most 32 bits"
        yield "C10", _S17.holds(self.alpha_zero_point, self.alpha_zero_point), (
            f"alpha_zero_point {self.alpha_zero_point} must have at most 17 bits")
        yield "C11", x.type.bits <= 32, f"x {x.type} must have at most 32 bits; requantize it first"
        product = self.sides(x)["negative"].x
        yield "C11", IntType(62).holds(product.lo, product.hi), (
            f"products with alpha reach {product.reach}, past 62 bits; use a narrower x or alpha")
        yield from self.side_constraints(x)

    def slope(self, x: TensorType) -> tuple[Constant, int]:
        """Return alpha and its zero point."""
        del x
        return self.alpha, self.alpha_zero_point
