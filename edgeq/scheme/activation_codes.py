"""Turn the range of a value into its scale, zero point and limits, by a preset's rule."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from edgeq.arith.types import Rounding
from edgeq.errors import CalibrationError
from edgeq.scheme.presets import Preset

Range = tuple[float, float]


@dataclass(frozen=True)
class ActivationCodes:
    """The codes ``clamp(round(x / scale) + zero_point, lo, hi)``, and the values that these stand for.

    ``rounding`` is what the host does to a float input; elsewhere the layer's preset decides.
    """

    scale: float
    zero_point: int
    lo: int
    hi: int
    rounding: Rounding = Rounding.ties_even


def activation_codes(seen: Range, bits: int, rules: Preset, where: str, *, is_input: bool = False) -> ActivationCodes:
    """Return the quantization of a range; raises CalibrationError for one that gives no usable scale.

    ``where`` names the value in messages, ``is_input`` tells that it is an input of the network. With a fixed scale
    the range does not matter.
    """
    return replace(_codes(seen, bits, rules, where, is_input), rounding=rules.activations.rounding)


def _codes(seen: Range, bits: int, rules: Preset, where: str, is_input: bool) -> ActivationCodes:
    rule = rules.activations
    if rule.scale == "fixed":
        return ActivationCodes(fixed_scale(bits, rules), 0, *_signed(bits))
    if rule.codes == "offset":
        return _offset(seen, bits, bits + rule.spare, where, is_input)
    lo, hi = min(seen[0], 0.0), max(seen[1], 0.0)
    if hi == lo:
        raise CalibrationError(
            f"{where}: its range is [0, 0], so its scale would be zero; calibrate on data that reach it, or give "
            "its range in --ranges or --config"
        )
    shifts = rule.scale == "power_of_two"
    if rule.codes == "affine" and bits <= rule.affine_bits:
        return _affine(lo, hi, bits, shifts, where)
    if rule.codes == "unsigned" and lo == 0.0:
        least = hi / (2**bits - 1)
        return ActivationCodes(_float32(power_of_two(least) if shifts else least, lo, hi, where), 0, 0, 2**bits - 1)
    if shifts:
        return ActivationCodes(power_of_two(max(-lo, hi) / 2 ** (bits - 1)), 0, *_signed(bits))
    return _symmetric(lo, hi, bits, where)


def fixed_scale(bits: int, rules: Preset) -> float:
    """Return the unit of ``ap_fixed<bits, integer_bits>``: ``2**(integer_bits - bits)``."""
    return 2.0 ** ((rules.integer_bits or 0) - bits)


def power_of_two(least: float) -> float:
    """Return the smallest power of two that is at least a positive number.

    >>> power_of_two(0.3), power_of_two(0.25)
    (0.5, 0.25)
    """
    fraction, exponent = math.frexp(least)
    return math.ldexp(1.0, exponent - 1 if fraction == 0.5 else exponent)


def _signed(bits: int) -> tuple[int, int]:
    return -(1 << (bits - 1)), (1 << (bits - 1)) - 1


def _affine(lo: float, hi: float, bits: int, shifts: bool, where: str) -> ActivationCodes:
    """Return signed codes: ``scale = (hi - lo) / (2**bits - 1)``, the zero point ties to even, clamped.

    ``shifts`` takes the next larger power of two. Source: PyTorch's observers.
    """
    qmin, qmax = _signed(bits)
    least = (hi - lo) / (qmax - qmin)
    scale = _float32(power_of_two(least) if shifts else least, lo, hi, where)
    zero_point = min(max(qmin - round(lo / scale), qmin), qmax)
    return ActivationCodes(scale, zero_point, qmin, qmax)


def _symmetric(lo: float, hi: float, bits: int, where: str) -> ActivationCodes:
    """Return signed codes with zero point 0: ``scale = max(-lo, hi) / qmax``."""
    qmin, qmax = _signed(bits)
    return ActivationCodes(_float32(max(-lo, hi) / qmax, lo, hi, where), 0, qmin, qmax)


def _offset(seen: Range, bits: int, stored: int, where: str, is_input: bool) -> ActivationCodes:
    """Return CNN_Compress's codes: ``S = (hi - lo) / (2**bits - 1)``, ``Z = rhe(-lo / S)``, the range as it is.

    Its scales are float32 once stored; that of the input is used before it is. Codes of the input have no bit to
    spare: nothing was computed yet that could leave them.
    """
    lo, hi = seen
    if hi <= lo:
        raise CalibrationError(f"{where}: its range is [{lo}, {hi}], so its scale would be zero; use other data")
    step = (hi - lo) / (2**bits - 1)
    scale = _float32(step, lo, hi, where)
    zero_point = round(-lo / step)
    qmin, qmax = (0, 2**bits - 1) if is_input else _signed(stored)
    if not qmin <= zero_point <= qmax:
        raise CalibrationError(
            f"{where}: range [{lo}, {hi}] gives the zero point {zero_point}, outside {qmin}..{qmax}; this preset does "
            "not widen a range that excludes 0: give a range that holds 0 in --config")
    return ActivationCodes(step if is_input else scale, zero_point, qmin, qmax)


def _float32(scale: float, lo: float, hi: float, where: str) -> float:
    """Return a scale as float32; raises CalibrationError where float32 cannot hold it."""
    with np.errstate(over="ignore"):  # reported below
        kept = float(np.float32(scale))
    if kept == 0.0 or not math.isfinite(kept):
        raise CalibrationError(f"{where}: range [{lo}, {hi}] gives the scale {kept}, which float32 cannot hold")
    return kept
