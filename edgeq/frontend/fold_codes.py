"""Multiply quantized weights by a gain per channel: the scale takes its size, the codes its sign."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from edgeq.frontend.float_graph import FloatArray, QuantizedWeight


def scaled_codes(weight: QuantizedWeight, gain: FloatArray) -> QuantizedWeight:
    """Return the weight times ``gain`` (O,): ``scale * |gain|``, codes mirrored where it is negative.

    A channel of gain 0 has codes at its zero point, and keeps its scale. A mirrored code is ``-code``, its zero point
    too, where the limits hold all of these; else both are mirrored about the middle of the limits, ``lo + hi - code``,
    which stays inside.
    """
    columns = (-1,) + (1,) * (weight.codes.ndim - 1)
    zero_point, negative, none = weight.zero_point, gain < 0, gain == 0
    middle = 0 if _negatable(weight, negative) else weight.lo + weight.hi
    codes = np.where(negative.reshape(columns), middle - weight.codes, weight.codes)
    zero_point = np.where(negative, middle - zero_point, zero_point)
    codes = np.where(none.reshape(columns), zero_point.reshape(columns), codes)
    return replace(weight, codes=codes, scale=weight.scale * np.where(none, 1.0, np.abs(gain)), zero_point=zero_point)


def _negatable(weight: QuantizedWeight, negative: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> bool:
    """Tell whether the limits hold the negated codes and zero points of channels with a negative gain."""
    turned = np.concatenate([-weight.codes[negative].reshape(-1), -weight.zero_point[negative]])
    return bool(((turned >= weight.lo) & (turned <= weight.hi)).all())
