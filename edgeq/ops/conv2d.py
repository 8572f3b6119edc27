"""Two-dimensional convolution into a declared accumulator; grouped, depthwise and dilated too.

Source: integer contract, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeq.ir.fields import constant, four_sides, integer, optional, pair
from edgeq.ir.op import Bounds, Check, Finding, attribute, register
from edgeq.ir.tensor import MOST_VALUES, Constant, IntArray, TensorType
from edgeq.ops.sum_of_products import Window, run_products
from edgeq.ops.weighted import Weighted


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
        w = self.weight.shape
        said = f"x {list(x.shape)}, w {list(w)}, groups={self.groups}"
        yield "C1", len(x.shape) == 3 and len(w) == 4 and 0 not in w, f"x must be (C, H, W), w (O, I, KH, KW); {said}"
        fits = self.groups >= 1 and x.shape[0] % self.groups == 0 and w[0] % self.groups == 0
        yield "C2", fits, f"groups must divide the channels of x and w; {said}"
        yield "C3", w[1] * self.groups == x.shape[0], (
            f"weight has {w[1]} input channels per group, input gives {x.shape[0] // self.groups}; {said}")
        steps = (*self.stride, *self.dilation)
        legal = min(steps) >= 1 and min(self.padding) >= 0 and max(*steps, *self.padding) < 1 << 31
        yield "C4", legal, (f"stride {self.stride} and dilation {self.dilation} must be at least 1, padding "
                            f"{self.padding} at least 0, all below 2^31")
        yield "C5", min(self.window.output(x.shape[1], x.shape[2])) >= 1, (
            f"a {w[2]}x{w[3]} window with dilation {self.dilation} does not fit {x.shape[1]}x{x.shape[2]} "
            f"with padding {self.padding}")
        top, left, bottom, right = self.padding
        padded = x.shape[0] * (x.shape[1] + top + bottom) * (x.shape[2] + left + right)
        yield "C5", padded < MOST_VALUES, f"x {list(x.shape)} padded by {self.padding} has 2^40 values or more"
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
        bias = self.bias_values(self.weight.shape[0], self.bias)
        return run_products(self, xs[0], types[0], self.weight.array, bias, self.window, self.bounds(types[0]),
                            reference=reference)
