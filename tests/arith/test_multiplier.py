"""Multipliers reduced to 16 bits, of a fraction, and shifts alone: numbers worked out by hand from the formulas."""

from __future__ import annotations

from fractions import Fraction

import pytest

from edgeq.arith.multiplier import (
    Multiplier,
    fraction_multiplier,
    quantize_multiplier,
    reduced16,
    shift_multiplier,
)
from edgeq.errors import GraphError

CASES = [
    # m31, shift31, left31 -> m16, shift16, left16
    (1 << 30, 31, 0, 16384, 15, 0),  # 0.5
    ((1 << 30) + 0x7FFF, 31, 0, 16384, 15, 0),  # just below half of 2^16: down
    ((1 << 30) + 0x8000, 31, 0, 16385, 15, 0),  # the tie goes up
    ((1 << 30) + 0x8001, 31, 0, 16385, 15, 0),
    (0x7FFE7FFF, 31, 0, 32766, 15, 0),
    (0x7FFE8000, 31, 0, 32767, 15, 0),
    (0x7FFEFFFF, 31, 0, 32767, 15, 0),
    (0x7FFF0000, 31, 0, 32767, 15, 0),
    (0x7FFF7FFF, 31, 0, 32767, 15, 0),
    (0x7FFF8000, 31, 0, 32767, 15, 0),  # would be 32768: held
    (0x7FFFFFFF, 31, 0, 32767, 15, 0),
    (1 << 30, 16, 0, 16384, 0, 0),
    (1 << 30, 15, 0, 16384, 0, 1),  # a shift below 16 turns left
    (1 << 30, 0, 0, 16384, 0, 16),
    (1 << 30, 0, 15, 16384, 0, 31),
    (1 << 30, 62, 0, 16384, 46, 0),
    (1 << 30, 94, 0, 16384, 78, 0),
]


@pytest.mark.parametrize(("m31", "shift", "left", "m16", "shift16", "left16"), CASES)
def test_literal(m31: int, shift: int, left: int, m16: int, shift16: int, left16: int) -> None:
    given = Multiplier(m31, shift, left, Fraction(0), flushed=False)
    got = reduced16(given)
    assert (got.multiplier, got.shift, got.left_shift, got.flushed) == (m16, shift16, left16, False)
    assert got.error == Fraction(m16 * 65536 - m31, m31)


@pytest.mark.parametrize("scale", [0.1, 0.5, 0.75, 1 / 3, 0.9999999, 1.7, 300.0, 2.0**-30, 0.00012345])
def test_the_error_is_that_of_the_scale(scale: float) -> None:
    got = reduced16(quantize_multiplier(scale))
    stands_for = Fraction(got.multiplier) * Fraction(2) ** (got.left_shift - got.shift)
    assert got.error == stands_for / Fraction(scale) - 1
    assert abs(got.error) <= Fraction(1, 32768)


def test_the_error_is_that_of_the_scale_under_a_base_shift() -> None:
    plain, based = reduced16(quantize_multiplier(0.3)), reduced16(quantize_multiplier(0.3, base_shift=8))
    assert (based.multiplier, based.shift, based.error) == (plain.multiplier, plain.shift + 8, plain.error)


def test_a_scale_that_became_0_stays_0() -> None:
    assert reduced16(quantize_multiplier(2.0**-70)) == Multiplier(0, 0, 0, Fraction(1), flushed=True)


@pytest.mark.parametrize("m31", [0, 1, 192, (1 << 30) - 1, 1 << 31])
def test_other_multipliers_are_refused(m31: int) -> None:
    with pytest.raises(GraphError, match=f"only a multiplier of 31 bits, .* is reduced to 16, got {m31}$"):
        reduced16(Multiplier(m31, 31, 0, Fraction(0), flushed=False))


def test_a_left_shift_past_31_is_refused() -> None:
    with pytest.raises(GraphError, match="needs a left shift of 32, at most 31"):
        reduced16(Multiplier(1 << 30, 0, 16, Fraction(0), flushed=False))


@pytest.mark.parametrize(("scale", "bits", "multiplier", "shift"), [
    (0.5, 8, 128, 8), (0.3, 8, 154, 9), (0.49999, 8, 256, 9),  # 255.99 is rounded to 256 and stays
    (0.25, 8, 128, 9), (1.0, 8, 256, 8), (3.3, 8, 845, 8), (0.001953125, 4, 8, 12), (0.6, 2, 2, 2),
    (Fraction(257, 512), 8, 128, 8), (Fraction(259, 512), 8, 130, 8),  # 128.5 and 129.5: to even
])
def test_fraction_multiplier(scale: float | Fraction, bits: int, multiplier: int, shift: int) -> None:
    got = fraction_multiplier(scale, bits)
    assert (got.multiplier, got.shift, got.left_shift, got.flushed) == (multiplier, shift, 0, False)
    assert got.error == Fraction(multiplier, 2**shift) / Fraction(scale) - 1


@pytest.mark.parametrize("scale", [0.0, -0.5, float("nan"), float("inf"), 2.0**-90, 2.0**30])
def test_fraction_multiplier_refuses(scale: float) -> None:
    with pytest.raises(GraphError, match=r"a scale must be positive and finite|needs a shift of"):
        fraction_multiplier(scale, 8)


def test_shift_multiplier() -> None:
    for exponent in (-31, -1, 0, 1, 7, 62, 94):
        got = shift_multiplier(Fraction(2) ** -exponent)
        assert got == Multiplier(1, max(exponent, 0), max(-exponent, 0), Fraction(0), flushed=False)
    for scale in (0.0, -1.0, 0.3, 3.0, 2.0**-95, 2.0**32, float("nan"), float("inf")):
        with pytest.raises(GraphError, match=r"is not a power of two, so a shift alone|needs a left shift"):
            shift_multiplier(scale)
