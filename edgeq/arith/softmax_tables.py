"""Make the tables and scales of softmax, offline, from a real scale or from TFLite's integers.

Source: integer contract, section 8; gemmlowp's `exp_on_negative_values`; TFLite's `PreprocessSoftmaxScaling`,
`CalculateInputRadius` and `softmax_common.cc`.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from edgeq.arith.multiplier import quantize_multiplier
from edgeq.arith.primitives import round_shift
from edgeq.arith.softmax import high_multiply
from edgeq.arith.tables import IntArray, Real, function_table, interpolation_table
from edgeq.arith.types import IntType, Rounding
from edgeq.errors import GraphError

_FRACTION_BITS = 26  # of the argument of gemmlowp's exponential, Q5.26
_INTEGER_BITS = 5
_QUARTER = 1 << (_FRACTION_BITS - 2)
_EXP_MINUS_EIGHTH, _THIRD = 1895147668, 715827883  # in Q0.31
_EXP_OF_MINUS_POWERS = (1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242)  # 1/4, 1/2 .. 16
_S16_RANGE = 10.0  # TFLite's 16-bit exponential covers [-10, 0]


def exponential_table(scale: Real, bits: int = 24, entries: int = 256) -> IntArray:
    """Return ``rint(2**bits * exp(-d * scale))`` for d = 0 .. entries - 1, for the rule ``table``.

    >>> exponential_table(0.5, bits=8, entries=4).tolist()
    [256, 155, 94, 57]
    """
    if not 1 <= bits <= 30:
        raise GraphError(f"exponentials have 1..30 fraction bits, got {bits}")
    if entries < 2 or entries & (entries - 1):
        raise GraphError(f"a table has one entry per distance of codes, a power of two, got {entries}")
    distances = IntType(entries.bit_length() - 1, signed=False)
    return function_table(_falling_exponential, distances, scale, 0, IntType(32), Fraction(1, 1 << bits), 0,
                          Rounding.ties_even)


def gemmlowp_scaling(scale: float, beta: float = 1.0) -> tuple[int, int, int]:
    """Return TFLite's (input_multiplier, input_left_shift, diff_min) of an 8-bit softmax.

    ``scale`` is the input's, as the float32 value it is stored as. Raises GraphError where TFLite aborts:
    ``beta * scale`` of 2**-26 and less.

    >>> gemmlowp_scaling(0.0078125)
    (1073741824, 20, -1984)
    """
    real = min(beta * scale * (1 << _FRACTION_BITS), (1 << 31) - 1.0)
    if not real > 1:
        raise GraphError(f"softmax: beta * scale must be more than 2^-26, got {beta * scale}")
    found = quantize_multiplier(real, 31)
    left_shift = 31 - found.shift
    radius = (((1 << _INTEGER_BITS) - 1) << _FRACTION_BITS) >> left_shift
    return found.multiplier, left_shift, -radius


def gemmlowp_table(multiplier: int, left_shift: int, diff_min: int) -> IntArray:
    """Return gemmlowp's exponential in Q0.31 of each distance 0..255, 0 past ``-diff_min``, for the rule ``gemmlowp``.

    >>> gemmlowp_table(1073741824, 22, -495)[[0, 1, 255]].tolist()
    [2147483647, 2081412406, 743269]
    """
    if not 0 <= left_shift <= 31 or not 0 <= multiplier < 1 << 31:
        raise GraphError(f"softmax: multiplier {multiplier} must be in 0..2^31-1, left_shift {left_shift} in 0..31")
    entries = [0] * 256
    for distance in range(min(-diff_min, 255) + 1):
        if distance << left_shift > 1 << 31:
            raise GraphError(f"softmax: distance {distance} << {left_shift} passes 32 bits; diff_min is {diff_min}")
        entries[distance] = _exp_on_negative(high_multiply(-distance << left_shift, multiplier))
    return np.array(entries, np.int64)


def tflite_s16_scaling(scale: float, beta: float = 1.0) -> tuple[int, int, int]:
    """Return (multiplier, shift, left_shift) that bring a distance of 16-bit codes to the exponential's table.

    >>> tflite_s16_scaling(10.0 / 65535)
    (1073741824, 30, 0)
    """
    found = quantize_multiplier(scale * beta / (_S16_RANGE / 65535.0), 31)
    return found.multiplier, found.shift, found.left_shift


def tflite_s16_tables() -> tuple[IntArray, IntArray]:
    """Return TFLite's tables of exp on [-10, 0] and of 1 / (1 + x) on [0, 1], 513 entries each.

    >>> [table[[0, 512]].tolist() for table in tflite_s16_tables()]
    [[2, 32767], [32767, 16384]]
    """
    return interpolation_table("exp", -10, 0, -1, 1), interpolation_table("one_over_one_plus_x", 0, 1, -1, 1)


def _falling_exponential(x: object) -> object:
    import mpmath

    return mpmath.exp(-x)  # type: ignore[operator]  # an mpmath number


def _exp_on_negative(a: int) -> int:
    """Return gemmlowp's exp of ``a <= 0`` in Q5.26, in Q0.31."""
    if a == 0:
        return (1 << 31) - 1
    rest = (a & (_QUARTER - 1)) - _QUARTER
    x = (rest << _INTEGER_BITS) + (1 << 28)
    x2 = high_multiply(x, x)
    x3, x4 = high_multiply(x2, x), high_multiply(x2, x2)
    series = high_multiply(round_shift(x4, 2, Rounding.ties_away) + x3, _THIRD) + x2
    tail = x + round_shift(series, 1, Rounding.ties_away)
    result = _EXP_MINUS_EIGHTH + high_multiply(_EXP_MINUS_EIGHTH, tail)
    for k, factor in enumerate(_EXP_OF_MINUS_POWERS):
        if (rest - a) & (_QUARTER << k):
            result = high_multiply(result, factor)
    return result
