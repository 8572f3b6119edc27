"""State the scalar rules of ops on pairs of codes, of comparison and of interpolation (level L1).

In the style of `primitives`, whose helpers and names these share. Source: the integer contract, section 6.
"""

from __future__ import annotations

from edgeq.arith.choice import maximum, minimum, select, within
from edgeq.arith.jit import primitive
from edgeq.arith.primitives import narrow

_MIN63, _MAX63 = -(1 << 62), (1 << 62) - 1
_MIN64, _MAX64 = -(1 << 63), (1 << 63) - 1


@primitive
def difference(x1: int, x1_zero_point: int, x2: int, x2_zero_point: int) -> int:
    """Return the exact difference of two codes, zero points removed.

    >>> difference(5, 1, 200, 100)
    -96
    """
    return within((x1 - x1_zero_point) - (x2 - x2_zero_point), _MIN63, _MAX63)


@primitive
def subtract(x1: int, x1_zero_point: int, x2: int, x2_zero_point: int, lo: int, hi: int, overflow: int) -> int:
    """Subtract two codes of one scale, zero points removed, and narrow the difference once."""
    return narrow(difference(x1, x1_zero_point, x2, x2_zero_point), lo, hi, overflow)


@primitive
def centred_product(x1: int, x1_zero_point: int, x2: int, x2_zero_point: int) -> int:
    """Return the exact product of two codes, zero points removed.

    >>> centred_product(-128, 0, -128, 0), centred_product(3, 5, 7, -1)
    (16384, -16)
    """
    return within((x1 - x1_zero_point) * (x2 - x2_zero_point), _MIN64, _MAX64)


@primitive
def multiply_codes(
    x1: int, x1_zero_point: int, x2: int, x2_zero_point: int, lo: int, hi: int, overflow: int
) -> int:
    """Multiply two codes, zero points removed, and narrow the product once."""
    return narrow(centred_product(x1, x1_zero_point, x2, x2_zero_point), lo, hi, overflow)


@primitive
def larger(x1: int, x2: int) -> int:
    """Return the larger of two codes.

    >>> larger(-3, 2)
    2
    """
    return maximum(x1, x2)


@primitive
def smaller(x1: int, x2: int) -> int:
    """Return the smaller of two codes.

    >>> smaller(-3, 2)
    -3
    """
    return minimum(x1, x2)


@primitive
def index_of_larger(best: int, index: int, x: int, place: int) -> int:
    """Return ``place`` where ``x`` is larger than ``best``, else ``index``: a tie stays with the first.

    >>> index_of_larger(7, 0, 7, 1), index_of_larger(7, 0, 8, 1)
    (0, 1)
    """
    return select(x > best, place, index)


@primitive
def source_index(place: int, step: int, offset: int, unit: int) -> int:
    """Return the index at or before the source position ``(place * step + offset) / unit``.

    >>> [source_index(k, 2, -1, 4) for k in range(4)]
    [-1, 0, 0, 1]
    """
    return (place * step + offset) // unit


@primitive
def source_weight(place: int, step: int, offset: int, unit: int) -> int:
    """Return how far the source position lies behind `source_index`, in parts of ``unit``.

    >>> [source_weight(k, 2, -1, 4) for k in range(4)]
    [3, 1, 3, 1]
    """
    return (place * step + offset) % unit


@primitive
def interpolate(near: int, far: int, weight: int, unit: int) -> int:
    """Return ``near * (unit - weight) + far * weight``: the value between two, times ``unit``."""
    return within(near * (unit - weight), _MIN63, _MAX63) + within(far * weight, _MIN63, _MAX63)


@primitive
def bilinear(
    top_left: int, top_right: int, bottom_left: int, bottom_right: int, zero_point: int,
    weight_y: int, unit_y: int, weight_x: int, unit_x: int,
) -> int:
    """Return the exact value between four codes, zero point removed, times ``unit_y * unit_x``."""
    top = interpolate(top_left - zero_point, top_right - zero_point, weight_x, unit_x)
    bottom = interpolate(bottom_left - zero_point, bottom_right - zero_point, weight_x, unit_x)
    return interpolate(top, bottom, weight_y, unit_y)


@primitive
def resize_codes(
    top_left: int, top_right: int, bottom_left: int, bottom_right: int, zero_point: int,
    weight_y: int, unit_y: int, weight_x: int, unit_x: int, lo: int, hi: int, overflow: int,
) -> int:
    """Interpolate between four codes and narrow the result once."""
    between = bilinear(top_left, top_right, bottom_left, bottom_right, zero_point,
                       weight_y, unit_y, weight_x, unit_x)
    return narrow(between, lo, hi, overflow)
