"""Make the tables that hardware loads: once, offline, in more precision than any result needs.

Functions are evaluated by mpmath on exact rationals at 256 bits, and a value within 2**-100 of a tie is a
tie: the entries are the same on every machine. Source: integer contract, section 6 (lut); the 513 entries with
the correction at midpoints are those of TFLite's `gen_lut` and `LUTPopulateInt16`.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.arith.primitives import divide_by_count
from edgeq.arith.types import IntType, Rounding, parse_name
from edgeq.errors import GraphError

IntArray = npt.NDArray[np.int64]
Real = float | int | Fraction
Function = str | Callable[[Any], Any]

PRECISION = 256
FLOAT32 = 24
_NEAR = 100  # bits: values nearer to a tie than 2**-100 are one

FUNCTIONS = ("elu", "exp", "gelu", "gelu_tanh", "hardsigmoid", "hardswish", "mish", "one_over_one_plus_x", "sigmoid",
             "silu", "softplus", "tanh")
"""Functions that are known by name; as PyTorch defines them, ELU with alpha 1, softplus with beta 1."""


def function_table(
    f: Function, x_type: IntType, x_scale: Real, x_zero_point: int, y_type: IntType, y_scale: Real, y_zero_point: int,
    rounding: str | Rounding = "ties_away",
) -> IntArray:
    """Return, per code of x, ``clamp(round(f(x_scale * (code - x_zero_point)) / y_scale) + y_zero_point)``.

    ``f`` is one of `FUNCTIONS` or takes and returns an mpmath number. Raises GraphError for a name that is not
    known, a scale that is not positive and finite, and a function that gives no number.

    >>> s8 = IntType(8)
    >>> table = function_table("sigmoid", s8, 1 / 16, 0, s8, 1 / 256, -128)
    >>> table[[0, 64, 128, 192, 255]].tolist()
    [-128, -123, 0, 123, 127]
    """
    rule = parse_name(Rounding, rounding)
    step, unit = _positive(x_scale), _positive(y_scale)
    codes = range(x_type.qmin, x_type.qmax + 1)
    values = _evaluated(f, [step * (code - x_zero_point) for code in codes])
    entries = [_snapped(value / unit, rule) + y_zero_point for value in values]
    return np.array([min(max(e, y_type.qmin), y_type.qmax) for e in entries], np.int64)


def interpolation_table(
    f: Function, input_min: Real, input_max: Real, output_min: Real, output_max: Real, precision: int = FLOAT32,
) -> IntArray:
    """Return 513 entries of 16 bits: ``f`` from ``input_min`` to ``input_max`` where 2**16 codes span the outputs.

    Each entry but the last is moved by half of what the line to the next misses the midpoint. Every operation is
    rounded to ``precision`` bits as TFLite's generator does: 24 in its present form, 53 in an older one; 256 leaves
    nothing to rounding. ``f`` itself is rounded correctly, which a C library may miss by one bit.

    >>> interpolation_table("exp", -10, 0, -1, 1)[[0, 511, 512]].tolist()
    [2, 32133, 32767]
    """
    import mpmath

    with mpmath.workprec(precision):
        function = _function(f)
        start, end = _number(input_min), _number(input_max)
        step = (end - start) / 512
        half_step, per_unit = step / 2, mpmath.mpf(1 << 16) / (_number(output_max) - _number(output_min))
        entries = []
        for k in range(512):
            value, following = (function(start + j * step) for j in (k, k + 1))
            middle = function(start + k * step + half_step)
            sample = _nearest(value * per_unit)
            missed = _nearest((following * per_unit + sample) / 2) - _nearest(middle * per_unit)
            entries.append(sample - round_exact(Fraction(missed, 2), Rounding.ties_away))
        entries.append(_nearest(function(end) * per_unit))
    return np.array([min(max(e, -(1 << 15)), (1 << 15) - 1) for e in entries], np.int64)


def lut_table_16bit(
    f: Function, x_scale: Real, x_zero_point: int, y_scale: Real, precision: int = FLOAT32
) -> IntArray:
    """Return TFLite's 513 entries for 16-bit codes of x; y has zero point 0.

    The table ends at the codes -32768 and 32767, and its unit is 65535/65536 of ``y_scale``: TFLite's formula, whose
    steps of 128 codes are 127.998 codes wide.

    >>> lut_table_16bit("tanh", 1 / 4096, 0, 1 / 32768)[[0, 256, 512]].tolist()
    [-32768, -4, 32767]
    """
    import mpmath

    with mpmath.workprec(precision):
        x_ends = [_number(_positive(x_scale)) * (code - x_zero_point) for code in (-(1 << 15), (1 << 15) - 1)]
        y_ends = [_number(_positive(y_scale)) * code for code in (-(1 << 15), (1 << 15) - 1)]
    lo, hi, output_min, output_max = map(_fraction, (*x_ends, *y_ends))
    return interpolation_table(f, lo, hi, output_min, output_max, precision)


def round_exact(value: Fraction, rounding: Rounding) -> int:
    """Return a rational rounded by a one-stage rule.

    >>> [round_exact(Fraction(k, 2), Rounding.ties_away) for k in (-3, -1, 1, 3)]
    [-2, -1, 1, 2]
    """
    if rounding in (Rounding.two_stage, Rounding.two_stage_up):
        raise GraphError(f"table entries are rounded in one stage, not {rounding.name}")
    return divide_by_count(value.numerator, value.denominator, int(rounding))


def _positive(scale: Real) -> Fraction:
    try:
        exact = Fraction(scale)
    except (OverflowError, ValueError):
        exact = Fraction(0)
    if exact <= 0:
        raise GraphError(f"a scale must be positive and finite, got {scale}")
    return exact


def _evaluated(f: Function, points: list[Fraction]) -> list[Fraction]:
    """Return ``f`` at exact points."""
    import mpmath

    with mpmath.workprec(PRECISION):
        function = _function(f)
        return [_fraction(function(_number(p))) for p in points]


def _function(f: Function) -> Callable[[Any], Any]:
    """Return ``f`` as a function of mpmath numbers that refuses what is not a finite real number."""
    import mpmath

    known = _named(f) if isinstance(f, str) else f

    def checked(x: Any) -> Any:
        try:
            value = mpmath.mpf(known(x))
        except (TypeError, ValueError, ZeroDivisionError):
            value = mpmath.nan
        if not mpmath.isfinite(value):
            raise GraphError(f"a table needs a function that gives a real number for every code; not at {float(x)}")
        return value

    return checked


def _number(exact: Real) -> Any:
    """Return a rational as an mpmath number of the present precision."""
    import mpmath

    kept = Fraction(exact)
    return mpmath.mpf(kept.numerator) / kept.denominator


def _fraction(value: Any) -> Fraction:
    """Return the exact value of an mpmath number."""
    sign, mantissa, exponent, _ = value._mpf_
    magnitude = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -magnitude if sign else magnitude


def _nearest(value: Any) -> int:
    """Return an mpmath number rounded as C's `round` does."""
    return round_exact(_fraction(value), Rounding.ties_away)


