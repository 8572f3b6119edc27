"""What ops on two operands share: shapes that broadcast as in numpy, and scales that have to agree.

Source: integer contract, section 6 (add, sub, mul).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isclose

import numpy as np

from edgeq.arith.types import IntType, smallest_type
from edgeq.ir.op import Check
from edgeq.ir.tensor import IntArray, TensorType


def broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...] | None:
    """Return the shape that two broadcast to, None when they do not."""
    try:
        return tuple(np.broadcast_shapes(a, b))
    except ValueError:
        return None


def broadcast_axis(x1: TensorType, x2: TensorType, shape: tuple[int, ...]) -> int:
    """Return the channel axis of a result: that of the first operand which has the result's shape, else 0."""
    return next((x.axis for x in (x1, x2) if x.shape == shape), 0)


def one_scale(x1: TensorType, x2: TensorType) -> bool:
    """Tell whether two single scales agree to 6 digits, as far as they are known."""
    if not isinstance(x1.scale, float) or not isinstance(x2.scale, float):
        return True
    return isclose(x1.scale, x2.scale, rel_tol=1e-6)


def alike(x1: TensorType, x2: TensorType, rank: int) -> bool:
    """Tell whether the scales agree to 6 digits as far as they are known, those per channel one by one."""
    if x1.scale is None or x2.scale is None:
        return True
    if not isinstance(x1.scale, tuple) or not isinstance(x2.scale, tuple):
        return not isinstance(x1.scale, tuple) and not isinstance(x2.scale, tuple) and one_scale(x1, x2)
    axes = {rank - len(x.shape) + x.axis for x in (x1, x2)}
    pairs = zip(x1.scale, x2.scale, strict=False)
    return len(axes) == 1 and len(x1.scale) == len(x2.scale) and all(isclose(a, b, rel_tol=1e-6) for a, b in pairs)


def comparison_constraints(x1: TensorType, x2: TensorType) -> Iterator[Check]:
    """Yield C1 to C3: two operands whose codes can be compared as they are."""
    shape = broadcast(x1.shape, x2.shape)
    yield "C1", shape is not None, f"shapes {x1.shape} and {x2.shape} do not broadcast"
    yield "C2", x1.zero_point == x2.zero_point, (
        f"operands have the zero points {x1.zero_point} and {x2.zero_point}; requantize them to one first")
    yield "C3", alike(x1, x2, len(shape or ())), (
        f"operands stand at the scales {x1.scale} and {x2.scale}; requantize them to one scale first")


def compared(x1: TensorType, x2: TensorType, limits: tuple[int, int]) -> TensorType:
    """Return the type of codes taken from either operand."""
    shape = broadcast(x1.shape, x2.shape) or ()
    axis = broadcast_axis(x1, x2, shape)
    own_axis = len(shape) - len(x1.shape) + x1.axis
    lined_up = not isinstance(x1.scale, tuple) or (own_axis == axis and len(x1.scale) == shape[axis])
    scale = x1.scale if x2.scale is not None and lined_up else None
    return TensorType(shape, wider(x1, x2), x1.zero_point, scale, axis, limits)


def wider(x1: TensorType, x2: TensorType) -> IntType:
    """Return the operand type that holds the other, or else the smallest type that holds both."""
    lo, hi = min(x1.type.qmin, x2.type.qmin), max(x1.type.qmax, x2.type.qmax)
    return next((x.type for x in (x1, x2) if x.type.holds(lo, hi)), smallest_type(lo, hi))


def broadcast_rows(xs: Sequence[IntArray], shape: tuple[int, ...]) -> list[IntArray]:
    """Return each operand (N, ...) broadcast to ``shape`` behind N, as one row of values."""
    whole = (xs[0].shape[0], *shape)
    return [spread(lifted(x, len(whole)), whole).reshape(-1) for x in xs]


def spread(x: IntArray, whole: tuple[int, ...]) -> IntArray:
    """Return x broadcast to ``whole``, contiguous and writable: kernels are compiled for one layout."""
    return np.ascontiguousarray(x) if x.shape == whole else np.array(np.broadcast_to(x, whole), order="C")


def lifted(x: IntArray, rank: int) -> IntArray:
    """Return x with axes of length 1 put behind N, so that samples broadcast."""
    return x.reshape(x.shape[0], *(1,) * (rank - x.ndim), *x.shape[1:])
