"""State what every integer means, once (level L1).

Plain Python on integers and four helpers: `select`, `minimum`, `maximum` and `within`. The same text
runs as Python integers, is inlined by Numba into the simulator's kernels, and is traced and printed
as C and Verilog. Conditions are values: write ``select(c, a, b)``, never ``if``.

Names: ``shift`` is a right shift, never negative; ``rounding`` and ``overflow`` are the codes of
`edgeq.arith.types`; ``lo`` and ``hi`` are the limits of a type. Source: the integer contract.
"""

from __future__ import annotations

from edgeq.arith.choice import maximum, minimum, select, within
from edgeq.arith.jit import primitive
from edgeq.arith.types import Overflow, Rounding

_FLOOR, _TO_ZERO = int(Rounding.floor), int(Rounding.to_zero)
_TIES_UP, _TIES_AWAY = int(Rounding.ties_up), int(Rounding.ties_away)
_TIES_EVEN, _TIES_TO_ZERO = int(Rounding.ties_even), int(Rounding.ties_to_zero)
_TWO_STAGE, _TWO_STAGE_UP = int(Rounding.two_stage), int(Rounding.two_stage_up)
_SATURATE, _SATURATE_SYMMETRIC = int(Overflow.saturate), int(Overflow.saturate_symmetric)
_ZERO, _WRAP = int(Overflow.zero), int(Overflow.wrap)

_MIN63, _MAX63 = -(1 << 62), (1 << 62) - 1
_MIN64, _MAX64 = -(1 << 63), (1 << 63) - 1
_LOW16, _LOW32 = (1 << 16) - 1, (1 << 32) - 1
_FIRST_STAGE = 31  # bits of gemmlowp's doubling high multiply


@primitive
def saturate(x: int, lo: int, hi: int) -> int:
    """Clamp ``x`` to ``[lo, hi]``.

    >>> [saturate(x, -128, 127) for x in (-129, -128, 0, 127, 128)]
    [-128, -128, 0, 127, 127]
    """
    return minimum(maximum(x, lo), hi)


@primitive
def wrap(x: int, lo: int, hi: int) -> int:
    """Reduce ``x`` modulo ``2**bits`` into a type of at most 63 bits with the limits ``lo`` and ``hi``.

    >>> [wrap(x, -8, 7) for x in (-9, -8, 7, 8, 16)], wrap(-1, 0, 15)
    ([7, -8, 7, -8, 0], 15)
    """
    return ((x & (hi - lo)) ^ -lo) + lo


@primitive
def narrow(x: int, lo: int, hi: int, overflow: int) -> int:
    """Bring ``x`` into ``[lo, hi]`` by the named rule; under ``error`` the caller stops, ``x`` is returned.

    ``saturate_symmetric`` clamps a signed type to ``[-hi, hi]``; ``zero`` gives 0 for a value outside.
    """
    symmetric = saturate(x, select(lo < 0, -hi, lo), hi)
    zeroed = select((x >= lo) & (x <= hi), x, 0)
    return select(
        overflow == _SATURATE,
        saturate(x, lo, hi),
        select(
            overflow == _SATURATE_SYMMETRIC,
            symmetric,
            select(overflow == _ZERO, zeroed, select(overflow == _WRAP, wrap(x, lo, hi), x)),
        ),
    )


@primitive
def round_increment(quotient: int, above: int, tie: int, inexact: int, rounding: int) -> int:
    """Return what a one-stage rule adds to the floor quotient, 0 or 1.

    ``above``, ``tie`` and ``inexact`` tell whether the remainder is past half, half, and not zero.
    """
    negative = select(quotient < 0, 1, 0)
    on_tie = select(
        rounding == _TIES_UP,
        1,
        select(
            rounding == _TIES_AWAY,
            1 - negative,
            select(rounding == _TIES_EVEN, quotient & 1, select(rounding == _TIES_TO_ZERO, negative, 0)),
        ),
    )
    nearest = select(above, 1, select(tie, on_tie, 0))
    toward_zero = select(inexact, negative, 0)
    return select(rounding == _FLOOR, 0, select(rounding == _TO_ZERO, toward_zero, nearest))


