"""Describe the values that flow in a graph, and hold the constants of its ops."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.types import IntType, smallest_type
from edgeq.errors import GraphError

Array = npt.NDArray[Any]
IntArray = npt.NDArray[np.int64]
Scale = float | tuple[float, ...] | None
Reals = float | tuple[float, ...] | None


@dataclass(frozen=True)
class TensorType:
    """Shape of one sample, integer type, zero point, and the scale as metadata for people.

    ``real_value = scale * (quantized_value - zero_point)``. A tuple of scales runs along ``axis``, the
    channel axis: 0, or the last one for results of linear and matmul of rank 2 and more. ``limits`` are the
    smallest and largest code that can occur, where an op proves more than its type does.
    """

    shape: tuple[int, ...]
    type: IntType
    zero_point: int = 0
    scale: Scale = None
    axis: int = 0
    limits: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if not self.shape and isinstance(self.scale, tuple) and len(self.scale) == 1:
            object.__setattr__(self, "scale", self.scale[0])  # a scalar has no axis for several

    @property
    def lo(self) -> int:
        """Smallest code that can occur."""
        return self.type.qmin if self.limits is None else self.limits[0]

    @property
    def hi(self) -> int:
        """Largest code that can occur."""
        return self.type.qmax if self.limits is None else self.limits[1]

    @property
    def reach(self) -> int:
        """Largest magnitude of a code with the zero point removed."""
        return max(abs(self.lo - self.zero_point), abs(self.hi - self.zero_point))

    def __str__(self) -> str:
        return f"{self.type}[{','.join(map(str, self.shape))}]" + (f" zp {self.zero_point}" if self.zero_point else "")

    @property
    def size(self) -> int:
        """Number of values of one sample."""
        return math.prod(self.shape)

    @property
    def channels(self) -> int:
        """Length of the channel axis, 1 for a scalar."""
        return self.shape[self.axis] if self.shape else 1

    @property
    def scales_fit(self) -> bool:
        """Whether the scale is unknown, one number, or one per channel."""
        return not isinstance(self.scale, tuple) or len(self.scale) == self.channels


MOST_AXES = 31
"""Axes of a sample; with the axis of the images, what NumPy 1 holds."""
MOST_VALUES = 1 << 40


def check_size(where: str, kept: TensorType) -> None:
    """Raise GraphError for a value that no memory holds."""
    if len(kept.shape) > MOST_AXES:
        raise GraphError(f"{where}: a sample has {len(kept.shape)} axes, at most {MOST_AXES} are allowed")
    if kept.size >= MOST_VALUES:
        shape = ",".join(map(str, kept.shape))
        raise GraphError(f"{where}: a sample [{shape}] must have fewer than 2^40 values; make it smaller")


class Constant:
    """An integer tensor that never changes; two are equal when shape and values are.

    Raises GraphError when the data are not integers.
    """

    __slots__ = ("array",)

    def __init__(self, data: npt.ArrayLike) -> None:
        array = np.asarray(data)
        if array.dtype.kind not in "iub" and array.size:
            if array.dtype.kind != "O" or not all(isinstance(v, int) for v in array.flat):
                raise GraphError(f"constants are integers, got {array.dtype}; quantize the tensor first")
            if any(not -(1 << 63) <= v < 1 << 63 for v in array.flat):
                raise GraphError("a constant does not fit 64 signed bits")
        if array.dtype == np.uint64 and array.size and int(array.max()) >> 63:
            raise GraphError("a constant does not fit 64 signed bits")
        self.array: IntArray = np.array(array, dtype=np.int64, order="C")
        self.array.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Constant) and np.array_equal(self.array, other.array)

    def __hash__(self) -> int:
        return hash((self.array.shape, self.array.tobytes()))

    def __repr__(self) -> str:
        if self.array.size <= 4:
            return f"Constant({self.array.tolist()})"
        return f"Constant({'x'.join(map(str, self.shape))})"

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the tensor."""
        return self.array.shape

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest value, (0, 0) when empty."""
        return (int(self.array.min()), int(self.array.max())) if self.array.size else (0, 0)

    @property
    def smallest(self) -> IntType:
        """Smallest type that holds every value."""
        return smallest_type(*self.limits)

    def per_channel(self, channels: int) -> IntArray:
        """Return the values as one per channel: a scalar is repeated; a copy, so that a kernel is compiled once."""
        return np.array(np.broadcast_to(self.array, (channels,)), order="C")
