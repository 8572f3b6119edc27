"""What lowering knows of a value on its way to integers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from edgeq.arith.types import smallest_type
from edgeq.frontend.float_graph import FloatArray, Limit, Quantize
from edgeq.ir.builder import Value

FREE = Limit(-np.inf, np.inf)


@dataclass(frozen=True, eq=False)
class State:
    """An integer value and what it stands for: ``real = scale * (code - zero_point)``, then ``limit``.

    ``scale`` has one entry, or one per channel for an accumulator. ``limit`` is a clamp that has not been carried
    out: it joins the next change of scale. ``code`` tells a quantized value from an accumulator or a 32-bit
    value, ``sum`` one that its own requantize may still complete to a layer; ``reach`` is the largest real
    magnitude that the value can have. ``layer`` named it. ``fraction_bits`` are those that an accumulator holds
    beyond its products; ``long`` tells that its multiplier is reduced to 16 bits, ``restated`` that the integers stand
    at another scale than their type says: a factor was taken into it; ``levels`` that thresholds made the codes, whose
    scale is no resolution: an average of them needs a finer one.
    """

    value: Value
    scale: FloatArray
    zero_point: int
    code: bool
    reach: float
    layer: str
    limit: Limit = FREE
    sum: bool = False
    fraction_bits: int = 0
    long: bool = False
    restated: bool = False
    levels: bool = False

    def same_scale(self, other: State) -> bool:
        """Tell whether the codes of two values mean the same."""
        return (self.scale.item(), self.zero_point) == (other.scale.item(), other.zero_point)


def scales_of(states: Iterable[State]) -> list[float]:
    """Return every scale of several values."""
    return [float(s) for state in states for s in state.scale]


def code_limits(limit: Limit, quantizer: Quantize) -> tuple[int, int]:
    """Return the codes of a real clamp: ``rint(limit / scale) + zero_point`` in exact rationals, within the type."""

    def code(real: float, unbounded: int) -> int:
        if not np.isfinite(real):
            return unbounded
        exact = round(Fraction(real) / Fraction(quantizer.scale)) + quantizer.zero_point
        return min(max(exact, quantizer.lo), quantizer.hi)

    return code(limit.lo, quantizer.lo), code(limit.hi, quantizer.hi)


def clamp_for(limit: Limit, quantizer: Quantize) -> tuple[int, int] | None:
    """Return the clamp that a requantize must declare, None when the output type says it all."""
    kept = smallest_type(quantizer.lo, quantizer.hi)
    lo, hi = code_limits(limit, quantizer)
    return None if (lo, hi) == (kept.qmin, kept.qmax) else (lo, hi)
