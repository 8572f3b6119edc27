"""Fully connected layer into a declared accumulator.

Source: integer contract, section 4.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from edgeq.ir.fields import constant, optional
from edgeq.ir.op import Bounds, Check, Finding, attribute, register
from edgeq.ir.tensor import Constant, IntArray, TensorType
from edgeq.ops.sum_of_products import weighted_products
from edgeq.ops.weighted import Weighted
from edgeq.ops.window import Window

_POINT = Window((1, 1))


@register
@dataclass(frozen=True)
class Linear(Weighted):
    """Multiply the last axis of ``x`` (..., K) by ``weight`` (O, K) into accumulators (..., O).

    Semantics: ``acc[..,o] = bias[o] + 2**f * sum over k of (x[..,k] - x_zero_point) * (w[o,k] - weight_zero_point[o])``

    Operands: x (K,) or (..., K), at most 32 bits.

    Constraints:
        C1: x has at least one dimension, weight two
        C2: weight has as many columns as the last axis of x
        W1.., A1..: those of every op with weights

    Accumulator: ``acc``, ``acc_overflow``, ``acc_bias``, ``acc_lanes``, ``acc_product``; the order is k ascending.
    Hardware: a row of weights per output, k fastest.
    """

    KIND = "linear"

    weight: Constant = attribute(constant)
    bias: Constant | None = attribute(optional(constant), None)

    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield C1, C2, then the shared ones."""
        (x,) = xs
        w = self.weight.shape
        said = f"x {list(x.shape)}, w {list(w)}"
        yield "C1", len(x.shape) >= 1 and len(w) == 2 and 0 not in w, f"x must be (..., K), w (O, K); {said}"
        yield "C2", w[1] == x.shape[-1], f"weight has {w[1]} columns, the last axis of x has {x.shape[-1]}; {said}"
        yield from self.shared_constraints(x, self.weight, self.bias)

    def infer(self, *xs: TensorType) -> TensorType:
        """Return (..., O) in the accumulator's type, zero point 0."""
        (x,) = xs
        return TensorType((*x.shape[:-1], self.weight.shape[0]), self.acc, axis=len(x.shape) - 1)

    def bounds(self, *xs: TensorType) -> Bounds:
        """Return proven limits per output channel."""
        return self.prove(xs[0], self.weight, self.bias)

    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Return (N, ..., O): a 1x1 convolution of one column over the rows of x."""
        x, (out, K) = xs[0], self.weight.shape
        rows = np.ascontiguousarray(x.reshape(x.shape[0], types[0].size // K, K).transpose(0, 2, 1)[..., None])
        products = weighted_products(self, types[0], self.weight.array.reshape(out, K, 1, 1), self.bias, _POINT,
                                     self.bounds(types[0]))
        acc = products.run(rows, reference=reference)
        if isinstance(acc, Finding):
            return _by_row(acc, rows.shape[2], out)
        return np.ascontiguousarray(acc[..., 0].transpose(0, 2, 1)).reshape(*x.shape[:-1], out)


def _by_row(found: Finding, rows: int, out: int) -> Finding:
    """Return the flat index of a finding in (N, rows, O) from that in (N, O, rows)."""
    image, rest = divmod(found.index, rows * out)
    channel, row = divmod(rest, rows)
    return Finding((image * rows + row) * out + channel, found.value)
