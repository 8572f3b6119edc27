"""State the integer steps of softmax: gemmlowp's reciprocal, TFLite's 16-bit form, the table form (level L1).

Style and names: `edgeq.arith.primitives`. Source: integer contract, section 8; gemmlowp's `fixedpoint.h`
(`SaturatingRoundingDoublingHighMul`, `one_over_one_plus_x_for_x_in_0_1`) and TFLite's `reference/softmax.h`.
"""

from __future__ import annotations

from edgeq.arith.choice import maximum, minimum, select
from edgeq.arith.jit import primitive
from edgeq.arith.primitives import divide_by_count, round_shift, saturate
from edgeq.arith.types import Rounding

_TIES_UP, _TIES_AWAY = int(Rounding.ties_up), int(Rounding.ties_away)
_MIN16, _MAX16 = -(1 << 15), (1 << 15) - 1
_MIN32, _MAX32 = -(1 << 31), (1 << 31) - 1
_48_OVER_17, _MINUS_32_OVER_17 = 1515870810, -1010580540  # in Q2.29
_ONE = 1 << 29  # in Q2.29
_SUM_SHIFT = 12  # integer bits of gemmlowp's sum


@primitive
def softmax_distance(largest: int, x: int) -> int:
    """Return how far a code is below the largest of its row."""
    return largest - x


@primitive
def bit_length(x: int) -> int:
    """Return the bits of ``0 <= x < 2**32`` without leading zeros, in five halvings.

    >>> [bit_length(x) for x in (0, 1, 2, 255, 256, (1 << 32) - 1)]
    [0, 1, 2, 8, 9, 32]
    """
    n16 = select(x >= 1 << 16, 16, 0)
    x16 = select(x >= 1 << 16, x >> 16, x & 0xFFFF)
    n8 = select(x16 >= 1 << 8, 8, 0)
    x8 = select(x16 >= 1 << 8, x16 >> 8, x16 & 0xFF)
    n4 = select(x8 >= 1 << 4, 4, 0)
    x4 = select(x8 >= 1 << 4, x8 >> 4, x8 & 0xF)
    n2 = select(x4 >= 1 << 2, 2, 0)
    x2 = select(x4 >= 1 << 2, x4 >> 2, x4 & 0x3)
    return n16 + n8 + n4 + n2 + select(x2 >= 2, 2, minimum(x2, 1))


@primitive
def high_multiply(a: int, b: int) -> int:
    """Return gemmlowp's saturating rounding doubling high product of two 32-bit values.

    >>> high_multiply(1 << 30, 3), high_multiply(-(1 << 30), 1), high_multiply(-(1 << 31), -(1 << 31)) == 2**31 - 1
    (2, 0, True)
    """
    return saturate(round_shift(a * b, 31, _TIES_UP), _MIN32, _MAX32)


@primitive
def newton_step(x: int, half: int) -> int:
    """Return a better Q2.29 guess of ``1 / half`` than ``x``, saturated to 32 bits."""
    error = _ONE - high_multiply(half, x)
    return saturate(x + saturate(high_multiply(x, error) << 2, _MIN32, _MAX32), _MIN32, _MAX32)


@primitive
def softmax_reciprocal(total: int) -> int:
    """Return gemmlowp's Q0.31 reciprocal of ``total`` brought to [1, 2), for ``1 <= total < 2**31``.

    >>> softmax_reciprocal(1 << 20), softmax_reciprocal(3 << 20)
    (2147483647, 1431655762)
    """
    fraction = (total << (32 - bit_length(total))) & _MAX32
    half = (fraction + (1 << 31)) >> 1
    guess = _48_OVER_17 + high_multiply(half, _MINUS_32_OVER_17)
    x = newton_step(newton_step(newton_step(guess, half), half), half)
    return saturate(x << 1, _MIN32, _MAX32)


@primitive
def softmax_term(exponential: int) -> int:
    """Return what a Q0.31 exponential adds to gemmlowp's sum.

    >>> softmax_term((1 << 31) - 1), softmax_term(2047), softmax_term(2048)
    (524288, 0, 1)
    """
    return round_shift(exponential, _SUM_SHIFT, _TIES_AWAY)


@primitive
def softmax_gemmlowp(exponential: int, reciprocal: int, total: int, bits: int, lo: int, hi: int) -> int:
    """Return the code, in the type of ``bits`` bits with the limits ``lo`` and ``hi``, of one exponential."""
    shift = maximum(bit_length(total) + 11 - bits, 0)
    return saturate(round_shift(high_multiply(reciprocal, exponential), shift, _TIES_AWAY) + lo, lo, hi)


@primitive
def softmax_table(exponential: int, total: int, bits: int, lo: int, hi: int) -> int:
    """Return the code of ``exponential / total``, rounded ties up, in units of ``2**-bits``."""
    return saturate(divide_by_count(exponential << bits, total, _TIES_UP) + lo, lo, hi)


@primitive
def softmax_s16_fraction(total: int) -> int:
    """Return the 16-bit argument at which TFLite's table of ``1 / (1 + x)`` is read for ``1 <= total < 2**31``.

    >>> softmax_s16_fraction(32768), softmax_s16_fraction(49152), softmax_s16_fraction(65535)
    (-32768, 0, 32766)
    """
    leading = round_shift(total << maximum(31 - bit_length(total), 0), 14, _TIES_UP)
    return saturate(leading - (1 << 16) - (1 << 15), _MIN16, _MAX16)


@primitive
def softmax_s16(exponential: int, reciprocal: int, total: int) -> int:
    """Return TFLite's 16-bit probability (32768 is 1) of one exponential.

    >>> softmax_s16(32767, 32767, 32767), softmax_s16(16384, 32767, 32768)
    (32767, 16384)
    """
    shift = maximum(bit_length(total) - 1, 0)
    return saturate(round_shift(exponential * reciprocal, shift, _TIES_UP), 0, _MAX16)
