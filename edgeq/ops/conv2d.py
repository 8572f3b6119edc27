"""Two-dimensional convolution into a declared accumulator; grouped, depthwise and dilated too.

Source: integer contract, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeq.ir.fields import constant, four_sides, integer, optional, pair
from edgeq.ir.op import Bounds, Check, Finding, attribute, register
from edgeq.ir.tensor import Constant, IntArray, TensorType
from edgeq.ops.sum_of_products import weighted_products
from edgeq.ops.weighted import Weighted
from edgeq.ops.window import Window, convolution_constraints


@register
@dataclass(frozen=True)
class Conv2d(Weighted):
    """Convolve ``x`` (C, H, W) with ``weight`` (O, C/groups, KH, KW) into accumulators (O, OH, OW).

    Semantics: ``acc[o,oh,ow] = bias[o] + 2**f * sum over kh, kw, c of (x[c, oh*stride + kh*dilation - top, ..] -
    x_zero_point) * (w[o,c,kh,kw] - weight_zero_point[o])``; a tap on padding adds exactly nothing. Depthwise with
    multiplier m: weight (C*m, 1, KH, KW), groups = C, output channel ``c*m + j``.

    Operands: x (C, H, W), at most 32 bits.

    Constraints:
        C1: x has three dimensions, weight four
        C2: groups divides the channels of x and of weight
        C3: weight has C/groups input channels
        C4: strides and dilations are at least 1, padding at least 0, all below 2**31
        C5: the window fits the padded input, which has fewer than 2**40 values
        W1.., A1..: those of every op with weights

    Accumulator: ``acc``, ``acc_overflow``, ``acc_order``, ``acc_bias``, ``acc_lanes``, ``acc_product``.
    Hardware: streams rows with the channel fastest; weights in the order (o, kh, kw, ic).
    """

    KIND = "conv2d"

    weight: Constant = attribute(constant)
    bias: Constant | None = attribute(optional(constant), None)
    stride: tuple[int, int] = attribute(pair, (1, 1))
    padding: tuple[int, int, int, int] = attribute(four_sides, (0, 0, 0, 0))
    dilation: tuple[int, int] = attribute(pair, (1, 1))
    groups: int = attribute(integer, 1)

    @property
    def window(self) -> Window:
        """Geometry of the convolution."""
        kernel = (self.weight.shape[2], self.weight.shape[3])
        return Window(kernel, self.stride, self.padding, self.dilation, self.groups)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C5, then the shared ones."""
        (x,) = xs
        yield from convolution_constraints(self, x, "C, H, W", "O, I, KH, KW")
        yield from self.shared_constraints(x, self.weight, self.bias)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (O, OH, OW) in the accumulator's type, zero point 0."""
        (x,) = xs
        return TensorType((self.weight.shape[0], *self.window.output(x.shape[1], x.shape[2])), self.acc)

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return proven limits per output channel."""
        return self.prove(xs[0], self.weight, self.bias)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return (N, O, OH, OW)."""
        products = weighted_products(self, types[0], self.weight.array, self.bias, self.window, self.bounds(types[0]))
        return products.run(xs[0], reference=reference)
