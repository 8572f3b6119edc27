"""A weight whose integers are decided: what learning a rounding leaves behind."""

from __future__ import annotations

import torch

from edgeq.compress.quantization.base import WeightCodes, WeightQuantizer
from edgeq.compress.quantization.merging import values_of


class FixedCodes(WeightQuantizer):
    """Codes that no longer depend on the weight, which therefore gets no gradient."""

    def __init__(self, made: WeightCodes) -> None:
        super().__init__()
        self.lo, self.hi = made.lo, made.hi
        for name, value in (("integers", made.codes), ("steps", made.scale), ("zero_point", made.zero_point)):
            self.register_buffer(name, value.clone())

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        """Return what the codes stand for in the weight's dtype."""
        return values_of(self.codes(weight)).to(weight.dtype)

    def codes(self, weight: torch.Tensor) -> WeightCodes:  # noqa: ARG002
        """Return the codes."""
        found = {name: self.get_buffer(name) for name in ("integers", "steps", "zero_point")}
        return WeightCodes(found["integers"], found["steps"].double(), found["zero_point"], self.lo, self.hi)
