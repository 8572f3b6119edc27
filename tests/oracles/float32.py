"""Float32 arithmetic on exact rationals, each operation rounded once, ties to even, and kernels' formulas on it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

SMALLEST_EXPONENT = -149
LARGEST = (2**24 - 1) * Fraction(2) ** 104


def rounded(value: Fraction) -> Fraction:
    """Return the float32 nearest to a rational, ties to even; raises OverflowError beyond the largest."""
    if value == 0:
        return value
    guess = value.numerator.bit_length() - value.denominator.bit_length() - 25
    exponent = max(guess, SMALLEST_EXPONENT)
    while abs(value) >= Fraction(2) ** (exponent + 24):
        exponent += 1
    kept = round(value / Fraction(2) ** exponent) * Fraction(2) ** exponent  # round() of a Fraction is ties to even
    if abs(kept) > LARGEST:
        raise OverflowError
    return kept


@dataclass(frozen=True)
class Numbers:
    """The numbers of one output channel: float32 scales and bias, the integer bias, the output's zero point, limits."""

    sx: Fraction
    sw: Fraction
    sy: Fraction
    bias: Fraction
    bias_code: int
    zero_point: int
    lo: int
    hi: int


def _times(a: Fraction, b: Fraction) -> Fraction:
    return rounded(a * b)


def _over(a: Fraction, b: Fraction) -> Fraction:
    return rounded(a / b)


def _plus(a: Fraction, b: Fraction) -> Fraction:
    return rounded(a + b)


def fbgemm_per_channel(acc: int, n: Numbers) -> int:
    """(f32(acc) + bias / s) * (s / sy)"""
    s = _times(n.sx, n.sw)
    return _code(_times(_plus(rounded(Fraction(acc)), _over(n.bias, s)), _over(s, n.sy)), n)


def fbgemm_per_tensor(acc: int, n: Numbers) -> int:
    """fma(bias, 1 / s, f32(acc)) * (s / sy)"""
    s = _times(n.sx, n.sw)
    total = rounded(n.bias * _over(Fraction(1), s) + rounded(Fraction(acc)))
    return _code(_times(total, _over(s, n.sy)), n)


def onednn(acc: int, n: Numbers) -> int:
    """((f32(acc) * r(sx)) * sw + bias) * (1 / sy) + zero_point"""
    sx = _over(Fraction(1), _over(Fraction(1), n.sx))
    real = _plus(_times(_times(rounded(Fraction(acc)), sx), n.sw), n.bias)
    scaled = _times(real, _over(Fraction(1), n.sy))
    return min(max(round(_plus(scaled, Fraction(n.zero_point))), n.lo), n.hi)


def qnnpack(acc: int, n: Numbers) -> int:
    """f32(acc + rint(bias * (1 / s))) * (s * (1 / sy))"""
    s = _times(n.sx, n.sw)
    bias = round(_times(n.bias, _over(Fraction(1), s)))
    return _code(_times(rounded(Fraction(acc + bias)), _times(s, _over(Fraction(1), n.sy))), n)


def onnxruntime(acc: int, n: Numbers) -> int:
    """f32(acc + bias_code) * (s / sy)"""
    return _code(_times(rounded(Fraction(acc + n.bias_code)), _over(_times(n.sx, n.sw), n.sy)), n)


def qlinear_add(
    a: int, b: int, scales: tuple[Fraction, Fraction, Fraction], zero_points: tuple[int, int, int], lo: int, hi: int
) -> int:
    """fma(b, rb, fma(a, ra, zy - (ra * za + rb * zb)))"""
    (sa, sb, sy), (za, zb, zy) = scales, zero_points
    ra, rb = _over(sa, sy), _over(sb, sy)
    fixed = rounded(zy - _plus(_times(ra, Fraction(za)), _times(rb, Fraction(zb))))
    return min(max(round(rounded(b * rb + rounded(a * ra + fixed))), lo), hi)


def _code(value: Fraction, n: Numbers) -> int:
    return min(max(round(value) + n.zero_point, n.lo), n.hi)
