"""Two-dimensional transposed convolution into a declared accumulator; grouped and dilated too.

Source: integer contract, sections 4 and 6 (conv_transpose2d).
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
class ConvTranspose2d(Weighted):
    """Scatter ``x`` (C, H, W) through ``weight`` (O, C/groups, KH, KW) into accumulators (O, OH, OW).

    Semantics: every ``x[c,h,w] - x_zero_point`` times ``2**f * (w[o,c,kh,kw] - weight_zero_point[o])`` is added to
    ``acc[o, h*stride + kh*dilation - top, w*stride + kw*dilation - left]`` on top of ``bias[o]``. It equals the
    convolution, stride 1, of x with stride - 1 zeros between its values by the kernel flipped in both axes.
    ``padding`` (top, left, bottom, right) is cut from the result, negative entries add rows and columns;
    ``output_padding`` (bottom, right) adds some: ``OH = (H-1)*stride - top - bottom + dilation*(KH-1) + 1 +
    output_padding``.

    Operands: x (C, H, W), at most 32 bits.

    Constraints:
        C1: x has three dimensions, weight four
        C2: groups divides the channels of x and of weight
        C3: weight has C/groups input channels
        C4: strides and dilations are at least 1, padding above -2**31, all below 2**31
        C5: the result has at least one row and one column
        C6: output_padding is at least 0 and below 2**31
        W1.., A1..: those of every op with weights

    Accumulator: ``acc``, ``acc_overflow``, ``acc_order``, ``acc_bias``, ``acc_lanes``, ``acc_product``. The sum of one
    output runs over the kernel's own kh, kw, ic in ``acc_order``, ascending, not over the flipped kernel. Taps that
    no input hits are skipped but counted: tap t goes to lane ``t % acc_lanes`` wherever the output lies.
    Hardware: one convolution per phase of the stride, each with its share of the taps.
    """

    KIND = "conv_transpose2d"

    weight: Constant = attribute(constant)
    bias: Constant | None = attribute(optional(constant), None)
    stride: tuple[int, int] = attribute(pair, (1, 1))
    padding: tuple[int, int, int, int] = attribute(four_sides, (0, 0, 0, 0))
    output_padding: tuple[int, int] = attribute(pair, (0, 0))
    dilation: tuple[int, int] = attribute(pair, (1, 1))
    groups: int = attribute(integer, 1)

    @property
    def window(self) -> Window:
        """Geometry of the transposed convolution."""
        kernel = (self.weight.shape[2], self.weight.shape[3])
        return Window(kernel, self.stride, self.padding, self.dilation, self.groups, transposed=True,
                      output_padding=self.output_padding)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C6, C1 to C5, then the shared ones."""
        (x,) = xs
        yield "C6", min(self.output_padding) >= 0 and max(self.output_padding) < 1 << 31, (
            f"output_padding {self.output_padding} must be at least 0 and below 2^31; to cut rows use padding")
        yield from convolution_constraints(self, x, "C, H, W", "O, I, KH, KW")
        yield from self.shared_constraints(x, self.weight, self.bias)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (O, OH, OW) in the accumulator's type, zero point 0."""
        (x,) = xs
        return TensorType((self.weight.shape[0], *self.window.output(x.shape[1], x.shape[2])), self.acc)

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return proven limits per output channel, all taps counted: those that hit no input add nothing."""
        return self.prove(xs[0], self.weight, self.bias)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return (N, O, OH, OW)."""
        products = weighted_products(self, types[0], self.weight.array, self.bias, self.window, self.bounds(types[0]))
        return products.run(xs[0], reference=reference)
