"""Turn a real scale into an integer multiplier and shifts: the only place where that happens.

Source: integer contract, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from edgeq.arith.types import MAX_SHIFT, Rounding
from edgeq.errors import GraphError


@dataclass(frozen=True)
class Multiplier:
    """``scale`` is about ``multiplier * 2**left_shift / 2**shift``.

    ``error`` is the exact relative error; ``flushed`` tells that the scale was too small and became 0.
    """

    multiplier: int
    shift: int
    left_shift: int
    error: Fraction
    flushed: bool


def quantize_multiplier(
    scale: float | Fraction, bits: int = 31, max_shift: int = 62, rounding: Rounding = Rounding.ties_away,
    base_shift: int = 0,
) -> Multiplier:
    """Return the ``bits``-bit multiplier (top bit set) and shifts that are nearest to ``scale``.

    A scale so small that its shift would pass ``max_shift`` becomes 0, reported by ``flushed``. When
    rounding reaches ``2**bits`` the multiplier is halved and the shift shortened by one. ``base_shift``
    is added to the shift at the end (``bias_fraction_bits``). Raises GraphError for a scale that is not
    positive and finite, or that needs a left shift past 31.

    >>> quantize_multiplier(0.75, bits=8)
    Multiplier(multiplier=192, shift=8, left_shift=0, error=Fraction(0, 1), flushed=False)
    """
    if scale != scale or scale in (float("inf"), float("-inf")) or scale <= 0:
        raise GraphError(f"a scale must be positive and finite, got {scale}")
    exact = Fraction(scale)
    shift = bits - _exponent(exact)
    multiplier = _rounded(exact * Fraction(2) ** shift, rounding)
    if multiplier == 1 << bits:
        multiplier, shift = multiplier >> 1, shift - 1
    if shift > max_shift:
        return Multiplier(0, 0, 0, Fraction(1), flushed=True)
    left_shift, shift = max(-(shift + base_shift), 0), max(shift + base_shift, 0)
    if left_shift > 31 or shift > MAX_SHIFT:
        raise GraphError(f"scale {float(exact):.3g} needs a left shift of {left_shift} or a shift of {shift}")
    kept = Fraction(multiplier) * Fraction(2) ** (left_shift - shift + base_shift)
    return Multiplier(multiplier, shift, left_shift, (kept - exact) / exact, flushed=False)


def fraction_multiplier(scale: float | Fraction, bits: int, rounding: Rounding = Rounding.ties_even) -> Multiplier:
    """Return ``M0 * 2**bits`` rounded, where ``M0`` is the scale doubled ``shift - bits`` times until it is >= 0.5.

    The multiplier is not renormalised: ``2**bits`` stays, and a scale of 1 or more gives a larger one. Raises
    GraphError for a scale that is not positive and finite, or out of reach. Source: CNN_Compress.

    >>> fraction_multiplier(0.3, bits=8).multiplier, fraction_multiplier(0.3, bits=8).shift
    (154, 9)
    """
    if scale != scale or scale in (float("inf"), float("-inf")) or scale <= 0:
        raise GraphError(f"a scale must be positive and finite, got {scale}")
    exact = Fraction(scale)
    shift = bits + max(-_exponent(exact), 0)
    multiplier = _rounded(exact * 2**shift, rounding)
    if shift > MAX_SHIFT or multiplier >> 32:
        raise GraphError(f"scale {float(exact):.3g} needs a shift of {shift} and a multiplier of {multiplier}")
    return Multiplier(multiplier, shift, 0, Fraction(multiplier, 2**shift) / exact - 1, flushed=False)


def shift_multiplier(scale: float | Fraction) -> Multiplier:
    """Return the shift that a power of two is, multiplier 1; raises GraphError for any other scale.

    >>> shift_multiplier(0.125).shift, shift_multiplier(4.0).left_shift
    (3, 2)
    """
    exact = Fraction(scale) if scale == scale and abs(scale) != float("inf") else Fraction(0)
    top, bottom = exact.numerator, exact.denominator
    if top < 1 or top.bit_count() != 1 or bottom.bit_count() != 1:
        raise GraphError(f"scale {float(scale):.6g} is not a power of two, so a shift alone cannot change it")
    left_shift, shift = top.bit_length() - 1, bottom.bit_length() - 1
    if left_shift > 31 or shift > MAX_SHIFT:
        raise GraphError(f"scale {float(scale):.3g} needs a left shift of {left_shift} or a shift of {shift}")
    return Multiplier(1, shift, left_shift, Fraction(0), flushed=False)


def reduced16(multiplier: Multiplier) -> Multiplier:
    """Return a 31-bit multiplier reduced to 15 bits, for ``ties_up``: int16 activations with a 64-bit bias.

    ``m16 = min((m31 + 2**15) >> 16, 32767)``, the net shift shorter by 16; what was flushed stays 0. Raises
    GraphError for a multiplier outside [2**30, 2**31). Source: TFLite, CMSIS-NN (requantization of int64).

    >>> reduced16(quantize_multiplier(0.75))
    Multiplier(multiplier=24576, shift=15, left_shift=0, error=Fraction(0, 1), flushed=False)
    """
    if multiplier.flushed:
        return multiplier
    m31 = multiplier.multiplier
    if not 1 << 30 <= m31 < 1 << 31:
        raise GraphError(f"only a multiplier of 31 bits, 2^30..2^31-1, is reduced to 16, got {m31}")
    m16 = min((m31 + (1 << 15)) >> 16, (1 << 15) - 1)
    net = multiplier.shift - multiplier.left_shift - 16
    left_shift, shift = max(-net, 0), max(net, 0)
    if left_shift > 31:
        raise GraphError(f"a multiplier reduced to 16 bits needs a left shift of {left_shift}, at most 31")
    error = (1 + multiplier.error) * Fraction(m16 << 16, m31) - 1
    return Multiplier(m16, shift, left_shift, error, flushed=False)


def mean_multiplier(multiplier: int, shift: int, n: int) -> tuple[int, int]:
    """Return multiplier and shift that rescale a sum of ``n`` values where the given ones rescale one value.

    The multiplier is ``(multiplier << k) // n`` with ``k = min(floor(log2 n), 32, 62 - shift)`` and stays
    unnormalised, the shift grows by k. In TFLite's own exponent, 31 - shift, the last bound reads 31 + exponent.
    Raises GraphError unless ``n >= 1``, ``0 <= multiplier < 2**31`` and ``0 <= shift <= 62``.

    Source: `QuantizedMeanOrSum` in TensorFlow Lite's reference/reduce.h.

    >>> mean_multiplier(1 << 30, 31, 49)
    (701219150, 36)
    """
    if n < 1 or not 0 <= multiplier < 1 << 31 or not 0 <= shift <= 62:
        raise GraphError(f"a mean needs n >= 1, a multiplier of 0..2^31-1 and a shift of 0..62, got n {n}, multiplier "
                         f"{multiplier}, shift {shift}")
    k = min(n.bit_length() - 1, 32, 62 - shift)
    return (multiplier << k) // n, shift + k


def _exponent(value: Fraction) -> int:
    """Return e with ``2**(e-1) <= value < 2**e``."""
    e = value.numerator.bit_length() - value.denominator.bit_length()
    while Fraction(2) ** e <= value:
        e += 1
    while Fraction(2) ** (e - 1) > value:
        e -= 1
    return e


def _rounded(value: Fraction, rounding: Rounding) -> int:
    """Return a positive value rounded to an integer; ties away from zero, up, or to even."""
    if rounding is Rounding.floor:
        return value.numerator // value.denominator
    if rounding is Rounding.ties_even:
        return round(value)
    if rounding in (Rounding.ties_away, Rounding.ties_up):
        return (2 * value.numerator + value.denominator) // (2 * value.denominator)
    raise GraphError(f"a multiplier is rounded floor, ties_even, ties_away or ties_up, not {rounding.name}")