@primitive
def round_once(x: int, shift: int, rounding: int) -> int:
    """Return ``x / 2**shift`` rounded by a one-stage rule; past a shift of 62, ``x`` fits 60 bits."""
    held = minimum(shift, 62)
    unit = 1 << held
    remainder = x & (unit - 1)
    half = unit >> 1
    inexact = remainder != 0
    quotient = x >> held
    tie = (remainder == half) & inexact
    return quotient + round_increment(quotient, remainder > half, tie, inexact, rounding)


@primitive
def is_two_stage(rounding: int) -> int:
    """Tell whether the rule rounds at bit 31 and then once more."""
    return (rounding == _TWO_STAGE) | (rounding == _TWO_STAGE_UP)


@primitive
def first_shift(shift: int, rounding: int) -> int:
    """Return the part of the shift that the first rounding takes."""
    return select(is_two_stage(rounding), minimum(shift, _FIRST_STAGE), shift)


@primitive
def second_shift(shift: int, rounding: int) -> int:
    """Return the part of the shift that the second rounding takes, 0 for one-stage rules."""
    return select(is_two_stage(rounding), maximum(shift - _FIRST_STAGE, 0), 0)


@primitive
def first_round(x: int, shift: int, rounding: int) -> int:
    """Apply the first rounding: gemmlowp's high multiply rounds ties up."""
    return round_once(x, shift, select(is_two_stage(rounding), _TIES_UP, rounding))


@primitive
def second_round(x: int, shift: int, rounding: int) -> int:
    """Apply what is left of a two-stage rule: ties away, or up for ``two_stage_up``; else shift is 0."""
    return round_once(x, shift, select(rounding == _TWO_STAGE, _TIES_AWAY, _TIES_UP))


@primitive
def round_shift(x: int, shift: int, rounding: int) -> int:
    """Return ``x / 2**shift`` rounded by the named rule; past a shift of 62, ``x`` fits 60 bits.

    >>> [round_shift(x, 1, Rounding.ties_even) for x in (-5, -3, -1, 1, 3, 5)]
    [-2, -2, 0, 0, 2, 2]
    """
    first = first_round(x, first_shift(shift, rounding), rounding)
    return second_round(first, second_shift(shift, rounding), rounding)


@primitive
def multiply_wide(x: int, multiplier: int) -> tuple[int, int]:
    """Return ``(high, low)`` with ``x * multiplier == high * 2**32 + low`` and ``0 <= low < 2**32``.

    Exact for any 64-bit ``x`` and ``-2**31 <= multiplier < 2**32``, with no value past 64 bits.
    """
    x_low = x & _LOW32
    first = x_low * (multiplier & _LOW16)
    middle = x_low * (multiplier >> 16) + (first >> 16)
    low = ((middle & _LOW16) << 16) | (first & _LOW16)
    return (x >> 32) * multiplier + (middle >> 16), low


@primitive
def mul_shift_wide(x: int, multiplier: int, shift: int, rounding: int) -> int:
    """Return ``round_shift(x * multiplier, shift)`` where the product passes 63 bits; ``shift <= 94``.

    Exact wherever the first rounding gives less than 2**44 in magnitude; beyond, a value of the same
    sign and of at least 2**44 - 1. Bits far below the rounding point are folded into one sticky bit.
    """
    high, low = multiply_wide(x, multiplier)
    taken = first_shift(shift, rounding)
    far = (high >> 1) | select(((high & 1) | low) != 0, 1, 0)
    sticky = select((low & _LOW16) != 0, 1, 0)
    middle = saturate(high, -(1 << 46), (1 << 46) - 1) * (1 << 16) + ((low >> 16) | sticky)
    near = saturate(high, -(1 << 30), (1 << 30) - 1) * (1 << 32) + low
    value = select(taken >= 35, far, select(taken >= 18, middle, near))
    dropped = select(taken >= 35, 33, select(taken >= 18, 16, 0))
    first = first_round(value, maximum(taken - dropped, 0), rounding)
    return second_round(first, second_shift(shift, rounding), rounding)


