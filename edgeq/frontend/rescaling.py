"""Choose multiplier and shift of each requantize, by a preset's rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from edgeq.arith.multiplier import (
    Multiplier,
    fraction_multiplier,
    quantize_multiplier,
    reduced16,
    shift_multiplier,
)
from edgeq.arith.types import Rounding
from edgeq.frontend.settings import LayerSettings
from edgeq.frontend.states import State
from edgeq.scheme.activation_codes import power_of_two
from edgeq.scheme.presets import RescaleRule

_COMMON_BITS = 24
"""A 32-bit value stands at a scale where its largest magnitude is about 2**24: far finer than any code."""
_MOST_BITS = 29
"""A value that reaches so far leaves a bit for the sum of two."""


@dataclass(frozen=True)
class Rescaling:
    """Fields of a requantize, and the first channel whose scale was too small and became 0, if any."""

    fields: dict[str, Any]
    flushed: int | None


def rescaling(state: State, scale: float, chosen: LayerSettings) -> Rescaling:
    """Return how a value is brought to ``scale``; raises GraphError where the preset's multipliers cannot."""
    rule = chosen.rules.rescale
    made = [_multiplier(float(s), scale, state.fraction_bits, rule, chosen) for s in state.scale]
    if state.long:
        made = [reduced16(m) for m in made]
    fields = {k: _scalar([getattr(m, k) for m in made]) for k in ("multiplier", "shift", "left_shift")}
    fields["rounding"] = Rounding.ties_up if state.long else rule.rounding
    return Rescaling(fields, next((k for k, m in enumerate(made) if m.flushed), None))


def _multiplier(own: float, scale: float, fraction_bits: int, rule: RescaleRule, chosen: LayerSettings) -> Multiplier:
    bits = chosen.weight_bits if rule.bits is None else rule.bits
    if rule.bits == 0:
        return shift_multiplier(own / scale)
    if rule.fraction:
        return fraction_multiplier(own / scale, bits, rule.made)
    return quantize_multiplier(own * 2**fraction_bits / scale, bits, rounding=rule.made, base_shift=fraction_bits)


def common_scale(reach: float, chosen: LayerSettings, scales: Iterable[float] = ()) -> float:
    """Return the scale of a 32-bit value that reaches so far; any will do where it is 0 throughout.

    ``scales`` are those that values are brought from. Where all are powers of two, so is the common one, and none of
    them is finer unless 32 bits could not hold it: what is brought to it is exact.
    """
    scale = reach / 2**_COMMON_BITS or 1.0
    own = list(scales)
    exact = bool(own) and all(power_of_two(s) == s for s in own)
    if not exact and chosen.rules.rescale.bits != 0:
        return scale
    made = power_of_two(scale)
    return min(made, *own) if exact and reach / min(own) < 2**_MOST_BITS else made


def _scalar(values: list[int]) -> Any:
    """Return one number where all channels agree, else the list."""
    return values[0] if len(set(values)) == 1 else values