def _snapped(value: Fraction, rounding: Rounding) -> int:
    """Return ``value`` rounded, where a value as good as a tie or an integer is one."""
    doubled = round(2 * value)
    near = abs(2 * value - doubled) < Fraction(1, 1 << _NEAR)
    return round_exact(Fraction(doubled, 2) if near else value, rounding)


def _named(name: str) -> Callable[[Any], Any]:
    import mpmath as m

    half, three, six = m.mpf(1) / 2, m.mpf(3), m.mpf(6)

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + m.exp(-x))

    def softplus(x: Any) -> Any:
        return m.log1p(m.exp(-abs(x))) + max(x, m.mpf(0))

    def hard(x: Any) -> Any:
        return min(max(x + three, m.mpf(0)), six) / six

    known: dict[str, Callable[[Any], Any]] = {
        "elu": lambda x: x if x > 0 else m.expm1(x),
        "exp": m.exp,
        "gelu": lambda x: x * m.erfc(-x / m.sqrt(2)) / 2,
        "gelu_tanh": lambda x: half * x * (1 + m.tanh(m.sqrt(2 / m.pi) * (x + m.mpf("0.044715") * x**3))),
        "hardsigmoid": hard,
        "hardswish": lambda x: x * hard(x),
        "mish": lambda x: x * m.tanh(softplus(x)),
        "one_over_one_plus_x": lambda x: 1 / (1 + x),
        "sigmoid": sigmoid,
        "silu": lambda x: x * sigmoid(x),
        "softplus": softplus,
        "tanh": m.tanh,
    }
    if name not in known:
        raise GraphError(f"{name!r} is not a known function; use one of {', '.join(FUNCTIONS)}, or a callable")
    return known[name]
