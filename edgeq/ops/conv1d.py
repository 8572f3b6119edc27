"""One-dimensional convolution into a declared accumulator; grouped, depthwise and dilated too.

Source: integer contract, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from edgeq.ir.fields import constant, ends, integer, optional
from edgeq.ir.op import Bounds, Check, Finding, attribute, register
from edgeq.ir.tensor import Constant, IntArray, TensorType
from edgeq.ops.sum_of_products import weighted_products
from edgeq.ops.weighted import Weighted
from edgeq.ops.window import Window, convolution_constraints


@register
@dataclass(frozen=True)
class Conv1d(Weighted):
    """Convolve ``x`` (C, L) with ``weight`` (O, C/groups, K) into accumulators (O, OL).

    Semantics: ``acc[o,i] = bias[o] + 2**f * sum over k, c of (x[c, i*stride + k*dilation - left] - x_zero_point) *
    (w[o,c,k] - weight_zero_point[o])``; a tap on padding (left, right) adds exactly nothing.

    Operands: x (C, L), at most 32 bits.

    Constraints:
        C1: x has two dimensions, weight three
        C2: groups divides the channels of x and of weight
        C3: weight has C/groups input channels
        C4: stride and dilation are at least 1, padding at least 0, all below 2**31
        C5: the window fits the padded input, which has fewer than 2**40 values
        W1.., A1..: those of every op with weights

    Accumulator: ``acc``, ``acc_overflow``, ``acc_order`` with kw for k and one kh, ``acc_bias``, ``acc_lanes``,
    ``acc_product``.
    Hardware: a conv2d of one row.
    """

    KIND = "conv1d"

    weight: Constant = attribute(constant)
    bias: Constant | None = attribute(optional(constant), None)
    stride: int = attribute(integer, 1)
    padding: tuple[int, int] = attribute(ends, (0, 0))
    dilation: int = attribute(integer, 1)
    groups: int = attribute(integer, 1)

    @property
    def window(self) -> Window:
        """Geometry of the same convolution over one row."""
        left, right = self.padding
        return Window((1, self.weight.shape[2]), (1, self.stride), (0, left, 0, right), (1, self.dilation), self.groups)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1 to C5, then the shared ones."""
        (x,) = xs
        yield from convolution_constraints(self, x, "C, L", "O, I, K")
        yield from self.shared_constraints(x, self.weight, self.bias)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (O, OL) in the accumulator's type, zero point 0."""
        (x,) = xs
        return TensorType((self.weight.shape[0], self.window.output(1, x.shape[1])[1]), self.acc)

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return proven limits per output channel."""
        return self.prove(xs[0], self.weight, self.bias)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return (N, O, OL)."""
        weight = self.weight.array[:, :, None, :]
        products = weighted_products(self, types[0], weight, self.bias, self.window, self.bounds(types[0]))
        acc = products.run(xs[0][:, :, None, :], reference=reference)
        return acc if isinstance(acc, Finding) else acc[:, :, 0, :]
