"""Say which input each tap of a convolution reads, forward or transposed, and when the shapes fit.

A tap k of output o reads the input at ``(o * step - before + k * reach) / up`` along an axis, where that is whole
and inside; elsewhere it adds nothing. Forward: step is the stride, reach the dilation, up 1. Transposed, which
scatters input i to output ``i * stride + k * dilation - before``: step 1, reach -dilation, up the stride, before
negated.

Source: integer contract, sections 4 and 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import gcd
from typing import Any, Protocol

import numpy as np

from edgeq.arith.jit import kernel
from edgeq.ir.op import Check
from edgeq.ir.tensor import MOST_VALUES, Constant, IntArray, TensorType


@dataclass(frozen=True)
class Window:
    """Geometry of a convolution: ``padding`` is top, left, bottom, right; transposed, it is cut from the result."""

    kernel: tuple[int, int]
    stride: tuple[int, int] = (1, 1)
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    dilation: tuple[int, int] = (1, 1)
    groups: int = 1
    transposed: bool = False
    output_padding: tuple[int, int] = (0, 0)

    def output(self, height: int, width: int) -> tuple[int, int]:
        """Return the rows and columns of the result; not positive when nothing is left.

        >>> Window((3, 3), stride=(2, 2)).output(5, 7)
        (2, 3)
        >>> Window((3, 3), stride=(2, 2), transposed=True).output(2, 3)
        (5, 7)
        """
        return self._output(0, height), self._output(1, width)

    def _output(self, axis: int, size: int) -> int:
        spread = self.dilation[axis] * (self.kernel[axis] - 1) + 1
        padding = self.padding[axis] + self.padding[axis + 2]
        if self.transposed:
            return (size - 1) * self.stride[axis] - padding + spread + self.output_padding[axis]
        return (size + padding - spread) // self.stride[axis] + 1

    @property
    def lines(self) -> IntArray:
        """Return (2, 4): step, before, reach and up, of the rows and of the columns."""
        if self.transposed:
            return np.array([(1, -self.padding[a], -self.dilation[a], self.stride[a]) for a in (0, 1)])
        return np.array([(self.stride[a], self.padding[a], self.dilation[a], 1) for a in (0, 1)])

    def hits(self, axis: int, size: int, outputs: int) -> tuple[IntArray, tuple[int, int]]:
        """Return the taps of one axis that read an input of ``size``, per output: first tap, its input, how many.

        Of one to the next the tap and the input advance by the two steps returned beside.
        """
        line, found = self.lines[axis], np.zeros((outputs, 3), np.int64)
        _find_hits(line, self.kernel[axis], size, found)
        reach, up = int(line[2]), int(line[3])
        tap_step = up // gcd(up, reach)
        return found, (tap_step, tap_step * reach // up)


@kernel
def source(at: int, up: int, size: int) -> int:
    """Return the input at ``at / up`` along an axis, -1 where there is none."""
    if up != 1:
        if at % up != 0:
            return -1
        at //= up
    return at if 0 <= at < size else -1


@kernel
def _find_hits(line: IntArray, taps: int, size: int, found: IntArray) -> None:
    step, before, reach, up = line
    for output in range(found.shape[0]):
        for tap in range(taps):
            at = source(output * step - before + tap * reach, up, size)
            if at >= 0:
                if found[output, 2] == 0:
                    found[output, 0], found[output, 1] = tap, at
                found[output, 2] += 1


class Convolution(Protocol):
    """What the convolutions declare alike, whatever their number of axes."""

    @property
    def weight(self) -> Constant:
        """Weights (O, I, ...)."""

    @property
    def groups(self) -> int:
        """Number of groups."""

    @property
    def stride(self) -> Any:
        """Stride as it was given."""

    @property
    def padding(self) -> Any:
        """Padding as it was given."""

    @property
    def dilation(self) -> Any:
        """Dilation as it was given."""

    @property
    def window(self) -> Window:
        """Geometry on two axes; asked for once the weight has as many axes as it must."""


def convolution_constraints(op: Convolution, x: TensorType, x_axes: str, w_axes: str) -> Iterator[Check]:
    """Yield C1 to C5: the shapes of ``x`` and of the weight fit each other and leave a result."""
    w = op.weight.shape
    said = f"x {list(x.shape)}, w {list(w)}, groups={op.groups}"
    ranks = (1 + x_axes.count(","), 1 + w_axes.count(","))
    legal = (len(x.shape), len(w)) == ranks and 0 not in w
    yield "C1", legal, f"x must be ({x_axes}), w ({w_axes}); {said}"
    fits = op.groups >= 1 and x.shape[0] % op.groups == 0 and w[0] % op.groups == 0
    yield "C2", fits, f"groups must divide the channels of x and w; {said}"
    yield "C3", w[1] * op.groups == x.shape[0], (
        f"weight has {w[1]} input channels per group, input gives {x.shape[0] // op.groups}; {said}")
    rows = x.shape[1] if len(x.shape) == 3 else 1
    yield from _window_constraints(op, op.window, (rows, x.shape[-1]))
    top, left, bottom, right = op.window.padding
    padded = x.shape[0] * (rows + top + bottom) * (x.shape[-1] + left + right)
    yield "C5", op.window.transposed or padded < MOST_VALUES, (
        f"x {list(x.shape)} padded by {op.padding} has 2^40 values or more")


def _window_constraints(op: Convolution, window: Window, size: tuple[int, int]) -> Iterator[Check]:
    steps, lowest = (*window.stride, *window.dilation), 1 - (1 << 31) if window.transposed else 0
    legal = min(steps) >= 1 and min(window.padding) >= lowest and max(*steps, *window.padding) < 1 << 31
    yield "C4", legal, (f"stride {op.stride} and dilation {op.dilation} must be at least 1, padding {op.padding} at "
                        f"least {lowest}, all below 2^31")
    axes = len(op.weight.shape) - 2
    kernel, place = ("x".join(map(str, pair[-axes:])) for pair in (window.kernel, size))
    left = f"leaves nothing of {place} with" if window.transposed else f"does not fit {place} with"
    yield "C5", min(window.output(*size)) >= 1, (
        f"a {kernel} window with dilation {op.dilation} {left} padding {op.padding}")
