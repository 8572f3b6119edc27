"""Convert what a user or a file gives into the values that op fields hold.

The docstring of a converter says what it accepts; it completes the error "... is not <docstring>".
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from numbers import Real
from typing import Any

import numpy as np

from edgeq.arith.types import IntType, Overflow, Rounding, parse_name, parse_type
from edgeq.errors import GraphError, shown
from edgeq.ir.tensor import Constant

MOST_ENTRIES = 64
"""Longest list of attributes; one that never ends is refused too."""


def integer(value: Any) -> int:
    """an integer"""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | np.integer):
        raise TypeError
    if not -(1 << 63) <= value < 1 << 63:
        raise GraphError("an integer here has at most 64 bits")
    return int(value)


def flag(value: Any) -> bool:
    """True or False"""
    if not isinstance(value, bool | np.bool_):
        raise TypeError
    return bool(value)


def entries(value: Any) -> tuple[Any, ...]:
    """Return what a list holds; raises GraphError for a list far longer than a tensor has axes."""
    given = tuple(islice(value, MOST_ENTRIES + 1))
    if len(given) > MOST_ENTRIES:
        raise GraphError(f"a list here has at most {MOST_ENTRIES} entries")
    return given


def integers(value: Any) -> tuple[int, ...]:
    """a list of integers"""
    return tuple(integer(v) for v in entries(value))


def pair(value: Any) -> tuple[int, int]:
    """an integer or two of them (rows, columns)"""
    if isinstance(value, int | np.integer):
        return (integer(value), integer(value))
    first, second = integers(value)
    return first, second


def ends(value: Any) -> tuple[int, int]:
    """an integer or two of them (left, right)"""
    return pair(value)


def four_sides(value: Any) -> tuple[int, int, int, int]:
    """an integer, two (rows, columns) or four of them (top, left, bottom, right)"""
    if isinstance(value, int | np.integer):
        return (integer(value),) * 4
    sides = integers(value)
    if len(sides) == 2:
        return sides[0], sides[1], sides[0], sides[1]
    top, left, bottom, right = sides
    return top, left, bottom, right


def constant(value: Any) -> Constant:
    """an integer or an array of integers"""
    if value is None:
        raise GraphError("it is missing, got None; give an integer or an array of integers")
    return value if isinstance(value, Constant) else Constant(value)


def int_type(value: Any) -> IntType:
    """an IntType"""
    if isinstance(value, str):
        return parse_type(value)
    if not isinstance(value, IntType):
        raise TypeError
    return value


def rounding(value: Any) -> Rounding:
    """the name of a rounding rule"""
    kept: Rounding = parse_name(Rounding, value)
    return kept


def overflow(value: Any) -> Overflow:
    """the name of an overflow rule"""
    kept: Overflow = parse_name(Overflow, value)
    return kept


def acc_rule(value: Any) -> Overflow:
    """one of wrap, saturate, error"""
    if not isinstance(value, Overflow) and value not in [*Overflow.__members__]:
        raise GraphError(f"{shown(value)} is not a rule for accumulators; use one of wrap, saturate, error")
    return overflow(value)  # the others have a name, and are refused by A1


def limits(value: Any) -> tuple[int, int]:
    """a pair (lo, hi) of integers"""
    lo, hi = integers(value)
    return lo, hi


def scale(value: Any) -> float | tuple[float, ...]:
    """a positive real number, or one per channel"""
    try:
        kept = _floats(value)
    except OverflowError:
        raise GraphError("a scale must be positive and finite, got a number that no float64 holds") from None
    if not all(np.isfinite(v) and v > 0 for v in kept):
        raise GraphError(f"a scale must be positive and finite, got {shown(value)}")
    return kept if isinstance(value, list | tuple | np.ndarray) and np.ndim(value) else kept[0]


def _floats(value: Any) -> tuple[float, ...]:
    """Return the numbers of a list, or one alone; raises TypeError for text, flags and complex numbers."""
    numbers: Any = value if isinstance(value, list | tuple | np.ndarray) else (value,)
    if not all(isinstance(v, Real) and not isinstance(v, bool) for v in numbers):
        raise TypeError
    return tuple(float(v) for v in numbers)


def reals(value: Any) -> float | tuple[float, ...]:
    """a finite real number, or one per channel"""
    try:
        kept = _floats(value)
    except OverflowError:
        raise GraphError("real numbers must be finite, got one that no float64 holds") from None
    if not all(np.isfinite(v) for v in kept):
        raise GraphError(f"real numbers must be finite, got {shown(value)}")
    return kept if isinstance(value, list | tuple | np.ndarray) and np.ndim(value) else kept[0]


def optional(convert: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a converter that lets None pass."""

    def convert_unless_none(value: Any) -> Any:
        return None if value is None else convert(value)

    convert_unless_none.__doc__ = f"{convert.__doc__}, or None"
    return convert_unless_none


def one_of(*names: str) -> Callable[[Any], str]:
    """Return a converter that accepts the given strings."""

    def choose(value: Any) -> str:
        if value not in names:
            raise ValueError
        return str(value)

    choose.__doc__ = "one of " + ", ".join(names)
    return choose
