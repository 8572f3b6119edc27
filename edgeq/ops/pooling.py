"""Say where the windows of a pool lie; shared by max and average.

Source: the output size and the windows of PyTorch's pools, ``ceil_mode`` included.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgeq.ir.op import Check
from edgeq.ir.tensor import TensorType

Pair = tuple[int, int]
Sides = tuple[int, int, int, int]


def pooled(size: int, kernel: int, stride: int, before: int, after: int, *, ceil_mode: bool) -> int:
    """Return the number of windows along one axis.

    With ``ceil_mode`` the last window may be partial, but it must start inside the input or its padding before.

    >>> pooled(5, 2, 2, 0, 0, ceil_mode=False), pooled(5, 2, 2, 0, 0, ceil_mode=True)
    (2, 3)
    """
    room = size + before + after - kernel
    if room < 0:
        return 0
    count = (room + (stride - 1 if ceil_mode else 0)) // stride + 1
    return count - 1 if ceil_mode and (count - 1) * stride >= size + before else count


def pooled_shape(x: TensorType, kernel: Pair, stride: Pair, padding: Sides, *, ceil_mode: bool) -> tuple[int, int, int]:
    """Return (C, OH, OW) for x of shape (C, H, W)."""
    top, left, bottom, right = padding
    return (
        x.shape[0],
        pooled(x.shape[1], kernel[0], stride[0], top, bottom, ceil_mode=ceil_mode),
        pooled(x.shape[2], kernel[1], stride[1], left, right, ceil_mode=ceil_mode),
    )


def pool_constraints(x: TensorType, kernel: Pair, stride: Pair, padding: Sides, *, ceil_mode: bool) -> Iterator[Check]:
    """Yield P1 to P4: what holds for every pool."""
    yield "P1", len(x.shape) == 3, f"x must be (C, H, W), got {list(x.shape)}"
    legal = min(*kernel, *stride) >= 1 and max(*kernel, *stride) < 1 << 31
    yield "P2", legal, f"kernel {kernel} and stride {stride} must be at least 1 and below 2^31"
    top, left, bottom, right = padding
    small = min(padding) >= 0 and max(top, bottom) < kernel[0] and max(left, right) < kernel[1]
    yield "P3", small, f"padding {padding} must be at least 0 and smaller than the kernel {kernel}"
    fits = min(pooled_shape(x, kernel, stride, padding, ceil_mode=ceil_mode)[1:]) >= 1
    yield "P4", fits, f"a {kernel[0]}x{kernel[1]} window does not fit {x.shape[1]}x{x.shape[2]} padded by {padding}"
