"""Tables, thresholds, slopes and softmax once more, slowly: exact fractions, value by value.

Written from the page "The integer contract", sections 6 and 8, and from the published definitions of
gemmlowp's fixed-point functions and of TFLite's 16-bit softmax; imports nothing from edgeq.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np

from tests.oracles.rounding import clamp, requantize, round_fraction

INT32 = (-(2**31), 2**31 - 1)
INT16 = (-(2**15), 2**15 - 1)


def interpolation_index(x: int) -> int:
    """Return the last of 512 steps that begins at or below x."""
    return math.floor(Fraction(x + 32768, 128))


def interpolate(x: int, entry: int, following: int) -> int:
    """Return 128 times the value on the line between two entries."""
    part = Fraction(x + 32768, 128) % 1
    value = (1 - part) * entry + part * following
    assert (128 * value).denominator == 1
    return int(128 * value)


def interpolate_rounded(x: int, entry: int, following: int) -> int:
    """Return the value on the line, half up."""
    return round_fraction(Fraction(interpolate(x, entry, following), 128), "ties_up")


def lut(codes: Sequence[int], table: Sequence[int], lo: int, interpolation: str | None) -> list[int]:
    """Return what the table says of each code."""
    if interpolation is None:
        return [table[code - lo] for code in codes]
    rule = {"tosa": interpolate, "tflite": interpolate_rounded}[interpolation]
    places = [interpolation_index(code) for code in codes]
    return [rule(code, table[j], table[j + 1]) for code, j in zip(codes, places, strict=True)]


def threshold(x: Any, thresholds: Any, direction: Any, start: int, step: int, axis: int) -> np.ndarray:
    """Return start + step * (number of thresholds met) for x (N, ...)."""
    y = np.empty(x.shape, dtype=object)
    for place in np.ndindex(*x.shape):
        c = place[1:][axis] if x.ndim > 1 else 0
        row = thresholds[c] if np.ndim(thresholds) == 2 else thresholds
        upward = (direction[c] if np.ndim(direction) else direction) > 0
        code = int(x[place])
        y[place] = start + step * sum(1 for t in row if (code >= t if upward else code <= t))
    return y


def sided(
    x: Any, x_zero_point: int, positive: Sequence[Any], negative: Sequence[Any], limits: tuple[int, int], *,
    rounding: str = "ties_up", zero_point: int = 0, overflow: str = "saturate", clamped: tuple[int, int] | None = None,
    axis: int = 0, alpha: Any = None, alpha_zero_point: int = 0,
) -> np.ndarray:
    """Return leaky_relu, or prelu where ``alpha`` is given; a side is (multiplier, shift, left_shift)."""
    y = np.empty(x.shape, dtype=object)
    for place in np.ndindex(*x.shape):
        c = place[1:][axis] if x.ndim > 1 else 0
        value = int(x[place]) - x_zero_point
        multiplier, shift, left_shift = (
            int(v[c] if np.ndim(v) else v) for v in (positive if value >= 0 else negative))
        if value < 0 and alpha is not None:
            value *= int(alpha[c] if np.ndim(alpha) else alpha) - alpha_zero_point
        y[place] = requantize(value, 0, multiplier, left_shift, shift, rounding, zero_point, *limits, overflow,
                              *(clamped or limits))
    return y


def high_multiply(a: int, b: int) -> int:
    """Return a * b / 2**31 as gemmlowp rounds it: plus or minus a half, then toward zero; saturated."""
    nudge = 2**30 if a * b >= 0 else 1 - 2**30
    return clamp(math.trunc(Fraction(a * b + nudge, 2**31)), *INT32)


def reciprocal(total: int) -> int:
    """Return gemmlowp's 1 / (1 + v) for the fraction v of ``total`` brought to [1, 2)."""
    normal = total
    while normal < 2**31:
        normal *= 2
    half = round_fraction(Fraction(normal - 2**31 + 2**31 - 1, 2), "ties_away")
    x = 1515870810 + high_multiply(half, -1010580540)
    for _ in range(3):
        error = 2**29 - high_multiply(half, x)
        x += clamp(4 * high_multiply(x, error), *INT32)
        assert INT32[0] <= x <= INT32[1]
    return clamp(2 * x, *INT32)


def exp_on_negative(a: int) -> int:
    """Return gemmlowp's exp of a Q5.26 value that is not positive, in Q0.31."""
    if a == 0:
        return 2**31 - 1
    rest = a % 2**24 - 2**24  # the part in [-1/4, 0)
    x = rest * 32 + 2**28
    x2 = high_multiply(x, x)
    x3, x4 = high_multiply(x2, x), high_multiply(x2, x2)
    quarter = round_fraction(Fraction(x4, 4), "ties_away")
    inner = round_fraction(Fraction(high_multiply(quarter + x3, 715827883) + x2, 2), "ties_away")
    value = 1895147668 + high_multiply(1895147668, x + inner)
    steps = (rest - a) // 2**24  # quarters that are left
    for k, factor in enumerate((1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)):
        if steps >> k & 1:
            value = high_multiply(value, factor)
    return value


def term(e: int) -> int:
    """Return an exponential in gemmlowp's sum."""
    return round_fraction(Fraction(e, 4096), "ties_away")


def gemmlowp(e: int, r: int, total: int, bits: int, lo: int, hi: int) -> int:
    """Return the code of one exponential."""
    over_unit = 12 - (32 - len(f"{total:b}"))
    return clamp(round_fraction(Fraction(high_multiply(r, e), 2 ** max(over_unit + 31 - bits, 0)), "ties_away") + lo,
                 lo, hi)


def table_output(e: int, total: int, bits: int, lo: int, hi: int) -> int:
    """Return the code of e / total."""
    return clamp(math.floor(Fraction(2 ** (bits + 1) * e + total, 2 * total)) + lo, lo, hi)


def s16_fraction(total: int) -> int:
    """Return where TFLite reads its table of 1 / (1 + x)."""
    zeros = 32 - len(f"{total:b}")
    return clamp(round_fraction(Fraction(total * 2**zeros, 2**15), "ties_up") - 2**15 - 2**16, *INT16)


def s16_output(e: int, r: int, total: int) -> int:
    """Return TFLite's 16-bit probability."""
    return clamp(round_fraction(Fraction(e * r, 2 ** (len(f"{total:b}") - 1)), "ties_up"), 0, 32767)


def softmax(row: Sequence[int], rule: str, table: Sequence[int], limits: tuple[int, int], *,
            inverse: Sequence[int] = (), scaling: tuple[int, int, int] = (0, 0, 0), rounding: str = "two_stage",
            ) -> list[int]:
    """Return one row; ``scaling`` is (multiplier, shift, left_shift) of the rule tflite_s16."""
    lo, hi = limits
    bits = len(f"{hi - lo:b}")
    top = max(row)
    if rule == "tflite_s16":
        multiplier, shift, left_shift = scaling
        scaled = [requantize(q, top, multiplier, left_shift, shift, rounding, 32767, *INT16, "saturate", *INT16)
                  for q in row]
        exps = lut(scaled, table, -32768, "tflite")
        total = sum(exps)
        (r,) = lut([s16_fraction(total)], inverse, -32768, "tflite")
        return [s16_output(e, r, total) for e in exps]
    exps = [table[top - q] for q in row]
    if rule == "table":
        return [table_output(e, sum(exps), bits, lo, hi) for e in exps]
    total = sum(term(e) for e in exps)
    r = reciprocal(total)
    return [gemmlowp(e, r, total, bits, lo, hi) for e in exps]
