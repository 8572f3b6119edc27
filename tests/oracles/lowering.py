"""What the contract says a lowered layer holds, on Fraction and int, importing nothing from edgeq."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction


def float32(value: float) -> float:
    """Return the float32 nearest to a number."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


@dataclass(frozen=True)
class Code:
    """``real = scale * (code - zero_point)``, codes within lo..hi."""

    scale: float
    zero_point: int
    lo: int
    hi: int

    def of(self, real: float | Fraction) -> int:
        """Return the code of a real number: ties to even, then the zero point, then the limits."""
        code = round(Fraction(real) / Fraction(self.scale)) + self.zero_point
        return min(max(code, self.lo), self.hi)


def activation(lo: float, hi: float, bits: int) -> Code:
    """Return the signed asymmetric code of a range that is widened to hold 0."""
    lo, hi = min(lo, 0.0), max(hi, 0.0)
    qmin, qmax = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    scale = float32((hi - lo) / (qmax - qmin))
    zero_point = qmin - round(Fraction(lo) / Fraction(scale))
    return Code(scale, min(max(zero_point, qmin), qmax), qmin, qmax)


@dataclass(frozen=True)
class Weights:
    """Codes per output channel, each channel's scale, and the bias in units of input scale times it."""

    codes: list[list[int]]
    scales: list[float]
    bias: list[int]


def weights(
    rows: Sequence[Sequence[float]], bias: Sequence[float], x: Code, bits: int, *, per_channel: bool = True
) -> Weights:
    """Return symmetric codes: ``scale = max|w| / qmax`` as float32, of a channel or of all.

    The scale is larger where the bias would pass 2**28 steps.
    """
    qmax = 2 ** (bits - 1) - 1
    enough = [max(max(abs(w) for w in row) / qmax, abs(b) / (x.scale * 2**28))
              for row, b in zip(rows, bias, strict=True)]
    if not per_channel:
        enough = [max(enough)] * len(rows)
    scales = [float32(s) for s in enough]
    codes = [[min(max(round(Fraction(w) / Fraction(s)), -qmax), qmax) for w in row]
             for row, s in zip(rows, scales, strict=True)]
    biases = [round(Fraction(b) / (Fraction(s) * Fraction(x.scale))) for b, s in zip(bias, scales, strict=True)]
    return Weights(codes, scales, biases)


def multiplier(scale: float, bits: int = 31) -> tuple[int, int]:
    """Return (multiplier, shift) with ``2**(bits-1) <= multiplier < 2**bits``; a negative shift is a left one."""
    exact, shift = Fraction(scale), 0
    while exact * Fraction(2) ** shift >= 2**bits:
        shift -= 1
    while exact * Fraction(2) ** shift < 2 ** (bits - 1):
        shift += 1
    rounded = int(exact * Fraction(2) ** shift + Fraction(1, 2))
    return (rounded // 2, shift - 1) if rounded == 2**bits else (rounded, shift)


def multipliers(made: Weights, x: Code, y: Code) -> list[tuple[int, int]]:
    """Return (multiplier, shift) per channel, from the float64 quotient of the float32 scales."""
    return [multiplier(s * x.scale / y.scale) for s in made.scales]


def acc_limits(made: Weights, x: Code, taps: int = 1) -> tuple[int, int]:
    """Return the smallest and largest sum in bias-first order, each row of weights read ``taps`` times."""
    ends = (x.lo - x.zero_point, x.hi - x.zero_point)
    lows = [b + taps * sum(min(0, *(w * e for e in ends)) for w in row)
            for row, b in zip(made.codes, made.bias, strict=True)]
    highs = [b + taps * sum(max(0, *(w * e for e in ends)) for w in row)
             for row, b in zip(made.codes, made.bias, strict=True)]
    return min(lows), max(highs)


def signed_bits(lo: int, hi: int) -> int:
    """Return the bits of the smallest signed type that holds lo..hi."""
    bits = 1
    while not -(2 ** (bits - 1)) <= lo <= hi < 2 ** (bits - 1):
        bits += 1
    return bits
