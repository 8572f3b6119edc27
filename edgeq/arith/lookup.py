"""State where a value falls in a table, between which entries, and past which thresholds (level L1).

The table itself is read by the caller. Style and names: `edgeq.arith.primitives`. Source: integer
contract, section 6 (lut, threshold, leaky_relu, prelu).
"""

from __future__ import annotations

from edgeq.arith.choice import select
from edgeq.arith.jit import primitive
from edgeq.arith.primitives import round_shift
from edgeq.arith.types import Rounding

_TIES_UP = int(Rounding.ties_up)
_FRACTION_BITS = 7  # of a 16-bit value: 512 steps, each of 128 values


@primitive
def lookup_index(x: int, lo: int) -> int:
    """Return the place of ``x`` in a table whose first entry belongs to the smallest code ``lo``.

    >>> lookup_index(-128, -128), lookup_index(127, -128)
    (0, 255)
    """
    return x - lo


@primitive
def interpolation_index(x: int) -> int:
    """Return the place, in a table of 513 entries, of the entry at or below a 16-bit ``x``.

    >>> [interpolation_index(x) for x in (-32768, -1, 0, 127, 128, 32767)]
    [0, 255, 256, 256, 257, 511]
    """
    return (x + (1 << 15)) >> _FRACTION_BITS


@primitive
def interpolate(x: int, entry: int, following: int) -> int:
    """Return 128 times the value at a 16-bit ``x`` on the line from ``entry`` to the entry that follows it.

    >>> interpolate(64, 10, 13)
    1472
    """
    return (entry << _FRACTION_BITS) + (following - entry) * (x & ((1 << _FRACTION_BITS) - 1))


@primitive
def interpolate_rounded(x: int, entry: int, following: int) -> int:
    """Return the interpolated value itself, rounded ties up.

    >>> interpolate_rounded(64, 10, 13)
    12
    """
    return round_shift(interpolate(x, entry, following), _FRACTION_BITS, _TIES_UP)


@primitive
def is_below(x: int, bound: int) -> int:
    """Tell, as 1 or 0, whether ``x`` is less than ``bound``: which side of its zero point a code is on.

    >>> is_below(-1, 0), is_below(0, 0)
    (1, 0)
    """
    return select(x < bound, 1, 0)


@primitive
def passes_threshold(x: int, threshold: int, direction: int) -> int:
    """Tell, as 1 or 0, whether ``x >= threshold``, or for a negative ``direction`` whether ``x <= threshold``.

    >>> passes_threshold(3, 3, 1), passes_threshold(4, 3, -1)
    (1, 0)
    """
    return select(direction < 0, select(x <= threshold, 1, 0), select(x >= threshold, 1, 0))


@primitive
def threshold_level(count: int, start: int, step: int) -> int:
    """Return the code of a value that passes ``count`` thresholds.

    >>> [threshold_level(count, -1, 2) for count in (0, 1)]
    [-1, 1]
    """
    return start + step * count
