"""Activations with evenly spaced codes over a range that is observed or given."""

from __future__ import annotations

from typing import Any

import torch

from edgeq.arith.types import Rounding
from edgeq.compress.quantization.activations.coded import fake_quant
from edgeq.compress.quantization.base import ActivationQuantizer
from edgeq.compress.quantization.code_rule import CodeRule
from edgeq.compress.quantization.observer_kinds import make_observer
from edgeq.compress.quantization.options import check_choice, check_flag, check_range
from edgeq.compress.quantization.rounding import VARIANTS
from edgeq.scheme.activation_codes import ActivationCodes
from edgeq.scheme.presets import Preset


class UniformActivation(ActivationQuantizer):
    """Codes by the preset's rule, which ``symmetric`` and ``power_of_two`` change where they are true.

    ``observer`` and its own options say how the range is found, ``range: [lo, hi]`` fixes it; ``is_input`` tells that
    the value is an input of the network (one preset, cnn_compress, stores these otherwise).
    """

    def __init__(
        self,
        bits: int,
        rules: Preset,
        rounding: Rounding,
        where: str,
        *,
        symmetric: bool = False,
        power_of_two: bool = False,
        observer: str = "moving_average",
        range: Any = None,
        gradient: str = "saturating",
        is_input: bool = False,
        **observer_options: Any,
    ) -> None:
        super().__init__()
        self.rounding = rounding
        flags = check_flag(symmetric, "symmetric", where), check_flag(power_of_two, "power_of_two", where)
        self.rule = CodeRule(bits, rules, where, check_flag(is_input, "is_input", where)).changed(*flags)
        self.gradient = check_choice(gradient, VARIANTS, "gradient", where)
        self.fixed = None if range is None else check_range(range, where)
        self.observer = make_observer(observer, self.rule, observer_options)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the value as its codes stand for it; zeros alone are returned while nothing else is known.

        Raises CalibrationError before any range is known.
        """
        if self.fixed is None and self.updates():
            self.observer.observe(x)
            if not x.any():
                return x
        return fake_quant(x, self.codes(), self.rounding, self.gradient)

    def codes(self) -> ActivationCodes:
        """Return scale, zero point and limits; raises CalibrationError for a value that was 0 throughout."""
        if self.fixed is not None:
            return self.rule.codes(*self.fixed)
        lo, hi = self.observer.range()
        return self.rule.codes(float(lo), float(hi))
