"""Scalar rules once more, slowly: exact fractions and Python's own rounding functions.

Written from the page "The integer contract" alone; imports nothing from edgeq. Rules are strings.
"""

from __future__ import annotations

import math
from fractions import Fraction

HALF = Fraction(1, 2)
ONE_STAGE = ("floor", "to_zero", "ties_up", "ties_away", "ties_even", "ties_to_zero", "ties_down")
TWO_STAGE = ("two_stage", "two_stage_up")
ROUNDINGS = ONE_STAGE + TWO_STAGE
OVERFLOWS = ("saturate", "saturate_symmetric", "zero", "wrap", "error")


def round_fraction(value: Fraction, name: str) -> int:
    """Round an exact value by a one-stage rule."""
    match name:
        case "floor":
            return math.floor(value)
        case "to_zero":
            return math.trunc(value)
        case "ties_even":
            return round(value)  # Python rounds half to even
        case "ties_up":
            return math.floor(value + HALF)
        case "ties_down":
            return math.ceil(value - HALF)
        case "ties_away":
            return math.floor(value + HALF) if value > 0 else math.ceil(value - HALF)
        case "ties_to_zero":
            return math.ceil(value - HALF) if value > 0 else math.floor(value + HALF)
    raise ValueError(name)


def round_shift(x: int, shift: int, name: str) -> int:
    """Return ``x / 2**shift`` rounded; a two-stage rule takes at most 31 bits first."""
    if name in ONE_STAGE:
        return round_fraction(Fraction(x, 1 << shift), name)
    first = round_fraction(Fraction(x, 1 << min(shift, 31)), "ties_up")
    rest = Fraction(first, 1 << max(shift - 31, 0))
    return round_fraction(rest, {"two_stage": "ties_away", "two_stage_up": "ties_up"}[name])


def wrap(x: int, lo: int, hi: int) -> int:
    """Return the one value of ``[lo, hi]`` that is ``x`` modulo the size of the type."""
    return (x - lo) % (hi - lo + 1) + lo


def narrow(x: int, lo: int, hi: int, name: str) -> int:
    """Bring ``x`` into ``[lo, hi]``; under ``error`` it is handed on as it is."""
    if name == "wrap":
        return wrap(x, lo, hi)
    bottom = -hi if name == "saturate_symmetric" and lo < 0 else lo
    if bottom <= x <= hi or name == "error":
        return x
    if name == "zero":
        return 0
    return bottom if x < bottom else hi


def clamp(x: int, lo: int, hi: int) -> int:
    """Return the middle one of three values."""
    return sorted((lo, x, hi))[1] if lo <= hi else hi


def rescale(
    x: int, x_zero_point: int, multiplier: int, left_shift: int, shift: int, rounding: str, zero_point: int
) -> int:
    """Return the rounded ``(x - x_zero_point) * 2**left_shift * multiplier / 2**shift``, plus the zero point."""
    return round_shift((x - x_zero_point) * 2**left_shift * multiplier, shift, rounding) + zero_point


def requantize(
    x: int, x_zero_point: int, multiplier: int, left_shift: int, shift: int, rounding: str, zero_point: int,
    lo: int, hi: int, overflow: str, clamp_lo: int, clamp_hi: int,
) -> int:
    """Return section 5 of the contract."""
    t = rescale(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)
    return clamp(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)


def cast(x: int, shift: int, rounding: str, lo: int, hi: int, overflow: str) -> int:
    """Round, then narrow."""
    return narrow(round_shift(x, shift, rounding), lo, hi, overflow)


def multiply(x: int, x_zero_point: int, w: int, w_zero_point: int, fraction_bits: int) -> int:
    """Return one term of a sum."""
    return (x - x_zero_point) * (w - w_zero_point) * 2**fraction_bits


def accumulate(acc: int, term: int, lo: int, hi: int, overflow: str) -> int:
    """Add, then narrow."""
    return narrow(acc + term, lo, hi, overflow)


def add(x1: int, x1_zero_point: int, x2: int, x2_zero_point: int, lo: int, hi: int, overflow: str) -> int:
    """Add what two codes of one scale stand for, then narrow."""
    return narrow(x1 - x1_zero_point + x2 - x2_zero_point, lo, hi, overflow)


def add_wrap64(a: int, b: int) -> int:
    """Add modulo 2**64."""
    return wrap(a + b, -(2**63), 2**63 - 1)


def divide_by_count(total: int, count: int, rounding: str) -> int:
    """Return the rounded mean."""
    return round_fraction(Fraction(total, count), rounding)


def average(total: int, count: int, zero_point: int, rounding: str) -> int:
    """Return the rounded mean of centred codes, as a code."""
    return divide_by_count(total, count, rounding) + zero_point


def saturate(x: int, lo: int, hi: int) -> int:
    """Clamp to a type."""
    return clamp(x, lo, hi)