@primitive
def rescale(
    x: int, x_zero_point: int, multiplier: int, left_shift: int, shift: int, rounding: int, zero_point: int
) -> int:
    """Return ``round_shift(((x - x_zero_point) << left_shift) * multiplier, shift) + zero_point``."""
    shifted = within((x - x_zero_point) << left_shift, _MIN63, _MAX63)
    product = within(shifted * multiplier, _MIN63, _MAX63)
    return round_shift(product, within(shift, 0, 62), rounding) + zero_point


@primitive
def rescale_wide(
    x: int, x_zero_point: int, multiplier: int, left_shift: int, shift: int, rounding: int, zero_point: int
) -> int:
    """Return what `rescale` returns, for products of up to 96 bits (see `mul_shift_wide`)."""
    shifted = within((x - x_zero_point) << left_shift, _MIN64, _MAX64)
    return mul_shift_wide(shifted, multiplier, shift, rounding) + zero_point


@primitive
def requantize(
    x: int, x_zero_point: int, multiplier: int, left_shift: int, shift: int, rounding: int, zero_point: int,
    lo: int, hi: int, overflow: int, clamp_lo: int, clamp_hi: int,
) -> int:
    """Change the scale of ``x``: rescale, bring into the type ``[lo, hi]``, then clamp (section 5)."""
    t = rescale(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)
    return saturate(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)


@primitive
def requantize_wide(
    x: int, x_zero_point: int, multiplier: int, left_shift: int, shift: int, rounding: int, zero_point: int,
    lo: int, hi: int, overflow: int, clamp_lo: int, clamp_hi: int,
) -> int:
    """Return what `requantize` returns, for products of up to 96 bits."""
    t = rescale_wide(x, x_zero_point, multiplier, left_shift, shift, rounding, zero_point)
    return saturate(narrow(t, lo, hi, overflow), clamp_lo, clamp_hi)


@primitive
def multiply(x: int, x_zero_point: int, w: int, w_zero_point: int, fraction_bits: int) -> int:
    """Return ``(x - x_zero_point) * (w - w_zero_point) * 2**fraction_bits``, one term of a sum."""
    return within(((x - x_zero_point) * (w - w_zero_point)) << fraction_bits, _MIN63, _MAX63)


@primitive
def cast(x: int, shift: int, rounding: int, lo: int, hi: int, overflow: int) -> int:
    """Round and narrow ``x``: what ``acc_product`` does to each product and to the bias."""
    return narrow(round_shift(x, shift, rounding), lo, hi, overflow)


@primitive
def accumulate(acc: int, term: int, lo: int, hi: int, overflow: int) -> int:
    """Add ``term`` to an accumulator of at most 62 bits with the limits ``lo`` and ``hi``."""
    return narrow(within(acc + term, _MIN64, _MAX64), lo, hi, overflow)


@primitive
def add(x1: int, x1_zero_point: int, x2: int, x2_zero_point: int, lo: int, hi: int, overflow: int) -> int:
    """Add two codes of one scale, zero points removed, and narrow the sum once."""
    total = within((x1 - x1_zero_point) + (x2 - x2_zero_point), _MIN63, _MAX63)
    return narrow(total, lo, hi, overflow)


@primitive
def add_wrap64(a: int, b: int) -> int:
    """Add modulo 2**64 with no value past 64 bits: the wrapping accumulator of 63 and 64 bits.

    >>> add_wrap64((1 << 63) - 1, 1) == -(1 << 63)
    True
    """
    low = (a & _LOW32) + (b & _LOW32)
    high = wrap((a >> 32) + (b >> 32) + (low >> 32), -(1 << 31), (1 << 31) - 1)
    return (high << 32) + (low & _LOW32)


@primitive
def divide_by_count(total: int, count: int, rounding: int) -> int:
    """Return ``total / count`` rounded by a one-stage rule, ``count >= 1``.

    >>> [divide_by_count(t, 4, Rounding.ties_away) for t in (-6, -2, 2, 6)]
    [-2, -1, 1, 2]
    """
    quotient = total // count
    remainder = total % count
    twice = remainder << 1
    return quotient + round_increment(quotient, twice > count, twice == count, remainder != 0, rounding)


@primitive
def average(total: int, count: int, zero_point: int, rounding: int) -> int:
    """Return the mean of ``count`` centred codes whose sum is ``total``, as a code."""
    return divide_by_count(total, count, rounding) + zero_point
